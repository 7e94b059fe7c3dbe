// Asking again, at a growing distance, about what WSAPoll can not wait for. See
// wsapoll_backend.hpp.
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
        if (const Result<std::size_t> answered = poll({entries.data(), count}); !answered) {
            return answered.error();
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
            continue;  // WSAPoll says by itself when this one is connected.
        }
        // Not asked for room to send, WSAPoll would not say so; and of a connected socket the
        // except set tells out-of-band data.
        const Result<bool> connected = sys::is_connected(Handle{entry.socket});
        if (!connected) {
            if (connected.error() == std::errc::bad_file_descriptor) {
                continue;  // Closed, as above.
            }
            return connected.error();
        }
        if (*connected) {
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
