// A way to wait for many sockets; driven by the readiness benchmarks.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "support/loopback_sockets.hpp"
#include "wakepoll/config.hpp"

namespace wakepoll::bench {

/// The maximum number of events per wait, if a contestant has to choose.
inline constexpr std::size_t events_per_wait = 1024;

class ReadinessContestant {
public:
    virtual ~ReadinessContestant() = default;

    /// Starts waiting for these to become readable. They live until `forget`.
    virtual void watch(std::span<const SOCKET> sockets) = 0;

    /// Waits until `expected` sockets have been reported, and receives one byte of each.
    virtual void receive_from(std::size_t expected) = 0;

    /// Ends what `watch` has started. Nothing may stay in flight: it would slow the others down.
    virtual void forget() = 0;
};

/// One WSAPoll of all sockets, over an array that is kept ready.
[[nodiscard]] std::unique_ptr<ReadinessContestant> make_wsapoll_of_all();

/// One select of all sockets, over a set that is rebuilt for each call, as select requires.
[[nodiscard]] std::unique_ptr<ReadinessContestant> make_select_of_all();

/// One AFD request for each socket.
[[nodiscard]] std::unique_ptr<ReadinessContestant> make_afd_request_each();

/// One AFD request for all that have been active, and one for each of the others: the calls of a
/// poller where the same sockets stay active.
[[nodiscard]] std::unique_ptr<ReadinessContestant> make_afd_active_together();

/// A poller with this backend. Throws std::system_error if it cannot be created.
[[nodiscard]] std::unique_ptr<ReadinessContestant> make_poller(Backend backend);

}  // namespace wakepoll::bench
