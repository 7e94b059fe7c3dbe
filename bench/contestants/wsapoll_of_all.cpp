// The documented way: WSAPoll over an array of all sockets, which is then scanned.
#include <vector>

#include "contestants/readiness_contestant.hpp"

namespace wakepoll::bench {
namespace {

class WsapollOfAll final : public ReadinessContestant {
public:
    void watch(std::span<const SOCKET> sockets) override {
        for (const SOCKET socket : sockets) {
            entries_.push_back({socket, POLLRDNORM, 0});
        }
    }

    void receive_from(std::size_t expected) override {
        while (expected > 0) {
            int ready = ::WSAPoll(entries_.data(), static_cast<ULONG>(entries_.size()),
                                  static_cast<INT>(patience_milliseconds));
            check(ready > 0, "WSAPoll");
            for (const WSAPOLLFD& entry : entries_) {
                if (entry.revents != 0) {
                    receive_byte(entry.fd);
                    --expected;
                    if (--ready == 0) {
                        break;
                    }
                }
            }
        }
    }

    void forget() override { entries_.clear(); }

private:
    std::vector<WSAPOLLFD> entries_;
};

}  // namespace

std::unique_ptr<ReadinessContestant> make_wsapoll_of_all() {
    return std::make_unique<WsapollOfAll>();
}

}  // namespace wakepoll::bench
