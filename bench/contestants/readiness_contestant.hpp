// A way of waiting for many sockets, as the readiness benchmarks drive it.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "support/loopback_sockets.hpp"
#include "wakepoll/config.hpp"

namespace wakepoll::bench {

/// How many events a contestant takes from one wait at most, those that must say.
inline constexpr std::size_t events_per_wait = 1024;

class ReadinessContestant {
public:
    virtual ~ReadinessContestant() = default;

    /// Begins to wait for these to become readable. They live until `forget`.
    virtual void watch(std::span<const SOCKET> sockets) = 0;

    /// Waits until `expected` sockets have been reported, and receives one byte of each.
    virtual void receive_from(std::size_t expected) = 0;

    /// Ends what `watch` has begun. Nothing stays in flight: it would slow the others down.
    virtual void forget() = 0;
};

/// One WSAPoll of all sockets, whose array is kept ready.
[[nodiscard]] std::unique_ptr<ReadinessContestant> make_wsapoll_of_all();

/// One select of all sockets, whose set is built anew for each call, as select demands.
[[nodiscard]] std::unique_ptr<ReadinessContestant> make_select_of_all();

/// One AFD request for each socket.
[[nodiscard]] std::unique_ptr<ReadinessContestant> make_afd_request_each();

/// A poller with this backend. Throws std::system_error where it can not be created.
[[nodiscard]] std::unique_ptr<ReadinessContestant> make_poller(Backend backend);

}  // namespace wakepoll::bench
