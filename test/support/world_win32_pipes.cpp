// The outside world on Windows: pipes, files, and bytes through any handle. See world.hpp.
//
// A call here on a handle that may be associated with a completion port sends no packet there,
// because the lowest bit of its OVERLAPPED's event is set.
#include <algorithm>
#include <optional>
#include <span>

#include "support/world.hpp"
#include "support/world_win32_impl.hpp"
#include "wakepoll/error.hpp"

// After the headers above, which include <windows.h>.
#include <winternl.h>

#if !defined(__MINGW32__)
// Documented; mingw's <winternl.h> has it, Microsoft's does not.
extern "C" NTSTATUS NTAPI NtQueryInformationFile(HANDLE file, PIO_STATUS_BLOCK status_block,
                                                 PVOID information, ULONG size,
                                                 FILE_INFORMATION_CLASS information_class);
#endif

namespace wakepoll::test {
namespace {

Transfer failed(DWORD code) { return {0, win32_error(code)}; }
Transfer would_block() { return failed(WSAEWOULDBLOCK); }

bool is_socket(Handle handle) {
    int type = 0;
    int size = sizeof(type);
    return ::getsockopt(handle.value(), SOL_SOCKET, SO_TYPE, reinterpret_cast<char*>(&type),
                        &size) == 0;
}

bool is_for_overlapped_use(HANDLE file) {
    constexpr int file_mode_information = 16;
    ULONG mode = 0;
    IO_STATUS_BLOCK status = {};
    if (::NtQueryInformationFile(file, &status, &mode, sizeof(mode),
                                 static_cast<FILE_INFORMATION_CLASS>(file_mode_information)) != 0) {
        fail("NtQueryInformationFile", ERROR_INVALID_HANDLE);
    }
    return (mode & 0x30) == 0;
}

bool carries_messages(HANDLE pipe) {
    DWORD flags = 0;
    if (::GetNamedPipeInfo(pipe, &flags, nullptr, nullptr, nullptr) == FALSE) {
        fail("GetNamedPipeInfo");
    }
    return (flags & PIPE_TYPE_MESSAGE) != 0;
}

/// One overlapped call that sends no packet. What is not done at once is cancelled, or waited for.
class QuietCall {
public:
    enum class Patience { none, some };

    explicit QuietCall(HANDLE file, ULONGLONG offset = 0)
        : file_(file), event_(::CreateEventW(nullptr, TRUE, FALSE, nullptr)) {
        if (event_ == nullptr) {
            fail("CreateEventW");
        }
        overlapped_.Offset = static_cast<DWORD>(offset);
        overlapped_.OffsetHigh = static_cast<DWORD>(offset >> 32U);
        overlapped_.hEvent = reinterpret_cast<HANDLE>(reinterpret_cast<std::uintptr_t>(event_) | 1);
    }
    ~QuietCall() { ::CloseHandle(event_); }
    QuietCall(const QuietCall&) = delete;
    QuietCall& operator=(const QuietCall&) = delete;

    OVERLAPPED* overlapped() { return &overlapped_; }

    Transfer finish(BOOL started, Patience patience) {
        if (started == FALSE) {
            const DWORD code = ::GetLastError();
            if (code != ERROR_IO_PENDING && code != ERROR_MORE_DATA) {
                return failed(code);
            }
        }
        const DWORD limit = patience == Patience::some ? patience_seconds * 1000 : 0;
        if (::WaitForSingleObject(event_, limit) != WAIT_OBJECT_0) {
            ::CancelIoEx(file_, &overlapped_);
            ::WaitForSingleObject(event_, INFINITE);  // A cancelled call ends.
        }
        DWORD bytes = 0;
        if (::GetOverlappedResult(file_, &overlapped_, &bytes, FALSE) == FALSE) {
            const DWORD code = ::GetLastError();
            if (bytes == 0 || code != ERROR_MORE_DATA) {
                return bytes != 0                        ? Transfer{bytes, {}}
                       : code == ERROR_OPERATION_ABORTED ? would_block()
                                                         : failed(code);
            }
        }
        return {bytes, {}};
    }

private:
    HANDLE file_;
    HANDLE event_;
    OVERLAPPED overlapped_ = {};
};

/// Puts a pipe for its lifetime into a mode in which WriteFile takes what fits and returns. If
/// setting the mode fails, the other end is gone: then no call blocks, and the next one reports it.
class NonBlocking {
public:
    explicit NonBlocking(HANDLE pipe) : pipe_(pipe) {
        ::GetNamedPipeHandleStateW(pipe_, &before_, nullptr, nullptr, nullptr, nullptr, 0);
        DWORD mode = before_ | PIPE_NOWAIT;
        ::SetNamedPipeHandleState(pipe_, &mode, nullptr, nullptr);
    }
    ~NonBlocking() { ::SetNamedPipeHandleState(pipe_, &before_, nullptr, nullptr); }
    NonBlocking(const NonBlocking&) = delete;
    NonBlocking& operator=(const NonBlocking&) = delete;

private:
    HANDLE pipe_;
    DWORD before_ = 0;
};

Transfer write_to_pipe(HANDLE pipe, std::span<const std::byte> bytes) {
    const auto size = static_cast<DWORD>(bytes.size());
    if (is_for_overlapped_use(pipe)) {
        QuietCall call(pipe);
        return call.finish(::WriteFile(pipe, bytes.data(), size, nullptr, call.overlapped()),
                           QuietCall::Patience::none);
    }
    DWORD written = 0;
    if (::WriteFile(pipe, bytes.data(), size, &written, nullptr) == FALSE) {
        return failed(::GetLastError());
    }
    return written == 0 && size != 0 ? would_block() : Transfer{written, {}};
}

}  // namespace

PipePair World::pipe_pair(PipeKind kind) {
    HANDLE reader = nullptr;
    HANDLE writer = nullptr;
    if (kind == PipeKind::anonymous || kind == PipeKind::anonymous_to_peer) {
        if (::CreatePipe(&reader, &writer, nullptr, pipe_room) == FALSE) {
            fail("CreatePipe");
        }
        const Handle in = impl_->keep(reader);
        const Handle out = impl_->keep(writer);
        return kind == PipeKind::anonymous ? PipePair{in, out} : PipePair{out, in};
    }
    const bool messages = kind == PipeKind::messages;
    const std::wstring name = new_pipe_name();
    const HANDLE server = create_named_pipe(
        name, FILE_FLAG_OVERLAPPED,
        messages ? PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE : PIPE_TYPE_BYTE | PIPE_READMODE_BYTE);
    if (server == INVALID_HANDLE_VALUE) {
        fail("CreateNamedPipeW");
    }
    const Handle local = impl_->keep(server);
    const HANDLE client =
        open_named_pipe(name, kind == PipeKind::both_overlapped ? FILE_FLAG_OVERLAPPED : 0);
    if (client == INVALID_HANDLE_VALUE) {
        fail("CreateFileW of a pipe");
    }
    const Handle peer = impl_->keep(client);
    DWORD mode = messages ? PIPE_READMODE_MESSAGE : PIPE_READMODE_BYTE;
    if (::SetNamedPipeHandleState(client, &mode, nullptr, nullptr) == FALSE) {
        fail("SetNamedPipeHandleState");
    }
    return {local, peer};
}

Handle World::pipe_server() {
    const std::wstring name = new_pipe_name();
    const HANDLE server =
        create_named_pipe(name, FILE_FLAG_OVERLAPPED, PIPE_TYPE_BYTE | PIPE_READMODE_BYTE);
    if (server == INVALID_HANDLE_VALUE) {
        fail("CreateNamedPipeW");
    }
    const std::scoped_lock lock(impl_->mutex);
    impl_->handles.push_back(server);
    impl_->pipe_servers[server] = name;
    return Handle(server);
}

Handle World::open_pipe(Handle server) {
    std::wstring name;
    {
        const std::scoped_lock lock(impl_->mutex);
        name = impl_->pipe_servers.at(server.native());
    }
    const HANDLE client = open_named_pipe(name);
    return client != INVALID_HANDLE_VALUE ? impl_->keep(client) : Handle{};
}

void World::disconnect_pipe(Handle server) {
    if (::DisconnectNamedPipe(server.native()) == FALSE) {
        fail("DisconnectNamedPipe");
    }
}

void World::set_nowait(Handle pipe) {
    DWORD mode = PIPE_READMODE_BYTE | PIPE_NOWAIT;
    if (::SetNamedPipeHandleState(pipe.native(), &mode, nullptr, nullptr) == FALSE) {
        fail("SetNamedPipeHandleState(PIPE_NOWAIT)");
    }
}

Transfer World::put(Handle handle, std::span<const std::byte> bytes) {
    if (is_socket(handle)) {
        const int sent = ::send(handle.value(), reinterpret_cast<const char*>(bytes.data()),
                                static_cast<int>(bytes.size()), 0);
        return sent == SOCKET_ERROR ? failed(static_cast<DWORD>(::WSAGetLastError()))
                                    : Transfer{static_cast<std::size_t>(sent), {}};
    }
    const HANDLE pipe = handle.native();
    std::optional<NonBlocking> mode;
    if (!is_for_overlapped_use(pipe)) {
        mode.emplace(pipe);
    }
    if (carries_messages(pipe)) {
        return write_to_pipe(pipe, bytes);
    }
    // Windows takes what fits of a long write, Wine 8 all or nothing: so one piece at a time.
    constexpr std::size_t piece = 1024;
    std::size_t done = 0;
    do {
        const std::size_t size = std::min(piece, bytes.size() - done);
        const Transfer written = write_to_pipe(pipe, bytes.subspan(done, size));
        if (written.error) {
            return done != 0 ? Transfer{done, {}} : written;
        }
        done += written.bytes;
        if (written.bytes < size) {
            break;
        }
    } while (done < bytes.size());
    return {done, {}};
}

Transfer World::take(Handle handle, std::span<std::byte> bytes) {
    const auto size = static_cast<DWORD>(bytes.size());
    if (is_socket(handle)) {
        const int received = ::recv(handle.value(), reinterpret_cast<char*>(bytes.data()),
                                    static_cast<int>(size), 0);
        return received == SOCKET_ERROR ? failed(static_cast<DWORD>(::WSAGetLastError()))
                                        : Transfer{static_cast<std::size_t>(received), {}};
    }
    const HANDLE pipe = handle.native();
    DWORD available = 0;
    if (::PeekNamedPipe(pipe, nullptr, 0, nullptr, &available, nullptr) == FALSE) {
        return failed(::GetLastError());
    }
    if (available == 0) {
        return would_block();
    }
    if (is_for_overlapped_use(pipe)) {
        QuietCall call(pipe);
        return call.finish(::ReadFile(pipe, bytes.data(), size, nullptr, call.overlapped()),
                           QuietCall::Patience::none);
    }
    DWORD read = 0;
    if (::ReadFile(pipe, bytes.data(), size, &read, nullptr) == FALSE &&
        ::GetLastError() != ERROR_MORE_DATA) {  // The rest of the message stays for the next.
        return failed(::GetLastError());
    }
    return {read, {}};
}

std::error_code World::start_receive(Handle handle, void* overlapped, void* buffer,
                                     std::size_t size) {
    DWORD code = ERROR_SUCCESS;
    if (is_socket(handle)) {
        WSABUF where = {static_cast<ULONG>(size), static_cast<char*>(buffer)};
        DWORD flags = 0;
        if (::WSARecv(handle.value(), &where, 1, nullptr, &flags,
                      static_cast<WSAOVERLAPPED*>(overlapped), nullptr) == SOCKET_ERROR) {
            code = static_cast<DWORD>(::WSAGetLastError());
        }
    } else if (::ReadFile(handle.native(), buffer, static_cast<DWORD>(size), nullptr,
                          static_cast<OVERLAPPED*>(overlapped)) == FALSE) {
        code = ::GetLastError();
    }
    static_assert(WSA_IO_PENDING == ERROR_IO_PENDING);
    return code == ERROR_IO_PENDING ? std::error_code() : win32_error(code);
}

Handle World::file_of(std::size_t bytes) {
    const Handle file = thing(Thing::disk_file);
    std::vector<std::byte> content(bytes);
    for (std::size_t i = 0; i < bytes; ++i) {
        content[i] = static_cast<std::byte>(i % 251);
    }
    QuietCall call(file.native());
    const Transfer written =
        call.finish(::WriteFile(file.native(), content.data(), static_cast<DWORD>(bytes), nullptr,
                                call.overlapped()),
                    QuietCall::Patience::some);
    if (written.error || written.bytes != bytes) {
        fail("WriteFile", static_cast<DWORD>(written.error.value()));
    }
    return file;
}

std::vector<std::byte> World::content_of(Handle file) {
    LARGE_INTEGER size = {};
    if (::GetFileSizeEx(file.native(), &size) == FALSE) {
        fail("GetFileSizeEx");
    }
    std::vector<std::byte> content(static_cast<std::size_t>(size.QuadPart));
    if (content.empty()) {
        return content;
    }
    QuietCall call(file.native());
    const Transfer read =
        call.finish(::ReadFile(file.native(), content.data(), static_cast<DWORD>(content.size()),
                               nullptr, call.overlapped()),
                    QuietCall::Patience::some);
    if (read.error || read.bytes != content.size()) {
        fail("ReadFile", static_cast<DWORD>(read.error.value()));
    }
    return content;
}

}  // namespace wakepoll::test
