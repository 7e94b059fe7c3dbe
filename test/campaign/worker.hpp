// Runs programs in a separate process, so that one which ends its process (a failed assertion, a
// sanitizer, a wild jump) or never ends is a failure like any other.
//
// POSIX only; the campaign is a native program.
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
    std::string output;                 ///< What it has printed.
    std::optional<std::string> broken;  ///< Why, if it did not end well.
};

/// Shared with the child, so that what it has written is there even if it dies.
struct Shared {
    volatile std::uint64_t seed = 0;  ///< Of the program that is running.
    Drawn drawn;                      ///< By that program.
};

/// Sends text to the parent.
using Tell = std::function<void(const std::string& text)>;

/// Runs `work` in a child process, and ends it if it spends longer than `patience` on one seed.
/// `aloud`: its last words (an assertion, a sanitizer's report) go to standard error.
[[nodiscard]] Ending run_apart(const std::function<void(const Tell& tell)>& work,
                               const Shared& shared, std::chrono::seconds patience, bool aloud);

/// The memory that this process and its children share. Lives as long as the process.
[[nodiscard]] Shared& shared_memory();

}  // namespace wakepoll::test
