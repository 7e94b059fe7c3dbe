#include "face/epoll_ports.hpp"

#include <mutex>

namespace wakepoll {

void EpollPorts::insert(EpollPort& port) noexcept {
    Chain& chain = chain_of(port.handle());
    const std::lock_guard guard(chain.lock);
    port.lock = &chain.lock;
    port.next = chain.first;
    chain.first = &port;
}

bool EpollPorts::take_out(Chain& chain, EpollPort* port) noexcept {
    EpollPort** link = &chain.first;
    while (*link != port && *link != nullptr) {
        link = &(*link)->next;
    }
    if (*link == nullptr) {
        return false;
    }
    *link = port->next;
    port->close_handle();
    return true;
}

void EpollPorts::remove(EpollPort& port) noexcept {
    Chain& chain = chain_of(port.handle());
    chain.lock.lock();
    const bool found = take_out(chain, &port);
    chain.lock.unlock();
    if (found) {
        port.release();
    }
}

void EpollPorts::close() noexcept {
    for (Chain& chain : chains_) {
        bool found = true;
        while (found) {
            chain.lock.lock();
            EpollPort* const port = chain.first;
            found = port != nullptr && take_out(chain, port);
            chain.lock.unlock();
            if (found) {
                static_cast<void>(port->close());
                port->release();
            }
        }
    }
}

}  // namespace wakepoll
