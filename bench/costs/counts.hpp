// Exact counts of kernel calls per operation: what kernel-calls prints, one scenario per line.
//
// A scenario sets up a rig and passes code that performs its operations. What the simulated kernel
// counts during that code is the library's; the calls that a user has to make besides (to receive,
// to send, to accept) are not counted in and are listed separately.
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

/// Calls that the user of the library makes, by name.
using UsersCalls = std::vector<std::pair<std::string, std::size_t>>;

struct Count {
    std::string name;
    std::size_t operations = 0;
    std::uint64_t total = 0;
    std::array<std::uint64_t, sim::call_kinds> calls{};  ///< by `sim::Call`
    UsersCalls users;
    std::string noted;  ///< What else was counted, and how often; empty if nothing was.
    std::uint64_t notes = 0;
};

class Counts {
public:
    /// Performs the operations of a scenario once, all of them in `body`, and stores their cost.
    void count(std::string name, std::size_t operations, Rig& rig,
               const std::function<void()>& body, UsersCalls users = {});

    /// Adds to the last scenario a number that is not a call.
    void note(std::string what, std::uint64_t number);

    void print_text() const;
    /// A list.
    void print_json() const;

private:
    std::vector<Count> counts_;
};

// One source file each.
void count_wakes(Counts& counts);
void count_readiness(Counts& counts);
void count_waits(Counts& counts);
void count_registrations(Counts& counts);
void count_changes(Counts& counts);
void count_epoll(Counts& counts);
void count_echoes(Counts& counts);
void count_operations(Counts& counts);

}  // namespace wakepoll::costs
