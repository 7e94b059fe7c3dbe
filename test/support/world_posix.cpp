// The outside world on Linux: real sockets for real epoll. See world.hpp.
//
// Only what the conformance scenarios use has a body here; a test that needs more of a World does
// not link. Errors are of the generic category and compare equal to the same std::errc. Every wait
// is bounded.
#include "world.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <future>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

namespace wakepoll::test {
namespace {

constexpr int patience_milliseconds = 300'000;

[[noreturn]] void fail(const char* call) {
    throw std::system_error(errno, std::generic_category(), call);
}

int checked(int result, const char* call) {
    if (result < 0) {
        fail(call);
    }
    return result;
}

int number(Handle handle) { return static_cast<int>(handle.value()); }
Handle handle_of(int number) { return Handle(static_cast<std::uintptr_t>(number)); }

template <class T>
void set_option(int socket, int level, int name, const T& value) {
    checked(::setsockopt(socket, level, name, &value, sizeof(value)), "setsockopt");
}

sockaddr_in loopback() {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

void bind_to_free_port(int socket) {
    const sockaddr_in address = loopback();
    checked(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), "bind");
}

sockaddr_in address_of_socket(int socket) {
    sockaddr_in address = {};
    socklen_t size = sizeof(address);
    checked(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
    return address;
}

void start_connect(int socket, const sockaddr_in& address) {
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) < 0 &&
        errno != EINPROGRESS && errno != ECONNREFUSED) {
        fail("connect");
    }
}

void await(int socket, short events) {
    pollfd entry = {socket, events, 0};
    if (checked(::poll(&entry, 1, patience_milliseconds), "poll") == 0) {
        errno = ETIMEDOUT;
        fail("poll");
    }
}

Transfer moved(ssize_t bytes) {
    return bytes < 0 ? Transfer{0, {errno, std::generic_category()}}
                     : Transfer{static_cast<std::size_t>(bytes), {}};
}

}  // namespace

struct World::Impl {
    std::mutex mutex;  ///< Guards the set; actions run beside the test use the World too.
    std::set<int> open;
    std::vector<std::future<void>> beside;

    Impl() = default;
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() {
        beside.clear();  // Waits for them.
        for (const int number : open) {
            ::close(number);
        }
    }

    int keep(int number) {
        const std::scoped_lock lock(mutex);
        open.insert(number);
        return number;
    }

    int socket(int type) {
        return keep(checked(::socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket"));
    }

    int listener(int backlog) {
        const int made = socket(SOCK_STREAM);
        bind_to_free_port(made);
        checked(::listen(made, backlog), "listen");
        return made;
    }

    void close(int number) {
        // Forgotten first: once closed, another thread may get the same number.
        {
            const std::scoped_lock lock(mutex);
            open.erase(number);
        }
        checked(::close(number), "close");
    }
};

World::World() : impl_(std::make_unique<Impl>()) {}
World::~World() = default;

Handle World::tcp_socket() { return handle_of(impl_->socket(SOCK_STREAM)); }
Handle World::udp_socket() { return handle_of(impl_->socket(SOCK_DGRAM)); }
Handle World::listener() { return handle_of(impl_->listener(SOMAXCONN)); }

SocketPair World::tcp_pair() {
    const Handle listening = listener();
    const Handle local = connecting(listening);
    await(number(listening), POLLIN);
    const Handle peer = accept(listening);
    await(number(local), POLLOUT);
    close(listening);
    for (const Handle end : {local, peer}) {
        set_option(number(end), IPPROTO_TCP, TCP_NODELAY, 1);
    }
    return {local, peer};
}

SocketPair World::udp_pair() {
    const int local = impl_->socket(SOCK_DGRAM);
    const int peer = impl_->socket(SOCK_DGRAM);
    bind_to_free_port(local);
    bind_to_free_port(peer);
    start_connect(local, address_of_socket(peer));
    start_connect(peer, address_of_socket(local));
    return {handle_of(local), handle_of(peer)};
}

void World::connect(Handle socket, Handle listener) {
    start_connect(number(socket), address_of_socket(number(listener)));
}

Handle World::connecting(Handle listener) {
    const Handle socket = tcp_socket();
    connect(socket, listener);
    return socket;
}

void World::connect_refused(Handle socket) {
    // Bound and not listening: the port refuses connections, and no other program can get it.
    const Handle bound = tcp_socket();
    bind_to_free_port(number(bound));
    connect(socket, bound);
}

Handle World::connecting_refused() {
    const Handle socket = tcp_socket();
    connect_refused(socket);
    return socket;
}

void World::listen(Handle socket) { checked(::listen(number(socket), SOMAXCONN), "listen"); }

Handle World::connecting_to_silence() {
    const Handle full = handle_of(impl_->listener(0));
    const Handle first = connecting(full);
    await(number(first), POLLOUT);
    await(number(full), POLLIN);
    return connecting(full);
}

Handle World::accept(Handle listener) {
    const int accepted =
        ::accept4(number(listener), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        return {};
    }
    return handle_of(impl_->keep(checked(accepted, "accept4")));
}

Transfer World::send(Handle socket, std::size_t bytes) {
    const std::vector<std::byte> zeros(bytes);
    return put(socket, zeros);
}

Transfer World::receive(Handle socket, std::size_t bytes) {
    std::vector<std::byte> buffer(bytes);
    return take(socket, buffer);
}

Transfer World::put(Handle handle, std::span<const std::byte> bytes) {
    return moved(::send(number(handle), bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

Transfer World::take(Handle handle, std::span<std::byte> bytes) {
    return moved(::recv(number(handle), bytes.data(), bytes.size(), 0));
}

void World::send_urgent(Handle socket) {
    const char byte = 'u';
    if (checked(static_cast<int>(::send(number(socket), &byte, 1, MSG_OOB | MSG_NOSIGNAL)),
                "send(MSG_OOB)") != 1) {
        fail("send(MSG_OOB)");
    }
}

Transfer World::receive_urgent(Handle socket) {
    char byte = 0;
    return moved(::recv(number(socket), &byte, 1, MSG_OOB));
}

void World::keep_urgent_inline(Handle socket) {
    set_option(number(socket), SOL_SOCKET, SO_OOBINLINE, 1);
}

void World::shutdown_send(Handle socket) {
    checked(::shutdown(number(socket), SHUT_WR), "shutdown");
}

void World::shutdown_receive(Handle socket) {
    checked(::shutdown(number(socket), SHUT_RD), "shutdown");
}

void World::reset(Handle socket) {
    set_option(number(socket), SOL_SOCKET, SO_LINGER, linger{1, 0});
    close(socket);
}

void World::close(Handle socket) { impl_->close(number(socket)); }

bool World::recycle(Handle wanted, SocketPair& pair) {
    const SocketPair made = tcp_pair();
    if (made.local != wanted) {
        impl_->keep(checked(::dup2(number(made.local), number(wanted)), "dup2"));
        close(made.local);
    }
    pair = {wanted, made.peer};
    return true;
}

Handle World::thing(Thing kind) {
    switch (kind) {
        case Thing::disk_file: {
            std::FILE* const file = std::tmpfile();
            if (file == nullptr) {
                fail("tmpfile");
            }
            const int copy = ::fcntl(::fileno(file), F_DUPFD_CLOEXEC, 0);
            std::fclose(file);
            return handle_of(impl_->keep(checked(copy, "fcntl")));
        }
        case Thing::directory:
            return handle_of(impl_->keep(checked(::open("/", O_RDONLY | O_CLOEXEC), "open")));
        case Thing::null_device:
            return handle_of(impl_->keep(checked(::open("/dev/null", O_RDWR | O_CLOEXEC), "open")));
        default:
            errno = ENOTSUP;
            fail("thing");
    }
}

Handle World::never_a_handle() { return Handle(std::uintptr_t{0x7FFFFFF0}); }

Handle World::duplicate(Handle handle) {
    return handle_of(
        impl_->keep(checked(::fcntl(number(handle), F_DUPFD_CLOEXEC, 0), "fcntl(F_DUPFD)")));
}

void World::beside(std::function<void()> action) {
    impl_->beside.push_back(std::async(std::launch::async, std::move(action)));
}

void World::join() {
    for (std::future<void>& action : std::exchange(impl_->beside, {})) {
        action.get();
    }
}

}  // namespace wakepoll::test
