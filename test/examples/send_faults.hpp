// The faults of the system's own sends that the tests tolerate.
#pragma once

#ifdef _WIN32
#include <boost/test/unit_test.hpp>

#include "net.hpp"
#include "send_probe.hpp"
#endif

namespace example {

/// Whether a client has to keep its half-close until every answer is there. On Wine 10 it has to:
/// what a small buffer has not taken yet is lost there once the peer's end of the stream arrives
/// (send_probe.hpp). Elsewhere the tests half-close in the middle of the answers.
inline bool half_closes_last() {
#ifdef _WIN32
    static const bool loses = [] {
        const net::Network network;
        return loses_what_a_send_has_taken();
    }();
    if (loses) {
        BOOST_TEST_MESSAGE("tolerated: the system loses bytes that a send has taken");
    }
    return loses;
#else
    return false;
#endif
}

}  // namespace example
