#include "face/epoll_ports.hpp"

#include <mutex>

namespace wakepoll {

void EpollPorts::insert(EpollPort& port) noexcept {
    Chain& chain = chain_of(port.handle());
    const std::lock_guard guard(chain.lock);
    port.next = chain.first;
    chain.first = &port;
}

EpollPort* EpollPorts::find(Handle handle) noexcept {
    Chain& chain = chain_of(handle);
    const std::lock_guard guard(chain.lock);
    EpollPort* port = chain.first;
    while (port != nullptr && port->handle() != handle) {
        port = port->next;
    }
    if (port != nullptr) {
        port->retain();
    }
    return port;
}

void EpollPorts::remove(EpollPort& port) noexcept {
    Chain& chain = chain_of(port.handle());
    {
        const std::lock_guard guard(chain.lock);
        EpollPort** link = &chain.first;
        while (*link != &port) {
            link = &(*link)->next;
        }
        *link = port.next;
        port.close_handle();
    }
    port.release();
}

}  // namespace wakepoll
