// Handles that the program itself has set to post no packet for a call that succeeds at once
// (FILE_SKIP_COMPLETION_PORT_ON_SUCCESS, which cannot be unset), before the poller gets them.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "operation_support.hpp"
#include "subject.hpp"
#include "sys/overlapped_io.hpp"
#if !defined(_WIN32)
#include "status.hpp"
#endif

using namespace wakepoll;
using namespace wakepoll::test;
namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(operations_skipping)

BOOST_DATA_TEST_CASE(what_is_done_at_once_is_reported, data::make(all_carriers), carrier) {
    for (const bool associated : {false, true}) {
        on_every_kernel(Backend::automatic, 40, [&](Stage& stage) {
            OsPoller poller = make_poller();
            const Ends pair = ends(stage.world, carrier);
            BOOST_REQUIRE(!sys::skip_packets_on_success(pair.local));
            if (associated) {
                BOOST_REQUIRE(poller.associate_handle(pair.local, 9));
            }
            std::array<std::byte, 4> buffer{};
            for (std::uint64_t round = 0; round < 4; ++round) {
                put_text(stage.world, pair.peer, "data");
                (void)started(poller.submit_read(pair.local, buffer, round));
                BOOST_TEST(report(poller).data == round);
                BOOST_TEST(text_of(buffer) == "data");
                (void)started(poller.submit_write(pair.local, bytes_of("more"), round));
                BOOST_TEST(report(poller).data == round);
                BOOST_TEST(take_text(stage.world, pair.peer, 4) == "more");
            }
            check_that_nothing_is_left(poller);
        });
    }
}

BOOST_AUTO_TEST_CASE(what_is_read_of_a_file_at_once_is_reported) {
    on_every_kernel(Backend::automatic, 40, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle file = stage.world.file_of(16);
        BOOST_REQUIRE(!sys::skip_packets_on_success(file));
        std::array<std::byte, 4> buffer{};
        for (std::uint64_t offset = 0; offset < 12; ++offset) {
            (void)started(poller.submit_read(file, buffer, offset, offset));
            BOOST_TEST(report(poller).data == offset);
            BOOST_TEST((buffer[0] == static_cast<std::byte>(offset)));
        }
        check_that_nothing_is_left(poller);
    });
}

#if !defined(_WIN32)

BOOST_DATA_TEST_CASE(what_is_done_at_once_after_a_registration_that_failed_is_reported,
                     data::make({Carrier::tcp, Carrier::byte_pipe}), carrier) {
    for (const bool associated : {false, true}) {
        on_every_kernel(Backend::afd, 40, [&](Stage& stage) {
            OsPoller poller = make_poller({.max_overlapped_entries = 1});
            const Ends pair = ends(stage.world, carrier);
            BOOST_REQUIRE(!sys::skip_packets_on_success(pair.local));
            if (associated) {
                BOOST_REQUIRE(poller.associate_handle(pair.local, 9));
            }
            // A socket fails for lack of a handle to the device, a pipe for lack of an entry.
            OverlappedEntry* const entry = poller.overlapped_pool().acquire();
            stage.kernel.fail_next(sim::Call::afd_open, sim::code::no_system_resources);
            BOOST_TEST(!poller.register_handle(pair.local, IoInterest::read, 1));
            stage.kernel.clear_faults();
            BOOST_TEST(poller.overlapped_pool().release(entry));
            std::array<std::byte, 4> buffer{};
            put_text(stage.world, pair.peer, "data");
            (void)started(poller.submit_read(pair.local, buffer, 2));
            BOOST_TEST(report(poller).data == 2U);
            BOOST_TEST(text_of(buffer) == "data");
            check_that_nothing_is_left(poller);
        });
    }
}

BOOST_DATA_TEST_CASE(a_pipe_that_gets_data_while_it_is_polled_is_reported,
                     data::make({Watched::byte_pipe, Watched::message_pipe}), kind) {
    // Between the query that finds none and the empty read.
    on_every_kernel(200, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Subject pipe(stage.world, kind);
        BOOST_REQUIRE(!sys::skip_packets_on_success(pipe.handle()));
        BOOST_REQUIRE(poller.register_handle(pipe.handle(), IoInterest::read, 1));
        stage.kernel.between_calls([&] { BOOST_TEST(pipe.signal()); });
        BOOST_TEST(only_event(poller, 1) == mask::in);
    });
}

#endif

BOOST_AUTO_TEST_SUITE_END()
