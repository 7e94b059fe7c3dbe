// Accepts connections and closes them immediately; driven by the accepts scenario.
#pragma once

#include <cstddef>
#include <memory>

#include "support/loopback_sockets.hpp"

namespace wakepoll::bench {

class Acceptor {
public:
    virtual ~Acceptor() = default;

    /// Where it listens; valid from construction.
    [[nodiscard]] virtual sockaddr_in address() const = 0;

    /// Accepts `count` connections and closes each.
    virtual void accept(std::size_t count) = 0;

    /// Makes `accept` throw, because no more connections will come. Any thread.
    virtual void stop() = 0;
};

/// The number of accepts in flight, if a contestant supports several.
inline constexpr std::size_t accepts_in_flight = 4;

/// A poller with submit_accept.
[[nodiscard]] std::unique_ptr<Acceptor> make_submitting_acceptor();

/// A poller with a registered non-blocking listener.
[[nodiscard]] std::unique_ptr<Acceptor> make_readiness_acceptor();

/// A blocking listener.
[[nodiscard]] std::unique_ptr<Acceptor> make_blocking_acceptor();

/// async_accept; null if Asio was not found.
[[nodiscard]] std::unique_ptr<Acceptor> make_asio_acceptor();

}  // namespace wakepoll::bench
