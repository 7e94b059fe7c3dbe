// What does one request over k sockets cost, with others in flight?
#include <algorithm>
#include <cstdio>

#include "bare.hpp"
#include "experiments.hpp"

namespace wakepoll::experiments {
namespace {

constexpr DWORD patience_ms = 10'000;
// Peers keep at most so many requests on one handle.
constexpr std::size_t requests_a_device = 32;

/// Requests of one quiet socket each.
class Crowd {
public:
    /// Stops early if the system gives no more sockets, or the time is over.
    Crowd(const Port& port, const Owned* shared_device, std::size_t size, const Extent& extent) {
        requests_.reserve(size);
        sockets_.reserve(size);
        try {
            while (requests_.size() < size && !extent.is_over()) {
                if (shared_device == nullptr && requests_.size() % requests_a_device == 0) {
                    devices_.push_back(port.open_device());
                }
                const HANDLE device =
                    shared_device != nullptr ? shared_device->get() : devices_.back().get();
                sockets_.push_back(loopback_datagrams());
                requests_.emplace_back(1);
                requests_.back().add(sockets_.back().get(), receive_bit);
                if (requests_.back().submit(device) != in_flight) {
                    requests_.pop_back();
                    break;
                }
            }
        } catch (const Failure& failure) {
            show(std::string("the crowd is smaller than wanted: ") + failure.what());
        }
    }

    [[nodiscard]] std::size_t size() const { return requests_.size(); }

    /// Ends all of them, so that they do not count for the next crowd.
    void leave(const Port& port) {
        sockets_.clear();
        OVERLAPPED* packet = nullptr;
        for (std::size_t i = 0; i < requests_.size() && port.take(patience_ms, packet); ++i) {
            const auto found =
                std::find_if(requests_.begin() + static_cast<std::ptrdiff_t>(next_),
                             requests_.end(), [&](Request& one) { return one.owns(packet); });
            if (found == requests_.end()) {
                continue;
            }
            found->end();
            // They come in about the order in which they were closed.
            if (found == requests_.begin() + static_cast<std::ptrdiff_t>(next_)) {
                ++next_;
            }
        }
    }

private:
    std::vector<Owned> devices_;
    std::vector<Socket> sockets_;
    std::vector<Request> requests_;
    std::size_t next_ = 0;
};

struct Times {
    std::vector<double> submit;
    std::vector<double> answer;  ///< From the send to a member to the packet.
    std::vector<double> cancel;  ///< From the cancel to the packet.
};

void take_packet_of(const Port& port, Request& request) {
    OVERLAPPED* packet = nullptr;
    while (port.take(patience_ms, packet)) {
        if (request.owns(packet)) {
            request.end();
            return;
        }
    }
    throw std::runtime_error("a request did not end");
}

Times measure(const Port& port, const Owned& device, const std::vector<Socket>& sockets,
              std::size_t k, int rounds, const Extent& extent) {
    Times times;
    for (int round = 0; round < 2 * rounds && !extent.is_over(); ++round) {
        Request request(k);
        for (std::size_t i = 0; i < k; ++i) {
            request.add(sockets[i].get(), receive_bit);
        }
        auto begin = std::chrono::steady_clock::now();
        if (request.submit(device.get()) != in_flight) {
            throw std::runtime_error("a request over quiet sockets is not in flight");
        }
        times.submit.push_back(microseconds_since(begin));
        const Socket& last = sockets[k - 1];
        begin = std::chrono::steady_clock::now();
        if (round % 2 == 0) {
            send_byte(last);
            take_packet_of(port, request);
            times.answer.push_back(microseconds_since(begin));
            char byte = 0;
            ::recv(last.get(), &byte, 1, 0);
        } else {
            static_cast<void>(request.cancel(device.get()));
            take_packet_of(port, request);
            times.cancel.push_back(microseconds_since(begin));
        }
    }
    return times;
}

}  // namespace

std::string request_costs(const Extent& extent) {
    const std::vector<std::size_t> ks =
        extent.quick ? std::vector<std::size_t>{1, 10, 100}
                     : std::vector<std::size_t>{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000};
    const std::vector<std::size_t> crowds =
        extent.quick ? std::vector<std::size_t>{0, 200} : std::vector<std::size_t>{0, 1000, 10'000};
    std::vector<Socket> sockets;
    while (sockets.size() < ks.back()) {
        sockets.push_back(loopback_datagrams());
    }
    show(
        "medians in microseconds; \"spread\": the others on handles of 32 requests each, "
        "\"shared\": "
        "all on the handle of the request");
    show("  others        k    submit    answer    cancel");
    std::string answer;
    for (const std::size_t wanted : crowds) {
        for (const bool shared : {false, true}) {
            if (wanted == 0 && shared) {
                continue;
            }
            const Port port;
            const Owned device = port.open_device();
            Crowd crowd(port, shared ? &device : nullptr, wanted, extent);
            std::size_t measured = 0;
            double cancel_of_last = 0;
            for (const std::size_t k : ks) {
                const Times times = measure(port, device, sockets, k, extent.rounds(25, 5), extent);
                if (times.answer.empty() || times.cancel.empty()) {
                    show("  no time was left for more");
                    break;
                }
                measured = k;
                cancel_of_last = median(times.cancel);
                char line[96];
                std::snprintf(line, sizeof(line), "%8u %s %4u %9.1f %9.1f %9.1f",
                              static_cast<unsigned>(crowd.size()),
                              wanted == 0 ? "      " : (shared ? "shared" : "spread"),
                              static_cast<unsigned>(k), median(times.submit), median(times.answer),
                              median(times.cancel));
                show(line);
            }
            if (measured != 0 && !shared) {
                answer += (answer.empty() ? "" : "; ") + std::to_string(measured) +
                          " sockets with " + std::to_string(crowd.size()) +
                          " other requests in flight " + decimal(cancel_of_last) + " us";
            }
            crowd.leave(port);
        }
    }
    if (answer.empty()) {
        throw std::runtime_error("there was no time for it");
    }
    return "to cancel one request takes: over " + answer;
}

}  // namespace wakepoll::experiments
