// Where a waiting thread blocks, set up by a test: what is registered, and the backend.
#pragma once

#include <array>
#include <ostream>
#include <vector>

#include "stage.hpp"

namespace wakepoll::test {

/// What is registered.
enum class Parking {
    no_socket,          ///< The wait blocks at the port, whatever the backend.
    socket,             ///< In WSAPoll, or at the port with the backend's requests in flight.
    socket_and_packets  ///< The same, while packets of the user's own calls may come to the port.
};

inline constexpr std::array all_parkings = {Parking::no_socket, Parking::socket,
                                            Parking::socket_and_packets};

inline std::ostream& operator<<(std::ostream& out, Parking parking) {
    switch (parking) {
        case Parking::no_socket:
            return out << "no_socket";
        case Parking::socket:
            return out << "socket";
        case Parking::socket_and_packets:
            return out << "socket_and_packets";
    }
    return out;
}

/// The wait blocks in WSAPoll, and is ended by the doorbell; otherwise at the port, by a packet.
[[nodiscard]] inline bool blocks_in_sockets(const OsPoller& poller, Parking parking) {
    return parking != Parking::no_socket && poller.backend() == Backend::wsapoll;
}

/// A parking and the backend that makes a place of it.
struct Place {
    Parking parking;
    Backend backend;
};

inline std::ostream& operator<<(std::ostream& out, const Place& place) {
    return out << place.parking << " over " << name_of(place.backend);
}

/// Every parking over every backend, and over one where there is no socket, for tests that are not
/// played by `on_every_kernel`.
inline std::vector<Place> all_places() {
    std::vector<Place> places = {{Parking::no_socket, wanted_backends().front()}};
    for (const Parking parking : {Parking::socket, Parking::socket_and_packets}) {
        for (const Backend backend : wanted_backends()) {
            places.push_back({parking, backend});
        }
    }
    return places;
}

/// Registers what makes a wait park in the given way; none of it ever becomes ready.
class Parked {
public:
    static constexpr std::uint64_t user_data = 0xFACE;

    Parked(World& world, OsPoller& poller, Parking parking) {
        if (parking == Parking::no_socket) {
            return;
        }
        sockets_ = world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(sockets_.local, IoInterest::read, user_data));
        if (parking == Parking::socket_and_packets) {
            associated_ = world.tcp_pair();
            BOOST_REQUIRE(poller.associate_handle(associated_.local, user_data));
        }
    }

    /// The registered pair, invalid if there is none.
    [[nodiscard]] const SocketPair& sockets() const { return sockets_; }
    /// The associated pair, invalid if there is none.
    [[nodiscard]] const SocketPair& associated() const { return associated_; }

private:
    SocketPair sockets_;
    SocketPair associated_;
};

}  // namespace wakepoll::test
