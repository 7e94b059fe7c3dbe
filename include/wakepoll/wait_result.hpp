// What a wait came back with.
#pragma once

#include <cstddef>
#include <span>
#include <system_error>

#include "wakepoll/events.hpp"

namespace wakepoll {
inline namespace v0_1 {

/// Events and an error can come together: the events were taken before the error was met, and are
/// valid.
struct WaitResult {
    std::size_t count = 0;  ///< Events written to the front of the span.
    bool woken = false;     ///< A wakeup was asked for since the last wait that said so.
    bool timer = false;     ///< The time of `set_timer` has come.
    std::error_code error;
    NativeEvent* first = nullptr;  ///< The front of that span.

    /// The events: `for (const NativeEvent& event : result.events())`.
    [[nodiscard]] std::span<NativeEvent> events() const noexcept { return {first, count}; }
};

}  // namespace v0_1
}  // namespace wakepoll
