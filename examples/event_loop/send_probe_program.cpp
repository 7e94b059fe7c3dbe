// Reports whether the system delivers all that a non-blocking send has accepted; see
// send_probe.hpp.
//
// The exit code is 0 if it does, 1 if it does not, and 2 if that could not be determined.
#include <cstdio>
#include <exception>

#include "net.hpp"
#include "send_probe.hpp"

int main() {
    try {
        const example::net::Network network;
        const bool loses = example::loses_what_a_send_has_taken();
        std::printf("send_probe: %s\n", loses ? "bytes that a send has taken are lost"
                                              : "every byte that a send has taken arrives");
        return loses ? 1 : 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "send_probe: %s\n", error.what());
        return 2;
    }
}
