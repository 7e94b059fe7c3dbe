// The keys that the poller's own packets carry at the port.
//
// A key is looked at before anything else in a packet; all other values are the user's.
#pragma once

#include <cstdint>

namespace wakepoll::core {

enum class CompletionKey : std::uintptr_t {
    wakeup = 0xFFFFFFFE,
    timer = 0xFFFFFFFD,
    shutdown = 0xFFFFFFFC,
    afd = 0xFFFFFFFB,
};

[[nodiscard]] constexpr bool is_reserved(std::uint64_t key) noexcept {
    return key >= static_cast<std::uint64_t>(CompletionKey::afd) &&
           key <= static_cast<std::uint64_t>(CompletionKey::wakeup);
}

}  // namespace wakepoll::core
