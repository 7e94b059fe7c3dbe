// Runs what the README shows: its server, on a free port, against one client.
#define main readme_main
#include "readme_example.hpp"
#undef main

#include <cstdio>
#include <string_view>
#include <thread>

namespace {

/// Has `text` echoed by the server on this port.
bool is_echoed(u_short port, std::string_view text) {
    const SOCKET client = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    constexpr DWORD patience = 120'000;
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, reinterpret_cast<const char*>(&patience),
               sizeof(patience));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = port;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bool good = connect(client, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 &&
                send(client, text.data(), static_cast<int>(text.size()), 0) ==
                    static_cast<int>(text.size());
    for (std::size_t at = 0; good && at < text.size();) {
        char byte = 0;
        good = recv(client, &byte, 1, 0) == 1 && byte == text[at++];
    }
    closesocket(client);
    return good;
}

}  // namespace

int main() {
    OsPoller poller = OsPoller::create().value();
    const SOCKET listener = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int size = sizeof(address);
    if (bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        listen(listener, 5) != 0 ||
        getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        return 1;
    }
    bool good = false;
    {
        const std::jthread client([&good, port = address.sin_port, waker = poller.waker()] {
            good = is_echoed(port, "hello") && is_echoed(port, "and again");
            (void)waker.wake();
        });
        serve(poller, listener);
    }
    closesocket(listener);
    std::puts(good ? "echoed" : "not echoed");
    return good ? 0 : 1;
}
