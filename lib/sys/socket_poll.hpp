// sys: asking sockets for their state: WSAPoll, and select for the one thing WSAPoll does not tell.
//
// An array of `PollEntry` is handed to the kernel as it is. Any thread, on arrays of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/poll_entry.hpp"
#include "wakepoll/error.hpp"

namespace wakepoll::sys {

using core::PollEntry;
namespace poll_bits = core::poll_bits;

/// WSAPoll over `entries`, which must not be empty. How many have non-zero `revents`, where those
/// that were no socket at entry do not count (one that is closed meanwhile does); 0 where the time
/// was over first. `kernel_infinite` waits for ever.
[[nodiscard]] Result<std::size_t> poll_sockets(std::span<PollEntry> entries,
                                               std::uint32_t milliseconds) noexcept;

/// The most sockets that `failed_connects` takes.
inline constexpr std::size_t failed_connects_limit = 64;

/// select over the except set alone, timeout zero: bit i of the answer is set where the connect of
/// `sockets[i]` has failed. `sockets` must hold 1 to `failed_connects_limit`.
[[nodiscard]] Result<std::uint64_t> failed_connects(
    std::span<const std::uintptr_t> sockets) noexcept;

}  // namespace wakepoll::sys
