// The rules for the soak's figures: one line every ten seconds, and what is wrong with it.
//
// Each line is taken with the loads at rest: no connection, no child, no file, no activity. So what
// the process holds then is comparable from line to line, and an idle loop has to be blocked in its
// wait. The faults are:
//
//   spin    waits that returned nothing, in a line, are more than a tenth of all and more than a
//           hundred; or the loop waited more than 5 times, or the process computed for more than
//           100 ms, in the quiet time;
//   stall   some load has done nothing in a whole line;
//   growth  the handles or the memory, at the end, exceed those at the beginning by more than a
//           bound. A sixth of the lines (at least one) is left out, in which everything happens for
//           the first time. Of the rest, the minimum of the last third is compared with the maximum
//           of the first: growth exceeds it in the end, fluctuation does not.
//
// Used by one thread; makes no system calls.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace soak {

struct Work {
    std::string_view load;
    std::uint64_t done = 0;  ///< In this line.
};

/// What a process holds at rest.
struct Held {
    std::uint64_t handles = 0;
    std::uint64_t heap_bytes = 0;
    std::uint64_t private_bytes = 0;  ///< As in `ProcessUsage`; 0 if it is not known.
};

struct Line {
    std::chrono::seconds time{};  ///< Since the beginning; all other figures are this line's own.
    std::uint64_t events = 0;
    std::uint64_t waits = 0;
    std::uint64_t waits_for_nothing = 0;
    std::uint64_t quiet_waits = 0;
    std::chrono::nanoseconds quiet_processor_time{};
    std::uint64_t bytes = 0;
    std::vector<Work> work;
    Held server;
    Held clients;
};

class Judge {
public:
    /// The system creates an event for a mutex when two threads contend for it for the first time,
    /// which may be late; there are at most this many.
    static constexpr std::uint64_t handle_bound = 4;
    static constexpr std::uint64_t heap_bound = 64 * 1024;
    static constexpr std::uint64_t private_bound = 4 * 1024 * 1024;

    /// What is wrong with a line; empty if nothing is.
    [[nodiscard]] std::string look_at(const Line& line);

    /// What has grown, over all lines; empty if nothing has.
    [[nodiscard]] std::string look_at_growth() const;

    /// Whether there are enough lines to detect growth.
    [[nodiscard]] bool can_see_growth() const { return lines_.size() >= 4; }

private:
    struct Both {
        Held server;
        Held clients;
    };
    std::vector<Both> lines_;
};

}  // namespace soak
