// A small but complete echo server on OsPoller: readiness, level-triggered, one thread.
//
// usage: echo_server [--port N] [--connections N] Listens on 127.0.0.1 (by default on any free
// port), prints the port, and sends back what it receives, until the given number of connections
// have come and gone.
//
// It handles what a real server has to: a send may take only a part, and the rest waits until there
// is room; write interest is set only while something waits; a client that does not read its
// answers is not read from; a client that has finished sending still gets every answer and then the
// server's FIN; an error ends only its own connection. OsPoller takes sockets as numbers, so the
// program includes Winsock itself, and starts it before anything else.
#include <winsock2.h>
// Winsock comes first.
#include <ws2tcpip.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <unordered_map>

#include "wakepoll/wakepoll.hpp"

namespace {

using wakepoll::any;
using wakepoll::IoInterest;

constexpr std::size_t backlog_limit = 64 * 1024;

std::error_code winsock_error() {
    return wakepoll::win32_error(static_cast<std::uint32_t>(WSAGetLastError()));
}

[[noreturn]] void die(const char* what, std::error_code error) {
    std::fprintf(stderr, "echo_server: %s: %s\n", what, error.message().c_str());
    std::exit(EXIT_FAILURE);
}

class EchoServer {
public:
    EchoServer(wakepoll::OsPoller& poller, std::uint16_t port) : poller_(poller) {
        listener_ = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        int length = sizeof address;
        u_long non_blocking = 1;
        if (listener_ == INVALID_SOCKET || ioctlsocket(listener_, FIONBIO, &non_blocking) != 0 ||
            bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
            listen(listener_, SOMAXCONN) != 0 ||
            getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
            die("listen", winsock_error());
        }
        // Every event returns the user data; here it is the socket itself.
        if (const wakepoll::Result<void> done =
                poller_.register_handle(listener_, IoInterest::read, listener_);
            !done) {
            die("register", done.error());
        }
        std::printf("listening on 127.0.0.1:%u\n", static_cast<unsigned>(ntohs(address.sin_port)));
        std::fflush(stdout);
    }

    // Serves until `connections` have come and gone; forever if that is 0.
    void run(std::uint64_t connections) {
        std::array<wakepoll::NativeEvent, 64> events;
        while (connections == 0 || closed_ < connections) {
            const wakepoll::WaitResult result = poller_.wait(events);
            for (const wakepoll::NativeEvent& event : result.events()) {
                const auto ready = static_cast<SOCKET>(event.data.u64);
                if (ready == listener_) {
                    accept_all();
                } else {
                    serve(ready, event.events);
                }
            }
            if (result.error) {
                die("wait", result.error);
            }
        }
        (void)poller_.unregister_handle(listener_);
        closesocket(listener_);
        std::printf("connections=%llu\nbytes=%llu\n", static_cast<unsigned long long>(closed_),
                    static_cast<unsigned long long>(bytes_));
    }

private:
    struct Connection {
        std::string pending;  // received, not sent yet
        IoInterest interest = IoInterest::read;
        bool peer_finished = false;
    };

    void accept_all() {
        for (;;) {
            // A socket inherits the listener's non-blocking mode.
            const SOCKET accepted = accept(listener_, nullptr, nullptr);
            if (accepted == INVALID_SOCKET) {
                return;
            }
            if (!poller_.register_handle(accepted, IoInterest::read, accepted)) {
                closesocket(accepted);  // all slots are taken
                ++closed_;
                continue;
            }
            connections_.emplace(accepted, Connection{});
        }
    }

    void serve(SOCKET socket, std::uint32_t events) {
        Connection& connection = connections_.at(socket);
        // After a reset the peer takes no answer.
        bool alive = !any(events & wakepoll::mask::err);
        if (alive && any(events & (wakepoll::mask::in | wakepoll::mask::hup))) {
            alive = receive(socket, connection);
        }
        alive = alive && send_pending(socket, connection);
        if (alive && connection.peer_finished && connection.pending.empty()) {
            shutdown(socket, SD_SEND);
            alive = false;
        }
        if (!alive || !update_interest(socket, connection)) {
            // Unregister first: Windows may give the number to the next socket immediately.
            (void)poller_.unregister_handle(socket);
            closesocket(socket);
            connections_.erase(socket);
            ++closed_;
        }
    }

    // One read: the next wait reports again what it leaves. False after an error.
    bool receive(SOCKET socket, Connection& connection) {
        if (connection.peer_finished || connection.pending.size() >= backlog_limit) {
            return true;
        }
        std::array<char, 16 * 1024> buffer;
        const int count = recv(socket, buffer.data(), static_cast<int>(buffer.size()), 0);
        if (count < 0) {
            return WSAGetLastError() == WSAEWOULDBLOCK;
        }
        connection.peer_finished = count == 0;
        connection.pending.append(buffer.data(), static_cast<std::size_t>(count));
        return true;
    }

    bool send_pending(SOCKET socket, Connection& connection) {
        while (!connection.pending.empty()) {
            const int count = send(socket, connection.pending.data(),
                                   static_cast<int>(connection.pending.size()), 0);
            if (count < 0) {
                return WSAGetLastError() == WSAEWOULDBLOCK;
            }
            bytes_ += static_cast<std::uint64_t>(count);
            connection.pending.erase(0, static_cast<std::size_t>(count));
        }
        return true;
    }

    // Reads while the peer sends and there is room for it; sets write interest only while something
    // waits to be sent. (A socket has room nearly always, so permanent write interest would end
    // every wait immediately.)
    bool update_interest(SOCKET socket, Connection& connection) {
        IoInterest wanted = IoInterest::none;
        if (!connection.peer_finished && connection.pending.size() < backlog_limit) {
            wanted |= IoInterest::read;
        }
        if (!connection.pending.empty()) {
            wanted |= IoInterest::write;
        }
        if (wanted != connection.interest) {
            connection.interest = wanted;
            return poller_.modify_handle(socket, wanted, socket).has_value();
        }
        return true;
    }

    wakepoll::OsPoller& poller_;
    SOCKET listener_ = INVALID_SOCKET;
    std::unordered_map<SOCKET, Connection> connections_;
    std::uint64_t closed_ = 0;
    std::uint64_t bytes_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    unsigned long port = 0;
    unsigned long connections = 0;
    for (int i = 1; i < argc; i += 2) {
        char* rest = nullptr;
        const unsigned long number = i + 1 < argc ? std::strtoul(argv[i + 1], &rest, 10) : 0;
        const bool is_number = rest != nullptr && rest != argv[i + 1] && *rest == '\0';
        if (is_number && number <= 65535 && std::strcmp(argv[i], "--port") == 0) {
            port = number;
        } else if (is_number && std::strcmp(argv[i], "--connections") == 0) {
            connections = number;
        } else {
            std::fprintf(stderr, "usage: echo_server [--port N] [--connections N]\n");
            return 2;
        }
    }

    WSADATA winsock{};
    if (const int code = WSAStartup(MAKEWORD(2, 2), &winsock); code != 0) {
        die("WSAStartup", wakepoll::win32_error(static_cast<std::uint32_t>(code)));
    }
    {
        wakepoll::Result<wakepoll::OsPoller> poller = wakepoll::OsPoller::create();
        if (!poller) {
            die("create", poller.error());
        }
        EchoServer server(*poller, static_cast<std::uint16_t>(port));
        server.run(connections);
    }
    WSACleanup();
}
