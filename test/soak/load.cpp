// The beginning of a soak, and its end if it has found a fault.
#include "load.hpp"

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "event_loop.hpp"
#include "net.hpp"
#include "wakepoll/events.hpp"

namespace soak {

void warm_up(example::EventLoop& loop) {
    constexpr int many = 200;
    std::vector<example::net::Socket> sockets;
    for (int i = 0; i < many; ++i) {
        wakepoll::Result<example::net::Socket> made = example::net::listen_on_loopback(0);
        if (!made) {
            fail("cannot listen", made.error());
        }
        sockets.push_back(std::move(*made));
        const std::error_code error =
            loop.add_socket(sockets.back().number(), wakepoll::mask::in, [](std::uint32_t) {});
        if (error) {
            fail("event loop", error);
        }
    }
    for (const example::net::Socket& socket : sockets) {
        loop.remove_socket(socket.number());
    }
}

void fail(const std::string& what) {
    // One call, so that nothing of another thread comes between.
    std::printf("%s\n", ("soak: FAILED: " + what).c_str());
    std::fflush(stdout);
    std::_Exit(EXIT_FAILURE);
}

void fail(const std::string& what, const std::error_code& error) {
    fail(what + ": " + example::net::describe(error));
}

}  // namespace soak
