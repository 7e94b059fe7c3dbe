// The exact kernel-call budget: what each situation costs, counted by the simulated kernel. The
// costs of sockets are those of WSAPoll; the others hold over every backend.
//
// | situation                                                  | calls                        |
// |------------------------------------------------------------|------------------------------|
// | sockets ready, nothing in flight                           | 1 (WSAPoll)                  |
// | no socket registered                                       | 1 (dequeue), up to 64 packets|
// | post_wakeup: parked / not parked / a wake pending          | 1 / 0 / 0                    |
// | register (first socket: the doorbell besides)              | 1 (validating the handle)    |
// | modify, unregister                                         | 0                            |
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <optional>

#include "parking.hpp"
#include "stage.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
using sim::Call;
namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(budget)

namespace {

/// Kernels whose finite waits end on time, so that no wait needs a second block.
template <class Body>
void on_punctual_kernels(std::optional<Backend> only, Body&& body) {
    on_kernels(only, 1, body, sim::Options{.early_waits = false});
}

template <class Body>
void on_punctual_kernels(Body&& body) {
    on_punctual_kernels(std::nullopt, body);
}

}  // namespace

BOOST_DATA_TEST_CASE(ready_sockets_cost_one_poll_whatever_their_number,
                     data::make({1, 2, 7, 64, 300, 1000}), ready) {
    on_punctual_kernels(Backend::wsapoll, [&](Stage& stage) {
        OsPoller poller = make_poller();
        for (int i = 0; i < ready; ++i) {
            BOOST_REQUIRE(poller.register_handle(stage.world.udp_socket(), IoInterest::write,
                                                 static_cast<std::uint64_t>(i)));
        }
        for (const Timeout timeout : {Timeout{}, Timeout{5ms}, wait_forever}) {
            stage.kernel.reset_counts();
            const auto waited = wait<1000>(poller, timeout);
            BOOST_TEST(waited.count() == static_cast<std::size_t>(ready));
            BOOST_TEST(stage.kernel.calls() == 1U);
            BOOST_TEST(stage.kernel.calls(Call::poll_sockets) == 1U);
        }
    });
}

BOOST_AUTO_TEST_CASE(without_sockets_a_wait_is_one_dequeue) {
    on_punctual_kernels([](Stage& stage) {
        OsPoller poller = make_poller();
        for (const Timeout timeout : {Timeout{}, Timeout{5ms}}) {
            stage.kernel.reset_counts();
            BOOST_TEST(wait(poller, timeout).count() == 0U);
            BOOST_TEST(stage.kernel.calls() == 1U);
            BOOST_TEST(stage.kernel.calls(Call::port_dequeue) == 1U);
        }
    });
}

BOOST_AUTO_TEST_CASE(sixty_four_packets_are_one_dequeue) {
    on_punctual_kernels([](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle port = poller.handle();
        for (std::uintptr_t i = 0; i < 65; ++i) {
            stage.world.post_packet(port, i, 0, nullptr);
        }
        stage.kernel.reset_counts();
        BOOST_TEST(wait<100>(poller).count() == 64U);
        BOOST_TEST(stage.kernel.calls() == 1U);
        BOOST_TEST(wait<100>(poller).count() == 1U);
        BOOST_TEST(stage.kernel.calls() == 2U);
    });
}

BOOST_AUTO_TEST_CASE(an_idle_wait_in_the_sockets_is_a_short_block_and_a_long_one) {
    on_punctual_kernels(Backend::wsapoll, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, Parking::socket);
        stage.kernel.reset_counts();
        BOOST_TEST(wait(poller, 5s).count() == 0U);
        BOOST_TEST(stage.kernel.calls() == 2U);
        BOOST_TEST(stage.kernel.calls(Call::poll_sockets) == 2U);
        BOOST_TEST(stage.kernel.blocked_calls() == 2U);
        stage.kernel.reset_counts();
        BOOST_TEST(wait(poller, 10ms).count() == 0U);
        BOOST_TEST(stage.kernel.calls() == 1U, "no look before the block");
        stage.kernel.reset_counts();
        BOOST_TEST(wait(poller, 0ms).count() == 0U);
        BOOST_TEST(stage.kernel.calls() == 1U);
    });
}

BOOST_AUTO_TEST_CASE(the_port_is_watched_once_until_a_packet_comes) {
    on_punctual_kernels(Backend::wsapoll, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, Parking::socket_and_packets);
        BOOST_TEST(wait(poller, 5ms).count() == 0U);
        stage.kernel.reset_counts();
        for (int waits = 0; waits < 10; ++waits) {
            BOOST_TEST(wait(poller, 5ms).count() == 0U);
        }
        // Each wait polls the port and blocks once; the watch is still armed.
        BOOST_TEST(stage.kernel.calls(Call::wait_arm) == 0U);
        BOOST_TEST(stage.kernel.calls() == 20U);
    });
}

BOOST_DATA_TEST_CASE(a_wake_of_a_parked_poller_costs_one_call, data::make(all_parkings), parking) {
    on_punctual_kernels([&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        std::uint64_t cost = 0;
        stage.kernel.when_blocked([&] {
            const std::uint64_t before = stage.kernel.calls();
            stage.expect(poller.post_wakeup());
            cost = stage.kernel.calls() - before;
            stage.expect(poller.post_wakeup());  // One is pending now.
            stage.expect(stage.kernel.calls() - before == cost);
        });
        BOOST_TEST(wait(poller).result.woken);
        BOOST_TEST(cost == 1U);
    });
}

BOOST_DATA_TEST_CASE(a_wake_of_a_busy_poller_costs_nothing, data::make(all_parkings), parking) {
    on_punctual_kernels([&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        BOOST_TEST(wait(poller, 0ms).count() == 0U);
        stage.kernel.reset_counts();
        BOOST_TEST(poller.post_wakeup());
        BOOST_TEST(poller.post_wakeup());
        BOOST_TEST(poller.waker().wake());
        BOOST_TEST(stage.kernel.calls() == 0U);
        BOOST_TEST(wait(poller).result.woken);
        BOOST_TEST(stage.kernel.blocked_calls() == 0U);
    });
}

BOOST_AUTO_TEST_CASE(register_costs_its_validation) {
    on_punctual_kernels(Backend::wsapoll, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair first = stage.world.tcp_pair();
        const SocketPair second = stage.world.tcp_pair();
        const bool old =
            stage.kernel.options().personality == sim::Personality::windows_server_2019;
        stage.kernel.reset_counts();
        BOOST_TEST(poller.register_handle(first.local, IoInterest::read, 1));
        BOOST_TEST(stage.kernel.calls(Call::doorbell_create) == 1U);
        stage.kernel.reset_counts();
        BOOST_TEST(poller.register_handle(second.local, IoInterest::read, 2));
        BOOST_TEST(stage.kernel.calls(Call::socket_kind) == 1U);
        // If refused connects must be polled for, register queries whether one may come.
        BOOST_TEST(stage.kernel.calls(Call::is_connected) == (old ? 1U : 0U));
        BOOST_TEST(stage.kernel.calls() == 1U + stage.kernel.calls(Call::is_connected) +
                                               stage.kernel.calls(Call::is_listening));
        stage.kernel.reset_counts();
        BOOST_TEST(poller.modify_handle(second.local, IoInterest::write, 3));
        BOOST_TEST(poller.unregister_handle(first.local));
        BOOST_TEST(stage.kernel.calls() == 0U);
    });
}

BOOST_AUTO_TEST_CASE(a_span_too_narrow_costs_one_poll_a_wait) {
    on_punctual_kernels(Backend::wsapoll, [](Stage& stage) {
        OsPoller poller = make_poller();
        for (std::uint64_t i = 0; i < 100; ++i) {
            BOOST_REQUIRE(poller.register_handle(stage.world.udp_socket(), IoInterest::write, i));
        }
        stage.kernel.reset_counts();
        for (int waits = 0; waits < 20; ++waits) {
            BOOST_TEST(wait<7>(poller).count() == 7U);
        }
        BOOST_TEST(stage.kernel.calls() == 20U);
    });
}

BOOST_AUTO_TEST_CASE(the_statistics_agree_with_the_kernel) {
    on_every_kernel(50, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, Parking::socket_and_packets);
        stage.kernel.reset_counts();
        for (int waits = 0; waits < 20; ++waits) {
            stage.world.beside([&] { stage.expect(poller.post_wakeup()); });
            BOOST_TEST(wait(poller, wait_forever).result.woken);
        }
        stage.world.join();
        const PollerStats stats = poller.stats();
        BOOST_TEST(stats.socket_polls == stage.kernel.calls(Call::poll_sockets));
        BOOST_TEST(stats.port_dequeues == stage.kernel.calls(Call::port_dequeue));
        BOOST_TEST(stats.doorbells_drained == stage.kernel.calls(Call::doorbell_drain));
        BOOST_TEST(stats.waits == 20U);
        BOOST_TEST(stats.wakes_reported == 20U);
    });
}

BOOST_AUTO_TEST_SUITE_END()
