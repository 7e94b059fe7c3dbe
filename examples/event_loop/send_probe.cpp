// Opens a few connections, with both ends on this thread.
#include "send_probe.hpp"

#include <winsock2.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <system_error>
#include <vector>

namespace example {

namespace {

constexpr int buffer_bytes = 16 * 1024;
constexpr int block_bytes = 1024 * 1024;  // Far more than the buffers of both ends hold.
constexpr DWORD patience = 60'000;        // milliseconds without a byte
constexpr int settle_milliseconds = 100;
constexpr int tries = 8;

void require(bool good, const char* call) {
    if (!good) {
        throw std::system_error(WSAGetLastError(), std::system_category(), call);
    }
}

class Socket {
public:
    explicit Socket(SOCKET socket) : socket_(socket) {
        require(socket_ != INVALID_SOCKET, "socket");
    }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket() { closesocket(socket_); }

    operator SOCKET() const { return socket_; }  // NOLINT(google-explicit-constructor)

    template <class Value>
    void set(int name, Value value) const {
        require(setsockopt(socket_, SOL_SOCKET, name, reinterpret_cast<const char*>(&value),
                           sizeof value) == 0,
                "setsockopt");
    }

private:
    SOCKET socket_;
};

struct Event {
    Event() { require(handle != WSA_INVALID_EVENT, "WSACreateEvent"); }
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    ~Event() { WSACloseEvent(handle); }

    WSAEVENT handle = WSACreateEvent();
};

struct Connection {
    Connection(const Socket& listener, sockaddr_in address)
        : receiver(socket(AF_INET, SOCK_STREAM, IPPROTO_TCP)) {
        receiver.set(SO_RCVBUF, buffer_bytes);
        receiver.set(SO_RCVTIMEO, patience);
        require(connect(receiver, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0,
                "connect");
        sender.emplace(accept(listener, nullptr, nullptr));
        // From now on the system waits for the end of the stream, as it does for a server. (This
        // also makes the socket non-blocking.)
        require(WSAEventSelect(*sender, ended.handle, FD_CLOSE) == 0, "WSAEventSelect");
    }

    // Sends until there is no room. Any four bytes identify their position.
    void fill() {
        std::uint64_t bytes = 0;
        for (;;) {
            while (taken.size() * 4 < bytes + block_bytes) {
                taken.push_back(static_cast<std::uint32_t>(taken.size()));
            }
            const int sent =
                send(*sender, reinterpret_cast<const char*>(taken.data()) + bytes, block_bytes, 0);
            if (sent < 0) {
                require(WSAGetLastError() == WSAEWOULDBLOCK, "send");
                taken.resize(static_cast<std::size_t>(bytes / 4));
                return;
            }
            bytes += static_cast<std::uint64_t>(sent);
        }
    }

    bool arrives_after_a_half_close() const {
        require(shutdown(receiver, SD_SEND) == 0, "shutdown");
        require(WaitForSingleObject(ended.handle, patience) == WAIT_OBJECT_0, "FD_CLOSE");
        require(shutdown(*sender, SD_SEND) == 0, "shutdown");
        // Up to the end of the stream, or until a byte is missing.
        std::vector<std::uint32_t> received(taken.size() + 1);
        std::size_t bytes = 0;
        for (int got = 1; got > 0;) {
            got = recv(receiver, reinterpret_cast<char*>(received.data()) + bytes,
                       static_cast<int>(received.size() * 4 - bytes), 0);
            require(got >= 0 || WSAGetLastError() == WSAETIMEDOUT, "recv");
            bytes += static_cast<std::size_t>(got > 0 ? got : 0);
        }
        received.resize(bytes / 4);
        return received == taken;
    }

    Event ended;
    Socket receiver;
    std::optional<Socket> sender;
    std::vector<std::uint32_t> taken;
};

}  // namespace

bool loses_what_a_send_has_taken() {
    const Socket listener(socket(AF_INET, SOCK_STREAM, IPPROTO_TCP));
    listener.set(SO_SNDBUF, buffer_bytes);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int length = sizeof address;
    auto* const name = reinterpret_cast<sockaddr*>(&address);
    require(bind(listener, name, length) == 0 && listen(listener, 1) == 0 &&
                getsockname(listener, name, &length) == 0,
            "listen");
    std::vector<std::unique_ptr<Connection>> connections;
    for (int i = 0; i < tries; ++i) {
        connections.push_back(std::make_unique<Connection>(listener, address));
        connections.back()->fill();
    }
    // The fault shows where nothing but the end of the stream moves, so let the buffers settle. The
    // result does not depend on this time: one of many tries is enough.
    WSAPOLLFD full = {.fd = *connections.back()->sender, .events = POLLWRNORM, .revents = 0};
    (void)WSAPoll(&full, 1, settle_milliseconds);
    bool all_arrived = true;
    for (const auto& connection : connections) {
        all_arrived = connection->arrives_after_a_half_close() && all_arrived;
    }
    return !all_arrived;
}

}  // namespace example
