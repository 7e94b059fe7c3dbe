// What the tests of WakeState ask of its errands, and the two places to park in.
#pragma once

#include <array>
#include <ostream>

#include "core/wake_state.hpp"

namespace wakepoll::core::test {

using Errand = WakeState::Errand;

inline bool is_done(const Errand& errand) { return errand.kind == Errand::Kind::done; }
inline bool is_refused(const Errand& errand) { return errand.kind == Errand::Kind::refused; }
inline bool delivers(const Errand& errand, Park where) {
    return errand.kind == Errand::Kind::deliver && errand.where == where;
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
