#include "backend/wsapoll_backend.hpp"

#include <algorithm>
#include <utility>

#include "core/event_mask.hpp"
#include "sys/socket.hpp"
#include "sys/socket_poll.hpp"

namespace wakepoll::backend {
namespace {

using core::index_of;
using core::nanoseconds;
using core::PollEntry;
using core::Slot;
namespace poll_bits = core::poll_bits;

}  // namespace

PollEntry WsapollBackend::entry_for(const core::Registration& registration) noexcept {
    return {registration.handle.value(), core::to_native_mask(registration.interest), 0};
}

std::uint32_t WsapollBackend::reportable(const core::Registration& registration,
                                         std::int16_t revents) noexcept {
    return core::filter_mask(core::to_epoll_mask(revents, registration.stream),
                             registration.interest);
}

bool WsapollBackend::is_closed(const PollEntry& entry) noexcept {
    return (entry.revents & poll_bits::nval) != 0;
}

WsapollBackend::WsapollBackend(const Memory& memory, core::RegistrationTable& table,
                               core::WakeState& wake, PollerStats& stats,
                               bool select_tells_refusals) noexcept
    : active_(memory.entries, memory.slots, memory.positions, memory.links, table.capacity()),
      quiet_(memory.links),
      table_(table),
      wake_(wake),
      stats_(stats),
      connecting_(memory.connecting),
      select_tells_refusals_(select_tells_refusals) {
    std::fill_n(connecting_, table.capacity(), false);
}

// The sets
// ------------------------------------------------------------------------------------------

void WsapollBackend::watch(Slot slot, const PollEntry& entry) noexcept {
    active_.add(slot, entry);
    answered_ = answered_ || entry.revents != 0;
    connecting_count_ += connecting_[index_of(slot)] ? 1 : 0;
}

void WsapollBackend::unwatch(Slot slot) noexcept {
    if (active_.contains(slot)) {
        active_.remove(slot);
        connecting_count_ -= connecting_[index_of(slot)] ? 1 : 0;
    } else if (quiet_.is_linked(slot)) {
        quiet_.remove(slot);
    }
}

void WsapollBackend::drop(Slot slot) noexcept {
    remove(slot);
    table_.erase(slot);
    ++stats_.registrations_dropped;
}

void WsapollBackend::note_connected(Slot slot) noexcept {
    connecting_[index_of(slot)] = false;
    --connecting_count_;
}

std::error_code WsapollBackend::add(Slot slot, nanoseconds now) noexcept {
    if (const std::error_code error = ensure_doorbell()) {
        return error;
    }
    const core::Registration& registration = table_[slot];
    if (select_tells_refusals_ && registration.stream) {
        const Result<bool> connected = sys::is_connected(registration.handle);
        if (!connected) {
            return connected.error();
        }
        const Result<bool> listening = sys::is_listening(registration.handle);
        if (!listening) {
            return listening.error();
        }
        if (!*connected && !*listening) {
            connecting_[index_of(slot)] = true;
            connecting_pace_.restart(now);
        }
    }
    watch(slot, entry_for(registration));
    ++sockets_;
    return {};
}

std::error_code WsapollBackend::modify(Slot slot, nanoseconds now) noexcept {
    // A quiet socket may have something to say to its new interest, and a one-shot one is in no
    // set.
    unwatch(slot);
    watch(slot, entry_for(table_[slot]));
    if (connecting_[index_of(slot)]) {
        connecting_pace_.restart(now);
    }
    return {};
}

void WsapollBackend::remove(Slot slot) noexcept {
    unwatch(slot);
    connecting_[index_of(slot)] = false;
    --sockets_;
}

Slot WsapollBackend::give_up_next() noexcept {
    const Slot slot = active_.empty() ? quiet_.cursor() : active_.cursor();
    if (slot != core::no_slot) {
        remove(slot);
    }
    return slot;
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
    return {};
}

std::error_code WsapollBackend::settle() noexcept {
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
    // Somebody has closed or broken it. Wakers that are about to ring it are let finish first; they
    // need not succeed, for the owner is awake.
    wake_.wait_for_errands();
    if ((revents & poll_bits::nval) != 0) {
        doorbell_.abandon();
    } else {
        doorbell_.close();
    }
    return ensure_doorbell();
}

// Asking the kernel
// ---------------------------------------------------------------------------------

std::error_code WsapollBackend::poll(std::span<PollEntry> entries,
                                     std::uint32_t milliseconds) noexcept {
    ++stats_.socket_polls;
    const Result<std::size_t> answered = sys::poll_sockets(entries, milliseconds);
    return answered ? std::error_code{} : poll_again(entries, milliseconds, answered.error());
}

std::error_code WsapollBackend::poll_again(std::span<PollEntry> entries, std::uint32_t milliseconds,
                                           std::error_code error) noexcept {
    // By the time that it is looked for, what made a call fail may be an open socket again.
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
        error = sys::poll_sockets(entries, milliseconds).error();
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
        if (const std::error_code error = ensure_doorbell()) {
            return error;
        }
        // With the doorbell: one that somebody has closed would not end a block, only be found
        // after.
        if (const std::error_code error = block(0)) {
            return error;
        }
        if (const std::error_code error = recheck_connecting(now)) {
            return error;
        }
    }
    return quiet_.empty() ? std::error_code{} : recheck_quiet(now);
}

std::error_code WsapollBackend::block(std::uint32_t milliseconds) noexcept {
    const std::error_code error = poll(active_.entries_with_doorbell(), milliseconds);
    answered_ = !error && active_.has_answers();
    return error;
}

// Reporting
// -----------------------------------------------------------------------------------------

Scan WsapollBackend::collect(std::span<NativeEvent> events, std::size_t visits,
                             nanoseconds now) noexcept {
    Scan scan;
    if (!answered_) {
        scan.visited = visits;
        return scan;
    }
    // Who leaves the set was visited, so there is always somebody at the cursor.
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
            if (connecting_[index_of(slot)] && (revents & poll_bits::err) == 0) {
                note_connected(slot);
            }
        }
        const core::Registration& registration = table_[slot];
        const std::uint32_t reported = reportable(registration, revents);
        if (reported == 0) {
            unwatch(slot);
            quiet_.add(slot);
            quiet_pace_.restart(now);
            continue;
        }
        event->events = reported;
        event->data.u64 = registration.user_data;
        event->completion = nullptr;
        ++event;
        if (core::is_one_shot(registration.interest)) {
            unwatch(slot);
        } else {
            active_.advance_past(slot);
        }
    }
    scan.filled = static_cast<std::size_t>(event - events.begin());
    return scan;
}

}  // namespace wakepoll::backend
