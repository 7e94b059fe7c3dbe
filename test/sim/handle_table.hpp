// The handle table of the simulated process, with numbers as Windows allocates them.
//
// Values are multiples of four (the two low bits are ignored), and the lowest free one is used
// next. So a closed value is reused at once, and a late event of an old registration could be
// mistaken for one of the new handle. Sockets and other handles share the numbers. 0 and ~0 are
// never used.
//
// One rule is Winsock's: it has its own list of sockets, which CloseHandle bypasses. A socket
// closed that way leaves its number *orphaned*: still in Winsock's list, unknown to the kernel.
// WSAPoll fails as a whole on an array that holds such a number, and polling the number alone does
// not mend it. It stays orphaned until it is reused or closesocket removes it from the list (which
// succeeds). Seen on Wine 8.
//
// A socket of a layered provider has a second number, its *base*, by which the lower provider knows
// it. It is allocated when it is first queried, and freed with the socket. It belongs to the
// provider, so it is not counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <queue>
#include <utility>
#include <vector>

#include "object.hpp"
#include "wakepoll/handle.hpp"

namespace wakepoll::sim {

class HandleTable {
public:
    /// Opens a handle to the object, which may have others.
    Handle open(std::shared_ptr<Object> object);
    /// Opens the copy on which a thread of the system's pool waits. It takes a number, and does not
    /// count as a handle of the object, nor among those that are open.
    Handle open_for_wait(std::shared_ptr<Object> object);

    /// The object of a handle; null for a number that is no handle.
    [[nodiscard]] std::shared_ptr<Object> find(Handle handle) const;

    /// The same; null also for an object of another class.
    template <class T>
    [[nodiscard]] std::shared_ptr<T> find_as(Handle handle) const {
        return std::dynamic_pointer_cast<T>(find(handle));
    }

    /// The base of an open socket. The base of a base is itself.
    [[nodiscard]] Handle base_of(Handle socket);
    [[nodiscard]] bool is_base(Handle handle) const noexcept;

    /// Sets whether CloseHandle is refused. Does nothing if the number is no handle.
    void protect(Handle handle, bool from_close);
    [[nodiscard]] bool is_protected(Handle handle) const noexcept;
    /// CloseHandle. False if the number is no handle, or a protected one.
    bool close_handle(Handle handle, const Traits& traits);
    /// closesocket. False if the number is neither a socket nor orphaned.
    bool close_socket(Handle handle, const Traits& traits);

    /// The end of the process: everything is closed.
    void close_all(const Traits& traits);

    [[nodiscard]] bool is_orphaned(Handle handle) const noexcept;

    /// The number of open handles.
    [[nodiscard]] std::size_t size() const noexcept { return open_; }

private:
    struct Slot {
        std::shared_ptr<Object> object = {};
        bool orphaned = false;
        bool is_base = false;
        bool is_protected = false;
        bool is_for_wait = false;
        Handle base = {};  ///< A socket's base, if it has been allocated.
    };

    [[nodiscard]] const Slot* slot_of(Handle handle) const noexcept;
    [[nodiscard]] Slot* slot_of(Handle handle) noexcept {
        return const_cast<Slot*>(std::as_const(*this).slot_of(handle));
    }
    [[nodiscard]] std::size_t take_slot();
    void close(Slot& slot, bool orphaned, const Traits& traits);

    std::vector<Slot> slots_;
    std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> free_;
    std::size_t open_ = 0;
};

}  // namespace wakepoll::sim
