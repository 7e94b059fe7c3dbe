// The rules, one after the other.
#include "judge.hpp"

#include <algorithm>
#include <span>

namespace soak {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t waits_for_nothing_allowed = 100;
constexpr std::uint64_t quiet_waits_allowed = 5;
constexpr auto quiet_processor_time_allowed = 100ms;

}  // namespace

std::string Judge::look_at(const Line& line) {
    lines_.push_back({line.server, line.clients});
    if (line.waits_for_nothing > waits_for_nothing_allowed &&
        line.waits_for_nothing > line.waits / 10) {
        return "spin: " + std::to_string(line.waits_for_nothing) + " of " +
               std::to_string(line.waits) + " waits came back with nothing";
    }
    if (line.quiet_waits > quiet_waits_allowed) {
        return "spin: " + std::to_string(line.quiet_waits) + " waits while nothing happened";
    }
    if (line.quiet_processor_time > quiet_processor_time_allowed) {
        return "spin: " +
               std::to_string(
                   std::chrono::milliseconds(line.quiet_processor_time / 1ms * 1ms).count()) +
               " ms of computing while nothing happened";
    }
    for (const Work& work : line.work) {
        if (work.done == 0) {
            return "stall: no progress in " + std::string(work.load);
        }
    }
    return {};
}

std::string Judge::look_at_growth() const {
    if (!can_see_growth()) {
        return {};
    }
    const std::span all(lines_);
    const std::span warm = all.subspan(std::max<std::size_t>(1, all.size() / 6));
    const std::size_t third = (warm.size() + 2) / 3;
    const auto grown = [&](const std::string& what, auto figure, std::uint64_t bound) {
        const auto less = [&](const Both& a, const Both& b) { return figure(a) < figure(b); };
        const std::uint64_t first = figure(*std::ranges::max_element(warm.first(third), less));
        const std::uint64_t last = figure(*std::ranges::min_element(warm.last(third), less));
        return last > first + bound ? "growth: " + what + " from " + std::to_string(first) +
                                          " to " + std::to_string(last)
                                    : std::string();
    };
    for (const std::string& growth : {
             grown(
                 "handles", [](const Both& b) { return b.server.handles; }, handle_bound),
             grown(
                 "bytes in the heaps", [](const Both& b) { return b.server.heap_bytes; },
                 heap_bound),
             grown(
                 "private bytes", [](const Both& b) { return b.server.private_bytes; },
                 private_bound),
             grown(
                 "handles of the clients", [](const Both& b) { return b.clients.handles; },
                 handle_bound),
             grown(
                 "bytes in the clients' heaps", [](const Both& b) { return b.clients.heap_bytes; },
                 heap_bound),
         }) {
        if (!growth.empty()) {
            return growth;
        }
    }
    return {};
}

}  // namespace soak
