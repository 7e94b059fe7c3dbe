// In which order does an answer list its members, are there gaps, and how is a closed one listed?
#include <algorithm>

#include "bare.hpp"
#include "experiments.hpp"

namespace wakepoll::experiments {
namespace {

constexpr std::size_t members = 5;
constexpr DWORD patience_ms = 5'000;

/// Five quiet sockets in one request. `numbers` stays what it was when they are closed.
struct Group {
    Group() {
        for (std::size_t i = 0; i < members; ++i) {
            sockets.push_back(loopback_datagrams());
        }
        // Neither the order of the numbers nor its reverse, so that it cannot be taken for them.
        std::swap(sockets[0], sockets[3]);
        for (const Socket& socket : sockets) {
            numbers.push_back(socket.get());
            request.add(socket.get(), receive_bit);
        }
    }

    NTSTATUS submit() { return request.submit(device.get()); }

    void await_packet() {
        OVERLAPPED* packet = nullptr;
        if (!port.take(patience_ms, packet) || !request.owns(packet)) {
            throw std::runtime_error("a request did not end");
        }
        request.end();
    }

    /// The places in the request, such as "1: RECEIVE, 3: RECEIVE".
    [[nodiscard]] std::string answer() const {
        std::string text;
        for (const Request::Item& item : request.answer()) {
            const auto place = std::find(numbers.begin(), numbers.end(), item.socket);
            text += (text.empty() ? "" : "; ") +
                    (place == numbers.end() ? std::string("a stranger")
                                            : std::to_string(place - numbers.begin())) +
                    ": " + names_of(item.events);
        }
        return text.empty() ? "no member" : text;
    }

    Port port;
    Owned device = port.open_device();
    std::vector<Socket> sockets;
    std::vector<SOCKET> numbers;
    Request request{members};
};

std::string at_once() {
    Group group;
    for (const std::size_t i : {std::size_t{4}, std::size_t{1}, std::size_t{3}}) {
        send_byte(group.sockets[i]);
    }
    // What was sent over loopback is there, or a moment later.
    ::Sleep(50);
    const NTSTATUS status = group.submit();
    if (status != answered) {
        return "not answered at once: " + hexadecimal(static_cast<std::uint32_t>(status));
    }
    return group.answer();
}

std::string with_a_member_closed_before() {
    Group group;
    send_byte(group.sockets[3]);
    ::Sleep(50);
    group.sockets[2].close();
    const NTSTATUS status = group.submit();
    if (status == in_flight) {
        group.await_packet();
    }
    return "status " + hexadecimal(static_cast<std::uint32_t>(status)) +
           (status == answered || status == in_flight ? ", " + group.answer() : "");
}

/// `ready` become ready and `closed` is closed while the request is in flight, in this order or the
/// other.
std::string in_flight_with(const std::vector<std::size_t>& ready, std::size_t closed,
                           bool close_first) {
    Group group;
    if (group.submit() != in_flight) {
        throw std::runtime_error("a request over quiet sockets is not in flight");
    }
    if (close_first) {
        group.sockets[closed].close();
    }
    for (const std::size_t i : ready) {
        send_byte(group.sockets[i]);
    }
    if (!close_first) {
        group.sockets[closed].close();
    }
    ::Sleep(50);
    group.await_packet();
    return group.answer();
}

}  // namespace

std::string answer_order(const Extent& extent) {
    static_cast<void>(extent);
    const std::string ready = at_once();
    const std::string closed = in_flight_with({}, 2, true);
    show("five members, 0 to 4; 4, 1 and 3 become ready in this order, then it is asked: " + ready);
    show("2 is closed and 3 is ready, then it is asked: " + with_a_member_closed_before());
    show("in flight, 2 is closed: " + closed);
    show("in flight, 2 is closed, then 4 and 1 become ready: " + in_flight_with({4, 1}, 2, true));
    show("in flight, 4 and 1 become ready, then 2 is closed: " + in_flight_with({4, 1}, 2, false));
    show("in flight, 2 becomes ready, then is closed: " + in_flight_with({2}, 2, false));
    const bool in_order = ready == "1: RECEIVE; 3: RECEIVE; 4: RECEIVE";
    const bool one_close = closed == "2: LOCAL_CLOSE";
    return std::string(in_order
                           ? "an answer at once reports the ready ones in the order of the "
                             "request and without gaps"
                           : "an answer at once does not report the ready ones in the order of "
                             "the request") +
           (one_close ? "; a member closed in flight is reported alone, as closed"
                      : "; a member closed in flight is reported otherwise (" + closed + ")");
}

}  // namespace wakepoll::experiments
