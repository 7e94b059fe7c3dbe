// sys: the clock, the version of the system, the end of the process, and the last error.
#pragma once

#include <chrono>
#include <cstdint>

namespace wakepoll::sys {

/// A monotonic clock (QueryPerformanceCounter), in nanoseconds since a fixed moment.
[[nodiscard]] std::chrono::nanoseconds now() noexcept;

/// The build number of Windows (RtlGetVersion, which also reports the truth to programs without a
/// manifest): 19041 is Windows 10 2004, 17763 is Server 2019.
[[nodiscard]] std::uint32_t windows_build() noexcept;

/// RtlDllShutdownInProgress: the process is ending; all other threads were terminated, wherever
/// they were, and the locks they held stay held.
[[nodiscard]] bool process_is_ending() noexcept;

/// SetLastError, of which WSASetLastError is another name.
void set_last_error(std::uint32_t code) noexcept;

}  // namespace wakepoll::sys
