// sys: asking sockets for their state: WSAPoll, and select for the one thing WSAPoll does not tell.
//
// `PollEntry` has the layout of WSAPOLLFD, so an array of them is handed to the kernel as it is.
// The bit values are Windows' own, not Linux's. Any thread, on arrays of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "wakepoll/error.hpp"

namespace wakepoll::sys {

/// The bits of WSAPOLLFD::events and ::revents. Only `rdnorm`, `rdband` and `wrnorm` may be asked
/// for: Windows refuses the whole call with WSAEINVAL for any other (Wine lets them pass).
namespace poll_bits {
inline constexpr std::int16_t err = 0x0001;
inline constexpr std::int16_t hup = 0x0002;
inline constexpr std::int16_t nval = 0x0004;
inline constexpr std::int16_t wrnorm = 0x0010;
inline constexpr std::int16_t rdnorm = 0x0100;
inline constexpr std::int16_t rdband = 0x0200;
}  // namespace poll_bits

/// WSAPOLLFD.
struct PollEntry {
    std::uintptr_t socket = 0;
    std::int16_t events = 0;
    std::int16_t revents = 0;
};

/// WSAPoll over `entries`, which must not be empty. How many have non-zero `revents`, where entries
/// with `nval` do not count; 0 where the time was over first. `kernel_infinite` waits for ever.
[[nodiscard]] Result<std::size_t> poll_sockets(std::span<PollEntry> entries,
                                               std::uint32_t milliseconds) noexcept;

/// The most sockets that `failed_connects` takes.
inline constexpr std::size_t failed_connects_limit = 64;

/// select over the except set alone, timeout zero: bit i of the answer is set where the connect of
/// `sockets[i]` has failed. `sockets` must hold 1 to `failed_connects_limit`.
[[nodiscard]] Result<std::uint64_t> failed_connects(
    std::span<const std::uintptr_t> sockets) noexcept;

}  // namespace wakepoll::sys
