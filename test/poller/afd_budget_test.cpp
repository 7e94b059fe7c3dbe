// The kernel-call budget of the AFD backend, exactly, counted by the simulated kernel.
//
// | situation                                        | calls                                      |
// |--------------------------------------------------|--------------------------------------------|
// | k of n ready and lately active                   | 1, and 1 dequeue where a request is in     |
// |                                                  | flight; 1 more for each socket parked now  |
// | a parked socket becomes ready: the first report  | 3 at most, 2 for each report after it      |
// | idle, whatever is registered                     | 1 (the dequeue that blocks)                |
// | register                                         | 2 (validating the handle, its base socket) |
// | modify to less, or of a socket that is not parked| 0                                          |
// | modify to more than a parked one's request       | 1 (cancel)                                 |
// | unregister: parked / not                         | 1 (cancel) / 0                             |
// | one-shot: report / arm again                     | as any report / 0                          |
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

/// Kernels on which everything happens at once where it can.
template <class Body>
void on_prompt_kernels(Body&& body) {
    on_kernels(Backend::afd, 1, body,
               sim::Options{.early_waits = false, .late_completions = false});
}

/// Connected sockets, registered with their index.
class Sockets {
public:
    Sockets(Stage& stage, OsPoller& poller, std::uint32_t count) : stage_(&stage) {
        for (std::uint32_t i = 0; i < count; ++i) {
            pairs_.push_back(stage.world.tcp_pair());
            BOOST_REQUIRE(!poller.register_handle(pairs_.back().local, IoInterest::read, i));
        }
    }

    [[nodiscard]] Handle operator[](std::uint32_t i) const { return pairs_[i].local; }
    void make_ready(std::uint32_t i) const { stage_->world.send(pairs_[i].peer, 1); }
    void calm(std::uint32_t i) const { stage_->world.receive(pairs_[i].local, 1); }

private:
    Stage* stage_;
    std::vector<SocketPair> pairs_;
};

/// Lets a poller come to rest: all sockets are parked, or covered by the group's request.
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

BOOST_DATA_TEST_CASE(ready_sockets_cost_at_most_two_calls_whatever_their_number,
                     data::make({1U, 16U, 16U, 16U, 64U, 64U, 64U, 64U,  //
                                 1000U, 1000U, 1000U, 1000U, 1000U}) ^
                         data::make({1U, 1U, 2U, 16U, 1U, 2U, 16U, 64U,  //
                                     1U, 2U, 16U, 64U, 1000U}),
                     n, active) {
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

BOOST_AUTO_TEST_CASE(the_first_wait_over_many_is_one_request) {
    on_prompt_kernels([](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, 1000);
        stage.kernel.reset_counts();
        BOOST_TEST(wait(poller, 5ms).count() == 0U);
        BOOST_TEST(stage.kernel.calls() == 2U);
        BOOST_TEST(stage.kernel.calls(Call::afd_poll) == 1U);
    });
}

BOOST_DATA_TEST_CASE(a_parked_socket_that_becomes_ready, data::make({0U, 1U, 16U}), active) {
    on_prompt_kernels([&](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, 100);
        // With nobody active the others are in the group's request, else each in its own.
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
        BOOST_TEST(stage.kernel.calls() <= 3U);
        // Those that were woken with it are parked again, which is one call for all of them.
        std::uint64_t parked = 0;
        for (int waits = 0; waits < 6; ++waits) {
            stage.kernel.reset_counts();
            BOOST_TEST(wait<100>(poller).count() == active + 1);
            parked += stage.kernel.calls() - 2;
        }
        BOOST_TEST(parked == 1U);
    });
}

BOOST_AUTO_TEST_CASE(a_parked_socket_ends_a_block_and_is_reported_in_three_calls) {
    on_prompt_kernels([](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, 2);
        warm_up<2>(poller, sockets, 1);
        sockets.calm(0);
        come_to_rest(poller);
        stage.kernel.reset_counts();
        stage.kernel.when_blocked([&] { sockets.make_ready(1); });
        BOOST_TEST(wait(poller).mask_of(1) == mask::in);
        BOOST_TEST(stage.kernel.calls() == 2U);
        BOOST_TEST(stage.kernel.blocked_calls() == 1U);
    });
}

BOOST_AUTO_TEST_CASE(more_parked_sockets_than_packets_in_one_call_are_reported_by_one_wait) {
    on_prompt_kernels([](Stage& stage) {
        // Sixteen are parked in a request.
        OsPoller poller = make_poller({.max_registrations = 1601});
        const Sockets sockets(stage, poller, 1601);
        warm_up<1601>(poller, sockets, 1);
        BOOST_REQUIRE(stage.kernel.afd_requests() == 101U);
        for (std::uint32_t i = 1; i < 1601; ++i) {
            sockets.make_ready(i);
        }
        stage.kernel.reset_counts();
        BOOST_TEST(wait<1601>(poller).count() == 1601U);
        BOOST_TEST(stage.kernel.calls(Call::port_dequeue) == 2U);
        BOOST_TEST(stage.kernel.calls(Call::afd_poll) == 2U);
    });
}

BOOST_AUTO_TEST_CASE(registering_and_unregistering) {
    on_prompt_kernels([](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        stage.kernel.reset_counts();
        BOOST_TEST(!poller.register_handle(pair.local, IoInterest::read, 1));
        BOOST_TEST(stage.kernel.calls() == 5U,
                   "the device is opened, associated, and told to skip");
        BOOST_TEST(!poller.unregister_handle(pair.local));
        BOOST_TEST(stage.kernel.calls() == 5U);
        BOOST_TEST(!poller.register_handle(pair.local, IoInterest::read, 1));
        BOOST_TEST(!poller.unregister_handle(pair.local));
        BOOST_TEST(stage.kernel.calls() == 7U);
        BOOST_TEST(!poller.register_handle(pair.local, IoInterest::read, 1));
        come_to_rest(poller);
        BOOST_TEST(stage.kernel.afd_requests() == 1U);
        stage.kernel.reset_counts();
        BOOST_TEST(!poller.unregister_handle(pair.local));
        BOOST_TEST(stage.kernel.calls() == 1U);
        BOOST_TEST(stage.kernel.calls(Call::afd_cancel) == 1U);
        BOOST_TEST(stage.kernel.afd_requests() == 0U);
    });
}

BOOST_AUTO_TEST_CASE(a_request_whose_sockets_are_all_unregistered_does_not_stay) {
    on_prompt_kernels([](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, 20);
        come_to_rest(poller);
        BOOST_REQUIRE(stage.kernel.afd_requests() == 1U);
        for (std::uint32_t i = 0; i < 20; ++i) {
            BOOST_TEST(!poller.unregister_handle(sockets[i]));
            BOOST_TEST(stage.kernel.afd_requests() == (i < 19 ? 1U : 0U));
        }
    });
}

BOOST_AUTO_TEST_CASE(modifying) {
    on_prompt_kernels([](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_TEST(!poller.register_handle(pair.local, IoInterest::read, 1));
        stage.kernel.reset_counts();
        BOOST_TEST(
            !poller.modify_handle(pair.local, IoInterest::read | IoInterest::read_hangup, 2));
        BOOST_TEST(stage.kernel.calls() == 0U, "nobody has asked about it yet");
        come_to_rest(poller);
        stage.kernel.reset_counts();
        BOOST_TEST(!poller.modify_handle(pair.local, IoInterest::none, 2));
        BOOST_TEST(!poller.modify_handle(pair.local, IoInterest::read, 3));
        BOOST_TEST(stage.kernel.calls() == 0U, "no more than what is in flight");
        BOOST_TEST(!poller.modify_handle(pair.local, IoInterest::read | IoInterest::write, 3));
        BOOST_TEST(stage.kernel.calls() == 1U);
        BOOST_TEST(stage.kernel.calls(Call::afd_cancel) == 1U);
        BOOST_TEST(wait(poller).mask_of(3) == mask::out);
    });
}

BOOST_AUTO_TEST_CASE(one_shots_cost_no_call_of_their_own) {
    on_prompt_kernels([](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, 64);
        for (std::uint32_t i = 0; i < 64; ++i) {
            sockets.make_ready(i);
        }
        for (int rounds = 0; rounds < 5; ++rounds) {
            stage.kernel.reset_counts();
            for (std::uint32_t i = 0; i < 64; ++i) {
                BOOST_TEST(
                    !poller.modify_handle(sockets[i], IoInterest::read | IoInterest::one_shot, i));
            }
            BOOST_TEST(wait(poller).count() == 64U);
            BOOST_TEST(stage.kernel.calls() == 1U);
            stage.kernel.reset_counts();
            BOOST_TEST(wait(poller, 0ms).count() == 0U);
            BOOST_TEST(stage.kernel.calls() == 1U);
            BOOST_TEST(stage.kernel.calls(Call::afd_poll) == 0U);
        }
    });
}

BOOST_AUTO_TEST_CASE(a_filtered_condition_costs_nothing) {
    on_prompt_kernels([](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_TEST(!poller.register_handle(pair.local, IoInterest::none, 1));
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

BOOST_AUTO_TEST_CASE(a_slot_that_leaves_a_lot_for_another_handle_delays_no_later_wait) {
    on_prompt_kernels([](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, 6);
        warm_up<64>(poller, sockets, 1);
        // Cancelled by the one who leaves, and once more for the one who comes.
        BOOST_REQUIRE(!poller.unregister_handle(sockets[3]));
        BOOST_REQUIRE(
            !poller.register_handle(stage.world.thing(Thing::event), IoInterest::read, 9));
        for (int waits = 0; waits < 5; ++waits) {
            const auto begun = stage.kernel.now();
            BOOST_TEST(wait(poller, 0ms).count() == 1U);
            BOOST_TEST((stage.kernel.now() - begun < 1ms));
        }
    });
}

BOOST_AUTO_TEST_SUITE_END()
