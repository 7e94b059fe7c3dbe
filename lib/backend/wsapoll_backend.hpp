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
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>

#include "backend/hang_ups.hpp"
#include "backend/readiness_backend.hpp"
#include "core/deadline.hpp"
#include "core/event_mask.hpp"
#include "core/poll_set.hpp"
#include "core/registration_table.hpp"
#include "core/wake_state.hpp"
#include "sys/doorbell.hpp"
#include "wakepoll/stats.hpp"

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
