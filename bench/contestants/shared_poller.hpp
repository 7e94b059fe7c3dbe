// Something that one thread waits at while another adds, modifies and removes sockets.
//
// One thread calls `wait_until_stopped`; all else is called by another one, which finds the first
// blocked: after `settle` it has taken what came before.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "support/loopback_sockets.hpp"
#include "wakepoll/config.hpp"

namespace wakepoll::bench {

/// What is waited for: nothing of it comes.
enum class Wanted { nothing, data, data_and_urgent };

class SharedPoller {
public:
    virtual ~SharedPoller() = default;

    /// Each is new, and must be removed again before the end; it is waited for with `Wanted::data`.
    virtual void add(std::span<const SOCKET> sockets) = 0;
    virtual void modify(std::span<const SOCKET> sockets, Wanted wanted) = 0;
    virtual void remove(std::span<const SOCKET> sockets) = 0;

    /// Waits again and again.
    virtual void wait_until_stopped() = 0;
    /// Has the waiting thread go round once, and returns when it has done so.
    virtual void settle() = 0;
    virtual void stop() = 0;

    /// How often a change had to rouse the waiting thread.
    [[nodiscard]] virtual std::uint64_t rouses() = 0;
};

/// A poller with this backend.
[[nodiscard]] std::unique_ptr<SharedPoller> make_shared_poller(Backend backend);

/// One AFD request for each socket, and one lock around all of it.
[[nodiscard]] std::unique_ptr<SharedPoller> make_locked_requests();

}  // namespace wakepoll::bench
