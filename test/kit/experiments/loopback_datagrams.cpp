// Does a datagram that a socket sends to itself arrive, how long does it take, and does the sender
// notice when one is dropped?
#include <algorithm>

#include "bare.hpp"
#include "experiments.hpp"

namespace wakepoll::experiments {
namespace {

constexpr int patience_ms = 1'000;
constexpr int enough_lost = 5;

bool becomes_readable(const Socket& socket, int ms) {
    WSAPOLLFD entry = {};
    entry.fd = socket.get();
    entry.events = POLLRDNORM;
    const int count = ::WSAPoll(&entry, 1, ms);
    if (count == SOCKET_ERROR) {
        throw Failure("WSAPoll", static_cast<unsigned long>(::WSAGetLastError()));
    }
    return count == 1 && (entry.revents & POLLRDNORM) != 0;
}

/// More than fits into the buffer: some have to be dropped, or refused.
std::string overfill() {
    constexpr int many = 2'000;
    const Socket socket = loopback_datagrams();
    const int room = 4'096;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, reinterpret_cast<const char*>(&room),
                 sizeof(room));
    const char datagram[100] = {};
    int taken = 0;
    for (int i = 0; i < many; ++i) {
        taken += ::send(socket.get(), datagram, sizeof(datagram), 0) ==
                         static_cast<int>(sizeof(datagram))
                     ? 1
                     : 0;
    }
    int came = 0;
    char buffer[sizeof(datagram)];
    while (becomes_readable(socket, 100)) {
        came += ::recv(socket.get(), buffer, sizeof(buffer), 0) > 0 ? 1 : 0;
    }
    show("into a small buffer: of " + std::to_string(many) + " datagrams " + std::to_string(taken) +
         " were taken by send and " + std::to_string(came) + " came");
    if (came == taken) {
        return taken == many ? "none was dropped where the buffer was small"
                             : "send refuses what does not fit";
    }
    return "where the buffer is full send succeeds and the datagram is lost";
}

}  // namespace

std::string loopback_datagrams_heard(const Extent& extent) {
    const Socket socket = loopback_datagrams();
    const int wanted = extent.rounds(2'000, 100);
    std::vector<double> times;
    int sent = 0;
    int lost = 0;
    while (sent < wanted && lost < enough_lost && !extent.is_over()) {
        const auto begin = std::chrono::steady_clock::now();
        send_byte(socket);
        ++sent;
        if (!becomes_readable(socket, patience_ms)) {
            ++lost;
            continue;
        }
        times.push_back(microseconds_since(begin));
        char byte = 0;
        ::recv(socket.get(), &byte, 1, 0);
    }
    const double longest = times.empty() ? 0 : *std::max_element(times.begin(), times.end());
    show("sent one at a time: " + std::to_string(sent) + ", heard " + std::to_string(times.size()) +
         "; median " + decimal(median(times)) + " us, longest " + decimal(longest) + " us");
    const std::string full = overfill();
    return "of " + std::to_string(sent) + " datagrams over loopback " +
           std::to_string(times.size()) + " were heard, in " + decimal(median(times)) +
           " us as a rule; " + full;
}

}  // namespace wakepoll::experiments
