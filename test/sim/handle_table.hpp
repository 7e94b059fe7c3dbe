// The handle table of the simulated process: numbers as Windows deals them.
//
// Values are multiples of four (the two low bits are left out of account), and the lowest free one
// is given out next, so a closed value comes back at once: what late events of an old registration
// could be mistaken for. Sockets and other handles share the numbers. 0 and ~0 are never given out.
//
// One rule is Winsock's: it keeps its own list of sockets, which CloseHandle bypasses. A socket
// closed that way leaves its number *orphaned*: still listed by Winsock, unknown to the kernel.
// WSAPoll fails as a whole on an array that holds such a number, and asking about the number alone
// does not mend it. It stays orphaned until it is given out again or closesocket takes it off the
// list (which succeeds). Seen on Wine 8.
//
// A socket of a layered provider has a second number for the same socket, its *base*, which the
// provider below knows it by. It is dealt when it is first asked for, and goes when the socket's
// own goes. It belongs to the provider, so it is not counted.
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
    /// A new handle to the object, which may have others.
    Handle open(std::shared_ptr<Object> object);

    /// Null for a number that is no handle now.
    [[nodiscard]] std::shared_ptr<Object> find(Handle handle) const;

    /// Null too where the object is of another class.
    template <class T>
    [[nodiscard]] std::shared_ptr<T> find_as(Handle handle) const {
        return std::dynamic_pointer_cast<T>(find(handle));
    }

    /// The base of a socket that is open. A base's is itself.
    [[nodiscard]] Handle base_of(Handle socket);
    [[nodiscard]] bool is_base(Handle handle) const noexcept;

    /// Whether CloseHandle is refused. Nothing where the number is no handle.
    void protect(Handle handle, bool from_close);
    /// CloseHandle. False where the number is no handle, or one that is protected.
    bool close_handle(Handle handle, const Traits& traits);
    /// closesocket. False where the number is neither a socket nor orphaned.
    bool close_socket(Handle handle, const Traits& traits);

    /// The end of the process: everything is closed.
    void close_all(const Traits& traits);

    [[nodiscard]] bool is_orphaned(Handle handle) const noexcept;

    /// Handles that are open.
    [[nodiscard]] std::size_t size() const noexcept { return open_; }

private:
    struct Slot {
        std::shared_ptr<Object> object = {};
        bool orphaned = false;
        bool is_base = false;
        bool is_protected = false;
        Handle base = {};  ///< Of a socket: its base, where that has been dealt.
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
