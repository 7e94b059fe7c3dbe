// wakepoll 0.1.0, the source. Written by tools/amalgamate: change the tree instead.
//
// MIT License
//
// Copyright (c) 2026 The wakepoll authors
//
// Permission is hereby granted, free of charge, to any person obtaining a copy
// of this software and associated documentation files (the "Software"), to deal
// in the Software without restriction, including without limitation the rights
// to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
// copies of the Software, and to permit persons to whom the Software is
// furnished to do so, subject to the following conditions:
//
// The above copyright notice and this permission notice shall be included in all
// copies or substantial portions of the Software.
//
// THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
// IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
// FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
// AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
// LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
// OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
// SOFTWARE.
#if !defined(WIN32_LEAN_AND_MEAN)
#define WIN32_LEAN_AND_MEAN
#endif
#if !defined(NOMINMAX)
#define NOMINMAX
#endif
#if !defined(_WIN32_WINNT)
#define _WIN32_WINNT 0x0A00
#endif
#if defined(_MSC_VER)
#pragma warning(disable : 4324)  // Padded because of alignas, which is what it is there for.
#endif
#include "wakepoll.hpp"

// lib/core/afd_bits.hpp
// Translates between epoll masks and the event bits of AFD, the device behind Winsock.
//
// The bits are AFD's own (AFD_POLL_...). As with WSAPoll, the rule is what Linux reports in each
// situation. AFD reports only a close of the socket unasked, so a condition that the interest
// filters out, such as a peer's FIN, is not requested and can neither show nor spin.

#include <cstdint>


namespace wakepoll::core {

namespace afd_bits {
inline constexpr std::uint32_t receive = 0x1;
inline constexpr std::uint32_t receive_expedited = 0x2;  ///< An out-of-band byte.
inline constexpr std::uint32_t send = 0x4;
inline constexpr std::uint32_t disconnect = 0x8;    ///< The peer has sent FIN.
inline constexpr std::uint32_t abort = 0x10;        ///< The connection was reset.
inline constexpr std::uint32_t local_close = 0x20;  ///< Closed by this process. Unasked.
inline constexpr std::uint32_t accept = 0x80;
inline constexpr std::uint32_t connect_fail = 0x100;
/// Not an AFD bit: of an answer, only a close counts, and the number may be another socket's.
inline constexpr std::uint32_t outdated = 0x2000;
/// Not an AFD bit: the socket itself has reported that both directions are shut down.
inline constexpr std::uint32_t hung_up = 0x4000;
/// Not an AFD bit: the socket's provider is not AFD, so AFD cannot poll it.
inline constexpr std::uint32_t foreign = 0x8000;
}  // namespace afd_bits

/// Returns what to request for an interest. Always includes failures, because epoll reports them to
/// every interest. Never includes CONNECT (0x40), which stays set for as long as a connection
/// lasts.
[[nodiscard]] constexpr std::uint32_t to_afd_mask(IoInterest interest) noexcept {
    constexpr std::uint32_t readable = afd_bits::receive | afd_bits::accept | afd_bits::disconnect;
    // Branch-free: this runs once per socket and wait.
    const auto if_any = [interest](std::uint32_t of, std::uint32_t asked) {
        return (bits(interest) & of) != 0 ? asked : 0U;
    };
    return afd_bits::abort | afd_bits::connect_fail | if_any(mask::in | mask::rdnorm, readable) |
           if_any(mask::rdhup, afd_bits::disconnect) |
           if_any(mask::pri, afd_bits::receive_expedited) |
           if_any(mask::out | mask::wrnorm, afd_bits::send);
}

/// Data and room only: the common case.
[[nodiscard]] constexpr bool is_plain(std::uint32_t events) noexcept {
    return (events & ~(afd_bits::receive | afd_bits::send)) == 0;
}
[[nodiscard]] constexpr std::uint32_t from_plain_afd_mask(std::uint32_t events) noexcept {
    constexpr std::uint32_t readable = mask::in | mask::rdnorm;
    static_assert(afd_bits::receive * readable == readable &&
                  afd_bits::send * readable == (mask::out | mask::wrnorm));
    return events * readable;
}

/// Returns what Linux would report if AFD answers `events`, before the interest filters it.
[[nodiscard]] constexpr std::uint32_t from_afd_mask(std::uint32_t events, bool stream) noexcept {
    constexpr std::uint32_t readable = mask::in | mask::rdnorm;
    constexpr std::uint32_t writable = mask::out | mask::wrnorm;
    std::uint32_t epoll = from_plain_afd_mask(events & (afd_bits::receive | afd_bits::send));
    if ((events & afd_bits::accept) != 0) {
        epoll |= readable;
    }
    if ((events & afd_bits::receive_expedited) != 0) {
        epoll |= mask::pri;
    }
    if ((events & afd_bits::disconnect) != 0) {
        epoll |= readable | mask::rdhup;
    }
    if ((events & afd_bits::hung_up) != 0) {
        epoll |= mask::hup;
    }
    if ((events & afd_bits::foreign) != 0) {
        epoll |= mask::err;
    }
    if ((events & (afd_bits::abort | afd_bits::connect_fail)) != 0) {
        epoll |= stream ? readable | writable | mask::rdhup | mask::err | mask::hup : mask::err;
    }
    return epoll;
}

}  // namespace wakepoll::core

// lib/core/poll_entry.hpp
// The element of a WSAPoll array, as plain data.
//
// `PollEntry` has the layout of WSAPOLLFD (lib/sys/win32 asserts it), so that the poll set, which
// makes no system call, can hold the array that the kernel reads. The bit values are those of
// Windows; they differ from Linux's.

#include <cstdint>

namespace wakepoll::core {

/// The bits of `PollEntry::events` and `::revents`. Only `rdnorm`, `rdband` and `wrnorm` may be
/// requested: Windows refuses the whole call with WSAEINVAL for any other (Wine accepts them).
namespace poll_bits {
inline constexpr std::int16_t err = 0x0001;
inline constexpr std::int16_t hup = 0x0002;
inline constexpr std::int16_t nval = 0x0004;
inline constexpr std::int16_t wrnorm = 0x0010;
inline constexpr std::int16_t rdnorm = 0x0100;
inline constexpr std::int16_t rdband = 0x0200;
}  // namespace poll_bits

/// WSAPOLLFD.
struct PollEntry {
    std::uintptr_t socket = 0;
    std::int16_t events = 0;
    std::int16_t revents = 0;
};

}  // namespace wakepoll::core

// lib/core/event_mask.hpp
// Translates interests to WSAPoll's bits, and WSAPoll's answers to epoll masks.
//
// Windows and Linux disagree most here, so the tables are constexpr and tested row by row. The rule
// is what Linux reports in each situation; see doc/internals/windows-facts.md for the Windows side.

#include <cstdint>


namespace wakepoll::core {

/// All bits that a registration may request.
inline constexpr std::uint32_t interest_bits =
    mask::in | mask::pri | mask::out | mask::err | mask::hup | mask::rdnorm | mask::rdband |
    mask::wrnorm | mask::wrband | mask::rdhup | mask::oneshot;

[[nodiscard]] constexpr bool is_valid_interest(IoInterest interest) noexcept {
    return (bits(interest) & ~interest_bits) == 0;
}

[[nodiscard]] constexpr bool is_one_shot(IoInterest interest) noexcept {
    return any(interest & IoInterest::one_shot);
}

/// True if the interest includes the end of the stream.
[[nodiscard]] constexpr bool wants_end(IoInterest interest) noexcept {
    return (bits(interest) & (mask::in | mask::rdnorm | mask::rdhup)) != 0;
}

/// Returns the bits to request from WSAPoll. Never POLLPRI, POLLERR, POLLHUP, POLLNVAL or
/// POLLWRBAND: Windows would refuse the call for the whole array. Nothing for `rdband` and
/// `wrband`, which no socket reports: WSAPoll would return at once for what is then filtered out.
[[nodiscard]] constexpr std::int16_t to_native_mask(IoInterest interest) noexcept {
    int native = 0;
    if ((bits(interest) & (mask::in | mask::rdnorm)) != 0) {
        native |= poll_bits::rdnorm;
    }
    if ((bits(interest) & mask::pri) != 0) {
        native |= poll_bits::rdband;
    }
    if ((bits(interest) & (mask::out | mask::wrnorm)) != 0) {
        native |= poll_bits::wrnorm;
    }
    return static_cast<std::int16_t>(native);
}

/// Data and room only: the common case.
[[nodiscard]] constexpr bool is_plain(std::int16_t revents) noexcept {
    return (revents & ~(poll_bits::rdnorm | poll_bits::wrnorm)) == 0;
}
[[nodiscard]] constexpr std::uint32_t plain_to_epoll_mask(std::int16_t revents) noexcept {
    const std::uint32_t answer = static_cast<std::uint16_t>(revents);
    return (answer & poll_bits::rdnorm) / poll_bits::rdnorm * (mask::in | mask::rdnorm) |
           (answer & poll_bits::wrnorm) / poll_bits::wrnorm * (mask::out | mask::wrnorm);
}

/// Returns what Linux would report if WSAPoll answers `revents`, before the interest filters it.
///
/// On a stream socket, WSAPoll's HUP means that the peer has sent FIN (Linux: in, rdhup), and ERR
/// that the connection was reset or refused (Linux: everything). The caller handles `nval`.
[[nodiscard]] constexpr std::uint32_t to_epoll_mask(std::int16_t revents, bool stream) noexcept {
    constexpr std::uint32_t readable = mask::in | mask::rdnorm;
    constexpr std::uint32_t writable = mask::out | mask::wrnorm;
    const std::uint32_t answer = static_cast<std::uint16_t>(revents);
    std::uint32_t epoll = plain_to_epoll_mask(revents);
    if ((answer & poll_bits::rdband) != 0) {
        epoll |= mask::pri;
    }
    if ((answer & poll_bits::hup) != 0) {
        epoll |= readable | mask::rdhup;
    }
    if ((answer & poll_bits::err) != 0) {
        epoll |= stream ? readable | writable | mask::rdhup | mask::err | mask::hup : mask::err;
    }
    return epoll;
}

/// Returns the part of a mask that this interest receives: what it requests, plus errors and
/// hang-ups.
[[nodiscard]] constexpr std::uint32_t filter_mask(std::uint32_t epoll,
                                                  IoInterest interest) noexcept {
    return epoll & (bits(interest) | mask::err | mask::hup);
}

}  // namespace wakepoll::core

// lib/core/port_owners.hpp
// Records which poller of this process was the last to associate a number with its port.
//
// All pollers use the same mark to recognise a handle whose number was reused. So each records here
// what it associates, and a poller that finds another one's record knows that the number is not its
// handle any more. Numbers share cells, so a record may be overwritten; then the mark alone
// decides. Any thread.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>


namespace wakepoll::core {

enum class PortOwner : std::uint32_t { none };

class PortOwners {
public:
    /// One that differs from all others.
    [[nodiscard]] static PortOwner make() noexcept {
        return PortOwner{last_.fetch_add(1, std::memory_order_relaxed) + 1};
    }

    static void note(Handle handle, PortOwner owner) noexcept {
        cell_of(handle).store(word_of(handle, owner), std::memory_order_relaxed);
    }

    /// Another than this owner has associated the number last. False if that is not known.
    [[nodiscard]] static bool is_anothers(Handle handle, PortOwner owner) noexcept {
        const std::uint64_t noted = cell_of(handle).load(std::memory_order_relaxed);
        const std::uint64_t difference = noted ^ word_of(handle, owner);
        return difference != 0 && difference >> 32U == 0;
    }

private:
    static constexpr std::size_t cells = 4096;

    using Cell = std::atomic<std::uint64_t>;

    [[nodiscard]] static Cell& cell_of(Handle handle) noexcept {
        return cells_[handle.value() / 4 % cells];  // Handles are multiples of four.
    }
    /// The number, of which Windows uses 32 bits, and who has it.
    [[nodiscard]] static std::uint64_t word_of(Handle handle, PortOwner owner) noexcept {
        return std::uint64_t{handle.value()} << 32U | static_cast<std::uint32_t>(owner);
    }

    inline static std::array<Cell, cells> cells_;
    inline static std::atomic<std::uint32_t> last_ = 0;
};

}  // namespace wakepoll::core

// lib/core/slot.hpp
// The number of a registration's slot: an index that cannot be mistaken for a position or a count.
// Slots are used again; the generation distinguishes one use from the next.

#include <cstddef>
#include <cstdint>

namespace wakepoll::core {

enum class Slot : std::uint32_t {};

inline constexpr Slot no_slot{0xFFFFFFFF};

struct SlotUse {
    Slot slot = no_slot;
    std::uint32_t generation = 0;

    [[nodiscard]] bool operator==(const SlotUse&) const = default;
};

[[nodiscard]] constexpr std::size_t index_of(Slot slot) noexcept {
    return static_cast<std::size_t>(slot);
}

}  // namespace wakepoll::core

// lib/core/registration_table.hpp
// The fixed table of registrations: find by handle, insert and erase, each O(1).
//
// Slots come from a free list and are found through an index (open addressing, linear probing, at
// most two thirds full, no tombstones). Every slot counts its registrations: a packet or an event
// that was meant for an earlier one is recognised by its generation and dropped.
//
// The caller provides zeroed memory; slots that were never used are not touched. Not thread-safe:
// used under the poller's lock. Allocates nothing.

#include <cstddef>
#include <cstdint>


namespace wakepoll::core {

/// What is known of a handle. It has a slot while it is registered for readiness, is known to
/// belong to the poller's port, has operations in flight, or is covered by a poll in flight.
struct Registration {
    Handle handle;
    std::uint64_t user_data = 0;
    IoInterest interest = IoInterest::none;
    std::uint32_t generation = 0;  ///< Raised whenever a registration ends.
    HandleType type = HandleType::unknown;
    IoModel model = IoModel::poll;
    bool active : 1 = false;
    bool registered : 1 = false;   ///< For readiness.
    bool associated : 1 = false;   ///< With the poller's port.
    bool stream : 1 = false;       ///< A stream socket; else a datagram socket.
    bool skips : 1 = false;        ///< A call that succeeds at once posts no packet.
    bool marked : 1 = false;       ///< The object carries the poller's mark, which tells it from a
                                   ///< later object with the same number.
    bool polled : 1 = false;       ///< A request to AFD that covers it is in flight.
    bool hung_up : 1 = false;      ///< Both directions of its connection are shut.
    bool asked : 1 = false;        ///< `hung_up` need not be queried until it is modified.
    bool outdated : 1 = false;     ///< The handle was closed (a socket perhaps before the last
                                   ///< modify); the number is another's, or none's.
    bool listens : 1 = false;      ///< Its connect was refused, and it listens since.
    bool attached : 1 = false;     ///< Its user guarantees that the number is the same handle's.
    std::uint32_t operations = 0;  ///< In flight.
    std::uint32_t base = 0;        ///< Of a registered socket: its base handle, which AFD takes.
    std::uint32_t entry = 0;       ///< Of a registered overlapped pipe: its pool entry.
    std::uint32_t next_free = 0;   ///< Of a free slot: the next one plus one.
};

class RegistrationTable {
public:
    /// The number of index cells that a table of this capacity needs.
    [[nodiscard]] static std::size_t index_size(std::uint32_t capacity) noexcept;

    /// Uses `capacity` registrations and `index_size(capacity)` cells, which must outlive the
    /// table.
    RegistrationTable(Registration* slots, std::uint32_t* index, std::uint32_t capacity) noexcept;

    RegistrationTable(const RegistrationTable&) = delete;
    RegistrationTable& operator=(const RegistrationTable&) = delete;

    /// The slot of a handle, or `no_slot`.
    [[nodiscard]] Slot find(Handle handle) const noexcept;

    /// Takes a slot for a handle that is not in the table, with all but handle and generation at
    /// their defaults; `no_slot` if the table is full.
    [[nodiscard]] Slot insert(Handle handle) noexcept;

    /// The current use of the slot, which ends with its registration, or when the number is found
    /// to be another object's.
    [[nodiscard]] SlotUse use_of(Slot slot) const noexcept {
        return {slot, (*this)[slot].generation};
    }
    /// True if that use has not ended.
    [[nodiscard]] bool goes_on(SlotUse use) const noexcept {
        const Registration& registration = (*this)[use.slot];
        return registration.active && registration.generation == use.generation;
    }

    /// Registers an active slot for readiness.
    void begin_registration(Slot slot) noexcept;

    /// Ends the registration: what was meant for it is stale from now on. Frees the slot if
    /// nothing else uses it.
    void end_registration(Slot slot) noexcept;

    /// The poller has made this handle itself, so its number was free: what is registered with it
    /// was closed.
    void note_made(Handle made) noexcept;

    /// Frees an active slot that nothing uses: no registration, no operation, no poll, and not
    /// known to belong to the port.
    void release(Slot slot) noexcept;

    /// The number of an active, unregistered slot now belongs to another object: resets everything
    /// but a poll in flight.
    void renew(Slot slot) noexcept;

    /// Frees an active slot whatever uses it.
    void erase(Slot slot) noexcept;

    [[nodiscard]] Registration& operator[](Slot slot) noexcept { return slots_[index_of(slot)]; }
    [[nodiscard]] const Registration& operator[](Slot slot) const noexcept {
        return slots_[index_of(slot)];
    }

    /// Who associates what is in this table.
    [[nodiscard]] PortOwner owner() const noexcept { return owner_; }

    /// The number of slots in use.
    [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
    /// How many of them are registered for readiness.
    [[nodiscard]] std::uint32_t registered() const noexcept { return registered_; }
    [[nodiscard]] std::uint32_t capacity() const noexcept { return capacity_; }
    /// Slots below this number were in use at some time, the others never.
    [[nodiscard]] std::uint32_t used() const noexcept { return used_; }

private:
    void set_registered(Slot slot, bool registered) noexcept;
    [[nodiscard]] std::size_t home(Handle handle) const noexcept;
    [[nodiscard]] std::size_t after(std::size_t cell) const noexcept {
        return cell + 1 == index_size_ ? 0 : cell + 1;
    }
    [[nodiscard]] std::size_t distance(std::size_t from, std::size_t to) const noexcept {
        return to >= from ? to - from : to + index_size_ - from;
    }
    /// The cell that holds the handle, or the empty cell where it would go.
    [[nodiscard]] std::size_t cell_of(Handle handle) const noexcept;

    Registration* slots_;
    std::uint32_t* index_;
    std::size_t index_size_;
    std::uint32_t capacity_;
    PortOwner owner_ = PortOwners::make();
    std::uint32_t size_ = 0;
    std::uint32_t registered_ = 0;
    std::uint32_t used_ = 0;
    std::uint32_t first_free_ = 0;  ///< Plus one; 0 if all used slots are taken.
};

}  // namespace wakepoll::core

// lib/backend/hang_ups.hpp
// Whether both directions of a connection are shut down, which neither WSAPoll nor AFD reports.
//
// Both report that the peer has sent FIN; whether this side has, too, has to be queried from the
// socket. It is queried if an answer includes the peer's FIN, once per answer, until both
// directions are shut down: that is final. If the interest excludes the end of the stream, so
// that the FIN alone is not reported, it is queried once, and again when the registration is
// modified. A socket whose peer has not sent FIN is never queried.


namespace wakepoll::backend {

class HangUps {
public:
    /// `build` is that of Windows.
    explicit HangUps(std::uint32_t build) noexcept
        : told_(build >= first_build ? core::afd_bits::disconnect : 0U) {}

    /// AFD's bit for the peer's FIN if it must be known for every interest, else 0.
    [[nodiscard]] std::uint32_t bits_for(const core::Registration& registration) const noexcept {
        // Branch-free, because it runs whenever a registration changes.
        return (registration.stream & ~std::uint32_t{registration.asked}) * told_;
    }

    /// The peer of a registered socket has sent FIN; returns whether both directions are shut down.
    [[nodiscard]] bool is_full(core::Registration& registration) const noexcept;

    /// The registration begins or is modified: earlier answers no longer count.
    static void forget(core::Registration& registration) noexcept {
        registration.hung_up = false;
        registration.asked = false;
    }

private:
    /// Server 2016. Windows 10 1507 and 1511 are older, and refuse the query.
    static constexpr std::uint32_t first_build = 14393;

    std::uint32_t told_;  ///< The bit, or 0 on a build that refuses the query.
};

}  // namespace wakepoll::backend

// lib/core/wake_state.hpp
// The one word that a poller shares with other threads.
//
// It holds whether a wake is pending, where the owner is parked, whether the port is watched,
// shutdown and disposal. Because all of it is one atomic word, every step of the wake protocol is a
// single compare-and-exchange, and there is no order between two variables to get wrong. In
// particular the owner cannot park over a pending wake (its exchange fails), and a waker learns in
// the step that makes its wake pending whether, and where, the owner must be woken (P1, P2).
//
// A wake of a parked owner goes through two states. During the kernel call that delivers it, it is
// `posting`: a second waker then delivers too, because the first may still fail. Once a delivery
// has succeeded it is `pending`, and later wakers rely on it and make no call.
//
// The word also counts the threads inside such a call, so that disposal can wait for them before it
// closes what they use. It holds the generation of the wake, so that a slow waker's success never
// counts for a later one. A ring for the port or for the shutdown never counts as a wake's delivery
// either: the owner may have consumed it before the wake began.
//
// No system call is made here. Methods say which thread may call them.

#include <atomic>
#include <cstdint>

namespace wakepoll::core {

/// The kernel call that the owner is blocked in.
enum class Park : std::uint8_t { nowhere = 0, port = 1, sockets = 2 };

class WakeState {
public:
    /// What the calling thread has to do.
    struct Delivery {
        enum class Kind : std::uint8_t {
            refused,  ///< Nothing: the poller is shut down or disposed.
            done,     ///< Nothing: the owner is awake, or another wake is pending.
            needed,   ///< Wake the owner at `where`, then call `finish`.
        };
        Kind kind = Kind::refused;
        Park where = Park::nowhere;
        std::uint16_t generation = 0;
        bool carries_wake = false;  ///< Its success makes the wake of its generation pending.
    };

    // Any thread.

    /// Requests a wake. One that finds another pending, as most do in a storm, needs only the
    /// addition.
    [[nodiscard]] Delivery begin_wake() noexcept {
        const Word word = word_.fetch_add(one_request, order);
        if ((word & (wake_mask | shut_down | closed)) == wake_pending) {
            return {Delivery::Kind::done};  // The addition has published this thread's writes.
        }
        return begin_first_wake(word + one_request);
    }

    /// Requests the poller's end. Not coalesced: each request delivers.
    [[nodiscard]] Delivery begin_shutdown() noexcept;

    /// The watched port was signalled, so the watch is no longer armed. Delivered only if the
    /// owner is parked in the sockets.
    [[nodiscard]] Delivery begin_port_signal() noexcept;

    /// Something happened that the owner must check before it parks again, such as a signalled
    /// handle. Not coalesced while the owner is parked.
    [[nodiscard]] Delivery begin_signal() noexcept;

    /// Ends a delivery of kind `needed`; `delivered` says whether its kernel call succeeded. Until
    /// then the owner keeps open what the call uses.
    void finish(const Delivery& delivery, bool delivered) noexcept;

    [[nodiscard]] bool is_closed() const noexcept { return (word_.load(order) & closed) != 0; }
    /// Also true once closed.
    [[nodiscard]] bool is_shut_down() const noexcept {
        return (word_.load(order) & (shut_down | closed)) != 0;
    }

    /// The number of wakes requested since creation, modulo 2^32.
    [[nodiscard]] std::uint32_t requests() const noexcept {
        return static_cast<std::uint32_t>(word_.load(std::memory_order_relaxed) >> request_shift);
    }

    // The owner.

    /// True if a wake was requested since the last call that returned true.
    [[nodiscard]] bool consume() noexcept {
        const Word word = word_.load(order);
        return (word & wake_mask) != 0 && consume_wake(word);
    }

    /// True if there is no wake to consume, no shutdown and no disposal.
    [[nodiscard]] bool is_calm() const noexcept {
        return (word_.load(order) & (wake_mask | shut_down | closed)) == 0;
    }

    /// True if a signal came since the last call that returned true. Call before checking what
    /// was signalled.
    [[nodiscard]] bool consume_signal() noexcept {
        return (word_.load(order) & signalled) != 0 &&
               (word_.fetch_and(~signalled, order) & signalled) != 0;
    }

    /// Marks the owner as about to block at `where`. False if it must not block, because a wake,
    /// a signal or a shutdown has come.
    [[nodiscard]] bool park(Park where) noexcept;

    /// The owner no longer blocks.
    void unpark() noexcept { word_.fetch_and(~park_mask, order); }

    [[nodiscard]] bool is_watch_armed() const noexcept {
        return (word_.load(order) & watch_armed) != 0;
    }
    void set_watch_armed(bool armed) noexcept;

    /// Returns when no delivery that began earlier is in progress. That takes as long as posting a
    /// packet or sending a datagram.
    void wait_for_deliveries() const noexcept;

    // The thread that disposes, once.

    /// Refuses all further deliveries.
    void close() noexcept;

private:
    using Word = std::uint64_t;

    // The word, from its lowest bit: the wake (2 bits), where the owner is parked (2), the flags
    // (4), deliveries in progress (8), the wake's generation (16), wakes requested (32).
    static constexpr Word wake_mask = 0x3;
    static constexpr Word wake_posting = 0x1;
    static constexpr Word wake_pending = 0x2;
    static constexpr unsigned park_shift = 2;
    static constexpr Word park_mask = Word{0x3} << park_shift;
    static constexpr Word watch_armed = 1U << 4;
    static constexpr Word shut_down = 1U << 5;
    static constexpr Word closed = 1U << 6;
    static constexpr Word signalled = 1U << 7;
    static constexpr Word one_delivery = Word{1} << 8;
    static constexpr Word delivery_mask = Word{0xFF} << 8;
    static constexpr unsigned generation_shift = 16;
    static constexpr Word generation_mask = Word{0xFFFF} << generation_shift;
    static constexpr Word one_generation = Word{1} << generation_shift;
    static constexpr unsigned request_shift = 32;
    static constexpr Word one_request = Word{1} << request_shift;

    // Everything is sequentially consistent: a wake must publish what its thread wrote before, a
    // woken owner must see it, and parking must not be reordered with either. On x86 each exchange
    // is one locked instruction whatever the order.
    static constexpr auto order = std::memory_order_seq_cst;

    [[nodiscard]] static constexpr Park parked_at(Word word) noexcept {
        return static_cast<Park>((word & park_mask) >> park_shift);
    }
    [[nodiscard]] static constexpr std::uint16_t generation_of(Word word) noexcept {
        return static_cast<std::uint16_t>((word & generation_mask) >> generation_shift);
    }
    [[nodiscard]] static constexpr Word with_wake(Word word, Word wake) noexcept {
        return (word & ~wake_mask) | wake;
    }

    /// Begins a requested wake that found none pending in `word`, or finds the poller's end.
    [[nodiscard]] Delivery begin_first_wake(Word word) noexcept;
    /// Takes the wake in `word`, or in what the word has become.
    bool consume_wake(Word word) noexcept;

    /// Adds one delivery in progress to where the owner is parked, by one exchange from `word`.
    /// False if the word has changed; it is then reloaded.
    bool try_deliver(Word& word, Word next, Delivery& delivery) noexcept;

    std::atomic<Word> word_{0};
};

}  // namespace wakepoll::core

// lib/backend/readiness_backend.hpp
// The interface of a backend for sockets.
//
// A backend knows which registered sockets are ready. It owns no registration: the table is the
// poller's, and a backend keeps for each slot only what its kernel calls need. Everything is called
// under the poller's lock, except `block` and `rouse`.
//
// There are two ways to wait. A `RequestingBackend` submits requests in `look`; the thread blocks
// at the port, where their packets end the block, and `take_packet` receives those with its key. A
// `BlockingBackend` blocks in its own call while it has sockets (`parks_at`).

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>


namespace wakepoll::backend {

/// The progress of a scan.
struct Scan {
    std::size_t filled = 0;   ///< Events written.
    std::size_t visited = 0;  ///< Sockets checked, ready or not.
};

/// What outstanding packets hold up; each includes what precedes it.
enum class Outstanding : std::uint8_t {
    nothing,        ///< No packet is outstanding.
    answers,        ///< Only reports of sockets that are not ready.
    registrations,  ///< Because of one, a registration may be refused.
    polls,  ///< Because of one that is certain to come soon, `look` cannot poll some sockets.
};

template <class T>
concept ReadinessBackend = requires(T backend, const T& observer, core::Slot slot,
                                    std::chrono::nanoseconds now, std::span<NativeEvent> events,
                                    std::size_t visits) {
    /// Starts, changes or ends the watch of a registered socket. What fails changes nothing. The
    /// registration has its new interest already when `modify` is called.
    { backend.add(slot) }
    noexcept->std::same_as<std::error_code>;
    { backend.modify(slot) }
    noexcept->std::same_as<std::error_code>;
    { backend.remove(slot) }
    noexcept;

    /// Begins a wait with room for this many events: earlier answers no longer count.
    { backend.begin_wait(visits) }
    noexcept;
    /// Polls, without blocking, which sockets are ready, and lets the others report later.
    { backend.look(now) }
    noexcept->std::same_as<std::error_code>;
    /// How many sockets a full round of `collect` visits; 0 if none has anything to report.
    { observer.size() }
    noexcept->std::same_as<std::size_t>;
    /// Reports the answers: visits at most `visits` sockets, from where the last scan stopped, and
    /// stops early when `events` is full.
    { backend.collect(events, visits, now) }
    noexcept->std::same_as<Scan>;

    /// Closes what the backend has opened. No other thread may be in `block` or `rouse`.
    { backend.close() }
    noexcept;
};

/// One whose answers come as packets, too.
template <class T>
concept RequestingBackend = ReadinessBackend<T> &&
    requires(T backend, const T& observer, const void* context, std::uint32_t status) {
    /// All that `look` does, without the time: submits the requests that are due.
    { backend.submit_due() }
    noexcept->std::same_as<std::error_code>;
    /// Sockets that `look` has not polled since the wait began.
    { observer.due() }
    noexcept->std::same_as<std::size_t>;
    /// A packet with the backend's key has come; returns whether it made a socket ready.
    { backend.take_packet(context, status) }
    noexcept->std::same_as<bool>;
    /// What the packets of the requests in flight hold up.
    { observer.outstanding() }
    noexcept->std::same_as<Outstanding>;
    /// Cancels what could not be cancelled when it was no longer needed.
    { backend.retry_cancels() }
    noexcept;
    /// Cancels everything in flight; the packets still have to be taken.
    { backend.cancel_all() }
    noexcept;
};

/// One that blocks in its own call. A change of the sockets during a block counts once it has
/// ended; `rouse` ends it.
template <class T>
concept BlockingBackend = ReadinessBackend<T> &&
    requires(T backend, const T& observer, std::chrono::nanoseconds now, std::uint32_t milliseconds,
             std::error_code error) {
    /// Where a thread that waits for these sockets must block.
    { observer.parks_at() }
    noexcept->std::same_as<core::Park>;
    /// How long until `look` must be called again even if nothing happens; `nanoseconds::max()`
    /// if it need not.
    { observer.recheck_in(now) }
    noexcept->std::same_as<std::chrono::nanoseconds>;
    { backend.begin_block() }
    noexcept->std::same_as<std::error_code>;
    { backend.block(milliseconds) }
    noexcept->std::same_as<std::error_code>;
    { backend.end_block(error) }
    noexcept->std::same_as<std::error_code>;
    /// A change since `begin_block` takes effect only with another block.
    { observer.is_changed() }
    noexcept->std::same_as<bool>;
    { observer.rouse() }
    noexcept->std::same_as<std::error_code>;
};

}  // namespace wakepoll::backend

// lib/core/deadline.hpp
// Until when a wait may block, and when a re-check is due.
//
// Plain arithmetic: the caller reads the clock and passes the time in.

#include <algorithm>
#include <chrono>
#include <cstdint>


namespace wakepoll::core {

using std::chrono::nanoseconds;

/// A point in time, or never.
class Deadline {
public:
    Deadline(Timeout timeout, nanoseconds now) noexcept
        : at_(timeout.duration() < nanoseconds::max() - now ? now + timeout.duration()
                                                            : nanoseconds::max()),
          forever_(timeout.is_forever()) {}

    [[nodiscard]] bool has_passed(nanoseconds now) const noexcept {
        return !forever_ && now >= at_;
    }

    /// The time left.
    [[nodiscard]] Timeout left(nanoseconds now) const noexcept {
        return forever_ ? wait_forever : Timeout(at_ - now);
    }

    /// Returns the timeout for a kernel call, in milliseconds rounded up: at most until the
    /// deadline and at most `limit`; `kernel_infinite` if neither ends.
    [[nodiscard]] std::uint32_t kernel_timeout(
        nanoseconds now, nanoseconds limit = nanoseconds::max()) const noexcept {
        if (forever_ && limit == nanoseconds::max()) {
            return kernel_infinite;
        }
        return to_kernel_milliseconds(std::min(forever_ ? nanoseconds::max() : at_ - now, limit));
    }

private:
    nanoseconds at_;
    bool forever_;
};

/// The interval for polling what the kernel cannot wait for: 1 ms, doubling to 50 ms.
class Backoff {
public:
    static constexpr nanoseconds shortest = std::chrono::milliseconds(1);
    static constexpr nanoseconds longest = std::chrono::milliseconds(50);

    /// Starts over: the next poll is due in `shortest`.
    void restart(nanoseconds now) noexcept {
        delay_ = shortest;
        due_ = now + delay_;
    }

    /// Call after each poll: doubles the interval.
    void advance(nanoseconds now) noexcept {
        delay_ = std::min(delay_ * 2, longest);
        due_ = now + delay_;
    }

    [[nodiscard]] bool is_due(nanoseconds now) const noexcept { return now >= due_; }

    /// The time until the next poll; never negative.
    [[nodiscard]] nanoseconds remaining(nanoseconds now) const noexcept {
        return std::max(due_ - now, nanoseconds::zero());
    }

private:
    nanoseconds delay_ = shortest;
    nanoseconds due_{0};
};

}  // namespace wakepoll::core

// lib/core/slot_ring.hpp
// A ring through some of the slots, and whose turn it is.
//
// Each visit ends a turn: a visited slot becomes the last of the round, a new one is visited last,
// and when one leaves, all behind it move up. So no slot waits for more visits than there were
// members when it was last visited, whatever joins or leaves.
//
// A slot is in one ring at a time, so any number of rings share one array of links. Not
// thread-safe: used by the backends under the poller's lock. Makes no system call and allocates
// nothing.

#include <cstddef>
#include <cstdint>


namespace wakepoll::core {

class SlotRing {
public:
    /// A slot's neighbours, as their numbers plus one; both zero if it is in no ring. All-zero
    /// memory is an array of links that are in no ring.
    struct Link {
        std::uint32_t previous = 0;
        std::uint32_t next = 0;
    };

    /// Uses a link for every slot; they must outlive the ring.
    explicit SlotRing(Link* links) noexcept : links_(links) {}

    SlotRing(const SlotRing&) = delete;
    SlotRing& operator=(const SlotRing&) = delete;

    /// Adds a slot that is in no ring, as the last of the round.
    void add(Slot slot) noexcept;

    /// Removes a slot that is in this ring.
    void remove(Slot slot) noexcept;

    /// True if the slot is in one of the rings that share these links.
    [[nodiscard]] bool is_linked(Slot slot) const noexcept {
        return links_[index_of(slot)].next != 0;
    }

    /// The slot whose turn it is; `no_slot` in an empty ring.
    [[nodiscard]] Slot cursor() const noexcept { return cursor_; }

    /// Ends the turn of the slot at the cursor.
    void advance() noexcept {
        if (cursor_ != no_slot) {
            cursor_ = next(cursor_);
        }
    }

    /// Ends the turns of all members before this one.
    void advance_to(Slot slot) noexcept { cursor_ = slot; }

    /// The member behind a slot that is in this ring.
    [[nodiscard]] Slot next(Slot slot) const noexcept {
        return Slot{links_[index_of(slot)].next - 1};
    }

    /// Visits each member once, starting at the cursor; `visit` may remove the visited slot.
    template <class Visit>
    void for_each(const Visit& visit) const noexcept {
        Slot slot = cursor_;
        const Link* const links = links_;
        for (std::uint32_t left = size_; left > 0; --left) {
            const Slot visited = slot;
            slot = Slot{links[index_of(slot)].next - 1};
            visit(visited);
        }
    }

    /// Ends turns while `visit` returns true. `visit` must not change the ring; the ring must not
    /// be empty unless `visit` returns false at once.
    template <class Visit>
    void advance_while(const Visit& visit) noexcept {
        Slot slot = cursor_;
        const Link* const links = links_;
        while (visit(slot)) {
            slot = Slot{links[index_of(slot)].next - 1};
        }
        cursor_ = slot;
    }

    [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

private:
    [[nodiscard]] Link& link_of(std::uint32_t number_plus_one) noexcept {
        return links_[number_plus_one - 1];
    }

    Link* links_;
    Slot cursor_ = no_slot;
    std::uint32_t size_ = 0;
};

}  // namespace wakepoll::core

// lib/core/poll_requests.hpp
// The requests in flight to AFD's device: which slots they cover, and which must be cancelled.
//
// A request covers one slot, its *own*, or is the *group's*, which covers many. It is in flight
// until its packet was taken, cancelled or not, and no slot is covered by two (P14). Meanwhile a
// registration can come to need less of it: only its end, once it wants something else, and nothing
// once it has ended itself. What is in the way of the next request is cancelled. If that fails for
// one that no registration can wait for, it is an *orphan*, and the cancel is retried.
//
// The AFD backend makes and cancels requests and records that here; PollSchedule records what the
// registrations need. Not thread-safe: used under the poller's lock. Makes no system call and
// allocates nothing.

#include <cstddef>
#include <cstdint>


namespace wakepoll::core {

class PollRequests {
public:
    /// A request in flight that covers a slot.
    enum class Request : std::uint8_t { none, own, group };

    /// What the slot's registration needs of it.
    enum class Need : std::uint8_t {
        nothing,  ///< There is no request, or the registration has ended.
        end,      ///< The slot is held until it ends, and then polled again.
        answer,
    };

    /// The request over a slot. All-zero memory is none.
    struct Cover {
        std::uint16_t asked = 0;  ///< What it asks for.
        std::uint16_t tag = 0;    ///< The tag of the latest request of the slot's own cell.
        Request request = Request::none;
        Need need = Need::nothing;
        bool canceled = false;  ///< The slot's own one has been cancelled.
        bool former = false;    ///< It was made for a registration that has ended.
    };

    /// Uses a cover and a link for every slot, which must outlive this. Other rings may share the
    /// links.
    PollRequests(Cover* covers, SlotRing::Link* links) noexcept
        : covers_(covers), orphans_(links) {}

    PollRequests(const PollRequests&) = delete;
    PollRequests& operator=(const PollRequests&) = delete;

    // What PollSchedule records

    /// A request that asks for `events` covers the slot, which no other does.
    void start(Request request, Slot slot, std::uint32_t events) noexcept;
    /// The packet of the request over the slot has come. Returns what was needed of it. The group's
    /// is in flight until it has ended for every slot that it covers.
    [[nodiscard]] Need end(Slot slot) noexcept;
    /// The slot's registration needs only the end of the request over it; false if there is none.
    [[nodiscard]] bool hold(Slot slot) noexcept;
    /// The registration has ended. Returns the request that has to be cancelled for that.
    [[nodiscard]] Request abandon(Slot slot) noexcept;

    // Cancelling

    /// Returns the request that must be cancelled before the slot can be polled for `wanted`;
    /// `none` if there is none, or if it is cancelled already.
    [[nodiscard]] Request must_cancel(Slot slot, std::uint32_t wanted) const noexcept;
    /// The slot's own request, or the group's, was cancelled.
    void note_canceled(Request request, Slot slot) noexcept;
    /// It is no longer needed and could not be cancelled.
    void note_orphan(Request request, Slot slot) noexcept;

    [[nodiscard]] bool has_orphans() const noexcept { return group_orphan_ || !orphans_.empty(); }
    [[nodiscard]] bool is_group_orphan() const noexcept { return group_orphan_; }
    /// Calls `visit`, which may record the cancel, for each slot whose own request is an orphan.
    template <class Visit>
    void for_each_orphan(const Visit& visit) const noexcept {
        orphans_.for_each(visit);
    }

    // One slot's

    [[nodiscard]] Request covering(Slot slot) const noexcept { return of(slot).request; }
    /// The request over the slot was made for a registration that has ended.
    [[nodiscard]] bool is_former(Slot slot) const noexcept { return of(slot).former; }
    [[nodiscard]] Need need_of(Slot slot) const noexcept { return of(slot).need; }
    /// Returns the tag for the next request of the slot's own cell. A packet belongs to that
    /// request only if it carries the same tag.
    [[nodiscard]] std::uint16_t next_tag(Slot slot) noexcept { return ++of(slot).tag; }
    [[nodiscard]] std::uint16_t tag_of(Slot slot) const noexcept { return of(slot).tag; }

    // All of them

    [[nodiscard]] bool is_group_in_flight() const noexcept { return grouped_ > 0; }
    [[nodiscard]] bool is_group_canceled() const noexcept { return group_canceled_; }
    /// Requests whose packet is outstanding.
    [[nodiscard]] std::uint32_t in_flight() const noexcept {
        return own_ + (is_group_in_flight() ? 1U : 0U);
    }
    /// Some slots can be polled only after a packet that is certain to come soon: those that a
    /// cancelled request holds, and, beside a cancelled group, the `due` ones.
    [[nodiscard]] bool is_waiting(std::uint32_t due) const noexcept {
        return awaited_ > 0 || (group_canceled_ && (grouped_ > group_unneeded_ || due > 0));
    }
    /// Some request covers a slot that is no longer registered, or blocks another poll.
    [[nodiscard]] bool is_held_up(std::uint32_t due) const noexcept {
        return own_unneeded_ > 0 || group_unneeded_ > 0 || is_waiting(due);
    }

private:
    [[nodiscard]] Cover& of(Slot slot) noexcept { return covers_[index_of(slot)]; }
    [[nodiscard]] const Cover& of(Slot slot) const noexcept { return covers_[index_of(slot)]; }

    /// The request over the slot, if it is not cancelled yet.
    [[nodiscard]] Request to_cancel(const Cover& cover) const noexcept {
        const bool canceled = cover.request == Request::group ? group_canceled_ : cover.canceled;
        return canceled ? Request::none : cover.request;
    }
    /// Changes what is needed of a request in flight, and the counts with it.
    void need(Cover& cover, Need need) noexcept;
    /// Adds `one`, which is 1 or -1, to the number that counts what is needed of it.
    void count(const Cover& cover, std::uint32_t one) noexcept;

    Cover* covers_;
    SlotRing orphans_;
    std::uint32_t own_ = 0;      ///< Requests other than the group's.
    std::uint32_t grouped_ = 0;  ///< Slots that the group's covers.
    std::uint32_t own_unneeded_ = 0;
    std::uint32_t group_unneeded_ = 0;  ///< Slots of the group's that need nothing of it.
    std::uint32_t awaited_ = 0;         ///< Slots that a cancelled request of their own holds.
    bool group_canceled_ = false;
    bool group_orphan_ = false;
};

}  // namespace wakepoll::core

// lib/core/poll_schedule.hpp
// Decides which sockets AFD polls together, which alone, and which not now.
//
// A request to the device (sys/afd_device.hpp) covers any number of sockets. It is answered at once
// if one of them is ready, and otherwise stays in flight until one is. The policy, in full:
//
//   1. A socket is *due* (to be polled), or pending in a request: in the *group's*, which covers
//      many, or *parked* in one of its own. Each wait polls what is due.
//   2. The answer in a packet is reported as it is. A reported socket is due in the next wait; so
//      are the others of a group whose request has ended.
//   3. Sockets that were ready twice within `patience` rounds, and again since, are polled together
//      in the group's request: while they stay active, one call serves them all. Every other socket
//      is parked alone, with one call, and costs nothing until it is ready. After a *crowd*, a
//      round in which a quarter of all sockets were ready, it is `crowd_patience` rounds.
//   4. While the group's request is in flight, active sockets outside it are parked alone, too,
//      until there are `worth_a_cancel` of them: then it is cancelled, and all are polled together.
//   5. No socket is in two requests at a time, cancelled ones included until their packet has come.
//      A socket that needs another request (its interest has grown, or it was registered anew) is
//      *held* until then. An answer to a held socket is dropped, and the socket polled again.
//
// A round is a wait in which some socket was ready. A one-shot registration that has reported is
// *silent*: it is polled for no events, at first with the group, so that a close is noticed.
//
// The requests in flight are in core/poll_requests. Not thread-safe: used by the AFD backend under
// the poller's lock. Makes no system call and allocates nothing.

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>


namespace wakepoll::core {

class PollSchedule {
public:
    static constexpr std::uint32_t patience = 2;
    static constexpr std::uint32_t crowd_patience = 4;
    static constexpr std::uint32_t worth_a_cancel = 8;

    using Request = PollRequests::Request;

    /// The state of a slot. All-zero memory is an absent one.
    struct Member {
        std::uint32_t polled_in = 0;    ///< The wait that polled it last.
        std::uint32_t ready_in = 0;     ///< The round in which it was ready last.
        std::uint32_t wanted = 0;       ///< What the registration wants; 0 while silent.
        std::uint32_t answer = 0;       ///< The answer that has not been reported yet.
        std::uint32_t joins_until = 0;  ///< The last round in which it joins the group.
        bool awake : 1 = false;         ///< Registered, and no request in flight covers it.
        bool active : 1 = false;        ///< It was in the group before it fell silent.
    };

    /// Uses a member and a link for every slot; these and the requests must outlive the schedule.
    /// Other rings may share the links.
    PollSchedule(Member* members, SlotRing::Link* links, PollRequests& requests) noexcept
        : members_(members), awake_(links), requests_(requests) {}

    PollSchedule(const PollSchedule&) = delete;
    PollSchedule& operator=(const PollSchedule&) = delete;

    // Registrations

    /// Adds an absent slot. It is due, or held by a request of its former registration.
    void add(Slot slot, std::uint32_t wanted) noexcept;

    /// Changes what the registration wants, and ends its silence.
    void modify(Slot slot, std::uint32_t wanted) noexcept;

    /// An awake one-shot registration has reported.
    void silence(Slot slot) noexcept;

    /// Removes a registration. Returns the request in flight that covers it and has to be
    /// cancelled, or `none`.
    [[nodiscard]] Request remove(Slot slot) noexcept;

    /// The events to request for it.
    [[nodiscard]] std::uint32_t wanted_by(Slot slot) const noexcept { return of(slot).wanted; }

    // A wait

    /// Begins a wait that can report `room` sockets.
    void begin_wait(std::size_t room) noexcept {
        room_ = room;
        kept_ = 0;
        repeats_ = will_repeat_ && due_ == 0 && ready_ == 0;
        will_repeat_ = true;
        if (answers_ > 0) {
            ++round_;
            patience_ = was_crowd() ? crowd_patience : patience;
            answers_ = 0;
        }
        ++wait_;
        due_ = awake_.size();
        ready_ = 0;
    }

    /// The number of sockets to be polled.
    [[nodiscard]] std::uint32_t due() const noexcept { return due_; }
    /// True if all awake sockets were answered in the last wait, want the same as before, and
    /// join the group: if one request polled them, the same request serves again.
    [[nodiscard]] bool repeats() const noexcept { return repeats_; }
    [[nodiscard]] bool is_due(Slot slot) const noexcept {
        return of(slot).awake && of(slot).polled_in != wait_;
    }
    /// Calls `visit` for each socket to be polled now. A socket whose answer the last wait had no
    /// room for is polled again only if this wait has room for it.
    template <class Visit>
    void for_each_due(const Visit& visit) noexcept {
        std::size_t room = room_ - std::min(room_, kept_);
        bool left_out = false;
        awake_.for_each([&, wait = wait_](Slot slot) {
            const Member& member = of(slot);
            if (member.polled_in == wait) {
                return;
            }
            if (member.answer != 0) {
                if (room == 0) {
                    left_out = true;
                    return;
                }
                --room;
            }
            visit(slot);
        });
        left_out_ = left_out;
    }
    /// The last `for_each_due` left out some.
    [[nodiscard]] bool has_unpolled() const noexcept { return left_out_; }
    /// It left out some that there is room for by now. While the group is being cancelled they wait
    /// for its packet.
    [[nodiscard]] bool has_left_out() const noexcept {
        return left_out_ && kept_ < room_ && !requests_.is_group_canceled();
    }
    /// True if a due socket is polled with the group rather than alone.
    [[nodiscard]] bool joins_group(Slot slot) const noexcept {
        return of(slot).answer != 0 || is_active(of(slot));
    }
    /// True if enough due sockets join the group to cancel its request in flight.
    [[nodiscard]] bool is_group_worth_a_cancel() noexcept;

    /// A due socket was answered at once, or a pending one by packet. Only the first answer in a
    /// wait counts.
    void note_answer(Slot slot, std::uint32_t events) noexcept {
        assert(of(slot).awake && events != 0);
        Member& member = of(slot);
        if (member.polled_in == wait_) {
            return;
        }
        kept_ += member.answer != 0 ? 1 : 0;
        member.polled_in = wait_;
        member.answer = events;
        const bool active = round_ - member.ready_in <= patience_;
        member.joins_until = active ? round_ + patience_ : round_ - 1;
        member.ready_in = round_;
        if (!active) {
            differ();
        }
        ++answers_;
        --due_;
        ++ready_;
    }
    /// A due socket was polled with others, and only others were ready.
    void note_quiet(Slot slot) noexcept;
    /// A due socket is pending: a request of its own, or the group's, is in flight.
    void note_pending(Request request, Slot slot) noexcept;
    /// The packet of the request that covers the slot has come; the slot is due if it is
    /// registered. Returns what was needed of the request.
    [[nodiscard]] PollRequests::Need note_ended(Slot slot) noexcept;

    // Reporting

    /// Visits up to `visits` awake slots in turn, takes at most `room` answers, and calls `visit`
    /// with the slot and the answer of each. Returns how many slots were visited.
    template <class Visit>
    std::size_t take_answers(std::size_t visits, std::size_t room, const Visit& visit) noexcept {
        std::size_t left = std::min<std::size_t>(room, ready_);
        ready_ -= static_cast<std::uint32_t>(left);
        std::size_t unvisited = visits;
        awake_.advance_while([&, wait = wait_, members = members_](Slot slot) {
            if (left == 0 || unvisited == 0) {
                return false;
            }
            --unvisited;
            Member& member = members[index_of(slot)];
            const std::uint32_t answer = member.answer;
            if (answer != 0 && member.polled_in == wait) {
                member.answer = 0;
                --left;
                visit(slot, answer);
            }
            return true;
        });
        ready_ += static_cast<std::uint32_t>(left);
        return visits - unvisited;
    }
    [[nodiscard]] std::uint32_t awake() const noexcept { return awake_.size(); }
    /// Answers of this wait that are not reported yet.
    [[nodiscard]] std::uint32_t ready() const noexcept { return ready_; }

private:
    [[nodiscard]] bool is_active(const Member& member) const noexcept {
        return static_cast<std::int32_t>(member.joins_until - round_) >= 0;  // It may wrap.
    }
    /// The group's request is made once in a round, or twice if it was in flight. So for one that
    /// is ready, at most eight others are polled; that is the cost of parking it.
    [[nodiscard]] bool was_crowd() const noexcept {
        return answers_ >= worth_a_cancel && answers_ >= registered_ / 4;
    }
    /// The next wait polls other sockets, or for other events, than this one.
    void differ() noexcept {
        repeats_ = false;
        will_repeat_ = false;
    }

    [[nodiscard]] Member& of(Slot slot) noexcept { return members_[index_of(slot)]; }
    [[nodiscard]] const Member& of(Slot slot) const noexcept { return members_[index_of(slot)]; }

    /// It is registered, and no request covers it: it is due.
    void wake(Slot slot) noexcept;
    /// It is no longer awake, if it was.
    void leave(Slot slot) noexcept;

    Member* members_;
    SlotRing awake_;
    PollRequests& requests_;
    std::size_t room_ = 0;  ///< How many sockets this wait can report.
    std::size_t kept_ = 0;  ///< How many of them have an answer that the last wait had no room for.
    std::uint32_t wait_ = 1;
    std::uint32_t round_ = 1;
    std::uint32_t answers_ = 0;  ///< Of this wait.
    std::uint32_t patience_ = patience;
    std::uint32_t due_ = 0;
    std::uint32_t registered_ = 0;
    std::uint32_t ready_ = 0;
    bool left_out_ = false;
    bool repeats_ = false;
    bool will_repeat_ = false;  ///< Nothing has changed so far that makes the next wait differ.
};

}  // namespace wakepoll::core

// lib/sys/afd_device.hpp
// sys: the device behind Winsock, which reports ready sockets through the port.
//
// Undocumented, but wepoll, mio, libuv and the JDK rely on it; see doc/internals/windows-facts.md.
// A request covers any number of sockets. Where one of them is ready, it is answered at once and no
// packet comes; otherwise it stays in flight until one is, and is answered once, by a packet at the
// port that the device is associated with, whose OVERLAPPED is the request's context. The answer
// lists the sockets that are ready at that moment, not all that may become so later.
//
// One thin function per kernel call.

#include <cstdint>
#include <limits>
#include <system_error>
#include <utility>


namespace wakepoll::sys {

namespace afd_bits = core::afd_bits;

/// One socket of a request, in the layout of AFD_POLL_HANDLE_INFO.
struct AfdItem {
    std::uintptr_t socket = 0;  ///< The base socket: one of a layered provider is refused.
    std::uint32_t events = 0;
    std::uint32_t status = 0;
};

/// The head of a request, in the layout of AFD_POLL_INFO; its items follow without a gap. The
/// kernel reads it when the request is submitted. The answer has the same form: `count` items that
/// are ready, in the order of the request, with their events.
struct AfdRequest {
    static constexpr std::int64_t forever = std::numeric_limits<std::int64_t>::max();

    std::int64_t timeout = forever;
    std::uint32_t count = 0;
    std::uint32_t exclusive = 0;

    [[nodiscard]] AfdItem* items() noexcept { return reinterpret_cast<AfdItem*>(this + 1); }
    [[nodiscard]] const AfdItem* items() const noexcept {
        return reinterpret_cast<const AfdItem*>(this + 1);
    }
};

/// The final status of a request, in the layout of IO_STATUS_BLOCK.
struct AfdStatus {
    std::uintptr_t status = 0;  ///< NTSTATUS, in the lower 32 bits.
    std::uintptr_t information = 0;
};

/// Owns a handle to the device. A handle is cheap; the cost of a cancel grows with the number of
/// requests in flight on its handle.
class AfdDevice {
public:
    /// NtCreateFile of \Device\Afd\wakepoll. Fails with ERROR_FILE_NOT_FOUND (2) or similar if
    /// the system has no such device.
    [[nodiscard]] static Result<AfdDevice> open() noexcept;

    AfdDevice() noexcept = default;
    AfdDevice(AfdDevice&& other) noexcept : handle_(std::exchange(other.handle_, Handle{})) {}
    AfdDevice& operator=(AfdDevice&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~AfdDevice() { close(); }

    /// NtDeviceIoControlFile(IOCTL_AFD_POLL) with `request` as input and output. The packet's
    /// OVERLAPPED is `context`, which is never dereferenced; null stands for `status`. Returns true
    /// if the request was answered at once: `request` holds the answer, and no packet comes
    /// if `skip_packets_on_success` was called for the device. Returns false if it is in
    /// flight: `request` and `status` must stay in place until the packet has been dequeued.
    /// ERROR_INVALID_HANDLE (6) if any of the handles is not a socket; nothing was submitted
    /// then.
    [[nodiscard]] Result<bool> poll(AfdRequest& request, AfdStatus& status,
                                    void* context = nullptr) const noexcept;

    /// NtCancelIoFileEx of one request. ERROR_NOT_FOUND (1168) if it has been answered; its
    /// packet comes in either case.
    [[nodiscard]] std::error_code cancel(AfdStatus& status) const noexcept;

    /// CloseHandle. No-op if it is not open.
    void close() noexcept;

    [[nodiscard]] bool is_open() const noexcept { return static_cast<bool>(handle_); }
    [[nodiscard]] Handle handle() const noexcept { return handle_; }

private:
    explicit AfdDevice(Handle handle) noexcept : handle_(handle) {}

    Handle handle_;
};

/// WSAIoctl(SIO_BASE_HANDLE): the socket of the base provider, which is the socket itself unless
/// another provider is layered above. A provider may refuse.
[[nodiscard]] Result<Handle> base_socket(Handle socket) noexcept;

/// WSAIoctl(SIO_BSP_HANDLE_POLL): the socket to poll in the provider below; the socket itself if
/// there is none below. Fails with WSAEOPNOTSUPP (10045) on Wine 8.
[[nodiscard]] Result<Handle> next_socket(Handle socket) noexcept;

}  // namespace wakepoll::sys

// lib/sys/completion_port.hpp
// sys: the I/O completion port.
//
// One thin function per kernel call; the caller decides what to do with an answer. This header has
// two bodies, chosen when linking: lib/sys/win32, and the simulated kernel in test/sim. Any thread
// may call `post` while the port is open; only the owner may call the rest.

#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>
#include <utility>


namespace wakepoll::sys {

/// A dequeued packet, in the layout of OVERLAPPED_ENTRY. Not initialised, because the kernel fills
/// arrays of them.
struct Packet {
    std::uintptr_t key;
    void* overlapped;
    /// Only the lower 32 bits (an NTSTATUS) are valid: Wine leaves garbage in the upper half.
    std::uintptr_t internal;
    std::uint32_t bytes;

    [[nodiscard]] std::uint32_t status() const noexcept {
        return static_cast<std::uint32_t>(internal);
    }
};

/// Owns a port.
class CompletionPort {
public:
    /// No limit on the threads that may take packets. With a limit, one running thread can hold
    /// packets back, so a poller that is handed to another thread starves while the first computes;
    /// 0 means the number of processors.
    static constexpr std::uint32_t any_number = 0x7FFFFFFF;

    /// CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, concurrency).
    [[nodiscard]] static Result<CompletionPort> create(
        std::uint32_t concurrency = any_number) noexcept;

    CompletionPort() noexcept = default;
    CompletionPort(CompletionPort&& other) noexcept
        : handle_(std::exchange(other.handle_, Handle{})) {}
    CompletionPort& operator=(CompletionPort&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~CompletionPort() { close(); }

    /// CreateIoCompletionPort(handle, port, key, 0): packets of the handle's overlapped calls come
    /// here, with this key, until the handle is closed.
    [[nodiscard]] std::error_code associate(Handle handle, std::uintptr_t key) const noexcept;

    /// PostQueuedCompletionStatus.
    [[nodiscard]] std::error_code post(std::uintptr_t key, void* overlapped = nullptr,
                                       std::uint32_t bytes = 0) const noexcept;

    /// GetQueuedCompletionStatusEx into `packets` (not empty), not alertable. Returns the number of
    /// packets; 0 on timeout. `kernel_infinite` waits without a limit.
    [[nodiscard]] Result<std::size_t> dequeue(std::span<Packet> packets,
                                              std::uint32_t milliseconds) const noexcept;

    /// SetHandleInformation: whether CloseHandle is refused for every caller.
    void protect(bool from_close) const noexcept;

    /// CloseHandle. No-op if the port is not open.
    void close() noexcept;

    /// Owns nothing any more, and leaves the handle as it is.
    Handle release() noexcept { return std::exchange(handle_, Handle{}); }

    [[nodiscard]] Handle handle() const noexcept { return handle_; }

private:
    explicit CompletionPort(Handle handle) noexcept : handle_(handle) {}

    Handle handle_;
};

/// RtlNtStatusToDosError: the Win32 code of a packet's status; 0 for success.
[[nodiscard]] std::uint32_t win32_code_of_status(std::uint32_t status) noexcept;

}  // namespace wakepoll::sys

// lib/backend/afd_backend.hpp
// Readiness by the device behind Winsock: waiting costs what is ready, not what is registered.
//
// core/poll_schedule decides which sockets are polled together and which alone, core/poll_requests
// records what is in flight; here are the requests themselves. The poller's port receives every
// answer to a request in flight, and that is where the waiting thread blocks, so wakes, completions
// and sockets end the same block.
//
// The device takes only base sockets; the registration holds that number. One device handle is for
// the group's request, and one more for each 32 slots, opened when one of them is first registered:
// the cost of a cancel grows with the requests in flight on its handle.
//
// A socket of a provider other than AFD makes every request fail, as a closed one does, though it
// is open. So before a registration is dropped the socket itself is queried. One that is open
// reports `err` in each wait, and is left out of requests: its registration has no base.
//
// The kernel owns the memory of a request until its packet was taken, also after the registration
// has ended; the slot is kept until then (`Registration::polled`).

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>
#include <utility>


namespace wakepoll::backend {

class AfdBackend {
public:
    /// A request for one socket.
    struct Cell {
        sys::AfdStatus status;
        sys::AfdRequest request;
        sys::AfdItem item;
    };

    /// A socket in the group's request.
    struct GroupMember {
        core::Slot slot;
        std::uint32_t socket;  ///< Its base; 0 if its answer no longer counts.
        std::uint32_t events;  ///< The requested events.
    };

    /// Zeroed arrays that outlive every request, each by slot except `devices`.
    struct Memory {
        Cell* cells;
        sys::AfdRequest* group;  ///< with room for an item for each slot
        GroupMember* group_members;
        core::PollSchedule::Member* members;
        core::PollRequests::Cover* covers;
        core::SlotRing::Link* links;  ///< shared with the rings of other backends
        sys::AfdDevice* devices;      ///< `devices_for` of them
    };

    /// How many device handles this many slots need.
    [[nodiscard]] static constexpr std::size_t devices_for(std::size_t slots) noexcept {
        return 1 + (slots + requests_per_device - 1) / requests_per_device;
    }

    /// Opens a device handle whose answers come to the port.
    [[nodiscard]] static Result<sys::AfdDevice> open(const sys::CompletionPort& port) noexcept;

    AfdBackend(const Memory& memory, core::RegistrationTable& table,
               const sys::CompletionPort& port, PollerStats& stats,
               const HangUps& hang_ups) noexcept;

    AfdBackend(const AfdBackend&) = delete;
    AfdBackend& operator=(const AfdBackend&) = delete;

    /// Takes the first handle, without which nothing can be polled.
    void start(sys::AfdDevice device) noexcept { devices_[0] = std::move(device); }

    /// Opens the handle for the slot's requests, and finds the base socket. `closed` is a socket
    /// that was found closed by that, else `no_slot`.
    [[nodiscard]] std::error_code prepare(core::Slot slot, core::Slot& closed) noexcept;
    /// Submits a request for no events on a prepared socket. `bad_file_descriptor` if the socket
    /// is closed, `operation_not_supported` if it is open and not AFD's.
    [[nodiscard]] std::error_code try_out(core::Slot slot) noexcept;
    /// Starts the watch of a prepared socket; `silent` if it is one-shot and has reported.
    void watch(core::Slot slot, bool silent) noexcept;

    // As RequestingBackend has them.
    [[nodiscard]] std::error_code add(core::Slot slot) noexcept;
    [[nodiscard]] std::error_code modify(core::Slot slot) noexcept;
    void remove(core::Slot slot) noexcept;
    void begin_wait(std::size_t room) noexcept { schedule_.begin_wait(room); }
    [[nodiscard]] std::error_code look(core::nanoseconds /*now*/) noexcept { return submit_due(); }
    [[nodiscard]] std::error_code submit_due() noexcept {
        return schedule_.due() == 0 && !requests_.has_orphans() ? std::error_code{} : poll_due();
    }
    [[nodiscard]] std::size_t due() const noexcept { return schedule_.due(); }
    [[nodiscard]] std::size_t size() const noexcept {
        return schedule_.ready() > 0 ? schedule_.awake() : 0;
    }
    [[nodiscard]] Scan collect(std::span<NativeEvent> events, std::size_t visits,
                               core::nanoseconds now) noexcept;
    [[nodiscard]] bool take_packet(const void* context, std::uint32_t status) noexcept;
    [[nodiscard]] Outstanding outstanding() const noexcept {
        // In this order, because each wait asks for `polls`, and most for `nothing`.
        return requests_.is_waiting(schedule_.due())   ? Outstanding::polls
               : requests_.in_flight() == 0            ? Outstanding::nothing
               : requests_.is_held_up(schedule_.due()) ? Outstanding::registrations
                                                       : Outstanding::answers;
    }
    void retry_cancels() noexcept { static_cast<void>(cancel_orphans()); }
    void cancel_all() noexcept;
    void close() noexcept;

private:
    using Request = core::PollRequests::Request;

    static constexpr std::size_t requests_per_device = 32;

    [[nodiscard]] Cell& cell_of(core::Slot slot) noexcept {
        return memory_.cells[core::index_of(slot)];
    }
    /// The handle for the slot's own request.
    [[nodiscard]] sys::AfdDevice& device_of(core::Slot slot) const noexcept {
        return devices_[1 + core::index_of(slot) / requests_per_device];
    }
    [[nodiscard]] std::error_code open_device_for(core::Slot slot, core::Slot& closed) noexcept;
    [[nodiscard]] std::error_code find_base(core::Slot slot) noexcept;
    /// The events to request for a registration.
    [[nodiscard]] std::uint32_t wanted(core::Slot slot) const noexcept {
        const core::Registration& registration = table_[slot];
        const std::uint32_t unwanted =
            std::uint32_t{registration.listens} * core::afd_bits::connect_fail;
        return (core::to_afd_mask(registration.interest) & ~unwanted) |
               hang_ups_.bits_for(registration);
    }
    /// A registered socket of a layered provider with the same base as this one; else `no_slot`.
    [[nodiscard]] core::Slot same_base(core::Slot slot) const noexcept;

    // Polling

    [[nodiscard]] std::error_code poll_due() noexcept;
    /// Polls the due sockets that do not join the group, and collects those that do; returns how
    /// many.
    [[nodiscard]] std::uint32_t gather_group(std::error_code& first) noexcept;
    [[nodiscard]] std::error_code poll_alone(core::Slot slot) noexcept;
    /// A request for the socket alone has failed as if it were closed. Drops it if it is closed.
    [[nodiscard]] std::error_code settle_refused(core::Slot slot) noexcept;
    /// Reports a socket that is not AFD's; drops it if it was closed.
    [[nodiscard]] std::error_code settle_foreign(core::Slot slot) noexcept;
    /// Makes one request for the first `count` members of the group, whose items are in it. Sets
    /// `again` if some are still due.
    [[nodiscard]] std::error_code poll_together(std::uint32_t count, bool& again) noexcept;
    [[nodiscard]] std::error_code poll_each_alone(std::uint32_t count) noexcept;
    /// Takes the answer to the group's request of `count` sockets. True if some socket has
    /// something to report, or was found closed.
    bool take_group_answer(std::uint32_t count) noexcept;
    /// Takes the answer for a due socket that was polled for `wanted`. False if the answer is
    /// empty; if nothing of it is reported, the socket stays due.
    bool take_answer(core::Slot slot, std::uint32_t events, std::uint32_t wanted) noexcept {
        constexpr std::uint32_t ends =
            core::afd_bits::local_close | core::afd_bits::disconnect | core::afd_bits::connect_fail;
        if ((events & ends) != 0) {
            return take_end(slot, events, wanted);
        }
        const std::uint32_t answer = events & wanted;
        if (answer == 0) {
            return false;
        }
        schedule_.note_answer(slot, answer);
        return true;
    }
    /// The same of a socket that is closed, whose peer has sent FIN, or whose connect was refused.
    /// If that is nothing to report, it is wanted no more.
    bool take_end(core::Slot slot, std::uint32_t events, std::uint32_t wanted) noexcept;

    // Cancelling and packets

    [[nodiscard]] std::error_code cancel(Request request, core::Slot slot) noexcept;
    /// The same; if it fails, it is retried before the slot is polled again.
    void cancel_or_keep_trying(Request request, core::Slot slot) noexcept;
    /// Retries failed cancels; fails if a socket cannot be polled because of one.
    [[nodiscard]] std::error_code cancel_orphans() noexcept;
    void group_ended(std::uint32_t status) noexcept;
    void own_ended(core::Slot slot, std::uint32_t status) noexcept;
    /// The request over the slot, for `wanted`, has ended. False if its answer does not count; if
    /// the registration was modified since, only a close does, and `wanted` is `outdated`. Releases
    /// a slot that was kept for it.
    [[nodiscard]] bool note_ended(core::Slot slot, std::uint32_t& wanted) noexcept;
    /// Ends the registration of a socket that was found closed.
    void drop(core::Slot slot) noexcept;

    Memory memory_;
    sys::AfdDevice* devices_;
    core::PollRequests requests_;
    core::PollSchedule schedule_;
    sys::AfdStatus group_status_;
    std::uint32_t group_count_ = 0;
    /// This many sockets were polled together and all were ready, so that their items are in the
    /// request in the same order.
    std::uint32_t repeatable_ = 0;
    std::uint16_t group_tag_ = 0;
    bool layered_ = false;  ///< Some socket's base has another number than the socket.
    core::RegistrationTable& table_;
    const sys::CompletionPort& port_;
    PollerStats& stats_;
    HangUps hang_ups_;
};

static_assert(offsetof(AfdBackend::Cell, item) ==
                  offsetof(AfdBackend::Cell, request) + sizeof(sys::AfdRequest),
              "the item follows the head without a gap");
static_assert(RequestingBackend<AfdBackend>);

}  // namespace wakepoll::backend

// lib/core/afd_context.hpp
// The context of an AFD request, which its packet returns: identifies the request.
//
// It is a number and not an address, so that a stale packet (of a request that was answered at
// once, should a Windows version not skip it, or one that another program posts) cannot be mistaken
// for the packet of the request in flight: each request of a cell gets a new tag. The cell number
// takes the lower 17 bits and the tag the 15 bits above, which fits a 32-bit pointer.

#include <cstdint>

namespace wakepoll::core {

class AfdContext {
public:
    /// `cell` is at most 65,536; only the lower 15 bits of `tag` are used.
    constexpr AfdContext(std::uint32_t cell, std::uint16_t tag) noexcept
        : value_((std::uintptr_t{tag} & tag_mask) << cell_bits | (cell + 1)) {}
    /// From a packet.
    explicit AfdContext(const void* pointer) noexcept
        : value_(reinterpret_cast<std::uintptr_t>(pointer)) {}

    [[nodiscard]] void* pointer() const noexcept { return reinterpret_cast<void*>(value_); }

    /// Returns the cell number; an out-of-range number if the packet belongs to no cell.
    [[nodiscard]] constexpr std::uint32_t cell() const noexcept {
        return std::uint64_t{value_} >> (cell_bits + tag_bits) == 0
                   ? static_cast<std::uint32_t>(value_ & cell_mask) - 1
                   : ~std::uint32_t{0};
    }
    [[nodiscard]] constexpr bool has_tag(std::uint16_t tag) const noexcept {
        return (value_ >> cell_bits) == (std::uintptr_t{tag} & tag_mask);
    }

private:
    static constexpr unsigned cell_bits = 17;
    static constexpr unsigned tag_bits = 15;
    static constexpr std::uintptr_t cell_mask = (std::uintptr_t{1} << cell_bits) - 1;
    static constexpr std::uintptr_t tag_mask = (std::uintptr_t{1} << tag_bits) - 1;

    std::uintptr_t value_;
};

}  // namespace wakepoll::core

// lib/core/completion_key.hpp
// The completion keys that the poller uses at its port.
//
// A packet's key is checked before anything else in it; all other values are the user's.

#include <cstdint>

namespace wakepoll::core {

enum class CompletionKey : std::uintptr_t {
    wakeup = 0xFFFFFFFE,
    timer = 0xFFFFFFFD,
    shutdown = 0xFFFFFFFC,
    afd = 0xFFFFFFFB,
    handle =
        0xFFFFFFFA,  ///< Of overlapped calls on a handle that the poller itself has associated.
};

[[nodiscard]] constexpr bool is_reserved(std::uint64_t key) noexcept {
    return key >= static_cast<std::uint64_t>(CompletionKey::handle) &&
           key <= static_cast<std::uint64_t>(CompletionKey::wakeup);
}

/// True for keys that only the poller and its AFD device use.
[[nodiscard]] constexpr bool is_internal(std::uint64_t key) noexcept {
    return is_reserved(key) && key != static_cast<std::uint64_t>(CompletionKey::handle);
}

}  // namespace wakepoll::core

// lib/sys/overlapped_io.hpp
// sys: calls that complete at the port.
//
// One thin function per kernel call. A call that takes a `NativeOverlapped` has one of three
// results:
//
//   - it fails: nothing was started and no packet comes;
//   - it succeeds at once: `Started::at_once` with the number of bytes. A packet comes all the
//   same,
//     unless `skip_packets_on_success` was called for the handle;
//   - it is pending (`at_once` false): a packet comes later. So it is with the two warnings that
//     fail *and* post, WSAEMSGSIZE and ERROR_MORE_DATA (seen on Windows by mio, and on Wine 8).
//
// The structure and the buffers must stay in place until the packet has been dequeued. (The call
// copies the arrays of `IoBuffer`.) Called under the poller's lock.

#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>


namespace wakepoll::sys {

/// How a call that did not fail has started.
struct Started {
    bool at_once = false;         ///< Done already.
    std::uint32_t bytes = 0;      ///< Valid only if done already.
    bool without_packet = false;  ///< Done already, and no packet comes in any mode.
    /// Done already, with the part of a datagram that the buffer had room for. A packet comes as
    /// for a call that is pending, unless the socket skips packets: then it may come or not.
    bool cut = false;
};

/// WSARecv. A receive of 0 bytes that succeeds is the end of the stream.
[[nodiscard]] Result<Started> receive(Handle socket, std::span<const IoBuffer> buffers,
                                      NativeOverlapped& overlapped) noexcept;

/// WSARecvFrom. The address is in `address`, and its size in `size`, which said how much room there
/// is, when the packet has come: both stay where they are until then.
[[nodiscard]] Result<Started> receive_from(Handle socket, IoBuffer buffer, std::byte* address,
                                           std::int32_t& size,
                                           NativeOverlapped& overlapped) noexcept;

/// WSASendTo. The address is needed during the call only.
[[nodiscard]] Result<Started> send_to(Handle socket, IoBuffer buffer,
                                      std::span<const std::byte> address,
                                      NativeOverlapped& overlapped) noexcept;

/// WSASend.
[[nodiscard]] Result<Started> send(Handle socket, std::span<const IoBuffer> buffers,
                                   NativeOverlapped& overlapped) noexcept;

/// ReadFile, at the offset in `overlapped` if the handle is a file. A pipe may be read with an
/// empty buffer: the read completes when there is data, and takes nothing.
[[nodiscard]] Result<Started> read(Handle file, IoBuffer buffer,
                                   NativeOverlapped& overlapped) noexcept;

/// WriteFile, at the offset in `overlapped` if the handle is a file.
[[nodiscard]] Result<Started> write(Handle file, IoBuffer buffer,
                                    NativeOverlapped& overlapped) noexcept;

/// The room that AcceptEx needs in its buffer for each of the two addresses: the largest address
/// (SOCKADDR_STORAGE) and 16 bytes for its own use.
inline constexpr std::uint32_t accept_address_room = 128 + 16;

/// getsockopt(SO_PROTOCOL_INFOW), WSASocketW: a new overlapped socket of the same family, type,
/// protocol and provider, which child processes do not inherit.
[[nodiscard]] Result<Handle> socket_like(Handle listener) noexcept;

/// AcceptEx, fetched by WSAIoctl. The two addresses are at the end of `buffer`; with room before
/// them the call completes when the first data has come. WSAEFAULT (10014) if there is no room
/// for both addresses.
[[nodiscard]] Result<Started> accept(Handle listener, Handle accepted, std::span<std::byte> buffer,
                                     NativeOverlapped& overlapped) noexcept;

/// The two addresses, each a sockaddr, that a completed accept left in its buffer.
struct AcceptedAddresses {
    std::span<const std::byte> local;
    std::span<const std::byte> remote;
};

/// GetAcceptExSockaddrs, fetched by WSAIoctl of `listener`. Both are empty if the call is not
/// available, or the buffer has no room for both.
[[nodiscard]] AcceptedAddresses accepted_addresses(Handle listener,
                                                   std::span<const std::byte> buffer) noexcept;

/// setsockopt(SO_UPDATE_ACCEPT_CONTEXT): makes shutdown, getpeername and the like work.
[[nodiscard]] std::error_code update_accept_context(Handle accepted, Handle listener) noexcept;

/// bind to the wildcard address and a free port of the family of `address`. WSAEINVAL (10022) if
/// the socket is bound already, WSAEFAULT (10014) if the size of the address is invalid.
[[nodiscard]] std::error_code bind_any(Handle socket, std::span<const std::byte> address) noexcept;

/// ConnectEx, fetched by WSAIoctl, to a sockaddr. WSAEINVAL (10022) if the socket is not bound.
[[nodiscard]] Result<Started> connect(Handle socket, std::span<const std::byte> address,
                                      NativeOverlapped& overlapped) noexcept;

/// setsockopt(SO_UPDATE_CONNECT_CONTEXT).
[[nodiscard]] std::error_code update_connect_context(Handle socket) noexcept;

/// ConnectNamedPipe. A client that has come before (535, ERROR_PIPE_CONNECTED) is success without a
/// packet. ERROR_NO_DATA (232) if it has left again and was not disconnected,
/// ERROR_INVALID_FUNCTION (1) for a client's end.
[[nodiscard]] Result<Started> connect_pipe(Handle server, NativeOverlapped& overlapped) noexcept;

/// closesocket.
void close_socket(Handle socket) noexcept;

/// CancelIoEx of one call. ERROR_NOT_FOUND (1168) if it has completed already; its packet comes
/// in either case.
[[nodiscard]] std::error_code cancel(Handle handle, NativeOverlapped& overlapped) noexcept;

/// getsockopt(SO_PROTOCOL_INFOW): whether the socket's provider uses real file handles
/// (XP1_IFS_HANDLES), which skipping packets requires.
[[nodiscard]] Result<bool> has_file_handles(Handle socket) noexcept;

/// SetFileCompletionNotificationModes(FILE_SKIP_COMPLETION_PORT_ON_SUCCESS |
/// FILE_SKIP_SET_EVENT_ON_HANDLE). Cannot be undone.
[[nodiscard]] std::error_code skip_packets_on_success(Handle handle) noexcept;

/// NtQueryInformationFile(FileIoCompletionNotificationInformation): whether packets are skipped,
/// because of the call above or one of the program's own.
[[nodiscard]] Result<bool> skips_packets(Handle handle) noexcept;

/// NtSetInformationFile(FileIoCompletionNotificationInformation), with the flag
/// FILE_SKIP_SET_USER_EVENT_ON_FAST_IO, which is hardly ever used. The flag belongs to the object
/// and not to its number, so it serves as a mark. Cannot be undone. 87 on a synchronous handle.
[[nodiscard]] std::error_code mark(Handle handle) noexcept;

/// What a file, pipe or socket is set to.
struct FileModes {
    bool is_marked = false;      ///< By `mark`.
    bool skips_packets = false;  ///< By `skip_packets_on_success`, or the program itself.
};

/// NtQueryInformationFile(FileIoCompletionNotificationInformation): both in one call.
/// ERROR_INVALID_HANDLE (6) if the number is not a handle of a file, pipe or socket.
[[nodiscard]] Result<FileModes> modes_of(Handle handle) noexcept;

/// NtQueryInformationFile(FileModeInformation): false if the file or pipe was opened for
/// synchronous use.
[[nodiscard]] Result<bool> is_overlapped(Handle file) noexcept;

}  // namespace wakepoll::sys

// lib/backend/afd_backend.cpp
// Registrations, packets and reports; afd_polling.cpp has the requests.

#include <utility>


namespace wakepoll::backend {

using core::nanoseconds;
using core::Slot;
using Need = core::PollRequests::Need;

Result<sys::AfdDevice> AfdBackend::open(const sys::CompletionPort& port) noexcept {
    Result<sys::AfdDevice> device = sys::AfdDevice::open();
    if (!device) {
        return device;
    }
    std::error_code error =
        port.associate(device->handle(), static_cast<std::uintptr_t>(core::CompletionKey::afd));
    if (!error) {
        error = sys::skip_packets_on_success(device->handle());
    }
    if (error) {
        return error;
    }
    return device;
}

AfdBackend::AfdBackend(const Memory& memory, core::RegistrationTable& table,
                       const sys::CompletionPort& port, PollerStats& stats,
                       const HangUps& hang_ups) noexcept
    : memory_(memory),
      devices_(memory.devices),
      requests_(memory.covers, memory.links),
      schedule_(memory.members, memory.links, requests_),
      table_(table),
      port_(port),
      stats_(stats),
      hang_ups_(hang_ups) {}

// Registrations
// ----------------------------------------------------------------------------------

std::error_code AfdBackend::open_device_for(Slot slot, Slot& closed) noexcept {
    closed = core::no_slot;
    sys::AfdDevice& device = device_of(slot);
    if (device.is_open()) {
        return {};
    }
    Result<sys::AfdDevice> opened = open(port_);
    if (!opened) {
        return opened.error();
    }
    device = std::move(*opened);
    // The number was free, so the socket registered with it was closed. It must not be polled,
    // because the device is no socket; Wine's server crashes when it is polled.
    table_.note_made(device.handle());
    const Slot former = table_.find(device.handle());
    if (former != core::no_slot && table_[former].registered &&
        table_[former].type == HandleType::socket) {
        closed = former;
    }
    return {};
}

std::error_code AfdBackend::prepare(Slot slot, Slot& closed) noexcept {
    const std::error_code error = open_device_for(slot, closed);
    return error ? error : find_base(slot);
}

std::error_code AfdBackend::find_base(Slot slot) noexcept {
    core::Registration& registration = table_[slot];
    Handle socket = registration.handle;
    Result<Handle> base = sys::base_socket(socket);
    // A provider that refuses may name one below it: take the lowest that can be found.
    constexpr int deepest = 16;
    for (int depth = 0; !base && base.error() != std::errc::bad_file_descriptor && depth < deepest;
         ++depth) {
        const Result<Handle> below = sys::next_socket(socket);
        if (!below || *below == socket) {
            break;
        }
        socket = *below;
        base = sys::base_socket(socket);
    }
    if (!base && socket == registration.handle) {
        return base.error();
    }
    const Handle lowest = base ? *base : socket;
    registration.base = static_cast<std::uint32_t>(lowest.value());
    layered_ = layered_ || lowest != registration.handle;
    // Windows handles have 32 significant bits, so that 32-bit programs can share them.
    return registration.base == lowest.value() ? std::error_code{}
                                               : make_error_code(errc::foreign_provider);
}

Slot AfdBackend::same_base(Slot slot) const noexcept {
    for (std::uint32_t i = 0; layered_ && i < table_.used(); ++i) {
        const core::Registration& other = table_[Slot{i}];
        if (Slot{i} != slot && other.registered && other.type == HandleType::socket &&
            other.base == table_[slot].base) {
            return Slot{i};
        }
    }
    return core::no_slot;
}

std::error_code AfdBackend::add(Slot slot) noexcept {
    Slot closed = core::no_slot;
    const std::error_code error = prepare(slot, closed);
    if (closed != core::no_slot) {
        drop(closed);
    }
    if (error) {
        table_[slot].base = 0;
        return error;
    }
    // Of a layered provider, the socket that had the same base before was closed unnoticed.
    const Slot former = same_base(slot);
    if (former != core::no_slot) {
        drop(former);
    }
    watch(slot, false);
    return {};
}

void AfdBackend::watch(Slot slot, bool silent) noexcept {
    schedule_.add(slot, wanted(slot));
    if (silent) {
        schedule_.silence(slot);
    }
    // A request of the slot's former registration may still be in flight.
    cancel_or_keep_trying(requests_.must_cancel(slot, schedule_.wanted_by(slot)), slot);
}

std::error_code AfdBackend::modify(Slot slot) noexcept {
    HangUps::forget(table_[slot]);
    table_[slot].listens = false;
    const std::uint32_t wanted_now = wanted(slot);
    if (const std::error_code error = cancel(requests_.must_cancel(slot, wanted_now), slot)) {
        return error;
    }
    table_[slot].outdated = false;
    schedule_.modify(slot, wanted_now);
    return {};
}

void AfdBackend::remove(Slot slot) noexcept {
    // A request that nothing waits for is cancelled all the same: it would take the answers of the
    // socket's next request, here or in another poller.
    cancel_or_keep_trying(schedule_.remove(slot), slot);
}

void AfdBackend::drop(Slot slot) noexcept {
    // Closing the socket has ended the request that covers it, unless a duplicate lives.
    cancel_or_keep_trying(schedule_.remove(slot), slot);
    table_.end_registration(slot);
    ++stats_.registrations_dropped;
}

// Packets
// ----------------------------------------------------------------------------------------

bool AfdBackend::take_packet(const void* context, std::uint32_t status) noexcept {
    const std::uint32_t ready = schedule_.ready();
    const core::AfdContext named(context);
    const std::uint32_t cell = named.cell();
    if (cell == table_.capacity() && requests_.is_group_in_flight() && named.has_tag(group_tag_)) {
        group_ended(status);
        return schedule_.ready() > ready;
    }
    const Slot slot{cell};
    if (cell < table_.used() && requests_.covering(slot) == Request::own &&
        named.has_tag(requests_.tag_of(slot))) {
        own_ended(slot, status);
        return schedule_.ready() > ready;
    }
    ++stats_.late_packets;  // Of a request that was answered at once, or posted by another program.
    return false;
}

void AfdBackend::own_ended(Slot slot, std::uint32_t status) noexcept {
    const Cell& cell = cell_of(slot);
    std::uint32_t wanted = schedule_.wanted_by(slot);
    if (note_ended(slot, wanted) && status == 0 && cell.request.count == 1) {
        static_cast<void>(take_answer(slot, cell.item.events, wanted));
    }
}

void AfdBackend::group_ended(std::uint32_t status) noexcept {
    for (std::uint32_t i = 0; i < group_count_; ++i) {
        GroupMember& member = memory_.group_members[i];
        if (!note_ended(member.slot, member.events)) {
            member.socket = 0;
        }
    }
    if (status == 0) {
        take_group_answer(group_count_);
    }
}

bool AfdBackend::note_ended(Slot slot, std::uint32_t& wanted) noexcept {
    table_[slot].polled = false;
    const bool former = requests_.is_former(slot);
    const Need needed = schedule_.note_ended(slot);
    if (needed == Need::nothing) {
        table_.release(slot);
    }
    if (needed == Need::end && !former) {
        wanted = core::afd_bits::outdated;
        return true;
    }
    return needed == Need::answer;
}

std::error_code AfdBackend::cancel(Request request, Slot slot) noexcept {
    if (request == Request::none) {
        return {};
    }
    ++stats_.afd_cancels;
    const bool own = request == Request::own;
    const std::error_code error =
        own ? device_of(slot).cancel(cell_of(slot).status) : devices_[0].cancel(group_status_);
    // One that has been answered needs no cancel: its packet is there, or about to come.
    if (error && error != std::errc::no_such_file_or_directory) {
        return error;
    }
    requests_.note_canceled(request, slot);
    return {};
}

void AfdBackend::cancel_or_keep_trying(Request request, Slot slot) noexcept {
    if (cancel(request, slot)) {
        requests_.note_orphan(request, slot);
    }
}

std::error_code AfdBackend::cancel_orphans() noexcept {
    std::error_code first;
    if (requests_.is_group_orphan()) {
        first = cancel(Request::group, core::no_slot);
    }
    requests_.for_each_orphan([&](Slot slot) {
        const std::error_code error = cancel(Request::own, slot);
        if (error && !first && requests_.need_of(slot) == Need::end) {
            first = error;
        }
    });
    return first;
}

void AfdBackend::cancel_all() noexcept {
    if (requests_.is_group_in_flight()) {
        static_cast<void>(cancel(Request::group, core::no_slot));
    }
    for (std::uint32_t i = 0; i < table_.used(); ++i) {
        if (requests_.covering(Slot{i}) == Request::own) {
            static_cast<void>(cancel(Request::own, Slot{i}));
        }
    }
}

void AfdBackend::close() noexcept {
    for (std::size_t i = 0; i < devices_for(table_.used()); ++i) {
        devices_[i].close();
    }
}

// Reporting
// --------------------------------------------------------------------------------------

Scan AfdBackend::collect(std::span<NativeEvent> events, std::size_t visits,
                         nanoseconds /*now*/) noexcept {
    Scan scan;
    NativeEvent* event = events.data();
    const auto report = [&](Slot slot, std::uint32_t answer) {
        const core::Registration& registration = table_[slot];
        event->events = core::filter_mask(core::is_plain(answer)
                                              ? core::from_plain_afd_mask(answer)
                                              : core::from_afd_mask(answer, registration.stream),
                                          registration.interest);
        event->data.u64 = registration.user_data;
        event->completion = nullptr;
        ++event;
        if (core::is_one_shot(registration.interest)) {
            schedule_.silence(slot);
        }
    };
    scan.visited = schedule_.take_answers(visits, events.size(), report);
    scan.filled = static_cast<std::size_t>(event - events.data());
    if (schedule_.ready() == 0 && (scan.filled < events.size() || !schedule_.has_unpolled())) {
        scan.visited = visits;  // The rest has nothing to report in this wait.
    }
    return scan;
}

}  // namespace wakepoll::backend

// lib/sys/socket.hpp
// sys: Winsock's start and end, and queries of a socket.

#include <cstdint>
#include <utility>


namespace wakepoll::sys {

/// One WSAStartup (2.2), undone by WSACleanup. Winsock counts them, so it does not disturb those of
/// the program.
class WinsockSession {
public:
    [[nodiscard]] static Result<WinsockSession> start() noexcept;

    WinsockSession() noexcept = default;
    WinsockSession(WinsockSession&& other) noexcept
        : started_(std::exchange(other.started_, false)) {}
    WinsockSession& operator=(WinsockSession&& other) noexcept {
        std::swap(started_, other.started_);
        return *this;
    }
    ~WinsockSession() { end(); }

    /// WSACleanup. No-op if the session is not open.
    void end() noexcept;

private:
    bool started_ = false;
};

enum class SocketKind : std::uint8_t { stream, datagram };

/// getsockopt(SO_TYPE). WSAENOTSOCK (10038) for what is not an open socket. Raw and other types
/// count as datagram.
[[nodiscard]] Result<SocketKind> socket_kind(Handle socket) noexcept;

/// getsockopt(SO_CONNECT_TIME): true if a connection is up.
[[nodiscard]] Result<bool> is_connected(Handle socket) noexcept;

/// getsockopt(SO_ACCEPTCONN): true for a listener.
[[nodiscard]] Result<bool> is_listening(Handle socket) noexcept;

/// WSAIoctl(SIO_TCP_INFO): true if both sides of a connection have sent FIN, or it is over.
/// WSAEOPNOTSUPP (10045) before Windows 10 1703 and Server 2016, on Wine 8, and where the protocol
/// is not TCP.
[[nodiscard]] Result<bool> is_shut_both_ways(Handle socket) noexcept;

}  // namespace wakepoll::sys

// lib/backend/afd_polling.cpp
// Polling the device: the requests, and immediate answers. See afd_backend.hpp.
#include <algorithm>
#include <span>
#include <utility>


namespace wakepoll::backend {
namespace {

using core::Slot;
namespace afd_bits = core::afd_bits;

void note(std::error_code& first, std::error_code error) noexcept { first = first ? first : error; }

/// A socket whose connect was refused may listen, and AFD still reports the refusal.
[[nodiscard]] bool listens(Handle socket) noexcept {
    const Result<bool> listening = sys::is_listening(socket);
    return listening && *listening;
}

}  // namespace

std::error_code AfdBackend::poll_due() noexcept {
    std::error_code first;
    if (requests_.has_orphans()) {
        first = cancel_orphans();
    }
    for (bool again = true; again && schedule_.due() > 0;) {
        again = false;
        const std::uint32_t before = std::exchange(repeatable_, 0);
        const bool repeats = schedule_.repeats() && schedule_.due() == before;
        const std::uint32_t count = repeats ? before : gather_group(first);
        if (count > 0) {
            note(first, count == 1 ? poll_alone(memory_.group_members[0].slot)
                                   : poll_together(count, again));
        }
        again = again || (!first && schedule_.has_left_out());
    }
    return first;
}

std::uint32_t AfdBackend::gather_group(std::error_code& first) noexcept {
    if (requests_.is_group_in_flight()) {
        if (!requests_.is_group_canceled() && schedule_.is_group_worth_a_cancel()) {
            note(first, cancel(Request::group, core::no_slot));
        }
        // While the group's request is being cancelled, they wait for its packet to join it.
        const bool canceled = requests_.is_group_canceled();
        schedule_.for_each_due([&](Slot slot) {
            if (!canceled || !schedule_.joins_group(slot)) {
                note(first, poll_alone(slot));
            }
        });
        return 0;
    }
    GroupMember* member = memory_.group_members;
    sys::AfdItem* item = memory_.group->items();
    schedule_.for_each_due([&](Slot slot) {
        const std::uint32_t base = table_[slot].base;
        if (base == 0 || !schedule_.joins_group(slot)) {
            note(first, poll_alone(slot));
            return;
        }
        *member = {slot, base, schedule_.wanted_by(slot)};
        *item++ = {member->socket, member->events, 0};
        ++member;
    });
    return static_cast<std::uint32_t>(member - memory_.group_members);
}

std::error_code AfdBackend::try_out(Slot slot) noexcept {
    Cell& cell = cell_of(slot);
    cell.request = {.timeout = 0, .count = 1};
    cell.item = {table_[slot].base, 0, 0};
    const core::AfdContext context(static_cast<std::uint32_t>(slot), requests_.next_tag(slot));
    ++stats_.afd_requests;
    ++stats_.afd_sockets;
    const std::error_code error =
        device_of(slot).poll(cell.request, cell.status, context.pointer()).error();
    if (error != std::errc::bad_file_descriptor) {
        return error;
    }
    const std::error_code closed = sys::socket_kind(table_[slot].handle).error();
    return closed ? closed : make_error_code(errc::foreign_provider);
}

std::error_code AfdBackend::settle_refused(Slot slot) noexcept {
    core::Registration& registration = table_[slot];
    const std::uint32_t base = std::exchange(registration.base, 0);
    std::error_code error = sys::socket_kind(registration.handle).error();
    if (!error) {
        error = find_base(slot);
    }
    if (!error) {
        // One of another base, or that the device takes, is a new socket with the number.
        error = registration.base != base ? make_error_code(errc::bad_handle) : try_out(slot);
    }
    if (error == std::errc::operation_not_supported) {
        registration.base = 0;
        return settle_foreign(slot);
    }
    registration.base = base;
    if (error && error != std::errc::bad_file_descriptor) {
        return error;
    }
    drop(slot);
    return {};
}

std::error_code AfdBackend::settle_foreign(Slot slot) noexcept {
    const std::error_code error = sys::socket_kind(table_[slot].handle).error();
    if (error == std::errc::bad_file_descriptor) {
        drop(slot);
    } else if (schedule_.wanted_by(slot) == 0) {
        schedule_.note_quiet(slot);
    } else {
        schedule_.note_answer(slot, afd_bits::foreign);
    }
    return {};
}

std::error_code AfdBackend::poll_alone(Slot slot) noexcept {
    if (table_[slot].base == 0) {
        return settle_foreign(slot);
    }
    Cell& cell = cell_of(slot);
    cell.request = {.count = 1};
    const std::uint32_t wanted = schedule_.wanted_by(slot);
    cell.item = {table_[slot].base, wanted, 0};
    const core::AfdContext context(static_cast<std::uint32_t>(slot), requests_.next_tag(slot));
    ++stats_.afd_requests;
    ++stats_.afd_sockets;
    const Result<bool> at_once = device_of(slot).poll(cell.request, cell.status, context.pointer());
    if (!at_once) {
        return at_once.error() == std::errc::bad_file_descriptor ? settle_refused(slot)
                                                                 : at_once.error();
    }
    if (!*at_once) {
        schedule_.note_pending(Request::own, slot);
        table_[slot].polled = true;
        return {};
    }
    if (cell.request.count != 1 || !take_answer(slot, cell.item.events, wanted)) {
        return errc::late_packet;
    }
    // Still due: it wants less by now.
    return schedule_.is_due(slot) ? poll_alone(slot) : std::error_code{};
}

std::error_code AfdBackend::poll_each_alone(std::uint32_t count) noexcept {
    std::error_code first;
    for (std::uint32_t i = 0; i < count; ++i) {
        const GroupMember member = memory_.group_members[i];
        if (member.socket != 0 && schedule_.is_due(member.slot)) {
            note(first, poll_alone(member.slot));
        }
    }
    return first;
}

std::error_code AfdBackend::poll_together(std::uint32_t count, bool& again) noexcept {
    *memory_.group = {.count = count};
    const core::AfdContext context(table_.capacity(), ++group_tag_);
    ++stats_.afd_requests;
    stats_.afd_sockets += count;
    const Result<bool> at_once = devices_[0].poll(*memory_.group, group_status_, context.pointer());
    if (!at_once) {
        // One of them is no longer a socket: each is polled alone, to find it.
        return at_once.error() == std::errc::bad_file_descriptor ? poll_each_alone(count)
                                                                 : at_once.error();
    }
    if (!*at_once) {
        for (std::uint32_t i = 0; i < count; ++i) {
            schedule_.note_pending(Request::group, memory_.group_members[i].slot);
            table_[memory_.group_members[i].slot].polled = true;
        }
        group_count_ = count;
        return {};
    }
    const std::uint32_t ready = schedule_.ready();
    const bool any = take_group_answer(count);
    if (schedule_.ready() == ready) {
        // It names only closed ones, and the others are polled again; or none that is known.
        again = any;
        return any ? std::error_code{} : poll_each_alone(count);
    }
    for (std::uint32_t i = 0; schedule_.ready() - ready < count && i < count; ++i) {
        const GroupMember member = memory_.group_members[i];
        if (member.socket != 0 && schedule_.is_due(member.slot)) {
            schedule_.note_quiet(member.slot);
        }
    }
    return {};
}

bool AfdBackend::take_end(Slot slot, std::uint32_t events, std::uint32_t wanted_then) noexcept {
    if ((events & afd_bits::local_close) != 0) {
        if (wanted_then == afd_bits::outdated) {
            // The modify may have been meant for a new socket with the number, so the registration
            // goes on; but it is none of a socket that is registered next.
            table_[slot].outdated = true;
            return false;
        }
        drop(slot);
        return true;
    }
    std::uint32_t answer = events & wanted_then;
    if (answer == 0 || !schedule_.is_due(slot)) {
        return answer != 0;
    }
    core::Registration& registration = table_[slot];
    if ((answer & afd_bits::connect_fail) != 0 && listens(registration.handle)) {
        registration.listens = true;
        schedule_.modify(slot, wanted(slot));
        answer &= ~afd_bits::connect_fail;
    }
    if ((answer & afd_bits::disconnect) != 0 && hang_ups_.is_full(registration)) {
        answer |= afd_bits::hung_up;
    } else if ((answer & afd_bits::disconnect) != 0 && !core::wants_end(registration.interest)) {
        schedule_.modify(slot, wanted(slot));
        answer &= ~afd_bits::disconnect;
    }
    if (answer != 0) {
        schedule_.note_answer(slot, answer);
    }
    return true;
}

bool AfdBackend::take_group_answer(std::uint32_t count) noexcept {
    // It names them in the order of the request, so each is found where the last one was left;
    // if it does not, the search wraps around.
    const std::uint32_t named = std::min(memory_.group->count, count);
    GroupMember* const begin = memory_.group_members;
    GroupMember* const end = begin + count;
    GroupMember* next = begin;
    bool any = false;
    bool all = named == count;
    for (sys::AfdItem& item : std::span(memory_.group->items(), named)) {
        if (next->socket != item.socket) {
            all = false;
            const auto is_named = [&](const GroupMember& member) {
                return member.socket == item.socket;
            };
            GroupMember* const found = std::find_if(next, end, is_named);
            next = found != end ? found : std::find_if(begin, next, is_named);
            if (!is_named(*next)) {
                continue;
            }
        }
        const std::uint32_t events = std::exchange(item.events, next->events);
        if ((events & afd_bits::local_close) != 0) {
            next->socket = 0;
            all = false;
        }
        any = take_answer(next->slot, events, next->events) || any;
        next = next + 1 == end ? begin : next + 1;
    }
    repeatable_ = all ? count : 0;
    return any;
}

}  // namespace wakepoll::backend

// lib/core/pool_entry.hpp
// An entry of the overlapped pool, and what the poller keeps of its call. The user sees the base.
// Used under the poller's lock.

#include <cstddef>
#include <cstdint>


namespace wakepoll::core {

struct PoolEntry : OverlappedEntry {
    /// What an entry in use is for.
    enum class Purpose : std::uint8_t { own_call, operation, readiness };

    Purpose purpose = Purpose::own_call;  ///< Set when it is acquired, like `use`.
    bool reported = false;                ///< Handed to the user, who may release it.
    bool datagram = false;         ///< On a datagram socket, which has no other end to hang up.
    bool in_order = false;         ///< To be reported behind the older ones of its kind and handle.
    SlotUse use;                   ///< Of the handle's slot.
    std::uint32_t code = 0;        ///< Why it failed, if it is done and not reported yet.
    std::int32_t sender_size = 0;  ///< The room for the sender's address, and then its size.
    std::byte* sender = nullptr;   ///< Where the kernel writes that; null if it is not wanted.
    Handle accepted;               ///< Of an accept: the socket that becomes the connection.

    /// True while its packet is outstanding.
    [[nodiscard]] bool is_under_way() const noexcept {
        return state_ == OverlappedState::in_flight || state_ == OverlappedState::cancelling;
    }

    /// The NTSTATUS that the kernel has written to its OVERLAPPED.
    [[nodiscard]] std::uint32_t status() const noexcept {
        return static_cast<std::uint32_t>(overlapped.internal);
    }

private:
    friend class EntryPool;
    friend class OperationList;

    static constexpr std::uint32_t no_entry = 0xFFFFFFFF;

    std::uint32_t next_ = no_entry;      ///< In the list of those that are free, in flight or done.
    std::uint32_t previous_ = no_entry;  ///< In the list of those that are in flight.
    std::uint64_t order_ = 0;            ///< When it was taken.
};

}  // namespace wakepoll::core

// lib/core/entry_pool.hpp
// The fixed pool of overlapped entries: acquire, release and find, each O(1).
//
// Free entries form a list through the entries themselves. The caller provides zeroed memory;
// entries that were never acquired are not touched. Not thread-safe: used under the poller's lock.

#include <cstdint>
#include <system_error>


namespace wakepoll::core {

class EntryPool {
public:
    /// Uses `capacity` entries at `entries`, which must outlive the pool.
    EntryPool(PoolEntry* entries, std::uint32_t capacity) noexcept
        : entries_(entries), capacity_(capacity) {}

    EntryPool(const EntryPool&) = delete;
    EntryPool& operator=(const EntryPool&) = delete;

    // Same contracts as in OverlappedPool.
    [[nodiscard]] PoolEntry* acquire() noexcept;
    [[nodiscard]] std::error_code release(OverlappedEntry* entry) noexcept;
    [[nodiscard]] PoolEntry* find_by_overlapped(const void* overlapped) const noexcept;
    [[nodiscard]] std::uint32_t active_count() const noexcept { return active_; }
    [[nodiscard]] std::uint32_t capacity() const noexcept { return capacity_; }

    /// The entry at this address, in use or not; null if none begins there.
    [[nodiscard]] PoolEntry* entry_at(const void* address) const noexcept;

    /// Returns an entry to the pool, whatever it was used for.
    void give_back(PoolEntry& entry) noexcept;

    /// An entry's index, and the entry at an index.
    [[nodiscard]] std::uint32_t index_of(const PoolEntry& entry) const noexcept {
        return static_cast<std::uint32_t>(&entry - entries_);
    }
    [[nodiscard]] PoolEntry& operator[](std::uint32_t index) const noexcept {
        return entries_[index];
    }

private:
    PoolEntry* entries_;
    std::uint32_t capacity_;
    std::uint32_t active_ = 0;
    std::uint32_t used_ = 0;  ///< Entries from this index on were never acquired.
    std::uint32_t first_free_ = PoolEntry::no_entry;
};

}  // namespace wakepoll::core

// lib/core/operation_list.hpp
// Tracks the poller's own entries of the overlapped pool: which are in flight and which are done.
//
// An entry is acquired (`acquire`), started (`start`), perhaps cancelled (`cancel`), and done. What
// completes through the port is reported when its packet is dequeued (`complete`); what is done
// without a packet waits in a queue for the next report (`finish`, `next_finished`). Then the entry
// returns to the pool (`give_back`). A step in the wrong state is a bug in the library and
// asserted; what a user can get wrong is refused with an error before it gets here.
//
// The lists run through the entries, so each step is O(1) and allocates nothing. Not thread-safe:
// used under the poller's lock.

#include <cstdint>


namespace wakepoll::core {

class OperationList {
public:
    explicit OperationList(EntryPool& pool) noexcept : pool_(pool) {}

    OperationList(const OperationList&) = delete;
    OperationList& operator=(const OperationList&) = delete;

    /// Returns an idle entry for a call on the handle of that use; null if none is free.
    [[nodiscard]] PoolEntry* acquire(PoolEntry::Purpose purpose, SlotUse use) noexcept;

    /// Returns an entry to the pool. It must be idle, or done and reported.
    void give_back(PoolEntry& entry) noexcept;

    /// Puts an idle entry in flight, until its packet comes.
    void start(PoolEntry& entry) noexcept;

    /// Marks an entry in flight as being cancelled.
    void cancel(PoolEntry& entry) noexcept;

    /// The packet of an entry that is in flight or being cancelled has come.
    void complete(PoolEntry& entry) noexcept;

    /// Queues the outcome of an idle or completed entry for the next report, or holds it until the
    /// older operations in flight that it must follow are reported.
    void finish(PoolEntry& entry) noexcept;

    /// True if an older operation that this one must follow waits to be reported.
    [[nodiscard]] bool is_behind_a_finished_one(const PoolEntry& entry) const noexcept;

    /// Releases the entries held behind `done`. Call when an operation that was in flight is
    /// reported, or waits to be.
    void let_go_on(const PoolEntry& done) noexcept;

    /// Releases all held entries. Call when nothing they could follow is in flight any more.
    void let_all_go_on() noexcept;

    /// Takes the entry that has waited longest to be reported; null if none waits.
    [[nodiscard]] PoolEntry* next_finished() noexcept;

    /// Distinguishes an entry's use from its other ones.
    [[nodiscard]] static std::uint32_t order_of(const PoolEntry& entry) noexcept {
        return static_cast<std::uint32_t>(entry.order_);
    }

    /// Resets a readiness entry to idle after its read was handled.
    void rest(PoolEntry& entry) noexcept;

    [[nodiscard]] std::uint32_t in_flight() const noexcept { return in_flight_; }
    /// Entries that can be reported now.
    [[nodiscard]] std::uint32_t finished() const noexcept { return finished_; }

    /// Entries in flight, oldest first; null at the end.
    [[nodiscard]] PoolEntry* first_in_flight() const noexcept { return at(oldest_); }
    [[nodiscard]] PoolEntry* next_in_flight(const PoolEntry& entry) const noexcept {
        return at(entry.next_);
    }

    /// An entry's index in the pool, and the entry at an index.
    [[nodiscard]] std::uint32_t index_of(const PoolEntry& entry) const noexcept {
        return pool_.index_of(entry);
    }
    [[nodiscard]] PoolEntry& operator[](std::uint32_t index) const noexcept { return pool_[index]; }

    /// Returns the entry of this pool that is in use at this address; null for any other pointer.
    [[nodiscard]] PoolEntry* find(const void* entry) const noexcept {
        return pool_.find_by_overlapped(entry);
    }
    /// The same, in use or not.
    [[nodiscard]] PoolEntry* entry_at(const void* address) const noexcept {
        return pool_.entry_at(address);
    }

private:
    static constexpr std::uint32_t no_entry = PoolEntry::no_entry;

    /// A list linked through `next_`.
    struct Queue {
        std::uint32_t first = no_entry;
        std::uint32_t last = no_entry;
    };
    void append(Queue& queue, PoolEntry& entry) noexcept;

    /// True if both must be reported in order and `other` comes first.
    [[nodiscard]] static bool is_behind(const PoolEntry& entry, const PoolEntry& other) noexcept {
        return entry.in_order && other.in_order && entry.use == other.use &&
               entry.operation == other.operation && entry.order_ > other.order_;
    }
    [[nodiscard]] bool is_behind_any_of(const PoolEntry& entry, std::uint32_t first) const noexcept;

    [[nodiscard]] PoolEntry* at(std::uint32_t index) const noexcept {
        return index != no_entry ? &pool_[index] : nullptr;
    }

    EntryPool& pool_;
    std::uint32_t oldest_ = no_entry;
    std::uint32_t newest_ = no_entry;
    std::uint32_t in_flight_ = 0;
    Queue ready_;  ///< Wait to be reported.
    Queue held_;   ///< Wait for older entries first.
    std::uint32_t finished_ = 0;
    std::uint64_t taken_ = 0;  ///< Entries acquired since creation.
};

}  // namespace wakepoll::core

// lib/core/signal_set.hpp
// The slots that the threads of the system's pool have seen signalled.
//
// One bit per slot. Any thread sets a bit; the owner takes all set bits in one pass over the words,
// after the wake word has reported a signal. Setting a bit allocates nothing and cannot fail, so no
// signal is lost between a pool thread and the owner.

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>


namespace wakepoll::core {

class SignalSet {
public:
    using Word = std::atomic<std::uint64_t>;

    /// The number of words that a set for this many slots needs.
    [[nodiscard]] static constexpr std::size_t words_for(std::size_t slots) noexcept {
        return (slots + bits_per_word - 1) / bits_per_word;
    }

    /// Uses `words_for(slots)` words, all zero, which must outlive the set.
    explicit SignalSet(Word* words) noexcept : words_(words) {}

    SignalSet(const SignalSet&) = delete;
    SignalSet& operator=(const SignalSet&) = delete;

    /// Sets a slot's bit. Any thread.
    void set(Slot slot) noexcept { word_of(slot).fetch_or(bit_of(slot)); }

    /// Clears a slot's bit; returns whether it was set. Owner only.
    [[nodiscard]] bool take(Slot slot) noexcept {
        return (word_of(slot).fetch_and(~bit_of(slot)) & bit_of(slot)) != 0;
    }

    /// Clears the first `slots` bits and calls `visit` for each that was set. Owner only.
    template <class Visit>
    void take_all(std::size_t slots, const Visit& visit) noexcept {
        const std::size_t count = words_for(slots);
        for (std::size_t i = 0; i < count; ++i) {
            if (words_[i].load(std::memory_order_relaxed) == 0) {
                continue;
            }
            for (std::uint64_t left = words_[i].exchange(0); left != 0; left &= left - 1) {
                visit(Slot{static_cast<std::uint32_t>(
                    i * bits_per_word + static_cast<std::size_t>(std::countr_zero(left)))});
            }
        }
    }

private:
    static constexpr std::size_t bits_per_word = 64;

    [[nodiscard]] Word& word_of(Slot slot) noexcept {
        return words_[index_of(slot) / bits_per_word];
    }
    [[nodiscard]] static constexpr std::uint64_t bit_of(Slot slot) noexcept {
        return std::uint64_t{1} << (index_of(slot) % bits_per_word);
    }

    Word* words_;
};

}  // namespace wakepoll::core

// lib/sys/waitable.hpp
// sys: calls back on another thread when a wait for an object ends.
//
// Three uses: the completion port itself, which is signalled while packets are queued
// (undocumented, but asserted by Wine's tests on real Windows and seen on Wine), so that a thread
// parked in WSAPoll learns of a completion; registered kernel objects (events, processes, consoles
// and the like); and synchronous pipes, which are always signalled as objects, so only a thread
// that reads can wait for them. That thread is the pipe's own and not one of the system's pool,
// which has at most 500 threads per process.

#include <atomic>
#include <cstdint>
#include <system_error>


namespace wakepoll::sys {

/// One wait at a time. The system keeps the object's address, so it must not move.
///
/// A callback runs on a pool thread (of a pipe, on the pipe's own thread) and must be short. One
/// thread calls everything else.
class ThreadPoolWait {
public:
    /// Also receives the wait that ended: one context may serve many.
    using Callback = void (*)(void* context, const ThreadPoolWait& wait) noexcept;

    ThreadPoolWait() noexcept = default;
    ThreadPoolWait(const ThreadPoolWait&) = delete;
    ThreadPoolWait& operator=(const ThreadPoolWait&) = delete;
    ~ThreadPoolWait() { disarm(); }

    /// RegisterWaitForSingleObject(WT_EXECUTEONLYONCE | WT_EXECUTEINWAITTHREAD): calls `callback`
    /// once when `object` is or becomes signalled. Like any wait, it takes the signal of an
    /// auto-reset event or timer, and one of a semaphore's count. It waits on its own
    /// DuplicateHandle, so closing the handle affects neither this wait nor others. Disarms an
    /// earlier wait.
    [[nodiscard]] std::error_code arm(Handle object, Callback callback, void* context) noexcept;

    /// CreateThread of a thread that reads no bytes from a synchronous pipe: ReadFile returns when
    /// there is data or the other end is gone, and takes nothing. Calls `callback` once then, and
    /// also if the read failed for any other reason; never for a read that `disarm` ended.
    /// Disarms an earlier wait. The thread keeps its DLL loaded.
    [[nodiscard]] std::error_code arm_on_pipe(Handle pipe, Callback callback,
                                              void* context) noexcept;

    /// UnregisterWaitEx(INVALID_HANDLE_VALUE), or CancelSynchronousIo until the thread no longer
    /// needs this object: on return, the callback has run or never will. Does not wait for the
    /// thread to end, which cannot happen while the caller is in a DllMain. No-op if no wait is
    /// armed. Must not be called from the callback.
    void disarm() noexcept;

    /// The own handle of a wait on an object, as long as it is armed.
    [[nodiscard]] Handle copy() const noexcept { return target_; }

    /// Runs the callback on the other thread; only for the bodies of this header.
    void run() const noexcept { callback_(context_, *this); }

private:
    friend struct PipeReader;  ///< Defined by a body.

    /// The registered wait, or a pipe's thread.
    std::atomic<void*> registration_ = nullptr;
    Handle target_;       ///< The pipe, or this wait's own duplicate of the object's handle.
    bool reads_ = false;  ///< `target_` is a pipe.
    /// For a pipe: set by the first of the end of the read and `disarm`. The callback runs only
    /// if the read ended first, a cancel is tried only if `disarm` came first.
    std::atomic<bool> decided_ = false;
    std::atomic<bool> done_ = false;  ///< For a pipe: the thread no longer uses this object.
    Callback callback_ = nullptr;
    void* context_ = nullptr;
};

/// WaitForSingleObject(object, 0): whether the object is signalled. Like any wait, it takes the
/// signal of an auto-reset event or timer, and one of a semaphore's count. ERROR_INVALID_HANDLE (6)
/// for a closed handle, ERROR_ACCESS_DENIED (5) for one without the right to wait.
[[nodiscard]] Result<bool> take_signal(Handle object) noexcept;

/// NtQueryEvent: true for an auto-reset event. ERROR_INVALID_HANDLE (6) for what is not an event,
/// ERROR_ACCESS_DENIED (5) for a handle without EVENT_QUERY_STATE.
[[nodiscard]] Result<bool> is_auto_reset(Handle event) noexcept;

}  // namespace wakepoll::sys

// lib/backend/handle_backend.hpp
// Readiness of every registered handle that is not a socket.
//
// The kernel has no WSAPoll for these: each is waited for by itself, and only while it is not
// ready. A registered slot is either *due*, in a ring whose members the next wait queries one by
// one (so what stays ready is reported by every wait), or *armed*: queried, found not ready, and
// left to a mechanism that reports when it is. The mechanism depends on the kind:
//
//   - events, processes, threads, semaphores, timers and consoles: a wait of the system's thread
//     pool on the object itself;
//   - synchronous pipes, which as objects are always signalled: a thread of its own with an empty
//     read of the pipe, which returns when something could be read;
//   - overlapped pipes: an overlapped empty read, whose packet comes to the port. Its entry is
//   taken
//     from the pool when the pipe is registered, so that it is always available later.
//
// Such a thread only sets the slot's bit and wakes the waiting thread. A slot that is unregistered
// is disarmed first, which waits for a running callback, so nothing of it is left afterwards; only
// an empty read may still be in flight, and its packet is recognised by the generation of the slot.
//
// Pipes report a closed other end whatever the interest, so they are waited for in any case. While
// one holds bytes that the interest excludes, no read could wait for its end: it is *unread*, and
// queried once in each wait.
//
// A wait of the pool takes the signal of an auto-reset event, or one of a semaphore's count. Such a
// signal is kept with the slot until it has been reported.
//
// Everything is called under the poller's lock.

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <system_error>


namespace wakepoll::backend {

/// The read events of a handle that is not a socket.
inline constexpr std::uint32_t readable = mask::in | mask::rdnorm;

class HandleBackend {
public:
    /// What is known of a slot beyond its registration.
    struct Watch {
        bool armed : 1 = false;     ///< A mechanism will report when the slot is ready.
        bool taken : 1 = false;     ///< A signal was taken for it and is not reported yet.
        bool takes : 1 = false;     ///< Waiting for the object takes its signal.
        bool by_read : 1 = false;   ///< An overlapped pipe: armed by an empty read.
        bool messages : 1 = false;  ///< And one of messages.
        bool unread : 1 = false;    ///< A pipe whose data the interest excludes.
        bool woken : 1 = false;     ///< A synchronous pipe whose thread has returned.
    };

    /// Raw memory for a wait.
    struct Cell {
        alignas(sys::ThreadPoolWait) std::byte memory[sizeof(sys::ThreadPoolWait)];
    };

    /// Zeroed arrays for every slot, which outlive the backend.
    struct Memory {
        Cell* cells;
        Watch* watches;
        core::SignalSet::Word* signals;  ///< `SignalSet::words_for` of them
        core::SlotRing::Link* links;     ///< shared with the rings of other backends
    };

    /// Wakes the waiting thread, from any thread.
    using Rouse = void (*)(void* poller) noexcept;

    HandleBackend(const Memory& memory, core::RegistrationTable& table,
                  core::OperationList& operations, PollerStats& stats, Rouse rouse,
                  void* poller) noexcept;

    HandleBackend(const HandleBackend&) = delete;
    HandleBackend& operator=(const HandleBackend&) = delete;

    /// True if a handle of this kind can be registered here at all.
    [[nodiscard]] static bool can_watch(HandleType type) noexcept;
    /// True if this interest is possible: only sockets report when they can be written to.
    [[nodiscard]] static bool can_report(IoInterest interest) noexcept;

    /// Starts, changes or ends the watch of a registered slot. A failed `add` changes nothing. An
    /// overlapped pipe must be associated with the port before.
    [[nodiscard]] std::error_code add(core::Slot slot, bool overlapped) noexcept;
    void modify(core::Slot slot) noexcept;
    void remove(core::Slot slot) noexcept;

    /// A thread reads from this pipe, so it is open, and most queries would wait for that thread.
    [[nodiscard]] bool is_being_read(core::Slot slot) const noexcept {
        const Watch& watch = watches_[core::index_of(slot)];
        return table_[slot].type == HandleType::pipe && watch.armed && !watch.by_read;
    }

    /// Makes due what each wait queries once.
    void begin_wait() noexcept {
        if (!unread_.empty()) {
            ask_unread();
        }
    }

    /// How many slots are due, and so are visited by a full round of `collect`.
    [[nodiscard]] std::size_t size() const noexcept { return due_.size(); }

    /// Queries at most `visits` of those due and reports those that are ready, from where the last
    /// scan stopped. Stops early when `events` is full or arming failed: then `error` is set, and
    /// the slot stays due.
    [[nodiscard]] Scan collect(std::span<NativeEvent> events, std::size_t visits,
                               std::error_code& error) noexcept;

    /// Queries all that are due, so that those that are not ready are armed. True if some
    /// remain: they are ready, or the query failed.
    [[nodiscard]] bool arm_due() noexcept;

    /// Handles the signals that the pool's threads have noted.
    void take_signals() noexcept;

    /// The packet of an empty read has come; `error` is the read's.
    void read_ended(core::PoolEntry& entry, std::error_code error) noexcept;

    /// Ends all waits of the pool and returns the entries of pipes, once. Those with an empty read
    /// in flight are left to the drain of the port.
    void close() noexcept;

private:
    /// The result of a query.
    struct Answer {
        std::uint32_t mask = 0;   ///< 0: not ready, and armed.
        bool closed = false;      ///< The handle is closed.
        std::error_code error{};  ///< Querying or arming failed.
    };

    [[nodiscard]] Answer ask(core::Slot slot) noexcept;
    /// The part of an answer that is reported.
    [[nodiscard]] std::uint32_t reported(core::Slot slot, const Answer& answer) const noexcept;
    [[nodiscard]] Answer ask_object(core::Slot slot) noexcept;
    [[nodiscard]] Answer ask_console(core::Slot slot) noexcept;
    [[nodiscard]] Answer ask_pipe(core::Slot slot) noexcept;
    [[nodiscard]] Answer arm(core::Slot slot) noexcept;
    [[nodiscard]] Answer arm_by_read(core::Slot slot) noexcept;

    [[nodiscard]] Watch& watch_of(core::Slot slot) noexcept {
        return watches_[core::index_of(slot)];
    }
    [[nodiscard]] sys::ThreadPoolWait& wait_of(core::Slot slot) noexcept {
        return *std::launder(
            reinterpret_cast<sys::ThreadPoolWait*>(cells_[core::index_of(slot)].memory));
    }
    [[nodiscard]] bool wants_reading(core::Slot slot) const noexcept {
        return (bits(table_[slot].interest) & readable) != 0;
    }
    /// True if something of it may be reported: for a pipe its end, whatever the interest.
    [[nodiscard]] bool is_wanted(core::Slot slot) const noexcept {
        return wants_reading(slot) || table_[slot].type == HandleType::pipe;
    }
    void note_signal(core::Slot slot) noexcept;
    void make_due(core::Slot slot) noexcept;
    /// Removes from `due_` a slot that has nothing to report.
    void set_aside(core::Slot slot, const Answer& answer) noexcept;
    void ask_unread() noexcept;
    /// Removes a slot from its ring, if any.
    void unlink(core::Slot slot) noexcept;
    void disarm(core::Slot slot) noexcept;
    /// Unregisters a handle that was found closed.
    void drop(core::Slot slot) noexcept;

    /// Called by a thread of the system's pool.
    static void signalled(void* backend, const sys::ThreadPoolWait& wait) noexcept;

    Cell* cells_;
    Watch* watches_;
    core::SignalSet signals_;
    core::SlotRing due_;
    core::SlotRing unread_;
    core::RegistrationTable& table_;
    core::OperationList& operations_;
    PollerStats& stats_;
    Rouse rouse_;
    void* poller_;
};

}  // namespace wakepoll::backend

// lib/sys/console.hpp
// sys: the input records of a console.

#include <cstdint>


namespace wakepoll::sys {

enum class ConsoleRecord : std::uint8_t {
    none,       ///< The input buffer is empty.
    character,  ///< A key that yields one: pressed, or the Alt key released after a number.
    key,        ///< Any other key, or a release: ReadFile and ReadConsole skip it.
    other,      ///< The mouse, the focus, a menu or the window size.
};

/// PeekConsoleInputW of one record: the type of the next record. Error 6 if the handle is not
/// (or no longer) the input of a console.
[[nodiscard]] Result<ConsoleRecord> next_console_record(Handle console) noexcept;

/// ReadConsoleInputW: removes one record, which must be there.
[[nodiscard]] std::error_code discard_console_record(Handle console) noexcept;

}  // namespace wakepoll::sys

// lib/sys/handle_info.hpp
// sys: what the kernel reports of a handle, one query per function.
//
// lib/poller/classify.cpp combines the answers. None of these calls changes anything.

#include <cstdint>


namespace wakepoll::sys {

/// GetFileType's answers.
enum class FileType : std::uint8_t { unknown = 0, disk = 1, character = 2, pipe = 3 };

/// GetFileType. ERROR_INVALID_HANDLE (6) for what is not a file-like handle, such as an event;
/// `unknown` without an error if the kernel itself does not know.
[[nodiscard]] Result<FileType> file_type(Handle handle) noexcept;

/// True if GetConsoleMode succeeds.
[[nodiscard]] bool is_console(Handle handle) noexcept;

/// True if GetNamedPipeInfo succeeds, lacks the access right, or reports that the server has
/// disconnected the pipe. (Anonymous pipes are named pipes underneath.)
[[nodiscard]] bool is_pipe(Handle handle) noexcept;

/// The type of a kernel object that is not file-like, by NtQueryObject's type name: event, process,
/// thread, semaphore or timer; `unknown` for any other type; ERROR_INVALID_HANDLE (6) if the
/// number is not a handle.
[[nodiscard]] Result<HandleType> object_type(Handle handle) noexcept;

/// GetHandleInformation: whether CloseHandle is refused. False for a number that is not a handle.
[[nodiscard]] bool is_protected(Handle handle) noexcept;

}  // namespace wakepoll::sys

// lib/sys/pipe.hpp
// sys: what can be read from a pipe now, and how.

#include <cstdint>


namespace wakepoll::sys {

/// PeekNamedPipe: the number of bytes that a read would find. ERROR_BROKEN_PIPE (109) once the
/// other end is gone and everything was read, ERROR_ACCESS_DENIED (5) for an end without read
/// access. On a synchronous pipe it blocks while another thread reads from the same file.
[[nodiscard]] Result<std::uint32_t> readable_bytes(Handle pipe) noexcept;

/// GetNamedPipeInfo: whether the pipe carries messages, so that there can be an empty one. False
/// if the query fails.
[[nodiscard]] bool carries_messages(Handle pipe) noexcept;

/// GetNamedPipeHandleState: false in the mode PIPE_NOWAIT, in which a read that finds nothing fails
/// at once (232, ERROR_NO_DATA). True if the query fails.
[[nodiscard]] bool reads_wait(Handle pipe) noexcept;

}  // namespace wakepoll::sys

// lib/backend/handle_asking.cpp
// Queries whether registered handles are ready, each in the way of its kind, and arms those that
// are not.
#include <cassert>


namespace wakepoll::backend {
namespace {

using core::Slot;

/// ERROR_NO_DATA: the error of a read in the mode PIPE_NOWAIT, in which a pipe cannot be waited
/// for. A broken pipe has another error.
constexpr int no_data = 232;

/// True if the error means that the handle is closed, or belongs to another object by now.
[[nodiscard]] bool says_closed(std::error_code error) noexcept {
    return error == std::errc::bad_file_descriptor;
}

/// True if the error means that the handle is no longer the readable pipe that was registered:
/// it was closed, and its number belongs to another object. Each kind of object has its own error
/// for a call that it does not support, so its type is queried.
[[nodiscard]] bool says_other_pipe(Handle pipe, std::error_code error) noexcept {
    return says_closed(error) || error == std::errc::permission_denied || !sys::is_pipe(pipe);
}

/// True if there is no other end any more, or, for a server's end, not yet again.
[[nodiscard]] bool says_broken(std::error_code error) noexcept {
    return error == std::errc::broken_pipe || error == std::errc::not_connected;
}

}  // namespace

Scan HandleBackend::collect(std::span<NativeEvent> events, std::size_t visits,
                            std::error_code& error) noexcept {
    Scan scan;
    while (scan.visited < visits && scan.filled < events.size() && !due_.empty()) {
        const Slot slot = due_.cursor();
        const Answer answer = ask(slot);
        ++scan.visited;
        if (answer.closed) {
            drop(slot);
            continue;
        }
        if (answer.error) {
            due_.advance();
            error = answer.error;
            return scan;
        }
        const std::uint32_t mask = reported(slot, answer);
        if (mask == 0) {
            set_aside(slot, answer);
            continue;
        }
        const core::Registration& registration = table_[slot];
        NativeEvent& event = events[scan.filled++];
        event.events = mask;
        event.data.u64 = registration.user_data;
        event.completion = nullptr;
        if (core::is_one_shot(registration.interest)) {
            due_.remove(slot);
        } else {
            due_.advance();
        }
    }
    return scan;
}

bool HandleBackend::arm_due() noexcept {
    due_.for_each([this](Slot slot) {
        const bool was_taken = watch_of(slot).taken;
        const Answer answer = ask(slot);
        if (answer.closed) {
            drop(slot);
        } else if (reported(slot, answer) != 0) {
            // The query has taken the signal, which is kept until it is reported.
            watch_of(slot).taken = was_taken || watch_of(slot).takes;
        } else if (!answer.error) {
            set_aside(slot, answer);
        }
    });
    return !due_.empty();
}

std::uint32_t HandleBackend::reported(Slot slot, const Answer& answer) const noexcept {
    return core::filter_mask(answer.mask, table_[slot].interest);
}

HandleBackend::Answer HandleBackend::ask(Slot slot) noexcept {
    if (table_[slot].outdated) {
        return {.closed = true};
    }
    switch (table_[slot].type) {
        case HandleType::console:
            return ask_console(slot);
        case HandleType::pipe:
            return ask_pipe(slot);
        default:
            return ask_object(slot);
    }
}

HandleBackend::Answer HandleBackend::ask_object(Slot slot) noexcept {
    Watch& watch = watch_of(slot);
    if (watch.taken) {
        watch.taken = false;
        return {.mask = readable};
    }
    const Result<bool> signalled = sys::take_signal(table_[slot].handle);
    if (!signalled) {
        return {.closed = says_closed(signalled.error()), .error = signalled.error()};
    }
    return *signalled ? Answer{.mask = readable} : arm(slot);
}

HandleBackend::Answer HandleBackend::ask_console(Slot slot) noexcept {
    const Handle console = table_[slot].handle;
    for (;;) {
        const Result<sys::ConsoleRecord> next = sys::next_console_record(console);
        if (!next) {
            return {.closed = says_closed(next.error()), .error = next.error()};
        }
        if (*next == sys::ConsoleRecord::character) {
            return {.mask = readable};
        }
        if (*next == sys::ConsoleRecord::none) {
            return arm(slot);
        }
        // A read would skip it and block. Left in place, it would keep the console signalled and
        // hide the characters behind it.
        if (const std::error_code error = sys::discard_console_record(console)) {
            return {.error = error};
        }
    }
}

HandleBackend::Answer HandleBackend::ask_pipe(Slot slot) noexcept {
    Watch& watch = watch_of(slot);
    if (watch.taken && wants_reading(slot)) {
        // The empty read has taken an empty message.
        watch.taken = false;
        return {.mask = readable};
    }
    const Result<std::uint32_t> bytes = sys::readable_bytes(table_[slot].handle);
    if (!bytes) {
        return says_broken(bytes.error())
                   ? Answer{.mask = readable | mask::hup}
                   : Answer{.closed = says_other_pipe(table_[slot].handle, bytes.error()),
                            .error = bytes.error()};
    }
    if (*bytes > 0 || watch.taken) {
        watch.woken = false;
        return {.mask = readable};
    }
    if (watch.woken && !sys::reads_wait(table_[slot].handle)) {
        return {.mask = mask::err};
    }
    watch.woken = false;
    return watch.by_read ? arm_by_read(slot) : arm(slot);
}

HandleBackend::Answer HandleBackend::arm(Slot slot) noexcept {
    sys::ThreadPoolWait& wait = wait_of(slot);
    const core::Registration& registration = table_[slot];
    const std::error_code error =
        registration.type == HandleType::pipe
            ? wait.arm_on_pipe(registration.handle, &HandleBackend::signalled, this)
            : wait.arm(registration.handle, &HandleBackend::signalled, this);
    watch_of(slot).armed = !error;
    if (!error && registration.type != HandleType::pipe) {
        table_.note_made(wait.copy());
    }
    return {.closed = says_closed(error), .error = error};
}

HandleBackend::Answer HandleBackend::arm_by_read(Slot slot) noexcept {
    core::PoolEntry& entry = operations_[table_[slot].entry];
    assert(entry.state() == OverlappedState::idle);
    const Result<sys::Started> started = sys::read(table_[slot].handle, {}, entry.overlapped);
    if (!started) {
        if (started.error().value() == no_data) {
            return {.mask = mask::err};
        }
        return says_broken(started.error())
                   ? Answer{.mask = readable | mask::hup}
                   : Answer{.closed = says_other_pipe(table_[slot].handle, started.error()),
                            .error = started.error()};
    }
    // Its packet comes even if it completed at once, unless the user has made the pipe skip it.
    if (started->at_once) {
        const Result<bool> skips = sys::skips_packets(table_[slot].handle);
        if (skips && *skips) {
            return {.mask = readable};
        }
    }
    operations_.start(entry);
    watch_of(slot).armed = true;
    return {};
}

}  // namespace wakepoll::backend

// lib/backend/marks.hpp
// The mark of objects that belong to the port, by which they are distinguished from others that get
// their number later.


namespace wakepoll::backend {

/// The modes of the object that has the number of a marked one; not marked if it is another
/// poller's. `bad_file_descriptor` if the number is none's, or no file's.
[[nodiscard]] inline Result<sys::FileModes> modes_of(const core::RegistrationTable& table,
                                                     core::Slot slot) noexcept {
    const Handle handle = table[slot].handle;
    // Every poller has the same mark, and another may have the number by now.
    if (core::PortOwners::is_anothers(handle, table.owner())) {
        return sys::FileModes{};
    }
    return sys::modes_of(handle);
}

/// True if the number belongs to another object than the marked one, or to none. False if that
/// cannot be determined.
[[nodiscard]] inline bool is_another(const core::RegistrationTable& table,
                                     core::Slot slot) noexcept {
    if (!table[slot].marked) {
        return false;
    }
    const Result<sys::FileModes> modes = modes_of(table, slot);
    return modes ? !modes->is_marked : modes.error() == std::errc::bad_file_descriptor;
}

}  // namespace wakepoll::backend

// lib/backend/handle_backend.cpp
// Registering, and signals. The queries whether a handle is ready are in handle_asking.cpp.

#include <memory>


namespace wakepoll::backend {
namespace {

using core::Slot;

constexpr int other_end_gone = 109;  // ERROR_BROKEN_PIPE

/// True if waiting for the object changes it.
[[nodiscard]] bool takes_signals(const core::Registration& registration) noexcept {
    switch (registration.type) {
        case HandleType::event: {
            // Without the right to query it, it is treated as auto-reset.
            const Result<bool> resets = sys::is_auto_reset(registration.handle);
            return !resets || *resets;
        }
        case HandleType::semaphore:
        case HandleType::timer:  // The kernel does not report which kind of timer it is.
            return true;
        default:
            return false;
    }
}

}  // namespace

HandleBackend::HandleBackend(const Memory& memory, core::RegistrationTable& table,
                             core::OperationList& operations, PollerStats& stats, Rouse rouse,
                             void* poller) noexcept
    : cells_(memory.cells),
      watches_(memory.watches),
      signals_(memory.signals),
      due_(memory.links),
      unread_(memory.links),
      table_(table),
      operations_(operations),
      stats_(stats),
      rouse_(rouse),
      poller_(poller) {}

void HandleBackend::close() noexcept {
    for (std::uint32_t slot = 0; slot < table_.used(); ++slot) {
        const core::Registration& registration = table_[Slot{slot}];
        if (!registration.registered || registration.type == HandleType::socket) {
            continue;
        }
        std::destroy_at(&wait_of(Slot{slot}));
        if (watches_[slot].by_read) {
            core::PoolEntry& entry = operations_[registration.entry];
            if (entry.state() == OverlappedState::idle) {
                operations_.give_back(entry);
            }
        }
    }
}

// Registering
// -----------------------------------------------------------------------------------

bool HandleBackend::can_watch(HandleType type) noexcept {
    return type != HandleType::socket && type != HandleType::file && type != HandleType::unknown;
}

bool HandleBackend::can_report(IoInterest interest) noexcept {
    return (bits(interest) & (mask::out | mask::wrnorm | mask::wrband | mask::pri)) == 0;
}

std::error_code HandleBackend::add(Slot slot, bool overlapped) noexcept {
    core::Registration& registration = table_[slot];
    Watch watch;
    if (registration.type == HandleType::pipe) {
        // A pipe without read access will never be readable: fail now.
        const Result<std::uint32_t> bytes = sys::readable_bytes(registration.handle);
        if (!bytes && bytes.error().value() != other_end_gone) {
            // A server's end that no client has opened yet, or either end of one that the server
            // has disconnected.
            if (bytes.error() == std::errc::broken_pipe) {
                return errc::pipe_not_connected;
            }
            return bytes.error() == std::errc::permission_denied
                       ? make_error_code(errc::write_only_pipe)
                       : bytes.error();
        }
        if (!sys::reads_wait(registration.handle)) {
            return errc::nothing_to_wait_for;
        }
        if (overlapped) {
            core::PoolEntry* const entry =
                operations_.acquire(core::PoolEntry::Purpose::readiness, table_.use_of(slot));
            if (entry == nullptr) {
                return errc::pool_exhausted;
            }
            entry->handle = registration.handle;
            registration.entry = operations_.index_of(*entry);
            watch.by_read = true;
            watch.messages = sys::carries_messages(registration.handle);
        }
    } else if (registration.type == HandleType::console) {
        const Result<sys::ConsoleRecord> next = sys::next_console_record(registration.handle);
        if (!next) {
            return next.error();
        }
    } else {
        watch.takes = takes_signals(registration);
        // A handle that cannot be waited for is refused now. A signal that this has taken is kept;
        // one that the interest excludes must not be taken from others, so then a refusal comes
        // later.
        if (!watch.takes || wants_reading(slot)) {
            const Result<bool> signalled = sys::take_signal(registration.handle);
            if (!signalled) {
                return signalled.error();
            }
            watch.taken = watch.takes && *signalled;
        }
    }
    watch_of(slot) = watch;
    ::new (cells_[core::index_of(slot)].memory) sys::ThreadPoolWait;
    make_due(slot);
    return {};
}

void HandleBackend::modify(Slot slot) noexcept {
    if (!is_wanted(slot)) {
        // No registration wants the signal, so it must not be taken from others.
        unlink(slot);
        disarm(slot);
        return;
    }
    if (watch_of(slot).unread) {
        unlink(slot);
    }
    make_due(slot);
}

void HandleBackend::remove(Slot slot) noexcept {
    unlink(slot);
    disarm(slot);
    std::destroy_at(&wait_of(slot));
    if (!watch_of(slot).by_read) {
        return;
    }
    core::Registration& registration = table_[slot];
    core::PoolEntry& entry = operations_[registration.entry];
    registration.entry = 0;
    if (entry.state() == OverlappedState::idle) {
        operations_.give_back(entry);
        return;
    }
    // Its packet comes in any case and is then dropped, by the generation of the slot.
    operations_.cancel(entry);
    static_cast<void>(sys::cancel(entry.handle, entry.overlapped));
}

void HandleBackend::drop(Slot slot) noexcept {
    remove(slot);
    table_.end_registration(slot);
    ++stats_.registrations_dropped;
}

// Signals
// ------------------------------------------------------------------------------------

void HandleBackend::signalled(void* backend, const sys::ThreadPoolWait& wait) noexcept {
    auto& self = *static_cast<HandleBackend*>(backend);
    const auto* const cell = reinterpret_cast<const Cell*>(&wait);
    self.signals_.set(Slot{static_cast<std::uint32_t>(cell - self.cells_)});
    self.rouse_(self.poller_);
}

void HandleBackend::take_signals() noexcept {
    signals_.take_all(table_.used(), [this](Slot slot) { note_signal(slot); });
}

void HandleBackend::note_signal(Slot slot) noexcept {
    Watch& watch = watch_of(slot);
    watch.armed = false;
    watch.taken = watch.taken || watch.takes;
    watch.woken = table_[slot].type == HandleType::pipe;
    make_due(slot);
}

void HandleBackend::make_due(Slot slot) noexcept {
    if (is_wanted(slot) && !watch_of(slot).armed && !due_.is_linked(slot)) {
        due_.add(slot);
    }
}

void HandleBackend::set_aside(Slot slot, const Answer& answer) noexcept {
    due_.remove(slot);
    if (answer.mask != 0) {
        watch_of(slot).unread = true;
        unread_.add(slot);
    }
}

void HandleBackend::ask_unread() noexcept {
    while (!unread_.empty()) {
        const Slot slot = unread_.cursor();
        unlink(slot);
        due_.add(slot);
    }
}

void HandleBackend::unlink(Slot slot) noexcept {
    if (watch_of(slot).unread) {
        watch_of(slot).unread = false;
        unread_.remove(slot);
    } else if (due_.is_linked(slot)) {
        due_.remove(slot);
    }
}

void HandleBackend::disarm(Slot slot) noexcept {
    Watch& watch = watch_of(slot);
    wait_of(slot).disarm();
    watch.armed = false;
    // It may have ended just before, with a signal that it took.
    if (signals_.take(slot)) {
        watch.taken = watch.taken || watch.takes;
    }
}

void HandleBackend::read_ended(core::PoolEntry& entry, std::error_code error) noexcept {
    const Slot slot = entry.use.slot;
    const bool asked = entry.state() == OverlappedState::cancelling;
    operations_.complete(entry);
    if (!table_.goes_on(entry.use)) {
        ++stats_.late_packets;
        operations_.give_back(entry);
        return;
    }
    operations_.rest(entry);
    watch_of(slot).armed = false;
    // So ends the read of a pipe that was closed. But the program may have cancelled all calls on
    // the pipe, or the other end may be closed.
    const bool canceled = error == std::errc::operation_canceled;
    const bool closed = (canceled && !table_[slot].marked) ||
                        ((canceled || error == std::errc::broken_pipe) && is_another(table_, slot));
    if (closed && !asked) {
        drop(slot);  // The number may be another's already.
        return;
    }
    // A longer message ends the read with an error and stays. What there was in a pipe of bytes may
    // have been read since.
    watch_of(slot).taken = !error && watch_of(slot).messages;
    make_due(slot);
}

}  // namespace wakepoll::backend

// lib/backend/hang_ups.cpp


namespace wakepoll::backend {

bool HangUps::is_full(core::Registration& registration) const noexcept {
    if (registration.hung_up || bits_for(registration) == 0) {
        return registration.hung_up;
    }
    const Result<bool> shut = sys::is_shut_both_ways(registration.handle);
    const std::error_code error = shut.error();
    // A connection that the peer has ended orderly and that no longer exists is shut down both
    // ways.
    registration.hung_up = shut ? *shut : error == std::errc::not_connected;
    // Not TCP, or not on this system. Kept per socket, because others may support the query.
    const bool untold = error == std::errc::operation_not_supported ||
                        error == std::errc::invalid_argument ||
                        error == std::errc::bad_file_descriptor;
    registration.asked =
        !registration.hung_up && (untold || !core::wants_end(registration.interest));
    return registration.hung_up;
}

}  // namespace wakepoll::backend

// lib/core/poll_set.hpp
// The dense array that WSAPoll reads, and the position of each registration in it.
//
// Position 0 of the array is the doorbell's; registered sockets follow without gaps, so one call
// covers them all. `add` appends, `remove` fills the hole with the last entry; both are O(1).
//
// The visiting order is separate from the positions: a ring through the slots, so that each ready
// socket gets its turn when the caller has room for only some. (Positions alone cannot ensure that:
// one-shot sockets that leave when visited and are armed again at once would fill each other's
// holes, and the rest would starve.)
//
// While a thread is blocked in WSAPoll the kernel owns the array. The first change during the block
// copies it: the kernel keeps the old array, the set continues in the other one, and the kernel's
// answers are merged for the sockets that were not changed.
//
// Not thread-safe: used by the WSAPoll backend under the poller's lock. Makes no system call and
// allocates nothing.

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>


namespace wakepoll::core {

class PollSet {
public:
    /// An array for WSAPoll, and the slot of each entry except the first.
    struct Array {
        PollEntry* entries;  ///< `capacity + 1`
        Slot* slots;         ///< `capacity`
    };

    /// Uses two arrays, and a position (zero: none) and a link for every slot; all must outlive the
    /// set. Other rings may share the links.
    PollSet(Array array, Array other, std::uint32_t* positions, SlotRing::Link* links) noexcept
        : array_(array), other_(other), positions_(positions), ring_(links) {}

    PollSet(const PollSet&) = delete;
    PollSet& operator=(const PollSet&) = delete;

    /// Appends a socket; `slot` must not be in the set.
    void add(Slot slot, const PollEntry& entry) noexcept;

    /// Removes a slot, which must be in the set.
    void remove(Slot slot) noexcept;

    [[nodiscard]] bool contains(Slot slot) const noexcept {
        return positions_[index_of(slot)] != 0;
    }

    /// The entry of a slot, which must be in the set.
    [[nodiscard]] PollEntry& operator[](Slot slot) noexcept {
        assert(contains(slot));
        return array_.entries[positions_[index_of(slot)]];
    }

    /// The kernel owns the array until `end_block`.
    void begin_block() noexcept;
    /// The array to poll: the doorbell and the registered sockets behind it, as they were when the
    /// block began. Call in the blocking thread, without the lock.
    [[nodiscard]] std::span<PollEntry> blocked_entries() const noexcept { return kernel_; }
    /// The kernel has answered; merges the answers.
    void end_block() noexcept;
    /// True if sockets were added or changed while the kernel owned the array.
    [[nodiscard]] bool needs_another_block() const noexcept { return added_; }

    /// True if some registered socket has an answer. Scans all of them if none has.
    [[nodiscard]] bool has_answers() const noexcept;

    /// Ends the turns of up to `most` sockets at the cursor that have no answer; returns how many.
    /// The set must not be empty.
    std::size_t pass_over_silent(std::size_t most) noexcept;

    /// The registered sockets, without the doorbell. Invalidated by `add` and `remove`.
    [[nodiscard]] std::span<PollEntry> entries() noexcept { return {array_.entries + 1, size()}; }

    /// The doorbell and the registered sockets behind it.
    [[nodiscard]] std::span<PollEntry> entries_with_doorbell() noexcept {
        return {array_.entries, std::size_t{size()} + 1};
    }

    [[nodiscard]] PollEntry& doorbell() noexcept { return array_.entries[0]; }

    [[nodiscard]] Slot slot_at(std::size_t position) const noexcept {
        return array_.slots[position];
    }

    [[nodiscard]] std::uint32_t size() const noexcept { return ring_.size(); }
    [[nodiscard]] bool empty() const noexcept { return ring_.empty(); }

    /// The slot whose turn it is; `no_slot` in an empty set.
    [[nodiscard]] Slot cursor() const noexcept { return ring_.cursor(); }

    /// Ends the turn of a slot that is at the cursor: it becomes the last of the round.
    void advance_past(Slot slot) noexcept { ring_.advance_to(ring_.next(slot)); }

private:
    /// Call before each change to a slot.
    void before_change(Slot slot) noexcept;

    Array array_;
    Array other_;  ///< Owned by the kernel while `changed_`.
    std::uint32_t* positions_;
    SlotRing ring_;
    std::span<PollEntry> kernel_;  ///< Changed only by the thread that blocks.
    bool blocked_ = false;         ///< The kernel owns an array.
    bool changed_ = false;         ///< The set continues in the other array.
    bool added_ = false;           ///< An entry is missing from the kernel's array.
};

}  // namespace wakepoll::core

// lib/sys/doorbell.hpp
// sys: a socket that one thread rings and another polls.
//
// A thread blocked in WSAPoll does not see the completion port, so the poll set carries one extra
// entry: a non-blocking UDP socket, bound to a free port of 127.0.0.1 and connected to itself, so
// that only its own datagrams reach it. Any thread may call `ring` while the doorbell is open.
//
// Filter drivers (firewalls, virus scanners) can drop loopback datagrams silently, and a doorbell
// without them loses wakes. So `create` rings a new one and waits for the datagram.

#include <cstdint>
#include <system_error>
#include <utility>


namespace wakepoll::sys {

class Doorbell {
public:
    /// socket, ioctlsocket(FIONBIO), setsockopt(SO_EXCLUSIVEADDRUSE), bind, getsockname, connect;
    /// then send, WSAPoll for at most `longest_way`, recv. Where one fails, what was opened is
    /// closed again. WSAENETDOWN (10050) if the datagram does not arrive.
    [[nodiscard]] static Result<Doorbell> create() noexcept;

    /// The limit for a datagram's arrival: without filters it takes microseconds.
    static constexpr std::uint32_t longest_way = 250;  // milliseconds

    Doorbell() noexcept = default;
    Doorbell(Doorbell&& other) noexcept : socket_(std::exchange(other.socket_, closed)) {}
    Doorbell& operator=(Doorbell&& other) noexcept {
        std::swap(socket_, other.socket_);
        return *this;
    }
    ~Doorbell() { close(); }

    /// send of one byte. A full buffer (WSAEWOULDBLOCK) counts as success: it is ringing already.
    [[nodiscard]] std::error_code ring() const noexcept;

    /// recv of one datagram. Success if there is none.
    [[nodiscard]] std::error_code drain() const noexcept;

    /// closesocket. No-op if it is not open.
    void close() noexcept;

    /// Forgets the socket without closing it: another part of the program has closed it.
    void abandon() noexcept { socket_ = closed; }

    [[nodiscard]] bool is_open() const noexcept { return socket_ != closed; }
    [[nodiscard]] std::uintptr_t socket() const noexcept { return socket_; }

private:
    static constexpr std::uintptr_t closed = ~std::uintptr_t{0};

    explicit Doorbell(std::uintptr_t socket) noexcept : socket_(socket) {}

    std::uintptr_t socket_ = closed;
};

}  // namespace wakepoll::sys

// lib/backend/wsapoll_backend.hpp
// Readiness by WSAPoll: documented calls only, one call per wait over all registered sockets.
//
// A socket is active, quiet or silent. The active ones are in the poll set, which a wait blocks on;
// its array contains the doorbell, through which other threads end the block. The quiet ones are
// those for which WSAPoll would return at once, every time, with a hang-up that their interest
// filters out: WSAPoll's HUP cannot be disabled. They are polled at growing intervals (1 ms
// doubling to 50 ms), some dozens per call, and become active when they have something to report.
// The silent ones are one-shot registrations that have reported: each wait checks once that they
// are still open, and nothing else.
//
// Before Windows 10 build 19041 WSAPoll never reports a refused connect. Stream sockets that are
// not connected when they are registered are therefore also polled by select, at the same
// intervals, until they are. On newer systems no socket is. Both re-checks shorten a wait only
// while such sockets are registered, and are counted in `PollerStats::rechecks`.
//
// A doorbell that is closed by mistake while no thread is blocked is marked by WSAPoll, but does
// not end the block. So the first block of a wait is short: after it the wait has checked the
// doorbell.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>


namespace wakepoll::backend {

class WsapollBackend {
public:
    enum class Set : std::uint8_t { none, active, quiet, silent };

    /// The state of a slot. All-zero memory is one that is in no set.
    struct Member {
        Set set = Set::none;
        bool connecting = false;  ///< Not connected when last seen.
    };

    /// Zeroed arrays that outlive the backend, or the last socket in it.
    struct Memory {
        core::PollSet::Array arrays[2];
        std::uint32_t* positions;     ///< by slot
        Member* members;              ///< by slot
        core::SlotRing::Link* links;  ///< by slot, shared with the rings of other backends
    };

    WsapollBackend(const Memory& memory, core::RegistrationTable& table, core::WakeState& wake,
                   PollerStats& stats, const HangUps& hang_ups,
                   bool select_reports_refusals) noexcept;

    WsapollBackend(const WsapollBackend&) = delete;
    WsapollBackend& operator=(const WsapollBackend&) = delete;

    // As BlockingBackend has them.
    [[nodiscard]] std::error_code add(core::Slot slot) noexcept;
    [[nodiscard]] std::error_code modify(core::Slot slot) noexcept;
    void remove(core::Slot slot) noexcept;
    [[nodiscard]] core::Park parks_at() const noexcept {
        return active_.empty() ? core::Park::port : core::Park::sockets;
    }
    void begin_wait(std::size_t room) noexcept;
    [[nodiscard]] std::error_code look(core::nanoseconds now) noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return answered_ ? active_.size() : 0; }
    [[nodiscard]] Scan collect(std::span<NativeEvent> events, std::size_t visits,
                               core::nanoseconds now) noexcept;
    [[nodiscard]] core::nanoseconds recheck_in(core::nanoseconds now) const noexcept;
    [[nodiscard]] std::error_code begin_block() noexcept;
    [[nodiscard]] std::error_code block(std::uint32_t milliseconds) noexcept;
    [[nodiscard]] std::error_code end_block(std::error_code error) noexcept;
    [[nodiscard]] bool is_changed() const noexcept { return active_.needs_another_block(); }
    [[nodiscard]] std::error_code rouse() const noexcept { return doorbell_.ring(); }
    /// Closes the doorbell; no thread may be about to ring it.
    void close() noexcept { doorbell_.close(); }

    /// Without one no socket is watched: there is none yet, or it could not be created.
    [[nodiscard]] bool has_doorbell() const noexcept { return doorbell_.is_open(); }

    /// The number of sockets, including those that have nothing to report.
    [[nodiscard]] std::uint32_t sockets() const noexcept {
        return active_.size() + quiet_.size() + silent_.size();
    }
    /// Some sockets cannot be waited for by WSAPoll.
    [[nodiscard]] bool must_recheck() const noexcept {
        return !quiet_.empty() || connecting_count_ > 0;
    }
    /// Removes all sockets in the order of their turns, so that another backend takes over: calls
    /// `take` with each slot, and whether it is one-shot and has reported.
    template <class Take>
    void give_up(const Take& take) noexcept {
        while (sockets() > 0) {
            const bool silent = active_.empty() && quiet_.empty();
            const core::Slot slot = !active_.empty() ? active_.cursor()
                                    : silent         ? silent_.cursor()
                                                     : quiet_.cursor();
            remove(slot);
            take(slot, silent);
        }
    }

private:
    /// The poll entry for a registration.
    [[nodiscard]] static core::PollEntry entry_for(const core::Registration& registration) noexcept;
    /// The part of an answer that is reported to it.
    [[nodiscard]] std::uint32_t reportable(core::Registration& registration,
                                           std::int16_t revents) const noexcept {
        return core::filter_mask(core::is_plain(revents) ? core::plain_to_epoll_mask(revents)
                                                         : judge(registration, revents),
                                 registration.interest);
    }
    /// Translates an answer that is more than data and room.
    [[nodiscard]] std::uint32_t judge(core::Registration& registration,
                                      std::int16_t revents) const noexcept;
    [[nodiscard]] static bool is_closed(const core::PollEntry& entry) noexcept;

    /// Puts a registration into the active set.
    void watch(core::Slot slot, const core::PollEntry& entry) noexcept;
    /// Removes a registration from its set.
    void unwatch(core::Slot slot) noexcept;
    void move_to(core::SlotRing& ring, Set set, core::Slot slot) noexcept;
    /// Unregisters a handle that was found closed.
    void drop(core::Slot slot) noexcept;
    void note_connected(core::Slot slot) noexcept;

    [[nodiscard]] Member& member_of(core::Slot slot) noexcept {
        return members_[core::index_of(slot)];
    }

    [[nodiscard]] std::error_code ensure_doorbell() noexcept;
    /// Drains what woke the waiting thread, or was meant to; creates another doorbell if this
    /// one was closed.
    [[nodiscard]] std::error_code settle_doorbell() noexcept;

    /// Calls WSAPoll; finds an entry that makes the whole call fail and marks it `nval`.
    [[nodiscard]] std::error_code poll(std::span<core::PollEntry> entries) noexcept;
    /// The same, after a first call that failed with `error`.
    [[nodiscard]] std::error_code poll_again(std::span<core::PollEntry> entries,
                                             std::error_code error) noexcept;
    [[nodiscard]] std::error_code ask_active() noexcept;
    /// Polls the entries one by one; returns whether one of them is no socket.
    [[nodiscard]] Result<bool> mark_closed(std::span<core::PollEntry> entries) noexcept;
    [[nodiscard]] core::nanoseconds soonest_recheck(core::nanoseconds now) const noexcept;
    [[nodiscard]] std::error_code recheck_quiet(core::nanoseconds now) noexcept;
    /// Polls the sockets of a ring, some dozens per call, and calls `visit` with each slot and its
    /// answer.
    template <class Visit>
    [[nodiscard]] std::error_code poll_ring(core::SlotRing& ring, const Visit& visit) noexcept;
    [[nodiscard]] std::error_code check_silent() noexcept;
    [[nodiscard]] std::error_code recheck_connecting(core::nanoseconds now) noexcept;
    /// select over the active sockets at these positions; marks those whose connect was refused.
    [[nodiscard]] std::error_code ask_select(std::span<const std::size_t> positions) noexcept;

    core::PollSet active_;
    core::SlotRing quiet_;
    core::SlotRing silent_;
    Member* members_;
    core::RegistrationTable& table_;
    core::WakeState& wake_;
    PollerStats& stats_;
    HangUps hang_ups_;
    sys::Doorbell doorbell_;

    bool answered_ = false;       ///< The last look or block has found an answer in the active set.
    bool checked_ = false;        ///< The silent ones were checked in this wait.
    bool doorbell_seen_ = false;  ///< A block of this wait has seen the doorbell open.
    core::Backoff quiet_pace_;
    std::uint32_t connecting_count_ = 0;  ///< Connecting ones in the active set.
    core::Backoff connecting_pace_;
    bool refusal_seen_ = false;  ///< The last select reported one: poll again at every look.
    bool select_reports_refusals_;
};

static_assert(BlockingBackend<WsapollBackend>);

}  // namespace wakepoll::backend

// lib/backend/socket_backend.hpp
// Readiness of sockets by the backend that suits them, and the move from one to the other.
//
// `Backend::automatic` begins with WSAPoll, which is one call for a few sockets, and moves to AFD
// permanently as soon as that is better: with more than `most_by_wsapoll` sockets, when packets can
// come besides sockets (then the thread blocks at the port itself), or when there is a socket that
// WSAPoll cannot wait for, or no doorbell is available. If the device does not open it stays
// with WSAPoll. The move takes over every registration, in the order of their turns; it loses
// nothing, because readiness is polled again, and doubles nothing, because it happens between two
// reports.
//
// Only this class knows which of the two is active. Used under the poller's lock, except `block`
// and `rouse`.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>


namespace wakepoll::backend {

class SocketBackend {
    /// Calls `visit` with the active backend.
    template <class Visit>
    decltype(auto) serving(const Visit& visit) noexcept {
        return choice_ == Choice::afd ? visit(afd_) : visit(wsapoll_);
    }
    template <class Visit>
    decltype(auto) serving(const Visit& visit) const noexcept {
        return choice_ == Choice::afd ? visit(afd_) : visit(wsapoll_);
    }

public:
    /// The most sockets that `automatic` leaves to WSAPoll.
    static constexpr std::uint32_t most_by_wsapoll = 16;

    struct Memory {
        WsapollBackend::Memory wsapoll;  ///< for `most_by_wsapoll` if it is only the beginning
        AfdBackend::Memory afd;          ///< all null if the choice is `wsapoll`
    };

    /// How the backend is chosen.
    enum class Choice : std::uint8_t { wsapoll, afd, automatic };

    SocketBackend(const Memory& memory, Choice choice, core::RegistrationTable& table,
                  core::WakeState& wake, const sys::CompletionPort& port, PollerStats& stats,
                  std::uint32_t build) noexcept;

    SocketBackend(const SocketBackend&) = delete;
    SocketBackend& operator=(const SocketBackend&) = delete;

    /// Takes the device, unless the choice is `wsapoll`.
    void start(sys::AfdDevice device) noexcept { afd_.start(std::move(device)); }

    // As ReadinessBackend has them.
    [[nodiscard]] std::error_code add(core::Slot slot) noexcept;
    [[nodiscard]] std::error_code modify(core::Slot slot) noexcept {
        return serving([&](auto& backend) { return backend.modify(slot); });
    }
    void remove(core::Slot slot) noexcept {
        serving([&](auto& backend) { backend.remove(slot); });
    }
    void begin_wait(std::size_t room) noexcept {
        serving([room](auto& backend) { backend.begin_wait(room); });
    }
    /// Begins another pass of a wait that has nothing to report. Another thread may have ended what
    /// was ready; then no request covers the sockets that AFD polled together with it.
    void begin_pass(std::size_t room) noexcept {
        if (choice_ == Choice::afd) {
            afd_.begin_wait(room);
        }
    }
    [[nodiscard]] std::error_code look(core::nanoseconds now) noexcept {
        return serving([now](auto& backend) { return backend.look(now); });
    }
    [[nodiscard]] std::size_t size() const noexcept {
        return serving([](const auto& backend) { return backend.size(); });
    }
    [[nodiscard]] Scan collect(std::span<NativeEvent> events, std::size_t visits,
                               core::nanoseconds now) noexcept {
        return serving([&](auto& backend) { return backend.collect(events, visits, now); });
    }
    void close() noexcept {
        wsapoll_.close();
        if (choice_ != Choice::wsapoll) {
            afd_.close();
        }
    }

    // As RequestingBackend has them; without AFD there are no requests.
    [[nodiscard]] std::error_code submit_due() noexcept { return afd_.submit_due(); }
    [[nodiscard]] std::size_t due() const noexcept { return afd_.due(); }
    [[nodiscard]] bool take_packet(const void* context, std::uint32_t status) noexcept {
        return choice_ == Choice::afd && afd_.take_packet(context, status);
    }
    [[nodiscard]] Outstanding outstanding() const noexcept { return afd_.outstanding(); }
    void retry_cancels() noexcept { afd_.retry_cancels(); }
    void cancel_all() noexcept {
        if (choice_ == Choice::afd) {
            afd_.cancel_all();
        }
    }

    // As BlockingBackend has them; with AFD, WSAPoll has no sockets.
    [[nodiscard]] core::Park parks_at() const noexcept { return wsapoll_.parks_at(); }
    [[nodiscard]] core::nanoseconds recheck_in(core::nanoseconds now) const noexcept {
        return choice_ == Choice::afd ? core::nanoseconds::max() : wsapoll_.recheck_in(now);
    }
    [[nodiscard]] std::error_code begin_block() noexcept;
    [[nodiscard]] std::error_code block(std::uint32_t milliseconds) noexcept {
        return wsapoll_.block(milliseconds);
    }
    [[nodiscard]] std::error_code end_block(std::error_code error) noexcept;
    [[nodiscard]] bool is_changed() const noexcept { return wsapoll_.is_changed(); }
    [[nodiscard]] std::error_code rouse() const noexcept { return wsapoll_.rouse(); }

    /// Moves to AFD if that is better now and no socket is registered that AFD cannot poll. If it
    /// fails, WSAPoll stays active, and `error` is set if it was not. `packets`: packets may come.
    void move_if_better(bool packets, std::error_code& error) noexcept {
        if (choice_ == Choice::automatic && wsapoll_.sockets() > 0 &&
            (packets || wsapoll_.must_recheck())) {
            move_unless_refused(error);
        }
    }
    /// WSAPoll has failed: if it has no doorbell and AFD may take over, moves to AFD.
    [[nodiscard]] bool goes_on_with_afd() noexcept {
        return choice_ == Choice::automatic && !wsapoll_.has_doorbell() && !move();
    }

private:
    void move_unless_refused(std::error_code& error) noexcept;
    /// A thread that is blocked in WSAPoll must then be woken. `operation_not_supported` if the
    /// provider of some socket does not let AFD poll it.
    [[nodiscard]] std::error_code move() noexcept;
    [[nodiscard]] std::error_code prepare_all() noexcept;
    /// WSAPoll is not used any more.
    void retire_wsapoll() noexcept;

    HangUps hang_ups_;
    WsapollBackend wsapoll_;
    AfdBackend afd_;
    Choice choice_;
    core::RegistrationTable& table_;
    core::WakeState& wake_;
    PollerStats& stats_;
    bool blocked_ = false;   ///< A thread is blocked in WSAPoll.
    core::SlotUse refused_;  ///< The registration because of which the last move was refused.
};

static_assert(RequestingBackend<SocketBackend> && BlockingBackend<SocketBackend>);

}  // namespace wakepoll::backend

// lib/backend/socket_backend.cpp

namespace wakepoll::backend {

using core::nanoseconds;
using core::Slot;

namespace {

// Before this build (Windows 10 2004) WSAPoll does not report a connect that was refused.
constexpr std::uint32_t first_build_that_polls_refusals = 19041;

}  // namespace

SocketBackend::SocketBackend(const Memory& memory, Choice choice, core::RegistrationTable& table,
                             core::WakeState& wake, const sys::CompletionPort& port,
                             PollerStats& stats, std::uint32_t build) noexcept
    : hang_ups_(build),
      wsapoll_(memory.wsapoll, table, wake, stats, hang_ups_,
               build < first_build_that_polls_refusals),
      afd_(memory.afd, table, port, stats, hang_ups_),
      choice_(choice),
      table_(table),
      wake_(wake),
      stats_(stats) {
    stats_.backend = choice == Choice::afd ? Backend::afd : Backend::wsapoll;
}

std::error_code SocketBackend::add(Slot slot) noexcept {
    if (choice_ == Choice::automatic && wsapoll_.sockets() == most_by_wsapoll) {
        if (const std::error_code error = move()) {
            return error;
        }
    }
    const std::error_code error = serving([&](auto& backend) { return backend.add(slot); });
    return error && goes_on_with_afd() ? afd_.add(slot) : error;
}

std::error_code SocketBackend::prepare_all() noexcept {
    const auto drop = [this](Slot slot) {
        wsapoll_.remove(slot);
        table_.end_registration(slot);
        ++stats_.registrations_dropped;
    };
    for (std::uint32_t i = 0; i < table_.used(); ++i) {
        const Slot slot{i};
        const core::Registration& registration = table_[slot];
        if (!registration.registered || registration.type != HandleType::socket) {
            continue;
        }
        Slot closed = core::no_slot;
        std::error_code error = afd_.prepare(slot, closed);
        if (!error && closed != slot) {
            error = afd_.try_out(slot);
        }
        if (closed != core::no_slot) {
            drop(closed);
        }
        if (error == std::errc::bad_file_descriptor && closed != slot) {
            drop(slot);
        } else if (error && closed != slot) {
            if (error == std::errc::operation_not_supported) {
                refused_ = table_.use_of(slot);
            }
            return error;
        }
    }
    return {};
}

void SocketBackend::move_unless_refused(std::error_code& error) noexcept {
    if (refused_.slot != core::no_slot && table_.goes_on(refused_)) {
        return;
    }
    const std::error_code failed = move();
    if (!error && failed != std::errc::operation_not_supported) {
        error = failed;
    }
}

std::error_code SocketBackend::move() noexcept {
    if (const std::error_code error = prepare_all()) {
        return error;
    }
    wsapoll_.give_up([this](Slot slot, bool silent) { afd_.watch(slot, silent); });
    choice_ = Choice::afd;
    stats_.backend = Backend::afd;
    ++stats_.backend_moves;
    if (!blocked_) {
        retire_wsapoll();
    }
    return {};
}

void SocketBackend::retire_wsapoll() noexcept {
    // A thread that is about to ring need not succeed: the waiting thread is awake.
    wake_.wait_for_deliveries();
    wsapoll_.close();
}

std::error_code SocketBackend::begin_block() noexcept {
    const std::error_code error = wsapoll_.begin_block();
    blocked_ = !error;
    return error;
}

std::error_code SocketBackend::end_block(std::error_code error) noexcept {
    blocked_ = false;
    error = wsapoll_.end_block(error);
    if (choice_ == Choice::afd) {
        retire_wsapoll();
        return {};
    }
    return error;
}

}  // namespace wakepoll::backend

// lib/sys/socket_poll.hpp
// sys: polls sockets by WSAPoll, and by select for the one thing that WSAPoll does not report.
//
// The kernel gets an array of `PollEntry` as it is. Any thread, each with its own arrays.

#include <cstddef>
#include <cstdint>
#include <span>


namespace wakepoll::sys {

using core::PollEntry;
namespace poll_bits = core::poll_bits;

/// WSAPoll over `entries`, which must not be empty. Returns how many have non-zero `revents`,
/// without those that were no socket at entry (one that is closed during the call counts); 0 on
/// timeout. `kernel_infinite` waits without a limit.
[[nodiscard]] Result<std::size_t> poll_sockets(std::span<PollEntry> entries,
                                               std::uint32_t milliseconds) noexcept;

/// The maximum number of sockets for `failed_connects`.
inline constexpr std::size_t failed_connects_limit = 64;

/// select over the except set alone, timeout zero: bit i of the result is set if the connect of
/// `sockets[i]` has failed. `sockets` must hold 1 to `failed_connects_limit`.
[[nodiscard]] Result<std::uint64_t> failed_connects(
    std::span<const std::uintptr_t> sockets) noexcept;

}  // namespace wakepoll::sys

// lib/sys/system.hpp
// sys: the clock, the version of the system, the end of the process, and the last error.

#include <chrono>
#include <cstdint>

namespace wakepoll::sys {

/// A monotonic clock (QueryPerformanceCounter), in nanoseconds since a fixed moment.
[[nodiscard]] std::chrono::nanoseconds now() noexcept;

/// The build number of Windows (RtlGetVersion, which also reports the truth to programs without a
/// manifest): 19041 is Windows 10 2004, 17763 is Server 2019.
[[nodiscard]] std::uint32_t windows_build() noexcept;

/// RtlDllShutdownInProgress: the process is ending; all other threads were terminated, wherever
/// they were, and the locks they held stay held.
[[nodiscard]] bool process_is_ending() noexcept;

/// SetLastError, of which WSASetLastError is another name.
void set_last_error(std::uint32_t code) noexcept;

}  // namespace wakepoll::sys

// lib/backend/wsapoll_backend.cpp

#include <algorithm>
#include <chrono>
#include <utility>


namespace wakepoll::backend {
namespace {

using core::nanoseconds;
using core::PollEntry;
using core::Slot;
namespace poll_bits = core::poll_bits;

/// The limit of a wait's first block, which checks the doorbell.
constexpr nanoseconds first_block = std::chrono::milliseconds(50);

}  // namespace

PollEntry WsapollBackend::entry_for(const core::Registration& registration) noexcept {
    return {registration.handle.value(), core::to_native_mask(registration.interest), 0};
}

bool WsapollBackend::is_closed(const PollEntry& entry) noexcept {
    return (entry.revents & poll_bits::nval) != 0;
}

WsapollBackend::WsapollBackend(const Memory& memory, core::RegistrationTable& table,
                               core::WakeState& wake, PollerStats& stats, const HangUps& hang_ups,
                               bool select_reports_refusals) noexcept
    : active_(memory.arrays[0], memory.arrays[1], memory.positions, memory.links),
      quiet_(memory.links),
      silent_(memory.links),
      members_(memory.members),
      table_(table),
      wake_(wake),
      stats_(stats),
      hang_ups_(hang_ups),
      select_reports_refusals_(select_reports_refusals) {}

// The sets
// ------------------------------------------------------------------------------------------

void WsapollBackend::watch(Slot slot, const PollEntry& entry) noexcept {
    active_.add(slot, entry);
    answered_ = answered_ || entry.revents != 0;
    Member& member = member_of(slot);
    member.set = Set::active;
    connecting_count_ += member.connecting ? 1 : 0;
}

void WsapollBackend::unwatch(Slot slot) noexcept {
    Member& member = member_of(slot);
    switch (std::exchange(member.set, Set::none)) {
        case Set::active:
            active_.remove(slot);
            connecting_count_ -= member.connecting ? 1 : 0;
            break;
        case Set::quiet:
            quiet_.remove(slot);
            break;
        case Set::silent:
            silent_.remove(slot);
            break;
        case Set::none:
            break;
    }
}

void WsapollBackend::move_to(core::SlotRing& ring, Set set, Slot slot) noexcept {
    unwatch(slot);
    ring.add(slot);
    member_of(slot).set = set;
}

void WsapollBackend::drop(Slot slot) noexcept {
    remove(slot);
    table_.end_registration(slot);
    ++stats_.registrations_dropped;
}

void WsapollBackend::note_connected(Slot slot) noexcept {
    member_of(slot).connecting = false;
    --connecting_count_;
}

std::error_code WsapollBackend::add(Slot slot) noexcept {
    if (const std::error_code error = ensure_doorbell()) {
        return error;
    }
    const core::Registration& registration = table_[slot];
    if (select_reports_refusals_ && registration.stream) {
        const Result<bool> connected = sys::is_connected(registration.handle);
        if (!connected) {
            return connected.error();
        }
        const Result<bool> listening = sys::is_listening(registration.handle);
        if (!listening) {
            return listening.error();
        }
        if (!*connected && !*listening) {
            member_of(slot).connecting = true;
            connecting_pace_.restart(sys::now());
        }
    }
    watch(slot, entry_for(registration));
    return {};
}

std::error_code WsapollBackend::modify(Slot slot) noexcept {
    HangUps::forget(table_[slot]);
    // A quiet socket may have something to report to its new interest, and a silent one is armed.
    unwatch(slot);
    watch(slot, entry_for(table_[slot]));
    if (member_of(slot).connecting) {
        connecting_pace_.restart(sys::now());
    }
    return {};
}

void WsapollBackend::remove(Slot slot) noexcept {
    unwatch(slot);
    member_of(slot).connecting = false;
}

// The doorbell
// --------------------------------------------------------------------------------------

std::error_code WsapollBackend::ensure_doorbell() noexcept {
    if (doorbell_.is_open()) {
        return {};
    }
    Result<sys::Doorbell> made = sys::Doorbell::create();
    if (!made) {
        return made.error();
    }
    doorbell_ = std::move(*made);
    active_.doorbell() = {doorbell_.socket(), poll_bits::rdnorm, 0};
    ++stats_.doorbells_made;
    // The number was free, so the socket registered with it was closed. WSAPoll would take the
    // doorbell for it.
    table_.note_made(Handle{doorbell_.socket()});
    const Slot former = table_.find(Handle{doorbell_.socket()});
    if (former != core::no_slot && member_of(former).set != Set::none) {
        drop(former);
    }
    return {};
}

std::error_code WsapollBackend::settle_doorbell() noexcept {
    const std::int16_t revents = std::exchange(active_.doorbell().revents, std::int16_t{0});
    if (revents == 0) {
        return {};
    }
    if (revents == poll_bits::rdnorm) {
        ++stats_.doorbells_drained;
        if (!doorbell_.drain()) {
            return {};
        }
    }
    // Another part of the program has closed or broken it. Threads that are about to ring it finish
    // first; they need not succeed, because the waiting thread is awake.
    wake_.wait_for_deliveries();
    if ((revents & poll_bits::nval) != 0) {
        doorbell_.abandon();
    } else {
        doorbell_.close();
    }
    return ensure_doorbell();
}

// A wait
// ------------------------------------------------------------------------------------------

void WsapollBackend::begin_wait(std::size_t /*room*/) noexcept {
    answered_ = false;
    checked_ = false;
    doorbell_seen_ = false;
}

std::error_code WsapollBackend::begin_block() noexcept {
    if (const std::error_code error = ensure_doorbell()) {
        return error;
    }
    answered_ = false;
    ++stats_.socket_polls;
    active_.begin_block();
    return {};
}

std::error_code WsapollBackend::block(std::uint32_t milliseconds) noexcept {
    return sys::poll_sockets(active_.blocked_entries(), milliseconds).error();
}

std::error_code WsapollBackend::end_block(std::error_code error) noexcept {
    active_.end_block();
    doorbell_seen_ = true;
    if (error) {
        error = poll_again(active_.entries_with_doorbell(), error);
    }
    if (!error) {
        error = settle_doorbell();
    }
    answered_ = !error && active_.has_answers();
    return error;
}

// Reporting
// -----------------------------------------------------------------------------------------

std::uint32_t WsapollBackend::judge(core::Registration& registration,
                                    std::int16_t revents) const noexcept {
    const std::uint32_t reported = core::to_epoll_mask(revents, registration.stream);
    constexpr int ends = poll_bits::hup | poll_bits::err;
    return (revents & ends) == poll_bits::hup && hang_ups_.is_full(registration)
               ? reported | mask::hup
               : reported;
}

Scan WsapollBackend::collect(std::span<NativeEvent> events, std::size_t visits,
                             nanoseconds now) noexcept {
    Scan scan;
    if (!answered_) {
        scan.visited = visits;
        return scan;
    }
    // What leaves the set was visited, so there is always a member at the cursor.
    visits = std::min<std::size_t>(visits, active_.size());
    auto event = events.begin();
    while (scan.visited < visits && event != events.end()) {
        const Slot slot = active_.cursor();
        const PollEntry& entry = active_[slot];
        const std::int16_t revents = entry.revents;
        if (revents == 0) {
            scan.visited += active_.pass_over_silent(visits - scan.visited);
            continue;
        }
        ++scan.visited;
        if ((revents & (poll_bits::nval | poll_bits::wrnorm)) != 0) {
            if (is_closed(entry)) {
                drop(slot);
                continue;
            }
            if (member_of(slot).connecting && (revents & poll_bits::err) == 0) {
                note_connected(slot);
            }
        }
        core::Registration& registration = table_[slot];
        const std::uint32_t reported = reportable(registration, revents);
        if (reported == 0) {
            move_to(quiet_, Set::quiet, slot);
            quiet_pace_.restart(now);
            continue;
        }
        event->events = reported;
        event->data.u64 = registration.user_data;
        event->completion = nullptr;
        ++event;
        if (core::is_one_shot(registration.interest)) {
            move_to(silent_, Set::silent, slot);
        } else {
            active_.advance_past(slot);
        }
    }
    scan.filled = static_cast<std::size_t>(event - events.begin());
    return scan;
}

nanoseconds WsapollBackend::recheck_in(nanoseconds now) const noexcept {
    if (!checked_ && !silent_.empty()) {
        return nanoseconds::zero();
    }
    const nanoseconds rechecks = must_recheck() ? soonest_recheck(now) : nanoseconds::max();
    return doorbell_seen_ || active_.empty() ? rechecks : std::min(rechecks, first_block);
}

}  // namespace wakepoll::backend

// lib/backend/wsapoll_asking.cpp
// Polls the active sockets by WSAPoll, and polls again, at growing intervals, what it cannot wait
// for. See wsapoll_backend.hpp.
#include <algorithm>
#include <array>


namespace wakepoll::backend {
namespace {

using core::nanoseconds;
using core::PollEntry;
using core::Slot;
namespace poll_bits = core::poll_bits;

/// Sockets of a ring polled in one call.
constexpr std::size_t sockets_per_call = 64;

}  // namespace

std::error_code WsapollBackend::poll(std::span<PollEntry> entries) noexcept {
    ++stats_.socket_polls;
    const Result<std::size_t> answered = sys::poll_sockets(entries, 0);
    return answered ? std::error_code{} : poll_again(entries, answered.error());
}

std::error_code WsapollBackend::poll_again(std::span<PollEntry> entries,
                                           std::error_code error) noexcept {
    // By the time of the search, what made a call fail may be an open socket again.
    constexpr int tries = 3;
    for (int i = 1; error == std::errc::bad_file_descriptor; ++i) {
        const Result<bool> found = mark_closed(entries);
        if (!found || *found) {
            return found.error();
        }
        if (i == tries) {
            break;
        }
        ++stats_.socket_polls;
        error = sys::poll_sockets(entries, 0).error();
    }
    return error;
}

Result<bool> WsapollBackend::mark_closed(std::span<PollEntry> entries) noexcept {
    bool found = false;
    for (PollEntry& entry : entries) {
        ++stats_.socket_polls;
        const Result<std::size_t> alone = sys::poll_sockets({&entry, 1}, 0);
        if (!alone) {
            if (alone.error() != std::errc::bad_file_descriptor) {
                return alone.error();
            }
            entry.revents = poll_bits::nval;
        }
        found = found || is_closed(entry);
    }
    return found;
}

std::error_code WsapollBackend::look(nanoseconds now) noexcept {
    answered_ = false;
    if (!active_.empty()) {
        if (const std::error_code error = ask_active()) {
            return error;
        }
    }
    if (connecting_count_ == 0) {
        refusal_seen_ = false;
    } else if (const std::error_code error = recheck_connecting(now)) {
        return error;
    }
    checked_ = true;
    if (!silent_.empty()) {
        if (const std::error_code error = check_silent()) {
            return error;
        }
    }
    return quiet_.empty() ? std::error_code{} : recheck_quiet(now);
}

std::error_code WsapollBackend::ask_active() noexcept {
    if (!doorbell_.is_open()) {
        if (const std::error_code error = ensure_doorbell()) {
            return error;
        }
    }
    // Its count is of no use: it leaves out those that are closed.
    if (const std::error_code error = poll(active_.entries_with_doorbell())) {
        return error;
    }
    doorbell_seen_ = true;
    if (active_.doorbell().revents != 0) {
        if (const std::error_code error = settle_doorbell()) {
            return error;
        }
    }
    answered_ = active_.has_answers();
    return {};
}

// Asking again
// ------------------------------------------------------------------------------------------

template <class Visit>
std::error_code WsapollBackend::poll_ring(core::SlotRing& ring, const Visit& visit) noexcept {
    std::array<PollEntry, sockets_per_call> entries;
    std::array<Slot, sockets_per_call> slots;
    for (std::size_t left = ring.size(); left > 0;) {
        const std::size_t count = std::min(left, sockets_per_call);
        for (std::size_t i = 0; i < count; ++i) {
            slots[i] = ring.cursor();
            entries[i] = entry_for(table_[slots[i]]);
            ring.advance();
        }
        if (const std::error_code error = poll({entries.data(), count})) {
            return error;
        }
        for (std::size_t i = 0; i < count; ++i) {
            visit(slots[i], entries[i]);
        }
        left -= count;
    }
    return {};
}

std::error_code WsapollBackend::recheck_quiet(nanoseconds now) noexcept {
    if (!quiet_pace_.is_due(now)) {
        return {};
    }
    ++stats_.rechecks;
    quiet_pace_.advance(now);
    return poll_ring(quiet_, [this](Slot slot, const PollEntry& entry) {
        if (is_closed(entry)) {
            drop(slot);
        } else if (reportable(table_[slot], entry.revents) != 0 || entry.revents == 0) {
            unwatch(slot);
            watch(slot, entry);
        }
    });
}

std::error_code WsapollBackend::check_silent() noexcept {
    return poll_ring(silent_, [this](Slot slot, const PollEntry& entry) {
        if (is_closed(entry)) {
            drop(slot);
        }
    });
}

std::error_code WsapollBackend::recheck_connecting(nanoseconds now) noexcept {
    if (!refusal_seen_ && !connecting_pace_.is_due(now)) {
        return {};
    }
    ++stats_.rechecks;
    connecting_pace_.advance(now);
    refusal_seen_ = false;
    std::array<std::size_t, sys::failed_connects_limit> positions;
    std::size_t count = 0;
    for (std::size_t position = 0; position < active_.size(); ++position) {
        if (member_of(active_.slot_at(position)).connecting) {
            positions[count++] = position;
        }
        const bool last = position + 1 == active_.size();
        if (count == positions.size() || (last && count > 0)) {
            if (const std::error_code error = ask_select({positions.data(), count})) {
                return error;
            }
            count = 0;
        }
    }
    return {};
}

std::error_code WsapollBackend::ask_select(std::span<const std::size_t> positions) noexcept {
    std::array<std::uintptr_t, sys::failed_connects_limit> sockets;
    for (std::size_t i = 0; i < positions.size(); ++i) {
        sockets[i] = active_.entries()[positions[i]].socket;
    }
    const Result<std::uint64_t> failed = sys::failed_connects({sockets.data(), positions.size()});
    if (!failed) {
        // A closed one among them: WSAPoll has marked it, and it is gone by the next re-check.
        return failed.error() == std::errc::bad_file_descriptor ? std::error_code{}
                                                                : failed.error();
    }
    for (std::size_t i = 0; i < positions.size(); ++i) {
        PollEntry& entry = active_.entries()[positions[i]];
        const bool reported = ((*failed >> i) & 1U) != 0;
        if (!reported && (entry.events & poll_bits::wrnorm) != 0) {
            continue;  // WSAPoll reports its connection.
        }
        // Without write interest, WSAPoll would not report it; and of a connected socket the except
        // set reports out-of-band data.
        const Result<bool> connected = sys::is_connected(Handle{entry.socket});
        if (!connected) {
            if (connected.error() == std::errc::bad_file_descriptor) {
                continue;  // Closed, as above.
            }
            return connected.error();
        }
        // A refused socket that listens now stays in the except set.
        const Result<bool> listening =
            reported && !*connected ? sys::is_listening(Handle{entry.socket}) : Result<bool>(false);
        if (!listening) {
            if (listening.error() == std::errc::bad_file_descriptor) {
                continue;
            }
            return listening.error();
        }
        if (*connected || *listening) {
            note_connected(active_.slot_at(positions[i]));
        } else if (reported) {
            entry.revents =
                static_cast<std::int16_t>(entry.revents | poll_bits::err | poll_bits::hup);
            refusal_seen_ = true;
            answered_ = true;
        }
    }
    return {};
}

nanoseconds WsapollBackend::soonest_recheck(nanoseconds now) const noexcept {
    nanoseconds soonest = refusal_seen_ ? nanoseconds::zero() : nanoseconds::max();
    if (!quiet_.empty()) {
        soonest = std::min(soonest, quiet_pace_.remaining(now));
    }
    if (connecting_count_ > 0) {
        soonest = std::min(soonest, connecting_pace_.remaining(now));
    }
    return soonest;
}

}  // namespace wakepoll::backend

// lib/core/entry_pool.cpp

#include <cassert>
#include <functional>


namespace wakepoll::core {

PoolEntry* EntryPool::acquire() noexcept {
    if (active_ == capacity_) {
        return nullptr;
    }
    std::uint32_t index = used_;
    if (first_free_ != PoolEntry::no_entry) {
        index = first_free_;
        first_free_ = entries_[index].next_;
    } else {
        ++used_;
    }
    PoolEntry& entry = entries_[index];
    entry = PoolEntry{};
    entry.in_use_ = true;
    ++active_;
    return &entry;
}

std::error_code EntryPool::release(OverlappedEntry* entry) noexcept {
    PoolEntry* const found = entry_at(entry);
    if (found == nullptr) {
        return errc::foreign_entry;
    }
    if (!found->in_use_) {
        return errc::entry_not_in_use;
    }
    if (found->purpose != PoolEntry::Purpose::own_call && !found->reported) {
        return errc::entry_in_flight;
    }
    give_back(*found);
    return {};
}

void EntryPool::give_back(PoolEntry& entry) noexcept {
    assert(entry.in_use_);
    entry.in_use_ = false;
    entry.reported = false;
    entry.state_ = OverlappedState::idle;
    entry.next_ = first_free_;
    first_free_ = index_of(entry);
    --active_;
}

PoolEntry* EntryPool::find_by_overlapped(const void* overlapped) const noexcept {
    // The OVERLAPPED is the entry's first member, so the two have one address.
    PoolEntry* const entry = entry_at(overlapped);
    return entry != nullptr && entry->in_use_ ? entry : nullptr;
}

PoolEntry* EntryPool::entry_at(const void* address) const noexcept {
    // The pointer may point anywhere; std::less orders all pointers.
    const void* const first = entries_;
    const void* const end = entries_ + capacity_;
    if (std::less<>{}(address, first) || !std::less<>{}(address, end)) {
        return nullptr;
    }
    const auto offset = static_cast<std::size_t>(static_cast<const char*>(address) -
                                                 static_cast<const char*>(first));
    return offset % sizeof(PoolEntry) == 0 ? entries_ + offset / sizeof(PoolEntry) : nullptr;
}

}  // namespace wakepoll::core

// lib/core/operation_list.cpp

#include <cassert>
#include <utility>

namespace wakepoll::core {

PoolEntry* OperationList::acquire(PoolEntry::Purpose purpose, SlotUse use) noexcept {
    PoolEntry* const entry = pool_.acquire();
    if (entry != nullptr) {
        entry->purpose = purpose;
        entry->use = use;
        entry->order_ = taken_++;
    }
    return entry;
}

void OperationList::give_back(PoolEntry& entry) noexcept {
    assert(entry.state_ == OverlappedState::idle || entry.state_ == OverlappedState::completed);
    pool_.give_back(entry);
}

void OperationList::start(PoolEntry& entry) noexcept {
    assert(entry.in_use_ && entry.state_ == OverlappedState::idle);
    entry.state_ = OverlappedState::in_flight;
    entry.previous_ = newest_;
    entry.next_ = no_entry;
    const std::uint32_t index = index_of(entry);
    if (newest_ != no_entry) {
        at(newest_)->next_ = index;
    } else {
        oldest_ = index;
    }
    newest_ = index;
    ++in_flight_;
}

void OperationList::cancel(PoolEntry& entry) noexcept {
    assert(entry.state_ == OverlappedState::in_flight);
    entry.state_ = OverlappedState::cancelling;
}

void OperationList::complete(PoolEntry& entry) noexcept {
    assert(entry.is_under_way());
    entry.state_ = OverlappedState::completed;
    if (entry.previous_ != no_entry) {
        at(entry.previous_)->next_ = entry.next_;
    } else {
        oldest_ = entry.next_;
    }
    if (entry.next_ != no_entry) {
        at(entry.next_)->previous_ = entry.previous_;
    } else {
        newest_ = entry.previous_;
    }
    --in_flight_;
}

void OperationList::append(Queue& queue, PoolEntry& entry) noexcept {
    const std::uint32_t index = index_of(entry);
    entry.next_ = no_entry;
    if (queue.last != no_entry) {
        at(queue.last)->next_ = index;
    } else {
        queue.first = index;
    }
    queue.last = index;
}

bool OperationList::is_behind_any_of(const PoolEntry& entry, std::uint32_t first) const noexcept {
    if (!entry.in_order) {
        return false;
    }
    for (const PoolEntry* other = at(first); other != nullptr; other = at(other->next_)) {
        if (is_behind(entry, *other)) {
            return true;
        }
    }
    return false;
}

void OperationList::finish(PoolEntry& entry) noexcept {
    assert(entry.in_use_ && !entry.reported);
    assert(entry.state_ == OverlappedState::idle || entry.state_ == OverlappedState::completed);
    entry.state_ = OverlappedState::completed;
    if (is_behind_any_of(entry, oldest_)) {
        append(held_, entry);
    } else {
        append(ready_, entry);
        ++finished_;
    }
}

bool OperationList::is_behind_a_finished_one(const PoolEntry& entry) const noexcept {
    return is_behind_any_of(entry, ready_.first) || is_behind_any_of(entry, held_.first);
}

void OperationList::let_go_on(const PoolEntry& done) noexcept {
    if (held_.first == no_entry || !done.in_order) {
        return;
    }
    let_all_go_on();
}

void OperationList::let_all_go_on() noexcept {
    // Entries that must still follow others are held again.
    const Queue held = std::exchange(held_, {});
    for (std::uint32_t index = held.first; index != no_entry;) {
        PoolEntry& entry = *at(index);
        index = entry.next_;
        finish(entry);
    }
}

PoolEntry* OperationList::next_finished() noexcept {
    PoolEntry* const entry = at(ready_.first);
    if (entry != nullptr) {
        ready_.first = entry->next_;
        if (ready_.first == no_entry) {
            ready_.last = no_entry;
        }
        --finished_;
    }
    return entry;
}

void OperationList::rest(PoolEntry& entry) noexcept {
    assert(entry.purpose == PoolEntry::Purpose::readiness &&
           entry.state_ == OverlappedState::completed);
    entry.state_ = OverlappedState::idle;
    entry.reset();
}

}  // namespace wakepoll::core

// lib/core/poll_requests.cpp

#include <cassert>
#include <utility>

namespace wakepoll::core {

void PollRequests::count(const Cover& cover, std::uint32_t one) noexcept {
    if (cover.need == Need::nothing) {
        (cover.request == Request::group ? group_unneeded_ : own_unneeded_) += one;
    } else if (cover.need == Need::end && cover.canceled) {
        awaited_ += one;
    }
}

void PollRequests::need(Cover& cover, Need need) noexcept {
    count(cover, ~std::uint32_t{0});
    cover.need = need;
    count(cover, 1);
}

void PollRequests::start(Request request, Slot slot, std::uint32_t events) noexcept {
    Cover& cover = of(slot);
    assert(cover.request == Request::none && request != Request::none);
    cover.asked = static_cast<std::uint16_t>(events);
    cover.request = request;
    cover.need = Need::answer;
    ++(request == Request::group ? grouped_ : own_);
}

PollRequests::Need PollRequests::end(Slot slot) noexcept {
    Cover& cover = of(slot);
    assert(cover.request != Request::none);
    count(cover, ~std::uint32_t{0});
    if (cover.request == Request::own) {
        --own_;
        cover.canceled = false;
        if (orphans_.is_linked(slot)) {
            orphans_.remove(slot);
        }
    } else if (--grouped_ == 0) {
        group_canceled_ = false;
        group_orphan_ = false;
    }
    cover.request = Request::none;
    cover.former = false;
    return std::exchange(cover.need, Need::nothing);
}

bool PollRequests::hold(Slot slot) noexcept {
    Cover& cover = of(slot);
    if (cover.request == Request::none) {
        return false;
    }
    need(cover, Need::end);
    return true;
}

PollRequests::Request PollRequests::abandon(Slot slot) noexcept {
    Cover& cover = of(slot);
    if (cover.request != Request::none) {
        need(cover, Need::nothing);
        cover.former = true;
    }
    return to_cancel(cover);
}

PollRequests::Request PollRequests::must_cancel(Slot slot, std::uint32_t wanted) const noexcept {
    const Cover& cover = of(slot);
    return (wanted & ~std::uint32_t{cover.asked}) == 0 ? Request::none : to_cancel(cover);
}

void PollRequests::note_canceled(Request request, Slot slot) noexcept {
    if (request == Request::group) {
        assert(is_group_in_flight());
        group_canceled_ = true;
        group_orphan_ = false;
        return;
    }
    Cover& cover = of(slot);
    assert(cover.request == Request::own);
    awaited_ += !cover.canceled && cover.need == Need::end ? 1U : 0U;
    cover.canceled = true;
    if (orphans_.is_linked(slot)) {
        orphans_.remove(slot);
    }
}

void PollRequests::note_orphan(Request request, Slot slot) noexcept {
    if (request == Request::group) {
        group_orphan_ = true;
        return;
    }
    assert(covering(slot) == Request::own);
    if (!orphans_.is_linked(slot)) {
        orphans_.add(slot);
    }
}

}  // namespace wakepoll::core

// lib/core/poll_schedule.cpp

#include <cassert>

namespace wakepoll::core {

void PollSchedule::wake(Slot slot) noexcept {
    Member& member = of(slot);
    member.awake = true;
    member.polled_in = wait_ - 1;
    member.answer = 0;
    awake_.add(slot);
    ++due_;
    differ();
}

void PollSchedule::leave(Slot slot) noexcept {
    Member& member = of(slot);
    if (member.awake) {
        if (is_due(slot)) {
            --due_;
        } else {
            ready_ -= member.answer != 0 ? 1U : 0U;
        }
        member.awake = false;
        awake_.remove(slot);
    }
    differ();
}

// Registrations
// ----------------------------------------------------------------------------------

void PollSchedule::add(Slot slot, std::uint32_t wanted) noexcept {
    Member& member = of(slot);
    assert(!member.awake);
    member.wanted = wanted;
    member.ready_in = round_ - crowd_patience - 1;
    member.joins_until = round_ - 1;
    ++registered_;
    if (!requests_.hold(slot)) {
        wake(slot);
    }
}

void PollSchedule::modify(Slot slot, std::uint32_t wanted) noexcept {
    differ();
    Member& member = of(slot);
    if (member.wanted == 0 && !member.active) {
        member.joins_until = round_ - 1;
    }
    member.wanted = wanted;
    if (requests_.hold(slot)) {
        return;
    }
    assert(member.awake);
    // The old answer must not be reported.
    if (!is_due(slot)) {
        ready_ -= member.answer != 0 ? 1U : 0U;
        member.polled_in = wait_ - 1;
        ++due_;
    }
    member.answer = 0;
}

void PollSchedule::silence(Slot slot) noexcept {
    Member& member = of(slot);
    member.active = is_active(member);
    member.wanted = 0;
    differ();
    member.joins_until = member.ready_in + patience_;
}

PollSchedule::Request PollSchedule::remove(Slot slot) noexcept {
    leave(slot);
    --registered_;
    return requests_.abandon(slot);
}

// A wait
// ------------------------------------------------------------------------------------------

bool PollSchedule::is_group_worth_a_cancel() noexcept {
    std::uint32_t joining = 0;
    for_each_due([&](Slot slot) { joining += joins_group(slot) ? 1U : 0U; });
    return joining >= worth_a_cancel;
}

void PollSchedule::note_quiet(Slot slot) noexcept {
    assert(is_due(slot));
    Member& member = of(slot);
    member.polled_in = wait_;
    member.answer = 0;
    --due_;
    differ();
}

void PollSchedule::note_pending(Request request, Slot slot) noexcept {
    assert(is_due(slot));
    leave(slot);
    requests_.start(request, slot, wanted_by(slot));
}

PollRequests::Need PollSchedule::note_ended(Slot slot) noexcept {
    const PollRequests::Need needed = requests_.end(slot);
    if (needed != PollRequests::Need::nothing) {
        wake(slot);
    }
    return needed;
}

}  // namespace wakepoll::core

// lib/core/poll_set.cpp

#include <algorithm>
#include <cassert>
#include <utility>

namespace wakepoll::core {

void PollSet::add(Slot slot, const PollEntry& entry) noexcept {
    assert(!contains(slot));
    before_change(slot);
    added_ = blocked_;
    const std::uint32_t position = size();
    array_.entries[position + 1] = entry;
    array_.slots[position] = slot;
    positions_[index_of(slot)] = position + 1;
    ring_.add(slot);
}

void PollSet::remove(Slot slot) noexcept {
    assert(contains(slot));
    before_change(slot);
    ring_.remove(slot);
    const std::uint32_t position = std::exchange(positions_[index_of(slot)], 0);
    // The last entry fills the hole, unless it is the removed one.
    const std::uint32_t last = size() + 1;
    if (position != last) {
        array_.entries[position] = array_.entries[last];
        array_.slots[position - 1] = array_.slots[last - 1];
        positions_[index_of(array_.slots[position - 1])] = position;
    }
}

void PollSet::begin_block() noexcept {
    blocked_ = true;
    changed_ = false;
    added_ = false;
    kernel_ = entries_with_doorbell();
}

void PollSet::before_change(Slot slot) noexcept {
    if (!blocked_) {
        return;
    }
    if (!changed_) {
        changed_ = true;
        std::swap(array_, other_);
        for (std::size_t i = 0; i < kernel_.size(); ++i) {
            // The kernel may be writing the answers.
            array_.entries[i].socket = kernel_[i].socket;
            array_.entries[i].events = kernel_[i].events;
            array_.entries[i].revents = 0;
        }
        std::copy_n(other_.slots, kernel_.size() - 1, array_.slots);
    }
    std::replace(other_.slots, other_.slots + kernel_.size() - 1, slot, no_slot);
}

void PollSet::end_block() noexcept {
    blocked_ = false;
    if (!changed_) {
        return;
    }
    doorbell().revents = kernel_[0].revents;
    for (std::size_t i = 1; i < kernel_.size(); ++i) {
        if (other_.slots[i - 1] != no_slot) {
            (*this)[other_.slots[i - 1]].revents = kernel_[i].revents;
        }
    }
}

bool PollSet::has_answers() const noexcept {
    // Eight at a time: if none has an answer, every wait scans them all.
    constexpr std::size_t at_once = 8;
    const PollEntry* entry = array_.entries + 1;
    const PollEntry* const end = entry + size();
    for (; end - entry >= static_cast<std::ptrdiff_t>(at_once); entry += at_once) {
        const int any = entry[0].revents | entry[1].revents | entry[2].revents | entry[3].revents |
                        entry[4].revents | entry[5].revents | entry[6].revents | entry[7].revents;
        if (any != 0) {
            return true;
        }
    }
    return std::any_of(entry, end, [](const PollEntry& one) { return one.revents != 0; });
}

std::size_t PollSet::pass_over_silent(std::size_t most) noexcept {
    std::size_t passed = 0;
    Slot slot = cursor();
    while (passed < most && (*this)[slot].revents == 0) {
        slot = ring_.next(slot);
        ++passed;
    }
    ring_.advance_to(slot);
    return passed;
}

}  // namespace wakepoll::core

// lib/core/registration_table.cpp

#include <cassert>

namespace wakepoll::core {
namespace {

// An index cell holds a slot number plus one, so that zero is "empty".
constexpr std::uint32_t empty_cell = 0;

[[nodiscard]] constexpr std::uint32_t cell_for(std::uint32_t slot) noexcept { return slot + 1; }
[[nodiscard]] constexpr std::uint32_t slot_in(std::uint32_t cell) noexcept { return cell - 1; }

}  // namespace

std::size_t RegistrationTable::index_size(std::uint32_t capacity) noexcept {
    return std::size_t{capacity} + capacity / 2 + 1;
}

RegistrationTable::RegistrationTable(Registration* slots, std::uint32_t* index,
                                     std::uint32_t capacity) noexcept
    : slots_(slots), index_(index), index_size_(index_size(capacity)), capacity_(capacity) {}

std::size_t RegistrationTable::home(Handle handle) const noexcept {
    // Handle values are multiples of four. The multiplication (by 2^64 over the golden ratio)
    // spreads the rest over the upper bits, which select the part of the index.
    const std::uint64_t spread = (std::uint64_t{handle.value()} >> 2U) * 0x9E3779B97F4A7C15U;
    return static_cast<std::size_t>(((spread >> 32U) * index_size_) >> 32U);
}

std::size_t RegistrationTable::cell_of(Handle handle) const noexcept {
    std::size_t cell = home(handle);
    while (index_[cell] != empty_cell && slots_[slot_in(index_[cell])].handle != handle) {
        cell = after(cell);
    }
    return cell;
}

Slot RegistrationTable::find(Handle handle) const noexcept {
    const std::uint32_t cell = index_[cell_of(handle)];
    return cell == empty_cell ? no_slot : Slot{slot_in(cell)};
}

Slot RegistrationTable::insert(Handle handle) noexcept {
    assert(find(handle) == no_slot);
    if (size_ == capacity_) {
        return no_slot;
    }
    std::uint32_t slot = used_;
    if (first_free_ != 0) {
        slot = first_free_ - 1;
        first_free_ = slots_[slot].next_free;
    } else {
        ++used_;
    }
    Registration& registration = slots_[slot];
    registration = Registration{.handle = handle, .generation = registration.generation};
    registration.active = true;
    index_[cell_of(handle)] = cell_for(slot);
    ++size_;
    return Slot{slot};
}

void RegistrationTable::set_registered(Slot slot, bool registered) noexcept {
    Registration& registration = (*this)[slot];
    assert(registration.active);
    registered_ += static_cast<std::uint32_t>(registered) -
                   static_cast<std::uint32_t>(registration.registered);
    registration.registered = registered;
}

void RegistrationTable::begin_registration(Slot slot) noexcept { set_registered(slot, true); }

void RegistrationTable::end_registration(Slot slot) noexcept {
    set_registered(slot, false);
    Registration& registration = (*this)[slot];
    registration.interest = IoInterest::none;
    registration.type = HandleType::unknown;
    registration.base = 0;
    registration.hung_up = false;
    registration.asked = false;
    registration.listens = false;
    registration.outdated = false;
    ++registration.generation;
    release(slot);
}

void RegistrationTable::note_made(Handle made) noexcept {
    const Slot slot = find(made);
    if (slot != no_slot && (*this)[slot].registered) {
        (*this)[slot].outdated = true;
    }
}

void RegistrationTable::release(Slot slot) noexcept {
    const Registration& registration = (*this)[slot];
    if (!registration.registered && !registration.associated && !registration.polled &&
        registration.operations == 0) {
        erase(slot);
    }
}

void RegistrationTable::renew(Slot slot) noexcept {
    Registration& registration = (*this)[slot];
    assert(registration.active && !registration.registered);
    registration = Registration{.handle = registration.handle,
                                .generation = registration.generation + 1,
                                .active = true,
                                .polled = registration.polled};
}

void RegistrationTable::erase(Slot slot) noexcept {
    Registration& registration = (*this)[slot];
    assert(registration.active);
    set_registered(slot, false);

    // Close the gap in the probe sequence: pull back every later entry that may move there.
    std::size_t gap = cell_of(registration.handle);
    for (std::size_t next = after(gap); index_[next] != empty_cell; next = after(next)) {
        const std::size_t wanted = home(slots_[slot_in(index_[next])].handle);
        const std::size_t distance_from_home = distance(wanted, next);
        const std::size_t distance_from_gap = distance(gap, next);
        if (distance_from_home >= distance_from_gap) {
            index_[gap] = index_[next];
            gap = next;
        }
    }
    index_[gap] = empty_cell;

    registration.active = false;
    registration.handle = Handle{};
    ++registration.generation;
    registration.next_free = first_free_;
    first_free_ = static_cast<std::uint32_t>(slot) + 1;
    --size_;
}

}  // namespace wakepoll::core

// lib/core/slot_ring.cpp

#include <cassert>

namespace wakepoll::core {
namespace {

[[nodiscard]] constexpr std::uint32_t link_to(Slot slot) noexcept {
    return static_cast<std::uint32_t>(slot) + 1;
}

}  // namespace

void SlotRing::add(Slot slot) noexcept {
    assert(!is_linked(slot));
    const std::uint32_t self = link_to(slot);
    if (cursor_ == no_slot) {
        link_of(self) = {self, self};
        cursor_ = slot;
    } else {
        const std::uint32_t first = link_to(cursor_);
        const std::uint32_t last = link_of(first).previous;
        link_of(self) = {last, first};
        link_of(last).next = self;
        link_of(first).previous = self;
    }
    ++size_;
}

void SlotRing::remove(Slot slot) noexcept {
    assert(is_linked(slot));
    const Link link = link_of(link_to(slot));
    link_of(link.previous).next = link.next;
    link_of(link.next).previous = link.previous;
    link_of(link_to(slot)) = {};
    --size_;
    if (cursor_ == slot) {
        cursor_ = size_ == 0 ? no_slot : Slot{link.next - 1};
    }
}

}  // namespace wakepoll::core

// lib/core/wake_state.cpp

#include <thread>

namespace wakepoll::core {
bool WakeState::try_deliver(Word& word, Word next, Delivery& delivery) noexcept {
    if ((word & delivery_mask) == delivery_mask) {
        // 255 threads are inside the kernel call already; this one waits for its turn.
        std::this_thread::yield();
        word = word_.load(order);
        return false;
    }
    delivery = {Delivery::Kind::needed, parked_at(word), generation_of(word)};
    return word_.compare_exchange_weak(word, next + one_delivery, order);
}

WakeState::Delivery WakeState::begin_first_wake(Word word) noexcept {
    for (;;) {
        if ((word & (shut_down | closed)) != 0) {
            return {Delivery::Kind::refused};
        }
        if ((word & wake_mask) == wake_pending) {
            return {Delivery::Kind::done};
        }
        if (parked_at(word) == Park::nowhere) {
            if (word_.compare_exchange_weak(word, with_wake(word, wake_pending), order)) {
                return {Delivery::Kind::done};
            }
            continue;
        }
        Delivery delivery;
        if (try_deliver(word, with_wake(word, wake_posting), delivery)) {
            delivery.carries_wake = true;
            return delivery;
        }
    }
}

WakeState::Delivery WakeState::begin_shutdown() noexcept {
    Word word = word_.load(order);
    for (;;) {
        if ((word & closed) != 0) {
            return {Delivery::Kind::refused};
        }
        if (parked_at(word) == Park::nowhere) {
            if (word_.compare_exchange_weak(word, word | shut_down, order)) {
                return {Delivery::Kind::done};
            }
            continue;
        }
        Delivery delivery;
        if (try_deliver(word, word | shut_down, delivery)) {
            return delivery;
        }
    }
}

WakeState::Delivery WakeState::begin_port_signal() noexcept {
    Word word = word_.load(order);
    for (;;) {
        if ((word & closed) != 0) {
            return {Delivery::Kind::refused};
        }
        if (parked_at(word) != Park::sockets) {
            if (word_.compare_exchange_weak(word, word & ~watch_armed, order)) {
                return {Delivery::Kind::done};
            }
            continue;
        }
        Delivery delivery;
        if (try_deliver(word, word & ~watch_armed, delivery)) {
            return delivery;
        }
    }
}

WakeState::Delivery WakeState::begin_signal() noexcept {
    Word word = word_.load(order);
    for (;;) {
        if ((word & closed) != 0) {
            return {Delivery::Kind::refused};
        }
        if (parked_at(word) == Park::nowhere) {
            if (word_.compare_exchange_weak(word, word | signalled, order)) {
                return {Delivery::Kind::done};
            }
            continue;
        }
        Delivery delivery;
        if (try_deliver(word, word | signalled, delivery)) {
            return delivery;
        }
    }
}

void WakeState::finish(const Delivery& delivery, bool delivered) noexcept {
    Word word = word_.load(order);
    Word next = word;
    do {
        next = word - one_delivery;
        if (delivered && delivery.carries_wake && (word & wake_mask) == wake_posting &&
            generation_of(word) == delivery.generation) {
            next = with_wake(next, wake_pending);
        }
    } while (!word_.compare_exchange_weak(word, next, order));
}

bool WakeState::consume_wake(Word word) noexcept {
    Word next = word;
    do {
        // The generation is masked so that its overflow does not count as a request.
        const Word generation = (word + one_generation) & generation_mask;
        next = with_wake((word & ~generation_mask) | generation, 0);
    } while (!word_.compare_exchange_weak(word, next, order));
    return true;
}

bool WakeState::park(Park where) noexcept {
    Word word = word_.load(order);
    do {
        if ((word & (wake_mask | signalled | shut_down | closed)) != 0) {
            return false;
        }
    } while (!word_.compare_exchange_weak(
        word, (word & ~park_mask) | (static_cast<Word>(where) << park_shift), order));
    return true;
}

void WakeState::set_watch_armed(bool armed) noexcept {
    if (armed) {
        word_.fetch_or(watch_armed, order);
    } else {
        word_.fetch_and(~watch_armed, order);
    }
}

void WakeState::wait_for_deliveries() const noexcept {
    while ((word_.load(order) & delivery_mask) != 0) {
        std::this_thread::yield();
    }
}

void WakeState::close() noexcept { word_.fetch_or(closed | shut_down, order); }

}  // namespace wakepoll::core

// lib/errc.cpp
// What wakepoll itself refuses: for each reason the Windows code that means the same, and a
// sentence that says what to do instead.
#include <cstddef>
#include <iterator>
#include <new>
#include <string>


namespace wakepoll {
inline namespace v0_1 {
namespace {

struct Refusal {
    errc reason;
    std::uint32_t code;
    const char* message;
};

// In the order of `errc`; the static_assert below holds it to that.
constexpr Refusal refusals[] = {
    {errc::bad_handle, 6,  // ERROR_INVALID_HANDLE
     "this is no open handle: it was closed before, or never was one"},
    {errc::attachment_is_over, 6,
     "the attachment is over: keep a handle open while it is attached, and attach it anew"},

    {errc::capacity_out_of_range, 87,  // ERROR_INVALID_PARAMETER
     "max_registrations and max_overlapped_entries of PollerConfig go from 1 to 65536"},
    {errc::unknown_backend, 87, "the backend of PollerConfig has to be an enumerator of Backend"},
    {errc::unknown_interest, 87,
     "the interest has bits that cannot be waited for: combine the enumerators of IoInterest"},
    {errc::edge_triggered, 87,
     "Windows cannot tell an edge: ask for IoInterest::one_shot, and arm it by modify_handle"},
    {errc::only_sockets_become_writable, 87,
     "only a socket can be waited for to write: use submit_write on anything else"},
    {errc::no_room_for_events, 87, "give wait room for one event at least"},
    {errc::reserved_key, 87,
     "take a key that a pointer can hold and that is none of 0xFFFFFFFA to 0xFFFFFFFE"},
    {errc::empty_buffer, 87,
     "give a buffer that is not empty; of no bytes can be: a read of a stream socket, a datagram, "
     "and a message written to a pipe of messages"},
    {errc::buffer_without_memory, 87, "the buffer has a size and no memory: give it some"},
    {errc::buffer_too_long, 87, "give less than 4 GiB of buffers to one operation"},
    {errc::buffer_in_use, 87,
     "the memory belongs to an operation in flight, or is in two buffers of one read: use other "
     "memory, or wait for the end of that operation"},
    {errc::no_room_for_address, 87,
     "give room for the addresses: OsPoller::accept_address_size, OsPoller::address_size"},
    {errc::bad_address, 87, "give a whole sockaddr, such as the bytes of a sockaddr_in"},
    {errc::offset_without_file, 87, "only a file is read and written at an offset: leave it out"},
    {errc::foreign_entry, 87, "give an entry of this poller's own overlapped pool"},
    {errc::attached_elsewhere, 87, "the handle is attached to another poller: submit there"},

    {errc::no_afd_device, 50,  // ERROR_NOT_SUPPORTED
     "this system has no AFD device: use Backend::automatic or Backend::wsapoll"},
    {errc::operation_of_another_kind, 50,
     "a handle of this kind cannot carry this operation: accept and connect are for stream "
     "sockets, datagrams with an address for datagram sockets, submit_connect_pipe for pipes"},
    {errc::register_instead, 50,
     "the handle is not opened for overlapped use, as an anonymous pipe never is: register it "
     "instead, or use a named pipe opened with FILE_FLAG_OVERLAPPED, or a socket made with "
     "WSA_FLAG_OVERLAPPED"},
    {errc::not_overlapped, 50,
     "open the file with FILE_FLAG_OVERLAPPED to submit operations on it"},
    {errc::several_buffers, 50,
     "only a socket takes several buffers in one operation: submit one buffer at a time"},

    {errc::nothing_to_wait_for, 4317,  // ERROR_INVALID_OPERATION
     "there is nothing to wait for: a file or directory is always ready (submit_read and "
     "submit_write read and write it), and NUL, a mutex and a pipe in the mode PIPE_NOWAIT never "
     "say that they are"},

    {errc::write_only_pipe, 5,  // ERROR_ACCESS_DENIED
     "Windows cannot wait for the reader of a pipe that is open for writing alone: submit_write "
     "reports broken_pipe once it is gone, and a pipe that is open for reading, too, reports hup"},

    {errc::already_registered, 183,  // ERROR_ALREADY_EXISTS
     "the handle is registered already: change its interest by modify_handle"},
    {errc::already_attached, 183, "the handle is attached already: submit on its AttachedHandle"},

    {errc::not_registered, 1168,  // ERROR_NOT_FOUND
     "the handle is not registered with this poller: call register_handle first"},
    {errc::not_in_flight, 1168, "no such operation is in flight: it has ended, or none was begun"},
    {errc::entry_not_in_use, 1168, "the entry was given back already"},

    {errc::another_wait, 170,  // ERROR_BUSY
     "another thread waits already: one at a time waits for a poller, others may wake it"},
    {errc::operations_in_flight, 170,
     "operations are in flight on the handle: cancel them or wait for their end, then register it"},
    {errc::registered_for_readiness, 170,
     "the handle is registered for readiness: unregister it, then submit operations"},
    {errc::attached_for_operations, 170,
     "the handle is attached for operations: detach it, then register it"},
    {errc::entry_in_flight, 170,
     "the operation is in flight or not reported yet: cancel it, and release the entry after its "
     "event"},

    {errc::pool_exhausted, 1237,  // ERROR_RETRY
     "all entries of the overlapped pool are in use: wait for events, or raise "
     "max_overlapped_entries of PollerConfig"},
    {errc::late_packet, 1237,
     "the packet of an earlier socket with this number is still to come: wait, and try again"},
    {errc::nothing_to_read, 1237,
     "the pipe is in the mode PIPE_NOWAIT and has nothing to read: try again later, or leave that "
     "mode"},

    {errc::foreign_provider, 10045,  // WSAEOPNOTSUPP
     "AFD cannot poll a socket of this provider: use Backend::automatic or Backend::wsapoll"},
    {errc::no_free_slot, 112,  // ERROR_DISK_FULL
     "all slots are taken: unregister handles, or raise max_registrations of PollerConfig"},
    {errc::pipe_not_connected, 2250,  // ERROR_NOT_CONNECTED
     "the pipe has no other end: wait for a client by submit_connect_pipe, then register it"},
    {errc::no_memory, 8,  // ERROR_NOT_ENOUGH_MEMORY
     "the system has no memory for a poller of this size: lower the capacities of PollerConfig"},
    {errc::poller_is_closed, 995,  // ERROR_OPERATION_ABORTED
     "the poller is disposed, shut down, or was moved from"},
};

constexpr bool is_in_order() noexcept {
    int next = 1;
    for (const Refusal& refusal : refusals) {
        if (static_cast<int>(refusal.reason) != next++) {
            return false;
        }
    }
    return next == static_cast<int>(errc::poller_is_closed) + 1;
}
static_assert(is_in_order());

constexpr const Refusal* find_refusal(int value) noexcept {
    return value >= 1 && value <= static_cast<int>(std::size(refusals)) ? &refusals[value - 1]
                                                                        : nullptr;
}

class RefusalCategory final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "wakepoll"; }

    [[nodiscard]] std::string message(int value) const override {
        const Refusal* const refusal = find_refusal(value);
        return refusal != nullptr ? refusal->message : value == 0 ? "success" : "unknown reason";
    }

    [[nodiscard]] std::error_condition default_error_condition(int value) const noexcept override {
        const Refusal* const refusal = find_refusal(value);
        return refusal != nullptr ? win32_error(refusal->code).default_error_condition()
               : value == 0       ? std::error_condition()
                                  : std::error_condition(value, *this);
    }
};

}  // namespace

const std::error_category& refusal_category() noexcept {
    // Never destroyed, as win32_category() is not.
    alignas(RefusalCategory) static std::byte memory[sizeof(RefusalCategory)];
    static const RefusalCategory* const category = ::new (memory) RefusalCategory();
    return *category;
}

std::uint32_t win32_code(std::error_code error) noexcept {
    constexpr std::uint32_t invalid_function = 1;  // ERROR_INVALID_FUNCTION
    if (!error) {
        return 0;
    }
    if (error.category() == win32_category()) {
        return static_cast<std::uint32_t>(error.value());
    }
    const Refusal* const refusal =
        error.category() == refusal_category() ? find_refusal(error.value()) : nullptr;
    return refusal != nullptr ? refusal->code : invalid_function;
}

}  // namespace v0_1
}  // namespace wakepoll

// lib/error.cpp
// The one table from Win32 and Winsock codes to std::errc, with a message for each.
//
// Codes are numbers so that this file also builds without <windows.h>; each has its name next to
// it. Sources: Microsoft's lists of system error codes and of Winsock error codes.

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <new>
#include <string>

namespace wakepoll {
inline namespace v0_1 {
namespace {

struct Row {
    int code;
    std::errc condition;
    const char* message;
};

// Sorted by code; the static_assert below checks it.
constexpr Row rows[] = {
    {1, std::errc::function_not_supported, "function not supported"},  // ERROR_INVALID_FUNCTION
    {2, std::errc::no_such_file_or_directory, "not found"},            // ERROR_FILE_NOT_FOUND
    {3, std::errc::no_such_file_or_directory, "path not found"},       // ERROR_PATH_NOT_FOUND
    {4, std::errc::too_many_files_open, "too many open files"},        // ERROR_TOO_MANY_OPEN_FILES
    {5, std::errc::permission_denied, "access denied"},                // ERROR_ACCESS_DENIED
    {6, std::errc::bad_file_descriptor, "bad handle"},                 // ERROR_INVALID_HANDLE
    {8, std::errc::not_enough_memory, "not enough memory"},            // ERROR_NOT_ENOUGH_MEMORY
    {14, std::errc::not_enough_memory, "out of memory"},               // ERROR_OUTOFMEMORY
    {23, std::errc::io_error, "data error"},                           // ERROR_CRC
    {32, std::errc::device_or_resource_busy,
     "in use by another process"},                                    // ERROR_SHARING_VIOLATION
    {38, std::errc::no_message_available, "end of file"},             // ERROR_HANDLE_EOF
    {39, std::errc::no_space_on_device, "no space left"},             // ERROR_HANDLE_DISK_FULL
    {50, std::errc::not_supported, "not supported"},                  // ERROR_NOT_SUPPORTED
    {52, std::errc::address_in_use, "address in use"},                // ERROR_DUP_NAME
    {64, std::errc::connection_reset, "connection reset"},            // ERROR_NETNAME_DELETED
    {80, std::errc::file_exists, "already exists"},                   // ERROR_FILE_EXISTS
    {87, std::errc::invalid_argument, "invalid argument"},            // ERROR_INVALID_PARAMETER
    {109, std::errc::broken_pipe, "pipe has been ended"},             // ERROR_BROKEN_PIPE
    {112, std::errc::no_space_on_device, "no space left"},            // ERROR_DISK_FULL
    {121, std::errc::timed_out, "timed out"},                         // ERROR_SEM_TIMEOUT
    {170, std::errc::device_or_resource_busy, "busy"},                // ERROR_BUSY
    {183, std::errc::file_exists, "already exists"},                  // ERROR_ALREADY_EXISTS
    {230, std::errc::broken_pipe, "bad pipe"},                        // ERROR_BAD_PIPE
    {231, std::errc::device_or_resource_busy, "pipe busy"},           // ERROR_PIPE_BUSY
    {232, std::errc::broken_pipe, "pipe is being closed"},            // ERROR_NO_DATA
    {233, std::errc::broken_pipe, "pipe not connected"},              // ERROR_PIPE_NOT_CONNECTED
    {234, std::errc::message_size, "more data is available"},         // ERROR_MORE_DATA
    {258, std::errc::timed_out, "timed out"},                         // WAIT_TIMEOUT
    {536, std::errc::not_connected, "pipe has no other end yet"},     // ERROR_PIPE_LISTENING
    {676, std::errc::operation_canceled, "socket was closed"},        // ERROR_HANDLES_CLOSED (Wine)
    {735, std::errc::operation_canceled, "port was closed"},          // ERROR_ABANDONED_WAIT_0
    {995, std::errc::operation_canceled, "operation canceled"},       // ERROR_OPERATION_ABORTED
    {996, std::errc::operation_in_progress, "operation incomplete"},  // ERROR_IO_INCOMPLETE
    {997, std::errc::operation_in_progress, "operation pending"},     // ERROR_IO_PENDING
    {998, std::errc::bad_address, "bad address"},                     // ERROR_NOACCESS
    {1117, std::errc::io_error, "device error"},                      // ERROR_IO_DEVICE
    {1167, std::errc::no_such_device, "device not connected"},        // ERROR_DEVICE_NOT_CONNECTED
    {1168, std::errc::no_such_file_or_directory, "not found"},        // ERROR_NOT_FOUND
    {1214, std::errc::address_not_available, "address not available"},  // ERROR_INVALID_NETNAME
    {1225, std::errc::connection_refused, "connection refused"},        // ERROR_CONNECTION_REFUSED
    {1226, std::errc::connection_aborted, "disconnected"},              // ERROR_GRACEFUL_DISCONNECT
    {1227, std::errc::address_in_use, "address in use"},        // ERROR_ADDRESS_ALREADY_ASSOCIATED
    {1229, std::errc::not_connected, "not connected"},          // ERROR_CONNECTION_INVALID
    {1230, std::errc::already_connected, "already connected"},  // ERROR_CONNECTION_ACTIVE
    {1231, std::errc::network_unreachable, "network unreachable"},   // ERROR_NETWORK_UNREACHABLE
    {1232, std::errc::host_unreachable, "host unreachable"},         // ERROR_HOST_UNREACHABLE
    {1233, std::errc::network_unreachable, "protocol unreachable"},  // ERROR_PROTOCOL_UNREACHABLE
    // As Winsock calls it (10054) where the receive begins after the answer has come.
    {1234, std::errc::connection_reset, "port unreachable"},           // ERROR_PORT_UNREACHABLE
    {1235, std::errc::operation_canceled, "request aborted"},          // ERROR_REQUEST_ABORTED
    {1236, std::errc::connection_aborted, "connection aborted"},       // ERROR_CONNECTION_ABORTED
    {1237, std::errc::resource_unavailable_try_again, "try again"},    // ERROR_RETRY
    {1256, std::errc::host_unreachable, "host is down"},               // ERROR_HOST_DOWN
    {1450, std::errc::no_buffer_space, "system resources exhausted"},  // ERROR_NO_SYSTEM_RESOURCES
    {1816, std::errc::not_enough_memory, "quota exceeded"},            // ERROR_NOT_ENOUGH_QUOTA
    {2250, std::errc::not_connected, "not connected"},                 // ERROR_NOT_CONNECTED
    {4317, std::errc::operation_not_permitted,
     "operation not permitted"},                                         // ERROR_INVALID_OPERATION
    {10004, std::errc::interrupted, "interrupted"},                      // WSAEINTR
    {10009, std::errc::bad_file_descriptor, "bad handle"},               // WSAEBADF
    {10013, std::errc::permission_denied, "permission denied"},          // WSAEACCES
    {10014, std::errc::bad_address, "bad address"},                      // WSAEFAULT
    {10022, std::errc::invalid_argument, "invalid argument"},            // WSAEINVAL
    {10024, std::errc::too_many_files_open, "too many open sockets"},    // WSAEMFILE
    {10035, std::errc::operation_would_block, "operation would block"},  // WSAEWOULDBLOCK
    {10036, std::errc::operation_in_progress, "operation in progress"},  // WSAEINPROGRESS
    {10037, std::errc::connection_already_in_progress, "already in progress"},  // WSAEALREADY
    {10038, std::errc::bad_file_descriptor, "not a socket"},                    // WSAENOTSOCK
    {10039, std::errc::destination_address_required, "no destination"},         // WSAEDESTADDRREQ
    {10040, std::errc::message_size, "message too long"},                       // WSAEMSGSIZE
    {10041, std::errc::wrong_protocol_type, "wrong protocol type"},             // WSAEPROTOTYPE
    {10042, std::errc::no_protocol_option, "bad protocol option"},              // WSAENOPROTOOPT
    {10043, std::errc::protocol_not_supported, "protocol not supported"},    // WSAEPROTONOSUPPORT
    {10044, std::errc::not_supported, "socket type not supported"},          // WSAESOCKTNOSUPPORT
    {10045, std::errc::operation_not_supported, "operation not supported"},  // WSAEOPNOTSUPP
    {10046, std::errc::address_family_not_supported,
     "protocol family not supported"},  // WSAEPFNOSUPPORT
    {10047, std::errc::address_family_not_supported,
     "address family not supported"},                                       // WSAEAFNOSUPPORT
    {10048, std::errc::address_in_use, "address in use"},                   // WSAEADDRINUSE
    {10049, std::errc::address_not_available, "address not available"},     // WSAEADDRNOTAVAIL
    {10050, std::errc::network_down, "network down"},                       // WSAENETDOWN
    {10051, std::errc::network_unreachable, "network unreachable"},         // WSAENETUNREACH
    {10052, std::errc::network_reset, "network reset"},                     // WSAENETRESET
    {10053, std::errc::connection_aborted, "connection aborted"},           // WSAECONNABORTED
    {10054, std::errc::connection_reset, "connection reset"},               // WSAECONNRESET
    {10055, std::errc::no_buffer_space, "no buffer space"},                 // WSAENOBUFS
    {10056, std::errc::already_connected, "already connected"},             // WSAEISCONN
    {10057, std::errc::not_connected, "not connected"},                     // WSAENOTCONN
    {10058, std::errc::broken_pipe, "socket was shut down"},                // WSAESHUTDOWN
    {10060, std::errc::timed_out, "connection timed out"},                  // WSAETIMEDOUT
    {10061, std::errc::connection_refused, "connection refused"},           // WSAECONNREFUSED
    {10064, std::errc::host_unreachable, "host is down"},                   // WSAEHOSTDOWN
    {10065, std::errc::host_unreachable, "host unreachable"},               // WSAEHOSTUNREACH
    {10067, std::errc::resource_unavailable_try_again, "too many users"},   // WSAEPROCLIM
    {10091, std::errc::network_down, "network subsystem not ready"},        // WSASYSNOTREADY
    {10092, std::errc::not_supported, "Winsock version not supported"},     // WSAVERNOTSUPPORTED
    {10093, std::errc::operation_not_permitted, "Winsock is not started"},  // WSANOTINITIALISED
    {10101, std::errc::connection_aborted, "disconnected"},                 // WSAEDISCON
    {10103, std::errc::operation_canceled, "operation canceled"},           // WSAECANCELLED
    {10111, std::errc::operation_canceled, "operation canceled"},           // WSA_E_CANCELLED
};

static_assert(std::is_sorted(std::begin(rows), std::end(rows),
                             [](const Row& a, const Row& b) { return a.code < b.code; }));

constexpr const Row* find(int code) noexcept {
    const Row* row = std::lower_bound(std::begin(rows), std::end(rows), code,
                                      [](const Row& r, int wanted) { return r.code < wanted; });
    return row != std::end(rows) && row->code == code ? row : nullptr;
}

class Win32Category final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "wakepoll.win32"; }

    [[nodiscard]] std::string message(int code) const override {
        if (code == 0) {
            return "success";
        }
        const Row* row = find(code);
        return row != nullptr ? row->message : "Windows error " + std::to_string(code);
    }

    [[nodiscard]] std::error_condition default_error_condition(int code) const noexcept override {
        if (code == 0) {
            return {};
        }
        const Row* row = find(code);
        return row != nullptr ? std::make_error_condition(row->condition)
                              : std::error_condition(code, *this);
    }
};

}  // namespace

const std::error_category& win32_category() noexcept {
    // Never destroyed. A destructor would be registered with the runtime, which holds a lock for
    // the registration while it runs the destructors at exit; and one of those, of a static poller,
    // waits for a thread that may be about to report its first error.
    alignas(Win32Category) static std::byte memory[sizeof(Win32Category)];
    static const Win32Category* const category = ::new (memory) Win32Category();
    return *category;
}

}  // namespace v0_1
}  // namespace wakepoll

// lib/sys/timer.hpp
// sys: a high-resolution waitable timer.

#include <chrono>
#include <system_error>
#include <utility>


namespace wakepoll::sys {

/// Owns a manual-reset timer that is signalled when its time is over.
class Timer {
public:
    /// CreateWaitableTimerExW(CREATE_WAITABLE_TIMER_MANUAL_RESET |
    /// CREATE_WAITABLE_TIMER_HIGH_RESOLUTION); without the latter before Windows 10 1803, which
    /// does not know it.
    [[nodiscard]] static Result<Timer> create() noexcept;

    Timer() noexcept = default;
    Timer(Timer&& other) noexcept : handle_(std::exchange(other.handle_, Handle{})) {}
    Timer& operator=(Timer&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~Timer() { close(); }

    /// SetWaitableTimer: resets the timer and signals it after `delay`, in units of 100 ns, rounded
    /// up; at least one.
    [[nodiscard]] std::error_code set(std::chrono::nanoseconds delay) const noexcept;

    /// CancelWaitableTimer: an earlier `set` no longer signals it. (One that is signalled stays
    /// so.)
    [[nodiscard]] std::error_code cancel() const noexcept;

    /// CloseHandle. No-op if the timer is not open.
    void close() noexcept;

    [[nodiscard]] bool is_open() const noexcept { return static_cast<bool>(handle_); }
    [[nodiscard]] Handle handle() const noexcept { return handle_; }

private:
    explicit Timer(Handle handle) noexcept : handle_(handle) {}

    Handle handle_;
};

}  // namespace wakepoll::sys

// lib/poller/deadline_timer.hpp
// The poller's one timer: its deadline, and the kernel's timer that ends a block in time.
//
// Only the clock decides whether the time has come, so the timer is never early. The kernel's timer
// only ends a block, and may do so a little early, because it uses another clock; then it is set
// again for the rest. It has its own wait in the system's pool, which is armed from the first `set`
// until the timer fires.
//
// Used under the poller's lock, except the callback on a pool thread.

#include <atomic>
#include <chrono>
#include <system_error>


namespace wakepoll {

class DeadlineTimer {
public:
    /// Wakes the owner, from any thread.
    using Rouse = void (*)(void* poller) noexcept;

    DeadlineTimer(core::RegistrationTable& table, Rouse rouse, void* poller) noexcept
        : table_(table), rouse_(rouse), poller_(poller) {}

    DeadlineTimer(const DeadlineTimer&) = delete;
    DeadlineTimer& operator=(const DeadlineTimer&) = delete;

    /// Due at `at`, a reading of sys::now(). If it fails, the time set before stays.
    [[nodiscard]] std::error_code set(std::chrono::nanoseconds at,
                                      std::chrono::nanoseconds now) noexcept;

    /// Clears the time.
    [[nodiscard]] std::error_code clear() noexcept;

    /// True once after the time has come.
    [[nodiscard]] bool consume(std::chrono::nanoseconds now) noexcept {
        if (!set_ || now < at_) {
            return false;
        }
        set_ = false;
        return true;
    }

    /// Call after a signal: sets the kernel's timer again if it was early.
    [[nodiscard]] std::error_code look(std::chrono::nanoseconds now) noexcept;

    /// The time left; `nanoseconds::max()` if none is set.
    [[nodiscard]] std::chrono::nanoseconds remaining(std::chrono::nanoseconds now) const noexcept {
        if (!set_) {
            return std::chrono::nanoseconds::max();
        }
        // A time at the minimum of the clock would overflow the difference.
        return at_ > now ? at_ - now : std::chrono::nanoseconds::zero();
    }

    /// True if the time had come when it was set; then nothing signals it.
    [[nodiscard]] bool is_past() const noexcept { return set_ && past_; }

    void close() noexcept;

private:
    [[nodiscard]] std::error_code arm(std::chrono::nanoseconds delay) noexcept;

    /// Called by a thread of the system's pool.
    static void signalled(void* timer, const sys::ThreadPoolWait& wait) noexcept;

    sys::Timer timer_;
    sys::ThreadPoolWait wait_;
    core::RegistrationTable& table_;
    Rouse rouse_;
    void* poller_;
    std::chrono::nanoseconds at_{0};
    std::atomic<bool> fired_ = false;
    bool set_ = false;
    bool past_ = false;
    bool armed_ = false;
};

}  // namespace wakepoll

// lib/poller/known_handles.hpp
// What is known of the handles that a poller works with: their kind, and whether they belong to its
// port. Registrations and operations both use it.
//
// A handle may be closed at any time, and its number reused. So the object that is associated with
// the port gets a mark, which is checked before what is known is used.
//
// Used under the poller's lock.

#include <system_error>


namespace wakepoll {

class KnownHandles {
public:
    /// The kind of a handle, from the kernel.
    struct Kind {
        HandleType type = HandleType::unknown;
        bool stream = false;
        bool overlapped = false;  ///< It can carry overlapped operations.
    };

    KnownHandles(core::RegistrationTable& table, const sys::CompletionPort& port) noexcept
        : table_(table), port_(port) {}

    KnownHandles(const KnownHandles&) = delete;
    KnownHandles& operator=(const KnownHandles&) = delete;

    [[nodiscard]] static Result<Kind> kind_of(Handle handle) noexcept;
    void note_kind(core::Slot slot, const Kind& kind) noexcept;

    /// A slot for a handle that has none; `no_slot` if all are in use. Reuses slots of
    /// unregistered handles that were closed.
    [[nodiscard]] core::Slot insert(Handle handle) noexcept;

    /// Associates the handle with the port, with the poller's key, unless it is already.
    [[nodiscard]] std::error_code associate(core::Slot slot) noexcept;
    /// Associates a handle with the port, with a key of the user's.
    [[nodiscard]] std::error_code associate(Handle handle, std::uint64_t key) noexcept;

    /// True if the number belongs to another object than the one that the port knows. False
    /// if that is unknown.
    [[nodiscard]] bool is_another(core::Slot slot) const noexcept;
    /// True if the handle was closed, whether or not its number belongs to another object by
    /// now.
    [[nodiscard]] bool is_closed(core::Slot slot) const noexcept;
    /// Resets what is known of an unregistered handle whose number belongs to another object by
    /// now. The slot may then be one to `release`.
    [[nodiscard]] std::error_code forget_another(core::Slot slot) noexcept;

    /// The slot of a handle that operations can be submitted on.
    [[nodiscard]] Result<core::Slot> slot_for_operation(Handle handle) noexcept;

    /// Takes its user's word that the number stays the handle's until `detach`.
    [[nodiscard]] Result<core::SlotUse> attach(Handle handle) noexcept;
    void detach(core::SlotUse attachment) noexcept;
    /// The slot of an attached handle, which is believed.
    [[nodiscard]] Result<core::Slot> slot_of_attached(core::SlotUse attachment) const noexcept {
        if (!table_.goes_on(attachment)) {
            return errc::attachment_is_over;
        }
        return attachment.slot;
    }

private:
    /// The same for a handle that has to be queried first; `known` is its slot, if any.
    [[nodiscard]] Result<core::Slot> new_slot_for_operation(Handle handle,
                                                            core::Slot known) noexcept;
    /// The handle was just associated with the port: marks its object.
    void note_associated(core::Slot slot) noexcept;
    /// Stores what is known of a handle that operations are submitted on; `associated_now` says
    /// whether this submit associated it with the port.
    void note_operated(core::Slot slot, const Kind& kind, bool associated_now) noexcept;
    /// Frees the slots of closed handles that only had operations.
    void forget_closed() noexcept;

    core::RegistrationTable& table_;
    const sys::CompletionPort& port_;
};

}  // namespace wakepoll

// lib/poller/packet_queue.hpp
// The poller's side of the completion port: takes packets and dispatches each to its part.
//
// A packet is dispatched by its key first: AFD's go to the sockets, the poller's other own keys
// have served by ending the block, unless it is the one behind an operation (see
// `Operations::post_behind`). Then by its OVERLAPPED: an empty read on a registered pipe goes
// to the handles. All others are reported to the user, and wait here for their turn.
//
// A thread that blocks takes packets into a separate array, without the lock; `accept` dispatches
// them once it has the lock again. Everything else is called under the lock.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>


namespace wakepoll {

class PacketQueue {
public:
    /// The maximum number of packets per call.
    static constexpr std::size_t most_at_once = 256;
    /// A turn's number of user packets and of what waited for them.
    static constexpr std::size_t turn = 64;

    PacketQueue(const sys::CompletionPort& port, core::EntryPool& entries,
                backend::SocketBackend& sockets, backend::HandleBackend& handles,
                PollerStats& stats) noexcept
        : port_(port), entries_(entries), sockets_(sockets), handles_(handles), stats_(stats) {}

    PacketQueue(const PacketQueue&) = delete;
    PacketQueue& operator=(const PacketQueue&) = delete;

    /// How many packets a dequeue may take. All that come at once, whatever room the caller has,
    /// because those that were ready first must be reported first.
    [[nodiscard]] std::size_t room() const noexcept {
        return std::min(capacity - size_ - blocked_limit_, most_at_once);
    }

    /// The result of a dequeue.
    struct Taken {
        std::uint32_t useful = 0;  ///< Packets with something to report.
        bool may_be_more = false;  ///< As many came as were asked for.
    };

    /// One dequeue of at most `limit` packets, not 0, by a thread that has the lock.
    [[nodiscard]] Result<Taken> take(std::size_t limit, std::uint32_t milliseconds) noexcept;

    // The same in three steps; the second is without the lock.
    void begin_block(std::size_t limit) noexcept;
    [[nodiscard]] Result<std::size_t> block(std::uint32_t milliseconds) noexcept;
    [[nodiscard]] Result<Taken> end_block(const Result<std::size_t>& came) noexcept;

    /// Packets that wait to be reported.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] const sys::Packet& front() const noexcept { return packets_[first_]; }
    void pop() noexcept;

private:
    /// Twice the maximum of one call: another thread may take packets while one is blocked.
    static constexpr std::size_t capacity = 2 * most_at_once;

    [[nodiscard]] Result<Taken> accept(const sys::Packet* packets, const Result<std::size_t>& came,
                                       std::size_t limit) noexcept;
    /// Dispatches packets; returns how many of them have something to report.
    [[nodiscard]] std::uint32_t dispatch(std::span<const sys::Packet> packets) noexcept;
    [[nodiscard]] bool dispatch(const sys::Packet& packet) noexcept;
    /// Leaves a packet to be reported.
    void keep(const sys::Packet& packet, std::uintptr_t key) noexcept;

    const sys::CompletionPort& port_;
    core::EntryPool& entries_;
    backend::SocketBackend& sockets_;
    backend::HandleBackend& handles_;
    PollerStats& stats_;
    std::array<sys::Packet, capacity> packets_;  ///< A ring from `first_` on.
    std::size_t first_ = 0;
    std::size_t size_ = 0;
    std::array<sys::Packet, most_at_once> blocked_;  ///< Used by the blocked thread.
    std::size_t blocked_limit_ = 0;  ///< How many packets a blocked thread may still bring.
};

}  // namespace wakepoll

// lib/poller/registrations.hpp
// Registers handles for readiness, modifies and unregisters them.
//
// All checks come first, then the tables: a call that fails leaves everything as it was (P12). Used
// under the poller's lock.

#include <cstdint>
#include <system_error>


namespace wakepoll {

class Registrations {
public:
    Registrations(core::RegistrationTable& table, KnownHandles& known,
                  backend::SocketBackend& sockets, backend::HandleBackend& handles,
                  PollerStats& stats) noexcept
        : table_(table), known_(known), sockets_(sockets), handles_(handles), stats_(stats) {}

    Registrations(const Registrations&) = delete;
    Registrations& operator=(const Registrations&) = delete;

    // The calls of OsPoller.
    [[nodiscard]] std::error_code add(Handle handle, IoInterest interest,
                                      std::uint64_t user_data) noexcept;
    [[nodiscard]] std::error_code modify(Handle handle, IoInterest interest,
                                         std::uint64_t user_data) noexcept;
    [[nodiscard]] std::error_code remove(Handle handle) noexcept;

    /// Ends the registration of a closed handle if its number belongs to a handle of another kind,
    /// or to another overlapped pipe, by now. False if there is none, or if that cannot be
    /// determined.
    bool end_if_another(Handle handle) noexcept;
    /// The poller has made this handle itself, so its number was free: ends the registration of the
    /// closed handle that had it.
    void end_former(Handle made) noexcept;

private:
    using Kind = KnownHandles::Kind;

    /// The error for a handle that is not registered: it is closed, or open.
    [[nodiscard]] static std::error_code not_registered(Handle handle) noexcept;
    [[nodiscard]] bool is_registered(Handle handle) const noexcept;
    /// True if the number of a registered handle belongs to another object by now, or to none, as
    /// far as one call can determine.
    [[nodiscard]] bool is_another(core::Slot slot) const noexcept;
    void end(core::Slot slot) noexcept;
    /// `add` of a handle that is not registered; it may have a slot, `known`.
    [[nodiscard]] std::error_code add_to(core::Slot known, Handle handle, IoInterest interest,
                                         std::uint64_t user_data) noexcept;
    [[nodiscard]] std::error_code begin_readiness(core::Slot slot, const Kind& kind,
                                                  IoInterest interest,
                                                  std::uint64_t user_data) noexcept;

    core::RegistrationTable& table_;
    KnownHandles& known_;
    backend::SocketBackend& sockets_;
    backend::HandleBackend& handles_;
    PollerStats& stats_;
};

}  // namespace wakepoll

// lib/poller/operations.hpp
// Operations: submits, cancels and reports them.
//
// core/operation_list keeps the entries of the pool that are in flight or done; here are the
// checks, the kernel calls, and the completions that a wait returns. Those stay valid, and their
// entries in use, until the next wait. Used under the poller's lock.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>


namespace wakepoll {

/// What an operation is submitted on: a handle, or the attachment of one.
struct OperationTarget {
    Handle handle;
    core::SlotUse attachment;  ///< Of no slot if it is a plain handle.
};

class Operations {
public:
    /// The maximum number of completions per wait.
    static constexpr std::size_t most_completions = 64;

    Operations(core::RegistrationTable& table, KnownHandles& known, Registrations& registrations,
               core::OperationList& list, const sys::CompletionPort& port,
               PollerStats& stats) noexcept
        : table_(table),
          known_(known),
          registrations_(registrations),
          list_(list),
          port_(port),
          stats_(stats) {}

    Operations(const Operations&) = delete;
    Operations& operator=(const Operations&) = delete;

    // As OsPoller has them.
    [[nodiscard]] Result<OverlappedEntry*> submit_transfer(const OperationTarget& target,
                                                           IoOperation operation,
                                                           std::span<const IoBuffer> buffers,
                                                           std::uint64_t user_data,
                                                           std::uint64_t offset) noexcept;
    [[nodiscard]] Result<OverlappedEntry*> submit_receive_from(const OperationTarget& target,
                                                               IoBuffer buffer,
                                                               std::span<std::byte> address,
                                                               std::uint64_t user_data) noexcept;
    [[nodiscard]] Result<OverlappedEntry*> submit_send_to(const OperationTarget& target,
                                                          IoBuffer buffer,
                                                          std::span<const std::byte> address,
                                                          std::uint64_t user_data) noexcept;
    [[nodiscard]] Result<OverlappedEntry*> submit_accept(const OperationTarget& target,
                                                         std::span<std::byte> buffer,
                                                         std::uint64_t user_data) noexcept;
    [[nodiscard]] Result<OverlappedEntry*> submit_connect(const OperationTarget& target,
                                                          std::span<const std::byte> address,
                                                          std::uint64_t user_data) noexcept;
    [[nodiscard]] Result<OverlappedEntry*> submit_connect_pipe(const OperationTarget& target,
                                                               std::uint64_t user_data) noexcept;
    [[nodiscard]] Result<void> cancel(OverlappedEntry* entry) noexcept;
    [[nodiscard]] Result<void> cancel(OverlappedEntry* entry, Handle duplicate) noexcept;
    [[nodiscard]] Result<void> cancel(Handle handle) noexcept;

    // Reporting

    /// The completions of the last wait are no longer valid.
    void take_back() noexcept {
        if (handed_out_ > 0) {
            take_back_completions();
        }
    }
    /// How many completions this wait can still hand out.
    [[nodiscard]] std::size_t room() const noexcept { return most_completions - handed_out_; }
    /// Operations that are done and need no packet to be reported.
    [[nodiscard]] std::size_t finished() const noexcept { return list_.finished(); }
    [[nodiscard]] std::size_t in_flight() const noexcept { return list_.in_flight(); }
    /// Finished operations that had to wait for a packet, and are reported in the packets' turn.
    [[nodiscard]] std::size_t overdue() const noexcept { return std::min(overdue_, finished()); }
    /// Reports operations that are done, at most `room()`; returns how many.
    [[nodiscard]] std::size_t report_finished(std::span<NativeEvent> events) noexcept;
    /// Turns at most `visits` packets, and what waited for one, into events, at most `room()`.
    /// Returns how many were handled, and how many of them made an event.
    struct Reported {
        std::size_t visited = 0;
        std::size_t filled = 0;
    };
    [[nodiscard]] Reported report_packets(PacketQueue& packets, std::size_t visits,
                                          std::span<NativeEvent> events) noexcept;

    // The end

    /// Cancels what is in flight and drops what is done.
    void abandon_all() noexcept;
    /// How many of those in flight after that could not be cancelled.
    [[nodiscard]] std::size_t lost() const noexcept { return lost_; }
    /// Handles a packet after the poller has stopped reporting.
    void drain(const sys::Packet& packet) noexcept;

private:
    [[nodiscard]] Result<core::Slot> slot_of(const OperationTarget& target) noexcept {
        return target.attachment.slot == core::no_slot ? known_.slot_for_operation(target.handle)
                                                       : known_.slot_of_attached(target.attachment);
    }
    /// The slot of a socket that takes datagrams.
    [[nodiscard]] Result<core::Slot> slot_of_datagram(const OperationTarget& target) noexcept;
    /// The memory belongs to an operation in flight, and one of the two writes into it.
    [[nodiscard]] bool is_in_use(IoOperation operation, const void* buffer,
                                 std::size_t size) const noexcept;
    [[nodiscard]] Result<core::PoolEntry*> entry_for(core::Slot slot, IoOperation operation,
                                                     void* buffer, std::size_t size,
                                                     std::uint64_t user_data) noexcept;
    /// Handles the result of an entry's call.
    [[nodiscard]] Result<OverlappedEntry*> begun(core::PoolEntry& entry,
                                                 const Result<sys::Started>& started) noexcept;
    /// Puts a packet of the poller's own behind the one of a datagram that was cut, which may have
    /// been skipped: whichever comes first ends the operation.
    void post_behind(core::PoolEntry& entry) noexcept;
    /// The first packet of an operation with what it says; false if that has ended.
    [[nodiscard]] bool fill_in(sys::Packet& packet) const noexcept;
    /// Returns an entry whose call did not start, or whose outcome is not reported.
    void abandon(core::PoolEntry& entry) noexcept;
    void abandon_finished() noexcept;
    /// The entry, where its operation is in flight or being cancelled.
    [[nodiscard]] Result<core::PoolEntry*> find_in_flight(OverlappedEntry* entry) const noexcept;
    /// Requests the end of a call from the kernel. `no_such_file_or_directory` if it has ended,
    /// `bad_file_descriptor` if its handle is closed.
    [[nodiscard]] std::error_code ask_for_end(core::PoolEntry& entry) noexcept;
    /// Handles the result of `ask_for_end`; returns whether the operation could be cancelled.
    [[nodiscard]] std::error_code note_end(core::PoolEntry& entry, std::error_code asked) noexcept;
    [[nodiscard]] std::error_code cancel_in_flight(core::PoolEntry& entry) noexcept;
    void note_canceled(core::PoolEntry& entry) noexcept;
    /// True if the entry's handle is known to be closed: its number belongs to another object by
    /// now.
    [[nodiscard]] bool is_outlived(const core::PoolEntry& entry) const noexcept {
        return !table_.goes_on(entry.use);
    }

    void take_back_completions() noexcept;
    /// The packet of a submitted operation has come. True if it must be reported now; otherwise
    /// it waits behind an older one.
    [[nodiscard]] bool end_operation(core::PoolEntry& entry, std::uint32_t bytes,
                                     std::error_code error) noexcept;
    /// Why an operation has failed: `operation_canceled` if its handle was closed here.
    [[nodiscard]] std::error_code reason_of(const core::PoolEntry& entry,
                                            std::error_code error) const noexcept;
    void report(NativeEvent& event, const Completion& completion, std::uint64_t data) noexcept;
    void report_operation(NativeEvent& event, core::PoolEntry& entry, std::uint64_t key,
                          std::error_code error) noexcept;
    void report_own_call(NativeEvent& event, core::PoolEntry* entry, const sys::Packet& packet,
                         std::error_code error) noexcept;

    core::RegistrationTable& table_;
    KnownHandles& known_;
    Registrations& registrations_;
    core::OperationList& list_;
    const sys::CompletionPort& port_;
    PollerStats& stats_;
    std::array<Completion, most_completions> completions_;
    std::size_t handed_out_ = 0;
    std::size_t overdue_ = 0;
    std::size_t lost_ = 0;
};

}  // namespace wakepoll

// lib/core/turn.hpp
// Whose turn it is: sockets, other handles, operations that completed at once, or packets.
//
// If a wait has little room, no source may starve another. They take turns, and a turn is one
// round: it ends when as many were visited as the source had when it began, or when the source has
// nothing more in this wait. A turn that the caller's span cuts short continues in the next wait.
// So with k ready and room for m, each is reported within ceil(k/m) waits.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace wakepoll::core {

class Turn {
public:
    enum class Source : std::uint8_t { sockets, handles, completed, packets };
    static constexpr std::size_t sources = 4;

    /// How long a turn of each source would be now, by `Source`.
    using Sizes = std::array<std::size_t, sources>;

    [[nodiscard]] Source source() const noexcept { return source_; }

    /// What is left of the turn: at most what the source has now.
    [[nodiscard]] std::size_t left(const Sizes& sizes) noexcept {
        left_ = std::min(left_, sizes[static_cast<std::size_t>(source_)]);
        return left_;
    }

    /// Spends `used` of what `left` returned; `exhausted` if the source has no more in this
    /// wait. If the turn ends, the next source that has something begins its own, with the
    /// current `sizes`.
    void spend(std::size_t used, bool exhausted, const Sizes& sizes) noexcept {
        left_ = exhausted ? 0 : left_ - std::min(used, left_);
        for (std::size_t tries = 0; left_ == 0 && tries < sources; ++tries) {
            const std::size_t next = (static_cast<std::size_t>(source_) + 1) % sources;
            source_ = static_cast<Source>(next);
            left_ = sizes[next];
        }
    }

private:
    Source source_ = Source::sockets;
    std::size_t left_ = 0;
};

}  // namespace wakepoll::core

// lib/poller/wakeup.hpp
// What other threads do to a poller without its lock: wake it, shut it down, ring for a packet, a
// signalled handle or the timer.
//
// Everything goes through the word in core/wake_state, which decides whether a kernel call is
// needed and keeps the port and the doorbell open until it is done.

#include <system_error>


namespace wakepoll {

class Wakeup {
public:
    Wakeup(core::WakeState& word, const sys::CompletionPort& port,
           const backend::SocketBackend& sockets) noexcept
        : word_(word), port_(port), sockets_(sockets) {}

    Wakeup(const Wakeup&) = delete;
    Wakeup& operator=(const Wakeup&) = delete;

    // Any thread, without the lock.

    [[nodiscard]] bool wake() noexcept;
    [[nodiscard]] bool shut_down() noexcept;
    /// Makes the waiting thread check what has changed; retries until that is certain.
    void signal(core::CompletionKey key) noexcept;

    // The waiting thread.

    /// Watches the port for a packet while the thread is parked in the sockets, and then rings the
    /// doorbell.
    [[nodiscard]] std::error_code watch_port() noexcept;

    /// After this, no pool thread rings for a packet.
    void stop_watching() noexcept { port_watch_.disarm(); }

private:
    using Delivery = core::WakeState::Delivery;

    /// Called by a thread of the system's pool when packets are at the port.
    static void port_signalled(void* wakeup, const sys::ThreadPoolWait& wait) noexcept;

    /// Does what a delivery requires; false if it was refused or failed.
    [[nodiscard]] bool run(const Delivery& delivery, core::CompletionKey key) noexcept;

    core::WakeState& word_;
    const sys::CompletionPort& port_;
    const backend::SocketBackend& sockets_;
    sys::ThreadPoolWait port_watch_;
};

}  // namespace wakepoll

// lib/sys/lock.hpp
// sys: the lock of a poller.
//
// Exclusive, not recursive, not fair. Without contention, taking and releasing it cost one atomic
// operation each and no kernel call.

#include <cstdint>

namespace wakepoll::sys {

class Lock {
public:
    Lock() noexcept = default;
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

    /// AcquireSRWLockExclusive. If the process is ending, a lock held by a terminated thread
    /// counts as free.
    void lock() noexcept;

    /// ReleaseSRWLockExclusive.
    void unlock() noexcept;

private:
    friend class Condition;

    /// The memory of an SRWLOCK.
    void* word_ = nullptr;
    bool orphaned_ = false;  ///< The thread that held it was terminated.
};

}  // namespace wakepoll::sys

// lib/poller/wait.hpp
// The wait: poll every source; if nothing is ready, mark the thread parked and block once.
//
// There are two places to block in, and a pass for each. The port receives everything pending:
// wakes, completions, and AFD's answers. In the sockets, where WSAPoll watches them, a doorbell
// ends the block for wakes and signalled handles, and a thread-pool wait on the port rings it for
// packets. Either way an idle wait blocks without time slices (P3); a block is cut short only for
// sockets that the backend must poll again.
//
// The waiting thread holds the poller's lock except while it blocks. Another thread that has
// changed something during a block calls `rouse_if_needed`.

#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>


namespace wakepoll {

class Wait {
public:
    /// The parts that a wait uses; they outlive it.
    struct Parts {
        sys::Lock& lock;
        core::WakeState& word;
        Wakeup& wakeup;
        backend::SocketBackend& sockets;
        backend::HandleBackend& handles;
        Operations& operations;
        PacketQueue& packets;
        DeadlineTimer& timer;
        PollerStats& stats;
    };

    explicit Wait(const Parts& parts) noexcept : parts_(parts) {}

    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;

    /// Waits, as OsPoller does. Takes the lock.
    [[nodiscard]] WaitResult run(std::span<NativeEvent> events, Timeout timeout) noexcept;

    /// True if a thread is in `run`.
    [[nodiscard]] bool is_running() const noexcept { return running_; }
    /// Where it is blocked; then another thread has the lock.
    [[nodiscard]] core::Park blocked_at() const noexcept { return blocked_at_; }
    /// The number of blocks that have ended.
    [[nodiscard]] std::uint64_t blocks() const noexcept { return blocks_; }

    /// Updates the count of requested wakes.
    void count_wakes() noexcept;

    /// Packets of the user's own calls may come from now on.
    void expect_packets() noexcept { port_in_use_ = true; }

    /// Call after a change while a thread is blocked: wakes it if something must be reported, or
    /// if it blocks in the wrong place or with the wrong sockets. True if it did.
    bool rouse_if_needed() noexcept;

private:
    using nanoseconds = core::nanoseconds;

    /// The state of one wait.
    struct Pass {
        std::span<NativeEvent> events;
        core::Deadline deadline;
        nanoseconds now;
        WaitResult& result;
        bool has_blocked = false;  ///< The last pass blocked.
        int blocks = 0;            ///< In the sockets.

        [[nodiscard]] std::span<NativeEvent> room() const noexcept {
            return events.subspan(result.count);
        }
        /// True if nothing has failed, and the deadline has not passed.
        [[nodiscard]] bool may_block() const noexcept {
            return !result.error && !deadline.has_passed(now);
        }
        void note(std::error_code error) noexcept {
            result.error = result.error ? result.error : error;
        }
    };

    /// The wait has failed for lack of a doorbell, and AFD takes over: one more pass.
    [[nodiscard]] bool goes_on(Pass& pass) noexcept;

    /// The port may hold a packet of an operation, or of the user's own call.
    [[nodiscard]] bool expects_packets() const noexcept {
        return port_in_use_ || parts_.operations.in_flight() > 0;
    }
    /// Something is ready already, or has to be queried.
    [[nodiscard]] bool has_something() const noexcept {
        return parts_.sockets.size() > 0 || parts_.handles.size() > 0 ||
               parts_.operations.finished() > 0 || parts_.packets.size() > 0;
    }

    void take_signals(Pass& pass) noexcept;
    void take_wake(Pass& pass) noexcept;
    void at_port(Pass& pass) noexcept;
    void in_sockets(Pass& pass) noexcept;
    /// Whether the wait is over; otherwise another pass follows.
    [[nodiscard]] bool is_over(Pass& pass) noexcept;

    /// The limit of the next block, if the pass may block; 0 if something must be polled
    /// again first.
    [[nodiscard]] std::uint32_t block_time(const Pass& pass) const noexcept;
    /// Takes packets for as many events as there is room for, waiting for the first of them.
    void dequeue(Pass& pass, std::uint32_t milliseconds) noexcept;
    [[nodiscard]] Result<PacketQueue::Taken> block_at_port(Pass& pass, std::size_t limit,
                                                           std::uint32_t milliseconds) noexcept;
    /// Waits for packets that are certain to come soon, and polls the sockets that they held up.
    void await_held_sockets(Pass& pass) noexcept;
    void block_in_sockets(Pass& pass, std::uint32_t milliseconds) noexcept;

    /// Reports what is ready, the sources taking turns.
    void report(Pass& pass) noexcept;
    void report_in_turns(Pass& pass) noexcept;
    std::size_t report_sockets(Pass& pass, std::size_t visits) noexcept;
    std::size_t report_handles(Pass& pass, std::size_t visits) noexcept;
    std::size_t report_finished(Pass& pass, std::size_t visits) noexcept;
    std::size_t report_packets(Pass& pass, std::size_t visits) noexcept;

    Parts parts_;
    core::Turn turn_;
    core::Park blocked_at_ = core::Park::nowhere;
    std::uint64_t blocks_ = 0;
    bool running_ = false;
    bool roused_ = false;  ///< The blocked thread was woken for another pass.
    bool port_in_use_ = false;
    std::uint32_t wakes_counted_ = 0;
};

}  // namespace wakepoll

// lib/poller/poller.hpp
// A poller: its parts, its memory, and its lock.
//
// `OsPoller` and each `Waker` hold a counted reference. `create` allocates the block once, with all
// tables behind the structure; `dispose` releases the kernel objects, the last reference the
// memory. The parts depend on each other only downwards; each has its own header.
//
// Any thread may call anything. `wake`, `shut_down`, `retain` and `release` need no lock;
// everything else takes it. The waiting thread releases it while it blocks, so another thread
// changes things at once; `change` then wakes the blocked thread if necessary.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <system_error>


namespace wakepoll {

class Poller {
public:
    /// A poller with one reference. Errors as `OsPoller::create`.
    [[nodiscard]] static Result<Poller*> create(const PollerConfig& config) noexcept;

    void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept;
    void dispose() noexcept;

    // As Registration has them: those of a use of a slot, and of no other registration.
    [[nodiscard]] Result<core::SlotUse> add_for(Handle handle, IoInterest interest,
                                                std::uint64_t user_data) noexcept;
    [[nodiscard]] Result<void> modify_for(core::SlotUse registration, IoInterest interest,
                                          std::uint64_t user_data) noexcept;
    [[nodiscard]] Result<void> remove_for(core::SlotUse registration) noexcept;

    // The rest as OsPoller has it.
    [[nodiscard]] bool wake() noexcept { return wakeup_.wake(); }
    [[nodiscard]] bool shut_down() noexcept { return wakeup_.shut_down(); }
    [[nodiscard]] bool is_disposed() const noexcept { return word_.is_closed(); }

    [[nodiscard]] Result<void> add(Handle handle, IoInterest interest,
                                   std::uint64_t user_data) noexcept;
    [[nodiscard]] Result<void> modify(Handle handle, IoInterest interest,
                                      std::uint64_t user_data) noexcept;
    [[nodiscard]] Result<void> remove(Handle handle) noexcept;
    [[nodiscard]] Result<void> associate(Handle handle, std::uint64_t key) noexcept;
    [[nodiscard]] Result<core::SlotUse> attach(Handle handle) noexcept;
    void detach(core::SlotUse attachment) noexcept;
    [[nodiscard]] Result<void> set_timer(Clock::time_point deadline) noexcept;
    [[nodiscard]] Result<void> clear_timer() noexcept;
    [[nodiscard]] WaitResult wait(std::span<NativeEvent> events, Timeout timeout) noexcept {
        return wait_.run(events, timeout);
    }

    [[nodiscard]] Handle port_for_own_packets() noexcept;
    [[nodiscard]] std::size_t registration_count() noexcept;
    [[nodiscard]] PollerStats statistics() noexcept;

    /// Calls `make(operations)` under the lock, to submit or cancel. A call that is refused because
    /// `handle` is registered for readiness, or all slots are taken, is made again if that
    /// registration turns out to be over, or a slot to be free.
    template <class Make>
    [[nodiscard]] auto operate(Handle handle, const Make& make) noexcept;

    [[nodiscard]] OverlappedPool& pool() noexcept { return pool_; }
    /// Calls `use(entries)`, with what is behind that pool, under the lock; also after `dispose`.
    template <class Use>
    [[nodiscard]] auto with_entries(const Use& use) noexcept {
        const std::lock_guard guard(lock_);
        return use(entries_);
    }

private:
    using Choice = backend::SocketBackend::Choice;

    /// The arrays behind the structure.
    struct Memory {
        core::Registration* registrations;
        std::uint32_t* index;
        core::PoolEntry* entries;
        backend::SocketBackend::Memory sockets;
        backend::HandleBackend::Memory handles;
    };

    Poller(const PollerConfig& config, Choice choice, const Memory& memory,
           std::size_t size) noexcept;
    ~Poller() = default;

    /// Computes where each array begins behind the structure; returns the size of the whole block.
    [[nodiscard]] static std::size_t layout(const PollerConfig& config, Choice choice,
                                            std::byte* block, Memory& memory) noexcept;

    /// Makes a change under the lock, and wakes a blocked thread if necessary.
    template <class Answer, class Make>
    [[nodiscard]] Answer change(const Make& make) noexcept;

    /// `add`, under the lock.
    [[nodiscard]] std::error_code add_locked(Handle handle, IoInterest interest,
                                             std::uint64_t user_data) noexcept;

    /// Packets about sockets may come to the port.
    [[nodiscard]] bool has_polls_in_flight() const noexcept {
        return sockets_.outstanding() != backend::Outstanding::nothing;
    }
    /// Takes the port's packets about sockets that were closed or whose request was cancelled:
    /// itself, or by the thread that is blocked there.
    [[nodiscard]] std::error_code take_news() noexcept;
    /// Lets the blocked thread make one pass.
    void let_blocked_thread_pass() noexcept;
    /// Ends what is in flight, and takes its packets.
    void drain() noexcept;
    /// One dequeue of that; returns how many calls and requests have ended.
    [[nodiscard]] Result<std::size_t> drain_once(std::uint32_t milliseconds) noexcept;

    static void handle_signalled(void* poller) noexcept;
    static void timer_signalled(void* poller) noexcept;

    // Shared with other threads, on cache lines of their own.
    alignas(64) core::WakeState word_;
    std::atomic<std::uint32_t> references_{1};
    sys::Lock lock_;

    // Under the lock.
    alignas(64) PollerStats stats_;
    std::size_t size_;  ///< Of the block.
    sys::WinsockSession winsock_;
    sys::CompletionPort port_;
    core::RegistrationTable table_;
    core::EntryPool entries_;
    core::OperationList operation_list_;
    backend::SocketBackend sockets_;
    backend::HandleBackend handles_;
    DeadlineTimer timer_;
    Wakeup wakeup_;
    KnownHandles known_;
    Registrations registrations_;
    Operations operations_;
    PacketQueue packets_;
    Wait wait_;
    OverlappedPool pool_;
    Poller* next_kept_ = nullptr;  ///< See `release`.
};

template <class Answer, class Make>
Answer Poller::change(const Make& make) noexcept {
    const std::lock_guard guard(lock_);
    if (word_.is_shut_down()) {
        return errc::poller_is_closed;
    }
    Answer answer = make();
    if (wait_.blocked_at() != core::Park::nowhere) {
        ++stats_.changes_beside;
        stats_.changes_that_roused += wait_.rouse_if_needed() ? 1 : 0;
    }
    return answer;
}

template <class Make>
auto Poller::operate(Handle handle, const Make& make) noexcept {
    using Answer = decltype(make(operations_));
    return change<Answer>([&]() -> Answer {
        Answer answer = make(operations_);
        if (answer || (answer.error() != errc::registered_for_readiness &&
                       answer.error() != errc::no_free_slot)) {
            return answer;
        }
        // What is registered may be closed, and the number another handle's by now.
        if (!registrations_.end_if_another(handle)) {
            if (!has_polls_in_flight()) {
                return answer;
            }
            if (const std::error_code error = take_news()) {
                return error;
            }
            static_cast<void>(registrations_.end_if_another(handle));
        }
        return make(operations_);
    });
}

}  // namespace wakepoll

// lib/face/attached_handle.cpp


namespace wakepoll {

AttachedHandle& AttachedHandle::operator=(AttachedHandle&& other) noexcept {
    AttachedHandle taken(std::move(other));
    std::swap(holder_, taken.holder_);
    return *this;
}

AttachedHandle::~AttachedHandle() { detach(); }

void AttachedHandle::detach() noexcept {
    const SlotHolder ended = std::exchange(holder_, {});
    if (ended.poller() != nullptr) {
        ended.poller()->detach(ended.use());
    }
}

}  // namespace wakepoll

// include/wakepoll/epoll.h
/*
 * epoll for Windows, in C: ports, registrations and waits as Linux's <sys/epoll.h> has them.
 *
 * The port is a HANDLE and a socket a SOCKET. They are spelled `void*` and `uintptr_t` here, which
 * are the same types, so this header needs no Windows header and can be included before or after
 * <winsock2.h> and <windows.h>, in C (from C89 on) and in C++.
 *
 * Any thread may make any call at any time, also on the same port. A call that fails returns -1 (or
 * a null port) and sets `errno` and the last error (GetLastError, which is WSAGetLastError); one
 * that succeeds does not change `errno`. (`errno` belongs to the C runtime that wakepoll was linked
 * with. A program with another one, which uses a DLL of another compiler, has the last error.)
 *
 * In addition to Linux's calls, `epoll_wake` ends a wait and `epoll_close` closes a port.
 * doc/porting/from-wepoll.md says what differs from wepoll, and why.
 */
#ifndef WAKEPOLL_EPOLL_H
#define WAKEPOLL_EPOLL_H

#include <stdint.h>


/* A type for the bits below, as Linux has it. */
enum EPOLL_EVENTS {
    EPOLLIN = 0x0001,
    EPOLLPRI = 0x0002,
    EPOLLOUT = 0x0004,
    EPOLLERR = 0x0008,
    EPOLLHUP = 0x0010,
    EPOLLRDNORM = 0x0040,
    EPOLLRDBAND = 0x0080,
    EPOLLWRNORM = 0x0100,
    EPOLLWRBAND = 0x0200,
    EPOLLMSG = 0x0400,
    EPOLLRDHUP = 0x2000,
    EPOLLEXCLUSIVE = 1 << 28,
    EPOLLWAKEUP = 1 << 29,
    EPOLLONESHOT = 1 << 30,
    EPOLLET = -2147483647 - 1 /* 1U << 31; an enumerator is an int in C. */
};

/* Linux's values. */
#define EPOLLIN 0x0001U           /* Data, a connection to accept, or the end of the stream. */
#define EPOLLPRI 0x0002U          /* An out-of-band byte. */
#define EPOLLOUT 0x0004U          /* Room to send; a connect that succeeded. */
#define EPOLLERR 0x0008U          /* An error; reported whatever the interest. */
#define EPOLLHUP 0x0010U          /* Both directions are shut; reported whatever the interest. */
#define EPOLLRDNORM 0x0040U       /* As EPOLLIN. */
#define EPOLLRDBAND 0x0080U       /* Accepted, never reported. */
#define EPOLLWRNORM 0x0100U       /* As EPOLLOUT. */
#define EPOLLWRBAND 0x0200U       /* Accepted, never reported. */
#define EPOLLMSG 0x0400U          /* Accepted, never reported, as on Linux. */
#define EPOLLRDHUP 0x2000U        /* The peer sends no more. */
#define EPOLLEXCLUSIVE (1U << 28) /* Accepted without effect. */
#define EPOLLWAKEUP (1U << 29)    /* Accepted without effect. */
#define EPOLLONESHOT (1U << 30)   /* One report, then none until EPOLL_CTL_MOD. */
#define EPOLLET (1U << 31)        /* Refused with EINVAL: Windows reports no edges. */

#define EPOLL_CTL_ADD 1
#define EPOLL_CTL_DEL 2
#define EPOLL_CTL_MOD 3

#ifdef __cplusplus
extern "C" {
#endif

#pragma pack(push, 8) /* As the library has it, under any /Zp or #pragma pack of the program. */

typedef union epoll_data {
    void* ptr;
    int fd;
    uint32_t u32;
    uint64_t u64;
    uintptr_t sock; /* SOCKET */
    void* hnd;      /* HANDLE */
} epoll_data_t;

struct epoll_event {
    uint32_t events;   /* Bits from above; others are ignored. */
    epoll_data_t data; /* Yours; each event has that of its registration. */
};

#pragma pack(pop)

/*
 * Creates a port; null on failure. `size` must be positive and has no other meaning; `flags` must
 * be 0 (else EINVAL). ENOMEM, EMFILE, ENOBUFS: the system lacks resources.
 *
 * The port is a HANDLE that is not inherited. Only `epoll_close` closes it: CloseHandle fails on it
 * and changes nothing. (Where other code has removed that protection, by SetHandleInformation,
 * `epoll_close` closes the port and leaves the handle to that code.)
 */
WAKEPOLL_API void* epoll_create(int size);
WAKEPOLL_API void* epoll_create1(int flags);

/*
 * Closes a port. Waits in progress end with EBADF. Sockets stay open. Like every call, it fails
 * with EBADF if `port` is no handle, and with EINVAL if it is a handle but no port.
 *
 * A port may be open when the process ends. wakepoll.dll closes what is open when it is unloaded; a
 * DLL that contains the static library has to close its ports before that.
 */
WAKEPOLL_API int epoll_close(void* port);

/*
 * Adds (EPOLL_CTL_ADD), changes (EPOLL_CTL_MOD, which also arms a one-shot registration again) or
 * removes (EPOLL_CTL_DEL, `event` is ignored) the registration of a socket. A change made while
 * threads wait is in force when the call returns.
 *
 * `sock` may also be any other handle that can be waited for: a pipe, the input of a console, an
 * event, a process, a thread, a semaphore, a timer. They report EPOLLIN.
 *
 * EBADF      `sock` is no handle
 * EEXIST     ADD: it is registered already
 * ENOENT     MOD, DEL: it is not registered
 * EINVAL     another `op`; EPOLLET; EPOLLOUT for a handle that is no socket; `sock` is `port`
 * EFAULT     `event` is null, and `op` is not EPOLL_CTL_DEL
 * EPERM      ADD: a disk file or a directory, which is always ready
 * ENOTSOCK   ADD: another handle that cannot be waited for, such as another port
 * ENOSPC     65,536 handles are registered
 * EAGAIN     no room for one more overlapped pipe at the moment
 * ENOMEM, ENOBUFS, EACCES, ENOTCONN and others, from the system
 *
 * If several arguments are wrong, it is EFAULT, or else EBADF, or else one of the others, as on
 * Linux.
 *
 * Remove a registration before you close the socket. If a socket was closed first, the next wait
 * drops its registration. A new socket that gets the same number before that wait may be taken for
 * the old one: ADD fails with EEXIST then; use MOD (after ENOENT, because the wait of another
 * thread came between, ADD again).
 */
WAKEPOLL_API int epoll_ctl(void* port, int op, uintptr_t sock, struct epoll_event* event);

/*
 * Waits until something is ready and returns the number of events stored, `maxevents` at most; 0 if
 * the timeout expires first, or `epoll_wake` was called. `timeout` is in milliseconds; negative is
 * without a limit. A finite wait never ends early except by a wake.
 *
 * Several threads may wait on one port: one of them waits for events, the others for their turn. A
 * one-shot registration reports to one of them; any other to each, as long as it is ready. A call
 * with timeout 0 while another thread waits returns 0 immediately, because that thread gets the
 * events.
 *
 * EINVAL: `maxevents` is not positive, or `port` is a handle but no port; EFAULT: `events` is null;
 * EBADF: `port` is no handle, or was closed meanwhile; EBUSY: the process is ending, and the thread
 * that waited for events may have ended; ENOMEM, ENOBUFS and others, from the system: nothing is
 * lost, so the call may be repeated.
 */
WAKEPOLL_API int epoll_wait(void* port, struct epoll_event* events, int maxevents, int timeout);

/*
 * Ends one wait early: one in progress, or else the next. Several wakes before a wait has ended
 * coalesce. A wait that has events when the wake comes returns these, and the wake is over: check
 * what it was for after every wait, not only after one that returns 0. ENOMEM: the wake could not
 * be delivered, and the wait in progress continues; the next one ends nevertheless.
 */
WAKEPOLL_API int epoll_wake(void* port);

#ifdef __cplusplus
}
#endif

#endif

// lib/core/port_state.hpp
// The one word of a port of the C face: the calls that use it, the thread that leads, those that
// wait for the lead, and whether it is shut.
//
// The memory of a port is never freed, but reused for another port. So a call may read the word at
// any time; it makes sure that the port is the one it wants, and enters by an exchange that fails
// if the word has changed since. Each opening has another generation, so a word that was read
// before a port was shut never equals one of the next port's. Once shut, a port is entered no more,
// so the call that leaves last is the last one to use it.
//
// Any thread may call anything but `open`. No system call is made here.

#include <atomic>
#include <cstdint>

namespace wakepoll::core {

class PortState {
public:
    using Word = std::uint64_t;

    /// Read it before the number of the port is compared.
    [[nodiscard]] Word read() const noexcept { return word_.load(std::memory_order_acquire); }

    /// Enters if the port is open and the word unchanged.
    [[nodiscard]] bool try_enter(Word seen) noexcept {
        seen &= ~shut;  // The exchange fails if it was set.
        return try_replace(seen, seen + one_user);
    }
    /// The same, and takes the lead, if that is free, too.
    [[nodiscard]] bool try_enter_and_lead(Word seen) noexcept {
        seen &= ~(shut | led);
        return try_replace(seen, seen + (one_user | led));
    }
    /// Enters a port that is known to be the wanted one; false if it is shut.
    [[nodiscard]] bool enter() noexcept;

    // Calls that have entered.

    /// Leaves. The functions below interpret the word that it returns.
    [[nodiscard]] Word leave() noexcept { return word_.fetch_sub(one_user, order); }
    /// Gives up the lead and leaves, in one step.
    [[nodiscard]] Word leave_leading() noexcept { return word_.fetch_sub(one_user | led, order); }

    // For a word that `leave` or `leave_leading` has returned.

    [[nodiscard]] static bool was_open(Word left) noexcept { return (left & shut) == 0; }
    /// It was open, and no call waited for the lead.
    [[nodiscard]] static bool is_settled(Word left) noexcept {
        return (left & (shut | follower_mask)) == 0;
    }
    /// Calls waited for the lead: one of those has to be woken, whatever else is true.
    [[nodiscard]] static bool had_followers(Word left) noexcept {
        return (left & follower_mask) != 0;
    }
    /// It was the last call of a port that is shut.
    [[nodiscard]] static bool is_over(Word left) noexcept {
        return !was_open(left) && (left & user_mask) == one_user;
    }

    /// Counts the call among those that wait for the lead. Call `try_lead` afterwards: a call that
    /// leads and leaves after this step knows of the follower.
    void begin_to_follow() noexcept { word_.fetch_add(one_follower, order); }
    void end_to_follow() noexcept { word_.fetch_sub(one_follower, order); }
    /// Takes the lead, if it is free and the port open.
    [[nodiscard]] bool try_lead() noexcept;

    /// Refuses all further calls and leads. False if it was shut before.
    [[nodiscard]] bool close() noexcept { return (word_.fetch_or(shut, order) & shut) == 0; }

    [[nodiscard]] bool is_shut() const noexcept { return (read() & shut) != 0; }

    /// Opens it, or opens it again after the last call has left (`is_over`). One thread.
    void open() noexcept {
        word_.store((read() & generation_mask) + one_generation, std::memory_order_release);
    }

private:
    // From the lowest bit: two flags, followers (20 bits), users, followers among them (20), the
    // generation (22). What a call checks is in the lower half, where that is cheaper.
    static constexpr Word shut = 1U << 0;
    static constexpr Word led = 1U << 1;
    static constexpr Word one_follower = 1U << 2;
    static constexpr Word follower_mask = Word{0xFFFFF} << 2;
    static constexpr Word one_user = Word{1} << 22;
    static constexpr Word user_mask = Word{0xFFFFF} << 22;
    static constexpr Word one_generation = Word{1} << 42;
    static constexpr Word generation_mask = ~(one_generation - 1);

    static constexpr auto order = std::memory_order_acq_rel;

    [[nodiscard]] bool try_replace(Word seen, Word next) noexcept {
        return word_.compare_exchange_strong(seen, next, order, std::memory_order_relaxed);
    }

    std::atomic<Word> word_{shut};
};

inline bool PortState::enter() noexcept {
    Word word = read();
    while ((word & shut) == 0) {
        if (word_.compare_exchange_weak(word, word + one_user, order)) {
            return true;
        }
    }
    return false;
}

inline bool PortState::try_lead() noexcept {
    Word word = read();
    while ((word & (shut | led)) == 0) {
        if (word_.compare_exchange_weak(word, word | led, order)) {
            return true;
        }
    }
    return false;
}

}  // namespace wakepoll::core

// lib/sys/condition.hpp
// sys: blocks threads until another thread has changed something under a lock.

#include <cstdint>


namespace wakepoll::sys {

/// A wait may end spuriously, so the caller rechecks what it waits for, under the lock.
class Condition {
public:
    Condition() noexcept = default;
    Condition(const Condition&) = delete;
    Condition& operator=(const Condition&) = delete;

    /// SleepConditionVariableSRW: releases the lock, which the thread must hold, while it blocks.
    /// `kernel_infinite` waits without a limit.
    void wait(Lock& lock, std::uint32_t milliseconds) noexcept;

    /// WakeConditionVariable: wakes one blocked thread.
    void wake_one() noexcept;

    /// WakeAllConditionVariable.
    void wake_all() noexcept;

private:
    /// The memory of a CONDITION_VARIABLE.
    void* word_ = nullptr;
};

}  // namespace wakepoll::sys

// lib/face/epoll_port.hpp
// A port of the C face: a poller, the handle that names it, and the threads that wait at it.
//
// A poller lets one thread wait. So one thread has the *lead* and waits in the poller; the others
// block until the lead is free, the port is closed, or their timeout expires. A thread that gives
// up the lead always wakes one of them, so that a waiter is there for the events it left over and
// for the next ones.
//
// The handle is a completion port that receives nothing, so that no use of it by another part of
// the program can harm the poller. It is protected from CloseHandle, so its number belongs to this
// port until `epoll_close`.
//
// A port has its place in the table of `EpollPorts`. When it is closed, it stays there, vacant, and
// is used again. So a call enters and leaves a port by one atomic step each on the word in
// core/port_state.hpp, and takes and gives up the lead in the same steps.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>


namespace wakepoll {

class alignas(64) EpollPort {
public:
    using Word = core::PortState::Word;

    /// The contents of an open port, in one block with the room for a wait's events behind it.
    struct Contents {
        [[nodiscard]] static Result<Contents*> create(const PollerConfig& config) noexcept;
        /// Frees everything, this block included. The poller has been disposed of.
        void destroy() noexcept;

        sys::CompletionPort name;
        Poller* poller;
    };

    EpollPort() noexcept = default;
    EpollPort(const EpollPort&) = delete;
    EpollPort& operator=(const EpollPort&) = delete;

    // Any thread, on any port of the table.

    /// The word. Read it before calling `has`.
    [[nodiscard]] Word read() const noexcept { return state_.read(); }
    /// True if the port is open, or being closed, and has this number.
    [[nodiscard]] bool has(Handle handle) const noexcept {
        return number_.load(std::memory_order_relaxed) == handle.value();
    }
    [[nodiscard]] bool try_enter(Word seen) noexcept { return state_.try_enter(seen); }
    [[nodiscard]] bool try_enter_and_lead(Word seen) noexcept {
        return state_.try_enter_and_lead(seen);
    }
    [[nodiscard]] bool is_closed() const noexcept { return state_.is_shut(); }

    // Calls that have entered the port.

    /// Returns its argument, so that the caller need not keep it across the call.
    int leave(int answer = 0) noexcept {
        const Word left = state_.leave();
        return core::PortState::was_open(left) ? answer : after(left, answer);
    }
    [[nodiscard]] Poller& poller() noexcept { return *poller_; }

    [[nodiscard]] bool try_lead() noexcept { return state_.try_lead(); }
    /// Blocks until this thread has the lead (true), the port is closed, or the time is over;
    /// `timeout` becomes what is left of it. In a process that is ending it does not block, because
    /// the thread that leads may be gone.
    [[nodiscard]] bool follow(Timeout& timeout) noexcept;

    /// Ends all waits and disposes of the poller. False if that was done before. Keeps the number.
    [[nodiscard]] bool close() noexcept;

    // The call that leads.

    /// More events than this cannot be ready at once.
    static constexpr std::size_t most_events = capacity_limit;

    /// Room for what the poller stores in one wait: `most_events` at most.
    [[nodiscard]] std::span<NativeEvent> native(std::size_t room) noexcept {
        return {native_, room};
    }
    /// Copies the events of a wait, gives up the lead and leaves. Returns the number of events.
    [[nodiscard]] int hand_out(epoll_event* events, std::span<const NativeEvent> native) noexcept;
    /// Gives up the lead and leaves.
    void leave_leading() noexcept {
        const Word left = state_.leave_leading();
        if (!core::PortState::is_settled(left)) {
            after_leading(left);
        }
    }

    // Under the lock of the table.

    [[nodiscard]] bool is_vacant() const noexcept {
        return contents_.load(std::memory_order_acquire) == nullptr;
    }
    /// Opens a vacant port.
    void open(Contents& contents) noexcept;
    /// Enters the port that is open here; false if none is.
    [[nodiscard]] bool enter() noexcept { return state_.enter(); }
    /// Gives up the number and closes the handle. If the handle is not protected, it is left alone:
    /// it was closed by force, and may be another object's. For a call that has entered.
    void close_handle() noexcept;
    /// Gives up the number without closing it: the handle was closed by force and is another
    /// port's.
    void lose_handle() noexcept;

private:
    static constexpr std::size_t block_size = sizeof(Contents) + most_events * sizeof(NativeEvent);
    static_assert(sizeof(Contents) % alignof(NativeEvent) == 0);

    /// Destroys the contents if the port is shut and this call was the last to leave.
    int after(Word left, int answer) noexcept;
    void after_leading(Word left) noexcept;

    core::PortState state_;
    std::atomic<std::uintptr_t> number_ = 0;
    // Valid while the port is open, for calls that have entered.
    Poller* poller_ = nullptr;
    NativeEvent* native_ = nullptr;  ///< For the thread that leads.
    std::atomic<Contents*> contents_ = nullptr;
    sys::Lock lock_;  ///< For the followers.
    sys::Condition lead_is_free_;
};

}  // namespace wakepoll

// lib/face/epoll_calls.hpp
// The parts of epoll_ctl and epoll_wait. Each call enters its port and then runs one of these. They
// are separate functions, so that none saves registers that only another one needs.

#include <cstdint>
#include <span>
#include <system_error>


namespace wakepoll::epoll_calls {

// At a port that the call has entered. Each of these leaves it.

/// Waits; the caller has the lead. `native` is the port's, and as long as `events`.
int wait(EpollPort& port, epoll_event* events, std::span<NativeEvent> native,
         Timeout timeout) noexcept;
int add(EpollPort& port, Handle handle, const epoll_event* event) noexcept;
int modify(EpollPort& port, Handle handle, const epoll_event* event) noexcept;
int remove(EpollPort& port, Handle handle) noexcept;
/// Fails for an `op` that does not exist.
int refuse(EpollPort& port, Handle handle, const epoll_event* event) noexcept;
/// Leaves the port and fails.
int leave_failed(EpollPort& port, std::error_code error, Handle handle) noexcept;
int leave_not_added(EpollPort& port, std::error_code error, Handle handle) noexcept;

inline int control(EpollPort& port, int op, Handle handle, const epoll_event* event) noexcept {
    if (op == EPOLL_CTL_ADD) {
        return add(port, handle, event);
    }
    if (op == EPOLL_CTL_MOD) {
        return modify(port, handle, event);
    }
    return op == EPOLL_CTL_DEL ? remove(port, handle) : refuse(port, handle, event);
}

// The slow paths: the port is not in its first place, is in use by other calls, or does not exist.

int wait_slowly(void* port, epoll_event* events, int maxevents, int timeout) noexcept;
int control_slowly(void* port, int op, std::uintptr_t sock, epoll_event* event) noexcept;

}  // namespace wakepoll::epoll_calls

// lib/face/epoll_errors.hpp
// How a function of the C face fails: it sets `errno` and the last error, and returns -1.

#include <cstdint>
#include <system_error>


namespace wakepoll::epoll_errors {

int fail(int number, std::uint32_t code) noexcept;
int fail(std::error_code error) noexcept;

/// Fails ADD: ENOTSOCK for a handle that cannot be waited for, but EPERM for a disk file.
int fail_to_add(Handle handle, std::error_code error) noexcept;
/// Fails with EBADF for a number that is no handle, and with EINVAL for another handle.
int fail_for(Handle handle) noexcept;
int fail_for_null() noexcept;

/// `bad_file_descriptor` for a number that is no handle, `invalid_argument` for another handle.
[[nodiscard]] std::error_code not_suitable(Handle handle) noexcept;

}  // namespace wakepoll::epoll_errors

// lib/face/epoll_ports.hpp
// The ports of the process, found by their handles.
//
// The table has rows of 64 places. A handle's number selects the place; its port is in the first
// row where that place was vacant. Rows are added as needed and stay, so a call finds its port
// without a lock and enters it by one atomic step (see core/port_state.hpp). Opening and closing
// take the lock. So does a call that has found no port: under the lock no port is half closed.

#include <array>
#include <atomic>
#include <cstddef>
#include <system_error>


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

// lib/own_errors.hpp
// Windows' codes where wakepoll itself reports what Windows would: how an operation ended, and the
// errors of the C face. What wakepoll refuses in C++ is an `errc` (wakepoll/error.hpp).
//
// Each compares equal to the errc in its name (the table is in lib/error.cpp).

#include <system_error>


namespace wakepoll::own_errors {

[[nodiscard]] inline std::error_code bad_file_descriptor() noexcept {
    return win32_error(6);  // ERROR_INVALID_HANDLE
}
[[nodiscard]] inline std::error_code not_enough_memory() noexcept {
    return win32_error(8);  // ERROR_NOT_ENOUGH_MEMORY
}
[[nodiscard]] inline std::error_code invalid_argument() noexcept {
    return win32_error(87);  // ERROR_INVALID_PARAMETER
}
[[nodiscard]] inline std::error_code operation_canceled() noexcept {
    return win32_error(995);  // ERROR_OPERATION_ABORTED
}

}  // namespace wakepoll::own_errors

// lib/face/epoll.cpp
// The C face: see wakepoll/epoll.h.

#include <cstddef>
#include <system_error>


static_assert(sizeof(epoll_event) == 16 && offsetof(epoll_event, data) == 8);
static_assert(EPOLLIN == wakepoll::mask::in && EPOLLPRI == wakepoll::mask::pri &&
              EPOLLOUT == wakepoll::mask::out && EPOLLERR == wakepoll::mask::err &&
              EPOLLHUP == wakepoll::mask::hup && EPOLLRDNORM == wakepoll::mask::rdnorm &&
              EPOLLRDBAND == wakepoll::mask::rdband && EPOLLWRNORM == wakepoll::mask::wrnorm &&
              EPOLLWRBAND == wakepoll::mask::wrband && EPOLLRDHUP == wakepoll::mask::rdhup &&
              EPOLLONESHOT == wakepoll::mask::oneshot && EPOLLET == wakepoll::mask::et);

namespace wakepoll {
namespace {

using epoll_errors::fail;

/// A port in use by one call.
class Use {
public:
    explicit Use(void* port) noexcept : port_(epoll_ports.enter(Handle(port))) {}
    ~Use() {
        if (port_ != nullptr) {
            port_->leave();
        }
    }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

    [[nodiscard]] explicit operator bool() const noexcept { return port_ != nullptr; }
    [[nodiscard]] EpollPort* operator->() const noexcept { return port_; }
    [[nodiscard]] EpollPort& operator*() const noexcept { return *port_; }

private:
    EpollPort* const port_;
};

void* create() noexcept {
    PollerConfig config{.max_registrations = capacity_limit,
                        .max_overlapped_entries = capacity_limit,
                        .backend = Backend::afd};
    Result<EpollPort::Contents*> contents = EpollPort::Contents::create(config);
    if (contents.error() == std::errc::not_supported) {
        config.backend = Backend::wsapoll;
        contents = EpollPort::Contents::create(config);
    }
    if (!contents) {
        static_cast<void>(fail(contents.error()));
        return nullptr;
    }
    void* const handle = (*contents)->name.handle().native();
    if (const std::error_code error = epoll_ports.insert(**contents)) {
        (*contents)->poller->dispose();
        (*contents)->destroy();
        static_cast<void>(fail(error));
        return nullptr;
    }
    return handle;
}

}  // namespace

extern "C" WAKEPOLL_API void* epoll_create(int size) {
    if (size <= 0) {
        static_cast<void>(fail(own_errors::invalid_argument()));
        return nullptr;
    }
    return create();
}

extern "C" WAKEPOLL_API void* epoll_create1(int flags) { return epoll_create(flags == 0 ? 1 : 0); }

extern "C" WAKEPOLL_API int epoll_close(void* port) {
    const Use use(port);
    if (!use) {
        return fail(epoll_ports.refusal(Handle(port)));
    }
    if (!use->close()) {
        return fail(own_errors::bad_file_descriptor());
    }
    epoll_ports.remove(*use);
    return 0;
}

extern "C" WAKEPOLL_API int epoll_ctl(void* port, int op, uintptr_t sock, epoll_event* event) {
    EpollPort& place = epoll_ports.first_place_of(Handle(port));
    const EpollPort::Word seen = place.read();
    if (!place.has(Handle(port)) || !place.try_enter(seen)) {
        return epoll_calls::control_slowly(port, op, sock, event);
    }
    return epoll_calls::control(place, op, Handle(sock), event);
}

extern "C" WAKEPOLL_API int epoll_wait(void* port, epoll_event* events, int maxevents,
                                       int timeout) {
    // Without room, `room - 1` wraps around and is too large.
    const unsigned room = static_cast<unsigned>(maxevents);
    const bool is_sound = room - 1 < EpollPort::most_events && events != nullptr;
    EpollPort& place = epoll_ports.first_place_of(Handle(port));
    const EpollPort::Word seen = place.read();
    if (!is_sound || !place.has(Handle(port)) || !place.try_enter_and_lead(seen)) {
        return epoll_calls::wait_slowly(port, events, maxevents, timeout);
    }
    return epoll_calls::wait(place, events, place.native(room),
                             Timeout::from_milliseconds(timeout));
}

extern "C" WAKEPOLL_API int epoll_wake(void* port) {
    const Use use(port);
    if (!use) {
        return fail(epoll_ports.refusal(Handle(port)));
    }
    if (use->poller().wake()) {
        return 0;
    }
    return fail(use->is_closed() ? own_errors::bad_file_descriptor()
                                 : own_errors::not_enough_memory());
}

}  // namespace wakepoll

// lib/face/epoll_calls.cpp

#include <algorithm>
#include <cstddef>
#include <system_error>


namespace wakepoll::epoll_calls {
namespace {

using epoll_errors::fail;

IoInterest interest_of(const epoll_event& event) noexcept {
    return IoInterest{event.events & (core::interest_bits | mask::et)};
}

}  // namespace

int wait(EpollPort& port, epoll_event* events, std::span<NativeEvent> native,
         Timeout timeout) noexcept {
    const WaitResult result = port.poller().wait(native, timeout);
    if (result.count > 0) {
        return port.hand_out(events, result.events());
    }
    port.leave_leading();
    return result.error ? fail(result.error) : 0;
}

int add(EpollPort& port, Handle handle, const epoll_event* event) noexcept {
    if (event == nullptr) {
        port.leave();
        return epoll_errors::fail_for_null();
    }
    const Result<void> added = port.poller().add(handle, interest_of(*event), event->data.u64);
    return added ? port.leave() : leave_not_added(port, added.error(), handle);
}

int modify(EpollPort& port, Handle handle, const epoll_event* event) noexcept {
    if (event == nullptr) {
        port.leave();
        return epoll_errors::fail_for_null();
    }
    const Result<void> done = port.poller().modify(handle, interest_of(*event), event->data.u64);
    return done ? port.leave() : leave_failed(port, done.error(), handle);
}

int remove(EpollPort& port, Handle handle) noexcept {
    const Result<void> done = port.poller().remove(handle);
    return done ? port.leave() : leave_failed(port, done.error(), handle);
}

int wait_slowly(void* port, epoll_event* events, int maxevents, int timeout) noexcept {
    if (maxevents <= 0) {
        return fail(own_errors::invalid_argument());
    }
    if (events == nullptr) {
        return epoll_errors::fail_for_null();
    }
    EpollPort* const found = epoll_ports.enter(Handle(port));
    if (found == nullptr) {
        return fail(epoll_ports.refusal(Handle(port)));
    }
    Timeout left = Timeout::from_milliseconds(timeout);
    if (!found->try_lead() && !found->follow(left)) {
        const bool closed = found->is_closed();
        found->leave();
        if (closed) {
            return fail(own_errors::bad_file_descriptor());
        }
        return sys::process_is_ending() ? fail(errc::another_wait) : 0;
    }
    const std::size_t room = static_cast<unsigned>(maxevents);
    return wait(*found, events, found->native(std::min(room, EpollPort::most_events)), left);
}

int control_slowly(void* port, int op, std::uintptr_t sock, epoll_event* event) noexcept {
    if (event == nullptr && op != EPOLL_CTL_DEL) {
        return epoll_errors::fail_for_null();
    }
    EpollPort* const found = epoll_ports.enter_slowly(Handle(port));
    if (found == nullptr) {
        const std::error_code error = epoll_ports.refusal(Handle(port));
        return error == std::errc::invalid_argument ? epoll_errors::fail_for(Handle(sock))
                                                    : fail(error);
    }
    return control(*found, op, Handle(sock), event);
}

}  // namespace wakepoll::epoll_calls

// lib/poller/classify.hpp
// The kind of kernel object of a handle: combines the queries of sys/handle_info.
//
// Called once per registration, on the registering thread. Changes nothing and keeps nothing.
// Winsock must have been started, because a socket looks like a pipe to every call except
// Winsock's.

#include <cstdint>


namespace wakepoll {

/// True if the kernel may have given out this number. It uses multiples of four and ignores the
/// two low bits, so an object would otherwise have four numbers. And it never gives out the
/// pseudo-handles: GetCurrentProcess() is -1, GetCurrentThread() -2, the tokens are -4 to -6, and
/// some calls take -10 to -12 for the standard handles.
[[nodiscard]] constexpr bool can_be_dealt(Handle handle) noexcept {
    return handle && handle.value() % 4 == 0 && handle.value() < ~std::uintptr_t{15};
}

/// The kind of `handle`; `HandleType::unknown` for an object that is none of them (NUL, a mutex).
///
/// `bad_file_descriptor` for what is not an open handle or cannot be one. A Winsock error that does
/// not concern the handle (not started, network down) is returned as it is.
[[nodiscard]] Result<HandleType> classify(Handle handle) noexcept;

/// True if `handle` is an open handle, of any kind; false for pseudo-handles. One call, which
/// unlike those of `classify` does not wait for a read of a synchronous file.
[[nodiscard]] bool is_open(Handle handle) noexcept;

}  // namespace wakepoll

// lib/face/epoll_errors.cpp

#include <cerrno>


namespace wakepoll::epoll_errors {
namespace {

constexpr std::uint32_t code_not_a_socket = 10038;  // WSAENOTSOCK
constexpr std::uint32_t code_no_access = 998;       // ERROR_NOACCESS

}  // namespace

int fail(int number, std::uint32_t code) noexcept {
    errno = number;
    sys::set_last_error(code);
    return -1;
}

int fail(std::error_code error) noexcept {
    // The port is closed, or Winsock reports a bad number.
    if (error == std::errc::operation_canceled || error == std::errc::bad_file_descriptor) {
        error = own_errors::bad_file_descriptor();
    }
    const std::error_condition condition = error.default_error_condition();
    return fail(condition.category() == std::generic_category() ? condition.value() : EINVAL,
                win32_code(error));
}

int fail_to_add(Handle handle, std::error_code error) noexcept {
    if (error == std::errc::operation_not_permitted) {
        const Result<HandleType> type = classify(handle);
        if (!type || *type != HandleType::file) {
            return fail(ENOTSOCK, code_not_a_socket);
        }
    }
    return fail(error);
}

int fail_for(Handle handle) noexcept { return fail(not_suitable(handle)); }

int fail_for_null() noexcept { return fail(EFAULT, code_no_access); }

std::error_code not_suitable(Handle handle) noexcept {
    return is_open(handle) ? own_errors::invalid_argument() : own_errors::bad_file_descriptor();
}

}  // namespace wakepoll::epoll_errors

// lib/sys/memory.hpp
// sys: the one block of memory that a poller lives in.
//
// Zeroed, and backed by memory only where it is touched, so a large capacity costs address space
// and commit charge, but no memory and no time.

#include <cstddef>

namespace wakepoll::sys {

/// VirtualAlloc(MEM_RESERVE | MEM_COMMIT) of at least `size` zeroed bytes, aligned to at least a
/// page; null if there is not enough memory.
[[nodiscard]] void* allocate_zeroed(std::size_t size) noexcept;

/// VirtualFree of such a block.
void free_zeroed(void* block, std::size_t size) noexcept;

}  // namespace wakepoll::sys

// lib/face/epoll_port.cpp

#include <mutex>
#include <new>
#include <utility>


namespace wakepoll {

Result<EpollPort::Contents*> EpollPort::Contents::create(const PollerConfig& config) noexcept {
    Result<sys::CompletionPort> name = sys::CompletionPort::create();
    if (!name) {
        return name.error();
    }
    void* const block = sys::allocate_zeroed(block_size);
    if (block == nullptr) {
        return own_errors::not_enough_memory();
    }
    const Result<Poller*> poller = Poller::create(config);
    if (!poller) {
        sys::free_zeroed(block, block_size);
        return poller.error();
    }
    return ::new (block) Contents{std::move(*name), *poller};
}

void EpollPort::Contents::destroy() noexcept {
    poller->release();
    this->~Contents();
    sys::free_zeroed(this, block_size);
}

bool EpollPort::follow(Timeout& timeout) noexcept {
    core::nanoseconds now = sys::now();
    const core::Deadline deadline(timeout, now);
    const std::lock_guard guard(lock_);
    state_.begin_to_follow();
    bool leads = state_.try_lead();
    while (!leads && !state_.is_shut() && !deadline.has_passed(now) && !sys::process_is_ending()) {
        lead_is_free_.wait(lock_, deadline.kernel_timeout(now));
        now = sys::now();
        leads = state_.try_lead();  // Even if the time is over: its leaving wakes the next.
    }
    state_.end_to_follow();
    timeout = deadline.left(now);
    return leads;
}

int EpollPort::hand_out(epoll_event* events, std::span<const NativeEvent> native) noexcept {
    for (const NativeEvent& event : native) {
        events->events = event.events;
        events->data.u64 = event.data.u64;
        ++events;
    }
    leave_leading();
    return static_cast<int>(native.size());
}

bool EpollPort::close() noexcept {
    if (!state_.close()) {
        return false;
    }
    {
        const std::lock_guard guard(lock_);
        lead_is_free_.wake_all();
    }
    poller().dispose();
    return true;
}

void EpollPort::after_leading(Word left) noexcept {
    if (core::PortState::had_followers(left)) {
        // This may be another port by now, whose follower then looks once in vain.
        const std::lock_guard guard(lock_);
        lead_is_free_.wake_one();
    }
    static_cast<void>(after(left, 0));
}

int EpollPort::after(Word left, int answer) noexcept {
    if (core::PortState::is_over(left)) {
        // Only this call gets the contents; the port may be opened again meanwhile.
        contents_.exchange(nullptr, std::memory_order_acq_rel)->destroy();
    }
    return answer;
}

void EpollPort::open(Contents& contents) noexcept {
    contents.name.protect(true);
    poller_ = contents.poller;
    native_ = reinterpret_cast<NativeEvent*>(&contents + 1);
    contents_.store(&contents, std::memory_order_relaxed);
    number_.store(contents.name.handle().value(), std::memory_order_relaxed);
    state_.open();
}

void EpollPort::close_handle() noexcept {
    number_.store(0, std::memory_order_relaxed);
    sys::CompletionPort& name = contents_.load(std::memory_order_relaxed)->name;
    if (sys::is_protected(name.handle())) {
        name.protect(false);
        name.close();
    } else {
        static_cast<void>(name.release());
    }
}

void EpollPort::lose_handle() noexcept {
    number_.store(0, std::memory_order_relaxed);
    static_cast<void>(contents_.load(std::memory_order_relaxed)->name.release());
}

}  // namespace wakepoll

// lib/face/epoll_ports.cpp

#include <mutex>
#include <new>
#include <type_traits>


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

// lib/face/epoll_refusals.cpp
// How calls fail. Apart from epoll_calls.cpp, so that the compiler does not make calls that succeed
// save registers that only these need.
#include <system_error>


namespace wakepoll::epoll_calls {
namespace {

/// What Linux would report if more than one argument is wrong. It checks in this order: `event`,
/// the numbers, whether a port is to be registered with itself, the interest, the registration.
std::error_code first_error(const EpollPort& port, std::error_code error, Handle handle) noexcept {
    if (error == errc::edge_triggered && !is_open(handle)) {
        return own_errors::bad_file_descriptor();
    }
    const bool is_unknown = error == errc::not_registered || error == errc::nothing_to_wait_for;
    return is_unknown && port.has(handle) ? own_errors::invalid_argument() : error;
}

}  // namespace

int leave_failed(EpollPort& port, std::error_code error, Handle handle) noexcept {
    error = first_error(port, error, handle);
    port.leave();
    return epoll_errors::fail(error);
}

int leave_not_added(EpollPort& port, std::error_code error, Handle handle) noexcept {
    error = first_error(port, error, handle);
    port.leave();
    return epoll_errors::fail_to_add(handle, error);
}

int refuse(EpollPort& port, Handle handle, const epoll_event* event) noexcept {
    port.leave();
    return event == nullptr ? epoll_errors::fail_for_null() : epoll_errors::fail_for(handle);
}

}  // namespace wakepoll::epoll_calls

// lib/face/os_poller.cpp
// OsPoller: forwards each call to its Poller. One that was moved from answers as after `dispose`.

#include <limits>
#include <utility>


namespace wakepoll {
namespace {

constexpr errc not_refused{};

/// WSABUF has no constant pointer; a write only reads the buffer.
IoBuffer whole_of(std::span<const std::byte> buffer) noexcept {
    return {static_cast<std::uint32_t>(buffer.size()), const_cast<std::byte*>(buffer.data())};
}

}  // namespace

Result<OsPoller> OsPoller::create(const PollerConfig& config) noexcept {
    const Result<Poller*> poller = Poller::create(config);
    if (!poller) {
        return poller.error();
    }
    return OsPoller(*poller);
}

OsPoller::OsPoller(OsPoller&& other) noexcept : poller_(std::exchange(other.poller_, nullptr)) {}

OsPoller& OsPoller::operator=(OsPoller&& other) noexcept {
    OsPoller taken(std::move(other));
    std::swap(poller_, taken.poller_);
    return *this;
}

OsPoller::~OsPoller() {
    dispose();
    if (poller_ != nullptr) {
        poller_->release();
    }
}

void OsPoller::dispose() noexcept {
    if (poller_ != nullptr) {
        poller_->dispose();
    }
}

bool OsPoller::is_valid() const noexcept { return poller_ != nullptr && !poller_->is_disposed(); }

Handle OsPoller::handle() const noexcept {
    return poller_ != nullptr ? poller_->port_for_own_packets() : Handle{};
}

std::size_t OsPoller::registration_count() const noexcept {
    return poller_ != nullptr ? poller_->registration_count() : 0;
}

std::size_t OsPoller::overlapped_count() const noexcept {
    return poller_ != nullptr ? poller_->pool().active_count() : 0;
}

OverlappedPool& OsPoller::overlapped_pool() noexcept {
    static OverlappedPool empty(nullptr);
    return is_valid() ? poller_->pool() : empty;
}

PollerStats OsPoller::stats() const noexcept {
    return poller_ != nullptr ? poller_->statistics() : PollerStats{};
}

Backend OsPoller::backend() const noexcept {
    return poller_ != nullptr ? poller_->statistics().backend : Backend::wsapoll;
}

Result<HandleType> OsPoller::classify(Handle handle) noexcept { return wakepoll::classify(handle); }

Result<void> OsPoller::register_handle(Handle handle, IoInterest interest,
                                       UserData user_data) noexcept {
    return poller_ != nullptr ? poller_->add(handle, interest, user_data.number())
                              : errc::poller_is_closed;
}

Result<void> OsPoller::modify_handle(Handle handle, IoInterest interest,
                                     UserData user_data) noexcept {
    return poller_ != nullptr ? poller_->modify(handle, interest, user_data.number())
                              : errc::poller_is_closed;
}

Result<void> OsPoller::unregister_handle(Handle handle) noexcept {
    return poller_ != nullptr ? poller_->remove(handle) : errc::poller_is_closed;
}

Result<void> OsPoller::associate_handle(Handle handle, UserData key) noexcept {
    return poller_ != nullptr ? poller_->associate(handle, key.number()) : errc::poller_is_closed;
}

Result<AttachedHandle> OsPoller::attach(Handle handle) noexcept {
    if (poller_ == nullptr) {
        return errc::poller_is_closed;
    }
    const Result<core::SlotUse> attachment = poller_->attach(handle);
    if (!attachment) {
        return attachment.error();
    }
    return AttachedHandle(SlotHolder(*poller_, handle, *attachment));
}

errc OsPoller::refuses(const SubmitTarget& target, std::size_t size) const noexcept {
    if (!is_valid()) {
        return errc::poller_is_closed;
    }
    if (size > std::numeric_limits<std::uint32_t>::max()) {
        return errc::buffer_too_long;
    }
    if (target.attached_ == nullptr || target.attached_->holder_.poller() == poller_) {
        return not_refused;
    }
    return *target.attached_ ? errc::attached_elsewhere : errc::attachment_is_over;
}

OperationTarget OsPoller::resolve(const SubmitTarget& target) noexcept {
    return {target.handle_,
            target.attached_ != nullptr ? target.attached_->holder_.use() : core::SlotUse{}};
}

Result<OverlappedEntry*> OsPoller::submit_read(const SubmitTarget& target,
                                               std::span<std::byte> buffer, UserData user_data,
                                               std::uint64_t offset) noexcept {
    return submit_buffer(target, IoOperation::read, buffer, user_data.number(), offset);
}

Result<OverlappedEntry*> OsPoller::submit_write(const SubmitTarget& target,
                                                std::span<const std::byte> buffer,
                                                UserData user_data, std::uint64_t offset) noexcept {
    return submit_buffer(target, IoOperation::write, buffer, user_data.number(), offset);
}

Result<OverlappedEntry*> OsPoller::submit_buffer(const SubmitTarget& target, IoOperation operation,
                                                 std::span<const std::byte> buffer,
                                                 std::uint64_t user_data,
                                                 std::uint64_t offset) noexcept {
    const IoBuffer whole = whole_of(buffer);
    if (const errc reason = refuses(target, buffer.size()); reason != not_refused) {
        return reason;
    }
    return poller_->operate(target.handle_, [&](Operations& operations) {
        return operations.submit_transfer(resolve(target), operation, {&whole, 1}, user_data,
                                          offset);
    });
}

Result<OverlappedEntry*> OsPoller::submit_buffers(const SubmitTarget& target, IoOperation operation,
                                                  std::span<const IoBuffer> buffers,
                                                  std::uint64_t user_data) noexcept {
    if (const errc reason = refuses(target); reason != not_refused) {
        return reason;
    }
    return poller_->operate(target.handle_, [&](Operations& operations) {
        return operations.submit_transfer(resolve(target), operation, buffers, user_data, 0);
    });
}

Result<OverlappedEntry*> OsPoller::submit_receive_from(const SubmitTarget& target,
                                                       std::span<std::byte> buffer,
                                                       std::span<std::byte> address,
                                                       UserData user_data) noexcept {
    const IoBuffer whole = whole_of(buffer);
    if (const errc reason = refuses(target, buffer.size()); reason != not_refused) {
        return reason;
    }
    return poller_->operate(target.handle_, [&](Operations& operations) {
        return operations.submit_receive_from(resolve(target), whole, address, user_data.number());
    });
}

Result<OverlappedEntry*> OsPoller::submit_send_to(const SubmitTarget& target,
                                                  std::span<const std::byte> buffer,
                                                  std::span<const std::byte> address,
                                                  UserData user_data) noexcept {
    const IoBuffer whole = whole_of(buffer);
    if (const errc reason = refuses(target, buffer.size()); reason != not_refused) {
        return reason;
    }
    return poller_->operate(target.handle_, [&](Operations& operations) {
        return operations.submit_send_to(resolve(target), whole, address, user_data.number());
    });
}

Result<OverlappedEntry*> OsPoller::submit_accept(const SubmitTarget& listener,
                                                 std::span<std::byte> buffer,
                                                 UserData user_data) noexcept {
    if (const errc reason = refuses(listener); reason != not_refused) {
        return reason;
    }
    return poller_->operate(listener.handle_, [&](Operations& operations) {
        return operations.submit_accept(resolve(listener), buffer, user_data.number());
    });
}

Result<OverlappedEntry*> OsPoller::submit_connect(const SubmitTarget& socket,
                                                  std::span<const std::byte> address,
                                                  UserData user_data) noexcept {
    if (const errc reason = refuses(socket); reason != not_refused) {
        return reason;
    }
    return poller_->operate(socket.handle_, [&](Operations& operations) {
        return operations.submit_connect(resolve(socket), address, user_data.number());
    });
}

Result<OverlappedEntry*> OsPoller::submit_connect_pipe(const SubmitTarget& server,
                                                       UserData user_data) noexcept {
    if (const errc reason = refuses(server); reason != not_refused) {
        return reason;
    }
    return poller_->operate(server.handle_, [&](Operations& operations) {
        return operations.submit_connect_pipe(resolve(server), user_data.number());
    });
}

AcceptedAddresses OsPoller::accepted_addresses(const Completion& completion,
                                               std::span<const std::byte> buffer) noexcept {
    if (!completion.accepted || buffer.size() < accept_address_size) {
        return {};
    }
    const sys::AcceptedAddresses found = sys::accepted_addresses(completion.accepted, buffer);
    return {found.local, found.remote};
}

Result<void> OsPoller::cancel(OverlappedEntry* entry) noexcept {
    const auto end = [&](Operations& operations) { return operations.cancel(entry); };
    return poller_ != nullptr ? poller_->operate({}, end) : errc::poller_is_closed;
}

Result<void> OsPoller::cancel(OverlappedEntry* entry, Handle duplicate) noexcept {
    const auto end = [&](Operations& operations) { return operations.cancel(entry, duplicate); };
    return poller_ != nullptr ? poller_->operate({}, end) : errc::poller_is_closed;
}

Result<void> OsPoller::cancel(Handle handle) noexcept {
    const auto end = [&](Operations& operations) { return operations.cancel(handle); };
    return poller_ != nullptr ? poller_->operate(handle, end) : errc::poller_is_closed;
}

Result<void> OsPoller::set_timer(Clock::time_point deadline) noexcept {
    return poller_ != nullptr ? poller_->set_timer(deadline) : errc::poller_is_closed;
}

Result<void> OsPoller::clear_timer() noexcept {
    return poller_ != nullptr ? poller_->clear_timer() : errc::poller_is_closed;
}

Clock::time_point Clock::now() noexcept { return time_point(sys::now()); }

WaitResult OsPoller::wait(std::span<NativeEvent> events, Timeout timeout) noexcept {
    if (poller_ == nullptr) {
        WaitResult refused;
        refused.error = errc::poller_is_closed;
        return refused;
    }
    return poller_->wait(events, timeout);
}

bool OsPoller::post_wakeup() noexcept { return poller_ != nullptr && poller_->wake(); }

bool OsPoller::post_shutdown() noexcept { return poller_ != nullptr && poller_->shut_down(); }

Waker OsPoller::waker() const noexcept { return Waker(poller_); }

}  // namespace wakepoll

// lib/face/overlapped_pool.cpp

namespace wakepoll {

OverlappedEntry* OverlappedPool::acquire() noexcept {
    const auto take = [this](core::EntryPool& entries) {
        return poller_->is_disposed() ? nullptr : entries.acquire();
    };
    return poller_ != nullptr ? poller_->with_entries(take) : nullptr;
}

Result<void> OverlappedPool::release(OverlappedEntry* entry) noexcept {
    const auto give = [&](core::EntryPool& entries) { return entries.release(entry); };
    return poller_ != nullptr ? poller_->with_entries(give) : errc::foreign_entry;
}

OverlappedEntry* OverlappedPool::find_by_overlapped(const void* overlapped) noexcept {
    const auto find = [&](const core::EntryPool& entries) {
        return entries.find_by_overlapped(overlapped);
    };
    return poller_ != nullptr ? poller_->with_entries(find) : nullptr;
}

std::uint32_t OverlappedPool::active_count() const noexcept {
    const auto count = [this](const core::EntryPool& entries) {
        return poller_->is_disposed() ? 0 : entries.active_count();
    };
    return poller_ != nullptr ? poller_->with_entries(count) : 0;
}

std::uint32_t OverlappedPool::capacity() const noexcept {
    const auto limit = [](const core::EntryPool& entries) { return entries.capacity(); };
    return poller_ != nullptr ? poller_->with_entries(limit) : 0;
}

}  // namespace wakepoll

// lib/face/registration.cpp


namespace wakepoll {

Result<Registration> Registration::create(OsPoller& poller, Handle handle, IoInterest interest,
                                          UserData user_data) noexcept {
    if (poller.poller_ == nullptr) {
        return errc::poller_is_closed;
    }
    const Result<core::SlotUse> use = poller.poller_->add_for(handle, interest, user_data.number());
    if (!use) {
        return use.error();
    }
    return Registration(SlotHolder(*poller.poller_, handle, *use));
}

Registration& Registration::operator=(Registration&& other) noexcept {
    Registration taken(std::move(other));
    std::swap(holder_, taken.holder_);
    return *this;
}

Registration::~Registration() { static_cast<void>(unregister()); }

Result<void> Registration::modify(IoInterest interest, UserData user_data) noexcept {
    return holder_.poller() != nullptr
               ? holder_.poller()->modify_for(holder_.use(), interest, user_data.number())
               : errc::not_registered;
}

Result<void> Registration::unregister() noexcept {
    const SlotHolder ended = std::exchange(holder_, {});
    return ended.poller() != nullptr ? ended.poller()->remove_for(ended.use())
                                     : errc::not_registered;
}

}  // namespace wakepoll

// lib/face/slot_holder.cpp

#include <utility>


namespace wakepoll {

SlotHolder::SlotHolder(Poller& poller, Handle handle, core::SlotUse use) noexcept
    : poller_(&poller),
      handle_(handle.value()),
      slot_(static_cast<std::uint32_t>(use.slot)),
      generation_(use.generation) {
    poller.retain();
}

SlotHolder::SlotHolder(SlotHolder&& other) noexcept
    : poller_(std::exchange(other.poller_, nullptr)),
      handle_(std::exchange(other.handle_, Handle().value())),
      slot_(other.slot_),
      generation_(other.generation_) {}

SlotHolder& SlotHolder::operator=(SlotHolder&& other) noexcept {
    SlotHolder taken(std::move(other));
    std::swap(poller_, taken.poller_);
    std::swap(handle_, taken.handle_);
    std::swap(slot_, taken.slot_);
    std::swap(generation_, taken.generation_);
    return *this;
}

SlotHolder::~SlotHolder() {
    if (poller_ != nullptr) {
        poller_->release();
    }
}

core::SlotUse SlotHolder::use() const noexcept { return {core::Slot{slot_}, generation_}; }

}  // namespace wakepoll

// lib/face/waker.cpp

#include <utility>


namespace wakepoll {

Waker::Waker(Poller* poller) noexcept : poller_(poller) {
    if (poller_ != nullptr) {
        poller_->retain();
    }
}

Waker::Waker(const Waker& other) noexcept : Waker(other.poller_) {}

Waker::Waker(Waker&& other) noexcept : poller_(std::exchange(other.poller_, nullptr)) {}

Waker& Waker::operator=(const Waker& other) noexcept {
    Waker copy(other);
    std::swap(poller_, copy.poller_);
    return *this;
}

Waker& Waker::operator=(Waker&& other) noexcept {
    Waker taken(std::move(other));
    std::swap(poller_, taken.poller_);
    return *this;
}

Waker::~Waker() {
    if (poller_ != nullptr) {
        poller_->release();
    }
}

bool Waker::wake() const noexcept { return poller_ != nullptr && poller_->wake(); }

bool Waker::shutdown() const noexcept { return poller_ != nullptr && poller_->shut_down(); }

}  // namespace wakepoll

// lib/poller/cancels.cpp
// Cancelling operations. Never by a number that belongs to another object by now.
#include <utility>


namespace wakepoll {

using core::PoolEntry;

Result<PoolEntry*> Operations::find_in_flight(OverlappedEntry* entry) const noexcept {
    PoolEntry* const found = list_.entry_at(entry);
    if (found == nullptr) {
        return errc::foreign_entry;
    }
    if (!found->is_under_way() || found->purpose != PoolEntry::Purpose::operation) {
        return errc::not_in_flight;
    }
    return found;
}

Result<void> Operations::cancel(OverlappedEntry* entry) noexcept {
    const Result<PoolEntry*> found = find_in_flight(entry);
    return found ? cancel_in_flight(**found) : found.error();
}

Result<void> Operations::cancel(OverlappedEntry* entry, Handle duplicate) noexcept {
    const Result<PoolEntry*> found = find_in_flight(entry);
    if (!found || (*found)->state() == OverlappedState::cancelling) {
        return found.error();
    }
    const std::error_code error = can_be_dealt(duplicate)
                                      ? sys::cancel(duplicate, (*found)->overlapped)
                                      : make_error_code(errc::bad_handle);
    if (!error) {
        note_canceled(**found);
    }
    return error;
}

Result<void> Operations::cancel(Handle handle) noexcept {
    std::error_code first;
    bool found = false;
    for (PoolEntry* entry = list_.first_in_flight(); entry != nullptr;
         entry = list_.next_in_flight(*entry)) {
        if (entry->handle != handle || is_outlived(*entry) ||
            entry->purpose != PoolEntry::Purpose::operation) {
            continue;
        }
        std::error_code error;
        if (entry->state() == OverlappedState::in_flight) {
            error = ask_for_end(*entry);
            if (error == std::errc::bad_file_descriptor && is_open(handle)) {
                continue;  // It is another object's, which had the number before.
            }
            error = note_end(*entry, error);
        }
        found = true;
        first = first ? first : error;
    }
    return found ? first : make_error_code(errc::not_in_flight);
}

std::error_code Operations::ask_for_end(PoolEntry& entry) noexcept {
    if (entry.purpose != PoolEntry::Purpose::operation) {
        return sys::cancel(entry.handle, entry.overlapped);
    }
    if (is_outlived(entry)) {
        return errc::bad_handle;
    }
    const std::error_code error = sys::cancel(entry.handle, entry.overlapped);
    const bool by_another =
        error == std::errc::no_such_file_or_directory && known_.is_another(entry.use.slot);
    return by_another ? make_error_code(errc::bad_handle) : error;
}

std::error_code Operations::note_end(PoolEntry& entry, std::error_code asked) noexcept {
    if (asked == std::errc::bad_file_descriptor && entry.accepted) {
        // The listener is closed. What it was to accept into is not, and ends the call as well.
        sys::close_socket(std::exchange(entry.accepted, Handle{}));
        asked = {};
    }
    if (asked == std::errc::no_such_file_or_directory) {
        return {};  // It has ended; its packet is pending.
    }
    if (!asked) {
        note_canceled(entry);
    }
    return asked;
}

std::error_code Operations::cancel_in_flight(PoolEntry& entry) noexcept {
    return entry.state() == OverlappedState::cancelling ? std::error_code{}
                                                        : note_end(entry, ask_for_end(entry));
}

void Operations::note_canceled(PoolEntry& entry) noexcept {
    list_.cancel(entry);
    ++stats_.operations_canceled;
}

}  // namespace wakepoll

// lib/poller/changes.cpp
// The calls of a poller between creation and disposal: each takes the lock, and its change is in
// force for a blocked thread when it returns.
#include <mutex>
#include <thread>


namespace wakepoll {

std::error_code Poller::add_locked(Handle handle, IoInterest interest,
                                   std::uint64_t user_data) noexcept {
    std::error_code error = registrations_.add(handle, interest, user_data);
    const bool may_be_over = error == std::errc::file_exists ||
                             error == std::errc::no_space_on_device ||
                             error == std::errc::resource_unavailable_try_again;
    if (may_be_over && has_polls_in_flight()) {
        const std::error_code failed = take_news();
        error = failed ? failed : registrations_.add(handle, interest, user_data);
    }
    return error;
}

Result<void> Poller::add(Handle handle, IoInterest interest, std::uint64_t user_data) noexcept {
    return change<Result<void>>([&] { return add_locked(handle, interest, user_data); });
}

Result<void> Poller::modify(Handle handle, IoInterest interest, std::uint64_t user_data) noexcept {
    return change<Result<void>>([&] { return registrations_.modify(handle, interest, user_data); });
}

Result<void> Poller::remove(Handle handle) noexcept {
    return change<Result<void>>([&] { return registrations_.remove(handle); });
}

Result<core::SlotUse> Poller::add_for(Handle handle, IoInterest interest,
                                      std::uint64_t user_data) noexcept {
    return change<Result<core::SlotUse>>([&]() -> Result<core::SlotUse> {
        if (const std::error_code error = add_locked(handle, interest, user_data)) {
            return error;
        }
        return table_.use_of(table_.find(handle));
    });
}

Result<void> Poller::modify_for(core::SlotUse registration, IoInterest interest,
                                std::uint64_t user_data) noexcept {
    return change<Result<void>>([&]() -> Result<void> {
        if (!table_.goes_on(registration)) {
            return errc::not_registered;
        }
        return registrations_.modify(table_[registration.slot].handle, interest, user_data);
    });
}

Result<void> Poller::remove_for(core::SlotUse registration) noexcept {
    return change<Result<void>>([&]() -> Result<void> {
        if (!table_.goes_on(registration)) {
            return errc::not_registered;
        }
        return registrations_.remove(table_[registration.slot].handle);
    });
}

Result<void> Poller::associate(Handle handle, std::uint64_t key) noexcept {
    return change<Result<void>>([&] {
        static_cast<void>(registrations_.end_if_another(handle));
        std::error_code error = known_.associate(handle, key);
        if (error == errc::no_free_slot && has_polls_in_flight()) {
            const std::error_code failed = take_news();
            error = failed ? failed : known_.associate(handle, key);
        }
        if (!error) {
            wait_.expect_packets();
        }
        return error;
    });
}

Result<core::SlotUse> Poller::attach(Handle handle) noexcept {
    return operate(handle, [&](const Operations&) { return known_.attach(handle); });
}

void Poller::detach(core::SlotUse attachment) noexcept {
    const std::lock_guard guard(lock_);
    known_.detach(attachment);
}

Result<void> Poller::set_timer(Clock::time_point deadline) noexcept {
    return change<Result<void>>(
        [&] { return timer_.set(deadline.time_since_epoch(), sys::now()); });
}

Result<void> Poller::clear_timer() noexcept {
    return change<Result<void>>([&] { return timer_.clear(); });
}

// News for a call that would be refused
// ----------------------------------------------------------

std::error_code Poller::take_news() noexcept {
    const auto is_held_up = [this] {
        return sockets_.outstanding() >= backend::Outstanding::registrations;
    };
    sockets_.retry_cancels();
    std::error_code error;
    // A request that was cancelled ends at once, and its packet is there or about to come.
    constexpr std::uint32_t patience_milliseconds = 50;
    constexpr int tries = 10;
    for (int i = 0; i < tries && !error; ++i) {
        // A blocked thread may have taken it. Every other time, because this one may take the
        // signal for that thread instead.
        if (i % 2 == 0 && wait_.blocked_at() == core::Park::port) {
            let_blocked_thread_pass();
        }
        if (word_.is_shut_down()) {
            error = errc::poller_is_closed;
            break;
        }
        const std::size_t limit = packets_.room();
        if (limit == 0) {
            break;
        }
        error = packets_.take(limit, is_held_up() ? patience_milliseconds : 0).error();
        if (!is_held_up()) {
            break;
        }
    }
    if (wait_.blocked_at() == core::Park::port) {
        // What was to wake that thread (a wake, a signal, the shutdown) may have come here.
        wakeup_.signal(core::CompletionKey::wakeup);
    }
    return error;
}

void Poller::let_blocked_thread_pass() noexcept {
    // It may have taken packets already and wait for the lock. If it has not, this signal comes
    // after the packets that the port had before.
    const std::uint64_t blocks = wait_.blocks();
    wakeup_.signal(core::CompletionKey::wakeup);
    constexpr int tries = 10000;
    for (int i = 0; i < tries && wait_.blocks() == blocks && wait_.is_running(); ++i) {
        lock_.unlock();
        std::this_thread::yield();
        lock_.lock();
    }
}

// What a poller is
// -------------------------------------------------------------------------------

Handle Poller::port_for_own_packets() noexcept {
    const std::lock_guard guard(lock_);
    if (word_.is_closed()) {
        return {};
    }
    wait_.expect_packets();
    if (wait_.blocked_at() != core::Park::nowhere) {
        static_cast<void>(wait_.rouse_if_needed());
    }
    return port_.handle();
}

std::size_t Poller::registration_count() noexcept {
    const std::lock_guard guard(lock_);
    return word_.is_closed() ? 0 : table_.registered();
}

PollerStats Poller::statistics() noexcept {
    const std::lock_guard guard(lock_);
    wait_.count_wakes();
    return stats_;
}

}  // namespace wakepoll

// lib/poller/classify.cpp
// See classify.hpp. Error codes are numbers because this file is also built without <windows.h>.

#include <cstdint>


namespace wakepoll {
namespace {

constexpr std::uint32_t invalid_handle = 6;  // ERROR_INVALID_HANDLE
constexpr int not_a_socket = 10038;          // WSAENOTSOCK

}  // namespace

Result<HandleType> classify(Handle handle) noexcept {
    // First, because the calls below interpret such numbers as special handles.
    if (!can_be_dealt(handle)) {
        return win32_error(invalid_handle);
    }
    // Before GetFileType, which calls a socket a pipe.
    const Result<sys::SocketKind> kind = sys::socket_kind(handle);
    if (kind) {
        return HandleType::socket;
    }
    if (kind.error().value() != not_a_socket) {
        return kind.error();
    }
    const Result<sys::FileType> type = sys::file_type(handle);
    if (type) {
        switch (*type) {
            case sys::FileType::disk:
                return HandleType::file;
            case sys::FileType::character:
                return sys::is_console(handle) ? HandleType::console : HandleType::unknown;
            case sys::FileType::pipe:
                return sys::is_pipe(handle) ? HandleType::pipe : HandleType::unknown;
            case sys::FileType::unknown:
                break;
        }
    }
    // Not file-like, or not a handle at all: this call distinguishes the two.
    const Result<HandleType> object = sys::object_type(handle);
    const bool could_be_file = !type && type.error().value() != static_cast<int>(invalid_handle);
    if (could_be_file && object && *object == HandleType::unknown) {
        return type.error();
    }
    return object;
}

bool is_open(Handle handle) noexcept {
    if (!can_be_dealt(handle)) {
        return false;
    }
    const Result<HandleType> object = sys::object_type(handle);
    return object || object.error().value() != static_cast<int>(invalid_handle);
}

}  // namespace wakepoll

// lib/core/operation_mask.hpp
// Translates the outcome of an overlapped operation to an epoll mask.
//
// The direction bit is always set, so that a loop handles the operation. `hup` means that the other
// side is gone, `err` that something went wrong; the end of a stream is no error. A datagram socket
// has no other side that could hang up: one unreachable peer is an error, and the socket remains
// usable.

#include <system_error>


namespace wakepoll::core {

[[nodiscard]] inline std::uint32_t direction_of(IoOperation operation) noexcept {
    return operation == IoOperation::write || operation == IoOperation::connect ? mask::out
                                                                                : mask::in;
}

/// Returns the mask for an operation that ended with this error.
[[nodiscard]] inline std::uint32_t operation_mask(IoOperation operation, std::error_code error,
                                                  bool datagram) noexcept {
    const std::uint32_t direction = direction_of(operation);
    if (!error) {
        return direction;
    }
    if (datagram) {
        return direction | mask::err;
    }
    const bool ended = error == std::errc::no_message_available || error == std::errc::broken_pipe;
    if (ended && operation == IoOperation::read) {
        return direction | mask::hup;
    }
    const bool gone = ended || error == std::errc::connection_reset ||
                      error == std::errc::connection_aborted ||
                      error == std::errc::connection_refused;
    return direction | mask::err | (gone ? mask::hup : mask::none);
}

/// True for an error that the other side or the medium reports, as opposed to a reason why the
/// operation could not start.
[[nodiscard]] inline bool is_outcome(std::error_code error) noexcept {
    return error == std::errc::no_message_available || error == std::errc::broken_pipe ||
           error == std::errc::connection_reset || error == std::errc::connection_aborted ||
           error == std::errc::connection_refused || error == std::errc::network_unreachable ||
           error == std::errc::host_unreachable || error == std::errc::network_reset ||
           error == std::errc::timed_out || error == std::errc::message_size ||
           error == std::errc::no_space_on_device || error == std::errc::io_error ||
           error == std::errc::no_such_device;
}

}  // namespace wakepoll::core

// lib/poller/completions.cpp
// From packets and finished operations to events; and the end of operations that are not reported.
#include <algorithm>
#include <utility>


namespace wakepoll {

using core::PoolEntry;
using Purpose = PoolEntry::Purpose;

void Operations::take_back_completions() noexcept {
    for (std::size_t i = 0; i < handed_out_; ++i) {
        auto* const entry = static_cast<PoolEntry*>(completions_[i].entry);
        // One that the user has released may belong to another operation by now.
        if (entry != nullptr && entry->purpose == Purpose::operation && entry->reported) {
            list_.give_back(*entry);
        }
    }
    handed_out_ = 0;
}

Operations::Reported Operations::report_packets(PacketQueue& packets, std::size_t visits,
                                                std::span<NativeEvent> events) noexcept {
    Reported reported;
    const std::size_t most = std::min(events.size(), room());
    while (reported.visited < visits && reported.filled < most) {
        if (overdue() > 0) {
            overdue_ = overdue() - 1;
            ++reported.visited;
            reported.filled += report_finished(events.subspan(reported.filled, 1));
            continue;
        }
        if (packets.size() == 0) {
            break;
        }
        sys::Packet packet = packets.front();
        packets.pop();
        ++reported.visited;
        if (core::is_internal(packet.key) && !fill_in(packet)) {
            continue;
        }
        const std::error_code error = win32_error(sys::win32_code_of_status(packet.status()));
        PoolEntry* const entry = list_.find(packet.overlapped);
        if (entry == nullptr || entry->purpose == Purpose::own_call) {
            report_own_call(events[reported.filled++], entry, packet, error);
        } else if (!entry->is_under_way()) {
            ++stats_.late_packets;  // Posted by another program.
        } else {
            const std::error_code outcome = error ? reason_of(*entry, error) : error;
            if (end_operation(*entry, packet.bytes, outcome)) {
                report_operation(events[reported.filled++], *entry, packet.key, outcome);
            }
        }
    }
    return reported;
}

bool Operations::fill_in(sys::Packet& packet) const noexcept {
    const PoolEntry* const entry = list_.find(packet.overlapped);
    if (entry == nullptr || !entry->is_under_way() ||
        core::OperationList::order_of(*entry) != packet.bytes) {
        return false;  // The kernel's own packet has come before.
    }
    packet.key = 0;
    packet.internal = entry->status();
    packet.bytes = static_cast<std::uint32_t>(entry->overlapped.internal_high);
    return true;
}

std::error_code Operations::reason_of(const PoolEntry& entry,
                                      std::error_code error) const noexcept {
    // Windows returns these if the user has closed the handle, and if the other side or the
    // system has ended the connection.
    const bool by_either =
        error == std::errc::connection_aborted || error == std::errc::broken_pipe;
    if (!by_either) {
        return error;
    }
    const bool closed = is_outlived(entry) || known_.is_closed(entry.use.slot);
    return closed ? own_errors::operation_canceled() : error;
}

bool Operations::end_operation(PoolEntry& entry, std::uint32_t bytes,
                               std::error_code error) noexcept {
    entry.bytes_transferred = bytes;
    list_.complete(entry);
    if (!is_outlived(entry)) {
        --table_[entry.use.slot].operations;
        table_.release(entry.use.slot);
    }
    const std::size_t finished_before = finished();
    const bool waits = list_.is_behind_a_finished_one(entry);
    if (waits) {
        entry.code = static_cast<std::uint32_t>(error.value());
        list_.finish(entry);
    }
    list_.let_go_on(entry);
    overdue_ = overdue() + finished() - finished_before;
    return !waits;
}

std::size_t Operations::report_finished(std::span<NativeEvent> events) noexcept {
    std::size_t filled = 0;
    const std::size_t most = std::min(events.size(), room());
    while (filled < most) {
        PoolEntry* const entry = list_.next_finished();
        if (entry == nullptr) {
            break;
        }
        report_operation(events[filled++], *entry, 0, win32_error(entry->code));
    }
    return filled;
}

void Operations::report(NativeEvent& event, const Completion& completion,
                        std::uint64_t data) noexcept {
    completions_[handed_out_] = completion;
    const auto* const entry = static_cast<const PoolEntry*>(completion.entry);
    const bool datagram = entry != nullptr && entry->datagram;
    event.events = core::operation_mask(completion.operation, completion.error, datagram);
    event.data.u64 = data;
    event.completion = &completions_[handed_out_];
    ++handed_out_;
    ++stats_.completions;
}

void Operations::report_own_call(NativeEvent& event, PoolEntry* entry, const sys::Packet& packet,
                                 std::error_code error) noexcept {
    if (entry != nullptr) {
        entry->bytes_transferred = packet.bytes;
    }
    Completion completion;
    completion.entry = entry;
    completion.overlapped = packet.overlapped;
    completion.key = packet.key;
    completion.user_data = entry != nullptr ? entry->user_data : packet.key;
    completion.operation = entry != nullptr ? entry->operation : IoOperation::none;
    completion.bytes = packet.bytes;
    completion.error = error;
    report(event, completion, packet.key);
}

void Operations::report_operation(NativeEvent& event, PoolEntry& entry, std::uint64_t key,
                                  std::error_code error) noexcept {
    Handle& accepted = entry.accepted;
    const bool was_done = !error;
    const bool connects =
        entry.operation == IoOperation::accept || entry.operation == IoOperation::connect;
    if (!error && connects && is_outlived(entry)) {
        // As below; the calls that follow would be on the object that has the number now.
        error = own_errors::operation_canceled();
    }
    if (entry.operation == IoOperation::accept && !accepted) {
        error = own_errors::operation_canceled();  // Closing that socket was the cancel.
    } else if (!error && entry.operation == IoOperation::accept) {
        error = sys::update_accept_context(accepted, entry.handle);
    }
    if (!error && entry.operation == IoOperation::connect) {
        error = sys::update_connect_context(entry.handle);
    }
    if (was_done && error == std::errc::bad_file_descriptor) {
        // The handle was closed in between: that cancels it, like an operation in flight.
        error = own_errors::operation_canceled();
    }
    if (error && accepted) {
        sys::close_socket(std::exchange(accepted, Handle{}));
        entry.bytes_transferred = 0;  // Data that came with the connection is lost with it.
    }
    Completion completion;
    completion.entry = &entry;
    completion.overlapped = entry.native();
    completion.key = key;
    completion.user_data = entry.user_data;
    completion.accepted = std::exchange(accepted, Handle{});
    completion.operation = entry.operation;
    completion.bytes = entry.bytes_transferred;
    completion.error = error;
    if (entry.sender != nullptr && (!error || error == std::errc::message_size)) {
        completion.address = {entry.sender, static_cast<std::size_t>(entry.sender_size)};
    }
    entry.reported = true;
    report(event, completion, entry.user_data);
}

// The end
// ------------------------------------------------------------------------------------------

void Operations::abandon_finished() noexcept {
    while (PoolEntry* const entry = list_.next_finished()) {
        abandon(*entry);
    }
}

void Operations::abandon_all() noexcept {
    take_back();
    abandon_finished();
    for (PoolEntry* entry = list_.first_in_flight(); entry != nullptr;
         entry = list_.next_in_flight(*entry)) {
        // A pipe's read was cancelled when the pipe was unregistered, perhaps in vain.
        const bool anew = entry->purpose == Purpose::readiness;
        const std::error_code error = anew ? ask_for_end(*entry) : cancel_in_flight(*entry);
        if (error && error != std::errc::no_such_file_or_directory) {
            entry->code = static_cast<std::uint32_t>(error.value());
            ++lost_;
        }
        // This ends an accept even if its listener's number belongs to another handle of this
        // poller by now, which the mark does not distinguish.
        if (entry->accepted) {
            sys::close_socket(std::exchange(entry->accepted, Handle{}));
        }
    }
}

void Operations::drain(const sys::Packet& packet) noexcept {
    PoolEntry* const entry = list_.find(packet.overlapped);
    if (entry != nullptr && entry->purpose != Purpose::own_call && entry->is_under_way()) {
        lost_ -= entry->code != 0 ? 1 : 0;
        list_.complete(*entry);
        abandon(*entry);
        list_.let_all_go_on();
        abandon_finished();
    }
}

}  // namespace wakepoll

// lib/poller/deadline_timer.cpp

namespace wakepoll {

using std::chrono::nanoseconds;

std::error_code DeadlineTimer::set(nanoseconds at, nanoseconds now) noexcept {
    if (!timer_.is_open()) {
        Result<sys::Timer> made = sys::Timer::create();
        if (!made) {
            return made.error();
        }
        timer_ = std::move(*made);
        table_.note_made(timer_.handle());
    }
    // A time that has come already needs no kernel timer: the next wait reports it.
    const bool past = at <= now;
    if (!past) {
        if (const std::error_code error = arm(at - now)) {
            return error;
        }
    }
    at_ = at;
    past_ = past;
    set_ = true;
    return {};
}

std::error_code DeadlineTimer::arm(nanoseconds delay) noexcept {
    // The timer first: setting it clears the signal, which would end the wait at once.
    if (const std::error_code error = timer_.set(delay)) {
        return error;
    }
    if (fired_.exchange(false)) {
        armed_ = false;
    }
    if (armed_) {
        return {};
    }
    const std::error_code error = wait_.arm(timer_.handle(), &DeadlineTimer::signalled, this);
    armed_ = !error;
    if (armed_) {
        table_.note_made(wait_.copy());
    }
    return error;
}

std::error_code DeadlineTimer::clear() noexcept {
    if (!set_) {
        return {};
    }
    const std::error_code error = timer_.cancel();
    set_ = static_cast<bool>(error);
    return error;
}

std::error_code DeadlineTimer::look(nanoseconds now) noexcept {
    if (!fired_.exchange(false)) {
        return {};
    }
    armed_ = false;
    return set_ && now < at_ ? arm(at_ - now) : std::error_code{};
}

void DeadlineTimer::close() noexcept {
    wait_.disarm();
    timer_.close();
    set_ = false;
    armed_ = false;
}

void DeadlineTimer::signalled(void* timer, const sys::ThreadPoolWait& /*wait*/) noexcept {
    auto& self = *static_cast<DeadlineTimer*>(timer);
    self.fired_.store(true);
    self.rouse_(self.poller_);
}

}  // namespace wakepoll

// lib/poller/known_handles.cpp


namespace wakepoll {

using core::Slot;

namespace {

constexpr auto own_key = static_cast<std::uintptr_t>(core::CompletionKey::handle);

/// Why a handle that is not opened for overlapped use carries no operation.
[[nodiscard]] std::error_code why_not_overlapped(HandleType type) noexcept {
    switch (type) {
        case HandleType::file:
            return errc::not_overlapped;
        case HandleType::unknown:
            return errc::operation_of_another_kind;
        default:
            return errc::register_instead;
    }
}

/// Why a handle could not be associated with the port. That a socket is not opened for overlapped
/// use is only queried now: few are not.
[[nodiscard]] std::error_code why_not_associated(Handle handle, const KnownHandles::Kind& kind,
                                                 std::error_code error) noexcept {
    if (kind.type != HandleType::socket || error != std::errc::invalid_argument) {
        return error;
    }
    const Result<bool> overlapped = sys::is_overlapped(handle);
    return overlapped && !*overlapped ? make_error_code(errc::register_instead) : error;
}

}  // namespace

Result<KnownHandles::Kind> KnownHandles::kind_of(Handle handle) noexcept {
    if (!can_be_dealt(handle)) {
        return errc::bad_handle;
    }
    const Result<sys::SocketKind> socket = sys::socket_kind(handle);
    if (socket) {
        return Kind{HandleType::socket, *socket == sys::SocketKind::stream, true};
    }
    if (socket.error() != std::errc::bad_file_descriptor) {
        return socket.error();
    }
    const Result<HandleType> type = classify(handle);
    if (!type) {
        return type.error();
    }
    if (*type != HandleType::pipe && *type != HandleType::file) {
        return Kind{*type, false, false};
    }
    const Result<bool> overlapped = sys::is_overlapped(handle);
    if (!overlapped) {
        return overlapped.error();
    }
    return Kind{*type, false, *overlapped};
}

void KnownHandles::note_kind(Slot slot, const Kind& kind) noexcept {
    table_[slot].type = kind.type;
    table_[slot].stream = kind.stream;
}

Slot KnownHandles::insert(Handle handle) noexcept {
    if (table_.size() == table_.capacity()) {
        forget_closed();
    }
    return table_.insert(handle);
}

void KnownHandles::forget_closed() noexcept {
    for (std::uint32_t i = 0; i < table_.used(); ++i) {
        const core::Registration& registration = table_[Slot{i}];
        if (registration.active && !registration.registered && registration.operations == 0 &&
            !registration.polled && is_closed(Slot{i})) {
            table_.erase(Slot{i});
        }
    }
}

std::error_code KnownHandles::associate(Slot slot) noexcept {
    core::Registration& registration = table_[slot];
    if (registration.marked) {
        return {};
    }
    if (const std::error_code error = port_.associate(registration.handle, own_key)) {
        // A handle belongs to one port for its life: to this one, as far as is known.
        return error == std::errc::invalid_argument && registration.associated ? std::error_code{}
                                                                               : error;
    }
    if (registration.associated) {
        table_.renew(slot);
    }
    note_associated(slot);
    return {};
}

std::error_code KnownHandles::associate(Handle handle, std::uint64_t key) noexcept {
    if (!can_be_dealt(handle)) {
        return errc::bad_handle;
    }
    const auto native_key = static_cast<std::uintptr_t>(key);
    if (core::is_reserved(key) || native_key != key) {
        return errc::reserved_key;
    }
    const Slot known = table_.find(handle);
    const Slot slot = known != core::no_slot ? known : insert(handle);
    if (slot == core::no_slot) {
        return errc::no_free_slot;
    }
    if (const std::error_code error = port_.associate(handle, native_key)) {
        table_.release(slot);
        return error;
    }
    if (!table_[slot].registered) {
        table_.renew(slot);  // A handle is associated once: this is another with the same number.
    }
    note_associated(slot);
    return {};
}

void KnownHandles::note_associated(Slot slot) noexcept {
    core::Registration& registration = table_[slot];
    registration.associated = true;
    registration.skips = false;
    registration.marked = !sys::mark(registration.handle);
    core::PortOwners::note(registration.handle, table_.owner());
}

bool KnownHandles::is_another(Slot slot) const noexcept {
    return backend::is_another(table_, slot);
}

bool KnownHandles::is_closed(Slot slot) const noexcept {
    return table_[slot].marked ? is_another(slot) : !is_open(table_[slot].handle);
}

std::error_code KnownHandles::forget_another(Slot slot) noexcept {
    core::Registration& registration = table_[slot];
    if (!registration.marked) {
        return {};
    }
    const Result<sys::FileModes> modes = backend::modes_of(table_, slot);
    if (!modes && modes.error() != std::errc::bad_file_descriptor) {
        return modes.error();
    }
    if (!modes || !modes->is_marked) {
        table_.renew(slot);
    } else {
        registration.skips = modes->skips_packets;  // The user may have set it meanwhile.
    }
    return {};
}

Result<Slot> KnownHandles::slot_for_operation(Handle handle) noexcept {
    if (!handle) {
        return errc::bad_handle;
    }
    const Slot known = table_.find(handle);
    if (known == core::no_slot) {
        return new_slot_for_operation(handle, known);
    }
    const core::Registration& registration = table_[known];
    if (registration.registered) {
        return errc::registered_for_readiness;
    }
    // The handle may have been closed, perhaps with operations in flight, and its number reused.
    // The query costs one call and prevents the loss of the operation.
    if (const std::error_code error = forget_another(known)) {
        return error;
    }
    return registration.marked && registration.type != HandleType::unknown
               ? known
               : new_slot_for_operation(handle, known);
}

Result<core::SlotUse> KnownHandles::attach(Handle handle) noexcept {
    const Result<Slot> slot = slot_for_operation(handle);
    if (!slot) {
        return slot.error();
    }
    if (table_[*slot].attached) {
        return errc::already_attached;
    }
    table_[*slot].attached = true;
    return table_.use_of(*slot);
}

void KnownHandles::detach(core::SlotUse attachment) noexcept {
    if (table_.goes_on(attachment)) {
        table_[attachment.slot].attached = false;
    }
}

Result<Slot> KnownHandles::new_slot_for_operation(Handle handle, Slot known) noexcept {
    const Result<Kind> kind = kind_of(handle);
    if (!kind || !kind->overlapped) {
        if (known != core::no_slot) {
            table_.release(known);
        }
        return kind ? why_not_overlapped(kind->type) : kind.error();
    }
    const Slot slot = known != core::no_slot ? known : insert(handle);
    if (slot == core::no_slot) {
        return errc::no_free_slot;
    }
    const bool before = table_[slot].associated;
    if (const std::error_code error = associate(slot)) {
        table_.release(slot);
        return why_not_associated(handle, *kind, error);
    }
    note_operated(slot, *kind, !before);
    return slot;
}

void KnownHandles::note_operated(Slot slot, const Kind& kind, bool associated_now) noexcept {
    note_kind(slot, kind);
    core::Registration& registration = table_[slot];
    registration.model = IoModel::overlapped;
    // Elsewhere it is not known whether a packet follows. A user who has associated the handle
    // wants packets in any case.
    if (associated_now && kind.stream) {
        const Result<bool> can_skip = sys::has_file_handles(registration.handle);
        registration.skips =
            can_skip && *can_skip && !sys::skip_packets_on_success(registration.handle);
    }
    // The user may have made the handle skip them.
    if (!registration.skips) {
        const Result<bool> skips = sys::skips_packets(registration.handle);
        registration.skips = skips && *skips;
    }
}

}  // namespace wakepoll

// lib/poller/operations.cpp
// Submitting operations: all checks first, then the entry, then the kernel.
//
// A call that is refused leaves everything as it was, except that a handle that could be associated
// with the port stays so. Once the kernel has taken a call, it ends in exactly one report (P8).
// cancels.cpp and completions.cpp have their ends.

#include <functional>
#include <limits>
#include <utility>


namespace wakepoll {
namespace {

using core::PoolEntry;
using core::Slot;

constexpr errc no_reason{};
constexpr int already_bound = 10022;  // WSAEINVAL, of bind
constexpr int no_data = 232;          // ERROR_NO_DATA, of a read in the mode PIPE_NOWAIT

static_assert(OsPoller::accept_address_size == 2 * sys::accept_address_room);

[[nodiscard]] bool overlap(const void* a, std::size_t a_size, const void* b,
                           std::size_t b_size) noexcept {
    const auto* const a_bytes = static_cast<const std::byte*>(a);
    const auto* const b_bytes = static_cast<const std::byte*>(b);
    const std::less<> before;
    return a_size != 0 && b_size != 0 && before(a_bytes, b_bytes + b_size) &&
           before(b_bytes, a_bytes + a_size);
}

[[nodiscard]] bool may_be_address(std::span<const std::byte> address) noexcept {
    return address.size() >= sizeof(std::uint16_t) && address.size() <= sys::accept_address_room;
}

/// True if the kernel does not write into the operation's buffer.
[[nodiscard]] bool only_reads(IoOperation operation) noexcept {
    return operation == IoOperation::write || operation == IoOperation::connect;
}

/// Why the buffers cannot be used: one is empty, two of a read overlap, or together they are longer
/// than the kernel can count.
[[nodiscard]] errc check(std::span<const IoBuffer> buffers, bool may_be_empty,
                         bool may_overlap) noexcept {
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < buffers.size(); ++i) {
        const IoBuffer& buffer = buffers[i];
        if (buffer.size == 0 ? !may_be_empty : buffer.data == nullptr) {
            return buffer.size == 0 ? errc::empty_buffer : errc::buffer_without_memory;
        }
        total += buffer.size;
        for (std::size_t j = 0; !may_overlap && j < i; ++j) {
            if (overlap(buffer.data, buffer.size, buffers[j].data, buffers[j].size)) {
                return errc::buffer_in_use;
            }
        }
    }
    if (buffers.empty()) {
        return errc::empty_buffer;
    }
    return total <= std::numeric_limits<std::uint32_t>::max() ? no_reason : errc::buffer_too_long;
}

}  // namespace

bool Operations::is_in_use(IoOperation operation, const void* buffer,
                           std::size_t size) const noexcept {
    constexpr int most_compared = 64;
    int compared = 0;
    for (const PoolEntry* other = list_.first_in_flight();
         other != nullptr && compared < most_compared; other = list_.next_in_flight(*other)) {
        ++compared;
        if (!(only_reads(operation) && only_reads(other->operation)) &&
            overlap(buffer, size, other->buffer, other->buffer_size)) {
            return true;
        }
    }
    return false;
}

Result<PoolEntry*> Operations::entry_for(Slot slot, IoOperation operation, void* buffer,
                                         std::size_t size, std::uint64_t user_data) noexcept {
    PoolEntry* const entry = list_.acquire(PoolEntry::Purpose::operation, table_.use_of(slot));
    if (entry == nullptr) {
        return errc::pool_exhausted;
    }
    entry->handle = table_[slot].handle;
    entry->operation = operation;
    entry->buffer = buffer;
    entry->buffer_size = size;
    entry->user_data = user_data;
    return entry;
}

Result<OverlappedEntry*> Operations::begun(PoolEntry& entry,
                                           const Result<sys::Started>& started) noexcept {
    core::Registration& registration = table_[entry.use.slot];
    if (!started && entry.operation == IoOperation::read && started.error().value() == no_data) {
        abandon(entry);
        return errc::nothing_to_read;
    }
    if (!started && !core::is_outcome(started.error())) {
        abandon(entry);
        return started.error();
    }
    ++stats_.operations_started;
    entry.datagram = registration.type == HandleType::socket && !registration.stream;
    // Bytes of a stream come in order, and so do the reports of what moved them. What is done at
    // once may have overtaken an older one whose packet was not taken yet.
    entry.in_order =
        registration.type != HandleType::file &&
        (entry.operation == IoOperation::read || entry.operation == IoOperation::write);
    const bool has_packet =
        started && !started->without_packet && !(started->at_once && registration.skips);
    if (has_packet) {
        list_.start(entry);
        ++registration.operations;
        if (started->cut && registration.skips) {
            post_behind(entry);
        }
        return &entry;
    }
    ++stats_.operations_at_once;
    entry.bytes_transferred = started ? started->bytes : 0;
    entry.code = static_cast<std::uint32_t>(started.error().value());
    list_.finish(entry);
    return &entry;
}

void Operations::post_behind(PoolEntry& entry) noexcept {
    // Only a wakeup has this key otherwise, and no OVERLAPPED.
    if (port_.post(static_cast<std::uintptr_t>(core::CompletionKey::wakeup), entry.native(),
                   core::OperationList::order_of(entry))) {
        // No memory for that packet. The outcome is known, and is not left to the kernel's packet.
        --table_[entry.use.slot].operations;
        entry.bytes_transferred = static_cast<std::uint32_t>(entry.overlapped.internal_high);
        entry.code = sys::win32_code_of_status(entry.status());
        list_.complete(entry);
        list_.finish(entry);
    }
}

void Operations::abandon(PoolEntry& entry) noexcept {
    if (entry.accepted) {
        sys::close_socket(std::exchange(entry.accepted, Handle{}));
    }
    list_.give_back(entry);
}

Result<OverlappedEntry*> Operations::submit_transfer(const OperationTarget& target,
                                                     IoOperation operation,
                                                     std::span<const IoBuffer> buffers,
                                                     std::uint64_t user_data,
                                                     std::uint64_t offset) noexcept {
    const Result<Slot> slot = slot_of(target);
    if (!slot) {
        return slot.error();
    }
    const Handle handle = target.handle;
    const core::Registration& registration = table_[*slot];
    const bool socket = registration.type == HandleType::socket;
    const bool writes = operation == IoOperation::write;
    if (!socket && buffers.size() > 1) {
        return errc::several_buffers;
    }
    if (offset != 0 && registration.type != HandleType::file) {
        return errc::offset_without_file;
    }
    const bool is_empty = !buffers.empty() && buffers.front().size == 0;
    // A read of no bytes waits for a stream to have some; of a datagram it would take the rest
    // away.
    const bool may_be_empty =
        socket ? (writes ? !registration.stream : registration.stream && buffers.size() == 1)
               : writes && is_empty && sys::carries_messages(handle);
    if (const errc reason = check(buffers, may_be_empty, writes); reason != no_reason) {
        return reason;
    }
    const IoBuffer& first = buffers.front();
    if (is_in_use(operation, first.data, first.size)) {
        return errc::buffer_in_use;
    }
    const Result<PoolEntry*> entry = entry_for(*slot, operation, first.data, first.size, user_data);
    if (!entry) {
        return entry.error();
    }
    NativeOverlapped& overlapped = (*entry)->overlapped;
    overlapped.offset = static_cast<std::uint32_t>(offset);
    overlapped.offset_high = static_cast<std::uint32_t>(offset >> 32U);
    if (socket) {
        return begun(**entry, writes ? sys::send(handle, buffers, overlapped)
                                     : sys::receive(handle, buffers, overlapped));
    }
    return begun(**entry, writes ? sys::write(handle, first, overlapped)
                                 : sys::read(handle, first, overlapped));
}

// Datagrams with an address
// ----------------------------------------------------------------------------------

Result<Slot> Operations::slot_of_datagram(const OperationTarget& target) noexcept {
    const Result<Slot> slot = slot_of(target);
    if (slot && (table_[*slot].type != HandleType::socket || table_[*slot].stream)) {
        return errc::operation_of_another_kind;
    }
    return slot;
}

Result<OverlappedEntry*> Operations::submit_receive_from(const OperationTarget& target,
                                                         IoBuffer buffer,
                                                         std::span<std::byte> address,
                                                         std::uint64_t user_data) noexcept {
    const Result<Slot> slot = slot_of_datagram(target);
    if (!slot) {
        return slot.error();
    }
    if (address.size() < OsPoller::address_size) {
        return errc::no_room_for_address;
    }
    if (const errc reason = check({&buffer, 1}, false, false); reason != no_reason) {
        return reason;
    }
    if (overlap(buffer.data, buffer.size, address.data(), OsPoller::address_size) ||
        is_in_use(IoOperation::read, buffer.data, buffer.size) ||
        is_in_use(IoOperation::read, address.data(), OsPoller::address_size)) {
        return errc::buffer_in_use;
    }
    const Result<PoolEntry*> entry =
        entry_for(*slot, IoOperation::read, buffer.data, buffer.size, user_data);
    if (!entry) {
        return entry.error();
    }
    (*entry)->sender = address.data();
    (*entry)->sender_size = static_cast<std::int32_t>(OsPoller::address_size);
    return begun(**entry, sys::receive_from(target.handle, buffer, (*entry)->sender,
                                            (*entry)->sender_size, (*entry)->overlapped));
}

Result<OverlappedEntry*> Operations::submit_send_to(const OperationTarget& target, IoBuffer buffer,
                                                    std::span<const std::byte> address,
                                                    std::uint64_t user_data) noexcept {
    const Result<Slot> slot = slot_of_datagram(target);
    if (!slot) {
        return slot.error();
    }
    if (!may_be_address(address)) {
        return errc::bad_address;
    }
    if (const errc reason = check({&buffer, 1}, true, true); reason != no_reason) {
        return reason;
    }
    if (is_in_use(IoOperation::write, buffer.data, buffer.size)) {
        return errc::buffer_in_use;
    }
    const Result<PoolEntry*> entry =
        entry_for(*slot, IoOperation::write, buffer.data, buffer.size, user_data);
    if (!entry) {
        return entry.error();
    }
    return begun(**entry, sys::send_to(target.handle, buffer, address, (*entry)->overlapped));
}

// Connections
// ----------------------------------------------------------------------------------

Result<OverlappedEntry*> Operations::submit_accept(const OperationTarget& target,
                                                   std::span<std::byte> buffer,
                                                   std::uint64_t user_data) noexcept {
    const Result<Slot> slot = slot_of(target);
    if (!slot) {
        return slot.error();
    }
    if (table_[*slot].type != HandleType::socket || !table_[*slot].stream) {
        return errc::operation_of_another_kind;
    }
    if (buffer.size() < OsPoller::accept_address_size) {
        return errc::no_room_for_address;
    }
    if (buffer.size() > std::numeric_limits<std::uint32_t>::max()) {
        return errc::buffer_too_long;
    }
    if (is_in_use(IoOperation::accept, buffer.data(), buffer.size())) {
        return errc::buffer_in_use;
    }
    const Result<PoolEntry*> entry =
        entry_for(*slot, IoOperation::accept, buffer.data(), buffer.size(), user_data);
    if (!entry) {
        return entry.error();
    }
    const Result<Handle> accepted = sys::socket_like(target.handle);
    if (!accepted) {
        abandon(**entry);
        return accepted.error();
    }
    registrations_.end_former(*accepted);
    (*entry)->accepted = *accepted;
    return begun(**entry, sys::accept(target.handle, *accepted, buffer, (*entry)->overlapped));
}

Result<OverlappedEntry*> Operations::submit_connect(const OperationTarget& target,
                                                    std::span<const std::byte> address,
                                                    std::uint64_t user_data) noexcept {
    const Result<Slot> slot = slot_of(target);
    if (!slot) {
        return slot.error();
    }
    if (table_[*slot].type != HandleType::socket || !table_[*slot].stream) {
        return errc::operation_of_another_kind;
    }
    if (!may_be_address(address)) {
        return errc::bad_address;
    }
    const Result<PoolEntry*> entry = entry_for(*slot, IoOperation::connect, nullptr, 0, user_data);
    if (!entry) {
        return entry.error();
    }
    // ConnectEx wants a bound socket. One that is bound already keeps its address.
    const std::error_code bound = sys::bind_any(target.handle, address);
    if (bound && bound.value() != already_bound) {
        abandon(**entry);
        return bound;
    }
    return begun(**entry, sys::connect(target.handle, address, (*entry)->overlapped));
}

Result<OverlappedEntry*> Operations::submit_connect_pipe(const OperationTarget& target,
                                                         std::uint64_t user_data) noexcept {
    const Result<Slot> slot = slot_of(target);
    if (!slot) {
        return slot.error();
    }
    if (table_[*slot].type != HandleType::pipe) {
        return errc::operation_of_another_kind;
    }
    const Result<PoolEntry*> entry =
        entry_for(*slot, IoOperation::connect_pipe, nullptr, 0, user_data);
    if (!entry) {
        return entry.error();
    }
    return begun(**entry, sys::connect_pipe(target.handle, (*entry)->overlapped));
}

}  // namespace wakepoll

// lib/poller/packet_queue.cpp

#include <algorithm>
#include <utility>


namespace wakepoll {

Result<PacketQueue::Taken> PacketQueue::take(std::size_t limit,
                                             std::uint32_t milliseconds) noexcept {
    std::array<sys::Packet, most_at_once> packets;
    ++stats_.port_dequeues;
    if (milliseconds != 0) {
        ++stats_.blocked;
    }
    return accept(packets.data(), port_.dequeue(std::span(packets).first(limit), milliseconds),
                  limit);
}

void PacketQueue::begin_block(std::size_t limit) noexcept {
    blocked_limit_ = limit;
    ++stats_.port_dequeues;
    ++stats_.blocked;
}

Result<std::size_t> PacketQueue::block(std::uint32_t milliseconds) noexcept {
    return port_.dequeue(std::span(blocked_).first(blocked_limit_), milliseconds);
}

Result<PacketQueue::Taken> PacketQueue::end_block(const Result<std::size_t>& came) noexcept {
    return accept(blocked_.data(), came, std::exchange(blocked_limit_, 0));
}

inline Result<PacketQueue::Taken> PacketQueue::accept(const sys::Packet* packets,
                                                      const Result<std::size_t>& came,
                                                      std::size_t limit) noexcept {
    if (!came) {
        return came.error();
    }
    const std::uint32_t useful = *came == 0 ? 0 : dispatch({packets, *came});
    return Taken{.useful = useful, .may_be_more = *came == limit};
}

std::uint32_t PacketQueue::dispatch(std::span<const sys::Packet> packets) noexcept {
    std::uint32_t useful = 0;
    for (const sys::Packet& packet : packets) {
        useful += dispatch(packet) ? 1 : 0;
    }
    return useful;
}

bool PacketQueue::dispatch(const sys::Packet& packet) noexcept {
    constexpr auto afd_key = static_cast<std::uintptr_t>(core::CompletionKey::afd);
    if (packet.key == afd_key) {
        return sockets_.take_packet(packet.overlapped, packet.status());
    }
    if (core::is_internal(packet.key)) {
        if (packet.overlapped == nullptr) {
            return false;
        }
        keep(packet, packet.key);
        return true;
    }
    constexpr auto handle_key = static_cast<std::uintptr_t>(core::CompletionKey::handle);
    const bool is_own = packet.key == handle_key;
    core::PoolEntry* const entry = entries_.find_by_overlapped(packet.overlapped);
    if (entry == nullptr && is_own) {
        // The user's own call on a handle that the user has not associated.
        ++stats_.late_packets;
        return false;
    }
    if (entry == nullptr || entry->purpose != core::PoolEntry::Purpose::readiness) {
        keep(packet, is_own ? 0 : packet.key);
        return true;
    }
    if (entry->is_under_way()) {
        handles_.read_ended(*entry, win32_error(sys::win32_code_of_status(packet.status())));
    } else {
        ++stats_.late_packets;  // Posted by another program.
    }
    return false;
}

void PacketQueue::keep(const sys::Packet& packet, std::uintptr_t key) noexcept {
    sys::Packet& kept = packets_[(first_ + size_++) % capacity];
    kept = packet;
    kept.key = key;
}

void PacketQueue::pop() noexcept {
    first_ = (first_ + 1) % capacity;
    --size_;
}

}  // namespace wakepoll

// lib/poller/poller.cpp
// Creating a poller, its memory, and its disposal. changes.cpp has the calls in between.

#include <algorithm>
#include <chrono>
#include <new>
#include <thread>
#include <utility>


namespace wakepoll {
namespace {

/// Divides a block of zeroed memory into consecutive arrays. A null block only counts.
class Carver {
public:
    Carver(std::byte* block, std::size_t used) noexcept : block_(block), used_(used) {}

    template <class T>
    [[nodiscard]] T* array(std::size_t count) noexcept {
        used_ = (used_ + alignof(T) - 1) / alignof(T) * alignof(T);
        T* const first = block_ != nullptr ? reinterpret_cast<T*>(block_ + used_) : nullptr;
        used_ += count * sizeof(T);
        return first;
    }

    [[nodiscard]] std::size_t used() const noexcept { return used_; }

private:
    std::byte* block_;
    std::size_t used_;
};

[[nodiscard]] bool is_in_range(std::uint32_t capacity) noexcept {
    return capacity >= 1 && capacity <= capacity_limit;
}

[[nodiscard]] bool is_backend(Backend backend) noexcept {
    return backend == Backend::automatic || backend == Backend::wsapoll || backend == Backend::afd;
}

/// Pollers whose memory must stay allocated.
std::atomic<Poller*> kept{nullptr};

}  // namespace

std::size_t Poller::layout(const PollerConfig& config, Choice choice, std::byte* block,
                           Memory& memory) noexcept {
    const std::size_t slots = config.max_registrations;
    Carver carver(block, sizeof(Poller));
    memory.registrations = carver.array<core::Registration>(slots);
    memory.index =
        carver.array<std::uint32_t>(core::RegistrationTable::index_size(config.max_registrations));
    memory.entries = carver.array<core::PoolEntry>(config.max_overlapped_entries);
    auto* const links = carver.array<core::SlotRing::Link>(slots);
    memory.handles.watches = carver.array<backend::HandleBackend::Watch>(slots);
    memory.handles.signals = carver.array<core::SignalSet::Word>(core::SignalSet::words_for(slots));
    memory.handles.cells = carver.array<backend::HandleBackend::Cell>(slots);
    memory.handles.links = links;

    backend::WsapollBackend::Memory& wsapoll = memory.sockets.wsapoll;
    const std::size_t polled =
        choice == Choice::wsapoll
            ? slots
            : std::min<std::size_t>(slots, backend::SocketBackend::most_by_wsapoll);
    for (core::PollSet::Array& array : wsapoll.arrays) {
        array.entries = carver.array<core::PollEntry>(polled + 1);
        array.slots = carver.array<core::Slot>(polled);
    }
    wsapoll.positions = carver.array<std::uint32_t>(slots);
    wsapoll.members = carver.array<backend::WsapollBackend::Member>(slots);
    wsapoll.links = links;
    if (choice == Choice::wsapoll) {
        return carver.used();
    }
    backend::AfdBackend::Memory& afd = memory.sockets.afd;
    afd.cells = carver.array<backend::AfdBackend::Cell>(slots);
    constexpr std::size_t head = sizeof(sys::AfdRequest);
    afd.group = carver.array<sys::AfdRequest>(1 + (slots * sizeof(sys::AfdItem) + head - 1) / head);
    afd.group_members = carver.array<backend::AfdBackend::GroupMember>(slots);
    afd.members = carver.array<core::PollSchedule::Member>(slots);
    afd.covers = carver.array<core::PollRequests::Cover>(slots);
    afd.devices = carver.array<sys::AfdDevice>(backend::AfdBackend::devices_for(slots));
    afd.links = links;
    return carver.used();
}

Poller::Poller(const PollerConfig& config, Choice choice, const Memory& memory,
               std::size_t size) noexcept
    : size_(size),
      table_(memory.registrations, memory.index, config.max_registrations),
      entries_(memory.entries, config.max_overlapped_entries),
      operation_list_(entries_),
      sockets_(memory.sockets, choice, table_, word_, port_, stats_, sys::windows_build()),
      handles_(memory.handles, table_, operation_list_, stats_, &Poller::handle_signalled, this),
      timer_(table_, &Poller::timer_signalled, this),
      wakeup_(word_, port_, sockets_),
      known_(table_, port_),
      registrations_(table_, known_, sockets_, handles_, stats_),
      operations_(table_, known_, registrations_, operation_list_, port_, stats_),
      packets_(port_, entries_, sockets_, handles_, stats_),
      wait_({lock_, word_, wakeup_, sockets_, handles_, operations_, packets_, timer_, stats_}),
      pool_(this) {}

Result<Poller*> Poller::create(const PollerConfig& config) noexcept {
    if (!is_in_range(config.max_registrations) || !is_in_range(config.max_overlapped_entries)) {
        return errc::capacity_out_of_range;
    }
    if (!is_backend(config.backend)) {
        return errc::unknown_backend;
    }
    Result<sys::WinsockSession> winsock = sys::WinsockSession::start();
    if (!winsock) {
        return winsock.error();
    }
    Result<sys::CompletionPort> port = sys::CompletionPort::create();
    if (!port) {
        return port.error();
    }
    Choice choice = Choice::wsapoll;
    sys::AfdDevice device;
    if (config.backend != Backend::wsapoll) {
        Result<sys::AfdDevice> opened = backend::AfdBackend::open(*port);
        if (opened) {
            device = std::move(*opened);
            choice = config.backend == Backend::afd ? Choice::afd : Choice::automatic;
        } else if (config.backend == Backend::afd) {
            return opened.error() == std::errc::no_such_file_or_directory
                       ? make_error_code(errc::no_afd_device)
                       : opened.error();
        }
    }

    Memory memory{};
    const std::size_t size = layout(config, choice, nullptr, memory);
    void* const block = sys::allocate_zeroed(size);
    if (block == nullptr) {
        return errc::no_memory;
    }
    (void)layout(config, choice, static_cast<std::byte*>(block), memory);
    auto* const poller = ::new (block) Poller(config, choice, memory, size);
    poller->winsock_ = std::move(*winsock);
    poller->port_ = std::move(*port);
    if (choice != Choice::wsapoll) {
        poller->sockets_.start(std::move(device));
    }
    return poller;
}

void Poller::release() noexcept {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) != 1) {
        return;
    }
    if (entries_.active_count() > 0 || has_polls_in_flight() || sys::process_is_ending()) {
        // The kernel may still write into an entry that was not released, or into a request that it
        // has not answered, so their memory stays. The list is never read; it tells leak checkers
        // that this is not a leak.
        next_kept_ = kept.load(std::memory_order_relaxed);
        while (!kept.compare_exchange_weak(next_kept_, this, std::memory_order_release,
                                           std::memory_order_relaxed)) {
        }
        return;
    }
    const std::size_t size = size_;
    this->~Poller();
    sys::free_zeroed(this, size);
}

void Poller::dispose() noexcept {
    if (sys::process_is_ending()) {
        // The other threads were terminated, whatever they did, so there is none to wait for. The
        // system frees everything.
        word_.close();
        return;
    }
    // Makes a thread in a wait leave, and blocks until none runs.
    bool asked = wakeup_.shut_down();
    lock_.lock();
    while (wait_.is_running() && !word_.is_closed()) {
        lock_.unlock();
        std::this_thread::yield();
        asked = asked || wakeup_.shut_down();
        lock_.lock();
    }
    if (!word_.is_closed()) {
        word_.close();
        // First ends everything that may still use the port or the doorbell.
        wakeup_.stop_watching();
        handles_.close();
        timer_.close();
        word_.wait_for_deliveries();
        drain();
        sockets_.close();
        port_.close();
        winsock_.end();
    }
    lock_.unlock();
}

void Poller::drain() noexcept {
    for (; packets_.size() > 0; packets_.pop()) {
        operations_.drain(packets_.front());
    }
    operations_.abandon_all();
    sockets_.cancel_all();
    // Cancelled calls end at once, except in slow drivers, and so do those whose handle was closed,
    // unless a duplicate of it lives. What does not end keeps the memory (see `release`); the same
    // goes for a port whose dequeue fails. Packets of others may come without end.
    using std::chrono::milliseconds;
    constexpr milliseconds patience(1000);
    constexpr milliseconds patience_with_lost(50);
    constexpr int most_failures = 100;
    std::chrono::nanoseconds last = sys::now();  // When one has ended.
    for (int failures = 0;
         (operations_.in_flight() > 0 || has_polls_in_flight()) && failures < most_failures;) {
        const bool all_lost =
            operations_.in_flight() == operations_.lost() && !has_polls_in_flight();
        const std::uint32_t left =
            to_kernel_milliseconds(last + (all_lost ? patience_with_lost : patience) - sys::now());
        if (left == 0) {
            return;
        }
        const Result<std::size_t> ended = drain_once(left);
        if (!ended) {
            ++failures;
        } else if (*ended > 0) {
            last = sys::now();
        }
    }
}

Result<std::size_t> Poller::drain_once(std::uint32_t milliseconds) noexcept {
    std::array<sys::Packet, PacketQueue::most_at_once> packets;
    const Result<std::size_t> taken = port_.dequeue(packets, milliseconds);
    if (!taken) {
        return taken.error();
    }
    const std::size_t before = operations_.in_flight();
    std::size_t polls = 0;
    for (const sys::Packet& packet : std::span(packets).first(*taken)) {
        if (packet.key == static_cast<std::uintptr_t>(core::CompletionKey::afd)) {
            static_cast<void>(sockets_.take_packet(packet.overlapped, packet.status()));
            ++polls;
        } else {
            operations_.drain(packet);
        }
    }
    return before - operations_.in_flight() + polls;
}

void Poller::handle_signalled(void* poller) noexcept {
    static_cast<Poller*>(poller)->wakeup_.signal(core::CompletionKey::wakeup);
}

void Poller::timer_signalled(void* poller) noexcept {
    static_cast<Poller*>(poller)->wakeup_.signal(core::CompletionKey::timer);
}

}  // namespace wakepoll

// lib/poller/registrations.cpp
// Registers, modifies and unregisters handles: all checks first, then the tables.
//
// A call that fails at any step leaves the table and the backends as they were (P12).

#include <utility>


namespace wakepoll {

using core::Slot;

namespace {

[[nodiscard]] std::error_code check(IoInterest interest) noexcept {
    if (core::is_valid_interest(interest)) {
        return {};
    }
    return (bits(interest) & mask::et) != 0 ? errc::edge_triggered : errc::unknown_interest;
}

}  // namespace

std::error_code Registrations::add(Handle handle, IoInterest interest,
                                   std::uint64_t user_data) noexcept {
    if (!handle) {
        return errc::bad_handle;
    }
    if (const std::error_code error = check(interest)) {
        return error;
    }
    if (is_registered(handle) && !end_if_another(handle)) {
        return errc::already_registered;
    }
    const Slot known = table_.find(handle);
    if (known == core::no_slot) {
        return add_to(known, handle, interest, user_data);
    }
    std::error_code error = known_.forget_another(known);
    if (!error && table_[known].operations > 0) {
        error = errc::operations_in_flight;
    } else if (!error && table_[known].attached) {
        error = errc::attached_for_operations;
    } else if (!error) {
        error = add_to(known, handle, interest, user_data);
    }
    if (error) {
        table_.release(known);
    }
    return error;
}

bool Registrations::is_registered(Handle handle) const noexcept {
    const Slot slot = table_.find(handle);
    return slot != core::no_slot && table_[slot].registered;
}

bool Registrations::is_another(Slot slot) const noexcept {
    const core::Registration& registration = table_[slot];
    const Handle handle = registration.handle;
    if (registration.outdated) {
        return true;
    }
    switch (registration.type) {
        case HandleType::socket: {
            const Result<sys::SocketKind> kind = sys::socket_kind(handle);
            return kind ? (*kind == sys::SocketKind::stream) != registration.stream
                        : kind.error() == std::errc::bad_file_descriptor;
        }
        case HandleType::pipe:
            // While a thread reads from it, it is open, and a query would wait for that thread.
            return !handles_.is_being_read(slot) &&
                   (registration.marked ? backend::is_another(table_, slot)
                                        : !sys::is_pipe(handle));
        case HandleType::console:
            return !sys::is_console(handle);
        default: {
            const Result<HandleType> type = sys::object_type(handle);
            return type ? *type != registration.type
                        : type.error() == std::errc::bad_file_descriptor;
        }
    }
}

bool Registrations::end_if_another(Handle handle) noexcept {
    if (!is_registered(handle) || !is_another(table_.find(handle))) {
        return false;
    }
    end(table_.find(handle));
    ++stats_.registrations_dropped;
    return true;
}

void Registrations::end_former(Handle made) noexcept {
    if (is_registered(made)) {
        end(table_.find(made));
        ++stats_.registrations_dropped;
    }
}

std::error_code Registrations::add_to(Slot known, Handle handle, IoInterest interest,
                                      std::uint64_t user_data) noexcept {
    const Result<Kind> kind = KnownHandles::kind_of(handle);
    if (!kind) {
        return kind.error();
    }
    if (kind->type != HandleType::socket) {
        if (!backend::HandleBackend::can_watch(kind->type)) {
            return errc::nothing_to_wait_for;
        }
        if (!backend::HandleBackend::can_report(interest)) {
            return errc::only_sockets_become_writable;
        }
    }
    const Slot slot = known != core::no_slot ? known : known_.insert(handle);
    if (slot == core::no_slot) {
        return errc::no_free_slot;
    }
    const std::error_code error = begin_readiness(slot, *kind, interest, user_data);
    if (error && known == core::no_slot) {
        table_.release(slot);
    }
    return error;
}

std::error_code Registrations::begin_readiness(Slot slot, const Kind& kind, IoInterest interest,
                                               std::uint64_t user_data) noexcept {
    core::Registration& registration = table_[slot];
    if (kind.type != HandleType::socket && registration.polled) {
        // A socket had the number before, and the packet of its last poll is still to come.
        return errc::late_packet;
    }
    const bool by_port = kind.type == HandleType::pipe && kind.overlapped;
    if (by_port) {
        if (const std::error_code error = known_.associate(slot)) {
            return error;
        }
    }
    const HandleType type_before = registration.type;
    known_.note_kind(slot, kind);
    registration.user_data = user_data;
    registration.interest = interest;
    std::error_code error;
    if (kind.type == HandleType::socket) {
        registration.model = IoModel::poll;
        error = sockets_.add(slot);
    } else {
        registration.model = by_port ? IoModel::overlapped : IoModel::waitable;
        error = handles_.add(slot, by_port);
    }
    if (error) {
        registration.interest = IoInterest::none;
        // What has a type counts as queried by an operation.
        registration.type = type_before;
        return error;
    }
    table_.begin_registration(slot);
    return {};
}

std::error_code Registrations::not_registered(Handle handle) noexcept {
    return is_open(handle) ? errc::not_registered : errc::bad_handle;
}

std::error_code Registrations::modify(Handle handle, IoInterest interest,
                                      std::uint64_t user_data) noexcept {
    if (const std::error_code error = check(interest)) {
        return error;
    }
    const Slot slot = handle ? table_.find(handle) : core::no_slot;
    if (slot == core::no_slot || !table_[slot].registered) {
        return not_registered(handle);
    }
    core::Registration& registration = table_[slot];
    const bool socket = registration.type == HandleType::socket;
    // For a socket the next wait finds out, without a further call.
    if (!socket && end_if_another(handle)) {
        return not_registered(handle);
    }
    if (!socket && !backend::HandleBackend::can_report(interest)) {
        return errc::only_sockets_become_writable;
    }
    const IoInterest before = std::exchange(registration.interest, interest);
    if (socket) {
        if (const std::error_code error = sockets_.modify(slot)) {
            registration.interest = before;
            return error;
        }
    } else {
        handles_.modify(slot);
    }
    registration.user_data = user_data;
    return {};
}

std::error_code Registrations::remove(Handle handle) noexcept {
    const Slot slot = handle ? table_.find(handle) : core::no_slot;
    if (slot == core::no_slot || !table_[slot].registered) {
        return not_registered(handle);
    }
    end(slot);
    return {};
}

void Registrations::end(Slot slot) noexcept {
    if (table_[slot].type == HandleType::socket) {
        sockets_.remove(slot);
    } else {
        handles_.remove(slot);
    }
    table_.end_registration(slot);
}

}  // namespace wakepoll

// lib/poller/wait.cpp

#include <algorithm>
#include <mutex>


namespace wakepoll {
namespace {

using backend::Outstanding;
using core::Park;

}  // namespace

WaitResult Wait::run(std::span<NativeEvent> events, Timeout timeout) noexcept {
    const std::lock_guard guard(parts_.lock);
    WaitResult result;
    result.first = events.data();
    if (parts_.word.is_shut_down()) {
        result.error = errc::poller_is_closed;
        return result;
    }
    if (events.empty() || running_) {
        result.error = running_ ? errc::another_wait : errc::no_room_for_events;
        return result;
    }
    const nanoseconds now = sys::now();
    Pass pass{events, core::Deadline(timeout, now), now, result};
    running_ = true;
    ++parts_.stats.waits;
    parts_.operations.take_back();
    parts_.sockets.begin_wait(events.size());
    parts_.handles.begin_wait();
    do {
        pass.has_blocked = false;
        if (parts_.word.consume_signal()) {
            take_signals(pass);
        }
        parts_.sockets.move_if_better(expects_packets(), result.error);
        if (parts_.sockets.parks_at() == Park::port) {
            at_port(pass);
        } else {
            in_sockets(pass);
        }
    } while (!is_over(pass));
    running_ = false;
    return result;
}

bool Wait::goes_on(Pass& pass) noexcept {
    if (parts_.word.is_shut_down() || parts_.sockets.parks_at() != Park::sockets ||
        !parts_.sockets.goes_on_with_afd()) {
        return false;
    }
    WaitResult& result = pass.result;
    result.error = {};
    return result.count == 0 && !result.woken && !result.timer;
}

void Wait::count_wakes() noexcept {
    const std::uint32_t wakes = parts_.word.requests();
    parts_.stats.wakes_requested += static_cast<std::uint32_t>(wakes - wakes_counted_);
    wakes_counted_ = wakes;
}

void Wait::take_signals(Pass& pass) noexcept {
    parts_.handles.take_signals();
    pass.note(parts_.timer.look(pass.now));
}

void Wait::take_wake(Pass& pass) noexcept {
    count_wakes();
    pass.result.woken = parts_.word.consume();
    parts_.stats.wakes_reported += pass.result.woken ? 1 : 0;
    if (parts_.word.is_shut_down()) {
        pass.result.error = errc::poller_is_closed;
    }
}

inline bool Wait::is_over(Pass& pass) noexcept {
    WaitResult& result = pass.result;
    result.timer = parts_.timer.consume(pass.now);
    if (!parts_.word.is_calm()) {
        take_wake(pass);
    }
    if (result.error) {
        return !goes_on(pass);
    }
    if (result.count > 0 || result.woken || result.timer || pass.deadline.has_passed(pass.now)) {
        return true;
    }
    parts_.stats.spurious_returns += pass.has_blocked ? 1 : 0;
    parts_.sockets.begin_pass(pass.events.size());
    return false;
}

std::uint32_t Wait::block_time(const Pass& pass) const noexcept {
    const nanoseconds limit =
        std::min(parts_.sockets.recheck_in(pass.now), parts_.timer.remaining(pass.now));
    return limit.count() > 0 ? pass.deadline.kernel_timeout(pass.now, limit) : 0;
}

// At the port
// ---------------------------------------------------------------------------------------

void Wait::at_port(Pass& pass) noexcept {
    // Polled first: what is ready at once needs no block, and everything else ends the one below.
    pass.note(parts_.sockets.look(pass.now));
    const bool ready = has_something();
    if (!ready || expects_packets() || parts_.sockets.outstanding() != Outstanding::nothing) {
        dequeue(pass, ready || !pass.may_block() ? 0 : block_time(pass));
    }
    // A packet's answer for a socket that was changed since does not count: it is polled again.
    if (parts_.sockets.due() > 0 && !pass.result.error) {
        pass.note(parts_.sockets.look(pass.now));
    }
    if (parts_.sockets.outstanding() == Outstanding::polls) {
        await_held_sockets(pass);
    }
    report(pass);
}

void Wait::dequeue(Pass& pass, std::uint32_t milliseconds) noexcept {
    std::size_t filled = parts_.packets.size();
    while (filled < pass.events.size()) {
        const std::size_t limit = parts_.packets.room();
        if (limit == 0) {
            return;
        }
        const Result<PacketQueue::Taken> taken = milliseconds != 0 && parts_.word.park(Park::port)
                                                     ? block_at_port(pass, limit, milliseconds)
                                                     : parts_.packets.take(limit, 0);
        if (!taken) {
            return pass.note(taken.error());
        }
        if (!taken->may_be_more) {
            return;
        }
        filled += taken->useful;
        milliseconds = 0;
    }
}

// In the sockets
// ------------------------------------------------------------------------------------

void Wait::in_sockets(Pass& pass) noexcept {
    // A watch that is armed after a block means that no packet has come.
    if (expects_packets() && !(pass.blocks > 0 && parts_.word.is_watch_armed())) {
        dequeue(pass, 0);
    }
    // Otherwise the block below also polls.
    std::uint32_t time = has_something() || !pass.may_block() ? 0 : block_time(pass);
    if (time == 0) {
        pass.note(parts_.sockets.look(pass.now));
        report(pass);
        if (pass.result.count > 0 || !pass.may_block() || has_something()) {
            return;
        }
        time = block_time(pass);
    }
    if (time == 0 || parts_.sockets.parks_at() != Park::sockets) {
        return;
    }
    block_in_sockets(pass, time);
    ++pass.blocks;
    if (expects_packets() && !parts_.word.is_watch_armed()) {
        dequeue(pass, 0);
    }
    report(pass);
}

// Reporting
// --------------------------------------------------------------------------------------

void Wait::report(Pass& pass) noexcept {
    const std::size_t size = parts_.sockets.size();
    if (parts_.handles.size() + parts_.operations.finished() + parts_.packets.size() > 0) {
        report_in_turns(pass);
    } else if (size > 0) {
        static_cast<void>(report_sockets(pass, size));
    }
}

void Wait::report_in_turns(Pass& pass) noexcept {
    // How many of each source are still to be visited in this wait.
    std::size_t sockets = parts_.sockets.size();
    std::size_t handles = parts_.handles.size();
    const auto unvisited = [&]() -> core::Turn::Sizes {
        const bool can_complete = parts_.operations.room() > 0;
        return {std::min(sockets, parts_.sockets.size()), std::min(handles, parts_.handles.size()),
                can_complete ? parts_.operations.finished() : 0,
                can_complete ? parts_.packets.size() + parts_.operations.overdue() : 0};
    };
    const auto turns = [&]() -> core::Turn::Sizes {
        return {parts_.sockets.size(), parts_.handles.size(), parts_.operations.finished(),
                parts_.packets.size() + parts_.operations.overdue() > 0 ? PacketQueue::turn : 0};
    };
    while (pass.result.count < pass.events.size() && unvisited() != core::Turn::Sizes{}) {
        const std::size_t share =
            std::min(turn_.left(turns()), unvisited()[static_cast<std::size_t>(turn_.source())]);
        std::size_t used = 0;
        switch (turn_.source()) {
            case core::Turn::Source::sockets:
                used = report_sockets(pass, share);
                sockets -= std::min(used, sockets);
                break;
            case core::Turn::Source::handles:
                used = report_handles(pass, share);
                handles -= std::min(used, handles);
                break;
            case core::Turn::Source::completed:
                used = report_finished(pass, share);
                break;
            case core::Turn::Source::packets:
                used = report_packets(pass, share);
                break;
        }
        turn_.spend(used, share == 0, turns());
    }
}

std::size_t Wait::report_sockets(Pass& pass, std::size_t visits) noexcept {
    const backend::Scan scan = parts_.sockets.collect(pass.room(), visits, pass.now);
    pass.result.count += scan.filled;
    parts_.stats.readiness_events += scan.filled;
    return scan.visited;
}

std::size_t Wait::report_handles(Pass& pass, std::size_t visits) noexcept {
    std::error_code error;
    const backend::Scan scan = parts_.handles.collect(pass.room(), visits, error);
    pass.note(error);
    pass.result.count += scan.filled;
    parts_.stats.readiness_events += scan.filled;
    return error ? visits : scan.visited;
}

std::size_t Wait::report_finished(Pass& pass, std::size_t visits) noexcept {
    const std::span<NativeEvent> room = pass.room();
    const std::size_t filled =
        parts_.operations.report_finished(room.first(std::min(room.size(), visits)));
    pass.result.count += filled;
    return filled;
}

std::size_t Wait::report_packets(Pass& pass, std::size_t visits) noexcept {
    const Operations::Reported reported =
        parts_.operations.report_packets(parts_.packets, visits, pass.room());
    pass.result.count += reported.filled;
    return reported.visited;
}

}  // namespace wakepoll

// lib/poller/wait_blocks.cpp
// Where a wait blocks, and what other threads see of it then. See wait.hpp.

namespace wakepoll {
namespace {

using core::Park;

/// The time limit for a packet that is certain to come, also in a wait that must not block: the
/// kernel needs some microseconds for it.
constexpr std::chrono::nanoseconds longest_answer = std::chrono::milliseconds(100);

}  // namespace

Result<PacketQueue::Taken> Wait::block_at_port(Pass& pass, std::size_t limit,
                                               std::uint32_t milliseconds) noexcept {
    parts_.packets.begin_block(limit);
    blocked_at_ = Park::port;
    parts_.lock.unlock();
    const Result<std::size_t> came = parts_.packets.block(milliseconds);
    // Before the lock, which a thread may hold that has to wake this one until it is awake.
    parts_.word.unpark();
    parts_.lock.lock();
    blocked_at_ = Park::nowhere;
    roused_ = false;
    ++blocks_;
    pass.has_blocked = true;
    pass.now = sys::now();
    return parts_.packets.end_block(came);
}

void Wait::await_held_sockets(Pass& pass) noexcept {
    const nanoseconds end = sys::now() + longest_answer;
    nanoseconds left = longest_answer;
    while (parts_.sockets.outstanding() == backend::Outstanding::polls && !pass.result.error &&
           left.count() > 0) {
        const std::size_t limit = parts_.packets.room();
        if (limit == 0) {
            return;
        }
        // Other packets may come before the expected one.
        pass.note(parts_.packets.take(limit, to_kernel_milliseconds(left)).error());
        pass.note(parts_.sockets.look(pass.now));
        left = end - sys::now();
    }
}

void Wait::block_in_sockets(Pass& pass, std::uint32_t milliseconds) noexcept {
    std::error_code error = parts_.sockets.begin_block();
    if (error) {
        pass.note(error);
        return;
    }
    const bool parked = parts_.word.park(Park::sockets);
    if (parked && expects_packets()) {
        error = parts_.wakeup.watch_port();
    }
    if (!error) {
        parts_.stats.blocked += parked ? 1 : 0;
        blocked_at_ = Park::sockets;
        parts_.lock.unlock();
        error = parts_.sockets.block(parked ? milliseconds : 0);
        parts_.word.unpark();
        parts_.lock.lock();
        blocked_at_ = Park::nowhere;
        roused_ = false;
        ++blocks_;
        pass.has_blocked = parked;
    } else {
        parts_.word.unpark();
    }
    pass.note(parts_.sockets.end_block(error));
    pass.now = sys::now();
}

// Other threads
// ----------------------------------------------------------------------------------

bool Wait::rouse_if_needed() noexcept {
    if (roused_) {
        return false;
    }
    bool needed = parts_.sockets.parks_at() != blocked_at_ || parts_.operations.finished() > 0 ||
                  parts_.packets.size() > 0 || parts_.timer.is_past();
    if (blocked_at_ == Park::port) {
        // Done here, so that the blocked thread need not.
        const std::error_code error = parts_.sockets.submit_due();
        needed = needed || error || parts_.sockets.size() > 0 || parts_.handles.arm_due();
    } else {
        needed = needed || parts_.sockets.is_changed() || parts_.handles.size() > 0 ||
                 (expects_packets() && !parts_.word.is_watch_armed());
    }
    if (needed) {
        roused_ = true;
        parts_.wakeup.signal(core::CompletionKey::wakeup);
    }
    return needed;
}

}  // namespace wakepoll

// lib/poller/wakeup.cpp

#include <thread>

namespace wakepoll {

using core::CompletionKey;
using core::Park;

bool Wakeup::run(const Delivery& delivery, CompletionKey key) noexcept {
    if (delivery.kind != Delivery::Kind::needed) {
        return delivery.kind == Delivery::Kind::done;
    }
    std::error_code error;
    if (delivery.where == Park::sockets) {
        error = sockets_.rouse();
        if (error == std::errc::bad_file_descriptor) {
            // Another part of the program has closed the doorbell. The thread comes round anyway:
            // its first block is short, and closing a doorbell during a block ends it.
            error = {};
        }
    } else {
        error = port_.post(static_cast<std::uintptr_t>(key));
    }
    word_.finish(delivery, !error);
    return !error;
}

bool Wakeup::wake() noexcept {
    const Delivery delivery = word_.begin_wake();
    return delivery.kind == Delivery::Kind::done || run(delivery, CompletionKey::wakeup);
}

bool Wakeup::shut_down() noexcept { return run(word_.begin_shutdown(), CompletionKey::shutdown); }

void Wakeup::signal(CompletionKey key) noexcept {
    // A signal comes once, so a delivery that fails for lack of memory is retried as long as the
    // thread is parked and would miss it.
    while (!run(word_.begin_signal(), key)) {
        if (word_.is_closed()) {
            return;
        }
        std::this_thread::yield();
    }
}

void Wakeup::port_signalled(void* wakeup, const sys::ThreadPoolWait& /*wait*/) noexcept {
    auto& self = *static_cast<Wakeup*>(wakeup);
    // The watch fires once: as for a signal.
    while (!self.run(self.word_.begin_port_signal(), CompletionKey::wakeup)) {
        if (self.word_.is_closed()) {
            return;
        }
        std::this_thread::yield();
    }
}

std::error_code Wakeup::watch_port() noexcept {
    // Armed only after the thread is marked as parked: an earlier signal has disarmed the watch
    // without ringing, and so it is armed here again.
    if (word_.is_watch_armed()) {
        return {};
    }
    word_.set_watch_armed(true);
    const std::error_code error = port_watch_.arm(port_.handle(), &Wakeup::port_signalled, this);
    if (error) {
        word_.set_watch_armed(false);
    }
    return error;
}

}  // namespace wakepoll

// lib/sys/win32/windows.hpp
// The system's headers, in the one order in which they work.
//
// No other file of the library includes them; the bodies in this folder include only this one.
// <winsock2.h> comes before <windows.h>, which would otherwise include the older Winsock. The
// public headers and everything above lib/sys never include this file.

#if !defined(WIN32_LEAN_AND_MEAN)
#define WIN32_LEAN_AND_MEAN
#endif
#if !defined(NOMINMAX)
#define NOMINMAX
#endif

// The order matters.
// clang-format off
#include <winsock2.h>
#include <ws2tcpip.h>
#include <mswsock.h>
#include <windows.h>
#include <winternl.h>
// clang-format on

#include <system_error>


// Exported by ntdll since Windows 2000 and documented for drivers; <winternl.h> leaves it out.
extern "C" __declspec(dllimport) LONG NTAPI RtlGetVersion(PRTL_OSVERSIONINFOW version);
// Exported by ntdll since Windows XP, undocumented; C runtimes rely on it.
extern "C" __declspec(dllimport) BOOLEAN NTAPI RtlDllShutdownInProgress(void);
// Like RtlGetVersion, with a plain number for the information class.
extern "C" __declspec(dllimport) LONG NTAPI
    NtQueryEvent(HANDLE event, int information_class, void* information, ULONG size,
                 ULONG* returned_size);
// Documented for drivers: CancelIoEx, which identifies the call by its IO_STATUS_BLOCK.
extern "C" __declspec(dllimport) NTSTATUS NTAPI
    NtCancelIoFileEx(HANDLE file, PIO_STATUS_BLOCK call, PIO_STATUS_BLOCK status_block);
#if !defined(__MINGW32__)
// Documented; mingw's <winternl.h> has them, Microsoft's does not.
extern "C" NTSTATUS NTAPI NtQueryInformationFile(HANDLE file, PIO_STATUS_BLOCK status_block,
                                                 PVOID information, ULONG size,
                                                 FILE_INFORMATION_CLASS information_class);
extern "C" NTSTATUS NTAPI NtSetInformationFile(HANDLE file, PIO_STATUS_BLOCK status_block,
                                               PVOID information, ULONG size,
                                               FILE_INFORMATION_CLASS information_class);
#endif

namespace wakepoll::sys {

/// The error of a call that has just failed. Never success: a call that fails without an error code
/// becomes ERROR_GEN_FAILURE.
[[nodiscard]] inline std::error_code failure(DWORD code) noexcept {
    return win32_error(code != NO_ERROR ? code : ERROR_GEN_FAILURE);
}
[[nodiscard]] inline std::error_code last_failure() noexcept { return failure(::GetLastError()); }
[[nodiscard]] inline std::error_code last_socket_failure() noexcept {
    return failure(static_cast<DWORD>(::WSAGetLastError()));
}

}  // namespace wakepoll::sys

// lib/sys/win32/afd_device.cpp
// The device behind Winsock, on Windows. See afd_device.hpp.
//
// The calls are those of every user of this device (wepoll, mio, libuv): the device is opened with
// SYNCHRONIZE only, and the request is both input and output, so that only one block of memory has
// to outlive the call.

#include <cstddef>
#include <utility>


namespace wakepoll::sys {
namespace {

/// IOCTL_AFD_POLL, which the SDK does not define: FSCTL_AFD_BASE, function 9, METHOD_BUFFERED.
constexpr ULONG ioctl_poll = 0x00012024;

constexpr NTSTATUS status_success = 0;
constexpr auto status_pending = static_cast<NTSTATUS>(STATUS_PENDING);
static_assert(status_pending == 0x103);

// The kernel gets an AfdStatus as an IO_STATUS_BLOCK.
static_assert(sizeof(AfdStatus) == sizeof(IO_STATUS_BLOCK));
static_assert(alignof(AfdStatus) == alignof(IO_STATUS_BLOCK));
static_assert(offsetof(AfdStatus, status) == offsetof(IO_STATUS_BLOCK, Status));
static_assert(offsetof(AfdStatus, information) == offsetof(IO_STATUS_BLOCK, Information));
static_assert(sizeof(AfdStatus::information) == sizeof(IO_STATUS_BLOCK::Information));

// The layout of AFD_POLL_INFO and AFD_POLL_HANDLE_INFO, which the SDK does not define either.
static_assert(sizeof(AfdRequest) == 16 && alignof(AfdRequest) == alignof(LARGE_INTEGER));
static_assert(offsetof(AfdRequest, timeout) == 0);
static_assert(offsetof(AfdRequest, count) == 8);
static_assert(offsetof(AfdRequest, exclusive) == 12);
static_assert(sizeof(AfdItem) == sizeof(HANDLE) + sizeof(ULONG) + sizeof(NTSTATUS));
static_assert(offsetof(AfdItem, socket) == 0);
static_assert(offsetof(AfdItem, events) == sizeof(HANDLE));
static_assert(offsetof(AfdItem, status) == sizeof(HANDLE) + sizeof(ULONG));
static_assert(sizeof(AfdRequest) % alignof(AfdItem) == 0, "the items follow without a gap");

IO_STATUS_BLOCK* native(AfdStatus& status) noexcept {
    return reinterpret_cast<IO_STATUS_BLOCK*>(&status);
}

std::error_code status_failure(NTSTATUS status) noexcept {
    return failure(::RtlNtStatusToDosError(status));
}

/// A WSAIoctl that returns a socket.
Result<Handle> ask_for_socket(Handle socket, DWORD question) noexcept {
    SOCKET answer = INVALID_SOCKET;
    DWORD size = 0;
    if (::WSAIoctl(socket.value(), question, nullptr, 0, &answer, sizeof(answer), &size, nullptr,
                   nullptr) == SOCKET_ERROR) {
        return last_socket_failure();
    }
    return Handle(std::uintptr_t{answer});
}

}  // namespace

Result<AfdDevice> AfdDevice::open() noexcept {
    // What follows the device's name is ignored: the same device opens.
    wchar_t path[] = L"\\Device\\Afd\\wakepoll";
    UNICODE_STRING name = {};
    name.Buffer = path;
    name.Length = sizeof(path) - sizeof(path[0]);
    name.MaximumLength = sizeof(path);
    OBJECT_ATTRIBUTES attributes = {};
    attributes.Length = sizeof(attributes);
    attributes.ObjectName = &name;

    HANDLE device = nullptr;
    IO_STATUS_BLOCK status_block = {};
    const NTSTATUS status =
        ::NtCreateFile(&device, SYNCHRONIZE, &attributes, &status_block, nullptr, 0,
                       FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_OPEN, 0, nullptr, 0);
    if (!NT_SUCCESS(status)) {
        return status_failure(status);
    }
    return AfdDevice(Handle(device));
}

Result<bool> AfdDevice::poll(AfdRequest& request, AfdStatus& status, void* context) const noexcept {
    const auto size =
        static_cast<ULONG>(sizeof(AfdRequest) + std::size_t{request.count} * sizeof(AfdItem));
    const NTSTATUS result = ::NtDeviceIoControlFile(
        handle_.native(), nullptr, nullptr, context != nullptr ? context : &status, native(status),
        ioctl_poll, &request, size, &request, size);
    switch (result) {
        case status_success:
            return true;
        case status_pending:
            return false;
        default:
            return status_failure(result);
    }
}

std::error_code AfdDevice::cancel(AfdStatus& status) const noexcept {
    IO_STATUS_BLOCK status_block = {};
    const NTSTATUS result = ::NtCancelIoFileEx(handle_.native(), native(status), &status_block);
    return NT_SUCCESS(result) ? std::error_code() : status_failure(result);
}

void AfdDevice::close() noexcept {
    if (handle_) {
        ::CloseHandle(std::exchange(handle_, Handle{}).native());
    }
}

Result<Handle> base_socket(Handle socket) noexcept {
    return ask_for_socket(socket, SIO_BASE_HANDLE);
}

Result<Handle> next_socket(Handle socket) noexcept {
    return ask_for_socket(socket, SIO_BSP_HANDLE_POLL);
}

}  // namespace wakepoll::sys

// lib/sys/win32/completion_port.cpp
// The completion port on Windows: one kernel call per function. See completion_port.hpp.

#include <cstddef>
#include <utility>


namespace wakepoll::sys {

// The kernel gets an array of Packet as an array of OVERLAPPED_ENTRY.
static_assert(sizeof(Packet) == sizeof(OVERLAPPED_ENTRY));
static_assert(alignof(Packet) == alignof(OVERLAPPED_ENTRY));
static_assert(offsetof(Packet, key) == offsetof(OVERLAPPED_ENTRY, lpCompletionKey));
static_assert(offsetof(Packet, overlapped) == offsetof(OVERLAPPED_ENTRY, lpOverlapped));
static_assert(offsetof(Packet, internal) == offsetof(OVERLAPPED_ENTRY, Internal));
static_assert(offsetof(Packet, bytes) == offsetof(OVERLAPPED_ENTRY, dwNumberOfBytesTransferred));
static_assert(sizeof(Packet::bytes) == sizeof(OVERLAPPED_ENTRY::dwNumberOfBytesTransferred));

// Overlapped calls get a NativeOverlapped as an OVERLAPPED.
static_assert(sizeof(NativeOverlapped) == sizeof(OVERLAPPED));
static_assert(alignof(NativeOverlapped) == alignof(OVERLAPPED));
static_assert(offsetof(NativeOverlapped, internal) == offsetof(OVERLAPPED, Internal));
static_assert(offsetof(NativeOverlapped, internal_high) == offsetof(OVERLAPPED, InternalHigh));
static_assert(offsetof(NativeOverlapped, offset) == offsetof(OVERLAPPED, Offset));
static_assert(offsetof(NativeOverlapped, offset_high) == offsetof(OVERLAPPED, OffsetHigh));
static_assert(offsetof(NativeOverlapped, event) == offsetof(OVERLAPPED, hEvent));

static_assert(kernel_infinite == INFINITE);
static_assert(kernel_wait_cap < INFINITE);
static_assert(sizeof(std::uintptr_t) == sizeof(HANDLE));

Result<CompletionPort> CompletionPort::create(std::uint32_t concurrency) noexcept {
    const HANDLE port = ::CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, concurrency);
    if (port == nullptr) {
        return last_failure();
    }
    return CompletionPort(Handle(port));
}

std::error_code CompletionPort::associate(Handle handle, std::uintptr_t key) const noexcept {
    if (::CreateIoCompletionPort(handle.native(), handle_.native(), key, 0) == nullptr) {
        return last_failure();
    }
    return {};
}

std::error_code CompletionPort::post(std::uintptr_t key, void* overlapped,
                                     std::uint32_t bytes) const noexcept {
    if (::PostQueuedCompletionStatus(handle_.native(), bytes, key,
                                     static_cast<OVERLAPPED*>(overlapped)) == FALSE) {
        return last_failure();
    }
    return {};
}

Result<std::size_t> CompletionPort::dequeue(std::span<Packet> packets,
                                            std::uint32_t milliseconds) const noexcept {
    ULONG count = 0;
    if (::GetQueuedCompletionStatusEx(
            handle_.native(), reinterpret_cast<OVERLAPPED_ENTRY*>(packets.data()),
            static_cast<ULONG>(packets.size()), &count, milliseconds, FALSE) == FALSE) {
        // `count` is not valid here: Wine sets it to 1.
        const DWORD code = ::GetLastError();
        if (code == WAIT_TIMEOUT) {
            return std::size_t{0};
        }
        return failure(code);
    }
    return std::size_t{count};
}

void CompletionPort::protect(bool from_close) const noexcept {
    static_cast<void>(::SetHandleInformation(handle_.native(), HANDLE_FLAG_PROTECT_FROM_CLOSE,
                                             from_close ? HANDLE_FLAG_PROTECT_FROM_CLOSE : 0));
}

void CompletionPort::close() noexcept {
    if (handle_) {
        ::CloseHandle(std::exchange(handle_, Handle{}).native());
    }
}

std::uint32_t win32_code_of_status(std::uint32_t status) noexcept {
    return ::RtlNtStatusToDosError(static_cast<NTSTATUS>(status));
}

}  // namespace wakepoll::sys

// lib/sys/win32/condition.cpp


namespace wakepoll::sys {
namespace {

static_assert(sizeof(void*) == sizeof(CONDITION_VARIABLE) &&
              alignof(void*) == alignof(CONDITION_VARIABLE));

CONDITION_VARIABLE* native_condition(void** word) noexcept {
    return reinterpret_cast<CONDITION_VARIABLE*>(word);
}

}  // namespace

void Condition::wait(Lock& lock, std::uint32_t milliseconds) noexcept {
    static_cast<void>(::SleepConditionVariableSRW(
        native_condition(&word_), reinterpret_cast<SRWLOCK*>(&lock.word_), milliseconds, 0));
}

void Condition::wake_one() noexcept { ::WakeConditionVariable(native_condition(&word_)); }

void Condition::wake_all() noexcept { ::WakeAllConditionVariable(native_condition(&word_)); }

}  // namespace wakepoll::sys

// lib/sys/win32/console.cpp
// The input records of a console, on Windows. See console.hpp.


namespace wakepoll::sys {
namespace {

/// A character typed as Alt and a number comes with the release of the Alt key.
[[nodiscard]] bool yields_character(const KEY_EVENT_RECORD& key) noexcept {
    return key.uChar.UnicodeChar != 0 && (key.bKeyDown != FALSE || key.wVirtualKeyCode == VK_MENU);
}

}  // namespace

Result<ConsoleRecord> next_console_record(Handle console) noexcept {
    INPUT_RECORD record = {};
    DWORD count = 0;
    if (::PeekConsoleInputW(console.native(), &record, 1, &count) == FALSE) {
        return last_failure();
    }
    if (count == 0) {
        return ConsoleRecord::none;
    }
    if (record.EventType != KEY_EVENT) {
        return ConsoleRecord::other;
    }
    return yields_character(record.Event.KeyEvent) ? ConsoleRecord::character : ConsoleRecord::key;
}

std::error_code discard_console_record(Handle console) noexcept {
    INPUT_RECORD record = {};
    DWORD count = 0;
    if (::ReadConsoleInputW(console.native(), &record, 1, &count) == FALSE) {
        return last_failure();
    }
    return {};
}

}  // namespace wakepoll::sys

// lib/sys/win32/doorbell.cpp
// The doorbell on Windows: a UDP socket connected to itself. See doorbell.hpp.

#include <utility>


namespace wakepoll::sys {
namespace {

/// Makes the socket non-blocking and connects it to itself, on a free, unshared port of 127.0.0.1.
std::error_code connect_to_itself(SOCKET socket) noexcept {
    u_long on = 1;
    const BOOL alone = TRUE;
    if (::ioctlsocket(socket, static_cast<long>(FIONBIO), &on) == SOCKET_ERROR ||
        ::setsockopt(socket, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, reinterpret_cast<const char*>(&alone),
                     sizeof(alone)) == SOCKET_ERROR) {
        return last_socket_failure();
    }
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    int size = sizeof(address);
    auto* const name = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket, name, size) == SOCKET_ERROR ||
        ::getsockname(socket, name, &size) == SOCKET_ERROR ||
        ::connect(socket, name, size) == SOCKET_ERROR) {
        return last_socket_failure();
    }
    return {};
}

/// Rings it and waits until WSAPoll reports that.
std::error_code hear_itself(const Doorbell& doorbell) noexcept {
    if (const std::error_code error = doorbell.ring()) {
        return error;
    }
    WSAPOLLFD entry = {};
    entry.fd = doorbell.socket();
    entry.events = POLLRDNORM;
    switch (::WSAPoll(&entry, 1, static_cast<INT>(Doorbell::longest_way))) {
        case SOCKET_ERROR:
            return last_socket_failure();
        case 0:
            return failure(WSAENETDOWN);
        default:
            return doorbell.drain();
    }
}

}  // namespace

Result<Doorbell> Doorbell::create() noexcept {
    static_assert(INVALID_SOCKET == closed);
    // A child process that inherits the socket would keep its port occupied.
    const SOCKET socket = ::WSASocketW(AF_INET, SOCK_DGRAM, IPPROTO_UDP, nullptr, 0,
                                       WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
    if (socket == INVALID_SOCKET) {
        return last_socket_failure();
    }
    Doorbell doorbell(socket);
    std::error_code error = connect_to_itself(socket);
    if (!error) {
        error = hear_itself(doorbell);
    }
    if (error) {
        return error;
    }
    return doorbell;
}

std::error_code Doorbell::ring() const noexcept {
    const char byte = 0;
    if (::send(socket_, &byte, 1, 0) == SOCKET_ERROR) {
        const int code = ::WSAGetLastError();
        if (code != WSAEWOULDBLOCK) {
            return failure(static_cast<DWORD>(code));
        }
    }
    return {};
}

std::error_code Doorbell::drain() const noexcept {
    char byte = 0;
    if (::recv(socket_, &byte, 1, 0) == SOCKET_ERROR) {
        const int code = ::WSAGetLastError();
        // WSAEMSGSIZE: a longer datagram, which another program sent before the socket was
        // connected, was received and truncated.
        if (code != WSAEWOULDBLOCK && code != WSAEMSGSIZE) {
            return failure(static_cast<DWORD>(code));
        }
    }
    return {};
}

void Doorbell::close() noexcept {
    if (is_open()) {
        ::closesocket(std::exchange(socket_, closed));
    }
}

}  // namespace wakepoll::sys

// lib/sys/win32/handle_info.cpp
// What the kernel reports of a handle, on Windows. See handle_info.hpp.

#include <string_view>


namespace wakepoll::sys {
namespace {

static_assert(static_cast<DWORD>(FileType::unknown) == FILE_TYPE_UNKNOWN);
static_assert(static_cast<DWORD>(FileType::disk) == FILE_TYPE_DISK);
static_assert(static_cast<DWORD>(FileType::character) == FILE_TYPE_CHAR);
static_assert(static_cast<DWORD>(FileType::pipe) == FILE_TYPE_PIPE);
static_assert(static_cast<int>(ObjectTypeInformation) == 2);

struct NamedType {
    std::wstring_view name;
    HandleType type;
};

constexpr NamedType named_types[] = {
    {L"Event", HandleType::event},
    {L"Process", HandleType::process},
    {L"Thread", HandleType::thread},
    {L"Semaphore", HandleType::semaphore},
    {L"Timer", HandleType::timer},
    {L"IRTimer", HandleType::timer},  // A timer made with CREATE_WAITABLE_TIMER_HIGH_RESOLUTION.
};

/// NtQueryObject puts the characters of the name behind the structure. The longest type name in
/// Windows has some 30 characters.
struct TypeInformation {
    PUBLIC_OBJECT_TYPE_INFORMATION header;
    wchar_t name[128];
};

}  // namespace

Result<FileType> file_type(Handle handle) noexcept {
    // GetFileType does not set the last error if it succeeds with "unknown".
    ::SetLastError(NO_ERROR);
    const DWORD type = ::GetFileType(handle.native());
    if (type == FILE_TYPE_UNKNOWN) {
        const DWORD code = ::GetLastError();
        if (code != NO_ERROR) {
            return failure(code);
        }
    }
    switch (type & ~static_cast<DWORD>(FILE_TYPE_REMOTE)) {
        case FILE_TYPE_DISK:
            return FileType::disk;
        case FILE_TYPE_CHAR:
            return FileType::character;
        case FILE_TYPE_PIPE:
            return FileType::pipe;
        default:
            return FileType::unknown;
    }
}

bool is_console(Handle handle) noexcept {
    DWORD mode = 0;
    return ::GetConsoleMode(handle.native(), &mode) != FALSE;
}

bool is_pipe(Handle handle) noexcept {
    if (::GetNamedPipeInfo(handle.native(), nullptr, nullptr, nullptr, nullptr) != FALSE) {
        return true;
    }
    // The query is denied for a write-only pipe and fails for one that its server has disconnected.
    // Both errors identify a pipe, too.
    const DWORD code = ::GetLastError();
    return code == ERROR_ACCESS_DENIED || code == ERROR_PIPE_NOT_CONNECTED;
}

Result<HandleType> object_type(Handle handle) noexcept {
    TypeInformation information = {};
    const NTSTATUS status = ::NtQueryObject(handle.native(), ObjectTypeInformation, &information,
                                            sizeof(information), nullptr);
    if (!NT_SUCCESS(status)) {
        return failure(::RtlNtStatusToDosError(status));
    }
    const UNICODE_STRING& text = information.header.TypeName;
    const std::wstring_view name(text.Buffer, text.Length / sizeof(wchar_t));
    for (const NamedType& row : named_types) {
        if (row.name == name) {
            return row.type;
        }
    }
    return HandleType::unknown;
}

bool is_protected(Handle handle) noexcept {
    DWORD flags = 0;
    return ::GetHandleInformation(handle.native(), &flags) != FALSE &&
           (flags & HANDLE_FLAG_PROTECT_FROM_CLOSE) != 0;
}

}  // namespace wakepoll::sys

// lib/sys/win32/lock.cpp


namespace wakepoll::sys {
namespace {

static_assert(sizeof(void*) == sizeof(SRWLOCK) && alignof(void*) == alignof(SRWLOCK));

SRWLOCK* native(void** word) noexcept { return reinterpret_cast<SRWLOCK*>(word); }

}  // namespace

void Lock::lock() noexcept {
    if (orphaned_ || ::TryAcquireSRWLockExclusive(native(&word_)) != FALSE) {
        return;
    }
    if (process_is_ending()) {
        orphaned_ = true;
        return;
    }
    ::AcquireSRWLockExclusive(native(&word_));
}

void Lock::unlock() noexcept {
    // The owner of an orphaned lock is terminated, and so are the threads that waited for it.
    if (!orphaned_) {
        ::ReleaseSRWLockExclusive(native(&word_));
    }
}

}  // namespace wakepoll::sys

// lib/sys/win32/memory.cpp


namespace wakepoll::sys {

void* allocate_zeroed(std::size_t size) noexcept {
    return ::VirtualAlloc(nullptr, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
}

void free_zeroed(void* block, std::size_t /*size*/) noexcept {
    ::VirtualFree(block, 0, MEM_RELEASE);
}

}  // namespace wakepoll::sys

// lib/sys/win32/overlapped_io.cpp
// Calls that complete at the port, on Windows. See overlapped_io.hpp.

#include <cstddef>
#include <cstring>


namespace wakepoll::sys {
namespace {

// Winsock gets an array of IoBuffer as an array of WSABUF.
static_assert(sizeof(IoBuffer) == sizeof(WSABUF));
static_assert(alignof(IoBuffer) == alignof(WSABUF));
static_assert(offsetof(IoBuffer, size) == offsetof(WSABUF, len));
static_assert(offsetof(IoBuffer, data) == offsetof(WSABUF, buf));
static_assert(sizeof(IoBuffer::size) == sizeof(WSABUF::len));

static_assert(accept_address_room >= sizeof(SOCKADDR_STORAGE) + 16);

/// Documented; the macro (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT) is not in every
/// SDK's <winternl.h>.
constexpr ULONG synchronous_modes = 0x10 | 0x20;
/// FileModeInformation. A number, because the enumeration of Microsoft's <winternl.h> lacks it, and
/// a cast to an enumerator that does not exist is no constant for newer clang.
constexpr int file_mode_information = 16;
/// FileIoCompletionNotificationInformation; its structure is one ULONG of flags.
constexpr int notification_information = 41;
constexpr ULONG skip_set_user_event_on_fast_io = 4;

OVERLAPPED* native(NativeOverlapped& overlapped) noexcept {
    return reinterpret_cast<OVERLAPPED*>(&overlapped);
}

WSABUF* native(std::span<const IoBuffer> buffers) noexcept {
    // The calls only read it, but their parameter is not const.
    return reinterpret_cast<WSABUF*>(const_cast<IoBuffer*>(buffers.data()));
}

/// The result of a call that did not succeed at once.
Result<Started> not_at_once(DWORD code) noexcept {
    static_assert(WSA_IO_PENDING == ERROR_IO_PENDING);
    switch (code) {
        case ERROR_IO_PENDING:
        // The next two are warnings: the call was done, with less than there was, and its packet
        // comes as after any other.
        case ERROR_MORE_DATA:
            return Started{};
        case WSAEMSGSIZE:
            return Started{.cut = true};
        default:
            return failure(code);
    }
}

/// Takes the byte counter by value: a call's counter is a local, because the kernel fills it in
/// only on immediate completion and never writes to it later.
Result<Started> socket_call(int result, DWORD bytes) noexcept {
    if (result == SOCKET_ERROR) {
        return not_at_once(static_cast<DWORD>(::WSAGetLastError()));
    }
    return Started{true, bytes};
}

/// Windows refuses a datagram that is too long to send, with nothing started; Wine starts the call,
/// and its packet comes.
Result<Started> send_call(int result, DWORD bytes, const NativeOverlapped& overlapped) noexcept {
    constexpr std::uintptr_t buffer_overflow = 0x80000005;  // STATUS_BUFFER_OVERFLOW
    if (result == SOCKET_ERROR && ::WSAGetLastError() == WSAEMSGSIZE &&
        (overlapped.internal & 0xFFFFFFFFU) != buffer_overflow) {
        return failure(WSAEMSGSIZE);
    }
    return socket_call(result, bytes);
}

const sockaddr* native(std::span<const std::byte> address) noexcept {
    return reinterpret_cast<const sockaddr*>(address.data());
}

Result<Started> file_call(BOOL succeeded, DWORD bytes) noexcept {
    if (succeeded == FALSE) {
        return not_at_once(::GetLastError());
    }
    return Started{true, bytes};
}

/// Fetches a Winsock extension function. It belongs to the socket's provider, so it is fetched each
/// time and not cached.
template <class Function>
std::error_code fetch_extension(Handle socket, GUID name, Function& function) noexcept {
    DWORD size = 0;
    if (::WSAIoctl(socket.value(), SIO_GET_EXTENSION_FUNCTION_POINTER, &name, sizeof(name),
                   &function, sizeof(function), &size, nullptr, nullptr) == SOCKET_ERROR) {
        return last_socket_failure();
    }
    return {};
}

Result<WSAPROTOCOL_INFOW> protocol_of(Handle socket) noexcept {
    WSAPROTOCOL_INFOW protocol = {};
    int size = sizeof(protocol);
    if (::getsockopt(socket.value(), SOL_SOCKET, SO_PROTOCOL_INFOW,
                     reinterpret_cast<char*>(&protocol), &size) == SOCKET_ERROR) {
        return last_socket_failure();
    }
    return protocol;
}

std::error_code set_socket_option(Handle socket, int name, const void* value, int size) noexcept {
    if (::setsockopt(socket.value(), SOL_SOCKET, name, static_cast<const char*>(value), size) ==
        SOCKET_ERROR) {
        return last_socket_failure();
    }
    return {};
}

/// Information that is one ULONG of flags.
Result<ULONG> flags_of(Handle file, int name) noexcept {
    ULONG flags = 0;
    IO_STATUS_BLOCK status_block = {};
    const NTSTATUS status =
        ::NtQueryInformationFile(file.native(), &status_block, &flags, sizeof(flags),
                                 static_cast<FILE_INFORMATION_CLASS>(name));
    if (!NT_SUCCESS(status)) {
        return failure(::RtlNtStatusToDosError(status));
    }
    return flags;
}

/// Whether it has one of these.
Result<bool> has_flag(Handle file, int name, ULONG wanted) noexcept {
    const Result<ULONG> flags = flags_of(file, name);
    if (!flags) {
        return flags.error();
    }
    return (*flags & wanted) != 0;
}

}  // namespace

Result<Started> receive(Handle socket, std::span<const IoBuffer> buffers,
                        NativeOverlapped& overlapped) noexcept {
    DWORD bytes = 0;
    DWORD flags = 0;
    const int result =
        ::WSARecv(socket.value(), native(buffers), static_cast<DWORD>(buffers.size()), &bytes,
                  &flags, native(overlapped), nullptr);
    return socket_call(result, bytes);
}

Result<Started> send(Handle socket, std::span<const IoBuffer> buffers,
                     NativeOverlapped& overlapped) noexcept {
    DWORD bytes = 0;
    const int result =
        ::WSASend(socket.value(), native(buffers), static_cast<DWORD>(buffers.size()), &bytes, 0,
                  native(overlapped), nullptr);
    return send_call(result, bytes, overlapped);
}

Result<Started> receive_from(Handle socket, IoBuffer buffer, std::byte* address, std::int32_t& size,
                             NativeOverlapped& overlapped) noexcept {
    static_assert(sizeof(int) == sizeof(size));
    DWORD bytes = 0;
    DWORD flags = 0;
    const int result = ::WSARecvFrom(socket.value(), native({&buffer, 1}), 1, &bytes, &flags,
                                     reinterpret_cast<sockaddr*>(address),
                                     reinterpret_cast<int*>(&size), native(overlapped), nullptr);
    return socket_call(result, bytes);
}

Result<Started> send_to(Handle socket, IoBuffer buffer, std::span<const std::byte> address,
                        NativeOverlapped& overlapped) noexcept {
    DWORD bytes = 0;
    const int result =
        ::WSASendTo(socket.value(), native({&buffer, 1}), 1, &bytes, 0, native(address),
                    static_cast<int>(address.size()), native(overlapped), nullptr);
    return send_call(result, bytes, overlapped);
}

Result<Started> read(Handle file, IoBuffer buffer, NativeOverlapped& overlapped) noexcept {
    DWORD bytes = 0;
    const BOOL succeeded =
        ::ReadFile(file.native(), buffer.data, buffer.size, &bytes, native(overlapped));
    return file_call(succeeded, bytes);
}

Result<Started> write(Handle file, IoBuffer buffer, NativeOverlapped& overlapped) noexcept {
    DWORD bytes = 0;
    const BOOL succeeded =
        ::WriteFile(file.native(), buffer.data, buffer.size, &bytes, native(overlapped));
    return file_call(succeeded, bytes);
}

Result<Handle> socket_like(Handle listener) noexcept {
    Result<WSAPROTOCOL_INFOW> protocol = protocol_of(listener);
    if (!protocol) {
        return protocol.error();
    }
    const SOCKET socket =
        ::WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &*protocol, 0,
                     WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
    if (socket == INVALID_SOCKET) {
        return last_socket_failure();
    }
    return Handle(std::uintptr_t{socket});
}

Result<Started> accept(Handle listener, Handle accepted, std::span<std::byte> buffer,
                       NativeOverlapped& overlapped) noexcept {
    constexpr std::size_t addresses = 2 * std::size_t{accept_address_room};
    if (buffer.size() < addresses) {
        return failure(WSAEFAULT);  // AcceptEx takes three sizes on trust.
    }
    LPFN_ACCEPTEX accept_ex = nullptr;
    if (const std::error_code error = fetch_extension(listener, WSAID_ACCEPTEX, accept_ex)) {
        return error;
    }
    DWORD bytes = 0;
    const BOOL succeeded =
        accept_ex(listener.value(), accepted.value(), buffer.data(),
                  static_cast<DWORD>(buffer.size() - addresses), accept_address_room,
                  accept_address_room, &bytes, native(overlapped));
    return socket_call(succeeded != FALSE ? 0 : SOCKET_ERROR, bytes);
}

AcceptedAddresses accepted_addresses(Handle listener, std::span<const std::byte> buffer) noexcept {
    constexpr std::size_t addresses = 2 * std::size_t{accept_address_room};
    LPFN_GETACCEPTEXSOCKADDRS get_addresses = nullptr;
    if (buffer.size() < addresses ||
        fetch_extension(listener, WSAID_GETACCEPTEXSOCKADDRS, get_addresses)) {
        return {};
    }
    sockaddr* local = nullptr;
    sockaddr* remote = nullptr;
    int local_size = 0;
    int remote_size = 0;
    // The call only reads the buffer and returns pointers into it.
    get_addresses(const_cast<std::byte*>(buffer.data()),
                  static_cast<DWORD>(buffer.size() - addresses), accept_address_room,
                  accept_address_room, &local, &local_size, &remote, &remote_size);
    const auto bytes = [](const sockaddr* address, int size) -> std::span<const std::byte> {
        return {reinterpret_cast<const std::byte*>(address),
                address != nullptr ? static_cast<std::size_t>(size) : 0};
    };
    return {bytes(local, local_size), bytes(remote, remote_size)};
}

std::error_code update_accept_context(Handle accepted, Handle listener) noexcept {
    const SOCKET value = listener.value();
    return set_socket_option(accepted, SO_UPDATE_ACCEPT_CONTEXT, &value, sizeof(value));
}

std::error_code bind_any(Handle socket, std::span<const std::byte> address) noexcept {
    SOCKADDR_STORAGE any = {};
    if (address.size() < sizeof(sockaddr) || address.size() > sizeof(any)) {
        return failure(WSAEFAULT);
    }
    // All zero except the family: the wildcard address and port 0, for IPv4 and IPv6.
    static_assert(offsetof(SOCKADDR_STORAGE, ss_family) == 0);
    std::memcpy(&any, address.data(), sizeof(any.ss_family));
    if (::bind(socket.value(), reinterpret_cast<const sockaddr*>(&any),
               static_cast<int>(address.size())) == SOCKET_ERROR) {
        return last_socket_failure();
    }
    return {};
}

Result<Started> connect(Handle socket, std::span<const std::byte> address,
                        NativeOverlapped& overlapped) noexcept {
    LPFN_CONNECTEX connect_ex = nullptr;
    if (const std::error_code error = fetch_extension(socket, WSAID_CONNECTEX, connect_ex)) {
        return error;
    }
    const BOOL succeeded =
        connect_ex(socket.value(), native(address), static_cast<int>(address.size()), nullptr, 0,
                   nullptr, native(overlapped));
    return socket_call(succeeded != FALSE ? 0 : SOCKET_ERROR, 0);
}

std::error_code update_connect_context(Handle socket) noexcept {
    return set_socket_option(socket, SO_UPDATE_CONNECT_CONTEXT, nullptr, 0);
}

Result<Started> connect_pipe(Handle server, NativeOverlapped& overlapped) noexcept {
    const BOOL succeeded = ::ConnectNamedPipe(server.native(), native(overlapped));
    if (succeeded == FALSE && ::GetLastError() == ERROR_PIPE_CONNECTED) {
        return Started{.at_once = true, .without_packet = true};
    }
    return file_call(succeeded, 0);
}

void close_socket(Handle socket) noexcept { ::closesocket(socket.value()); }

std::error_code cancel(Handle handle, NativeOverlapped& overlapped) noexcept {
    if (::CancelIoEx(handle.native(), native(overlapped)) == FALSE) {
        return last_failure();
    }
    return {};
}

Result<bool> has_file_handles(Handle socket) noexcept {
    const Result<WSAPROTOCOL_INFOW> protocol = protocol_of(socket);
    if (!protocol) {
        return protocol.error();
    }
    return (protocol->dwServiceFlags1 & XP1_IFS_HANDLES) != 0;
}

std::error_code skip_packets_on_success(Handle handle) noexcept {
    if (::SetFileCompletionNotificationModes(handle.native(), FILE_SKIP_COMPLETION_PORT_ON_SUCCESS |
                                                                  FILE_SKIP_SET_EVENT_ON_HANDLE) ==
        FALSE) {
        return last_failure();
    }
    return {};
}

std::error_code mark(Handle handle) noexcept {
    ULONG flags = skip_set_user_event_on_fast_io;
    IO_STATUS_BLOCK status_block = {};
    const NTSTATUS status =
        ::NtSetInformationFile(handle.native(), &status_block, &flags, sizeof(flags),
                               static_cast<FILE_INFORMATION_CLASS>(notification_information));
    return NT_SUCCESS(status) ? std::error_code{} : failure(::RtlNtStatusToDosError(status));
}

Result<bool> skips_packets(Handle handle) noexcept {
    return has_flag(handle, notification_information, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS);
}

Result<FileModes> modes_of(Handle handle) noexcept {
    const Result<ULONG> flags = flags_of(handle, notification_information);
    if (!flags) {
        return flags.error();
    }
    return FileModes{.is_marked = (*flags & skip_set_user_event_on_fast_io) != 0,
                     .skips_packets = (*flags & FILE_SKIP_COMPLETION_PORT_ON_SUCCESS) != 0};
}

Result<bool> is_overlapped(Handle file) noexcept {
    const Result<bool> synchronous = has_flag(file, file_mode_information, synchronous_modes);
    if (!synchronous) {
        return synchronous;
    }
    return !*synchronous;
}

}  // namespace wakepoll::sys

// lib/sys/win32/pipe.cpp
// What can be read from a pipe, on Windows. See pipe.hpp.


namespace wakepoll::sys {

Result<std::uint32_t> readable_bytes(Handle pipe) noexcept {
    DWORD available = 0;
    if (::PeekNamedPipe(pipe.native(), nullptr, 0, nullptr, &available, nullptr) == FALSE) {
        return last_failure();
    }
    return std::uint32_t{available};
}

bool carries_messages(Handle pipe) noexcept {
    DWORD flags = 0;
    return ::GetNamedPipeInfo(pipe.native(), &flags, nullptr, nullptr, nullptr) != FALSE &&
           (flags & PIPE_TYPE_MESSAGE) != 0;
}

bool reads_wait(Handle pipe) noexcept {
    DWORD state = 0;
    return ::GetNamedPipeHandleStateW(pipe.native(), &state, nullptr, nullptr, nullptr, nullptr,
                                      0) == FALSE ||
           (state & PIPE_NOWAIT) == 0;
}

}  // namespace wakepoll::sys

// lib/sys/win32/socket.cpp
// Winsock's start and end, and queries of a socket, on Windows. See socket.hpp.

#include <utility>


namespace wakepoll::sys {
namespace {

/// A socket-level option that is a 32-bit number.
Result<DWORD> socket_option(Handle socket, int name) noexcept {
    DWORD value = 0;
    int size = sizeof(value);
    if (::getsockopt(socket.value(), SOL_SOCKET, name, reinterpret_cast<char*>(&value), &size) ==
        SOCKET_ERROR) {
        return last_socket_failure();
    }
    return value;
}

/// SIO_TCP_INFO, which some headers lack: _WSAIORW(IOC_VENDOR, 39).
constexpr DWORD ioctl_tcp_info = 0xD8000027;

/// The size of TCP_INFO_v0. Its first member is the state of the connection.
struct TcpInfo {
    DWORD state;
    DWORD others[21];
};
static_assert(sizeof(TcpInfo) == 88);

// The states are those of TCPSTATE.
constexpr DWORD state_closed = 0;
constexpr DWORD state_closing = 8;
constexpr DWORD state_last_ack = 9;
constexpr DWORD state_time_wait = 10;

}  // namespace

Result<WinsockSession> WinsockSession::start() noexcept {
    WSADATA data;
    // WSAStartup returns its error: WSAGetLastError works only after it.
    const int code = ::WSAStartup(MAKEWORD(2, 2), &data);
    if (code != 0) {
        return failure(static_cast<DWORD>(code));
    }
    WinsockSession session;
    session.started_ = true;
    return session;
}

void WinsockSession::end() noexcept {
    if (std::exchange(started_, false)) {
        ::WSACleanup();
    }
}

Result<SocketKind> socket_kind(Handle socket) noexcept {
    const Result<DWORD> type = socket_option(socket, SO_TYPE);
    if (!type) {
        return type.error();
    }
    return *type == SOCK_STREAM ? SocketKind::stream : SocketKind::datagram;
}

Result<bool> is_connected(Handle socket) noexcept {
    const Result<DWORD> seconds = socket_option(socket, SO_CONNECT_TIME);
    if (!seconds) {
        return seconds.error();
    }
    return *seconds != 0xFFFFFFFF;  // Microsoft's value for "not connected".
}

Result<bool> is_listening(Handle socket) noexcept {
    const Result<DWORD> listening = socket_option(socket, SO_ACCEPTCONN);
    if (!listening) {
        return listening.error();
    }
    return *listening != 0;
}

Result<bool> is_shut_both_ways(Handle socket) noexcept {
    DWORD version = 0;
    alignas(8) TcpInfo info = {};
    DWORD size = 0;
    if (::WSAIoctl(socket.value(), ioctl_tcp_info, &version, sizeof(version), &info, sizeof(info),
                   &size, nullptr, nullptr) == SOCKET_ERROR) {
        return last_socket_failure();
    }
    return info.state == state_closed || info.state == state_closing ||
           info.state == state_last_ack || info.state == state_time_wait;
}

}  // namespace wakepoll::sys

// lib/sys/win32/socket_poll.cpp
// WSAPoll and select on Windows. See socket_poll.hpp.

#include <algorithm>
#include <cstddef>


namespace wakepoll::sys {

// The kernel gets an array of PollEntry as an array of WSAPOLLFD.
static_assert(sizeof(PollEntry) == sizeof(WSAPOLLFD));
static_assert(alignof(PollEntry) == alignof(WSAPOLLFD));
static_assert(offsetof(PollEntry, socket) == offsetof(WSAPOLLFD, fd));
static_assert(offsetof(PollEntry, events) == offsetof(WSAPOLLFD, events));
static_assert(offsetof(PollEntry, revents) == offsetof(WSAPOLLFD, revents));
static_assert(sizeof(PollEntry::events) == sizeof(WSAPOLLFD::events));
static_assert(sizeof(PollEntry::revents) == sizeof(WSAPOLLFD::revents));
static_assert(sizeof(SOCKET) == sizeof(std::uintptr_t));

static_assert(poll_bits::err == POLLERR);
static_assert(poll_bits::hup == POLLHUP);
static_assert(poll_bits::nval == POLLNVAL);
static_assert(poll_bits::wrnorm == POLLWRNORM);
static_assert(poll_bits::rdnorm == POLLRDNORM);
static_assert(poll_bits::rdband == POLLRDBAND);

static_assert(failed_connects_limit <= FD_SETSIZE);

Result<std::size_t> poll_sockets(std::span<PollEntry> entries,
                                 std::uint32_t milliseconds) noexcept {
    const INT timeout = milliseconds == kernel_infinite
                            ? -1
                            : static_cast<INT>(std::min(milliseconds, kernel_wait_cap));
    const int count = ::WSAPoll(reinterpret_cast<WSAPOLLFD*>(entries.data()),
                                static_cast<ULONG>(entries.size()), timeout);
    if (count == SOCKET_ERROR) {
        return last_socket_failure();
    }
    return static_cast<std::size_t>(count);
}

Result<std::uint64_t> failed_connects(std::span<const std::uintptr_t> sockets) noexcept {
    if (sockets.size() > failed_connects_limit) {
        return failure(WSAEINVAL);  // The set below has no room for them.
    }
    fd_set failed;
    failed.fd_count = static_cast<u_int>(sockets.size());
    std::copy(sockets.begin(), sockets.end(), failed.fd_array);
    timeval no_time = {0, 0};  // Not const: some headers declare the parameter so.
    if (::select(0, nullptr, nullptr, &failed, &no_time) == SOCKET_ERROR) {
        return last_socket_failure();
    }
    // The sockets whose connect failed remain in the set, in any order.
    const std::span<const SOCKET> left(failed.fd_array, failed.fd_count);
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < sockets.size(); ++i) {
        if (std::find(left.begin(), left.end(), sockets[i]) != left.end()) {
            bits |= std::uint64_t{1} << i;
        }
    }
    return bits;
}

}  // namespace wakepoll::sys

// lib/sys/win32/system.cpp
// The clock, the version and process exit on Windows. See system.hpp.

#include <ratio>


namespace wakepoll::sys {
namespace {

/// Counts per second; fixed while the system runs. Cannot fail since Windows XP.
std::int64_t read_frequency() noexcept {
    LARGE_INTEGER frequency;
    ::QueryPerformanceFrequency(&frequency);
    return frequency.QuadPart;
}

}  // namespace

std::chrono::nanoseconds now() noexcept {
    static const std::int64_t frequency = read_frequency();
    LARGE_INTEGER counter;
    ::QueryPerformanceCounter(&counter);
    // Counts times 10^9 would overflow after 15 minutes at 10 MHz; the remainder is below one
    // second, so its product fits up to 9 GHz.
    const std::chrono::seconds whole(counter.QuadPart / frequency);
    const std::chrono::nanoseconds rest(counter.QuadPart % frequency * std::nano::den / frequency);
    return whole + rest;
}

std::uint32_t windows_build() noexcept {
    RTL_OSVERSIONINFOW version = {};
    version.dwOSVersionInfoSize = sizeof(version);
    ::RtlGetVersion(&version);  // Always succeeds.
    return version.dwBuildNumber;
}

bool process_is_ending() noexcept { return ::RtlDllShutdownInProgress() != FALSE; }

void set_last_error(std::uint32_t code) noexcept { ::SetLastError(code); }

}  // namespace wakepoll::sys

// lib/sys/win32/timer.cpp
// A high-resolution waitable timer on Windows. See timer.hpp.

#include <algorithm>
#include <cstdint>
#include <ratio>


namespace wakepoll::sys {
namespace {

/// CREATE_WAITABLE_TIMER_HIGH_RESOLUTION, which older headers lack.
constexpr DWORD high_resolution = 2;

/// The unit of the kernel's time.
using Ticks = std::chrono::duration<std::int64_t, std::ratio<1, 10'000'000>>;

HANDLE create_timer(DWORD flags) noexcept {
    return ::CreateWaitableTimerExW(nullptr, nullptr, flags, TIMER_ALL_ACCESS);
}

}  // namespace

Result<Timer> Timer::create() noexcept {
    HANDLE timer = create_timer(CREATE_WAITABLE_TIMER_MANUAL_RESET | high_resolution);
    if (timer == nullptr && ::GetLastError() == ERROR_INVALID_PARAMETER) {
        timer = create_timer(CREATE_WAITABLE_TIMER_MANUAL_RESET);
    }
    if (timer == nullptr) {
        return last_failure();
    }
    return Timer(Handle(timer));
}

std::error_code Timer::set(std::chrono::nanoseconds delay) const noexcept {
    const Ticks ticks = std::max(std::chrono::ceil<Ticks>(delay), Ticks(1));
    LARGE_INTEGER due;
    due.QuadPart = -ticks.count();  // Negative: relative, not a time of day.
    if (::SetWaitableTimer(handle_.native(), &due, 0, nullptr, nullptr, FALSE) == FALSE) {
        return last_failure();
    }
    return {};
}

std::error_code Timer::cancel() const noexcept {
    if (::CancelWaitableTimer(handle_.native()) == FALSE) {
        return last_failure();
    }
    return {};
}

void Timer::close() noexcept {
    if (handle_) {
        ::CloseHandle(std::exchange(handle_, Handle{}).native());
    }
}

}  // namespace wakepoll::sys

// lib/sys/win32/waitable.cpp
// Waits on other threads, and queries of objects, on Windows. See waitable.hpp.
//
// The thread that reads from a pipe is its own, not one of the system's pool. The pool has at most
// 500 threads per process: with that many quiet pipes, no further one would be watched, and its
// `disarm` would wait for a thread that never starts. Besides, CancelSynchronousIo cancels whatever
// its thread is doing, and a pool thread may have gone on to other work by then.


namespace wakepoll::sys {
namespace {

/// Address space only. The callback may run code of Winsock's layered providers.
constexpr SIZE_T reader_stack = 256 * 1024;

/// How long to wait for the thread between checks and cancels.
constexpr DWORD pause_milliseconds = 1;

/// EVENT_BASIC_INFORMATION of the driver kit, and its class, 0.
struct EventInformation {
    LONG type;  ///< 0 for a notification (manual-reset), 1 for a synchronization event.
    LONG state;
};
constexpr LONG synchronization_event = 1;

void CALLBACK signalled(void* wait, BOOLEAN /*timed_out*/) noexcept {
    static_cast<ThreadPoolWait*>(wait)->run();
}

}  // namespace

/// The thread of one pipe.
struct PipeReader {
    static DWORD CALLBACK run(void* argument) noexcept {
        HMODULE module = nullptr;
        static_cast<void>(find_module(module, GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT));
        ThreadPoolWait& wait = *static_cast<ThreadPoolWait*>(argument);
        if (!wait.decided_) {
            char nothing = 0;
            DWORD bytes = 0;
            // Whatever the result, the owner has to check the pipe.
            static_cast<void>(::ReadFile(wait.target_.native(), &nothing, 0, &bytes, nullptr));
        }
        if (!wait.decided_.exchange(true)) {
            wait.run();
        }
        wait.done_ = true;
        // Releases the reference of `arm_on_pipe`: the code must stay until the thread has left it.
        ::FreeLibraryAndExitThread(module, 0);
    }

    /// The program or DLL that this code is part of.
    static BOOL find_module(HMODULE& module, DWORD flags) noexcept {
        return ::GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | flags,
                                    reinterpret_cast<const wchar_t*>(&PipeReader::run), &module);
    }
};

std::error_code ThreadPoolWait::arm(Handle object, Callback callback, void* context) noexcept {
    disarm();
    callback_ = callback;
    context_ = context;
    // The pool may wait on several handles at once by their numbers (Wine does, and Windows did).
    // If a number is closed during that wait, the pool misses signals of all of them, or waits for
    // another object.
    const HANDLE process = ::GetCurrentProcess();
    HANDLE copy = nullptr;
    if (::DuplicateHandle(process, object.native(), process, &copy, 0, FALSE,
                          DUPLICATE_SAME_ACCESS) == FALSE) {
        return last_failure();
    }
    // A failed call may leave anything in its out parameter.
    HANDLE registration = nullptr;
    if (::RegisterWaitForSingleObject(&registration, copy, &signalled, this, INFINITE,
                                      WT_EXECUTEONLYONCE | WT_EXECUTEINWAITTHREAD) == FALSE) {
        const std::error_code error = last_failure();
        ::CloseHandle(copy);
        return error;
    }
    target_ = Handle(copy);
    reads_ = false;
    registration_ = registration;
    return {};
}

std::error_code ThreadPoolWait::arm_on_pipe(Handle pipe, Callback callback,
                                            void* context) noexcept {
    disarm();
    callback_ = callback;
    context_ = context;
    target_ = pipe;
    reads_ = true;
    decided_ = false;
    done_ = false;
    HMODULE module = nullptr;
    if (PipeReader::find_module(module, 0) == FALSE) {
        return last_failure();
    }
    const HANDLE thread = ::CreateThread(nullptr, reader_stack, &PipeReader::run, this,
                                         STACK_SIZE_PARAM_IS_A_RESERVATION, nullptr);
    if (thread == nullptr) {
        const std::error_code error = last_failure();
        ::FreeLibrary(module);
        return error;
    }
    registration_ = thread;
    return {};
}

void ThreadPoolWait::disarm() noexcept {
    const HANDLE registration = registration_.exchange(nullptr);
    if (registration == nullptr) {
        return;
    }
    if (!reads_) {
        static_cast<void>(::UnregisterWaitEx(registration, INVALID_HANDLE_VALUE));
        ::CloseHandle(target_.native());
        return;
    }
    // If this comes before the end of the read, the callback will not run, even if the read ends
    // by itself now. A cancel does nothing while the thread has not begun to read, so it is
    // repeated. It never hits the callback.
    const bool cancels = !decided_.exchange(true);
    while (!done_) {
        if (cancels) {
            ::CancelSynchronousIo(registration);
        }
        if (::WaitForSingleObject(registration, pause_milliseconds) != WAIT_TIMEOUT) {
            break;
        }
    }
    ::CloseHandle(registration);
}

Result<bool> take_signal(Handle object) noexcept {
    switch (::WaitForSingleObject(object.native(), 0)) {
        case WAIT_TIMEOUT:
            return false;
        case WAIT_FAILED:
            return last_failure();
        default:  // WAIT_OBJECT_0, or WAIT_ABANDONED of a mutex.
            return true;
    }
}

Result<bool> is_auto_reset(Handle event) noexcept {
    EventInformation information = {};
    const NTSTATUS status =
        ::NtQueryEvent(event.native(), 0, &information, sizeof(information), nullptr);
    if (!NT_SUCCESS(status)) {
        return failure(::RtlNtStatusToDosError(status));
    }
    return information.type == synchronization_event;
}

}  // namespace wakepoll::sys
