// What the loop needs of the system, and its only part that differs between the two.
//
// The functions are those of `wakepoll::OsPoller`, which implements them on Windows: readiness of
// handles, transfers that end in an event with a completion, one wait for everything, and a wake.
// On Linux it is epoll and an eventfd, and a transfer is done when epoll reports that it can be.
//
// All calls belong to the loop's thread, except `wake`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <system_error>

#include "event_loop.hpp"
#include "wakepoll/config.hpp"
#include "wakepoll/events.hpp"
#include "wakepoll/timeout.hpp"

namespace example {

struct WaitOutcome {
    std::size_t count = 0;
    bool woken = false;
    std::error_code error;
};

class SystemPoller {
public:
    SystemPoller() = default;
    SystemPoller(const SystemPoller&) = delete;
    SystemPoller& operator=(const SystemPoller&) = delete;
    /// Ends every transfer in flight: their buffers are not used afterwards.
    virtual ~SystemPoller() = default;

    virtual std::error_code add(HandleNumber handle, std::uint32_t interest,
                                std::uint64_t user_data) = 0;
    virtual std::error_code modify(HandleNumber handle, std::uint32_t interest,
                                   std::uint64_t user_data) = 0;
    virtual std::error_code remove(HandleNumber handle) = 0;

    /// Like `EventLoop::start_read` and the others; the event carries `user_data` and a completion,
    /// which is valid until the next wait.
    virtual std::error_code start_read(HandleNumber pipe, std::span<char> buffer,
                                       std::uint64_t user_data) = 0;
    virtual std::error_code start_write(HandleNumber pipe, std::span<const char> data,
                                        std::uint64_t user_data) = 0;
    virtual void forget_pipe(HandleNumber pipe) = 0;

    virtual WaitOutcome wait(std::span<wakepoll::NativeEvent> events,
                             wakepoll::Timeout timeout) = 0;

    /// Makes the current wait, or else the next one, return `woken`. Any thread.
    virtual bool wake() = 0;

    /// Fills in the counters that only the poller knows.
    virtual void add_counters(LoopStats& stats) const = 0;
};

/// Throws std::system_error if the poller cannot be created. The user data of its handles and
/// transfers must not be 0.
[[nodiscard]] std::unique_ptr<SystemPoller> make_system_poller(wakepoll::Backend backend);

}  // namespace example
