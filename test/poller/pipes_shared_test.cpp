// Pipes that another part of the program uses, too: it changes their mode, reads from them by its
// own calls, or has them registered elsewhere.
#include <array>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "parking.hpp"
#include "subject.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(pipes_shared)

namespace {

constexpr std::array pipes_of_each_kind = {Watched::byte_pipe, Watched::message_pipe,
                                           Watched::anonymous_pipe};
constexpr std::array overlapped_pipes = {Watched::byte_pipe, Watched::message_pipe};

}  // namespace

BOOST_DATA_TEST_CASE(a_pipe_that_never_waits_can_not_be_registered, data::make(pipes_of_each_kind),
                     kind) {
    on_every_kernel(3, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Subject pipe(stage.world, kind);
        stage.world.set_nowait(pipe.handle());
        BOOST_TEST(poller.register_handle(pipe.handle(), IoInterest::read, 1) ==
                   std::errc::operation_not_permitted);
        BOOST_TEST(poller.registration_count() == 0U);
        BOOST_TEST(poller.overlapped_count() == 0U);
    });
}

BOOST_DATA_TEST_CASE(a_pipe_that_no_longer_waits_is_err_and_not_broken,
                     data::make({Watched::byte_pipe, Watched::anonymous_pipe}) *
                         data::make(all_parkings),
                     kind, parking) {
    on_every_kernel(20, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Subject pipe(stage.world, kind);
        BOOST_REQUIRE(poller.register_handle(pipe.handle(), IoInterest::read, 1));
        stage.world.set_nowait(pipe.handle());
        for (int again = 0; again < 3; ++again) {
            BOOST_TEST(only_event(poller, 1) == mask::err);
        }
        BOOST_TEST(pipe.signal());
        BOOST_TEST(only_event(poller, 1) == mask::in);
        pipe.calm();
        BOOST_TEST(only_event(poller, 1) == mask::err);
        stage.world.close_handle(pipe.peer());
        BOOST_TEST(only_event(poller, 1) == (mask::in | mask::hup));
    });
}

BOOST_DATA_TEST_CASE(reads_of_the_users_own_are_not_reported,
                     data::make(overlapped_pipes) * data::make(all_parkings), kind, parking) {
    // Such a pipe can be read in no other way, and it is the poller that has tied it to the port.
    on_every_kernel(50, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Subject pipe(stage.world, kind);
        BOOST_REQUIRE(poller.register_handle(pipe.handle(), IoInterest::read, 0));
        std::array<char, 8> buffer{};
        for (std::uint64_t round = 0; round < 3; ++round) {
            NativeOverlapped overlapped;
            BOOST_TEST(pipe.signal());
            BOOST_TEST(only_event(poller, 0) == mask::in);
            BOOST_TEST(!stage.world.start_receive(pipe.handle(), &overlapped, buffer.data(),
                                                  buffer.size()));
            while (overlapped.internal_high == 0) {
                BOOST_TEST(!wait(poller, 1ms).result.error);  // It is readable until then.
            }
            BOOST_TEST(buffer[0] == 's');
            expect_silence(poller);
            BOOST_TEST(poller.stats().completions == 0U);
            // A move may add one: the packet of trying a socket out.
            const PollerStats stats = poller.stats();
            BOOST_TEST(stats.late_packets - (round + 1) <= stats.backend_moves);
        }
    });
}

BOOST_AUTO_TEST_CASE(reads_of_the_users_own_are_reported_where_he_wants_them) {
    for (const bool associates : {false, true}) {
        on_every_kernel(20, [&](Stage& stage) {
            OsPoller poller = make_poller();
            const Subject pipe(stage.world, Watched::byte_pipe);
            if (associates) {
                BOOST_REQUIRE(poller.associate_handle(pipe.handle(), 77));
            }
            BOOST_REQUIRE(poller.register_handle(pipe.handle(), IoInterest::read, 1));
            BOOST_TEST(pipe.signal());
            BOOST_TEST(only_event(poller, 1) == mask::in);
            OverlappedEntry* const entry = poller.overlapped_pool().acquire();
            BOOST_REQUIRE(entry != nullptr);
            NativeOverlapped own;
            std::array<char, 8> buffer{};
            BOOST_TEST(!stage.world.start_receive(
                pipe.handle(), associates ? static_cast<void*>(&own) : entry->native(),
                buffer.data(), buffer.size()));
            auto waited = wait(poller);
            while (waited.count() == 1 && waited.events[0].completion == nullptr) {
                waited = wait(poller);  // It is readable until the read is done.
            }
            BOOST_REQUIRE(waited.count() == 1U);
            const Completion* const completion = waited.events[0].completion;
            BOOST_TEST(completion->key == (associates ? 77U : 0U));
            BOOST_TEST((completion->entry == (associates ? nullptr : entry)));
            BOOST_TEST(completion->bytes == 1U);
            BOOST_TEST(poller.overlapped_pool().release(entry));
        });
    }
}

BOOST_AUTO_TEST_CASE(a_read_of_a_pipe_that_never_waits_is_not_begun) {
    on_every_kernel(5, [](Stage& stage) {
        OsPoller poller = make_poller();
        const PipePair pipe = stage.world.pipe_pair(PipeKind::bytes);
        stage.world.set_nowait(pipe.local);
        std::array<std::byte, 4> bytes{};
        BOOST_TEST(poller.submit_read(pipe.local, bytes, 1).error() ==
                   std::errc::resource_unavailable_try_again);
        BOOST_TEST(poller.overlapped_count() == 0U);
        constexpr std::array one = {std::byte{1}};
        BOOST_TEST(!stage.world.put(pipe.peer, one).error);
        BOOST_REQUIRE(poller.submit_read(pipe.local, bytes, 2));
        const auto mask_of_operation = [&] {
            const auto waited = wait(poller);
            BOOST_TEST(waited.count() == 1U);
            return waited.events[0].events;
        };
        BOOST_TEST(mask_of_operation() == mask::in);
        stage.world.close_handle(pipe.peer);
        BOOST_REQUIRE(poller.submit_read(pipe.local, bytes, 3));
        BOOST_TEST(mask_of_operation() == (mask::in | mask::hup));
    });
}

BOOST_AUTO_TEST_CASE(what_is_not_registered_is_refused_behind_a_read) {
    // Most calls on a synchronous pipe wait while a thread reads from it.
    on_every_kernel(5, [](Stage& stage) {
        OsPoller reader = make_poller();
        OsPoller poller = make_poller();
        const Subject pipe(stage.world, Watched::anonymous_pipe);
        BOOST_REQUIRE(reader.register_handle(pipe.handle(), IoInterest::read, 1));
        expect_silence(reader);
        BOOST_TEST(poller.modify_handle(pipe.handle(), IoInterest::read, 1) ==
                   std::errc::no_such_file_or_directory);
        BOOST_TEST(poller.unregister_handle(pipe.handle()) == std::errc::no_such_file_or_directory);
        BOOST_TEST(reader.register_handle(pipe.handle(), IoInterest::read, 1) ==
                   std::errc::file_exists);
        BOOST_TEST(pipe.signal());
        BOOST_TEST(only_event(reader, 1) == mask::in);
    });
}
BOOST_AUTO_TEST_SUITE_END()
