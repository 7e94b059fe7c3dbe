// The simplest poller that accepts changes from any thread: one AFD request for each socket, and
// one lock around everything, released while the waiting thread blocks. A change submits or cancels
// the request itself, and wakes no thread.
#include <array>
#include <atomic>
#include <unordered_map>
#include <vector>

#include "contestants/afd_request.hpp"
#include "contestants/shared_poller.hpp"
#include "support/owned_handle.hpp"
#include "support/signal.hpp"

namespace wakepoll::bench {
namespace {

class Guard {
public:
    explicit Guard(SRWLOCK& lock) : lock_(lock) { ::AcquireSRWLockExclusive(&lock_); }
    ~Guard() { ::ReleaseSRWLockExclusive(&lock_); }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

private:
    SRWLOCK& lock_;
};

/// Without interest, a hang-up is still requested, as everywhere.
ULONG events_of(Wanted wanted) noexcept {
    constexpr ULONG always = 0x8 | 0x10 | 0x20 | 0x100;
    switch (wanted) {
        case Wanted::nothing:
            return always;
        case Wanted::data:
            return afd_event::readable;
        case Wanted::data_and_urgent:
            return afd_event::readable | afd_event::receive_urgent;
    }
    return 0;
}

DWORD type_of(SOCKET socket) {
    DWORD type = 0;
    int size = sizeof(type);
    check(::getsockopt(socket, SOL_SOCKET, SO_TYPE, reinterpret_cast<char*>(&type), &size) == 0,
          "getsockopt");
    return type;
}

struct Watched {
    AfdRequest request;  ///< First: a packet's context points to it.
    ULONG wanted = 0;
    ULONG asked = 0;  ///< By the request in flight.
    bool canceled = false;
    bool removed = false;

    void poll() {
        request.poll(wanted);
        asked = wanted;
        canceled = false;
    }
    void cancel() {
        if (!canceled) {
            request.cancel();
            canceled = true;
        }
    }
};

class LockedRequests final : public SharedPoller {
public:
    explicit LockedRequests(Queries queries) : queries_(queries) {}
    /// Nothing is in flight any more: all sockets were removed, and the thread has settled.
    ~LockedRequests() override {
        for (const HANDLE device : devices_) {
            ::CloseHandle(device);
        }
    }

    void add(std::span<const SOCKET> sockets) override {
        for (const SOCKET socket : sockets) {
            const Guard guard(lock_);
            if (queries_ == Queries::type_and_base) {
                (void)type_of(socket);
            }
            auto watched = std::make_unique<Watched>();
            watched->request.socket = base_of(socket);
            watched->request.device = device_for(added_++);
            watched->wanted = events_of(Wanted::data);
            watched->poll();
            watched_.emplace(socket, std::move(watched));
        }
    }
    void modify(std::span<const SOCKET> sockets, Wanted wanted) override {
        for (const SOCKET socket : sockets) {
            const Guard guard(lock_);
            Watched& watched = *watched_.at(socket);
            watched.wanted = events_of(wanted);
            if (!watched.request.in_flight) {
                watched.poll();
            } else if ((watched.wanted & ~watched.asked) != 0) {
                watched.cancel();
            }
        }
    }
    void remove(std::span<const SOCKET> sockets) override {
        for (const SOCKET socket : sockets) {
            const Guard guard(lock_);
            const auto found = watched_.find(socket);
            Watched& watched = *found->second;
            if (watched.request.in_flight) {
                watched.removed = true;
                watched.cancel();
                (void)found->second.release();  // Its packet frees it.
            }
            watched_.erase(found);
        }
    }

    void wait_until_stopped() override {
        while (!stopping_) {
            std::array<OVERLAPPED_ENTRY, 64> room = {};
            const std::span<const OVERLAPPED_ENTRY> packets = port_.dequeue(room);
            bool settled = false;
            const Guard guard(lock_);
            for (const OVERLAPPED_ENTRY& packet : packets) {
                if (packet.lpOverlapped == nullptr) {
                    settled = true;
                } else {
                    take(packet);
                }
            }
            if (settled) {
                settled_.give();
            }
        }
    }
    void settle() override {
        post();
        settled_.await();
    }
    void stop() override {
        stopping_ = true;
        post();
    }

    std::uint64_t rouses() override { return 0; }

private:
    void take(const OVERLAPPED_ENTRY& packet) {
        auto& watched = reinterpret_cast<Watched&>(AfdRequest::ended_by(packet));
        if (watched.removed) {
            delete &watched;
        } else {
            watched.poll();
        }
    }

    void post() const {
        check(::PostQueuedCompletionStatus(port_.get(), 0, 0, nullptr) != FALSE,
              "PostQueuedCompletionStatus");
    }

    [[nodiscard]] HANDLE device_for(std::size_t number) {
        const std::size_t place = number % most_sockets / sockets_per_device;
        if (place == devices_.size()) {
            devices_.push_back(open_afd_device(port_.get()));
        }
        return devices_[place];
    }

    /// The device handles are used in rotation, as if a table assigned slots.
    static constexpr std::size_t most_sockets = 1024;

    Queries queries_;
    RawPort port_;
    SRWLOCK lock_ = SRWLOCK_INIT;
    std::unordered_map<SOCKET, std::unique_ptr<Watched>> watched_;
    std::vector<HANDLE> devices_;
    std::size_t added_ = 0;
    std::atomic<bool> stopping_ = false;
    Signal settled_;
};

}  // namespace

std::unique_ptr<SharedPoller> make_locked_requests(Queries queries) {
    return std::make_unique<LockedRequests>(queries);
}

}  // namespace wakepoll::bench
