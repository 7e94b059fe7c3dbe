// Numbers of Windows that the simulated kernel answers with, by the names they have there.
//
// `code` holds what GetLastError or WSAGetLastError would give, `status` the NTSTATUS values of
// completed operations. `win32_code_of_status` (bodies/completion_port.cpp) ties the two together.
#pragma once

#include <cstdint>

namespace wakepoll::sim {

namespace code {
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
inline constexpr std::uint32_t connection_reset = 10054;    // WSAECONNRESET
inline constexpr std::uint32_t no_buffer_space = 10055;     // WSAENOBUFS
inline constexpr std::uint32_t not_connected = 10057;       // WSAENOTCONN
inline constexpr std::uint32_t shut_down = 10058;           // WSAESHUTDOWN
inline constexpr std::uint32_t too_many_processes = 10067;  // WSAEPROCLIM
inline constexpr std::uint32_t system_not_ready = 10091;    // WSASYSNOTREADY
inline constexpr std::uint32_t wrong_version = 10092;       // WSAVERNOTSUPPORTED
inline constexpr std::uint32_t not_initialised = 10093;     // WSANOTINITIALISED
}  // namespace code

namespace status {
inline constexpr std::uint32_t success = 0;
inline constexpr std::uint32_t pending = 0x00000103;
inline constexpr std::uint32_t handles_closed = 0x8000000A;
inline constexpr std::uint32_t cancelled = 0xC0000120;
inline constexpr std::uint32_t connection_reset = 0xC000020D;
}  // namespace status

}  // namespace wakepoll::sim
