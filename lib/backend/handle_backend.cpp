#include "backend/handle_backend.hpp"

#include <cassert>
#include <memory>

#include "core/event_mask.hpp"
#include "own_errors.hpp"
#include "sys/console.hpp"
#include "sys/overlapped_io.hpp"
#include "sys/pipe.hpp"

namespace wakepoll::backend {
namespace {

using core::index_of;
using core::Slot;

constexpr int other_end_gone = 109;  // ERROR_BROKEN_PIPE
constexpr int invalid_function = 1;  // ERROR_INVALID_FUNCTION

constexpr std::uint32_t readable = mask::in | mask::rdnorm;

[[nodiscard]] bool wants_reading(const core::Registration& registration) noexcept {
    return (bits(registration.interest) & readable) != 0;
}

/// The error says that the handle is closed, or is another object's by now.
[[nodiscard]] bool says_closed(std::error_code error) noexcept {
    return error == std::errc::bad_file_descriptor;
}

/// The error says that the handle is no pipe any more that could be read from, as it was when it
/// was registered: it was closed, and its number is another object's. (Some files know no such
/// call.)
[[nodiscard]] bool says_other_pipe(std::error_code error) noexcept {
    return says_closed(error) || error.value() == invalid_function ||
           error == std::errc::permission_denied;
}

/// The error says that nothing will come through the pipe any more.
[[nodiscard]] bool says_broken(std::error_code error) noexcept {
    return error == std::errc::broken_pipe;
}

/// To wait for the object is to change it.
[[nodiscard]] bool takes_signals(const core::Registration& registration) noexcept {
    switch (registration.type) {
        case HandleType::event: {
            // Without the right to query it, it is taken for one that a wait resets.
            const Result<bool> resets = sys::is_auto_reset(registration.handle);
            return !resets || *resets;
        }
        case HandleType::semaphore:
        case HandleType::timer:  // The kernel does not tell which kind of timer it is.
            return true;
        default:
            return false;
    }
}

}  // namespace

HandleBackend::HandleBackend(const Memory& memory, core::RegistrationTable& table,
                             core::OperationList& operations, PollerStats& stats, Rouse rouse,
                             void* poller) noexcept
    : waits_(memory.waits),
      watches_(memory.watches),
      signals_(memory.signals, table.capacity()),
      suspects_(memory.links),
      table_(table),
      operations_(operations),
      stats_(stats),
      rouse_(rouse),
      poller_(poller) {}

HandleBackend::~HandleBackend() { std::destroy_n(waits_, table_.capacity()); }

void HandleBackend::close() noexcept {
    for (std::uint32_t slot = 0; slot < table_.capacity(); ++slot) {
        waits_[slot].disarm();
        const core::Registration& registration = table_[Slot{slot}];
        if (registration.registered && watches_[slot].by_read) {
            OverlappedEntry& entry = operations_[registration.link];
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
        // What can not be read from will never be readable; say so now.
        const Result<std::uint32_t> bytes = sys::readable_bytes(registration.handle);
        if (!bytes && bytes.error().value() != other_end_gone) {
            // A server's end that no client has opened yet, or whose client it has sent away.
            return says_broken(bytes.error()) ? own_errors::not_connected() : bytes.error();
        }
        if (overlapped) {
            OverlappedEntry* const entry = operations_.acquire(
                core::OperationList::Purpose::readiness, slot, registration.generation);
            if (entry == nullptr) {
                return own_errors::resource_unavailable_try_again();
            }
            entry->handle = registration.handle;
            registration.link = operations_.index_of(*entry);
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
        // A handle that can not be waited for is refused now. A signal that this has taken is kept;
        // one that nobody wants must not be taken from others, so then a refusal comes later.
        if (!watch.takes || wants_reading(registration)) {
            const Result<bool> signalled = sys::take_signal(registration.handle);
            if (!signalled) {
                return signalled.error();
            }
            watch.taken = watch.takes && *signalled;
        }
    }
    watch_of(slot) = watch;
    suspect(slot);
    return {};
}

void HandleBackend::modify(Slot slot) noexcept {
    if (wants_reading(table_[slot])) {
        suspect(slot);
        return;
    }
    if (suspects_.is_linked(slot)) {
        suspects_.remove(slot);
    }
    // Nobody wants the signal, so it must not be taken from others. A read of nothing takes
    // nothing.
    if (!watch_of(slot).by_read) {
        disarm(slot);
    }
}

void HandleBackend::remove(Slot slot) noexcept {
    if (suspects_.is_linked(slot)) {
        suspects_.remove(slot);
    }
    if (!watch_of(slot).by_read) {
        disarm(slot);
        return;
    }
    core::Registration& registration = table_[slot];
    OverlappedEntry& entry = operations_[registration.link];
    registration.link = 0;
    if (entry.state() == OverlappedState::idle) {
        operations_.give_back(entry);
        return;
    }
    // Its packet comes in any case and is dropped then, by the generation of the slot.
    operations_.cancel(entry);
    static_cast<void>(sys::cancel(entry.handle, entry.overlapped));
}

void HandleBackend::drop(Slot slot) noexcept {
    remove(slot);
    table_.erase(slot);
    ++stats_.registrations_dropped;
}

// Being told
// ------------------------------------------------------------------------------------

void HandleBackend::signalled(void* backend, const sys::ThreadPoolWait& wait) noexcept {
    auto& self = *static_cast<HandleBackend*>(backend);
    self.signals_.set(Slot{static_cast<std::uint32_t>(&wait - self.waits_)});
    self.rouse_(self.poller_);
}

void HandleBackend::take_signals() noexcept {
    signals_.take_all([this](Slot slot) { note_signal(slot); });
}

void HandleBackend::note_signal(Slot slot) noexcept {
    Watch& watch = watch_of(slot);
    watch.armed = false;
    watch.taken = watch.taken || watch.takes;
    suspect(slot);
}

void HandleBackend::suspect(Slot slot) noexcept {
    if (wants_reading(table_[slot]) && !watch_of(slot).armed && !suspects_.is_linked(slot)) {
        suspects_.add(slot);
    }
}

void HandleBackend::disarm(Slot slot) noexcept {
    Watch& watch = watch_of(slot);
    waits_[index_of(slot)].disarm();
    watch.armed = false;
    // It may have ended just before, with a signal that it took.
    if (signals_.take(slot)) {
        watch.taken = watch.taken || watch.takes;
    }
}

void HandleBackend::read_ended(OverlappedEntry& entry, std::error_code error) noexcept {
    const Slot slot = core::OperationList::slot_of(entry);
    const bool asked = entry.state() == OverlappedState::cancelling;
    operations_.complete(entry);
    core::Registration& registration = table_[slot];
    if (!registration.active ||
        registration.generation != core::OperationList::generation_of(entry)) {
        ++stats_.late_packets;
        operations_.give_back(entry);
        return;
    }
    operations_.rest(entry);
    watch_of(slot).armed = false;
    if (error == std::errc::operation_canceled && !asked) {
        drop(slot);  // The handle was closed; its number may be another's already.
        return;
    }
    // A longer message ends the read with an error and stays. What there was in a pipe of bytes may
    // have been read since.
    watch_of(slot).taken = !error && watch_of(slot).messages;
    suspect(slot);
}

// Asking
// ----------------------------------------------------------------------------------------

Scan HandleBackend::collect(std::span<NativeEvent> events, std::size_t visits,
                            std::error_code& error) noexcept {
    Scan scan;
    while (scan.visited < visits && scan.filled < events.size() && !suspects_.empty()) {
        const Slot slot = suspects_.cursor();
        const Answer answer = ask(slot);
        ++scan.visited;
        if (answer.closed) {
            drop(slot);
            continue;
        }
        if (answer.error) {
            suspects_.advance();
            error = answer.error;
            return scan;
        }
        if (answer.mask == 0) {
            suspects_.remove(slot);
            continue;
        }
        const core::Registration& registration = table_[slot];
        NativeEvent& event = events[scan.filled++];
        event.events = core::filter_mask(answer.mask, registration.interest);
        event.data.u64 = registration.user_data;
        event.completion = nullptr;
        if (core::is_one_shot(registration.interest)) {
            suspects_.remove(slot);
        } else {
            suspects_.advance();
        }
    }
    return scan;
}

HandleBackend::Answer HandleBackend::ask(Slot slot) noexcept {
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
        if (*next == sys::ConsoleRecord::key) {
            return {.mask = readable};
        }
        if (*next == sys::ConsoleRecord::none) {
            return arm(slot);
        }
        // Left where it is, it would keep the console signalled and hide the keys behind it.
        if (const std::error_code error = sys::discard_console_record(console)) {
            return {.error = error};
        }
    }
}

HandleBackend::Answer HandleBackend::ask_pipe(Slot slot) noexcept {
    Watch& watch = watch_of(slot);
    if (watch.taken) {
        // The read of nothing has taken a message of no bytes.
        watch.taken = false;
        return {.mask = readable};
    }
    const Result<std::uint32_t> bytes = sys::readable_bytes(table_[slot].handle);
    if (!bytes) {
        return says_broken(bytes.error())
                   ? Answer{.mask = readable | mask::hup}
                   : Answer{.closed = says_other_pipe(bytes.error()), .error = bytes.error()};
    }
    if (*bytes > 0) {
        return {.mask = readable};
    }
    return watch.by_read ? arm_by_read(slot) : arm(slot);
}

HandleBackend::Answer HandleBackend::arm(Slot slot) noexcept {
    sys::ThreadPoolWait& wait = waits_[index_of(slot)];
    const core::Registration& registration = table_[slot];
    const std::error_code error =
        registration.type == HandleType::pipe
            ? wait.arm_on_pipe(registration.handle, &HandleBackend::signalled, this)
            : wait.arm(registration.handle, &HandleBackend::signalled, this);
    watch_of(slot).armed = !error;
    return {.closed = says_closed(error), .error = error};
}

HandleBackend::Answer HandleBackend::arm_by_read(Slot slot) noexcept {
    OverlappedEntry& entry = operations_[table_[slot].link];
    assert(entry.state() == OverlappedState::idle);
    const Result<sys::Started> started = sys::read(table_[slot].handle, {}, entry.overlapped);
    if (!started) {
        return says_broken(started.error())
                   ? Answer{.mask = readable | mask::hup}
                   : Answer{.closed = says_other_pipe(started.error()), .error = started.error()};
    }
    // Its packet comes even where it was done at once.
    operations_.start(entry);
    watch_of(slot).armed = true;
    return {};
}

}  // namespace wakepoll::backend
