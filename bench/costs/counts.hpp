// Kernel calls of an operation, counted exactly: what kernel-calls prints, one scenario a line.
//
// A scenario sets up a rig, and hands over code that performs its operations. What the simulated
// kernel counts meanwhile is the library's, whoever makes it do so; the calls that a user has to
// make beside it (to receive, to send, to accept) are no part of that and are told apart.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "rig.hpp"

namespace wakepoll::costs {

/// Calls that the user of the library makes himself, by name.
using UsersCalls = std::vector<std::pair<std::string, std::size_t>>;

struct Count {
    std::string name;
    std::size_t operations = 0;
    std::uint64_t total = 0;
    std::array<std::uint64_t, sim::call_kinds> calls{};  ///< by `sim::Call`
    UsersCalls users;
    std::string noted;  ///< What else was counted, empty where nothing was; and how often.
    std::uint64_t notes = 0;
};

class Counts {
public:
    /// Performs the operations of a scenario once, all of them in `body`, and keeps what they cost.
    void count(std::string name, std::size_t operations, Rig& rig,
               const std::function<void()>& body, UsersCalls users = {});

    /// Beside the calls of the last scenario, something that is no call.
    void note(std::string what, std::uint64_t number);

    void print_text() const;
    /// A list.
    void print_json() const;

private:
    std::vector<Count> counts_;
};

// One source each.
void count_wakes(Counts& counts);
void count_readiness(Counts& counts);
void count_waits(Counts& counts);
void count_registrations(Counts& counts);
void count_changes(Counts& counts);
void count_echoes(Counts& counts);
void count_operations(Counts& counts);

}  // namespace wakepoll::costs
