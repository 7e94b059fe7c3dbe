// The system's headers, in the one order in which they work.
//
// No other file of the library includes them; the bodies in this folder include only this one.
// <winsock2.h> comes before <windows.h>, which would otherwise include the older Winsock. The
// public headers and everything above lib/sys never include this file.
#pragma once

#if !defined(WIN32_LEAN_AND_MEAN)
#define WIN32_LEAN_AND_MEAN
#endif
#if !defined(NOMINMAX)
#define NOMINMAX
#endif

// The order matters.
// clang-format off
#include <winsock2.h>
#include <ws2tcpip.h>
#include <mswsock.h>
#include <windows.h>
#include <winternl.h>
// clang-format on

#include <system_error>

#include "wakepoll/error.hpp"

// Exported by ntdll since Windows 2000 and documented for drivers; <winternl.h> leaves it out.
extern "C" __declspec(dllimport) LONG NTAPI RtlGetVersion(PRTL_OSVERSIONINFOW version);
// Exported by ntdll since Windows XP, undocumented; C runtimes rely on it.
extern "C" __declspec(dllimport) BOOLEAN NTAPI RtlDllShutdownInProgress(void);
// Like RtlGetVersion, with a plain number for the information class.
extern "C" __declspec(dllimport) LONG NTAPI
    NtQueryEvent(HANDLE event, int information_class, void* information, ULONG size,
                 ULONG* returned_size);
// Documented for drivers: CancelIoEx, which identifies the call by its IO_STATUS_BLOCK.
extern "C" __declspec(dllimport) NTSTATUS NTAPI
    NtCancelIoFileEx(HANDLE file, PIO_STATUS_BLOCK call, PIO_STATUS_BLOCK status_block);
#if !defined(__MINGW32__)
// Documented; mingw's <winternl.h> has them, Microsoft's does not.
extern "C" NTSTATUS NTAPI NtQueryInformationFile(HANDLE file, PIO_STATUS_BLOCK status_block,
                                                 PVOID information, ULONG size,
                                                 FILE_INFORMATION_CLASS information_class);
extern "C" NTSTATUS NTAPI NtSetInformationFile(HANDLE file, PIO_STATUS_BLOCK status_block,
                                               PVOID information, ULONG size,
                                               FILE_INFORMATION_CLASS information_class);
#endif

namespace wakepoll::sys {

/// The error of a call that has just failed. Never success: a call that fails without an error code
/// becomes ERROR_GEN_FAILURE.
[[nodiscard]] inline std::error_code failure(DWORD code) noexcept {
    return win32_error(code != NO_ERROR ? code : ERROR_GEN_FAILURE);
}
[[nodiscard]] inline std::error_code last_failure() noexcept { return failure(::GetLastError()); }
[[nodiscard]] inline std::error_code last_socket_failure() noexcept {
    return failure(static_cast<DWORD>(::WSAGetLastError()));
}

}  // namespace wakepoll::sys
