// The clock, the version and process exit on Windows. See system.hpp.
#include "sys/system.hpp"

#include <ratio>

#include "sys/win32/windows.hpp"

namespace wakepoll::sys {
namespace {

/// Counts per second; fixed while the system runs. Cannot fail since Windows XP.
std::int64_t read_frequency() noexcept {
    LARGE_INTEGER frequency;
    ::QueryPerformanceFrequency(&frequency);
    return frequency.QuadPart;
}

}  // namespace

std::chrono::nanoseconds now() noexcept {
    static const std::int64_t frequency = read_frequency();
    LARGE_INTEGER counter;
    ::QueryPerformanceCounter(&counter);
    // Counts times 10^9 would overflow after 15 minutes at 10 MHz; the remainder is below one
    // second, so its product fits up to 9 GHz.
    const std::chrono::seconds whole(counter.QuadPart / frequency);
    const std::chrono::nanoseconds rest(counter.QuadPart % frequency * std::nano::den / frequency);
    return whole + rest;
}

std::uint32_t windows_build() noexcept {
    RTL_OSVERSIONINFOW version = {};
    version.dwOSVersionInfoSize = sizeof(version);
    ::RtlGetVersion(&version);  // Always succeeds.
    return version.dwBuildNumber;
}

bool process_is_ending() noexcept { return ::RtlDllShutdownInProgress() != FALSE; }

void set_last_error(std::uint32_t code) noexcept { ::SetLastError(code); }

}  // namespace wakepoll::sys
