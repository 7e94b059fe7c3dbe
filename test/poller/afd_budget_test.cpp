// The kernel-call budget of the AFD backend, exactly, counted by the simulated kernel.
//
// | situation                                        | calls                                      |
// |--------------------------------------------------|--------------------------------------------|
// | k of n ready in every wait                       | 1 poll, and 1 dequeue if others are     |
// |                                                  | parked                                     |
// | a parked socket becomes ready, alone             | 1 (the dequeue that it ends), and 1 poll   |
// |                                                  | that parks it again in the next wait       |
// | idle, whatever is registered                     | 1 (the dequeue that blocks)                |
// | register                                         | 2 (validating the handle, its base         |
// |                                                  | socket), and 1 poll in the next wait       |
// | modify to less, or of a socket that is due       | 0                                          |
// | modify to more than the request in flight asks   | 1 (cancel)                                 |
// | unregister: request in flight / not              | 1 (cancel) / 0                             |
// | one-shot: report / arm again before the next wait| as any report / 0                          |
// | one-shot that is not armed again                 | 1 poll for all that were active            |
//
// The first registration in each 32 slots opens a handle to the device, which is three calls more.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <set>
#include <vector>

#include "stage.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
using sim::Call;
namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(afd_budget)

namespace {

/// Kernels on which everything happens at once if it can.
template <class Body>
void on_prompt_kernels(Body&& body) {
    on_kernels(Backend::afd, 1, body,
               sim::Options{
                   .early_waits = false,
                   .late_completions = false,
                   .change = [](sim::Traits& traits) { traits.stray_packets = sim::Seeded::no; }});
}

/// Connected sockets, registered with their index.
class Sockets {
public:
    Sockets(Stage& stage, OsPoller& poller, std::uint32_t count) : stage_(&stage) {
        for (std::uint32_t i = 0; i < count; ++i) {
            pairs_.push_back(stage.world.tcp_pair());
            BOOST_REQUIRE(poller.register_handle(pairs_.back().local, IoInterest::read, i));
        }
    }

    [[nodiscard]] Handle operator[](std::uint32_t i) const { return pairs_[i].local; }
    void make_ready(std::uint32_t i) const { stage_->world.send(pairs_[i].peer, 1); }
    void calm(std::uint32_t i) const { stage_->world.receive(pairs_[i].local, 1); }

private:
    Stage* stage_;
    std::vector<SocketPair> pairs_;
};

/// Lets a poller come to rest: a request in flight covers each socket.
void come_to_rest(OsPoller& poller) {
    for (int waits = 0; waits < 3; ++waits) {
        BOOST_REQUIRE(wait(poller, 0ms).count() == 0U);
    }
}

/// Waits with the first `active` of the sockets ready until nothing changes any more.
template <std::size_t Room>
void warm_up(OsPoller& poller, const Sockets& sockets, std::uint32_t active) {
    for (std::uint32_t i = 0; i < active; ++i) {
        sockets.make_ready(i);
    }
    for (int waits = 0; waits < 60; ++waits) {
        BOOST_REQUIRE(wait<Room>(poller, 0ms).count() == active);
    }
}

}  // namespace

constexpr std::uint32_t registered[] = {1,  16,   16,   16,   64,   64,  64,
                                        64, 1000, 1000, 1000, 1000, 1000};
constexpr std::uint32_t ready_of_them[] = {1, 1, 2, 16, 1, 2, 16, 64, 1, 2, 16, 64, 1000};

BOOST_DATA_TEST_CASE(ready_sockets_cost_at_most_two_calls_whatever_their_number,
                     data::make(registered) ^ data::make(ready_of_them), n, active) {
    on_prompt_kernels([&](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, n);
        warm_up<1000>(poller, sockets, active);
        for (const Timeout timeout : {Timeout{}, Timeout{5ms}, wait_forever}) {
            stage.kernel.reset_counts();
            BOOST_TEST(wait<1000>(poller, timeout).count() == active);
            BOOST_TEST(stage.kernel.calls(Call::afd_poll) == 1U);
            BOOST_TEST(stage.kernel.calls(Call::port_dequeue) == (active < n ? 1U : 0U));
            BOOST_TEST(stage.kernel.calls() <= 2U);
        }
    });
}

BOOST_AUTO_TEST_CASE(a_thousand_idle_sockets_cost_nothing_between_waits) {
    on_prompt_kernels([](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, 1000);
        come_to_rest(poller);
        for (const Timeout timeout : {Timeout{}, Timeout{1h}}) {
            stage.kernel.reset_counts();
            BOOST_TEST(wait(poller, timeout).count() == 0U);
            BOOST_TEST(stage.kernel.calls() == 1U);
            BOOST_TEST(stage.kernel.calls(Call::port_dequeue) == 1U);
        }
    });
}

BOOST_AUTO_TEST_CASE(the_first_wait_over_many_parks_each_by_one_call) {
    on_prompt_kernels([](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, 1000);
        stage.kernel.reset_counts();
        BOOST_TEST(wait(poller, 5ms).count() == 0U);
        BOOST_TEST(stage.kernel.calls() == 1001U);
        BOOST_TEST(stage.kernel.calls(Call::afd_poll) == 1000U);
        BOOST_TEST(stage.kernel.afd_requests() == 1000U);
    });
}

BOOST_DATA_TEST_CASE(a_parked_socket_that_becomes_ready, data::make({0U, 1U, 16U}), active) {
    on_prompt_kernels([&](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, 100);
        warm_up<100>(poller, sockets, std::max(active, 1U));
        if (active == 0) {
            sockets.calm(0);
            come_to_rest(poller);
        }
        sockets.make_ready(77);
        stage.kernel.reset_counts();
        const auto waited = wait<100>(poller);
        BOOST_TEST(waited.count() == active + 1);
        BOOST_TEST(waited.mask_of(77) == mask::in);
        BOOST_TEST(stage.kernel.calls() == (active > 0 ? 2U : 1U));
        // It stays ready: polled alone once, and with the others from then on.
        for (int waits = 0; waits < 6; ++waits) {
            stage.kernel.reset_counts();
            BOOST_TEST(wait<100>(poller).count() == active + 1);
            BOOST_TEST(stage.kernel.calls() == (waits == 0 && active > 0 ? 3U : 2U));
        }
    });
}

BOOST_AUTO_TEST_CASE(an_event_a_wait_costs_a_poll_and_a_dequeue) {
    on_prompt_kernels([](Stage& stage) {
        for (const std::uint32_t sockets_in_all : {1U, 2U, 1000U}) {
            OsPoller poller = make_poller();
            const Sockets sockets(stage, poller, sockets_in_all);
            come_to_rest(poller);
            for (std::uint32_t i = 0; i < 20; ++i) {
                // Another socket each time if there are many, else the same.
                const std::uint32_t ready = i * 37 % sockets_in_all;
                stage.kernel.reset_counts();
                stage.kernel.when_blocked([&] { sockets.make_ready(ready); });
                BOOST_TEST(wait(poller).mask_of(ready) == mask::in);
                BOOST_TEST(stage.kernel.calls() == (i == 0 ? 1U : 2U));
                BOOST_TEST(stage.kernel.blocked_calls() == 1U);
                sockets.calm(ready);
            }
        }
    });
}

BOOST_AUTO_TEST_CASE(more_parked_sockets_than_packets_in_one_call_are_reported_by_one_wait) {
    on_prompt_kernels([](Stage& stage) {
        OsPoller poller = make_poller({.max_registrations = 1000});
        const Sockets sockets(stage, poller, 1000);
        come_to_rest(poller);
        BOOST_REQUIRE(stage.kernel.afd_requests() == 1000U);
        for (std::uint32_t i = 0; i < 1000; ++i) {
            sockets.make_ready(i);
        }
        stage.kernel.reset_counts();
        BOOST_TEST(wait<1000>(poller).count() == 1000U);
        BOOST_TEST(stage.kernel.calls(Call::port_dequeue) == 4U);
        BOOST_TEST(stage.kernel.calls() == 4U);
    });
}

BOOST_AUTO_TEST_CASE(registering_and_unregistering) {
    on_prompt_kernels([](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        stage.kernel.reset_counts();
        BOOST_TEST(poller.register_handle(pair.local, IoInterest::read, 1));
        BOOST_TEST(stage.kernel.calls() == 5U,
                   "the device is opened, associated, and told to skip");
        BOOST_TEST(poller.unregister_handle(pair.local));
        BOOST_TEST(stage.kernel.calls() == 5U);
        BOOST_TEST(poller.register_handle(pair.local, IoInterest::read, 1));
        BOOST_TEST(poller.unregister_handle(pair.local));
        BOOST_TEST(stage.kernel.calls() == 7U);
        BOOST_TEST(poller.register_handle(pair.local, IoInterest::read, 1));
        come_to_rest(poller);
        BOOST_TEST(stage.kernel.afd_requests() == 1U);
        stage.kernel.reset_counts();
        BOOST_TEST(poller.unregister_handle(pair.local));
        BOOST_TEST(stage.kernel.calls() == 1U);
        BOOST_TEST(stage.kernel.calls(Call::afd_cancel) == 1U);
        BOOST_TEST(stage.kernel.afd_requests() == 0U);
    });
}

BOOST_AUTO_TEST_CASE(no_request_stays_that_covers_an_unregistered_socket) {
    // It would take the answers of the socket's next request, in another poller for instance.
    on_prompt_kernels([](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, 20);
        warm_up<20>(poller, sockets, 10);
        for (std::uint32_t i = 0; i < 10; ++i) {
            sockets.calm(i);
        }
        BOOST_TEST(wait(poller, 0ms).count() == 0U);
        BOOST_REQUIRE(stage.kernel.afd_requests() == 11U);
        stage.kernel.reset_counts();
        BOOST_TEST(poller.unregister_handle(sockets[15]));
        BOOST_TEST(stage.kernel.afd_requests() == 10U);
        for (std::uint32_t i = 0; i < 10; ++i) {
            BOOST_TEST(poller.unregister_handle(sockets[i]));
            BOOST_TEST(stage.kernel.afd_requests() == 9U);
        }
        BOOST_TEST(stage.kernel.calls() == 2U, "the group's is cancelled once");
    });
}

BOOST_AUTO_TEST_CASE(modifying) {
    on_prompt_kernels([](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_TEST(poller.register_handle(pair.local, IoInterest::read, 1));
        stage.kernel.reset_counts();
        BOOST_TEST(poller.modify_handle(pair.local, IoInterest::read | IoInterest::read_hangup, 2));
        BOOST_TEST(stage.kernel.calls() == 0U, "it was not polled yet");
        come_to_rest(poller);
        stage.kernel.reset_counts();
        BOOST_TEST(poller.modify_handle(pair.local, IoInterest::none, 2));
        BOOST_TEST(poller.modify_handle(pair.local, IoInterest::read, 3));
        BOOST_TEST(stage.kernel.calls() == 0U, "no more than what is in flight");
        BOOST_TEST(poller.modify_handle(pair.local, IoInterest::read | IoInterest::write, 3));
        BOOST_TEST(stage.kernel.calls() == 1U);
        BOOST_TEST(stage.kernel.calls(Call::afd_cancel) == 1U);
        stage.kernel.reset_counts();
        BOOST_TEST(poller.modify_handle(pair.local, IoInterest::write, 3));
        BOOST_TEST(stage.kernel.calls() == 0U, "it is cancelled already");
        BOOST_TEST(wait(poller).mask_of(3) == mask::out);
    });
}

BOOST_AUTO_TEST_CASE(one_shots_that_are_armed_before_the_next_wait_cost_no_call_of_their_own) {
    on_prompt_kernels([](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, 64);
        for (std::uint32_t i = 0; i < 64; ++i) {
            sockets.make_ready(i);
        }
        for (int rounds = 0; rounds < 8; ++rounds) {
            stage.kernel.reset_counts();
            for (std::uint32_t i = 0; i < 64; ++i) {
                BOOST_TEST(
                    poller.modify_handle(sockets[i], IoInterest::read | IoInterest::one_shot, i));
            }
            BOOST_TEST(wait(poller).count() == 64U);
            BOOST_TEST(stage.kernel.calls() == (rounds < 2 ? 64U : 1U));
        }
    });
}

BOOST_AUTO_TEST_CASE(one_shots_that_are_not_armed_again_are_one_request) {
    on_prompt_kernels([](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, 64);
        for (std::uint32_t i = 0; i < 64; ++i) {
            sockets.make_ready(i);
        }
        for (int rounds = 0; rounds < 3; ++rounds) {
            for (std::uint32_t i = 0; i < 64; ++i) {
                BOOST_TEST(
                    poller.modify_handle(sockets[i], IoInterest::read | IoInterest::one_shot, i));
            }
            BOOST_TEST(wait(poller).count() == 64U);
        }
        stage.kernel.reset_counts();
        BOOST_TEST(wait(poller, 0ms).count() == 0U);
        BOOST_TEST(stage.kernel.calls() == 2U);
        for (int waits = 0; waits < 10; ++waits) {
            stage.kernel.reset_counts();
            BOOST_TEST(wait(poller, 0ms).count() == 0U);
            BOOST_TEST(stage.kernel.calls() == 1U);
        }
        // Armed again, they are polled together as soon as that request has ended.
        stage.kernel.reset_counts();
        for (std::uint32_t i = 0; i < 64; ++i) {
            BOOST_TEST(
                poller.modify_handle(sockets[i], IoInterest::read | IoInterest::one_shot, i));
        }
        BOOST_TEST(stage.kernel.calls(Call::afd_cancel) == 1U);
        BOOST_TEST(wait(poller).count() == 64U);
        BOOST_TEST(stage.kernel.calls() <= 4U);
    });
}

BOOST_AUTO_TEST_CASE(a_filtered_condition_costs_nothing) {
    on_prompt_kernels([](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_TEST(poller.register_handle(pair.local, IoInterest::none, 1));
        stage.world.shutdown_send(pair.peer);
        come_to_rest(poller);
        stage.kernel.reset_counts();
        BOOST_TEST(wait(poller, 1h).count() == 0U);
        BOOST_TEST(stage.kernel.calls() == 1U);
        BOOST_TEST(poller.stats().rechecks == 0U);
    });
}

BOOST_AUTO_TEST_CASE(a_wake_of_a_wait_over_sockets_is_one_post) {
    on_prompt_kernels([](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, 100);
        come_to_rest(poller);
        stage.kernel.reset_counts();
        stage.kernel.when_blocked([&] { stage.expect(poller.post_wakeup()); });
        BOOST_TEST(wait(poller).result.woken);
        BOOST_TEST(stage.kernel.calls(Call::port_post) == 1U);
        BOOST_TEST(stage.kernel.calls() == 2U);
    });
}

BOOST_AUTO_TEST_SUITE_END()
