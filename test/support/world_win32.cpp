// The outside world on Windows: the sockets, and what runs beside the test. See world.hpp.
//
// It makes its own system calls and uses only the public types of the library, so that a mistake in
// lib/sys cannot hide behind the same mistake here. Every wait is bounded.
#include "support/world.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "support/world_win32_impl.hpp"
#include "wakepoll/error.hpp"

namespace wakepoll::test {
namespace {

/// Large enough that a test's send or receive is one call, and a UDP datagram always is.
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

World::World() : impl_(std::make_unique<Impl>()) {}

World::~World() {
    for (std::thread& thread : impl_->threads) {
        thread.join();
    }
}

Handle World::tcp_socket() { return Handle(std::uintptr_t{impl_->open_tcp()}); }

Handle World::synchronous_socket() {
    return Handle(
        std::uintptr_t{impl_->open(SOCK_STREAM, IPPROTO_TCP, WSA_FLAG_NO_HANDLE_INHERIT)});
}
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

Handle World::udp_loop() {
    const SOCKET socket = impl_->open_udp();
    bind_to_free_port(socket);
    start_connect(socket, port_of(socket));
    return Handle(std::uintptr_t{socket});
}

Handle World::bound_udp() {
    const SOCKET socket = impl_->open_udp();
    bind_to_free_port(socket);
    return Handle(std::uintptr_t{socket});
}

void World::connect(Handle socket, Handle listener) {
    start_connect(socket.value(), port_of(listener.value()));
}

Handle World::connecting(Handle listener) {
    const Handle socket = tcp_socket();
    connect(socket, listener);
    return socket;
}

void World::connect_refused(Handle socket) {
    const std::vector<std::byte> address = refused_address();
    start_connect(socket.value(), reinterpret_cast<const sockaddr_in*>(address.data())->sin_port);
}

Handle World::connecting_refused() {
    const Handle socket = tcp_socket();
    connect_refused(socket);
    return socket;
}

void World::listen(Handle socket) {
    sockaddr_in address = {};
    int size = sizeof(address);
    if (::getsockname(socket.value(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        bind_to_free_port(socket.value());  // It is not bound.
    }
    check_socket_call(::listen(socket.value(), SOMAXCONN), "listen");
}

Handle World::connecting_to_silence() {
    // The backlog takes one connection; Linux, below Wine, does not answer later ones.
    const SOCKET full = impl_->open_listener(0);
    const Handle first = connecting(Handle(std::uintptr_t{full}));
    await(first.value(), Direction::write);
    await(full, Direction::read);
    return connecting(Handle(std::uintptr_t{full}));
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

Transfer World::receive_urgent(Handle socket) {
    char byte = 0;
    return in_chunks(1, [&](int size) { return ::recv(socket.value(), &byte, size, MSG_OOB); });
}

void World::keep_urgent_inline(Handle socket) {
    set_option(socket.value(), SO_OOBINLINE, BOOL{TRUE});
}

void World::shutdown_send(Handle socket) {
    check_socket_call(::shutdown(socket.value(), SD_SEND), "shutdown");
}

void World::shutdown_receive(Handle socket) {
    check_socket_call(::shutdown(socket.value(), SD_RECEIVE), "shutdown");
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
    // The wrong ones stay open until the end, so that each try gets another number.
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

std::vector<std::byte> World::address_of(Handle socket) {
    const sockaddr_in address = loopback(port_of(socket.value()));
    const auto bytes = std::as_bytes(std::span(&address, 1));
    return {bytes.begin(), bytes.end()};
}

std::vector<std::byte> World::refused_address() {
    // Bound and not listening: the port refuses connections, and no other program can get it.
    const Handle bound = tcp_socket();
    bind_to_free_port(bound.value());
    return address_of(bound);
}

void World::queue_apc(std::function<void()> action) {
    auto owned = std::make_unique<std::function<void()>>(std::move(action));
    // Not a lambda, which has another calling convention on 32-bit Windows.
    struct Call {
        static void CALLBACK run(ULONG_PTR function) {
            const std::unique_ptr<std::function<void()>> taken(
                reinterpret_cast<std::function<void()>*>(function));
            (*taken)();
        }
    };
    if (::QueueUserAPC(Call::run, ::GetCurrentThread(), reinterpret_cast<ULONG_PTR>(owned.get())) ==
        0) {
        fail("QueueUserAPC");
    }
    static_cast<void>(owned.release());
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

bool runs_on_wine() {
    return ::GetProcAddress(::GetModuleHandleW(L"ntdll.dll"), "wine_get_version") != nullptr;
}

}  // namespace wakepoll::test
