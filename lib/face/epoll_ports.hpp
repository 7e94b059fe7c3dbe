// The ports of the process by their handles.
//
// 64 chains with a lock each, so that threads which use ports of their own seldom meet. A port in
// its chain has a reference, and whoever finds it there takes another one, so it stays while it is
// used, whatever is closed meanwhile.
#pragma once

#include <array>
#include <cstddef>

#include "face/epoll_port.hpp"
#include "sys/lock.hpp"
#include "wakepoll/handle.hpp"

namespace wakepoll {

class EpollPorts {
public:
    /// Takes the caller's reference.
    void insert(EpollPort& port) noexcept;

    /// The port, with its lock held; null, and no lock, where the number is that of no port.
    [[nodiscard]] EpollPort* find_and_lock(Handle handle) noexcept {
        Chain& chain = chain_of(handle);
        chain.lock.lock();
        EpollPort* port = chain.first;
        while (port != nullptr && port->handle() != handle) {
            port = port->next;
        }
        if (port == nullptr) {
            chain.lock.unlock();
        }
        return port;
    }
    /// The port, with another reference; null where the number is that of no port.
    [[nodiscard]] EpollPort* find(Handle handle) noexcept {
        EpollPort* const port = find_and_lock(handle);
        if (port != nullptr) {
            port->retain();
            port->lock->unlock();
        }
        return port;
    }

    /// Takes the port out, if it is still there, and closes its handle, as one step: where it is
    /// not found, its number is free, or another object's.
    void remove(EpollPort& port) noexcept;

    /// Closes all that there are.
    void close() noexcept;

private:
    struct Chain {
        sys::Lock lock;
        EpollPort* first = nullptr;
    };

    [[nodiscard]] Chain& chain_of(Handle handle) noexcept {
        return chains_[handle.value() / 4 % chains_.size()];
    }

    /// False where it is not there. Under the chain's lock.
    static bool take_out(Chain& chain, EpollPort* port) noexcept;

    std::array<Chain, 64> chains_;
};

/// Closes the ports that `epoll_create` has made and `epoll_close` has not closed.
void close_epoll_ports() noexcept;

}  // namespace wakepoll
