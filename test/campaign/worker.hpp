// Programs in a process of their own, so that one which ends its process (a failed assertion, a
// sanitizer, a jump into nowhere) or never ends is found out like any other.
//
// POSIX alone; the campaign is a native program.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "choices.hpp"

namespace wakepoll::test {

/// How a process ended.
struct Ending {
    std::string output;                 ///< What it has told.
    std::optional<std::string> broken;  ///< It did not end well.
};

/// What the child writes into. What it has written by then is there even where it dies.
struct Shared {
    volatile std::uint64_t seed = 0;  ///< Of the program that is running.
    Drawn drawn;                      ///< By that program.
};

/// Gives text to the parent.
using Tell = std::function<void(const std::string& text)>;

/// Runs `work` in a child process, and ends that where it has worked at one seed for `patience`.
/// `aloud`: what it says of its end (an assertion, a sanitizer's report) goes to standard error.
[[nodiscard]] Ending run_apart(const std::function<void(const Tell& tell)>& work,
                               const Shared& shared, std::chrono::seconds patience, bool aloud);

/// Memory that this process and its children share. Lives as long as the process.
[[nodiscard]] Shared& shared_memory();

}  // namespace wakepoll::test
