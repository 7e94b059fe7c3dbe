// How often programs have met each odd behaviour of real Windows (sim/behaviours.hpp), and which
// they missed.
#pragma once

#include <string>

#include "behaviours.hpp"

namespace wakepoll::test {

/// Adds what is met during its lifetime.
class Meetings {
public:
    explicit Meetings(sim::Met& to) noexcept : to_(to), before_(sim::met_so_far()) {}
    ~Meetings();
    Meetings(const Meetings&) = delete;
    Meetings& operator=(const Meetings&) = delete;

private:
    sim::Met& to_;
    sim::Met before_;
};

/// The number of programs after which each that can be met has been met.
inline constexpr std::uint64_t enough_programs = 10'000;

/// The behaviours that can be met and were not, and those that cannot and were; one per line. Empty
/// if there are none.
[[nodiscard]] std::string wrong_meetings(const sim::Met& met);

/// A table for a reader: the count, the facts, the words.
[[nodiscard]] std::string table_of(const sim::Met& met);

}  // namespace wakepoll::test
