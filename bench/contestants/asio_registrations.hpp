// An io_context and the sockets that it waits for, to be weighed.
#pragma once

#include <memory>
#include <span>

#include "support/loopback_sockets.hpp"

namespace wakepoll::bench {

class AsioRegistrations {
public:
    virtual ~AsioRegistrations() = default;

    /// Waits for these to become readable, until the end of its life. They are its own from now on.
    virtual void watch(std::span<const SOCKET> sockets) = 0;
};

/// Null where Asio was not found.
[[nodiscard]] std::unique_ptr<AsioRegistrations> make_asio_registrations();

}  // namespace wakepoll::bench
