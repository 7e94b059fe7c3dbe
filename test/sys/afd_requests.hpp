// Shared by the tests of the AFD device: a device at a port, and requests that outlive their call.
//
// The kernel writes to a request in flight, at the latest when its sockets are closed. So the
// requests are the fixture's first base: the World, and with it the sockets, ends before them.
#pragma once

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <deque>
#include <initializer_list>
#include <memory>
#include <new>
#include <span>
#include <vector>

#include "packets.hpp"
#include "sys/afd_device.hpp"

namespace wakepoll::test {

/// The events requested of a socket, or reported for it.
struct Polled {
    Handle socket;
    std::uint32_t events = 0;

    friend bool operator==(const Polled&, const Polled&) = default;
    friend std::ostream& operator<<(std::ostream& out, const Polled& polled) {
        return out << "socket " << polled.socket.value() << " events " << polled.events;
    }
};

/// A request of any number of sockets, in one piece of memory.
class Request {
public:
    explicit Request(std::span<const Polled> asked, std::int64_t timeout)
        : memory_(std::make_unique<std::byte[]>(sizeof(sys::AfdRequest) +
                                                asked.size() * sizeof(sys::AfdItem))) {
        head_ = new (memory_.get()) sys::AfdRequest;
        head_->timeout = timeout;
        head_->count = static_cast<std::uint32_t>(asked.size());
        for (std::size_t i = 0; i < asked.size(); ++i) {
            new (head_->items() + i) sys::AfdItem{asked[i].socket.value(), asked[i].events, 0};
        }
    }

    [[nodiscard]] sys::AfdRequest& head() { return *head_; }

    /// The items, of the question or of the answer.
    [[nodiscard]] std::vector<Polled> told() const {
        std::vector<Polled> told;
        for (std::uint32_t i = 0; i < head_->count; ++i) {
            told.push_back({Handle(head_->items()[i].socket), head_->items()[i].events});
        }
        return told;
    }

    sys::AfdStatus status;

private:
    std::unique_ptr<std::byte[]> memory_;
    sys::AfdRequest* head_ = nullptr;
};

struct Requests {
    std::deque<Request> requests;
};

struct AfdFixture : Requests, PortFixture {
    static constexpr std::uintptr_t key = 7;
    static constexpr std::uint32_t cancelled_status = 0xC0000120;

    sys::AfdDevice device = tied_device();

    [[nodiscard]] sys::AfdDevice tied_device() const {
        sys::AfdDevice opened = sys::AfdDevice::open().value();
        BOOST_REQUIRE(!port.associate(opened.handle(), key));
        BOOST_REQUIRE(!sys::skip_packets_on_success(opened.handle()));
        return opened;
    }

    Request& request(std::span<const Polled> asked,
                     std::int64_t timeout = sys::AfdRequest::forever) {
        return requests.emplace_back(asked, timeout);
    }
    Request& request(std::initializer_list<Polled> asked,
                     std::int64_t timeout = sys::AfdRequest::forever) {
        return request(std::span(asked.begin(), asked.size()), timeout);
    }

    [[nodiscard]] Result<bool> poll(Request& asked) const {
        return device.poll(asked.head(), asked.status);
    }

    /// Not begun is a failure of the test.
    [[nodiscard]] bool answered_at_once(Request& asked) const {
        const Result<bool> polled = poll(asked);
        BOOST_TEST_INFO("error " << polled.error().value());
        BOOST_REQUIRE(polled.has_value());
        return *polled;
    }

    /// Begun, and in flight.
    Request& in_flight(std::initializer_list<Polled> asked) {
        Request& begun = request(asked);
        BOOST_REQUIRE(!answered_at_once(begun));
        return begun;
    }

    /// The packet of this request, which must come and come alone: its NTSTATUS.
    [[nodiscard]] std::uint32_t packet_of(const Request& begun) const {
        std::array<sys::Packet, 2> packets;
        BOOST_REQUIRE(port.dequeue(packets, patience_milliseconds).value() == 1U);
        BOOST_TEST(packets[0].overlapped == &begun.status);
        BOOST_TEST(packets[0].key == key);
        BOOST_TEST(packets[0].status() == static_cast<std::uint32_t>(begun.status.status));
        return packets[0].status();
    }

    /// What such a request says now: nothing, if it would have to wait.
    [[nodiscard]] std::vector<Polled> told_now(std::span<const Polled> asked) {
        Request& now = request(asked, 0);
        BOOST_REQUIRE(answered_at_once(now));
        return now.told();
    }
    [[nodiscard]] std::uint32_t told_now(Handle socket, std::uint32_t events) {
        const Polled asked{socket, events};
        const std::vector<Polled> told = told_now({&asked, 1});
        return told.empty() ? 0 : told.front().events;
    }

    void make_readable(const SocketPair& pair) { put(pair.peer, pair.local, "x"); }
};

}  // namespace wakepoll::test
