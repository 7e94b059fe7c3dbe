// The worked examples of doc/porting, with wakepoll.
#include <winsock2.h>
// Winsock has to come first.
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <string>
#include <thread>

#include "../support/printing.hpp"
#include "from_asio.page.hpp"
#include "from_epoll.page.hpp"
#include "from_libuv.page.hpp"
#include "loopback.hpp"
#include "wakepoll/epoll.h"

// What the page from wepoll defines, in C.
extern "C" {
struct watch {
    std::uintptr_t handle;
    void (*ready)(watch* self, std::uint32_t events);
};
int loop_watch(HANDLE port, watch* watched, std::uint32_t interest);
int loop_run(HANDLE port, volatile LONG* stopped);
void loop_stop(HANDLE port, volatile LONG* stopped);
}

BOOST_AUTO_TEST_SUITE(porting)

using wakepoll::test::LoopbackListener;

// The same as in porting_linux_test.cpp.
BOOST_AUTO_TEST_CASE(the_loop_from_epoll_reports_sources_and_wakes) {
    from_epoll_page::Loop loop;
    const LoopbackListener listener;
    const auto client = listener.connect();
    const auto server = listener.accept();
    int source = 0;
    void* reported = nullptr;
    std::uint32_t reported_events = 0;
    const auto ready = [&](void* what, std::uint32_t events) {
        reported = what;
        reported_events = events;
    };
    BOOST_TEST(loop.add(server.get(), wakepoll::mask::in, &source));
    BOOST_TEST(!loop.turn(0, ready));
    BOOST_TEST(reported == nullptr);
    BOOST_TEST(client.sends("x"));
    BOOST_TEST(!loop.turn(-1, ready));
    BOOST_TEST(reported == &source);
    BOOST_TEST(reported_events == wakepoll::mask::in);
    BOOST_TEST(loop.change(server.get(), wakepoll::mask::out, &source));
    BOOST_TEST(!loop.turn(-1, ready));
    BOOST_TEST(reported_events == wakepoll::mask::out);
    BOOST_TEST(loop.remove(server.get()));
    BOOST_TEST(!loop.remove(server.get()));
    loop.wake();
    BOOST_TEST(loop.turn(-1, ready));
}

BOOST_AUTO_TEST_CASE(the_loop_from_libuv_calls_back) {
    from_libuv_page::Loop loop;
    const LoopbackListener listener;
    const auto client = listener.connect();
    const auto server = listener.accept();
    std::string seen;
    std::uint64_t id = 0;
    id = loop.start(server.get(), wakepoll::IoInterest::read, [&](std::uint32_t) {
        seen += server.receive(1);
        loop.stop(id);
        loop.after(std::chrono::milliseconds(1), [&] {
            seen += " timer";
            loop.send();
        });
    });
    BOOST_TEST_REQUIRE(id != 0U);
    loop.on_async = [&] {
        seen += " async";
        loop.finish();
    };
    BOOST_TEST(client.sends("xy"));
    BOOST_TEST(loop.run());
    BOOST_TEST(seen == "x timer async");
}

BOOST_AUTO_TEST_CASE(sessions_from_asio_echo) {
    wakepoll::OsPoller poller = wakepoll::OsPoller::create().value();
    const LoopbackListener listener;
    int sessions = 0;
    std::vector<wakepoll::test::LoopbackSocket> clients;
    for (int i = 0; i < 3; ++i) {
        clients.push_back(listener.connect());
        ++sessions;
        from_asio_page::echo(poller, listener.accept().release(), sessions);
    }
    int echoed = 0;
    {
        const std::jthread others([&] {
            for (const auto& client : clients) {
                echoed += client.has_echoed("hello") && client.has_echoed("and again") ? 1 : 0;
                shutdown(client.get(), SD_SEND);
                echoed += client.receive(1).empty() ? 1 : 0;
            }
        });
        BOOST_TEST(from_asio_page::run(poller, sessions));
    }
    BOOST_TEST(echoed == 6);
    BOOST_TEST(sessions == 0);
}

namespace {

struct Watched : watch {
    std::uint32_t seen = 0;
    HANDLE port = nullptr;
    volatile LONG stopped = 0;
};

}  // namespace

BOOST_AUTO_TEST_CASE(the_loop_from_wepoll_calls_back_and_is_stopped_by_another_thread) {
    Watched watched;
    watched.port = epoll_create1(0);
    BOOST_TEST_REQUIRE(watched.port != nullptr);
    const LoopbackListener listener;
    const auto client = listener.connect();
    const auto server = listener.accept();
    watched.handle = server.get();
    watched.ready = [](watch* self, std::uint32_t events) {
        auto& of = static_cast<Watched&>(*self);
        of.seen = events;
        // It is level-triggered: from here on it waits for nothing.
        BOOST_TEST(loop_watch(of.port, self, 0) == 0);
        std::thread([&of] { loop_stop(of.port, &of.stopped); }).join();
    };
    BOOST_TEST(loop_watch(watched.port, &watched, EPOLLIN) == 0);
    BOOST_TEST(client.sends("x"));
    BOOST_TEST(loop_run(watched.port, &watched.stopped) == 0);
    BOOST_TEST(watched.seen == EPOLLIN);
    BOOST_TEST(epoll_close(watched.port) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
