// What the C face reports, and when. Readiness itself is tested in test/poller, and in
// test/conformance, which compares this face with Linux's epoll.
#include <limits>

#include "epoll_support.hpp"

using namespace wakepoll;
using namespace wakepoll::test;

BOOST_AUTO_TEST_SUITE(epoll)

BOOST_AUTO_TEST_CASE(an_event_has_the_mask_and_the_data_of_its_registration) {
    on_every_kernel(Backend::afd, 50, [](Stage& stage) {
        const Port port;
        const SocketPair pair = stage.world.tcp_pair();
        constexpr std::uint64_t data = 0xFEDC'BA98'7654'3210;
        BOOST_TEST(port.add(pair.local, EPOLLIN, data) == 0);
        BOOST_TEST(port.wait(0).empty());
        stage.world.send(pair.peer, 1);
        for (int i = 0; i < 2; ++i) {  // Level-triggered.
            const auto events = port.wait();
            BOOST_REQUIRE(events.size() == 1);
            BOOST_TEST(events[0].events == EPOLLIN);
            BOOST_TEST(events[0].data.u64 == data);
        }
        BOOST_TEST(port.modify(pair.local, EPOLLOUT | EPOLLONESHOT, 2) == 0);
        BOOST_TEST(mask_of(port.wait(), 2) == EPOLLOUT);
        BOOST_TEST(port.wait(0).empty());
        BOOST_TEST(port.modify(pair.local, EPOLLIN | EPOLLOUT, 3) == 0);
        BOOST_TEST(mask_of(port.wait(), 3) == (EPOLLIN | EPOLLOUT));
        BOOST_TEST(port.remove(pair.local) == 0);
        BOOST_TEST(port.wait(0).empty());
    });
}

BOOST_AUTO_TEST_CASE(bits_without_a_meaning_here_change_nothing) {
    on_every_kernel(Backend::afd, 10, [](Stage& stage) {
        const Port port;
        const SocketPair pair = stage.world.tcp_pair();
        constexpr std::uint32_t others =
            ~(EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLRDNORM | EPOLLRDBAND |
              EPOLLWRNORM | EPOLLWRBAND | EPOLLRDHUP | EPOLLONESHOT | EPOLLET);
        BOOST_TEST(port.add(pair.local, EPOLLIN | others, 1) == 0);
        BOOST_TEST(port.wait(0).empty());
        stage.world.send(pair.peer, 1);
        BOOST_TEST(mask_of(port.wait(), 1) == EPOLLIN);
        BOOST_TEST(mask_of(port.wait(), 1) == EPOLLIN);  // It is not one-shot.
    });
}

BOOST_AUTO_TEST_CASE(any_handle_that_can_be_waited_for_is_reported) {
    on_every_kernel(Backend::afd, 50, [](Stage& stage) {
        const Port port;
        const Handle event = stage.world.thing(Thing::event);
        const PipePair pipe = stage.world.pipe_pair(PipeKind::bytes);
        BOOST_TEST(port.add(event, EPOLLIN, 1) == 0);
        BOOST_TEST(port.add(pipe.local, EPOLLIN, 2) == 0);
        BOOST_TEST(port.wait(0).empty());
        stage.world.signal(event);
        BOOST_TEST(mask_of(port.wait(), 1) == EPOLLIN);
        stage.world.reset_signal(event);
        const std::array<std::byte, 1> byte{};
        stage.world.put(pipe.peer, byte);
        BOOST_TEST(mask_of(port.wait(), 2) == EPOLLIN);
    });
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_reported_by_the_next_wait) {
    on_every_kernel(Backend::afd, 10, [](Stage& stage) {
        const Port port;
        constexpr std::uint64_t sockets = 5;
        for (std::uint64_t i = 0; i < sockets; ++i) {
            BOOST_TEST(port.add(stage.world.udp_loop(), EPOLLOUT | EPOLLONESHOT, i) == 0);
        }
        std::uint32_t seen = 0;
        for (const std::size_t expected : {2U, 2U, 1U, 0U}) {
            const auto events = port.wait(0, 2);
            BOOST_TEST(events.size() == expected);
            for (const epoll_event& event : events) {
                seen |= 1U << event.data.u64;
            }
        }
        BOOST_TEST(seen == (1U << sockets) - 1);
    });
}

BOOST_AUTO_TEST_CASE(a_wait_may_have_more_room_than_there_can_be_handles) {
    on_every_kernel(Backend::afd, 1, [](Stage& stage) {
        const Port port;
        BOOST_TEST(port.add(stage.world.udp_loop(), EPOLLOUT, 1) == 0);
        BOOST_TEST(port.wait(0, 100'000).size() == 1);
    });
}

BOOST_AUTO_TEST_CASE(a_wake_ends_one_wait_and_waits_for_it) {
    on_every_kernel(Backend::afd, 50, [](Stage& stage) {
        const Port port;
        BOOST_TEST(port.wake() == 0);
        BOOST_TEST(port.wake() == 0);
        BOOST_TEST(port.wait(-1).empty());
        BOOST_TEST(port.wait(1).empty());
        stage.world.beside([&] { stage.expect(port.wake() == 0); });
        BOOST_TEST(port.wait(-1).empty());
        stage.world.join();
    });
}

BOOST_AUTO_TEST_CASE(a_wake_is_over_with_a_wait_that_has_events) {
    on_every_kernel(Backend::afd, 20, [](Stage& stage) {
        const Port port;
        BOOST_TEST(port.add(stage.world.udp_loop(), EPOLLOUT | EPOLLONESHOT, 1) == 0);
        BOOST_TEST(port.wake() == 0);
        BOOST_TEST(mask_of(port.wait(-1), 1) == EPOLLOUT);
        const auto now = [] { return Clock::now().time_since_epoch(); };
        const auto before = now();
        BOOST_TEST(port.wait(20).empty());
        BOOST_TEST((now() - before >= 20ms));
    });
}

BOOST_AUTO_TEST_CASE(a_timeout_is_in_milliseconds_and_not_early) {
    on_every_kernel(Backend::afd, 20, [](Stage&) {
        const Port port;
        const auto now = [] { return Clock::now().time_since_epoch(); };
        const auto before = now();
        BOOST_TEST(port.wait(20).empty());
        BOOST_TEST((now() - before >= 20ms));
        BOOST_TEST(port.wait(0).empty());
    });
}

BOOST_AUTO_TEST_CASE(a_negative_timeout_is_no_limit) {
    on_every_kernel(Backend::afd, 10, [](Stage& stage) {
        const Port port;
        for (const int timeout : {-1, -2, std::numeric_limits<int>::min()}) {
            const SocketPair pair = stage.world.tcp_pair();
            BOOST_TEST(port.add(pair.local, EPOLLIN | EPOLLONESHOT, 1) == 0);
            stage.world.beside([&] { stage.world.send(pair.peer, 1); });
            BOOST_TEST(mask_of(port.wait(timeout), 1) == EPOLLIN);
            stage.world.join();
        }
    });
}

#if !defined(_WIN32)

BOOST_AUTO_TEST_CASE(the_longest_timeout_is_24_days) {
    on_every_kernel(Backend::afd, 1, [](Stage&) {
        const Port port;
        constexpr std::chrono::milliseconds longest(std::numeric_limits<int>::max());
        const auto before = Clock::now();
        BOOST_TEST(port.wait(std::numeric_limits<int>::max()).empty());
        BOOST_TEST((Clock::now() - before >= longest));
        BOOST_TEST((Clock::now() - before < longest + 1s));
    });
}

BOOST_AUTO_TEST_CASE(a_port_serves_without_the_device_too) {
    sim::Options options;
    options.afd_opens = false;
    on_kernels(
        Backend::wsapoll, 10,
        [](Stage& stage) {
            const Port port;
            const SocketPair pair = stage.world.tcp_pair();
            BOOST_TEST(port.add(pair.local, EPOLLIN, 1) == 0);
            stage.world.send(pair.peer, 1);
            BOOST_TEST(mask_of(port.wait(), 1) == EPOLLIN);
            BOOST_TEST(stage.kernel.calls(sim::Call::poll_sockets) > 0U);
        },
        options);
}

BOOST_AUTO_TEST_CASE(to_register_asks_no_more_than_the_poller_asks) {
    const auto calls_of = [](auto add) {
        Stage stage;
        const Handle sock = stage.world.udp_pair().local;
        return add(stage, sock);
    };
    const std::uint64_t by_the_poller = calls_of([](Stage& stage, Handle sock) {
        OsPoller poller = OsPoller::create({.backend = Backend::afd}).value();
        stage.kernel.reset_counts();
        BOOST_TEST(poller.register_handle(sock, IoInterest::read, 1));
        return stage.kernel.calls();
    });
    const std::uint64_t by_the_face = calls_of([](Stage& stage, Handle sock) {
        const Port port;
        stage.kernel.reset_counts();
        BOOST_TEST(port.add(sock, EPOLLIN) == 0);
        return stage.kernel.calls();
    });
    BOOST_TEST(by_the_face == by_the_poller);
}

#endif

BOOST_AUTO_TEST_SUITE_END()
