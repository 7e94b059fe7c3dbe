// The outside world on Windows: Winsock and Win32, on loopback. See world.hpp.
//
// It calls the system by itself and uses nothing of the library's but the public types, so that a
// mistake in lib/sys can not hide behind the same mistake here. Every wait in it is bounded.
#include "support/world.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "support/win32_objects.hpp"
#include "wakepoll/error.hpp"

namespace wakepoll::test {
namespace {

/// Enough that a send or a receive of a test's size is one call, and any UDP datagram always is.
constexpr std::size_t chunk_size = 65536;

/// Calls send or recv until `bytes` are through or a call does less than it was asked to.
template <class Call>
Transfer in_chunks(std::size_t bytes, Call call) {
    std::size_t done = 0;
    while (done < bytes) {
        const std::size_t size = std::min(bytes - done, chunk_size);
        const int moved = call(static_cast<int>(size));
        if (moved == SOCKET_ERROR) {
            const int code = ::WSAGetLastError();
            return done > 0 ? Transfer{done, {}}
                            : Transfer{0, win32_error(static_cast<std::uint32_t>(code))};
        }
        done += static_cast<std::size_t>(moved);
        if (static_cast<std::size_t>(moved) < size) {
            break;
        }
    }
    return {done, {}};
}

}  // namespace

struct World::Impl {
    std::mutex mutex;  ///< Guards the three vectors; actions run beside the test use the World too.
    std::vector<SOCKET> sockets;
    std::vector<HANDLE> handles;
    std::vector<std::thread> threads;
    std::exception_ptr failure;  ///< The first that an action beside the test ended with.

    Impl() {
        WSADATA data;
        const int code = ::WSAStartup(MAKEWORD(2, 2), &data);
        if (code != 0) {
            fail("WSAStartup", static_cast<DWORD>(code));
        }
        // So that the calls of a test that counts allocations make none here.
        sockets.reserve(4096);
        handles.reserve(256);
    }

    ~Impl() {
        for (const SOCKET socket : sockets) {
            ::closesocket(socket);
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
    }

    SOCKET open(int type, int protocol) {
        const SOCKET socket =
            keep(check_socket(::WSASocketW(AF_INET, type, protocol, nullptr, 0,
                                           WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT),
                              "WSASocketW"));
        make_non_blocking(socket);
        return socket;
    }

    SOCKET open_tcp() { return open(SOCK_STREAM, IPPROTO_TCP); }
    SOCKET open_udp() { return open(SOCK_DGRAM, IPPROTO_UDP); }

    SOCKET open_listener() {
        const SOCKET socket = open_tcp();
        bind_to_free_port(socket);
        check_socket_call(::listen(socket, SOMAXCONN), "listen");
        return socket;
    }

    /// The next connection, or INVALID_SOCKET where there is none.
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
        // Forgotten first: once closed, another thread may be given the number anew.
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

World::World() : impl_(std::make_unique<Impl>()) {}

World::~World() {
    for (std::thread& thread : impl_->threads) {
        thread.join();
    }
}

Handle World::tcp_socket() { return Handle(std::uintptr_t{impl_->open_tcp()}); }
Handle World::udp_socket() { return Handle(std::uintptr_t{impl_->open_udp()}); }
Handle World::listener() { return Handle(std::uintptr_t{impl_->open_listener()}); }
SocketPair World::tcp_pair() { return impl_->pair_up(impl_->open_tcp()); }

SocketPair World::udp_pair() {
    const SOCKET local = impl_->open_udp();
    const SOCKET peer = impl_->open_udp();
    bind_to_free_port(local);
    bind_to_free_port(peer);
    start_connect(local, port_of(peer));
    start_connect(peer, port_of(local));
    return {Handle(std::uintptr_t{local}), Handle(std::uintptr_t{peer})};
}

void World::connect(Handle socket, Handle listener) {
    start_connect(socket.value(), port_of(listener.value()));
}

Handle World::connecting(Handle listener) {
    const Handle socket = tcp_socket();
    connect(socket, listener);
    return socket;
}

Handle World::connecting_to_nobody() {
    // Bound and not listening: the port refuses connections, and nobody else can be given it.
    const SOCKET nobody = impl_->open_tcp();
    bind_to_free_port(nobody);
    const SOCKET socket = impl_->open_tcp();
    start_connect(socket, port_of(nobody));
    return Handle(std::uintptr_t{socket});
}

Handle World::accept(Handle listener) {
    const SOCKET socket = impl_->accept_at(listener.value());
    return Handle(std::uintptr_t{socket});
}

Transfer World::send(Handle socket, std::size_t bytes) {
    static constexpr std::array<char, chunk_size> zeros = {};
    return in_chunks(bytes,
                     [&](int size) { return ::send(socket.value(), zeros.data(), size, 0); });
}

Transfer World::receive(Handle socket, std::size_t bytes) {
    std::array<char, chunk_size> buffer;
    return in_chunks(bytes,
                     [&](int size) { return ::recv(socket.value(), buffer.data(), size, 0); });
}

void World::send_urgent(Handle socket) {
    const char byte = 'u';
    check_socket_call(::send(socket.value(), &byte, 1, MSG_OOB), "send(MSG_OOB)");
}

void World::keep_urgent_inline(Handle socket) {
    set_option(socket.value(), SO_OOBINLINE, BOOL{TRUE});
}

void World::shutdown_send(Handle socket) {
    check_socket_call(::shutdown(socket.value(), SD_SEND), "shutdown");
}

void World::reset(Handle socket) {
    set_option(socket.value(), SO_LINGER, linger{1, 0});
    impl_->close_socket(socket.value());
}

void World::close(Handle socket) { impl_->close_socket(socket.value()); }

void World::close_handle(Handle handle) {
    impl_->forget(handle);
    if (::CloseHandle(handle.native()) == FALSE) {
        fail("CloseHandle");
    }
}

bool World::recycle(Handle wanted, SocketPair& pair) {
    constexpr int tries = 2048;
    // Those that came out wrong stay open until the end, so that each try gets another number.
    std::vector<SOCKET> wrong;
    SOCKET right = INVALID_SOCKET;
    while (right == INVALID_SOCKET && wrong.size() < tries) {
        const SOCKET socket = impl_->open_tcp();
        if (socket == wanted.value()) {
            right = socket;
        } else {
            wrong.push_back(socket);
        }
    }
    for (const SOCKET socket : wrong) {
        impl_->close_socket(socket);
    }
    if (right == INVALID_SOCKET) {
        return false;
    }
    pair = impl_->pair_up(right);
    return true;
}

Handle World::thing(Thing kind) {
    const Made made = make_thing(kind);
    if (made.other_end != nullptr) {
        static_cast<void>(impl_->keep(made.other_end));
    }
    return impl_->keep(made.handle);
}

Handle World::find_doorbell() {
    for (std::uintptr_t value = 4; value < 0x10000; value += 4) {
        sockaddr_in own{};
        sockaddr_in peer{};
        int own_size = sizeof(own);
        int peer_size = sizeof(peer);
        if (::getsockname(value, reinterpret_cast<sockaddr*>(&own), &own_size) == 0 &&
            ::getpeername(value, reinterpret_cast<sockaddr*>(&peer), &peer_size) == 0 &&
            own.sin_port == peer.sin_port && own.sin_addr.s_addr == peer.sin_addr.s_addr) {
            return Handle{value};
        }
    }
    return {};
}

Handle World::never_a_handle() {
    // A multiple of four, as handles are, far above the 16 million that a process can have.
    return Handle(std::uintptr_t{0x7FFFFFF0});
}

Handle World::duplicate(Handle handle) {
    WSAPROTOCOL_INFOW socket{};
    if (::WSADuplicateSocketW(handle.value(), ::GetCurrentProcessId(), &socket) == 0) {
        const SOCKET copy =
            check_socket(::WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO,
                                      &socket, 0, WSA_FLAG_OVERLAPPED),
                         "WSASocketW");
        return Handle(std::uintptr_t{impl_->keep(copy)});
    }
    return impl_->keep(duplicate_native(handle.native()));
}

std::error_code World::start_receive(Handle socket, void* overlapped, void* buffer,
                                     std::size_t size) {
    WSABUF where = {static_cast<ULONG>(size), static_cast<char*>(buffer)};
    DWORD flags = 0;
    if (::WSARecv(socket.value(), &where, 1, nullptr, &flags,
                  static_cast<WSAOVERLAPPED*>(overlapped), nullptr) == SOCKET_ERROR) {
        const int code = ::WSAGetLastError();
        if (code != WSA_IO_PENDING) {
            return win32_error(static_cast<std::uint32_t>(code));
        }
    }
    return {};
}

void World::cancel(Handle socket, void* overlapped) {
    // ERROR_NOT_FOUND: it has completed meanwhile, and its packet comes all the same.
    if (::CancelIoEx(socket.native(), static_cast<OVERLAPPED*>(overlapped)) == FALSE &&
        ::GetLastError() != ERROR_NOT_FOUND) {
        fail("CancelIoEx");
    }
}

void World::post_packet(Handle port, std::uintptr_t key, std::uint32_t bytes, void* overlapped) {
    if (::PostQueuedCompletionStatus(port.native(), bytes, key,
                                     static_cast<OVERLAPPED*>(overlapped)) == FALSE) {
        fail("PostQueuedCompletionStatus");
    }
}

void World::beside(std::function<void()> action) {
    std::thread thread([this, action = std::move(action)] {
        try {
            action();
        } catch (...) {
            const std::scoped_lock lock(impl_->mutex);
            if (!impl_->failure) {
                impl_->failure = std::current_exception();
            }
        }
    });
    const std::scoped_lock lock(impl_->mutex);
    impl_->threads.push_back(std::move(thread));
}

void World::join() {
    std::vector<std::thread> threads;
    {
        const std::scoped_lock lock(impl_->mutex);
        threads.swap(impl_->threads);
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    if (std::exception_ptr failure = std::exchange(impl_->failure, nullptr)) {
        std::rethrow_exception(failure);
    }
}

}  // namespace wakepoll::test
