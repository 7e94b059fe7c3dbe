// The private part of a World on Windows: the sockets and handles that it closes at the end, the
// threads that run beside the test, and how sockets are made and paired.
//
// world_win32.cpp has the sockets and the threads, world_win32_pipes.cpp the pipes and files,
// world_win32_things.cpp all other handles.
#pragma once

#include <algorithm>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "support/win32_objects.hpp"

namespace wakepoll::test {

struct World::Impl {
    /// What `thing` made and `signal` uses.
    struct Signalled {
        Handle handle;
        Thing kind;
        HANDLE other_end;  ///< As in `Made`; also in `handles`.
    };

    std::mutex mutex;  ///< Guards the vectors; actions run beside the test use the World too.
    std::vector<SOCKET> sockets;
    std::vector<HANDLE> handles;
    std::vector<Signalled> things;
    std::map<HANDLE, std::wstring> pipe_servers;  ///< The names of those that clients may open.
    std::vector<std::thread> threads;
    std::exception_ptr failure;  ///< The first exception of an action beside the test.

    Impl() {
        WSADATA data;
        const int code = ::WSAStartup(MAKEWORD(2, 2), &data);
        if (code != 0) {
            fail("WSAStartup", static_cast<DWORD>(code));
        }
        // So that a test that counts allocations finds none here.
        sockets.reserve(4096);
        handles.reserve(256);
        things.reserve(256);
    }

    ~Impl() {
        for (const SOCKET socket : sockets) {
            ::closesocket(socket);
        }
        for (const Signalled& thing : things) {
            if (thing.kind == Thing::child_thread) {
                ::SetEvent(thing.other_end);
                ::WaitForSingleObject(thing.handle.native(), patience_seconds * 1000);
            }
        }
        for (const HANDLE handle : handles) {
            ::CloseHandle(handle);
        }
        ::WSACleanup();
    }

    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    SOCKET keep(SOCKET socket) {
        const std::scoped_lock lock(mutex);
        sockets.push_back(socket);
        return socket;
    }

    Handle keep(HANDLE handle) {
        const std::scoped_lock lock(mutex);
        handles.push_back(handle);
        return Handle(handle);
    }

    void forget(Handle handle) {
        const std::scoped_lock lock(mutex);
        std::erase(sockets, handle.value());
        std::erase(handles, handle.native());
        std::erase_if(things, [&](const Signalled& thing) { return thing.handle == handle; });
    }

    void remember(const Signalled& thing) {
        const std::scoped_lock lock(mutex);
        things.push_back(thing);
    }

    std::optional<Signalled> find(Handle handle) {
        const std::scoped_lock lock(mutex);
        const auto at = std::find_if(things.begin(), things.end(), [&](const Signalled& thing) {
            return thing.handle == handle;
        });
        return at != things.end() ? std::optional(*at) : std::nullopt;
    }

    SOCKET open(int type, int protocol,
                DWORD flags = WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT) {
        const SOCKET socket = keep(
            check_socket(::WSASocketW(AF_INET, type, protocol, nullptr, 0, flags), "WSASocketW"));
        make_non_blocking(socket);
        return socket;
    }

    SOCKET open_tcp() { return open(SOCK_STREAM, IPPROTO_TCP); }
    SOCKET open_udp() { return open(SOCK_DGRAM, IPPROTO_UDP); }

    SOCKET open_listener(int backlog = SOMAXCONN) {
        const SOCKET socket = open_tcp();
        bind_to_free_port(socket);
        check_socket_call(::listen(socket, backlog), "listen");
        return socket;
    }

    /// The next connection, or INVALID_SOCKET if there is none.
    SOCKET accept_at(SOCKET listener) {
        const SOCKET socket = ::accept(listener, nullptr, nullptr);
        if (socket == INVALID_SOCKET && ::WSAGetLastError() == WSAEWOULDBLOCK) {
            return INVALID_SOCKET;
        }
        keep(check_socket(socket, "accept"));
        make_non_blocking(socket);
        return socket;
    }

    void close_socket(SOCKET socket) {
        // Forgotten first: once closed, another thread may get the same number.
        forget(Handle(std::uintptr_t{socket}));
        check_socket_call(::closesocket(socket), "closesocket");
    }

    /// Connects `local`, which is a fresh TCP socket, to a fresh peer.
    SocketPair pair_up(SOCKET local) {
        const SOCKET listener = open_listener();
        start_connect(local, port_of(listener));
        await(listener, Direction::read);
        const SOCKET peer = check_socket(accept_at(listener), "accept");
        await(local, Direction::write);
        close_socket(listener);
        const BOOL at_once = TRUE;
        for (const SOCKET socket : {local, peer}) {
            check_socket_call(
                ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY,
                             reinterpret_cast<const char*>(&at_once), sizeof(at_once)),
                "setsockopt");
        }
        return {Handle(std::uintptr_t{local}), Handle(std::uintptr_t{peer})};
    }
};

}  // namespace wakepoll::test
