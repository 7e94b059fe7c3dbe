#include "backend/wsapoll_backend.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/event_mask.hpp"
#include "sys/socket.hpp"
#include "sys/socket_poll.hpp"
#include "sys/system.hpp"

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
