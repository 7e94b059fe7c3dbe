// One AFD request for each socket; each reported socket is polled again at the beginning of the
// next wait, as wepoll does it.
#include <cstddef>
#include <deque>
#include <vector>

#include "contestants/afd_request.hpp"
#include "contestants/readiness_contestant.hpp"

namespace wakepoll::bench {
namespace {

class AfdRequestEach final : public ReadinessContestant {
public:
    AfdRequestEach()
        : port_(::CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, 1)),
          packets_(events_per_wait) {
        check(port_ != nullptr, "CreateIoCompletionPort");
    }
    ~AfdRequestEach() override { ::CloseHandle(port_); }
    AfdRequestEach(const AfdRequestEach&) = delete;
    AfdRequestEach& operator=(const AfdRequestEach&) = delete;

    void watch(std::span<const SOCKET> sockets) override {
        for (const SOCKET socket : sockets) {
            if (requests_.size() % sockets_per_device == 0) {
                devices_.push_back(open_afd_device(port_));
            }
            AfdRequest& request = requests_.emplace_back();
            request.socket = base_of(socket);
            request.device = devices_.back();
            to_poll_.push_back(&request);
        }
    }

    void receive_from(std::size_t expected) override {
        while (expected > 0) {
            for (AfdRequest* request : to_poll_) {
                request->poll(afd_event::readable);
            }
            to_poll_.clear();
            for (const OVERLAPPED_ENTRY& packet : dequeue()) {
                AfdRequest& request = AfdRequest::ended_by(packet);
                to_poll_.push_back(&request);
                if (request.is_ready()) {
                    receive_byte(request.socket);
                    --expected;
                }
            }
        }
    }

    void forget() override {
        std::size_t left = 0;
        for (AfdRequest& request : requests_) {
            if (request.in_flight) {
                request.cancel();
                ++left;
            }
        }
        while (left > 0) {
            for (const OVERLAPPED_ENTRY& packet : dequeue()) {
                (void)AfdRequest::ended_by(packet);
                --left;
            }
        }
        for (const HANDLE device : devices_) {
            ::CloseHandle(device);
        }
        devices_.clear();
        to_poll_.clear();
        requests_.clear();
    }

private:
    std::span<const OVERLAPPED_ENTRY> dequeue() {
        ULONG count = 0;
        check(::GetQueuedCompletionStatusEx(port_, packets_.data(),
                                            static_cast<ULONG>(packets_.size()), &count,
                                            patience_milliseconds, FALSE) != FALSE,
              "GetQueuedCompletionStatusEx");
        return {packets_.data(), count};
    }

    HANDLE port_;
    std::vector<OVERLAPPED_ENTRY> packets_;
    std::vector<HANDLE> devices_;
    std::deque<AfdRequest> requests_;
    std::vector<AfdRequest*> to_poll_;
};

}  // namespace

std::unique_ptr<ReadinessContestant> make_afd_request_each() {
    return std::make_unique<AfdRequestEach>();
}

}  // namespace wakepoll::bench
