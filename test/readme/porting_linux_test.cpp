// The epoll loop at the start of doc/porting/from-epoll.md behaves as its port does in
// porting_test.cpp.
#include <sys/socket.h>

#include <array>
#include <boost/test/unit_test.hpp>

#include "from_epoll_linux.page.hpp"

BOOST_AUTO_TEST_SUITE(porting)

BOOST_AUTO_TEST_CASE(the_loop_over_epoll_reports_sources_and_wakes) {
    from_epoll_page::Loop loop;
    std::array<int, 2> ends{};
    BOOST_TEST_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0);
    int source = 0;
    void* reported = nullptr;
    std::uint32_t reported_events = 0;
    const auto ready = [&](void* what, std::uint32_t events) {
        reported = what;
        reported_events = events;
    };
    BOOST_TEST(loop.add(ends[0], EPOLLIN, &source));
    BOOST_TEST(!loop.turn(0, ready));
    BOOST_TEST(reported == nullptr);
    BOOST_TEST(write(ends[1], "x", 1) == 1);
    BOOST_TEST(!loop.turn(-1, ready));
    BOOST_TEST(reported == &source);
    BOOST_TEST(reported_events == EPOLLIN);
    BOOST_TEST(loop.change(ends[0], EPOLLOUT, &source));
    BOOST_TEST(!loop.turn(-1, ready));
    BOOST_TEST(reported_events == EPOLLOUT);
    BOOST_TEST(loop.remove(ends[0]));
    BOOST_TEST(!loop.remove(ends[0]));
    loop.wake();
    BOOST_TEST(loop.turn(-1, ready));
    close(ends[0]);
    close(ends[1]);
}

BOOST_AUTO_TEST_SUITE_END()
