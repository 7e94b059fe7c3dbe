// What operations cost in kernel calls, and what a call that fails leaves behind (P3, P12).
//
// | situation                                             | calls                              |
// |-------------------------------------------------------|------------------------------------|
// | first submit on a handle                              | what it is, the tie, the operation |
// | each later submit                                     | 2: whose number, the operation     |
// | each submit on an attached handle                     | 1: the operation                   |
// | a wait with completions, no socket registered         | 1 dequeue, up to 64 of them        |
// | the same with sockets in WSAPoll                      | 2: a look at the sockets besides   |
// | cancel of an operation in flight                      | 1                                  |
// | a wait when nothing is in flight any more             | no dequeue                         |
#include <optional>

#include "operation_support.hpp"
#include "status.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
using sim::Call;
namespace code = sim::code;

BOOST_AUTO_TEST_SUITE(operations_budget)

namespace {

/// Kernels on which all happens as soon as it can.
template <class Body>
void on_punctual_kernels(std::optional<Backend> only, Body&& body) {
    on_kernels(only, 1, body, sim::Options{.early_waits = false, .late_completions = false});
}

template <class Body>
void on_punctual_kernels(Body&& body) {
    on_punctual_kernels(std::nullopt, body);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_submit_is_two_calls) {
    on_punctual_kernels([](Stage& stage) {
        OsPoller poller = make_poller();
        for (const Carrier carrier : all_carriers) {
            const Ends pair = ends(stage.world, carrier);
            std::array<std::array<std::byte, 4>, 3> buffers{};
            (void)started(poller.submit_read(pair.local, buffers[0], 1));
            for (const std::size_t more : {1U, 2U}) {
                stage.kernel.reset_counts();
                (void)started(poller.submit_read(pair.local, buffers[more], 2));
                BOOST_TEST(stage.kernel.calls() == 2U);
                BOOST_TEST(stage.kernel.calls(Call::is_marked) == 1U);
            }
            stage.kernel.reset_counts();
            BOOST_TEST(poller.cancel(pair.local));
            BOOST_TEST(stage.kernel.calls() == 3U);
            BOOST_TEST(stage.kernel.calls(Call::cancel) == 3U);
            BOOST_TEST(poller.cancel(pair.local));  // Asked for already.
            BOOST_TEST(stage.kernel.calls() == 3U);
            (void)reports(poller, 3);
        }
    });
}

BOOST_AUTO_TEST_CASE(a_submit_on_an_attached_handle_is_one_call) {
    on_punctual_kernels([](Stage& stage) {
        OsPoller poller = make_poller();
        for (const Carrier carrier : all_carriers) {
            const Ends pair = ends(stage.world, carrier);
            AttachedHandle attached = poller.attach(pair.local).value();
            std::array<std::array<std::byte, 4>, 3> buffers{};
            for (std::array<std::byte, 4>& buffer : buffers) {
                stage.kernel.reset_counts();
                (void)started(poller.submit_read(attached, buffer, 1));
                BOOST_TEST(stage.kernel.calls() == 1U);
                stage.kernel.reset_counts();
                (void)started(poller.submit_write(attached, bytes_of("x"), 2));
                BOOST_TEST(stage.kernel.calls() == 1U);
            }
            stage.kernel.reset_counts();
            attached.detach();
            BOOST_TEST(stage.kernel.calls() == 0U);
            BOOST_TEST(poller.cancel(pair.local));
            (void)reports(poller, 6);
            // Attaching a known handle queries it once.
            stage.kernel.reset_counts();
            attached = poller.attach(pair.local).value();
            BOOST_TEST(stage.kernel.calls() == 1U);
        }
        const AttachedHandle file = poller.attach(stage.world.file_of(100)).value();
        const AttachedHandle receiver = poller.attach(stage.world.bound_udp()).value();
        const AttachedHandle sender = poller.attach(stage.world.bound_udp()).value();
        const AttachedHandle server = poller.attach(stage.world.pipe_server()).value();
        const std::vector<std::byte> address = stage.world.address_of(receiver.handle());
        std::array<std::array<std::byte, 4>, 2> buffers{};
        std::array<std::byte, OsPoller::address_size> from{};
        stage.kernel.reset_counts();
        (void)started(poller.submit_read(file, buffers[0], 1, 50));
        (void)started(poller.submit_receive_from(receiver, buffers[1], from, 2));
        (void)started(poller.submit_send_to(sender, bytes_of("x"), address, 3));
        (void)started(poller.submit_connect_pipe(server, 4));
        BOOST_TEST(stage.kernel.calls() == 4U);
        (void)reports(poller, 3);
        poller.dispose();
    });
}

BOOST_AUTO_TEST_CASE(a_datagram_with_an_address_and_a_pipes_client_cost_what_other_operations_do) {
    on_punctual_kernels([](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle receiver = stage.world.bound_udp();
        const Handle sender = stage.world.bound_udp();
        const Handle server = stage.world.pipe_server();
        const std::vector<std::byte> address = stage.world.address_of(receiver);
        std::array<std::byte, 4> buffer{};
        std::array<std::byte, OsPoller::address_size> from{};
        for (int round = 0; round < 2; ++round) {
            stage.kernel.reset_counts();
            (void)started(poller.submit_receive_from(receiver, buffer, from, 1));
            (void)started(poller.submit_send_to(sender, bytes_of("x"), address, 2));
            (void)started(poller.submit_connect_pipe(server, 3));
            if (round > 0) {
                BOOST_TEST(stage.kernel.calls() == 6U);
            }
            const Handle client = stage.world.open_pipe(server);
            (void)reports(poller, 3);
            stage.world.disconnect_pipe(server);
            stage.world.close_handle(client);
        }
        // A client that is there already posts no packet, so none is waited for.
        (void)started(poller.submit_connect_pipe(server, 4));
        const Handle client = stage.world.open_pipe(server);
        BOOST_TEST(report(poller).data == 4U);
        const std::uint64_t at_once = poller.stats().operations_at_once;
        (void)started(poller.submit_connect_pipe(server, 5));
        BOOST_TEST(poller.stats().operations_at_once == at_once + 1);
        stage.kernel.reset_counts();
        BOOST_TEST(report(poller).data == 5U);
        BOOST_TEST(stage.kernel.calls() == 0U);
        stage.world.close_handle(client);
    });
}

BOOST_AUTO_TEST_CASE(sixty_four_completions_are_one_dequeue) {
    on_punctual_kernels([](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, Carrier::message_pipe);
        std::array<std::array<std::byte, 4>, 64> buffers{};
        for (std::uint64_t i = 0; i < 64; ++i) {
            (void)started(poller.submit_read(pair.local, buffers[i], i));
            put_text(stage.world, pair.peer, "data");
        }
        stage.kernel.reset_counts();
        BOOST_TEST(wait<100>(poller).count() == 64U);
        BOOST_TEST(stage.kernel.calls() == 1U);
        BOOST_TEST(stage.kernel.calls(Call::port_dequeue) == 1U);
    });
}

BOOST_AUTO_TEST_CASE(what_is_done_at_once_needs_no_dequeue) {
    on_punctual_kernels([](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, Carrier::tcp);
        for (std::uint64_t i = 0; i < 10; ++i) {
            (void)started(poller.submit_write(pair.local, bytes_of("x"), i));
        }
        BOOST_TEST(poller.stats().operations_at_once == 10U);
        stage.kernel.reset_counts();
        BOOST_TEST(wait(poller).count() == 10U);
        BOOST_TEST(stage.kernel.calls() == 0U);
        BOOST_TEST(poller.stats().completions == 10U);
        // Nor is any of them taken to be in flight.
        (void)started(poller.submit_write(pair.local, bytes_of("x"), 11));
        BOOST_TEST(poller.register_handle(pair.local, IoInterest::read, 12));
        BOOST_TEST(report(poller).data == 11U);
    });
}

BOOST_AUTO_TEST_CASE(with_layered_sockets_every_operation_has_its_packet) {
    Stage stage(sim::Options{.late_completions = false, .layered_sockets = true});
    OsPoller poller = make_poller();
    const Ends pair = ends(stage.world, Carrier::tcp);
    (void)started(poller.submit_write(pair.local, bytes_of("x"), 1));
    BOOST_TEST(poller.stats().operations_at_once == 0U);
    BOOST_TEST(report(poller).completion.bytes == 1U);
    check_that_nothing_is_left(poller);
}

BOOST_AUTO_TEST_CASE(an_idle_wait_with_operations_in_flight_is_no_sequence_of_slices) {
    on_punctual_kernels(Backend::wsapoll, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, Carrier::tcp);
        std::array<std::byte, 4> buffer{};
        (void)started(poller.submit_read(pair.local, buffer, 1));
        stage.kernel.reset_counts();
        BOOST_TEST(wait(poller, 50s).count() == 0U);
        BOOST_TEST(stage.kernel.calls() == 1U);
        BOOST_TEST(stage.kernel.blocked_calls() == 1U);
        // Beside sockets: the port once, and two blocks, the first a short one.
        BOOST_REQUIRE(poller.register_handle(stage.world.tcp_pair().local, IoInterest::read, 2));
        BOOST_TEST(wait(poller, 50s).count() == 0U);
        stage.kernel.reset_counts();
        BOOST_TEST(wait(poller, 50s).count() == 0U);
        BOOST_TEST(stage.kernel.calls() == 3U);
        BOOST_TEST(stage.kernel.blocked_calls() == 2U);
        // A wait with completions: the sockets and the port, once each.
        put_text(stage.world, pair.peer, "data");
        stage.kernel.reset_counts();
        BOOST_TEST(wait(poller).count() == 1U);
        BOOST_TEST(stage.kernel.calls() == 2U);
        // Nothing is in flight any more, so the port is not polled.
        stage.kernel.reset_counts();
        BOOST_TEST(wait(poller, 50s).count() == 0U);
        BOOST_TEST(wait(poller, 0s).count() == 0U);
        BOOST_TEST(stage.kernel.calls(Call::port_dequeue) == 0U);
        BOOST_TEST(stage.kernel.calls() == 5U, "the watch of the port has rung once more");
    });
}

BOOST_AUTO_TEST_CASE(a_submit_that_fails_can_be_tried_again) {
    // Each call that a submit makes fails in turn, on a handle that is new and on one that is not.
    for (std::uint64_t k = 1; k <= 12; ++k) {
        on_every_kernel(3, [&](Stage& stage) {
            OsPoller poller = make_poller();
            const Handle listener = stage.world.listener();
            const Handle socket = stage.world.tcp_socket();
            const std::size_t handles = stage.kernel.open_handles();
            const Ends tcp = ends(stage.world, Carrier::tcp);
            const Ends pipe = ends(stage.world, Carrier::byte_pipe);
            AcceptBuffer<> address{};
            std::array<std::byte, 4> first{};
            std::array<std::byte, 4> second{};
            BOOST_TEST_CONTEXT("k=" << k) {
                const auto eventually = [&](auto&& submit) {
                    for (int tries = 0; tries < 2; ++tries) {
                        const std::size_t entries = poller.overlapped_count();
                        if (submit().has_value()) {
                            return;
                        }
                        BOOST_TEST(poller.overlapped_count() == entries);
                    }
                    BOOST_ERROR("a submit fails for good");
                };
                stage.kernel.fail_nth(k);
                eventually([&] { return poller.submit_read(tcp.local, first, 1); });
                stage.kernel.clear_faults();
                stage.kernel.fail_nth(k);
                eventually([&] { return poller.submit_write(tcp.local, bytes_of("x"), 2); });
                stage.kernel.clear_faults();
                stage.kernel.fail_nth(k);
                eventually([&] { return poller.submit_read(pipe.local, second, 3); });
                stage.kernel.clear_faults();
                stage.kernel.fail_nth(k);
                eventually([&] { return poller.submit_accept(listener, address, 4); });
                stage.kernel.clear_faults();
                stage.kernel.fail_nth(k);
                const std::vector<std::byte> target = stage.world.address_of(listener);
                eventually([&] { return poller.submit_connect(socket, target, 5); });
                stage.kernel.clear_faults();
                put_text(stage.world, tcp.peer, "data");
                put_text(stage.world, pipe.peer, "data");
                const std::vector<Report> done = reports(poller, 5);
                for (std::uint64_t i = 1; i <= 5; ++i) {
                    BOOST_TEST(!find(done, i).completion.error);
                }
                stage.world.close(find(done, 4).completion.accepted);
                check_that_nothing_is_left(poller);
                BOOST_TEST(stage.kernel.open_handles() == handles + 4);
            }
        });
    }
}

BOOST_AUTO_TEST_CASE(a_tie_that_fails_once_forgets_nothing) {
    on_every_kernel(3, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, Carrier::tcp);
        for (std::uint64_t round = 0; round < 3; ++round) {
            stage.kernel.fail_next(round == 0 ? Call::port_associate : Call::is_marked,
                                   code::no_system_resources);
            BOOST_TEST(poller.submit_write(pair.local, bytes_of("x"), 1).error() ==
                       std::errc::no_buffer_space);
            (void)started(poller.submit_write(pair.local, bytes_of("x"), 2));
            BOOST_TEST(report(poller).data == 2U);
        }
        stage.kernel.fail_next(Call::send, code::no_buffer_space);
        BOOST_TEST(poller.submit_write(pair.local, bytes_of("x"), 1).error() ==
                   std::errc::no_buffer_space);
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(a_context_that_can_not_be_updated_is_the_operations_error) {
    on_every_kernel(20, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle listener = stage.world.listener();
        const Handle socket = stage.world.tcp_socket();
        const std::size_t handles = stage.kernel.open_handles();
        AcceptBuffer<> buffer{};
        stage.kernel.fail_next(Call::update_accept_context, code::no_buffer_space);
        stage.kernel.fail_next(Call::update_connect_context, code::no_buffer_space);
        (void)started(poller.submit_accept(listener, buffer, 1));
        (void)started(poller.submit_connect(socket, stage.world.address_of(listener), 2));
        for (const Report& done : reports(poller, 2)) {
            BOOST_TEST(done.completion.error == std::errc::no_buffer_space);
            BOOST_TEST((done.mask & mask::err) == mask::err);
            BOOST_TEST(!static_cast<bool>(done.completion.accepted));
        }
        BOOST_TEST(stage.kernel.open_handles() == handles);
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_SUITE_END()
