// The completion keys that the poller uses at its port.
//
// A packet's key is checked before anything else in it; all other values are the user's.
#pragma once

#include <cstdint>

namespace wakepoll::core {

enum class CompletionKey : std::uintptr_t {
    wakeup = 0xFFFFFFFE,
    timer = 0xFFFFFFFD,
    shutdown = 0xFFFFFFFC,
    afd = 0xFFFFFFFB,
    handle =
        0xFFFFFFFA,  ///< Of overlapped calls on a handle that the poller itself has associated.
};

[[nodiscard]] constexpr bool is_reserved(std::uint64_t key) noexcept {
    return key >= static_cast<std::uint64_t>(CompletionKey::handle) &&
           key <= static_cast<std::uint64_t>(CompletionKey::wakeup);
}

/// True for keys that only the poller and its AFD device use.
[[nodiscard]] constexpr bool is_internal(std::uint64_t key) noexcept {
    return is_reserved(key) && key != static_cast<std::uint64_t>(CompletionKey::handle);
}

}  // namespace wakepoll::core
