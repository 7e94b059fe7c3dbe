// Polls the active sockets by WSAPoll, and polls again, at growing intervals, what it cannot wait
// for. See wsapoll_backend.hpp.
#include <algorithm>
#include <array>

#include "backend/wsapoll_backend.hpp"
#include "sys/socket.hpp"
#include "sys/socket_poll.hpp"

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
