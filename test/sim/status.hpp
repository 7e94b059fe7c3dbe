// The Windows codes that the simulated kernel returns, by their names there.
//
// `code` holds values of GetLastError and WSAGetLastError, `status` the NTSTATUS values of
// completed operations. `win32_code_of_status` (bodies/completion_port.cpp) converts.
#pragma once

#include <cstdint>

namespace wakepoll::sim {

namespace code {
inline constexpr std::uint32_t file_not_found = 2;
inline constexpr std::uint32_t invalid_handle = 6;
inline constexpr std::uint32_t not_enough_memory = 8;
inline constexpr std::uint32_t invalid_parameter = 87;
inline constexpr std::uint32_t abandoned_wait = 735;
inline constexpr std::uint32_t no_system_resources = 1450;
inline constexpr std::uint32_t not_enough_quota = 1816;
inline constexpr std::uint32_t interrupted = 10004;         // WSAEINTR
inline constexpr std::uint32_t access_denied = 10013;       // WSAEACCES
inline constexpr std::uint32_t invalid_argument = 10022;    // WSAEINVAL
inline constexpr std::uint32_t too_many_sockets = 10024;    // WSAEMFILE
inline constexpr std::uint32_t would_block = 10035;         // WSAEWOULDBLOCK
inline constexpr std::uint32_t not_a_socket = 10038;        // WSAENOTSOCK
inline constexpr std::uint32_t address_in_use = 10048;      // WSAEADDRINUSE
inline constexpr std::uint32_t network_down = 10050;        // WSAENETDOWN
inline constexpr std::uint32_t connection_aborted = 10053;  // WSAECONNABORTED
inline constexpr std::uint32_t connection_reset = 10054;    // WSAECONNRESET
inline constexpr std::uint32_t no_buffer_space = 10055;     // WSAENOBUFS
inline constexpr std::uint32_t not_connected = 10057;       // WSAENOTCONN
inline constexpr std::uint32_t shut_down = 10058;           // WSAESHUTDOWN
inline constexpr std::uint32_t too_many_processes = 10067;  // WSAEPROCLIM
inline constexpr std::uint32_t system_not_ready = 10091;    // WSASYSNOTREADY
inline constexpr std::uint32_t wrong_version = 10092;       // WSAVERNOTSUPPORTED
inline constexpr std::uint32_t not_initialised = 10093;     // WSANOTINITIALISED

// Files and pipes.
inline constexpr std::uint32_t invalid_function = 1;
inline constexpr std::uint32_t no_access = 5;  // ERROR_ACCESS_DENIED
inline constexpr std::uint32_t broken_pipe = 109;
inline constexpr std::uint32_t bad_pipe = 230;
inline constexpr std::uint32_t pipe_closing = 232;  // ERROR_NO_DATA
inline constexpr std::uint32_t pipe_not_connected = 233;
inline constexpr std::uint32_t more_data = 234;
inline constexpr std::uint32_t pipe_connected = 535;
inline constexpr std::uint32_t pipe_listening = 536;
inline constexpr std::uint32_t not_found = 1168;

// Overlapped calls on sockets.
inline constexpr std::uint32_t fault = 10014;                  // WSAEFAULT
inline constexpr std::uint32_t already = 10037;                // WSAEALREADY
inline constexpr std::uint32_t not_supported = 10045;          // WSAEOPNOTSUPP
inline constexpr std::uint32_t family_not_supported = 10047;   // WSAEAFNOSUPPORT
inline constexpr std::uint32_t address_not_available = 10049;  // WSAEADDRNOTAVAIL
inline constexpr std::uint32_t network_unreachable = 10051;    // WSAENETUNREACH
inline constexpr std::uint32_t is_connected = 10056;           // WSAEISCONN
inline constexpr std::uint32_t connection_refused = 10061;     // WSAECONNREFUSED
inline constexpr std::uint32_t host_unreachable = 10065;       // WSAEHOSTUNREACH
}  // namespace code

namespace status {
inline constexpr std::uint32_t success = 0;
inline constexpr std::uint32_t timeout = 0x00000102;
inline constexpr std::uint32_t pending = 0x00000103;
inline constexpr std::uint32_t handles_closed = 0x8000000A;
inline constexpr std::uint32_t buffer_overflow = 0x80000005;
inline constexpr std::uint32_t end_of_file = 0xC0000011;
inline constexpr std::uint32_t pipe_disconnected = 0xC00000B0;
inline constexpr std::uint32_t pipe_closing = 0xC00000B1;
inline constexpr std::uint32_t cancelled = 0xC0000120;
inline constexpr std::uint32_t pipe_broken = 0xC000014B;
inline constexpr std::uint32_t connection_reset = 0xC000020D;
inline constexpr std::uint32_t connection_refused = 0xC0000236;
inline constexpr std::uint32_t network_unreachable = 0xC000023C;
inline constexpr std::uint32_t host_unreachable = 0xC000023D;
inline constexpr std::uint32_t port_unreachable = 0xC000023F;
inline constexpr std::uint32_t connection_aborted = 0xC0000241;

/// The two highest bits are the severity: 2 is a warning, 3 an error.
[[nodiscard]] constexpr bool is_error(std::uint32_t status) noexcept { return status >> 30U == 3; }
}  // namespace status

}  // namespace wakepoll::sim
