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
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <system_error>

#include "backend/readiness_backend.hpp"
#include "core/operation_list.hpp"
#include "core/registration_table.hpp"
#include "core/signal_set.hpp"
#include "core/slot_ring.hpp"
#include "sys/waitable.hpp"
#include "wakepoll/events.hpp"
#include "wakepoll/stats.hpp"

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
