// The situations of a socket that WSAPoll and AFD are tested in, and how each is arranged.
//
// Every function creates one socket in the World, brings it (usually by its peer) into the
// situation that it is named after, and returns it; what the peer did may still be in transit.
#pragma once

#include <boost/test/unit_test.hpp>
#include <ostream>

#include "support/world.hpp"

namespace wakepoll::test {

/// One situation of a socket and its report, in the bits of WSAPoll or AFD. `wait` is what WSAPoll
/// must report first, 0 if the situation exists from the start.
template <class Bits>
struct Situation {
    const char* name;
    Handle (*arrange)(World& world);
    int wait;
    Bits asked;
    Bits told;
    Bits maybe = 0;  ///< Bits that one of Windows and Wine reports and the other does not.

    friend std::ostream& operator<<(std::ostream& out, const Situation& situation) {
        return out << situation.name;
    }
};

inline Handle quiet_pair(World& world) { return world.tcp_pair().local; }

inline Handle with_data(World& world) {
    const SocketPair pair = world.tcp_pair();
    BOOST_REQUIRE(world.send(pair.peer, 5).bytes == 5U);
    return pair.local;
}

inline Handle half_closed(World& world) {
    const SocketPair pair = world.tcp_pair();
    world.shutdown_send(pair.peer);
    return pair.local;
}

inline Handle with_data_and_half_closed(World& world) {
    const SocketPair pair = world.tcp_pair();
    BOOST_REQUIRE(world.send(pair.peer, 5).bytes == 5U);
    world.shutdown_send(pair.peer);
    return pair.local;
}

inline Handle shut_here(World& world) {
    const SocketPair pair = world.tcp_pair();
    world.shutdown_send(pair.local);
    return pair.local;
}

inline Handle fully_closed(World& world) {
    const SocketPair pair = world.tcp_pair();
    world.shutdown_send(pair.local);
    world.shutdown_send(pair.peer);
    return pair.local;
}

inline Handle was_reset(World& world) {
    const SocketPair pair = world.tcp_pair();
    world.reset(pair.peer);
    return pair.local;
}

inline Handle with_urgent_byte(World& world) {
    const SocketPair pair = world.tcp_pair();
    world.send_urgent(pair.peer);
    return pair.local;
}

inline Handle with_urgent_byte_inline(World& world) {
    const SocketPair pair = world.tcp_pair();
    world.keep_urgent_inline(pair.local);
    world.send_urgent(pair.peer);
    return pair.local;
}

inline Handle never_connected(World& world) { return world.tcp_socket(); }

inline Handle quiet_listener(World& world) { return world.listener(); }

inline Handle listener_with_connection(World& world) {
    const Handle listener = world.listener();
    static_cast<void>(world.connecting(listener));
    return listener;
}

inline Handle connecting(World& world) { return world.connecting(world.listener()); }

inline Handle quiet_udp(World& world) { return world.udp_pair().local; }

inline Handle with_datagram(World& world) {
    const SocketPair pair = world.udp_pair();
    BOOST_REQUIRE(world.send(pair.peer, 5).bytes == 5U);
    return pair.local;
}

inline Handle unbound_udp(World& world) { return world.udp_socket(); }

}  // namespace wakepoll::test
