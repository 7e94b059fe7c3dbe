// The element of a WSAPoll array, as plain data.
//
// `PollEntry` has the layout of WSAPOLLFD (lib/sys/win32 asserts it), so that the poll set, which
// makes no system call, can hold the array that the kernel reads. The bit values are those of
// Windows; they differ from Linux's.
#pragma once

#include <cstdint>

namespace wakepoll::core {

/// The bits of `PollEntry::events` and `::revents`. Only `rdnorm`, `rdband` and `wrnorm` may be
/// requested: Windows refuses the whole call with WSAEINVAL for any other (Wine accepts them).
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

}  // namespace wakepoll::core
