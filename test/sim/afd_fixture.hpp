// The fixture of the tests of AFD requests: a device associated with the port, and requests whose
// memory lives as long as the kernel may write to it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <utility>
#include <vector>

#include "port_fixture.hpp"
#include "sys/afd_device.hpp"

namespace wakepoll::sim {

namespace afd = sys::afd_bits;

/// Everything that may be asked for.
inline constexpr std::uint32_t afd_all = afd::receive | afd::receive_expedited | afd::send |
                                         afd::disconnect | afd::abort | afd::accept |
                                         afd::connect_fail;

/// A request's memory.
class Request {
public:
    using Asked = std::pair<Handle, std::uint32_t>;

    explicit Request(const std::vector<Asked>& asked)
        : memory_(sizeof(sys::AfdRequest) + asked.size() * sizeof(sys::AfdItem)) {
        head().timeout = sys::AfdRequest::forever;
        head().count = static_cast<std::uint32_t>(asked.size());
        for (std::size_t i = 0; i != asked.size(); ++i) {
            head().items()[i] = {.socket = asked[i].first.value(), .events = asked[i].second};
        }
    }

    [[nodiscard]] sys::AfdRequest& head() noexcept {
        return *reinterpret_cast<sys::AfdRequest*>(memory_.data());
    }
    /// The answer's events for this number; 0 if it is not in the answer.
    [[nodiscard]] std::uint32_t told_of(Handle socket) noexcept {
        for (std::size_t i = 0; i != head().count; ++i) {
            if (head().items()[i].socket == socket.value()) {
                return head().items()[i].events;
            }
        }
        return 0;
    }

    sys::AfdStatus status;

private:
    std::vector<std::byte> memory_;
};

/// The device is kind, unless the options say otherwise.
[[nodiscard]] inline Options kindly(Options options) {
    if (options.change == nullptr) {
        options.change = [](Traits& traits) {
            traits.deaf_polls = Seeded::no;
            traits.stray_packets = Seeded::no;
        };
    }
    return options;
}

struct AfdFixture : PortFixture {
    explicit AfdFixture(const Options& options = {}) : PortFixture(kindly(options)) {
        tie(device.handle());
        BOOST_TEST(!sys::skip_packets_on_success(device.handle()));
    }

    /// A request that has not been submitted.
    Request& make(const std::vector<Request::Asked>& asked) { return requests.emplace_back(asked); }

    /// Submits a request. True if it was answered at once.
    bool ask(Request& request) { return device.poll(request.head(), request.status).value(); }

    /// Submits a request that has to stay in flight.
    Request& park(const std::vector<Request::Asked>& asked) {
        Request& request = make(asked);
        BOOST_TEST(!ask(request));
        return request;
    }

    /// What is answered at once for one socket; 0 for nothing.
    std::uint32_t now(Handle socket, std::uint32_t asked = afd_all) {
        Request& request = make({{socket, asked}});
        request.head().timeout = 0;
        BOOST_TEST(ask(request));
        BOOST_TEST(packet() == none);
        return request.told_of(socket);
    }

    /// Expects this request's packet, with success and an answer.
    void answered(Request& request) {
        BOOST_TEST(packet() == 0);
        BOOST_TEST(last.overlapped == &request.status);
        BOOST_TEST(request.status.status == status::success);
        BOOST_TEST(request.head().count != 0U);
        BOOST_TEST(request.status.information ==
                   sizeof(sys::AfdRequest) + request.head().count * sizeof(sys::AfdItem));
        BOOST_TEST(last.bytes == request.status.information);
    }

    /// Expects this request's packet, with a cancelled status.
    void cancelled(Request& request) {
        BOOST_TEST(packet() == 995);
        BOOST_TEST(last.overlapped == &request.status);
        BOOST_TEST(request.status.status == status::cancelled);
        BOOST_TEST(request.status.information == 0U);
    }

    std::deque<Request> requests;
    sys::AfdDevice device = sys::AfdDevice::open().value();
};

/// Without lateness: what can happen happens at once.
struct PromptAfdFixture : AfdFixture {
    PromptAfdFixture() : AfdFixture(Options{.late_completions = false}) {}
};

/// `on_each_port` with a device.
template <class Body>
void on_each_device(const Body& body, const Options& options = {}) {
    on_each_port<AfdFixture>(body, options);
}

}  // namespace wakepoll::sim
