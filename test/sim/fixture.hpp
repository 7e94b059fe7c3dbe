// The fixture of the model's own tests: a kernel, a Winsock session and a world.
#pragma once

#include <chrono>
#include <cstdint>
#include <thread>

#include <boost/test/unit_test.hpp>

#include "kernel.hpp"
#include "sys/completion_port.hpp"
#include "sys/socket.hpp"
#include "sys/socket_poll.hpp"
#include "wakepoll/timeout.hpp"
#include "world.hpp"

namespace wakepoll::sim {

using namespace std::chrono_literals;
namespace bits = sys::poll_bits;

/// Milliseconds to wait for what must happen, with real threads.
inline constexpr std::uint32_t patience = 20'000;

/// Everything that may be asked for.
inline constexpr std::int16_t ask_all = bits::rdnorm | bits::rdband | bits::wrnorm;

struct Fixture {
    explicit Fixture(const Options& options = {}) : kernel(options) {}
    explicit Fixture(Personality personality) : Fixture(Options{.personality = personality}) {}

    Kernel kernel;
    sys::WinsockSession winsock = sys::WinsockSession::start().value();
    test::World world;

    /// WSAPoll of one socket: its `revents`, or minus the error.
    int poll(Handle socket, std::int16_t asked = ask_all, std::uint32_t milliseconds = 0) {
        sys::PollEntry entry{socket.value(), asked, 0};
        const auto count = sys::poll_sockets({&entry, 1}, milliseconds);
        if (!count) {
            return -count.error().value();
        }
        BOOST_TEST(*count == (entry.revents != 0 ? 1U : 0U));
        return entry.revents;
    }
};

/// Waits in real time, on a threaded kernel, until `condition` is true. False if it never is.
template <class Condition>
bool eventually(Condition condition) {
    const auto limit = std::chrono::steady_clock::now() + 20s;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= limit) {
            return false;
        }
        std::this_thread::yield();
    }
    return true;
}

/// Runs `body` with a fixture of each personality. A failure names the personality.
template <class Body>
void on_each(Body body, Options options = {}) {
    for (const Personality personality : all_personalities) {
        options.personality = personality;
        BOOST_TEST_CONTEXT(traits_of(personality).name) {
            Fixture fixture(options);
            body(fixture);
        }
    }
}

}  // namespace wakepoll::sim
