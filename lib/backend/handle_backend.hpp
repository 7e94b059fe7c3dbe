// Readiness of every registered handle that is not a socket.
//
// The kernel has no WSAPoll for these: each is waited for by itself, and only while it is not
// ready. A registered slot is either *due*, in a ring of those that the next wait asks one by
// one whether they are ready now (so what stays ready is reported by every wait), or *armed*:
// asked, found not ready, and left to something that will say when it is. What that is depends on
// the kind:
//
//   - events, processes, threads, semaphores, timers and consoles: a wait of the system's thread
//     pool on the object itself;
//   - synchronous pipes, which as objects are always signalled: a thread of the pool that reads
//     nothing from the pipe, which returns when something could be read;
//   - pipes opened for overlapped use: an overlapped read of nothing, whose packet comes to the
//     port. Its entry is taken from the pool when the pipe is registered, so that it can not be
//     missing later.
//
// A pool's thread does no more than note the slot in a set of bits and rouse the waiting thread. A
// slot that is unregistered is disarmed first, which waits for a callback that is running, so
// nothing of it is left afterwards; only a read of nothing may still be in flight, and its packet
// is recognised by the generation of the slot.
//
// Pipes report that their other end is gone whatever the interest, so they are waited for in any
// case. While one holds bytes that the interest does not want, no read could wait for its end: it
// is *unread*, and asked once in each wait.
//
// A wait of the pool takes the signal of an auto-reset event, or one of a semaphore's count. Such a
// signal is kept with the slot until it has been reported.
//
// All of it is called under the poller's lock.
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

/// What a handle that is no socket can report of reading.
inline constexpr std::uint32_t readable = mask::in | mask::rdnorm;

class HandleBackend {
public:
    /// What is known of a slot beyond its registration.
    struct Watch {
        bool armed : 1 = false;     ///< Something will say when the slot is ready.
        bool taken : 1 = false;     ///< A signal was taken for it and is not reported yet.
        bool takes : 1 = false;     ///< To wait for the object is to take its signal.
        bool by_read : 1 = false;   ///< An overlapped pipe: armed by a read of nothing.
        bool messages : 1 = false;  ///< And one of messages.
        bool unread : 1 = false;    ///< A pipe that holds what the interest does not want.
        bool woken : 1 = false;     ///< A synchronous pipe whose thread has returned.
    };

    /// Raw memory for a wait.
    struct Cell {
        alignas(sys::ThreadPoolWait) std::byte memory[sizeof(sys::ThreadPoolWait)];
    };

    /// Arrays of all-zero memory for every slot, which outlive the backend.
    struct Memory {
        Cell* cells;
        Watch* watches;
        core::SignalSet::Word* signals;  ///< `SignalSet::words_for` of them
        core::SlotRing::Link* links;     ///< shared with the rings of other backends
    };

    /// Rouses the waiting thread, from any thread.
    using Rouse = void (*)(void* poller) noexcept;

    HandleBackend(const Memory& memory, core::RegistrationTable& table,
                  core::OperationList& operations, PollerStats& stats, Rouse rouse,
                  void* poller) noexcept;

    HandleBackend(const HandleBackend&) = delete;
    HandleBackend& operator=(const HandleBackend&) = delete;

    /// True where a handle of this kind can be registered here at all.
    [[nodiscard]] static bool can_watch(HandleType type) noexcept;
    /// True where this may be asked of it: nothing but sockets tells when it can be written to.
    [[nodiscard]] static bool can_report(IoInterest interest) noexcept;

    /// Begins, changes or ends the watch of a registered slot. A failed `add` changes nothing. An
    /// overlapped pipe must be associated with the port before.
    [[nodiscard]] std::error_code add(core::Slot slot, bool overlapped) noexcept;
    void modify(core::Slot slot) noexcept;
    void remove(core::Slot slot) noexcept;

    /// A thread reads from this pipe, so it is open, and most questions wait for that thread.
    [[nodiscard]] bool is_being_read(core::Slot slot) const noexcept {
        const Watch& watch = watches_[core::index_of(slot)];
        return table_[slot].type == HandleType::pipe && watch.armed && !watch.by_read;
    }

    /// Makes due what each wait asks once.
    void begin_wait() noexcept {
        if (!unread_.empty()) {
            ask_unread();
        }
    }

    /// How many slots are due, and so are visited by a full round of `collect`.
    [[nodiscard]] std::size_t size() const noexcept { return due_.size(); }

    /// Asks at most `visits` of those due and reports those that are ready, from where the last
    /// scan stopped. Stops early when `events` is full or an arming failed: `error` says why then,
    /// and the slot stays due.
    [[nodiscard]] Scan collect(std::span<NativeEvent> events, std::size_t visits,
                               std::error_code& error) noexcept;

    /// Asks all that are due, so that what is not ready is armed. True where some remain: they are
    /// ready, or could not be asked.
    [[nodiscard]] bool arm_due() noexcept;

    /// Takes note of what the pool's threads have seen.
    void take_signals() noexcept;

    /// The packet of a read of nothing has come; `error` is what the read ended with.
    void read_ended(OverlappedEntry& entry, std::error_code error) noexcept;

    /// Ends all waits of the pool and gives back the entries of pipes, once. Those with a read of
    /// nothing in flight are left to the drain of the port.
    void close() noexcept;

private:
    /// What asking a slot found.
    struct Answer {
        std::uint32_t mask = 0;   ///< 0: not ready, and armed.
        bool closed = false;      ///< The handle is none any more.
        std::error_code error{};  ///< It could be neither asked nor armed.
    };

    [[nodiscard]] Answer ask(core::Slot slot) noexcept;
    /// What of an answer is reported.
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
    /// Something of it may be reported: of a pipe its end, whatever the interest.
    [[nodiscard]] bool is_wanted(core::Slot slot) const noexcept {
        return wants_reading(slot) || table_[slot].type == HandleType::pipe;
    }
    void note_signal(core::Slot slot) noexcept;
    void make_due(core::Slot slot) noexcept;
    /// Takes out of `due_` what was asked and has nothing to report.
    void set_aside(core::Slot slot, const Answer& answer) noexcept;
    void ask_unread() noexcept;
    /// Takes a slot out of the ring that it is in, if any.
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
