// The states that a waiting thread can be parked in, to be set up by a test.
#pragma once

#include <array>
#include <ostream>

#include "stage.hpp"

namespace wakepoll::test {

enum class Parking {
    at_the_port,              ///< No socket is registered.
    in_the_sockets,           ///< One is.
    in_sockets_watching_port  ///< One is, and packets of the user's own calls may come.
};

inline constexpr std::array all_parkings = {Parking::at_the_port, Parking::in_the_sockets,
                                            Parking::in_sockets_watching_port};

inline std::ostream& operator<<(std::ostream& out, Parking parking) {
    switch (parking) {
        case Parking::at_the_port:
            return out << "at_the_port";
        case Parking::in_the_sockets:
            return out << "in_the_sockets";
        case Parking::in_sockets_watching_port:
            return out << "in_sockets_watching_port";
    }
    return out;
}

/// Registers what makes a wait park in the given way; none of it ever becomes ready.
class Parked {
public:
    static constexpr std::uint64_t user_data = 0xFACE;

    Parked(World& world, OsPoller& poller, Parking parking) {
        if (parking == Parking::at_the_port) {
            return;
        }
        sockets_ = world.tcp_pair();
        BOOST_REQUIRE(!poller.register_handle(sockets_.local, IoInterest::read, user_data));
        if (parking == Parking::in_sockets_watching_port) {
            associated_ = world.tcp_pair();
            BOOST_REQUIRE(!poller.associate_handle(associated_.local, user_data));
        }
    }

    /// The registered pair, invalid where there is none.
    [[nodiscard]] const SocketPair& sockets() const { return sockets_; }
    /// The associated pair, invalid where there is none.
    [[nodiscard]] const SocketPair& associated() const { return associated_; }

private:
    SocketPair sockets_;
    SocketPair associated_;
};

}  // namespace wakepoll::test
