// A pipe's server waits for its client: submit_connect_pipe.
//
// Unless a test says so, nothing is registered for readiness, so the backend does not matter.
#include "operation_support.hpp"

using namespace wakepoll;
using namespace wakepoll::test;

BOOST_AUTO_TEST_SUITE(operations_pipe_servers)

namespace {

constexpr int some_seeds = 50;

void check_both_directions(Stage& stage, OsPoller& poller, Handle server, Handle client) {
    std::array<std::byte, 4> buffer{};
    (void)started(poller.submit_read(server, buffer, 1));
    put_text(stage.world, client, "data");
    BOOST_TEST(report(poller).completion.bytes == 4U);
    (void)started(poller.submit_write(server, bytes_of("back"), 2));
    BOOST_TEST(report(poller).completion.bytes == 4U);
    BOOST_TEST(take_text(stage.world, client, 4) == "back");
}

}  // namespace

BOOST_AUTO_TEST_CASE(it_is_reported_when_a_client_comes) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle server = stage.world.pipe_server();
        (void)started(poller.submit_connect_pipe(server, 7));
        BOOST_TEST(wait(poller, 2ms).count() == 0U);
        Handle client;
        stage.world.beside([&] { client = stage.world.open_pipe(server); });
        const Report done = report(poller);
        stage.world.join();
        BOOST_TEST(done.data == 7U);
        BOOST_TEST(done.mask == mask::in);
        BOOST_TEST(!done.completion.error);
        BOOST_TEST(done.completion.bytes == 0U);
        BOOST_TEST((done.completion.operation == IoOperation::connect_pipe));
        BOOST_REQUIRE(static_cast<bool>(client));
        check_both_directions(stage, poller, server, client);
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(a_client_that_has_come_before_is_found) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const AttachedHandle server = poller.attach(stage.world.pipe_server()).value();
        const Handle client = stage.world.open_pipe(server.handle());
        BOOST_REQUIRE(static_cast<bool>(client));
        (void)started(poller.submit_connect_pipe(server, 7));
        const Report done = report(poller);
        BOOST_TEST(done.data == 7U);
        BOOST_TEST(done.mask == mask::in);
        BOOST_TEST(!done.completion.error);
        check_both_directions(stage, poller, server.handle(), client);
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(once_it_has_a_client_it_can_be_registered) {
    on_every_kernel(some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle server = stage.world.pipe_server();
        BOOST_TEST(poller.register_handle(server, IoInterest::read, 1) == errc::pipe_not_connected);
        (void)started(poller.submit_connect_pipe(server, 2));
        BOOST_TEST(poller.register_handle(server, IoInterest::read, 1) ==
                   errc::operations_in_flight);
        const Handle client = stage.world.open_pipe(server);
        BOOST_TEST(report(poller).data == 2U);
        BOOST_REQUIRE(poller.register_handle(server, IoInterest::read, 1));
        put_text(stage.world, client, "data");
        BOOST_TEST(wait(poller).mask_of(1) == mask::in);
    });
}

BOOST_AUTO_TEST_CASE(after_a_disconnect_it_serves_the_next_client) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle server = stage.world.pipe_server();
        for (std::uint64_t round = 0; round < 3; ++round) {
            (void)started(poller.submit_connect_pipe(server, round));
            const Handle client = stage.world.open_pipe(server);
            BOOST_REQUIRE(static_cast<bool>(client));
            const Report done = report(poller);
            BOOST_TEST(done.data == round);
            BOOST_TEST(!done.completion.error);
            check_both_directions(stage, poller, server, client);
            stage.world.disconnect_pipe(server);
            stage.world.close_handle(client);
        }
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(a_client_that_has_gone_again_is_a_broken_pipe) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle server = stage.world.pipe_server();
        stage.world.close_handle(stage.world.open_pipe(server));
        (void)started(poller.submit_connect_pipe(server, 1));
        const Report gone = report(poller);
        BOOST_TEST(gone.completion.error == std::errc::broken_pipe);
        BOOST_TEST(gone.mask == (mask::in | mask::err | mask::hup));
        stage.world.disconnect_pipe(server);
        (void)started(poller.submit_connect_pipe(server, 2));
        const Handle client = stage.world.open_pipe(server);
        BOOST_TEST(!report(poller).completion.error);
        check_both_directions(stage, poller, server, client);
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(it_can_be_canceled_closed_and_disposed) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle server = stage.world.pipe_server();
        OverlappedEntry* const entry = started(poller.submit_connect_pipe(server, 1));
        BOOST_TEST(poller.cancel(entry));
        BOOST_TEST(report(poller).completion.error == std::errc::operation_canceled);
        (void)started(poller.submit_connect_pipe(server, 2));
        stage.world.close_handle(server);
        BOOST_TEST(report(poller).completion.error == std::errc::operation_canceled);
        (void)started(poller.submit_connect_pipe(stage.world.pipe_server(), 3));
        poller.dispose();
        BOOST_TEST(poller.submit_connect_pipe(server, 4).error() == std::errc::operation_canceled);
    });
}

BOOST_AUTO_TEST_CASE(only_a_servers_end_opened_for_overlapped_use_takes_it) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        for (const Handle handle :
             {stage.world.tcp_pair().local, stage.world.listener(), stage.world.file_of(9)}) {
            BOOST_TEST(poller.submit_connect_pipe(handle, 1).error() ==
                       errc::operation_of_another_kind);
        }
        BOOST_TEST(
            poller.submit_connect_pipe(stage.world.thing(Thing::synchronous_pipe), 1).error() ==
            errc::register_instead);
        BOOST_TEST(poller.submit_connect_pipe(stage.world.thing(Thing::event), 1).error() ==
                   std::errc::not_supported);
        BOOST_TEST(poller.submit_connect_pipe(Handle{}, 1).error() == errc::bad_handle);
        // A client's end: the kernel refuses it.
        const PipePair pair = stage.world.pipe_pair(PipeKind::both_overlapped);
        BOOST_TEST(!!poller.submit_connect_pipe(pair.peer, 1).error());
        BOOST_TEST(poller.overlapped_count() == 0U);
        BOOST_TEST(poller.stats().operations_started == 0U);
    });
}

#if !defined(_WIN32)

BOOST_AUTO_TEST_CASE(a_call_that_fails_leaves_everything_as_it_was) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle server = stage.world.pipe_server();
        stage.kernel.fail_next(sim::Call::connect_pipe, sim::code::no_system_resources);
        BOOST_TEST(poller.submit_connect_pipe(server, 1).error() == std::errc::no_buffer_space);
        BOOST_TEST(poller.overlapped_count() == 0U);
        (void)started(poller.submit_connect_pipe(server, 2));
        const Handle client = stage.world.open_pipe(server);
        BOOST_TEST(report(poller).data == 2U);
        check_both_directions(stage, poller, server, client);
        check_that_nothing_is_left(poller);
    });
}

#endif

BOOST_AUTO_TEST_SUITE_END()
