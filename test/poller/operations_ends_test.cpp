// What the other side, or the own, can do to a read or a write: end, reset, be gone.
//
// Nothing is registered for readiness here, so the backend does not matter.
#include <array>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <vector>

#include "operation_support.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(operations_ends)

namespace {

constexpr int some_seeds = 200;

}  // namespace

BOOST_AUTO_TEST_CASE(a_datagram_without_a_receiver_is_no_hang_up) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.udp_pair();
        stage.world.close(pair.peer);
        BOOST_TEST(stage.world.send(pair.local, 1).bytes == 1U);
        std::array<std::byte, 8> buffer{};
        // Not every system reports that the port is not in use, and not by every receive.
        const auto entry = poller.submit_read(pair.local, buffer, 1);
        if (!entry) {
            BOOST_TEST(entry.error() != std::errc::invalid_argument);
            return;
        }
        (void)poller.cancel(*entry);
        const Report done = report(poller);
        BOOST_TEST(done.data == 1U);
        BOOST_TEST(static_cast<bool>(done.completion.error));
        BOOST_TEST(done.mask == (mask::in | mask::err));
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(a_reset_is_everything_to_a_read_in_flight) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, Carrier::tcp);
        std::array<std::byte, 8> buffer{};
        (void)started(poller.submit_read(pair.local, buffer, 1));
        stage.world.beside([&] { stage.world.reset(pair.peer); });
        const Report done = report(poller);
        BOOST_TEST(done.mask == (mask::in | mask::err | mask::hup));
        BOOST_TEST(done.completion.error == std::errc::connection_reset);
        stage.world.join();
        // One more fails immediately, which is an event all the same; on Wine the stream has ended.
        (void)started(poller.submit_read(pair.local, buffer, 2));
        const Report again = report(poller);
        BOOST_TEST((again.mask & mask::in) != 0U);
        BOOST_TEST((again.completion.error == std::errc::connection_reset ||
                    (!again.completion.error && again.completion.bytes == 0)));
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(the_end_of_a_stream_is_a_read_of_nothing) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, Carrier::tcp);
        put_text(stage.world, pair.peer, "last");
        stage.world.shutdown_send(pair.peer);
        std::array<std::byte, 8> buffer{};
        (void)started(poller.submit_read(pair.local, buffer, 1));
        BOOST_TEST(report(poller).completion.bytes == 4U);
        for (std::uint64_t i = 2; i <= 3; ++i) {
            (void)started(poller.submit_read(pair.local, buffer, i));
            const Report end = report(poller);
            BOOST_TEST(end.mask == mask::in);
            BOOST_TEST(end.completion.bytes == 0U);
            BOOST_TEST(!end.completion.error);
        }
        check_that_nothing_is_left(poller);
    });
}

BOOST_DATA_TEST_CASE(a_pipe_whose_other_end_is_gone_is_broken,
                     data::make({Carrier::byte_pipe, Carrier::message_pipe}), carrier) {
    on_every_kernel(Backend::automatic, some_seeds, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, carrier);
        std::array<std::byte, 8> buffer{};
        (void)started(poller.submit_read(pair.local, buffer, 1));
        stage.world.beside([&] { stage.world.close_handle(pair.peer); });
        const Report waited = report(poller);
        BOOST_TEST(waited.mask == (mask::in | mask::hup));
        BOOST_TEST(waited.completion.error == std::errc::broken_pipe);
        stage.world.join();
        // What is known immediately comes as an event, too.
        (void)started(poller.submit_read(pair.local, buffer, 2));
        const Report read = report(poller);
        BOOST_TEST(read.mask == (mask::in | mask::hup));
        BOOST_TEST(read.completion.error == std::errc::broken_pipe);
        (void)started(poller.submit_write(pair.local, bytes_of("x"), 3));
        const Report write = report(poller);
        BOOST_TEST(write.mask == (mask::out | mask::err | mask::hup));
        BOOST_TEST(write.completion.error == std::errc::broken_pipe);
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(a_write_after_the_own_end_is_broken) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, Carrier::tcp);
        stage.world.shutdown_send(pair.local);
        (void)started(poller.submit_write(pair.local, bytes_of("x"), 3));
        const Report write = report(poller);
        BOOST_TEST(write.mask == (mask::out | mask::err | mask::hup));
        BOOST_TEST(write.completion.error == std::errc::broken_pipe);
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(a_datagram_that_is_too_long_to_send_is_reported_or_refused) {
    // No network takes it. Windows returns that immediately, and then no packet follows.
    on_every_kernel(Backend::automatic, 20, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, Carrier::udp);
        const std::vector<std::byte> longest(70'000);
        (void)started(poller.submit_write(pair.local, longest, 3));
        const Report write = report(poller);
        BOOST_TEST((write.mask & mask::out) != 0U);
        BOOST_TEST_MESSAGE("70000 bytes in a datagram: " << write.completion.error.value() << ", "
                                                         << write.completion.bytes << " bytes");
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_SUITE_END()
