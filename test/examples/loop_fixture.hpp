// A loop whose `run` ends in bounded time, whatever the code under test does.
//
// Used by both suites of this folder, on the test's thread. A lost wake or a missing event shows as
// a failed check after `limit`, not as a hang.
#pragma once

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstddef>
#include <string>

#include "event_loop.hpp"
#include "net.hpp"

namespace example {

struct LoopFixture {
    static constexpr auto limit = std::chrono::minutes(5);

    net::Network network;
    EventLoop loop;

    /// Runs the loop until something stops it; fails the test if nothing does.
    void run() {
        bool stopped_in_time = true;
        const TimerId guard = loop.add_timer(limit, [&] {
            stopped_in_time = false;
            loop.stop();
        });
        const std::error_code error = loop.run();
        loop.cancel_timer(guard);
        BOOST_TEST_REQUIRE(!error, "run: " << net::describe(error));
        BOOST_TEST_REQUIRE(stopped_in_time, "nothing stopped the loop");
    }
};

/// The value of a result, without which the test cannot continue.
template <class T>
T take(wakepoll::Result<T> result) {
    BOOST_TEST_REQUIRE(result.has_value(), net::describe(result.error()));
    return std::move(*result);
}

/// Two ends of one connection. Blocks for no longer than the kernel needs on loopback.
struct ConnectedPair {
    ConnectedPair() {
        EventLoop loop;
        const net::Socket listener = take(net::listen_on_loopback(0));
        local = take(net::connect_to_loopback(take(net::local_port(listener))));
        const std::error_code error =
            loop.add_socket(listener.number(), wakepoll::mask::in, [&](std::uint32_t) {
                peer = take(net::accept_from(listener));
                loop.stop();
            });
        BOOST_TEST_REQUIRE(!error);
        loop.add_timer(LoopFixture::limit, [&] { loop.stop(); });
        BOOST_TEST_REQUIRE(!loop.run());
        loop.remove_socket(listener.number());
        BOOST_TEST_REQUIRE(static_cast<bool>(peer), "the connection did not arrive");
    }

    net::Socket local;
    net::Socket peer;
};

inline void send_all(const net::Socket& socket, const std::string& text) {
    BOOST_TEST_REQUIRE(net::send(socket, text).bytes == text.size());
}

}  // namespace example
