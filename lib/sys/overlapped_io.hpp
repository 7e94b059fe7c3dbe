// sys: calls that complete at the port.
//
// One thin function per kernel call. A call that takes a `NativeOverlapped` has one of three
// results:
//
//   - it fails: nothing was started and no packet comes;
//   - it succeeds at once: `Started::at_once` with the number of bytes. A packet comes all the
//   same,
//     unless `skip_packets_on_success` was called for the handle;
//   - it is pending (`at_once` false): a packet comes later. So it is with the two warnings that
//     fail *and* post, WSAEMSGSIZE and ERROR_MORE_DATA (seen on Windows by mio, and on Wine 8).
//
// The structure and the buffers must stay in place until the packet has been dequeued. (The call
// copies the arrays of `IoBuffer`.) Called under the poller's lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>

#include "wakepoll/error.hpp"
#include "wakepoll/handle.hpp"
#include "wakepoll/overlapped.hpp"

namespace wakepoll::sys {

/// How a call that did not fail has started.
struct Started {
    bool at_once = false;         ///< Done already.
    std::uint32_t bytes = 0;      ///< Valid only if done already.
    bool without_packet = false;  ///< Done already, and no packet comes in any mode.
    /// Done already, with the part of a datagram that the buffer had room for. A packet comes as
    /// for a call that is pending, unless the socket skips packets: then it may come or not.
    bool cut = false;
};

/// WSARecv. A receive of 0 bytes that succeeds is the end of the stream.
[[nodiscard]] Result<Started> receive(Handle socket, std::span<const IoBuffer> buffers,
                                      NativeOverlapped& overlapped) noexcept;

/// WSARecvFrom. The address is in `address`, and its size in `size`, which said how much room there
/// is, when the packet has come: both stay where they are until then.
[[nodiscard]] Result<Started> receive_from(Handle socket, IoBuffer buffer, std::byte* address,
                                           std::int32_t& size,
                                           NativeOverlapped& overlapped) noexcept;

/// WSASendTo. The address is needed during the call only.
[[nodiscard]] Result<Started> send_to(Handle socket, IoBuffer buffer,
                                      std::span<const std::byte> address,
                                      NativeOverlapped& overlapped) noexcept;

/// WSASend.
[[nodiscard]] Result<Started> send(Handle socket, std::span<const IoBuffer> buffers,
                                   NativeOverlapped& overlapped) noexcept;

/// ReadFile, at the offset in `overlapped` if the handle is a file. A pipe may be read with an
/// empty buffer: the read completes when there is data, and takes nothing.
[[nodiscard]] Result<Started> read(Handle file, IoBuffer buffer,
                                   NativeOverlapped& overlapped) noexcept;

/// WriteFile, at the offset in `overlapped` if the handle is a file.
[[nodiscard]] Result<Started> write(Handle file, IoBuffer buffer,
                                    NativeOverlapped& overlapped) noexcept;

/// The room that AcceptEx needs in its buffer for each of the two addresses: the largest address
/// (SOCKADDR_STORAGE) and 16 bytes for its own use.
inline constexpr std::uint32_t accept_address_room = 128 + 16;

/// getsockopt(SO_PROTOCOL_INFOW), WSASocketW: a new overlapped socket of the same family, type,
/// protocol and provider, which child processes do not inherit.
[[nodiscard]] Result<Handle> socket_like(Handle listener) noexcept;

/// AcceptEx, fetched by WSAIoctl. The two addresses are at the end of `buffer`; with room before
/// them the call completes when the first data has come. WSAEFAULT (10014) if there is no room
/// for both addresses.
[[nodiscard]] Result<Started> accept(Handle listener, Handle accepted, std::span<std::byte> buffer,
                                     NativeOverlapped& overlapped) noexcept;

/// The two addresses, each a sockaddr, that a completed accept left in its buffer.
struct AcceptedAddresses {
    std::span<const std::byte> local;
    std::span<const std::byte> remote;
};

/// GetAcceptExSockaddrs, fetched by WSAIoctl of `listener`. Both are empty if the call is not
/// available, or the buffer has no room for both.
[[nodiscard]] AcceptedAddresses accepted_addresses(Handle listener,
                                                   std::span<const std::byte> buffer) noexcept;

/// setsockopt(SO_UPDATE_ACCEPT_CONTEXT): makes shutdown, getpeername and the like work.
[[nodiscard]] std::error_code update_accept_context(Handle accepted, Handle listener) noexcept;

/// bind to the wildcard address and a free port of the family of `address`. WSAEINVAL (10022) if
/// the socket is bound already, WSAEFAULT (10014) if the size of the address is invalid.
[[nodiscard]] std::error_code bind_any(Handle socket, std::span<const std::byte> address) noexcept;

/// ConnectEx, fetched by WSAIoctl, to a sockaddr. WSAEINVAL (10022) if the socket is not bound.
[[nodiscard]] Result<Started> connect(Handle socket, std::span<const std::byte> address,
                                      NativeOverlapped& overlapped) noexcept;

/// setsockopt(SO_UPDATE_CONNECT_CONTEXT).
[[nodiscard]] std::error_code update_connect_context(Handle socket) noexcept;

/// ConnectNamedPipe. A client that has come before (535, ERROR_PIPE_CONNECTED) is success without a
/// packet. ERROR_NO_DATA (232) if it has left again and was not disconnected,
/// ERROR_INVALID_FUNCTION (1) for a client's end.
[[nodiscard]] Result<Started> connect_pipe(Handle server, NativeOverlapped& overlapped) noexcept;

/// closesocket.
void close_socket(Handle socket) noexcept;

/// CancelIoEx of one call. ERROR_NOT_FOUND (1168) if it has completed already; its packet comes
/// in either case.
[[nodiscard]] std::error_code cancel(Handle handle, NativeOverlapped& overlapped) noexcept;

/// getsockopt(SO_PROTOCOL_INFOW): whether the socket's provider uses real file handles
/// (XP1_IFS_HANDLES), which skipping packets requires.
[[nodiscard]] Result<bool> has_file_handles(Handle socket) noexcept;

/// SetFileCompletionNotificationModes(FILE_SKIP_COMPLETION_PORT_ON_SUCCESS |
/// FILE_SKIP_SET_EVENT_ON_HANDLE). Cannot be undone.
[[nodiscard]] std::error_code skip_packets_on_success(Handle handle) noexcept;

/// NtQueryInformationFile(FileIoCompletionNotificationInformation): whether packets are skipped,
/// because of the call above or one of the program's own.
[[nodiscard]] Result<bool> skips_packets(Handle handle) noexcept;

/// NtSetInformationFile(FileIoCompletionNotificationInformation), with the flag
/// FILE_SKIP_SET_USER_EVENT_ON_FAST_IO, which is hardly ever used. The flag belongs to the object
/// and not to its number, so it serves as a mark. Cannot be undone. 87 on a synchronous handle.
[[nodiscard]] std::error_code mark(Handle handle) noexcept;

/// What a file, pipe or socket is set to.
struct FileModes {
    bool is_marked = false;      ///< By `mark`.
    bool skips_packets = false;  ///< By `skip_packets_on_success`, or the program itself.
};

/// NtQueryInformationFile(FileIoCompletionNotificationInformation): both in one call.
/// ERROR_INVALID_HANDLE (6) if the number is not a handle of a file, pipe or socket.
[[nodiscard]] Result<FileModes> modes_of(Handle handle) noexcept;

/// NtQueryInformationFile(FileModeInformation): false if the file or pipe was opened for
/// synchronous use.
[[nodiscard]] Result<bool> is_overlapped(Handle file) noexcept;

}  // namespace wakepoll::sys
