// The probabilities and delays of what ends asynchronously: overlapped operations and AFD requests.
#pragma once

#include <chrono>

namespace wakepoll::sim {

// How often something that could happen at once happens a moment later instead, and the longest
// delay. A call on the virtual clock costs a microsecond, so other calls come in between.
inline constexpr double late_probability = 0.3;
inline constexpr std::chrono::nanoseconds longest_moment = std::chrono::microseconds(40);

// How often the end of an operation in progress wins against a cancel.
inline constexpr double race_probability = 0.5;

}  // namespace wakepoll::sim
