// The ports of the process, found by their handles.
//
// The table has rows of 64 places. A handle's number selects the place; its port is in the first
// row where that place was vacant. Rows are added as needed and stay, so a call finds its port
// without a lock and enters it by one atomic step (see core/port_state.hpp). Opening and closing
// take the lock. So does a call that has found no port: under the lock no port is half closed.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <system_error>

#include "face/epoll_port.hpp"
#include "sys/lock.hpp"
#include "wakepoll/handle.hpp"

namespace wakepoll {

class EpollPorts {
public:
    /// Opens a port. Takes ownership of the contents, unless it fails.
    [[nodiscard]] std::error_code insert(EpollPort::Contents& contents) noexcept;

    /// The place where a port with this number is looked up first. The port is there if it `has`
    /// the number.
    [[nodiscard]] EpollPort& first_place_of(Handle handle) noexcept {
        return first_.ports[place_of(handle)];
    }

    /// Finds the port and enters it; null if no open port has this number.
    [[nodiscard]] EpollPort* enter(Handle handle) noexcept {
        EpollPort& first = first_place_of(handle);
        const EpollPort::Word seen = first.read();
        return first.has(handle) && first.try_enter(seen) ? &first : enter_slowly(handle);
    }
    /// The same, in any row.
    [[nodiscard]] EpollPort* enter_slowly(Handle handle) noexcept;

    /// Why `enter` found no port: `bad_file_descriptor` for a number that is no handle and for a
    /// port that is being closed, `invalid_argument` for another handle.
    [[nodiscard]] std::error_code refusal(Handle handle) noexcept;

    /// Closes a port's handle and gives up its number, as one step. For a call that has entered.
    void remove(EpollPort& port) noexcept;

    /// Closes all ports and frees the memory. No call may be in progress.
    void close() noexcept;

private:
    static constexpr std::size_t places = 64;

    struct Row {
        std::array<EpollPort, places> ports;
        std::atomic<Row*> next = nullptr;
    };

    [[nodiscard]] static std::size_t place_of(Handle handle) noexcept {
        return handle.value() / 4 % places;
    }
    /// The port with this number, and its word, read before the number; null if there is none.
    [[nodiscard]] EpollPort* find(Handle handle, EpollPort::Word& seen) noexcept;
    /// A vacant port for this number; null if there is no memory for one more row. Under the lock.
    [[nodiscard]] EpollPort* vacant_for(Handle handle) noexcept;

    Row first_;
    sys::Lock lock_;
};

/// The ports that `epoll_create` makes. It has no destructor, so destructors of static objects may
/// use it.
extern constinit EpollPorts epoll_ports;

/// Closes the ports that `epoll_create` has made and that are still open.
void close_epoll_ports() noexcept;

}  // namespace wakepoll
