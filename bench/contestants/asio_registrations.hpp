// An io_context and the sockets that it waits for; its memory is measured.
#pragma once

#include <memory>
#include <span>

#include "support/loopback_sockets.hpp"

namespace wakepoll::bench {

class AsioRegistrations {
public:
    virtual ~AsioRegistrations() = default;

    /// Waits for these to become readable until it is destroyed. Takes ownership of them.
    virtual void watch(std::span<const SOCKET> sockets) = 0;
};

/// Null if Asio was not found.
[[nodiscard]] std::unique_ptr<AsioRegistrations> make_asio_registrations();

}  // namespace wakepoll::bench
