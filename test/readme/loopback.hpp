// The peer of the pages' examples: blocking sockets on 127.0.0.1.
#pragma once

#include <winsock2.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "wakepoll/wakepoll.hpp"

namespace wakepoll::test {

class LoopbackSocket {
public:
    explicit LoopbackSocket(SOCKET made) : socket_(made) {
        constexpr DWORD patience = 120'000;
        setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, reinterpret_cast<const char*>(&patience),
                   sizeof patience);
    }
    LoopbackSocket(LoopbackSocket&& other) noexcept
        : socket_(std::exchange(other.socket_, INVALID_SOCKET)) {}
    LoopbackSocket& operator=(LoopbackSocket&&) = delete;
    ~LoopbackSocket() { close(); }

    [[nodiscard]] SOCKET get() const { return socket_; }
    SOCKET release() { return std::exchange(socket_, INVALID_SOCKET); }
    void close() { closesocket(std::exchange(socket_, INVALID_SOCKET)); }

    [[nodiscard]] bool sends(std::string_view text) const {
        return send(socket_, text.data(), static_cast<int>(text.size()), 0) ==
               static_cast<int>(text.size());
    }

    /// Receives up to this many bytes, or to the end of the stream.
    [[nodiscard]] std::string receive(std::size_t bytes) const {
        std::string text(bytes, '\0');
        std::size_t filled = 0;
        for (int count = 1; filled < bytes && count > 0;) {
            count = recv(socket_, text.data() + filled, static_cast<int>(bytes - filled), 0);
            filled += count > 0 ? static_cast<std::size_t>(count) : 0;
        }
        text.resize(filled);
        return text;
    }

    [[nodiscard]] bool has_echoed(std::string_view text) const {
        return sends(text) && receive(text.size()) == text;
    }

private:
    SOCKET socket_;
};

/// Listens on a free port. The poller that each test creates first starts Winsock.
class LoopbackListener {
public:
    LoopbackListener() : socket_(socket(AF_INET, SOCK_STREAM, IPPROTO_TCP)) {
        address_.sin_family = AF_INET;
        address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        int size = sizeof address_;
        listens_ = bind(socket_.get(), address(), size) == 0 && listen(socket_.get(), 5) == 0 &&
                   getsockname(socket_.get(), address(), &size) == 0;
    }

    [[nodiscard]] bool listens() const { return listens_; }
    [[nodiscard]] SOCKET get() const { return socket_.get(); }
    [[nodiscard]] const sockaddr_in& where() const { return address_; }
    void close() { socket_.close(); }

    [[nodiscard]] LoopbackSocket accept() const {
        return LoopbackSocket(::accept(socket_.get(), nullptr, nullptr));
    }
    [[nodiscard]] LoopbackSocket connect() const {
        LoopbackSocket client(socket(AF_INET, SOCK_STREAM, IPPROTO_TCP));
        ::connect(client.get(), reinterpret_cast<const sockaddr*>(&address_), sizeof address_);
        return client;
    }

private:
    sockaddr* address() { return reinterpret_cast<sockaddr*>(&address_); }

    LoopbackSocket socket_;
    sockaddr_in address_{};
    bool listens_ = false;
};

}  // namespace wakepoll::test
