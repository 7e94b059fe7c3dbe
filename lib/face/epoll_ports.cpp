#include "face/epoll_ports.hpp"

#include <mutex>
#include <new>
#include <type_traits>

#include "face/epoll_errors.hpp"
#include "own_errors.hpp"
#include "sys/memory.hpp"

namespace wakepoll {

constinit EpollPorts epoll_ports;

static_assert(std::is_trivially_destructible_v<EpollPorts>);

std::error_code EpollPorts::insert(EpollPort::Contents& contents) noexcept {
    const Handle handle = contents.name.handle();
    EpollPort* robbed = nullptr;
    {
        const std::lock_guard guard(lock_);
        EpollPort* const vacant = vacant_for(handle);
        if (vacant == nullptr) {
            return own_errors::not_enough_memory();
        }
        // Another port with this number has lost its handle: something removed the protection and
        // closed it. Only this call can close that port now.
        EpollPort::Word seen = 0;
        EpollPort* const other = find(handle, seen);
        if (other != nullptr) {
            robbed = other->enter() ? other : nullptr;
            other->lose_handle();
        }
        vacant->open(contents);
    }
    if (robbed != nullptr) {
        static_cast<void>(robbed->close());
        robbed->leave();
    }
    return {};
}

EpollPort* EpollPorts::vacant_for(Handle handle) noexcept {
    Row* row = &first_;
    while (!row->ports[place_of(handle)].is_vacant()) {
        Row* next = row->next.load(std::memory_order_relaxed);
        if (next == nullptr) {
            void* const block = sys::allocate_zeroed(sizeof(Row));
            if (block == nullptr) {
                return nullptr;
            }
            next = ::new (block) Row;
            row->next.store(next, std::memory_order_release);
        }
        row = next;
    }
    return &row->ports[place_of(handle)];
}

EpollPort* EpollPorts::find(Handle handle, EpollPort::Word& seen) noexcept {
    for (Row* row = &first_; row != nullptr; row = row->next.load(std::memory_order_acquire)) {
        EpollPort& port = row->ports[place_of(handle)];
        seen = port.read();
        if (port.has(handle)) {
            return &port;
        }
    }
    return nullptr;
}

EpollPort* EpollPorts::enter_slowly(Handle handle) noexcept {
    EpollPort::Word seen = 0;
    EpollPort* port = find(handle, seen);
    if (port != nullptr && port->try_enter(seen)) {
        return port;
    }
    const std::lock_guard guard(lock_);
    port = find(handle, seen);
    return port != nullptr && port->enter() ? port : nullptr;
}

std::error_code EpollPorts::refusal(Handle handle) noexcept {
    if (handle) {
        const std::lock_guard guard(lock_);
        EpollPort::Word seen = 0;
        if (find(handle, seen) != nullptr) {
            return own_errors::bad_file_descriptor();
        }
    }
    return epoll_errors::not_suitable(handle);
}

void EpollPorts::remove(EpollPort& port) noexcept {
    const std::lock_guard guard(lock_);
    port.close_handle();
}

void EpollPorts::close() noexcept {
    for (Row* row = &first_; row != nullptr; row = row->next.load(std::memory_order_acquire)) {
        for (EpollPort& port : row->ports) {
            if (port.enter()) {
                if (port.close()) {
                    remove(port);
                }
                port.leave();
            }
        }
    }
    for (Row* row = first_.next.exchange(nullptr); row != nullptr;) {
        Row* const next = row->next.load(std::memory_order_relaxed);
        sys::free_zeroed(row, sizeof(Row));
        row = next;
    }
}

void close_epoll_ports() noexcept { epoll_ports.close(); }

}  // namespace wakepoll
