// The result of a wait.
#pragma once

#include <cstddef>
#include <span>
#include <system_error>

#include "wakepoll/events.hpp"

namespace wakepoll {
inline namespace v0_1 {

/// The result of a wait. Events and an error can come together: the events were taken before the
/// error occurred, and are valid.
struct WaitResult {
    std::size_t count = 0;         ///< Events written to the front of the span.
    bool woken = false;            ///< A wakeup has come since the last wait that reported one.
    bool timer = false;            ///< The timer of `set_timer` has expired.
    std::error_code error;         ///< Why the wait failed; empty if it did not.
    NativeEvent* first = nullptr;  ///< The first event of the span.

    /// Returns the events: `for (const NativeEvent& event : result.events())`.
    [[nodiscard]] std::span<NativeEvent> events() const noexcept { return {first, count}; }
};

}  // namespace v0_1
}  // namespace wakepoll
