// Sockets and other kernel objects, made by plain Winsock and Win32 calls, for world_win32.cpp and
// for the tests of lib/sys.
//
// Every function does one thing, or throws std::runtime_error with the call and its error. Nothing
// here owns what it makes, and nothing waits without a limit.
#pragma once

// The order matters.
// clang-format off
#include <winsock2.h>
#include <ws2tcpip.h>
#include <windows.h>
// clang-format on

#include <atomic>
#include <stdexcept>
#include <string>

#include "support/world.hpp"

namespace wakepoll::test {

inline constexpr long patience_seconds = 300;

[[noreturn]] inline void fail(const char* call, DWORD code) {
    throw std::runtime_error(std::string(call) + " failed with " + std::to_string(code));
}
[[noreturn]] inline void fail(const char* call) { fail(call, ::GetLastError()); }

inline void check_socket_call(int result, const char* call) {
    if (result == SOCKET_ERROR) {
        fail(call, static_cast<DWORD>(::WSAGetLastError()));
    }
}

inline SOCKET check_socket(SOCKET socket, const char* call) {
    if (socket == INVALID_SOCKET) {
        fail(call, static_cast<DWORD>(::WSAGetLastError()));
    }
    return socket;
}

inline void make_non_blocking(SOCKET socket) {
    u_long on = 1;
    check_socket_call(::ioctlsocket(socket, static_cast<long>(FIONBIO), &on), "ioctlsocket");
}

inline sockaddr_in loopback(u_short port_in_network_order) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    address.sin_port = port_in_network_order;
    return address;
}

inline void bind_to_free_port(SOCKET socket) {
    const sockaddr_in address = loopback(0);
    check_socket_call(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)),
                      "bind");
}

inline u_short port_of(SOCKET socket) {
    sockaddr_in address = {};
    int size = sizeof(address);
    check_socket_call(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size),
                      "getsockname");
    return address.sin_port;
}

inline void start_connect(SOCKET socket, u_short port_in_network_order) {
    const sockaddr_in address = loopback(port_in_network_order);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) ==
            SOCKET_ERROR &&
        ::WSAGetLastError() != WSAEWOULDBLOCK) {
        fail("connect", static_cast<DWORD>(::WSAGetLastError()));
    }
}

enum class Direction { read, write };

inline void await(SOCKET socket, Direction direction) {
    fd_set set;
    set.fd_count = 1;
    set.fd_array[0] = socket;
    timeval limit = {patience_seconds, 0};
    const int ready = ::select(0, direction == Direction::read ? &set : nullptr,
                               direction == Direction::write ? &set : nullptr, nullptr, &limit);
    check_socket_call(ready, "select");
    if (ready == 0) {
        fail("select", WAIT_TIMEOUT);
    }
}

inline std::wstring temporary_folder() {
    wchar_t path[MAX_PATH + 1] = {};
    if (::GetTempPathW(MAX_PATH + 1, path) == 0) {
        fail("GetTempPathW");
    }
    return path;
}

inline HANDLE open_temporary_file(DWORD flags = FILE_FLAG_OVERLAPPED) {
    wchar_t path[MAX_PATH + 1] = {};
    if (::GetTempFileNameW(temporary_folder().c_str(), L"wkp", 0, path) == 0) {
        fail("GetTempFileNameW");
    }
    return ::CreateFileW(path, GENERIC_READ | GENERIC_WRITE, 0, nullptr, CREATE_ALWAYS,
                         flags | FILE_FLAG_DELETE_ON_CLOSE, nullptr);
}

inline HANDLE open_temporary_folder() {
    return ::CreateFileW(temporary_folder().c_str(), FILE_LIST_DIRECTORY,
                         FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, nullptr,
                         OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OVERLAPPED, nullptr);
}

inline std::wstring new_pipe_name() {
    static std::atomic<unsigned> serial = 0;
    return L"\\\\.\\pipe\\wakepoll-test-" + std::to_wstring(::GetCurrentProcessId()) + L"-" +
           std::to_wstring(serial.fetch_add(1));
}

/// The buffer size of a test's pipe.
inline constexpr DWORD pipe_room = 65536;

/// The server end. `open_flags` FILE_FLAG_OVERLAPPED or 0.
inline HANDLE create_named_pipe(const std::wstring& name, DWORD open_flags, DWORD mode) {
    return ::CreateNamedPipeW(
        name.c_str(), PIPE_ACCESS_DUPLEX | FILE_FLAG_FIRST_PIPE_INSTANCE | open_flags,
        mode | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS, 1, pipe_room, pipe_room, 0, nullptr);
}

/// The client end. `open_flags` FILE_FLAG_OVERLAPPED or 0.
inline HANDLE open_named_pipe(const std::wstring& name, DWORD open_flags = 0) {
    return ::CreateFileW(name.c_str(), GENERIC_READ | GENERIC_WRITE, 0, nullptr, OPEN_EXISTING,
                         open_flags, nullptr);
}

inline HANDLE duplicate_native(HANDLE handle) {
    const HANDLE process = ::GetCurrentProcess();
    HANDLE copy = nullptr;
    if (::DuplicateHandle(process, handle, process, &copy, 0, FALSE, DUPLICATE_SAME_ACCESS) ==
        FALSE) {
        fail("DuplicateHandle");
    }
    return copy;
}

/// The console's input (CONIN$) or output (CONOUT$); INVALID_HANDLE_VALUE without a console.
inline HANDLE open_console(const wchar_t* name) {
    return ::CreateFileW(name, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
                         nullptr, OPEN_EXISTING, 0, nullptr);
}

/// Sets a socket-level option.
template <class T>
inline void set_option(SOCKET socket, int name, const T& value) {
    check_socket_call(::setsockopt(socket, SOL_SOCKET, name, reinterpret_cast<const char*>(&value),
                                   sizeof(value)),
                      "setsockopt");
}

struct Made {
    HANDLE handle = nullptr;
    /// For an anonymous pipe: the write end. For a child process: a job that ends it when closed.
    /// For a child thread: an event that ends it.
    HANDLE other_end = nullptr;
};

/// Starts this program again, suspended before its first instruction: it lives until it is
/// terminated. The job is closed with this process, so that no child is left behind.
inline Made start_child_process() {
    Made made;
    made.other_end = ::CreateJobObjectW(nullptr, nullptr);
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {};
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    if (::SetInformationJobObject(made.other_end, JobObjectExtendedLimitInformation, &limits,
                                  sizeof(limits)) == FALSE) {
        fail("SetInformationJobObject");
    }
    wchar_t program[MAX_PATH + 1] = {};
    if (::GetModuleFileNameW(nullptr, program, MAX_PATH) == 0) {
        fail("GetModuleFileNameW");
    }
    STARTUPINFOW start = {};
    start.cb = sizeof(start);
    PROCESS_INFORMATION child = {};
    if (::CreateProcessW(program, nullptr, nullptr, nullptr, FALSE,
                         CREATE_SUSPENDED | CREATE_NO_WINDOW, nullptr, nullptr, &start,
                         &child) == FALSE) {
        fail("CreateProcessW");
    }
    ::CloseHandle(child.hThread);
    made.handle = child.hProcess;
    if (::AssignProcessToJobObject(made.other_end, child.hProcess) == FALSE) {
        const DWORD code = ::GetLastError();
        ::TerminateProcess(child.hProcess, 1);
        fail("AssignProcessToJobObject", code);
    }
    return made;
}

/// A thread that waits for its event, at most a minute.
inline Made start_child_thread() {
    Made made;
    made.other_end = ::CreateEventW(nullptr, TRUE, FALSE, nullptr);
    // Not a lambda, which has another calling convention on 32-bit Windows.
    struct Thread {
        static DWORD WINAPI run(void* event) { return ::WaitForSingleObject(event, 60'000); }
    };
    made.handle = ::CreateThread(nullptr, 0, Thread::run, made.other_end, 0, nullptr);
    return made;
}

/// A new handle of this kind, checked.
inline Made make_thing(Thing kind) {
    Made made;
    switch (kind) {
        case Thing::disk_file:
            made.handle = open_temporary_file();
            break;
        case Thing::directory:
            made.handle = open_temporary_folder();
            break;
        case Thing::null_device:
            made.handle = ::CreateFileW(L"NUL", GENERIC_READ | GENERIC_WRITE, 0, nullptr,
                                        OPEN_EXISTING, 0, nullptr);
            break;
        case Thing::event:
        case Thing::auto_reset_event:
            made.handle =
                ::CreateEventW(nullptr, kind == Thing::event ? TRUE : FALSE, FALSE, nullptr);
            break;
        case Thing::anonymous_pipe:
            if (::CreatePipe(&made.handle, &made.other_end, nullptr, 0) == FALSE) {
                fail("CreatePipe");
            }
            break;
        case Thing::named_pipe:
        case Thing::synchronous_pipe:
            made.handle = create_named_pipe(new_pipe_name(),
                                            kind == Thing::named_pipe ? FILE_FLAG_OVERLAPPED : 0,
                                            PIPE_TYPE_BYTE | PIPE_READMODE_BYTE);
            break;
        case Thing::process:
            made.handle = duplicate_native(::GetCurrentProcess());
            break;
        case Thing::thread:
            made.handle = duplicate_native(::GetCurrentThread());
            break;
        case Thing::semaphore:
            made.handle = ::CreateSemaphoreW(nullptr, 0, 1000, nullptr);
            break;
        case Thing::timer:
        case Thing::auto_reset_timer:
            made.handle =
                ::CreateWaitableTimerW(nullptr, kind == Thing::timer ? TRUE : FALSE, nullptr);
            break;
        case Thing::child_process:
            made = start_child_process();
            break;
        case Thing::child_thread:
            made = start_child_thread();
            break;
        case Thing::synchronous_file:
            made.handle = open_temporary_file(0);
            break;
    }
    if (made.handle == nullptr || made.handle == INVALID_HANDLE_VALUE) {
        fail("making a handle");
    }
    return made;
}

}  // namespace wakepoll::test
