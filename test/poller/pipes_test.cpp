// Readiness of pipes, beyond what is tested with every kind of handle: a closed other end, the pool
// entry of an overlapped pipe, empty reads whose packets come late.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <vector>

#include "parking.hpp"
#include "subject.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
namespace data = boost::unit_test::data;

namespace {

constexpr std::array pipes_of_each_kind = {Watched::byte_pipe, Watched::message_pipe,
                                           Watched::anonymous_pipe};
constexpr std::array overlapped_pipes = {Watched::byte_pipe, Watched::message_pipe};

/// If the wait blocks without a socket, a signal and its packet may need one wait each.
bool eventually_counts(OsPoller& poller, std::size_t entries) {
    for (int waits = 0; waits < 20 && poller.overlapped_count() != entries; ++waits) {
        (void)wait(poller, 1ms);
    }
    return poller.overlapped_count() == entries;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pipes)

BOOST_DATA_TEST_CASE(the_end_comes_after_the_data,
                     data::make(pipes_of_each_kind) * data::make(all_parkings), kind, parking) {
    on_every_kernel(50, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Subject pipe(stage.world, kind);
        BOOST_REQUIRE(poller.register_handle(pipe.handle(), IoInterest::read, 1));
        expect_silence(poller);
        BOOST_TEST(pipe.signal());
        stage.world.close_handle(pipe.peer());
        BOOST_TEST(only_event(poller, 1) == mask::in);
        BOOST_TEST(only_event(poller, 1) == mask::in);
        pipe.calm();
        for (int again = 0; again < 3; ++again) {
            BOOST_TEST(only_event(poller, 1) == (mask::in | mask::hup));
        }
    });
}

BOOST_DATA_TEST_CASE(an_end_during_a_wait_is_in_and_hup,
                     data::make(pipes_of_each_kind) * data::make(all_parkings), kind, parking) {
    on_every_kernel(50, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Subject pipe(stage.world, kind);
        BOOST_REQUIRE(poller.register_handle(pipe.handle(), IoInterest::read, 1));
        expect_silence(poller);
        stage.world.beside([&] { stage.world.close_handle(pipe.peer()); });
        BOOST_TEST(only_event(poller, 1) == (mask::in | mask::hup));
        stage.world.join();
        BOOST_TEST(wait(poller, 0ms).mask_of(1) == (mask::in | mask::hup));
        BOOST_TEST(poller.registration_count() == (parking == Parking::no_socket ? 1U : 2U));
    });
}

BOOST_DATA_TEST_CASE(a_pipe_that_is_broken_already_can_be_registered,
                     data::make(pipes_of_each_kind), kind) {
    on_every_kernel(10, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Subject pipe(stage.world, kind);
        BOOST_TEST(pipe.signal());
        stage.world.close_handle(pipe.peer());
        BOOST_REQUIRE(poller.register_handle(pipe.handle(), IoInterest::read, 1));
        BOOST_TEST(only_event(poller, 1) == mask::in);
        pipe.calm();
        BOOST_TEST(only_event(poller, 1) == (mask::in | mask::hup));
        BOOST_REQUIRE(poller.unregister_handle(pipe.handle()));
        BOOST_REQUIRE(poller.register_handle(pipe.handle(), IoInterest::read, 2));
        BOOST_TEST(only_event(poller, 2) == (mask::in | mask::hup));
    });
}

BOOST_DATA_TEST_CASE(what_was_read_before_the_wait_is_not_reported,
                     data::make(pipes_of_each_kind) * data::make(all_parkings), kind, parking) {
    on_prompt_kernels([&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Subject pipe(stage.world, kind);
        BOOST_REQUIRE(poller.register_handle(pipe.handle(), IoInterest::read, 1));
        for (int round = 0; round < 3; ++round) {
            expect_silence(poller);
            BOOST_TEST(pipe.signal());
            pipe.calm();
        }
        expect_silence(poller);
        BOOST_TEST(pipe.signal());
        BOOST_TEST(only_event(poller, 1) == mask::in);
    });
}

BOOST_DATA_TEST_CASE(what_is_there_is_found_by_a_wait_that_may_not_block,
                     data::make(overlapped_pipes) * data::make(all_parkings), kind, parking) {
    // The packet of the empty read is at the port, and the same wait polls the pipe.
    on_prompt_kernels([&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Subject pipe(stage.world, kind);
        BOOST_REQUIRE(poller.register_handle(pipe.handle(), IoInterest::read, 1));
        for (int round = 0; round < 3; ++round) {
            BOOST_TEST(wait(poller, 0ms).count() == 0U);
            BOOST_TEST(pipe.signal());
            BOOST_TEST(wait(poller, 0ms).mask_of(1) == mask::in);
            pipe.calm();
        }
    });
}

BOOST_DATA_TEST_CASE(a_handle_is_reported_once_a_wait, data::make(overlapped_pipes), kind) {
    // The packet of the pipe is found after the events were polled; then the pipe is polled
    // instead.
    on_prompt_kernels([&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, Parking::socket_and_packets);
        const Subject pipe(stage.world, kind);
        const Subject events[] = {{stage.world, Watched::event}, {stage.world, Watched::event}};
        BOOST_REQUIRE(poller.register_handle(pipe.handle(), IoInterest::read, 1));
        BOOST_REQUIRE(poller.register_handle(events[0].handle(), IoInterest::read, 2));
        BOOST_REQUIRE(poller.register_handle(events[1].handle(), IoInterest::read, 3));
        expect_silence(poller);
        for (const Subject& event : events) {
            BOOST_TEST(event.signal());
        }
        while (wait(poller, 0ms).count() < 2) {
        }
        BOOST_TEST(pipe.signal());
        for (int again = 0; again < 3; ++again) {
            const auto waited = wait(poller, 0ms);
            BOOST_TEST(waited.count() == 3U);
            for (const std::uint64_t each : {1U, 2U, 3U}) {
                BOOST_TEST(waited.mask_of(each) == mask::in);
            }
        }
    });
}

BOOST_AUTO_TEST_CASE(a_message_of_no_bytes_is_something_to_read) {
    on_every_kernel(50, [](Stage& stage) {
        OsPoller poller = make_poller();
        const PipePair pipe = stage.world.pipe_pair(PipeKind::messages);
        BOOST_REQUIRE(poller.register_handle(pipe.local, IoInterest::read, 1));
        expect_silence(poller);
        stage.world.beside([&] { stage.expect(!stage.world.put(pipe.peer, {}).error); });
        BOOST_TEST(only_event(poller, 1) == mask::in);
        stage.world.join();
        expect_silence(poller);  // The read of nothing has taken it.
        constexpr std::array one = {std::byte{1}};
        BOOST_TEST(!stage.world.put(pipe.peer, one).error);
        BOOST_TEST(only_event(poller, 1) == mask::in);
    });
}

BOOST_DATA_TEST_CASE(an_overlapped_pipe_takes_an_entry_of_the_pool, data::make(overlapped_pipes),
                     kind) {
    on_every_kernel(3, [&](Stage& stage) {
        constexpr std::uint32_t entries = 64;
        OsPoller poller = make_poller({.max_overlapped_entries = entries});
        std::vector<Subject> subjects;
        for (std::uint64_t i = 0; i < entries; ++i) {
            subjects.emplace_back(stage.world, kind);
            BOOST_REQUIRE(poller.register_handle(subjects.back().handle(), IoInterest::read, i));
        }
        BOOST_TEST(poller.overlapped_count() == entries);
        expect_silence(poller);
        const Subject late(stage.world, kind);
        const Subject synchronous(stage.world, Watched::anonymous_pipe);
        BOOST_TEST(poller.register_handle(late.handle(), IoInterest::read, 100) ==
                   std::errc::resource_unavailable_try_again);
        BOOST_REQUIRE(poller.register_handle(synchronous.handle(), IoInterest::read, 101));
        BOOST_TEST(poller.registration_count() == entries + 1U);
        BOOST_REQUIRE(poller.unregister_handle(subjects[17].handle()));
        BOOST_TEST(eventually_counts(poller, entries - 1));
        BOOST_REQUIRE(poller.register_handle(late.handle(), IoInterest::read, 102));
        BOOST_TEST(late.signal());
        BOOST_TEST(only_event(poller, 102) == mask::in);
    });
}

BOOST_DATA_TEST_CASE(a_packet_of_an_ended_registration_is_dropped_and_counted,
                     data::make(overlapped_pipes) * data::make(all_parkings), kind, parking) {
    on_every_kernel(100, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Subject pipe(stage.world, kind);
        constexpr std::uint64_t rounds = 20;
        for (std::uint64_t round = 1; round <= rounds; ++round) {
            BOOST_REQUIRE(poller.register_handle(pipe.handle(), IoInterest::read, round));
            BOOST_TEST(wait(poller, 0ms).count() == 0U);
            BOOST_REQUIRE(poller.unregister_handle(pipe.handle()));
        }
        BOOST_REQUIRE(poller.register_handle(pipe.handle(), IoInterest::read, 99));
        BOOST_TEST(eventually_counts(poller, 1));
        // A move to AFD tries its socket out, of which a packet may come, too.
        const PollerStats stats = poller.stats();
        BOOST_TEST(stats.late_packets >= rounds);
        BOOST_TEST(stats.late_packets - rounds <= stats.backend_moves);
        BOOST_TEST(poller.stats().registrations_dropped == 0U);
        BOOST_TEST(pipe.signal());
        BOOST_TEST(only_event(poller, 99) == mask::in);
    });
}

BOOST_DATA_TEST_CASE(a_program_that_cancels_all_calls_on_a_pipe_ends_no_registration,
                     data::make(overlapped_pipes) * data::make(all_parkings), kind, parking) {
    // CancelIo, or CancelIoEx without an OVERLAPPED, ends the poller's empty read, too.
    on_every_kernel(50, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Subject pipe(stage.world, kind);
        BOOST_REQUIRE(poller.register_handle(pipe.handle(), IoInterest::read, 1));
        for (int round = 0; round < 3; ++round) {
            expect_silence(poller);
            stage.world.cancel(pipe.handle(), nullptr);
            expect_silence(poller);
            stage.world.beside([&] { stage.world.cancel(pipe.handle(), nullptr); });
            expect_silence(poller);
            stage.world.join();
            BOOST_TEST(pipe.signal());
            BOOST_TEST(only_event(poller, 1) == mask::in);
            pipe.calm();
        }
        BOOST_TEST(poller.stats().registrations_dropped == 0U);
    });
}

BOOST_AUTO_TEST_CASE(an_end_that_can_not_be_read_from_is_refused) {
    on_every_kernel(1, [](Stage& stage) {
        OsPoller poller = make_poller();
        const PipePair pipe = stage.world.pipe_pair(PipeKind::anonymous_to_peer);
        for (const IoInterest interest : {IoInterest::read, IoInterest::none}) {
            const Result<void> refused = poller.register_handle(pipe.local, interest, 1);
            BOOST_TEST(refused == errc::write_only_pipe);
            BOOST_TEST(refused == std::errc::permission_denied);
        }
        BOOST_TEST(poller.registration_count() == 0U);
    });
}

BOOST_DATA_TEST_CASE(a_pipe_of_another_port_is_refused, data::make(overlapped_pipes), kind) {
    on_every_kernel(1, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Subject pipe(stage.world, kind);
        stage.world.associate(pipe.handle(), stage.world.foreign_port());
        BOOST_TEST(poller.register_handle(pipe.handle(), IoInterest::read, 1) ==
                   std::errc::invalid_argument);
        BOOST_TEST(poller.registration_count() == 0U);
        BOOST_TEST(poller.overlapped_count() == 0U);
    });
}

BOOST_DATA_TEST_CASE(a_number_that_is_no_pipes_any_more_is_dropped, data::make(pipes_of_each_kind),
                     kind) {
    // Closed while registered, and its number given to an object that is not a pipe, or not
    // readable. It must not make every wait fail.
    on_prompt_kernels([&](Stage& stage) {
        for (const bool write_end : {false, true}) {
            OsPoller poller = make_poller();
            const Subject pipe(stage.world, kind);
            const Subject other(stage.world, Watched::event);
            BOOST_TEST(pipe.signal());
            BOOST_REQUIRE(poller.register_handle(pipe.handle(), IoInterest::read, 1));
            BOOST_REQUIRE(poller.register_handle(other.handle(), IoInterest::read, 2));
            BOOST_TEST(only_event(poller, 1) == mask::in);
            stage.world.close_handle(pipe.handle());
            bool recycled = false;
            for (int tries = 0; tries < 100 && !recycled; ++tries) {
                recycled = (write_end ? stage.world.pipe_pair(PipeKind::anonymous).peer
                                      : stage.world.thing(Thing::disk_file)) == pipe.handle();
            }
            if (!recycled) {
                BOOST_TEST_MESSAGE("the kernel did not give the number again");
                return;
            }
            expect_silence(poller);
            BOOST_TEST(poller.registration_count() == 1U);
            BOOST_TEST(other.signal());
            BOOST_TEST(only_event(poller, 2) == mask::in);
        }
    });
}

BOOST_DATA_TEST_CASE(pipes_are_registered_while_the_poller_goes, data::make(pipes_of_each_kind),
                     kind) {
    // With a read in flight, with something to read, and with neither.
    on_every_kernel(20, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Subject armed(stage.world, kind);
        const Subject ready(stage.world, kind);
        const Subject fresh(stage.world, kind);
        for (const Subject* pipe : {&armed, &ready}) {
            BOOST_REQUIRE(poller.register_handle(pipe->handle(), IoInterest::read, 1));
        }
        BOOST_TEST(ready.signal());
        BOOST_TEST(only_event(poller, 1) == mask::in);
        BOOST_REQUIRE(poller.register_handle(fresh.handle(), IoInterest::read, 1));
        poller.dispose();
        BOOST_TEST(armed.signal());
        BOOST_TEST(poller.overlapped_count() == 0U);
        // No other thread reads from them any more.
        std::array<std::byte, 4> bytes;
        BOOST_TEST(stage.world.take(armed.handle(), bytes).bytes == 1U);
        BOOST_TEST(stage.world.take(ready.handle(), bytes).bytes == 1U);
    });
}

BOOST_AUTO_TEST_SUITE_END()
