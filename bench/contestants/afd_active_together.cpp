// One AFD request for all sockets that have been active, and one for each of the others: what the
// poller does where the same sockets stay active, by its calls alone.
//
// A socket joins the others with its first report. That is no policy for a poller: none leaves.
#include <cstddef>
#include <deque>
#include <new>
#include <vector>

#include "contestants/afd_request.hpp"
#include "contestants/readiness_contestant.hpp"

namespace wakepoll::bench {
namespace {

/// One request for many sockets. An immediate answer sends no packet.
class AfdGroup {
public:
    explicit AfdGroup(const RawPort& port)
        : device_(open_afd_device(
              port.get(), FILE_SKIP_SET_EVENT_ON_HANDLE | FILE_SKIP_COMPLETION_PORT_ON_SUCCESS)) {}
    /// It must not be in flight.
    ~AfdGroup() { ::CloseHandle(device_); }
    AfdGroup(const AfdGroup&) = delete;
    AfdGroup& operator=(const AfdGroup&) = delete;

    void add(SOCKET socket) { sockets_.push_back(reinterpret_cast<HANDLE>(socket)); }
    void clear() noexcept { sockets_.clear(); }

    [[nodiscard]] std::size_t size() const noexcept { return sockets_.size(); }
    [[nodiscard]] bool is_in_flight() const noexcept { return in_flight_; }

    /// True if it was answered at once.
    bool poll() {
        memory_.resize(sizeof(AfdHeader) + sockets_.size() * sizeof(AfdEntry));
        header().count = static_cast<ULONG>(sockets_.size());
        AfdEntry* entry = entries();
        for (const HANDLE socket : sockets_) {
            *entry++ = {socket, afd_event::readable, 0};
        }
        in_flight_ = !submit_afd_poll(device_, status_, header(), memory_.size());
        return !in_flight_;
    }

    void cancel() { cancel_afd_poll(device_, status_); }

    /// Whether a packet is this request's; if so, its answer is there.
    [[nodiscard]] bool ends_with(const OVERLAPPED_ENTRY& packet) noexcept {
        const bool own = reinterpret_cast<const void*>(packet.lpOverlapped) == &status_;
        in_flight_ = in_flight_ && !own;
        return own;
    }

    /// The ready ones, by the answer.
    [[nodiscard]] std::span<const AfdEntry> ready() noexcept {
        return {entries(), static_cast<std::size_t>(header().count)};
    }

private:
    [[nodiscard]] AfdHeader& header() noexcept {
        return *std::launder(reinterpret_cast<AfdHeader*>(memory_.data()));
    }
    [[nodiscard]] AfdEntry* entries() noexcept {
        return std::launder(reinterpret_cast<AfdEntry*>(memory_.data() + sizeof(AfdHeader)));
    }

    HANDLE device_;
    std::vector<HANDLE> sockets_;
    std::vector<std::byte> memory_;
    IO_STATUS_BLOCK status_ = {};
    bool in_flight_ = false;
};

class AfdActiveTogether final : public ReadinessContestant {
public:
    AfdActiveTogether() : group_(devices_.port()), packets_(events_per_wait) {}

    void watch(std::span<const SOCKET> sockets) override {
        for (const SOCKET socket : sockets) {
            AfdRequest& request = requests_.emplace_back();
            request.socket = base_of(socket);
            request.device = devices_.next();
            request.poll(afd_event::readable);
        }
    }

    void receive_from(std::size_t expected) override {
        while (expected > 0) {
            std::size_t received = 0;
            if (group_.size() > 0 && !group_.is_in_flight() && group_.poll()) {
                received += receive_from_group();
            }
            // The poller asks for packets only where a request is in flight.
            if (group_.is_in_flight() || group_.size() < requests_.size()) {
                const DWORD limit = received > 0 ? 0 : patience_milliseconds;
                for (const OVERLAPPED_ENTRY& packet : devices_.port().dequeue(packets_, limit)) {
                    received += take(packet);
                }
            }
            expected -= received;
        }
    }

    void forget() override {
        if (group_.is_in_flight()) {
            group_.cancel();
            while (group_.is_in_flight()) {
                for (const OVERLAPPED_ENTRY& packet : devices_.port().dequeue(packets_)) {
                    if (!group_.ends_with(packet)) {
                        (void)AfdRequest::ended_by(packet);
                    }
                }
            }
        }
        group_.clear();
        end_requests(devices_.port(), requests_);
        devices_.close();
        requests_.clear();
    }

private:
    std::size_t receive_from_group() {
        const std::span<const AfdEntry> ready = group_.ready();
        for (const AfdEntry& entry : ready) {
            receive_byte(reinterpret_cast<SOCKET>(entry.socket));
        }
        return ready.size();
    }

    std::size_t take(const OVERLAPPED_ENTRY& packet) {
        if (group_.ends_with(packet)) {
            return receive_from_group();
        }
        const AfdRequest& request = AfdRequest::ended_by(packet);
        receive_byte(request.socket);
        group_.add(request.socket);
        return 1;
    }

    AfdDevices devices_;
    AfdGroup group_;
    std::vector<OVERLAPPED_ENTRY> packets_;
    std::deque<AfdRequest> requests_;  ///< Those of the group's sockets are not in flight.
};

}  // namespace

std::unique_ptr<ReadinessContestant> make_afd_active_together() {
    return std::make_unique<AfdActiveTogether>();
}

}  // namespace wakepoll::bench
