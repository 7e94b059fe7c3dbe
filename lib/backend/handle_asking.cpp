// Queries whether registered handles are ready, each in the way of its kind, and arms those that
// are not.
#include <cassert>

#include "backend/handle_backend.hpp"
#include "core/event_mask.hpp"
#include "sys/console.hpp"
#include "sys/handle_info.hpp"
#include "sys/overlapped_io.hpp"
#include "sys/pipe.hpp"

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
