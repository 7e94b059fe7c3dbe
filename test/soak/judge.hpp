// What the soak's figures must be like: the line of every ten seconds, and what is wrong with it.
//
// Each line is taken with the loads at rest: no connection, no child, no file, everybody quiet. So
// what the process holds then is comparable from line to line, and a loop that is left alone has to
// be blocked in its wait. What is wrong is one of these:
//
//   spin    waits that came back with nothing, in a line, are more than a tenth of all and more
//           than a hundred; or the loop waited more than 5 times, or the process computed for more
//           than 100 ms, in the quiet time;
//   stall   some load has done nothing in a whole line;
//   growth  the handles or the memory, at the end, are by a bound more than they were at the
//           beginning. A sixth of the lines (at least one) is left out, in which everything is done
//           for the first time. Of the rest, the least of the last third is compared with the most
//           of the first: what grows is above it in the end, what moves up and down is not.
//
// It belongs to one thread, and asks nobody for anything.
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
    std::uint64_t private_bytes = 0;  ///< As in `ProcessUsage`; 0 where it is not known.
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
    /// The system makes an event for a mutex when two threads meet there for the first time, which
    /// may be late; there are no more than so many.
    static constexpr std::uint64_t handle_bound = 4;
    static constexpr std::uint64_t heap_bound = 64 * 1024;
    static constexpr std::uint64_t private_bound = 4 * 1024 * 1024;

    /// What is wrong with a line; empty where nothing is.
    [[nodiscard]] std::string look_at(const Line& line);

    /// What has grown, over all lines; empty where nothing has.
    [[nodiscard]] std::string look_at_growth() const;

    /// Growth can be seen in so many lines.
    [[nodiscard]] bool can_see_growth() const { return lines_.size() >= 4; }

private:
    struct Both {
        Held server;
        Held clients;
    };
    std::vector<Both> lines_;
};

}  // namespace soak
