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

BOOST_AUTO_TEST_CASE(a_datagram_that_is_cut_at_once_is_reported_once) {
    // Windows may post no packet for this warning then; Wine posts one.
    for (const bool with_address : {false, true}) {
        on_every_kernel(Backend::automatic, 40, [&](Stage& stage) {
            OsPoller poller = make_poller({.max_overlapped_entries = 1});
            const Ends pair = ends(stage.world, Carrier::udp);
            BOOST_REQUIRE(!sys::skip_packets_on_success(pair.local));
            std::array<std::byte, 4> buffer{};
            std::array<std::byte, OsPoller::address_size> from{};
            for (std::uint64_t round = 0; round < 8; ++round) {
                const bool is_cut = round % 2 == 0;
                if (is_cut) {
                    put_text(stage.world, pair.peer, "too long");
                }
                (void)started(with_address
                                  ? poller.submit_receive_from(pair.local, buffer, from, round)
                                  : poller.submit_read(pair.local, buffer, round));
                if (!is_cut) {
                    put_text(stage.world, pair.peer, "fits");
                }
                const Report cut = report(poller);
                BOOST_TEST(cut.data == round);
                BOOST_TEST(cut.mask == (is_cut ? mask::in | mask::err : mask::in));
                BOOST_TEST((cut.completion.error == std::errc::message_size) == is_cut);
                BOOST_TEST(cut.completion.bytes == 4U);
                BOOST_TEST(text_of(buffer) == (is_cut ? "too " : "fits"));
                BOOST_TEST(cut.completion.address.empty() != with_address);
                // The entry is used again by the next operation, at once.
                BOOST_TEST(poller.overlapped_pool().release(cut.completion.entry));
            }
            check_that_nothing_is_left(poller);
        });
    }
}

BOOST_DATA_TEST_CASE(what_is_set_after_the_first_operation_counts_for_the_next,
                     data::make(all_carriers), carrier) {
    on_every_kernel(Backend::automatic, 40, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, carrier);
        std::array<std::byte, 4> buffer{};
        for (std::uint64_t round = 0; round < 4; ++round) {
            put_text(stage.world, pair.peer, "data");
            (void)started(poller.submit_read(pair.local, buffer, round));
            BOOST_TEST(report(poller).data == round);
            BOOST_TEST(text_of(buffer) == "data");
            BOOST_REQUIRE(!sys::skip_packets_on_success(pair.local));
        }
        check_that_nothing_is_left(poller);
    });
}

#if !defined(_WIN32)

BOOST_AUTO_TEST_CASE(a_datagram_that_is_cut_at_once_does_not_hold_up_the_end) {
    on_every_kernel(Backend::automatic, 40, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, Carrier::udp);
        BOOST_REQUIRE(!sys::skip_packets_on_success(pair.local));
        put_text(stage.world, pair.peer, "too long");
        std::array<std::byte, 4> buffer{};
        (void)started(poller.submit_read(pair.local, buffer, 1));
        const auto before = Clock::now();
        poller.dispose();
        BOOST_TEST((Clock::now() - before < 500ms));
    });
}

BOOST_AUTO_TEST_CASE(a_datagram_that_is_cut_at_once_is_reported_without_memory_for_a_packet) {
    on_every_kernel(Backend::automatic, 40, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, Carrier::udp);
        BOOST_REQUIRE(!sys::skip_packets_on_success(pair.local));
        put_text(stage.world, pair.peer, "too long");
        std::array<std::byte, 4> buffer{};
        stage.kernel.fail_next(sim::Call::port_post, sim::code::no_system_resources);
        (void)started(poller.submit_read(pair.local, buffer, 1));
        stage.kernel.clear_faults();
        const Report cut = report(poller);
        BOOST_TEST(cut.completion.error == std::errc::message_size);
        BOOST_TEST(cut.completion.bytes == 4U);
        check_that_nothing_is_left(poller);
    });
}

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
