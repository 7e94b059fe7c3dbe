// The slot of a handle that was closed, whose number another poller or another object has by now:
// it is free for others, and what the poller knew does not count any more.
#include <algorithm>
#include <array>
#include <cstddef>

#include "operation_support.hpp"

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

BOOST_AUTO_TEST_SUITE_END()
