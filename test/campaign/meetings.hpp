// How often programs have met what real Windows does (sim/behaviours.hpp), and what they missed.
#pragma once

#include <string>

#include "behaviours.hpp"

namespace wakepoll::test {

/// Adds what is met during its life.
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

/// Programs after which each that can be met has been.
inline constexpr std::uint64_t enough_programs = 10'000;

/// Those that can be met and were not, and those that cannot and were; a line each. Empty where
/// there are none.
[[nodiscard]] std::string wrong_meetings(const sim::Met& met);

/// A table for a reader: how often, the facts, the words.
[[nodiscard]] std::string table_of(const sim::Met& met);

}  // namespace wakepoll::test
