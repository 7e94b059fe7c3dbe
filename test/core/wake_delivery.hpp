// What the tests of WakeState check of its deliveries, and the two places to park in.
#pragma once

#include <array>
#include <ostream>

#include "core/wake_state.hpp"

namespace wakepoll::core::test {

using Delivery = WakeState::Delivery;

inline bool is_done(const Delivery& delivery) { return delivery.kind == Delivery::Kind::done; }
inline bool is_refused(const Delivery& delivery) {
    return delivery.kind == Delivery::Kind::refused;
}
inline bool delivers(const Delivery& delivery, Park where) {
    return delivery.kind == Delivery::Kind::needed && delivery.where == where;
}

/// A place to park in, with a name.
struct ParkingPlace {
    Park where;

    friend std::ostream& operator<<(std::ostream& stream, const ParkingPlace& place) {
        return stream << (place.where == Park::port ? "port" : "sockets");
    }
};

inline constexpr std::array<ParkingPlace, 2> places = {ParkingPlace{Park::port},
                                                       ParkingPlace{Park::sockets}};

}  // namespace wakepoll::core::test
