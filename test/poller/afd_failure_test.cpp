// P12 for the AFD backend: each of its kernel calls fails once, and the poller goes on.
//
// What fails in every backend is in failure_test.cpp.
#include <array>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <optional>
#include <vector>

#include "stage.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
using sim::Call;
namespace data = boost::unit_test::data;

namespace {

constexpr std::uint32_t no_resources = 1450;   // ERROR_NO_SYSTEM_RESOURCES
constexpr std::uint32_t network_down = 10050;  // WSAENETDOWN
constexpr int seeds = 40;

/// More sockets than `automatic` leaves to WSAPoll.
constexpr std::uint32_t many = 17;

/// What opening a handle to the device takes.
constexpr std::array opening = {Call::afd_open, Call::port_associate, Call::skip_packets};

bool ran_out(std::error_code error) { return error == std::errc::no_buffer_space; }

/// Connected sockets, registered for reading with their index.
class Sockets {
public:
    Sockets(Stage& stage, OsPoller& poller, std::uint32_t count)
        : stage_(&stage), poller_(&poller) {
        for (std::uint32_t i = 0; i < count; ++i) {
            add();
        }
    }

    void add() {
        pairs_.push_back(stage_->world.tcp_pair());
        BOOST_REQUIRE(
            !poller_->register_handle(pairs_.back().local, IoInterest::read, pairs_.size() - 1));
    }
    [[nodiscard]] const SocketPair& operator[](std::size_t i) const { return pairs_[i]; }
    void make_ready(std::size_t i) const { stage_->world.send(pairs_[i].peer, 1); }
    void calm(std::size_t i) const { stage_->world.receive(pairs_[i].local, 1); }

    /// The first so many are ready, and all others are parked.
    void park_all_but(std::size_t first) const {
        for (std::size_t i = 0; i < first; ++i) {
            make_ready(i);
        }
        for (int waits = 0; waits < 20; ++waits) {
            BOOST_REQUIRE(wait(*poller_, 0ms).count() == first);
            stage_->kernel.advance(100us);
        }
        const std::uint64_t before = poller_->stats().afd_requests;
        BOOST_REQUIRE(wait(*poller_, 0ms).count() == first);
        BOOST_REQUIRE(poller_->stats().afd_requests - before <= 1U);
        BOOST_REQUIRE(stage_->kernel.afd_requests() > 0U);
    }

private:
    Stage* stage_;
    OsPoller* poller_;
    std::vector<SocketPair> pairs_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(afd_failure)

BOOST_DATA_TEST_CASE(without_the_device_afd_is_an_error_and_automatic_is_wsapoll,
                     data::xrange(opening.size()), step) {
    const Call call = opening[step];
    on_every_kernel(Backend::afd, 1, [&](Stage& stage) {
        const std::size_t before = stage.kernel.open_handles();
        stage.kernel.fail_next(call, no_resources);
        BOOST_TEST(ran_out(OsPoller::create({.backend = Backend::afd}).error()));
        BOOST_TEST(stage.kernel.open_handles() == before);
        BOOST_TEST(stage.kernel.winsock_sessions() == 0U);

        stage.kernel.fail_next(call, no_resources);
        OsPoller poller = OsPoller::create({.backend = Backend::automatic}).value();
        BOOST_TEST(stage.kernel.open_handles() == before + 1);
        const Sockets sockets(stage, poller, many);
        (void)poller.handle();
        sockets.make_ready(many - 1);
        BOOST_TEST(wait(poller).mask_of(many - 1) == mask::in);
        BOOST_CHECK(poller.backend() == Backend::wsapoll);
        BOOST_TEST(stage.kernel.calls(Call::afd_poll) == 0U);
    });
}

BOOST_AUTO_TEST_CASE(register_without_a_base) {
    on_every_kernel(Backend::afd, 1, [](Stage& stage) {
        OsPoller poller = make_poller({.max_registrations = 1});
        const SocketPair pair = stage.world.tcp_pair();
        for (int times = 0; times < 3; ++times) {
            stage.kernel.fail_next(Call::base_socket, network_down);
            // A provider that refuses may name the one below it.
            stage.kernel.fail_next(Call::next_socket, network_down);
            BOOST_TEST(poller.register_handle(pair.local, IoInterest::write, 1) ==
                       std::errc::network_down);
            BOOST_TEST(poller.registration_count() == 0U);
            BOOST_TEST(wait(poller, 1ms).count() == 0U);
        }
        BOOST_TEST(!poller.register_handle(pair.local, IoInterest::write, 2));
        BOOST_TEST(wait(poller).mask_of(2) == mask::out);
    });
}

BOOST_AUTO_TEST_CASE(a_group_poll_that_fails_is_reported_and_the_next_one_works) {
    on_every_kernel(Backend::afd, seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, 5);
        sockets.make_ready(1);
        sockets.make_ready(3);
        for (int times = 0; times < 3; ++times) {
            stage.kernel.fail_next(Call::afd_poll, no_resources);
            const auto failed = wait(poller);
            BOOST_TEST(ran_out(failed.result.error));
            BOOST_TEST(failed.count() == 0U);
            const auto waited = wait(poller);
            BOOST_TEST(!waited.result.error);
            BOOST_TEST(waited.count() == 2U);
        }
    });
}

BOOST_AUTO_TEST_CASE(what_others_have_to_say_is_reported_beside_a_poll_that_fails) {
    on_every_kernel(Backend::afd, seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, 5);
        const Handle event = stage.world.thing(Thing::event);
        BOOST_REQUIRE(!poller.register_handle(event, IoInterest::read, 9));
        stage.world.signal(event);
        BOOST_TEST(wait(poller, 1ms).mask_of(9) == mask::in);
        sockets.make_ready(0);
        stage.kernel.advance(100us);
        BOOST_REQUIRE(wait(poller).mask_of(0) == mask::in);
        BOOST_TEST(poller.post_wakeup());
        stage.kernel.fail_next(Call::afd_poll, no_resources);
        const auto waited = wait(poller);
        BOOST_TEST(ran_out(waited.result.error));
        BOOST_TEST(waited.result.woken);
        BOOST_TEST(waited.mask_of(9) == mask::in);
        BOOST_TEST(wait(poller).count() == 2U);
    });
}

BOOST_AUTO_TEST_CASE(a_parking_poll_that_fails_costs_no_event) {
    on_every_kernel(Backend::afd, seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, 4);
        sockets.make_ready(0);
        // Credit lasts for one wait; the next parks the quiet ones.
        BOOST_TEST(wait(poller, 0ms).count() == 1U);
        stage.kernel.fail_nth(2, no_resources);
        const auto waited = wait(poller, 0ms);
        BOOST_TEST(ran_out(waited.result.error));
        BOOST_TEST(waited.mask_of(0) == mask::in);
        stage.kernel.clear_faults();
        for (std::size_t i = 1; i < 4; ++i) {
            sockets.make_ready(i);
        }
        stage.kernel.advance(100us);
        const auto all = wait(poller, 0ms);
        BOOST_TEST(!all.result.error);
        BOOST_TEST(all.count() == 4U);
    });
}

BOOST_DATA_TEST_CASE(a_further_device_that_does_not_open_refuses_a_registration,
                     data::xrange(opening.size()), step) {
    const Call call = opening[step];
    on_every_kernel(Backend::afd, seeds, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, 32);
        sockets.make_ready(0);
        const SocketPair next = stage.world.tcp_pair();
        const std::size_t before = stage.kernel.open_handles();
        stage.kernel.fail_next(call, no_resources);
        BOOST_TEST(ran_out(poller.register_handle(next.local, IoInterest::write, 99)));
        BOOST_TEST(stage.kernel.open_handles() == before);
        BOOST_TEST(poller.registration_count() == 32U);
        BOOST_TEST(wait(poller, 0ms).count() == 1U);
        BOOST_TEST(!poller.register_handle(next.local, IoInterest::write, 99));
        BOOST_TEST(stage.kernel.open_handles() == before + 1);
        BOOST_TEST(wait(poller, 0ms).count() == 2U);
    });
}

BOOST_AUTO_TEST_CASE(a_modify_whose_cancel_fails_changes_nothing) {
    on_every_kernel(Backend::afd, seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, 3);
        sockets.park_all_but(1);
        constexpr IoInterest more = IoInterest::read | IoInterest::write;
        stage.kernel.fail_next(Call::afd_cancel, no_resources);
        BOOST_TEST(ran_out(poller.modify_handle(sockets[1].local, more, 7)));
        BOOST_TEST(wait(poller, 0ms).count() == 1U);
        sockets.make_ready(1);
        stage.kernel.advance(100us);
        const auto waited = wait(poller, 0ms);
        BOOST_TEST(waited.count() == 2U);
        BOOST_TEST(waited.mask_of(1) == mask::in, "the interest is what it was");
        BOOST_TEST(!poller.modify_handle(sockets[1].local, more, 7));
        BOOST_TEST(wait(poller).mask_of(7) == (mask::in | mask::out));
    });
}

BOOST_AUTO_TEST_CASE(an_unregister_whose_cancel_fails_is_one_all_the_same) {
    on_every_kernel(Backend::afd, seeds, [](Stage& stage) {
        OsPoller poller = make_poller({.max_registrations = 2});
        const Sockets sockets(stage, poller, 2);
        sockets.park_all_but(1);
        stage.kernel.fail_next(Call::afd_cancel, no_resources);
        BOOST_TEST(!poller.unregister_handle(sockets[1].local));
        BOOST_TEST(poller.registration_count() == 1U);
        BOOST_TEST(stage.kernel.afd_requests() == 1U);
        // The slot is another socket's now, while the request is still in flight.
        const SocketPair next = stage.world.tcp_pair();
        BOOST_REQUIRE(!poller.register_handle(next.local, IoInterest::read, 5));
        BOOST_TEST(wait(poller, 0ms).count() == 1U);
        sockets.make_ready(1);
        stage.kernel.advance(100us);
        BOOST_TEST(wait(poller, 0ms).count() == 1U, "it is nobody's answer");
        stage.world.send(next.peer, 1);
        stage.kernel.advance(100us);
        const auto waited = wait(poller, 0ms);
        BOOST_TEST(waited.count() == 2U);
        BOOST_TEST(waited.mask_of(5) == mask::in);
    });
}

BOOST_AUTO_TEST_CASE(a_socket_whose_slot_is_never_given_back_is_waited_for_all_the_same) {
    on_every_kernel(Backend::afd, seeds, [](Stage& stage) {
        OsPoller poller = make_poller({.max_registrations = 3});
        const Sockets sockets(stage, poller, 3);
        sockets.park_all_but(2);
        stage.kernel.fail_next(Call::afd_cancel, no_resources);
        BOOST_REQUIRE(!poller.unregister_handle(sockets[2].local));
        sockets.calm(0);
        sockets.calm(1);
        BOOST_REQUIRE(wait(poller, 0ms).count() == 0U);
        BOOST_REQUIRE(stage.kernel.afd_requests() == 2U);
        // The group's request is in flight, and so is that of the slot's last tenant.
        const SocketPair next = stage.world.tcp_pair();
        BOOST_REQUIRE(!poller.register_handle(next.local, IoInterest::read, 5));
        stage.world.send(next.peer, 1);
        BOOST_TEST(wait(poller, 1s).mask_of(5) == mask::in);
        BOOST_TEST(wait(poller, 0ms).mask_of(5) == mask::in);
    });
}

BOOST_AUTO_TEST_CASE(a_cancel_of_the_group_that_fails_is_reported_and_tried_again) {
    on_every_kernel(Backend::afd, seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        Sockets sockets(stage, poller, 12);
        BOOST_REQUIRE(wait(poller, 1ms).count() == 0U);
        for (int i = 0; i < 40; ++i) {
            sockets.add();
        }
        sockets.make_ready(15);
        stage.kernel.fail_next(Call::afd_cancel, no_resources);
        BOOST_TEST(ran_out(wait(poller, 0ms).result.error));
        const auto waited = wait(poller, 0ms);
        BOOST_TEST(!waited.result.error);
        BOOST_TEST(waited.mask_of(15) == mask::in);
    });
}

BOOST_AUTO_TEST_CASE(a_register_that_can_not_move_changes_nothing) {
    on_every_kernel(Backend::automatic, seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, many - 1);
        sockets.make_ready(4);
        const SocketPair last = stage.world.tcp_pair();
        for (int times = 0; times < 2; ++times) {
            for (int k = 0; k < 5; ++k) {
                // Another one of those that are asked for their base.
                stage.kernel.fail_nth(3 + static_cast<std::uint64_t>(k) * 3, network_down);
                stage.kernel.fail_next(Call::next_socket, network_down);
                BOOST_TEST((poller.register_handle(last.local, IoInterest::write, many) ==
                            std::errc::network_down));
                stage.kernel.clear_faults();
                BOOST_CHECK(poller.backend() == Backend::wsapoll);
                BOOST_TEST(poller.registration_count() == many - 1);
                BOOST_TEST(poller.stats().backend_moves == 0U);
            }
            const auto waited = wait(poller, 0ms);
            BOOST_TEST(waited.count() == 1U);
            BOOST_TEST(waited.mask_of(4) == mask::in);
        }
        BOOST_TEST(!poller.register_handle(last.local, IoInterest::write, many));
        BOOST_CHECK(poller.backend() == Backend::afd);
        BOOST_TEST(wait(poller).count() == 2U);
        for (std::size_t i = 0; i < many - 1; ++i) {
            BOOST_TEST(!poller.unregister_handle(sockets[i].local));
        }
    });
}

BOOST_AUTO_TEST_CASE(a_wait_that_can_not_move_says_so_and_the_next_one_does) {
    on_every_kernel(Backend::automatic, seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, 3);
        const SocketPair operated = stage.world.tcp_pair();
        std::array<std::byte, 4> buffer;
        BOOST_REQUIRE(poller.submit_read(operated.local, buffer, 8));
        sockets.make_ready(2);
        stage.kernel.fail_next(Call::base_socket, network_down);
        stage.kernel.fail_next(Call::next_socket, network_down);
        BOOST_TEST((wait(poller, 0ms).result.error == std::errc::network_down));
        BOOST_CHECK(poller.backend() == Backend::wsapoll);
        const auto waited = wait(poller, 0ms);
        BOOST_TEST(!waited.result.error);
        BOOST_TEST(waited.mask_of(2) == mask::in);
        BOOST_CHECK(poller.backend() == Backend::afd);
    });
}

BOOST_AUTO_TEST_CASE(sockets_that_the_device_can_not_know_stay_with_wsapoll) {
    // A provider that tells neither its base nor what is below it.
    Stage stage(sim::Options{.personality = sim::Personality::wine_8,
                             .layered_sockets = true,
                             .layered_refuses_base = true});
    OsPoller poller = OsPoller::create({.backend = Backend::automatic}).value();
    const Sockets sockets(stage, poller, 3);
    sockets.make_ready(2);
    BOOST_TEST(wait(poller, 0ms).mask_of(2) == mask::in);
    (void)poller.handle();  // Packets may come, so AFD would serve better.
    for (int waits = 0; waits < 3; ++waits) {
        const auto waited = wait(poller, 0ms);
        BOOST_TEST(!waited.result.error);
        BOOST_TEST(waited.mask_of(2) == mask::in);
    }
}

BOOST_AUTO_TEST_CASE(a_move_that_fails_half_way_leaves_no_trace) {
    on_every_kernel(Backend::automatic, seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, 2);
        BOOST_REQUIRE(!poller.associate_handle(sockets[0].local, 5));
        stage.kernel.fail_next(Call::base_socket, 0);
        stage.kernel.fail_next(Call::base_socket, network_down);
        stage.kernel.fail_next(Call::next_socket, network_down);
        BOOST_TEST((wait(poller, 0ms).result.error == std::errc::network_down));
        for (std::size_t i = 0; i < 2; ++i) {
            BOOST_TEST(!poller.unregister_handle(sockets[i].local));
            BOOST_TEST(!poller.register_handle(sockets[i].local, IoInterest::write, i));
        }
        BOOST_TEST(wait(poller).count() == 2U);
    });
}

BOOST_AUTO_TEST_CASE(a_dequeue_that_fails_with_requests_in_flight_loses_nothing) {
    on_every_kernel(Backend::afd, seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, 4);
        sockets.park_all_but(1);
        for (std::size_t i = 1; i < 4; ++i) {
            sockets.make_ready(i);
        }
        stage.world.post_packet(poller.handle(), 99, 0, nullptr);
        stage.kernel.advance(100us);
        stage.kernel.fail_next(Call::port_dequeue, no_resources);
        const auto failed = wait(poller);
        BOOST_TEST(ran_out(failed.result.error));
        BOOST_TEST(failed.mask_of(0) == mask::in, "it needs no packet");
        const auto waited = wait(poller);
        BOOST_TEST(!waited.result.error);
        BOOST_TEST(waited.count() == 5U);
    });
}

BOOST_AUTO_TEST_CASE(a_closed_socket_is_dropped_though_the_dequeue_failed_before) {
    on_every_kernel(Backend::afd, seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, 2);
        sockets.park_all_but(1);
        stage.world.close(sockets[1].local);
        stage.kernel.advance(100us);
        const SocketPair other = stage.world.tcp_pair();
        stage.kernel.fail_next(Call::port_dequeue, no_resources);
        if (other.local == sockets[1].local) {
            // The news that its number was closed is still at the port.
            BOOST_TEST(ran_out(poller.register_handle(other.local, IoInterest::write, 3)));
            BOOST_TEST(poller.registration_count() == 2U);
            BOOST_TEST(!poller.register_handle(other.local, IoInterest::write, 3));
            BOOST_TEST(wait(poller).mask_of(3) == mask::out);
        } else {
            BOOST_TEST(ran_out(wait(poller).result.error));
            BOOST_TEST(wait(poller).count() == 1U);
        }
        BOOST_TEST(poller.stats().registrations_dropped == 1U);
    });
}

BOOST_AUTO_TEST_CASE(dispose_keeps_the_memory_of_requests_that_can_not_be_cancelled) {
    on_every_kernel(Backend::afd, seeds, [](Stage& stage) {
        const std::size_t before = stage.kernel.open_handles();
        std::optional<OsPoller> poller(make_poller());
        std::optional<Sockets> sockets(std::in_place, stage, *poller, 5);
        sockets->park_all_but(1);
        for (int i = 0; i < 20; ++i) {
            stage.kernel.fail_next(Call::afd_cancel, no_resources);
        }
        poller->dispose();
        poller.reset();
        stage.kernel.clear_faults();
        BOOST_TEST(stage.kernel.afd_requests() == 0U);
        // What is written now is written into memory that is still there.
        for (std::size_t i = 1; i < 5; ++i) {
            sockets->make_ready(i);
        }
        stage.kernel.advance(1s);
        for (std::size_t i = 0; i < 5; ++i) {
            stage.world.close((*sockets)[i].local);
            stage.world.close((*sockets)[i].peer);
        }
        BOOST_TEST(stage.kernel.open_handles() == before);
        BOOST_TEST(stage.kernel.winsock_sessions() == 0U);
    });
}

BOOST_AUTO_TEST_CASE(dispose_takes_its_packets_though_the_port_fails_at_first) {
    on_every_kernel(Backend::afd, seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, 5);
        sockets.park_all_but(1);
        for (int i = 0; i < 10; ++i) {
            stage.kernel.fail_next(Call::port_dequeue, no_resources);
        }
        stage.kernel.reset_counts();
        poller.dispose();
        BOOST_TEST(stage.kernel.calls(Call::afd_cancel) == 1U, "four are parked in one request");
        BOOST_TEST(stage.kernel.calls(Call::port_dequeue) > 10U);
        BOOST_TEST(stage.kernel.afd_requests() == 0U);
    });
}

BOOST_AUTO_TEST_SUITE_END()
