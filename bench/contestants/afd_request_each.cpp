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
    AfdRequestEach() : packets_(events_per_wait) {}

    void watch(std::span<const SOCKET> sockets) override {
        for (const SOCKET socket : sockets) {
            AfdRequest& request = requests_.emplace_back();
            request.socket = base_of(socket);
            request.device = devices_.next();
            to_poll_.push_back(&request);
        }
    }

    void receive_from(std::size_t expected) override {
        while (expected > 0) {
            for (AfdRequest* request : to_poll_) {
                request->poll(afd_event::readable);
            }
            to_poll_.clear();
            for (const OVERLAPPED_ENTRY& packet : devices_.port().dequeue(packets_)) {
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
        end_requests(devices_.port(), requests_);
        devices_.close();
        to_poll_.clear();
        requests_.clear();
    }

private:
    AfdDevices devices_;
    std::vector<OVERLAPPED_ENTRY> packets_;
    std::deque<AfdRequest> requests_;
    std::vector<AfdRequest*> to_poll_;
};

}  // namespace

std::unique_ptr<ReadinessContestant> make_afd_request_each() {
    return std::make_unique<AfdRequestEach>();
}

}  // namespace wakepoll::bench
