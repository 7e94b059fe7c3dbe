// experiments: questions about Windows that have to be answered before tests can be written.
//
// Each makes plain system calls, bounds its waits, and gives one answer in plain words, and what it
// saw.
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace wakepoll::experiments {

/// How much an experiment does.
struct Extent {
    bool quick = false;
    std::chrono::steady_clock::time_point deadline;  ///< It begins nothing new behind this.

    [[nodiscard]] int rounds(int full, int when_quick) const { return quick ? when_quick : full; }
    [[nodiscard]] bool is_over() const { return std::chrono::steady_clock::now() >= deadline; }
};

/// Prints a line of the result immediately, so that it is there if the program ends early.
void show(const std::string& line);

// The answer is what is returned. If there is none they throw.
std::string deaf_requests(const Extent& extent);
std::string packets_after_success(const Extent& extent);
std::string port_concurrency(const Extent& extent);
std::string request_costs(const Extent& extent);
std::string answer_order(const Extent& extent);
std::string tcp_states(const Extent& extent);
std::string loopback_datagrams_heard(const Extent& extent);

}  // namespace wakepoll::experiments
