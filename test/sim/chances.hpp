// What is left to chance of everything that takes its time on its own: overlapped operations and
// the requests to AFD.
#pragma once

#include <chrono>

namespace wakepoll::sim {

// How often something that could happen at once happens a moment later instead, and how much later
// at most. A call on the virtual clock costs a microsecond, so that other calls come in between.
inline constexpr double late_probability = 0.3;
inline constexpr std::chrono::nanoseconds longest_moment = std::chrono::microseconds(40);

// How often the end of what was under way wins against a cancel.
inline constexpr double race_probability = 0.5;

}  // namespace wakepoll::sim
