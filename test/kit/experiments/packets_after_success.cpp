// Does a packet come although a request was answered at once and the device skips packets on
// success?
#include "bare.hpp"
#include "experiments.hpp"

namespace wakepoll::experiments {
namespace {

struct Case {
    const char* name;
    bool skip;
    bool ready;  ///< Otherwise it is asked with timeout 0.
    std::size_t sockets;
};

constexpr Case cases[] = {
    {"one ready socket", true, true, 1},
    {"sixteen ready sockets", true, true, 16},
    {"a quiet socket, timeout 0", true, false, 1},
    {"one ready socket, packets not skipped", false, true, 1},
};

struct Counts {
    int at_once = 0;
    int packets = 0;
    int late = 0;  ///< Of these, behind a packet that was posted after the answer.
    NTSTATUS status = 0;
};

/// Takes what is there; true if the marker is among it.
bool take_all(const Port& port, const Request& request, const OVERLAPPED& marker, DWORD ms,
              int& packets) {
    OVERLAPPED* packet = nullptr;
    while (port.take(ms, packet)) {
        if (packet == &marker) {
            return true;
        }
        packets += request.owns(packet) ? 1 : 0;
    }
    return false;
}

Counts play(const Case& one, int rounds) {
    constexpr DWORD patience_ms = 5'000;
    constexpr DWORD time_to_be_late_ms = 100;
    const Port port;
    const Owned device = port.open_device(one.skip);
    std::vector<Socket> sockets;
    for (std::size_t i = 0; i < one.sockets; ++i) {
        sockets.push_back(loopback_datagrams());
    }
    Counts counts;
    // The memory stays until all packets have come.
    std::vector<Request> requests;
    requests.reserve(static_cast<std::size_t>(rounds));
    for (int round = 0; round < rounds; ++round) {
        requests.emplace_back(one.sockets);
        Request& request = requests.back();
        for (const Socket& socket : sockets) {
            request.add(socket.get(), one.ready ? send_bit : receive_bit);
        }
        if (!one.ready) {
            request.set_timeout(0);
        }
        counts.status = request.submit(device.get());
        if (counts.status == in_flight) {
            int packets = 0;
            OVERLAPPED none = {};
            static_cast<void>(request.cancel(device.get()));
            take_all(port, request, none, time_to_be_late_ms, packets);
            continue;
        }
        ++counts.at_once;
        OVERLAPPED marker = {};
        port.post(&marker);
        if (!take_all(port, request, marker, patience_ms, counts.packets)) {
            throw std::runtime_error("a packet that was posted did not come");
        }
    }
    OVERLAPPED* packet = nullptr;
    while (port.take(time_to_be_late_ms, packet)) {
        ++counts.late;
    }
    counts.packets += counts.late;
    return counts;
}

}  // namespace

std::string packets_after_success(const Extent& extent) {
    int skipped_answers = 0;
    int stray = 0;
    for (const Case& one : cases) {
        const Counts counts = play(one, extent.rounds(1000, 20));
        show(std::string(one.name) + ": answered at once " + std::to_string(counts.at_once) +
             " times (" + hexadecimal(static_cast<std::uint32_t>(counts.status)) + "), packets " +
             std::to_string(counts.packets) + ", of these late " + std::to_string(counts.late));
        if (one.skip) {
            skipped_answers += counts.at_once;
            stray += counts.packets;
        }
    }
    if (skipped_answers == 0) {
        throw std::runtime_error("no request was answered at once");
    }
    return stray == 0
               ? "no packet came after any of " + std::to_string(skipped_answers) +
                     " answers at once, where packets are skipped on success"
               : std::to_string(stray) + " packets came after " + std::to_string(skipped_answers) +
                     " answers at once, although packets are skipped on success";
}

}  // namespace wakepoll::experiments
