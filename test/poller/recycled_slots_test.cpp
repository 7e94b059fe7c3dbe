// The slot of a handle that was closed, whose number another poller or another object has by now:
// it is free for others, and what the poller knew does not count any more.
#include <algorithm>
#include <array>
#include <cstddef>

#include "operation_support.hpp"
#include "subject.hpp"

using namespace wakepoll;
using namespace wakepoll::test;

BOOST_AUTO_TEST_SUITE(recycled_slots)

BOOST_AUTO_TEST_CASE(a_number_that_another_poller_has_is_no_handle_of_this_one) {
    on_every_kernel(10, [](Stage& stage) {
        OsPoller poller = make_poller({.max_registrations = 4});
        OsPoller other = make_poller();
        auto read = [into = std::array<std::byte, 8>()](OsPoller& by, Handle file) mutable {
            (void)started(by.submit_read(file, into, 1));
            BOOST_TEST(report(by).data == 1U);
        };
        const auto make_files = [&stage] {
            std::array<Handle, 4> files;
            std::ranges::generate(files, [&] { return stage.world.file_of(20); });
            return files;
        };
        const std::array<Handle, 4> old = make_files();
        for (const Handle file : old) {
            read(poller, file);
        }
        std::ranges::for_each(old, [&](Handle file) { stage.world.close_handle(file); });
        const std::array<Handle, 4> files = make_files();
        // Every kernel gives the numbers that were freed last.
        BOOST_REQUIRE((std::ranges::is_permutation(old, files)));
        for (const Handle file : files) {
            read(other, file);
        }
        std::array<std::byte, 8> into{};
        BOOST_TEST(poller.submit_read(files[0], into, 1).error() == std::errc::invalid_argument);
        // Nor do those keep slots that this one has no use for.
        for (const Handle file : make_files()) {
            read(poller, file);
        }
        check_that_nothing_is_left(poller);
        check_that_nothing_is_left(other);
    });
}

BOOST_AUTO_TEST_CASE(a_number_that_is_anothers_keeps_no_slot) {
    on_every_kernel(10, [](Stage& stage) {
        OsPoller poller = make_poller({.max_registrations = 4});
        std::array<Ends, 4> old;
        for (Ends& pair : old) {
            pair = ends(stage.world, Carrier::tcp);
            (void)started(poller.submit_write(pair.local, bytes_of("x"), 1));
            BOOST_TEST(report(poller).data == 1U);
        }
        const Ends pair = ends(stage.world, Carrier::byte_pipe);
        constexpr auto full = std::errc::no_space_on_device;
        BOOST_TEST(poller.submit_write(pair.local, bytes_of("x"), 2).error() == full);
        stage.world.close(old[2].local);
        BOOST_REQUIRE((stage.world.thing(Thing::event) == old[2].local));
        (void)started(poller.submit_write(pair.local, bytes_of("x"), 2));
        BOOST_TEST(report(poller).data == 2U);
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(slots_of_sockets_that_were_just_unregistered_or_closed_are_free) {
    // Their requests are in flight, and the slots theirs until the packets of those are taken.
    enum class Asked { add, submit, attach, associate };
    for (const bool closed : {false, true}) {
        for (const Asked asked : {Asked::add, Asked::submit, Asked::attach, Asked::associate}) {
            on_prompt_kernels(Backend::afd, [&](Stage& stage) {
                OsPoller poller = make_poller({.max_registrations = 2});
                const std::array<SocketPair, 2> old = {stage.world.tcp_pair(),
                                                       stage.world.tcp_pair()};
                const Handle local = stage.world.tcp_pair().local;
                for (const SocketPair& pair : old) {
                    BOOST_REQUIRE(poller.register_handle(pair.local, IoInterest::read, 1));
                }
                BOOST_TEST(wait(poller, 1ms).count() == 0U);
                for (const SocketPair& pair : old) {
                    if (closed) {
                        stage.world.close(pair.local);
                    } else {
                        BOOST_REQUIRE(poller.unregister_handle(pair.local));
                    }
                }
                std::error_code error;
                switch (asked) {
                    case Asked::add:
                        error = poller.register_handle(local, IoInterest::read, 1).error();
                        break;
                    case Asked::submit:
                        error = poller.submit_write(local, bytes_of("x"), 2).error();
                        break;
                    case Asked::attach:
                        error = poller.attach(local).error();
                        break;
                    case Asked::associate:
                        error = poller.associate_handle(local, 3).error();
                        break;
                }
                BOOST_TEST(!error, error.message());
            });
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
