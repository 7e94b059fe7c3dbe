// The calls that epoll and wakepoll have in common, for the scenarios.
//
// epoll_readiness.cpp is Linux's epoll, with an eventfd for wakes; os_poller_readiness.cpp is an
// OsPoller. A scenario sees only this class, so it cannot distinguish them. For the scenario's
// thread only, except `wake`.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <system_error>
#include <vector>

#include "wakepoll/events.hpp"
#include "wakepoll/handle.hpp"
#include "wakepoll/timeout.hpp"

namespace wakepoll::test {

struct Reported {
    std::uint64_t data = 0;
    std::uint32_t mask = mask::none;
};

/// The result of one wait.
struct Batch {
    std::vector<Reported> events;
    bool woken = false;
    std::error_code error;

    /// The mask reported with this user data; `none` if there is no such event.
    [[nodiscard]] std::uint32_t mask_of(std::uint64_t data) const {
        std::uint32_t found = mask::none;
        for (const Reported& event : events) {
            found |= event.data == data ? event.mask : mask::none;
        }
        return found;
    }
};

class Readiness {
public:
    static constexpr std::size_t usual_room = 64;

    Readiness() = default;
    virtual ~Readiness() = default;
    Readiness(const Readiness&) = delete;
    Readiness& operator=(const Readiness&) = delete;

    [[nodiscard]] virtual std::error_code add(Handle handle, IoInterest interest,
                                              std::uint64_t data) = 0;
    [[nodiscard]] virtual std::error_code modify(Handle handle, IoInterest interest,
                                                 std::uint64_t data) = 0;
    [[nodiscard]] virtual std::error_code remove(Handle handle) = 0;
    /// At most `room` events.
    [[nodiscard]] virtual Batch wait(Timeout timeout, std::size_t room = usual_room) = 0;
    /// Wakes the wait. Any thread. False if it failed.
    [[nodiscard]] virtual bool wake() = 0;
    /// A monotonic clock, by which waits are measured.
    [[nodiscard]] virtual std::chrono::nanoseconds now() = 0;
};

}  // namespace wakepoll::test
