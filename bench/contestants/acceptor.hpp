// One who accepts connections and closes them at once, as the accepts scenario drives it.
#pragma once

#include <cstddef>
#include <memory>

#include "support/loopback_sockets.hpp"

namespace wakepoll::bench {

class Acceptor {
public:
    virtual ~Acceptor() = default;

    /// Where it listens, from its creation on.
    [[nodiscard]] virtual sockaddr_in address() const = 0;

    /// Accepts so many connections and closes each of them.
    virtual void accept(std::size_t count) = 0;

    /// Makes `accept` throw, because no more connections will come. Any thread.
    virtual void stop() = 0;
};

/// How many accepts are kept in flight by those who can.
inline constexpr std::size_t accepts_in_flight = 4;

/// A poller and submit_accept.
[[nodiscard]] std::unique_ptr<Acceptor> make_submitting_acceptor();

/// A poller and register_handle of a listener that does not block.
[[nodiscard]] std::unique_ptr<Acceptor> make_readiness_acceptor();

/// A listener that blocks, and nothing else.
[[nodiscard]] std::unique_ptr<Acceptor> make_blocking_acceptor();

/// async_accept; null where Asio was not found.
[[nodiscard]] std::unique_ptr<Acceptor> make_asio_acceptor();

}  // namespace wakepoll::bench
