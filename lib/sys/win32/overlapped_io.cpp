// Calls that complete at the port, on Windows. See overlapped_io.hpp.
#include "sys/overlapped_io.hpp"

#include <cstddef>
#include <cstring>

#include "sys/win32/windows.hpp"

namespace wakepoll::sys {
namespace {

// Winsock gets an array of IoBuffer as an array of WSABUF.
static_assert(sizeof(IoBuffer) == sizeof(WSABUF));
static_assert(alignof(IoBuffer) == alignof(WSABUF));
static_assert(offsetof(IoBuffer, size) == offsetof(WSABUF, len));
static_assert(offsetof(IoBuffer, data) == offsetof(WSABUF, buf));
static_assert(sizeof(IoBuffer::size) == sizeof(WSABUF::len));

static_assert(accept_address_room >= sizeof(SOCKADDR_STORAGE) + 16);

/// Documented; the macro (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT) is not in every
/// SDK's <winternl.h>.
constexpr ULONG synchronous_modes = 0x10 | 0x20;
/// FileModeInformation. A number, because the enumeration of Microsoft's <winternl.h> lacks it, and
/// a cast to an enumerator that does not exist is no constant for newer clang.
constexpr int file_mode_information = 16;
/// FileIoCompletionNotificationInformation; its structure is one ULONG of flags.
constexpr int notification_information = 41;
constexpr ULONG skip_set_user_event_on_fast_io = 4;

OVERLAPPED* native(NativeOverlapped& overlapped) noexcept {
    return reinterpret_cast<OVERLAPPED*>(&overlapped);
}

WSABUF* native(std::span<const IoBuffer> buffers) noexcept {
    // The calls only read it, but their parameter is not const.
    return reinterpret_cast<WSABUF*>(const_cast<IoBuffer*>(buffers.data()));
}

/// The result of a call that did not succeed at once.
Result<Started> not_at_once(DWORD code) noexcept {
    static_assert(WSA_IO_PENDING == ERROR_IO_PENDING);
    switch (code) {
        case ERROR_IO_PENDING:
        // The next two are warnings: the call was done, with less than there was, and its packet
        // comes as after any other.
        case ERROR_MORE_DATA:
            return Started{};
        case WSAEMSGSIZE:
            return Started{.cut = true};
        default:
            return failure(code);
    }
}

/// Takes the byte counter by value: a call's counter is a local, because the kernel fills it in
/// only on immediate completion and never writes to it later.
Result<Started> socket_call(int result, DWORD bytes) noexcept {
    if (result == SOCKET_ERROR) {
        return not_at_once(static_cast<DWORD>(::WSAGetLastError()));
    }
    return Started{true, bytes};
}

/// Windows refuses a datagram that is too long to send, with nothing started; Wine starts the call,
/// and its packet comes.
Result<Started> send_call(int result, DWORD bytes, const NativeOverlapped& overlapped) noexcept {
    constexpr std::uintptr_t buffer_overflow = 0x80000005;  // STATUS_BUFFER_OVERFLOW
    if (result == SOCKET_ERROR && ::WSAGetLastError() == WSAEMSGSIZE &&
        (overlapped.internal & 0xFFFFFFFFU) != buffer_overflow) {
        return failure(WSAEMSGSIZE);
    }
    return socket_call(result, bytes);
}

const sockaddr* native(std::span<const std::byte> address) noexcept {
    return reinterpret_cast<const sockaddr*>(address.data());
}

Result<Started> file_call(BOOL succeeded, DWORD bytes) noexcept {
    if (succeeded == FALSE) {
        return not_at_once(::GetLastError());
    }
    return Started{true, bytes};
}

/// Fetches a Winsock extension function. It belongs to the socket's provider, so it is fetched each
/// time and not cached.
template <class Function>
std::error_code fetch_extension(Handle socket, GUID name, Function& function) noexcept {
    DWORD size = 0;
    if (::WSAIoctl(socket.value(), SIO_GET_EXTENSION_FUNCTION_POINTER, &name, sizeof(name),
                   &function, sizeof(function), &size, nullptr, nullptr) == SOCKET_ERROR) {
        return last_socket_failure();
    }
    return {};
}

Result<WSAPROTOCOL_INFOW> protocol_of(Handle socket) noexcept {
    WSAPROTOCOL_INFOW protocol = {};
    int size = sizeof(protocol);
    if (::getsockopt(socket.value(), SOL_SOCKET, SO_PROTOCOL_INFOW,
                     reinterpret_cast<char*>(&protocol), &size) == SOCKET_ERROR) {
        return last_socket_failure();
    }
    return protocol;
}

std::error_code set_socket_option(Handle socket, int name, const void* value, int size) noexcept {
    if (::setsockopt(socket.value(), SOL_SOCKET, name, static_cast<const char*>(value), size) ==
        SOCKET_ERROR) {
        return last_socket_failure();
    }
    return {};
}

/// Information that is one ULONG of flags.
Result<ULONG> flags_of(Handle file, int name) noexcept {
    ULONG flags = 0;
    IO_STATUS_BLOCK status_block = {};
    const NTSTATUS status =
        ::NtQueryInformationFile(file.native(), &status_block, &flags, sizeof(flags),
                                 static_cast<FILE_INFORMATION_CLASS>(name));
    if (!NT_SUCCESS(status)) {
        return failure(::RtlNtStatusToDosError(status));
    }
    return flags;
}

/// Whether it has one of these.
Result<bool> has_flag(Handle file, int name, ULONG wanted) noexcept {
    const Result<ULONG> flags = flags_of(file, name);
    if (!flags) {
        return flags.error();
    }
    return (*flags & wanted) != 0;
}

}  // namespace

Result<Started> receive(Handle socket, std::span<const IoBuffer> buffers,
                        NativeOverlapped& overlapped) noexcept {
    DWORD bytes = 0;
    DWORD flags = 0;
    const int result =
        ::WSARecv(socket.value(), native(buffers), static_cast<DWORD>(buffers.size()), &bytes,
                  &flags, native(overlapped), nullptr);
    return socket_call(result, bytes);
}

Result<Started> send(Handle socket, std::span<const IoBuffer> buffers,
                     NativeOverlapped& overlapped) noexcept {
    DWORD bytes = 0;
    const int result =
        ::WSASend(socket.value(), native(buffers), static_cast<DWORD>(buffers.size()), &bytes, 0,
                  native(overlapped), nullptr);
    return send_call(result, bytes, overlapped);
}

Result<Started> receive_from(Handle socket, IoBuffer buffer, std::byte* address, std::int32_t& size,
                             NativeOverlapped& overlapped) noexcept {
    static_assert(sizeof(int) == sizeof(size));
    DWORD bytes = 0;
    DWORD flags = 0;
    const int result = ::WSARecvFrom(socket.value(), native({&buffer, 1}), 1, &bytes, &flags,
                                     reinterpret_cast<sockaddr*>(address),
                                     reinterpret_cast<int*>(&size), native(overlapped), nullptr);
    return socket_call(result, bytes);
}

Result<Started> send_to(Handle socket, IoBuffer buffer, std::span<const std::byte> address,
                        NativeOverlapped& overlapped) noexcept {
    DWORD bytes = 0;
    const int result =
        ::WSASendTo(socket.value(), native({&buffer, 1}), 1, &bytes, 0, native(address),
                    static_cast<int>(address.size()), native(overlapped), nullptr);
    return send_call(result, bytes, overlapped);
}

Result<Started> read(Handle file, IoBuffer buffer, NativeOverlapped& overlapped) noexcept {
    DWORD bytes = 0;
    const BOOL succeeded =
        ::ReadFile(file.native(), buffer.data, buffer.size, &bytes, native(overlapped));
    return file_call(succeeded, bytes);
}

Result<Started> write(Handle file, IoBuffer buffer, NativeOverlapped& overlapped) noexcept {
    DWORD bytes = 0;
    const BOOL succeeded =
        ::WriteFile(file.native(), buffer.data, buffer.size, &bytes, native(overlapped));
    return file_call(succeeded, bytes);
}

Result<Handle> socket_like(Handle listener) noexcept {
    Result<WSAPROTOCOL_INFOW> protocol = protocol_of(listener);
    if (!protocol) {
        return protocol.error();
    }
    const SOCKET socket =
        ::WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &*protocol, 0,
                     WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
    if (socket == INVALID_SOCKET) {
        return last_socket_failure();
    }
    return Handle(std::uintptr_t{socket});
}

Result<Started> accept(Handle listener, Handle accepted, std::span<std::byte> buffer,
                       NativeOverlapped& overlapped) noexcept {
    constexpr std::size_t addresses = 2 * std::size_t{accept_address_room};
    if (buffer.size() < addresses) {
        return failure(WSAEFAULT);  // AcceptEx takes three sizes on trust.
    }
    LPFN_ACCEPTEX accept_ex = nullptr;
    if (const std::error_code error = fetch_extension(listener, WSAID_ACCEPTEX, accept_ex)) {
        return error;
    }
    DWORD bytes = 0;
    const BOOL succeeded =
        accept_ex(listener.value(), accepted.value(), buffer.data(),
                  static_cast<DWORD>(buffer.size() - addresses), accept_address_room,
                  accept_address_room, &bytes, native(overlapped));
    return socket_call(succeeded != FALSE ? 0 : SOCKET_ERROR, bytes);
}

AcceptedAddresses accepted_addresses(Handle listener, std::span<const std::byte> buffer) noexcept {
    constexpr std::size_t addresses = 2 * std::size_t{accept_address_room};
    LPFN_GETACCEPTEXSOCKADDRS get_addresses = nullptr;
    if (buffer.size() < addresses ||
        fetch_extension(listener, WSAID_GETACCEPTEXSOCKADDRS, get_addresses)) {
        return {};
    }
    sockaddr* local = nullptr;
    sockaddr* remote = nullptr;
    int local_size = 0;
    int remote_size = 0;
    // The call only reads the buffer and returns pointers into it.
    get_addresses(const_cast<std::byte*>(buffer.data()),
                  static_cast<DWORD>(buffer.size() - addresses), accept_address_room,
                  accept_address_room, &local, &local_size, &remote, &remote_size);
    const auto bytes = [](const sockaddr* address, int size) -> std::span<const std::byte> {
        return {reinterpret_cast<const std::byte*>(address),
                address != nullptr ? static_cast<std::size_t>(size) : 0};
    };
    return {bytes(local, local_size), bytes(remote, remote_size)};
}

std::error_code update_accept_context(Handle accepted, Handle listener) noexcept {
    const SOCKET value = listener.value();
    return set_socket_option(accepted, SO_UPDATE_ACCEPT_CONTEXT, &value, sizeof(value));
}

std::error_code bind_any(Handle socket, std::span<const std::byte> address) noexcept {
    SOCKADDR_STORAGE any = {};
    if (address.size() < sizeof(sockaddr) || address.size() > sizeof(any)) {
        return failure(WSAEFAULT);
    }
    // All zero except the family: the wildcard address and port 0, for IPv4 and IPv6.
    static_assert(offsetof(SOCKADDR_STORAGE, ss_family) == 0);
    std::memcpy(&any, address.data(), sizeof(any.ss_family));
    if (::bind(socket.value(), reinterpret_cast<const sockaddr*>(&any),
               static_cast<int>(address.size())) == SOCKET_ERROR) {
        return last_socket_failure();
    }
    return {};
}

Result<Started> connect(Handle socket, std::span<const std::byte> address,
                        NativeOverlapped& overlapped) noexcept {
    LPFN_CONNECTEX connect_ex = nullptr;
    if (const std::error_code error = fetch_extension(socket, WSAID_CONNECTEX, connect_ex)) {
        return error;
    }
    const BOOL succeeded =
        connect_ex(socket.value(), native(address), static_cast<int>(address.size()), nullptr, 0,
                   nullptr, native(overlapped));
    return socket_call(succeeded != FALSE ? 0 : SOCKET_ERROR, 0);
}

std::error_code update_connect_context(Handle socket) noexcept {
    return set_socket_option(socket, SO_UPDATE_CONNECT_CONTEXT, nullptr, 0);
}

Result<Started> connect_pipe(Handle server, NativeOverlapped& overlapped) noexcept {
    const BOOL succeeded = ::ConnectNamedPipe(server.native(), native(overlapped));
    if (succeeded == FALSE && ::GetLastError() == ERROR_PIPE_CONNECTED) {
        return Started{.at_once = true, .without_packet = true};
    }
    return file_call(succeeded, 0);
}

void close_socket(Handle socket) noexcept { ::closesocket(socket.value()); }

std::error_code cancel(Handle handle, NativeOverlapped& overlapped) noexcept {
    if (::CancelIoEx(handle.native(), native(overlapped)) == FALSE) {
        return last_failure();
    }
    return {};
}

Result<bool> has_file_handles(Handle socket) noexcept {
    const Result<WSAPROTOCOL_INFOW> protocol = protocol_of(socket);
    if (!protocol) {
        return protocol.error();
    }
    return (protocol->dwServiceFlags1 & XP1_IFS_HANDLES) != 0;
}

std::error_code skip_packets_on_success(Handle handle) noexcept {
    if (::SetFileCompletionNotificationModes(handle.native(), FILE_SKIP_COMPLETION_PORT_ON_SUCCESS |
                                                                  FILE_SKIP_SET_EVENT_ON_HANDLE) ==
        FALSE) {
        return last_failure();
    }
    return {};
}

std::error_code mark(Handle handle) noexcept {
    ULONG flags = skip_set_user_event_on_fast_io;
    IO_STATUS_BLOCK status_block = {};
    const NTSTATUS status =
        ::NtSetInformationFile(handle.native(), &status_block, &flags, sizeof(flags),
                               static_cast<FILE_INFORMATION_CLASS>(notification_information));
    return NT_SUCCESS(status) ? std::error_code{} : failure(::RtlNtStatusToDosError(status));
}

Result<bool> skips_packets(Handle handle) noexcept {
    return has_flag(handle, notification_information, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS);
}

Result<FileModes> modes_of(Handle handle) noexcept {
    const Result<ULONG> flags = flags_of(handle, notification_information);
    if (!flags) {
        return flags.error();
    }
    return FileModes{.is_marked = (*flags & skip_set_user_event_on_fast_io) != 0,
                     .skips_packets = (*flags & FILE_SKIP_COMPLETION_PORT_ON_SUCCESS) != 0};
}

Result<bool> is_overlapped(Handle file) noexcept {
    const Result<bool> synchronous = has_flag(file, file_mode_information, synchronous_modes);
    if (!synchronous) {
        return synchronous;
    }
    return !*synchronous;
}

}  // namespace wakepoll::sys
