// A handle and its operations: registered or not, closed, recycled, forgotten.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "operation_support.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(operations_handles)

namespace {

constexpr int some_seeds = 100;

/// A read and its data on a socket, from submit to report.
void check_a_read(Stage& stage, OsPoller& poller, const SocketPair& pair, std::uint64_t user_data) {
    std::array<std::byte, 4> buffer{};
    (void)started(poller.submit_read(pair.local, buffer, user_data));
    put_text(stage.world, pair.peer, "data");
    const Report done = report(poller);
    BOOST_TEST(done.data == user_data);
    BOOST_TEST(done.completion.bytes == 4U);
    BOOST_TEST(text_of(buffer) == "data");
}

/// A pair whose `local` has the number of the one that is closed here.
SocketPair recycled(Stage& stage, const SocketPair& old) {
    stage.world.close(old.local);
    SocketPair pair;
    BOOST_REQUIRE(stage.world.recycle(old.local, pair));
    return pair;
}

}  // namespace

BOOST_DATA_TEST_CASE(a_handle_registered_for_readiness_carries_no_operation,
                     data::make(all_carriers), carrier) {
    on_every_kernel(some_seeds, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, carrier);
        BOOST_REQUIRE(poller.register_handle(pair.local, IoInterest::read, 1));
        const std::size_t entries = poller.overlapped_count();
        std::array<std::byte, 8> buffer{};
        constexpr auto busy = std::errc::device_or_resource_busy;
        BOOST_TEST(poller.submit_read(pair.local, buffer, 2).error() == busy);
        BOOST_TEST(poller.submit_write(pair.local, buffer, 2).error() == busy);
        BOOST_TEST(poller.overlapped_count() == entries);
        put_text(stage.world, pair.peer, "data");
        BOOST_TEST(wait(poller).mask_of(1) == mask::in);
        // Unregistered, it carries operations; and the data is there still.
        BOOST_REQUIRE(poller.unregister_handle(pair.local));
        (void)started(poller.submit_read(pair.local, buffer, 3));
        const Report done = report(poller);
        BOOST_TEST(done.data == 3U);
        BOOST_TEST(text_of(std::span(buffer).first(done.completion.bytes)) == "data");
        check_that_nothing_is_left(poller);
    });
}

BOOST_DATA_TEST_CASE(a_handle_with_operations_in_flight_is_not_registered, data::make(all_carriers),
                     carrier) {
    on_every_kernel(some_seeds, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, carrier);
        std::array<std::byte, 4> buffer{};
        (void)started(poller.submit_read(pair.local, buffer, 1));
        BOOST_TEST(poller.register_handle(pair.local, IoInterest::read, 2) ==
                   std::errc::device_or_resource_busy);
        BOOST_TEST(poller.registration_count() == 0U);
        put_text(stage.world, pair.peer, "data");
        BOOST_TEST(report(poller).data == 1U);
        BOOST_REQUIRE(poller.register_handle(pair.local, IoInterest::read, 2));
        put_text(stage.world, pair.peer, "more");
        BOOST_TEST(wait(poller).mask_of(2) == mask::in);
        BOOST_TEST(take_text(stage.world, pair.local, 4) == "more");
    });
}

BOOST_DATA_TEST_CASE(a_handle_closed_with_operations_in_flight_is_canceled,
                     data::make(all_carriers), carrier) {
    on_every_kernel(some_seeds, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, carrier);
        std::array<std::array<std::byte, 4>, 3> buffers{};
        for (std::uint64_t i = 0; i < buffers.size(); ++i) {
            (void)started(poller.submit_read(pair.local, buffers[i], i));
        }
        stage.world.beside([&] { close(stage.world, carrier, pair.local); });
        const std::vector<Report> all = reports(poller, buffers.size());
        for (std::uint64_t i = 0; i < buffers.size(); ++i) {
            const Report& done = find(all, i);
            BOOST_TEST((done.mask & mask::in) == mask::in);
            BOOST_TEST(done.completion.error == std::errc::operation_canceled);
            BOOST_TEST((done.mask & (mask::err | mask::hup)) == mask::err);
        }
        stage.world.join();
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(a_recycled_number_is_the_new_handle) {
    on_every_kernel(some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        SocketPair pair = stage.world.tcp_pair();
        for (std::uint64_t round = 0; round < 4; ++round) {
            check_a_read(stage, poller, pair, round);
            pair = recycled(stage, pair);
        }
        check_a_read(stage, poller, pair, 99);
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(a_number_recycled_before_its_canceled_operations_are_reported) {
    // The kernel has ended them, and the poller does not know it yet.
    on_every_kernel(some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair old = stage.world.tcp_pair();
        std::array<std::byte, 4> lost{};
        (void)started(poller.submit_read(old.local, lost, 1));
        const SocketPair pair = recycled(stage, old);
        std::array<std::byte, 4> buffer{};
        (void)started(poller.submit_read(pair.local, buffer, 2));
        put_text(stage.world, pair.peer, "data");
        const std::vector<Report> all = reports(poller, 2);
        BOOST_TEST(find(all, 1).completion.error == std::errc::operation_canceled);
        BOOST_TEST(find(all, 2).completion.bytes == 4U);
        check_a_read(stage, poller, pair, 3);
        check_that_nothing_is_left(poller);
    });
}

#if !defined(_WIN32)

BOOST_DATA_TEST_CASE(a_number_that_is_anothers_before_its_canceled_operations_are_reported,
                     data::make({0, 1, 2, 3}), kind) {
    // Whatever the new object is, and though the poller has not seen it.
    on_every_kernel(some_seeds, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair old = stage.world.tcp_pair();
        std::array<std::byte, 4> buffer{};
        (void)started(poller.submit_read(old.local, buffer, 1));
        const Handle other = kind == 0   ? stage.world.udp_socket()
                             : kind == 1 ? stage.world.thing(Thing::event)
                             : kind == 2 ? stage.world.pipe_pair(PipeKind::anonymous).local
                                         : stage.world.file_of(10);
        stage.world.close(old.local);
        BOOST_REQUIRE((stage.world.duplicate(other) == old.local));
        const Report done = report(poller);
        BOOST_TEST(done.completion.error == std::errc::operation_canceled);
        BOOST_TEST(done.mask == (mask::in | mask::err));
    });
}

#endif

BOOST_AUTO_TEST_CASE(a_connection_that_the_system_has_aborted_is_not_canceled) {
    // The socket is open all the while. What is sent to a peer that has closed is not answered.
    on_every_kernel(some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        stage.world.close(pair.peer);
        std::array<std::byte, 4> buffer{};
        (void)started(poller.submit_read(pair.local, buffer, 1));
        BOOST_TEST(report(poller).completion.bytes == 0U);
        (void)started(poller.submit_write(pair.local, bytes_of("late"), 2));
        BOOST_TEST(!report(poller).completion.error);
        const Result<OverlappedEntry*> read = poller.submit_read(pair.local, buffer, 3);
        const std::error_code error = read ? report(poller).completion.error : read.error();
        BOOST_TEST((error != std::errc::operation_canceled));
#if !defined(_WIN32)
        const bool wine = stage.kernel.options().personality == sim::Personality::wine_8;
        BOOST_TEST((wine ? !error : error == std::errc::connection_aborted));
#endif
    });
}

BOOST_AUTO_TEST_CASE(the_end_of_an_operation_is_nothing_to_the_next_handle_in_the_table) {
    on_every_kernel(some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller({.max_registrations = 1});
        const SocketPair old = stage.world.tcp_pair();
        const SocketPair next = stage.world.tcp_pair();
        std::array<std::byte, 8> buffer{};
        (void)started(poller.submit_read(old.local, buffer, 1));
        stage.world.close(old.local);
        BOOST_TEST(poller.submit_read(old.local, buffer, 2).error() ==
                   std::errc::bad_file_descriptor);
        BOOST_REQUIRE(poller.associate_handle(next.local, 3));
        BOOST_TEST(report(poller).data == 1U);
        // It has no operation in flight, or it would be refused.
        BOOST_TEST(poller.register_handle(next.local, IoInterest::read, 4));
    });
}

BOOST_AUTO_TEST_CASE(a_number_recycled_before_its_connection_is_reported) {
    // Whether the connection was made before the close or not: its handle is gone.
    for (const bool accepts : {false, true}) {
        on_every_kernel(Backend::automatic, some_seeds, [&](Stage& stage) {
            OsPoller poller = make_poller();
            const Handle listener = stage.world.listener();
            const std::vector<std::byte> address = stage.world.address_of(listener);
            const Handle client = stage.world.tcp_socket();
            AcceptBuffer<> addresses{};
            if (accepts) {
                (void)started(poller.submit_accept(listener, addresses, 1));
                (void)stage.world.connecting(listener);
            } else {
                (void)started(poller.submit_connect(client, address, 1));
            }
            const Handle closed = accepts ? listener : client;
            stage.world.close(closed);
            SocketPair pair;
            BOOST_REQUIRE(stage.world.recycle(closed, pair));
            std::array<std::byte, 4> buffer{};
            (void)started(poller.submit_read(pair.local, buffer, 2));
            put_text(stage.world, pair.peer, "data");
            const std::vector<Report> all = reports(poller, 2);
            BOOST_TEST(find(all, 1).completion.error == std::errc::operation_canceled);
            BOOST_TEST(!static_cast<bool>(find(all, 1).completion.accepted));
            BOOST_TEST(!find(all, 2).completion.error);
            BOOST_TEST(text_of(buffer) == "data");
            check_that_nothing_is_left(poller);
        });
    }
}

BOOST_AUTO_TEST_CASE(a_recycled_number_of_an_associated_handle_is_the_new_handle) {
    on_every_kernel(some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair old = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.associate_handle(old.local, 77));
        check_a_read(stage, poller, recycled(stage, old), 1);
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(a_recycled_number_of_another_kind_of_handle) {
    on_every_kernel(some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pipe = ends(stage.world, Carrier::byte_pipe);
        (void)started(poller.submit_write(pipe.local, bytes_of("x"), 1));
        BOOST_TEST(report(poller).data == 1U);
        stage.world.close_handle(pipe.local);
        SocketPair pair;
        BOOST_REQUIRE(stage.world.recycle(pipe.local, pair));
        check_a_read(stage, poller, pair, 2);
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(slots_of_closed_handles_are_found_again) {
    on_every_kernel(some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller({.max_registrations = 4});
        // All are opened before any is closed, so that no number is reused.
        std::vector<SocketPair> pairs(20);
        for (SocketPair& pair : pairs) {
            pair = stage.world.tcp_pair();
        }
        for (std::size_t i = 0; i < pairs.size(); ++i) {
            if (i >= 4) {
                // The last four are open, so there is no slot for another one.
                std::array<std::byte, 4> buffer{};
                BOOST_TEST(poller.submit_read(pairs[i].local, buffer, 1).error() ==
                           std::errc::no_space_on_device);
                BOOST_TEST(poller.register_handle(pairs[i].local, IoInterest::read, 1) ==
                           std::errc::no_space_on_device);
                BOOST_TEST(poller.overlapped_count() == 1U);  // The last one reported.
                stage.world.close(pairs[i - 4 + i % 2].local);
                if (i % 2 == 1) {
                    std::swap(pairs[i - 4], pairs[i - 3]);
                }
            }
            check_a_read(stage, poller, pairs[i], i);
        }
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(a_handle_with_operations_is_not_registered_and_stays_known) {
    on_every_kernel(some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        std::array<std::byte, 4> buffer{};
        (void)started(poller.submit_read(pair.local, buffer, 1));
        BOOST_TEST(poller.unregister_handle(pair.local) == std::errc::no_such_file_or_directory);
        put_text(stage.world, pair.peer, "data");
        const Report done = report(poller);
        BOOST_TEST(done.data == 1U);
        BOOST_TEST(done.completion.bytes == 4U);
        BOOST_TEST(poller.unregister_handle(pair.local) == std::errc::no_such_file_or_directory);
        check_a_read(stage, poller, pair, 2);
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_SUITE_END()
