// The ports of the process by their handles.
//
// Rows of 64 places. A handle's number says which place of a row; the port is in the first row
// where that was vacant. A row is added where a place has none left, and stays, so a call finds its
// port without a lock, and enters it by one step (see core/port_state.hpp). The lock is for opening
// and closing, and for a call that has not found its port: under it none is half closed.
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
    /// Opens a port. It takes the contents, unless it fails.
    [[nodiscard]] std::error_code insert(EpollPort::Contents& contents) noexcept;

    /// Where a port with this number is first looked for. It is there unless it `has` another one.
    [[nodiscard]] EpollPort& first_place_of(Handle handle) noexcept {
        return first_.ports[place_of(handle)];
    }

    /// The port, entered; null where the number is that of no port that is open.
    [[nodiscard]] EpollPort* enter(Handle handle) noexcept {
        EpollPort& first = first_place_of(handle);
        const EpollPort::Word seen = first.read();
        return first.has(handle) && first.try_enter(seen) ? &first : enter_slowly(handle);
    }
    /// The same, in whichever row it is.
    [[nodiscard]] EpollPort* enter_slowly(Handle handle) noexcept;

    /// Why `enter` has found no port: `bad_file_descriptor` for what is no handle or a port that is
    /// being closed, `invalid_argument` for another handle.
    [[nodiscard]] std::error_code refusal(Handle handle) noexcept;

    /// Closes a port's handle and gives up its number, as one step. By a call that has entered.
    void remove(EpollPort& port) noexcept;

    /// Closes all that there are, and gives the memory back. No call may be under way.
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
    /// The port with this number, and its word, which was read before; null where there is none.
    [[nodiscard]] EpollPort* find(Handle handle, EpollPort::Word& seen) noexcept;
    /// Null where there is no memory for one more row. Under the lock.
    [[nodiscard]] EpollPort* vacant_for(Handle handle) noexcept;

    Row first_;
    sys::Lock lock_;
};

/// Those of `epoll_create`. Without a destructor, so it may be used by those of static objects.
extern constinit EpollPorts epoll_ports;

/// Closes the ports that `epoll_create` has made and `epoll_close` has not closed.
void close_epoll_ports() noexcept;

}  // namespace wakepoll
