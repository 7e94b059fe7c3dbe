// sys: polls sockets by WSAPoll, and by select for the one thing that WSAPoll does not report.
//
// The kernel gets an array of `PollEntry` as it is. Any thread, each with its own arrays.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/poll_entry.hpp"
#include "wakepoll/error.hpp"

namespace wakepoll::sys {

using core::PollEntry;
namespace poll_bits = core::poll_bits;

/// WSAPoll over `entries`, which must not be empty. Returns how many have non-zero `revents`,
/// without those that were no socket at entry (one that is closed during the call counts); 0 on
/// timeout. `kernel_infinite` waits without a limit.
[[nodiscard]] Result<std::size_t> poll_sockets(std::span<PollEntry> entries,
                                               std::uint32_t milliseconds) noexcept;

/// The maximum number of sockets for `failed_connects`.
inline constexpr std::size_t failed_connects_limit = 64;

/// select over the except set alone, timeout zero: bit i of the result is set if the connect of
/// `sockets[i]` has failed. `sockets` must hold 1 to `failed_connects_limit`.
[[nodiscard]] Result<std::uint64_t> failed_connects(
    std::span<const std::uintptr_t> sockets) noexcept;

}  // namespace wakepoll::sys
