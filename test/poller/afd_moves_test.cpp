// Which backend is active: the configured one, the one that `automatic` begins with, and when it
// moves to AFD.
#include <vector>

#include "stage.hpp"

using namespace wakepoll;
using namespace wakepoll::test;

BOOST_AUTO_TEST_SUITE(afd_moves)

namespace {

constexpr int seeds = 60;

OsPoller make(Backend backend, PollerConfig config = {}) {
    config.backend = backend;
    return OsPoller::create(config).value();
}

/// More than `automatic` leaves to WSAPoll.
constexpr std::uint32_t many = 17;

}  // namespace

BOOST_AUTO_TEST_CASE(each_backend_can_be_asked_for) {
    on_every_kernel(Backend::automatic, 1, [](Stage&) {
        BOOST_CHECK(make(Backend::wsapoll).backend() == Backend::wsapoll);
        BOOST_CHECK(make(Backend::afd).backend() == Backend::afd);
        BOOST_CHECK(make(Backend::automatic).backend() == Backend::wsapoll);
    });
}

BOOST_AUTO_TEST_CASE(a_few_sockets_stay_with_wsapoll_and_one_more_moves_them_all) {
    on_every_kernel(Backend::automatic, seeds, [](Stage& stage) {
        OsPoller poller = make(Backend::automatic);
        std::vector<SocketPair> pairs;
        for (std::uint32_t i = 0; i < many; ++i) {
            BOOST_CHECK(poller.backend() == Backend::wsapoll);
            pairs.push_back(stage.world.tcp_pair());
            BOOST_REQUIRE(poller.register_handle(pairs.back().local, IoInterest::read, i));
            if (i % 5 == 0) {
                stage.world.send(pairs.back().peer, 1);
                BOOST_TEST(wait(poller).mask_of(i) == mask::in);
            }
        }
        BOOST_CHECK(poller.backend() == Backend::afd);
        BOOST_CHECK(poller.stats().backend == Backend::afd);
        BOOST_TEST(poller.stats().backend_moves == 1U);
        const auto waited = wait(poller);
        BOOST_TEST(waited.count() == 4U);
        for (const std::uint64_t i : {0U, 5U, 10U, 15U}) {
            BOOST_TEST(waited.mask_of(i) == mask::in);
        }
        for (const SocketPair& pair : pairs) {
            BOOST_TEST(poller.unregister_handle(pair.local));
        }
        BOOST_CHECK(poller.backend() == Backend::afd);
        BOOST_TEST(wait(poller, 0ms).count() == 0U);
    });
}

BOOST_AUTO_TEST_CASE(one_shots_that_were_reported_are_moved_as_such) {
    on_every_kernel(Backend::automatic, seeds, [](Stage& stage) {
        OsPoller poller = make(Backend::automatic);
        const Handle reported = stage.world.udp_socket();
        const Handle armed = stage.world.udp_socket();
        constexpr IoInterest once = IoInterest::write | IoInterest::one_shot;
        BOOST_REQUIRE(poller.register_handle(reported, once, 1));
        BOOST_TEST(wait(poller).mask_of(1) == mask::out);
        BOOST_REQUIRE(poller.register_handle(armed, once, 2));
        for (std::uint32_t i = 2; i < many; ++i) {
            BOOST_REQUIRE(poller.register_handle(stage.world.udp_socket(), IoInterest::read, 9));
        }
        BOOST_CHECK(poller.backend() == Backend::afd);
        const auto waited = wait(poller);
        BOOST_TEST(waited.count() == 1U);
        BOOST_TEST(waited.mask_of(2) == mask::out);
        BOOST_TEST(wait(poller, 0ms).count() == 0U);
        BOOST_REQUIRE(poller.modify_handle(reported, once, 1));
        BOOST_TEST(wait(poller).mask_of(1) == mask::out);
    });
}

BOOST_AUTO_TEST_CASE(an_operation_beside_sockets_moves_them) {
    on_every_kernel(Backend::automatic, seeds, [](Stage& stage) {
        OsPoller poller = make(Backend::automatic);
        const SocketPair watched = stage.world.tcp_pair();
        const SocketPair operated = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(watched.local, IoInterest::read, 1));
        BOOST_TEST(wait(poller, 0ms).count() == 0U);
        BOOST_CHECK(poller.backend() == Backend::wsapoll);
        std::array<std::byte, 16> buffer;
        BOOST_REQUIRE(poller.submit_read(operated.local, buffer, 2));
        stage.world.send(watched.peer, 1);
        BOOST_TEST(wait(poller).mask_of(1) == mask::in);
        BOOST_CHECK(poller.backend() == Backend::afd);
        stage.world.send(operated.peer, 1);
        bool completed = false;
        while (!completed) {
            const auto waited = wait(poller);
            BOOST_REQUIRE(waited.count() > 0U);
            BOOST_TEST(waited.mask_of(1) == mask::in);
            for (std::size_t i = 0; i < waited.count(); ++i) {
                completed = completed || waited.events[i].completion != nullptr;
            }
        }
    });
}

BOOST_AUTO_TEST_CASE(a_socket_that_wsapoll_can_not_wait_for_moves_them) {
    on_every_kernel(Backend::automatic, seeds, [](Stage& stage) {
        OsPoller poller = make(Backend::automatic);
        const SocketPair half_closed = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(half_closed.local, IoInterest::none, 1));
        stage.world.shutdown_send(half_closed.peer);
        while (poller.backend() != Backend::afd) {
            BOOST_REQUIRE(wait(poller, 10ms).count() == 0U);
        }
        BOOST_REQUIRE(poller.modify_handle(half_closed.local, IoInterest::read, 2));
        BOOST_TEST(wait(poller).mask_of(2) == mask::in);
    });
}

BOOST_AUTO_TEST_CASE(a_socket_that_was_closed_unnoticed_is_dropped_by_the_move) {
    on_every_kernel(Backend::automatic, seeds, [](Stage& stage) {
        OsPoller poller = make(Backend::automatic);
        const SocketPair closed = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(closed.local, IoInterest::read, 1));
        std::vector<SocketPair> pairs;
        for (std::uint32_t i = 0; i < many - 2; ++i) {
            pairs.push_back(stage.world.tcp_pair());
            BOOST_REQUIRE(poller.register_handle(pairs.back().local, IoInterest::read, 9));
        }
        const Handle last = stage.world.udp_socket();
        stage.world.close(closed.local);
        BOOST_REQUIRE(poller.register_handle(last, IoInterest::write, 3));
        BOOST_TEST(wait(poller).mask_of(3) == mask::out);
        BOOST_REQUIRE(poller.register_handle(stage.world.udp_socket(), IoInterest::write, 4));
        BOOST_TEST(wait(poller).count() == 2U);
        BOOST_TEST(poller.stats().registrations_dropped == 1U);
    });
}

#if !defined(_WIN32)

BOOST_AUTO_TEST_CASE(without_the_device_automatic_is_wsapoll_and_afd_is_refused) {
    for (const sim::Personality personality : sim::all_personalities) {
        Stage stage(sim::Options{.personality = personality, .afd_opens = false});
        BOOST_TEST((OsPoller::create({.backend = Backend::afd}).error() == errc::no_afd_device));
        OsPoller poller = make(Backend::automatic);
        std::vector<SocketPair> pairs;
        for (std::uint32_t i = 0; i < 300; ++i) {
            pairs.push_back(stage.world.tcp_pair());
            BOOST_REQUIRE(poller.register_handle(pairs.back().local, IoInterest::read, i));
            stage.world.send(pairs.back().peer, 1);
        }
        BOOST_TEST(wait<300>(poller).count() == 300U);
        BOOST_CHECK(poller.backend() == Backend::wsapoll);
    }
}

namespace {

/// No doorbell can be made: its datagrams do not come back, or there is no loopback at all.
constexpr std::array no_loopback = {sim::Loopback::drops, sim::Loopback::none};

template <class Body>
void without_loopback(Body&& body, bool afd_opens = true) {
    for (const sim::Personality personality : sim::all_personalities) {
        for (const sim::Loopback loopback : no_loopback) {
            Stage stage(sim::Options{
                .personality = personality, .afd_opens = afd_opens, .loopback = loopback});
            body(stage);
        }
    }
}

/// What a register answers if there is no doorbell.
bool is_unheard(std::error_code error) {
    return error == std::errc::network_down || error == std::errc::address_not_available;
}

}  // namespace

BOOST_AUTO_TEST_CASE(without_loopback_automatic_goes_on_with_afd) {
    without_loopback([](Stage& stage) {
        OsPoller poller = make(Backend::automatic);
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(pair.local, IoInterest::read, 1));
        BOOST_CHECK(poller.backend() == Backend::afd);
        stage.world.beside([&] { stage.expect(stage.world.send(pair.peer, 1).bytes == 1U); });
        BOOST_TEST(wait(poller).mask_of(1) == mask::in);
        stage.world.join();
        stage.world.receive(pair.local, 1);
        stage.world.beside([&] { stage.expect(poller.post_wakeup()); });
        BOOST_TEST(wait(poller).result.woken);
        stage.world.join();
    });
}

BOOST_AUTO_TEST_CASE(without_loopback_wsapoll_refuses_a_socket) {
    without_loopback([](Stage& stage) {
        OsPoller poller = make(Backend::wsapoll);
        const SocketPair pair = stage.world.tcp_pair();
        const auto before = stage.kernel.now();
        BOOST_TEST(is_unheard(poller.register_handle(pair.local, IoInterest::read, 1).error()));
        BOOST_TEST((stage.kernel.now() - before < 1s));
        BOOST_TEST(poller.registration_count() == 0U);
        stage.world.beside([&] { stage.expect(poller.post_wakeup()); });
        BOOST_TEST(wait(poller).result.woken);
        stage.world.join();
    });
}

BOOST_AUTO_TEST_CASE(without_loopback_and_device_automatic_refuses_a_socket) {
    without_loopback(
        [](Stage& stage) {
            OsPoller poller = make(Backend::automatic);
            const SocketPair pair = stage.world.tcp_pair();
            BOOST_TEST(is_unheard(poller.register_handle(pair.local, IoInterest::read, 1).error()));
            BOOST_TEST(poller.registration_count() == 0U);
        },
        false);
}

BOOST_AUTO_TEST_CASE(a_doorbell_that_cannot_be_replaced_moves_them) {
    on_every_kernel(Backend::automatic, seeds, [](Stage& stage) {
        for (const bool blocked : {false, true}) {
            OsPoller poller = make(Backend::automatic);
            const SocketPair pair = stage.world.tcp_pair();
            BOOST_REQUIRE(poller.register_handle(pair.local, IoInterest::read, 1));
            BOOST_REQUIRE(wait(poller, 0ms).count() == 0U);
            const auto take_it = [&] {
                for (int times = 0; times < 3; ++times) {
                    stage.kernel.fail_next(sim::Call::doorbell_create, 10024);  // WSAEMFILE
                }
                stage.world.close(stage.world.find_doorbell());
            };
            if (blocked) {
                stage.kernel.when_blocked(take_it);
            } else {
                take_it();
            }
            stage.kernel.at(1s, [&] { stage.world.send(pair.peer, 1); });
            const auto waited = wait(poller);
            stage.kernel.clear_faults();
            BOOST_TEST(!waited.result.error);
            BOOST_TEST(waited.mask_of(1) == mask::in);
            BOOST_CHECK(poller.backend() == Backend::afd);
            stage.kernel.when_blocked([&] { stage.expect(poller.post_wakeup()); });
            stage.world.receive(pair.local, 1);
            BOOST_TEST(wait(poller).result.woken);
        }
    });
}

#endif

BOOST_AUTO_TEST_SUITE_END()
