// Registering, and signals. The queries whether a handle is ready are in handle_asking.cpp.
#include "backend/handle_backend.hpp"

#include <memory>

#include "backend/marks.hpp"
#include "sys/console.hpp"
#include "sys/overlapped_io.hpp"
#include "sys/pipe.hpp"

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
