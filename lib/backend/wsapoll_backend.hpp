// Readiness by WSAPoll: documented calls only, one call a wait over all registered sockets.
//
// A socket is active or quiet. The active ones stand in the poll set, which a wait looks at and
// blocks on; its array carries the doorbell, through which other threads end the block. The quiet
// ones, in a ring of their own, are those for which WSAPoll would return at once and for ever with
// a hang-up that their interest filters out: WSAPoll's HUP can not be switched off. They are asked
// again at a growing distance (1 ms doubling to 50 ms), some dozens a call, and become active when
// they have something to report.
//
// Before Windows 10 build 19041 WSAPoll never tells of a refused connect. Stream sockets that are
// not connected when they are registered are therefore also asked about by select, at the same
// distances, until they are. On newer systems no socket is.
//
// Both re-checks shorten a wait only while such sockets are registered, and are counted in
// `PollerStats::rechecks`.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>

#include "backend/readiness_backend.hpp"
#include "core/deadline.hpp"
#include "core/poll_set.hpp"
#include "core/registration_table.hpp"
#include "core/wake_state.hpp"
#include "sys/doorbell.hpp"
#include "wakepoll/stats.hpp"

namespace wakepoll::backend {

class WsapollBackend {
public:
    /// Arrays that outlive the backend, or the last socket in it.
    struct Memory {
        core::PollEntry* entries;  ///< for each socket, and one more, the first, for the doorbell
        core::Slot* slots;         ///< for each socket
        std::uint32_t* positions;  ///< by slot
        core::SlotRing::Link* links;  ///< by slot, shared with the rings of other backends
        bool* connecting;             ///< by slot
    };

    WsapollBackend(const Memory& memory, core::RegistrationTable& table, core::WakeState& wake,
                   PollerStats& stats, bool select_tells_refusals) noexcept;

    WsapollBackend(const WsapollBackend&) = delete;
    WsapollBackend& operator=(const WsapollBackend&) = delete;

    // As ReadinessBackend has them.
    [[nodiscard]] std::error_code add(core::Slot slot, core::nanoseconds now) noexcept;
    [[nodiscard]] std::error_code modify(core::Slot slot, core::nanoseconds now) noexcept;
    void remove(core::Slot slot) noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return active_.size(); }
    [[nodiscard]] core::Park parks_at() const noexcept {
        return active_.empty() ? core::Park::port : core::Park::sockets;
    }
    [[nodiscard]] std::error_code look(core::nanoseconds now) noexcept;
    [[nodiscard]] std::error_code block(std::uint32_t milliseconds) noexcept;
    [[nodiscard]] std::error_code settle() noexcept;
    [[nodiscard]] Scan collect(std::span<NativeEvent> events, std::size_t visits,
                               core::nanoseconds now) noexcept;
    [[nodiscard]] core::nanoseconds recheck_in(core::nanoseconds now) const noexcept {
        return must_recheck() ? soonest_recheck(now) : core::nanoseconds::max();
    }
    [[nodiscard]] std::error_code rouse() const noexcept { return doorbell_.ring(); }

    /// How many sockets there are, those included that have nothing to report.
    [[nodiscard]] std::uint32_t sockets() const noexcept { return sockets_; }
    /// There are sockets that WSAPoll can not wait for.
    [[nodiscard]] bool must_recheck() const noexcept {
        return !quiet_.empty() || connecting_count_ > 0;
    }
    /// Takes out the socket whose turn it is, for another backend to go on with; `no_slot` where
    /// there is none but one-shot ones that were reported.
    [[nodiscard]] core::Slot give_up_next() noexcept;

    /// Closes the doorbell; no errand may be under way.
    void close() noexcept { doorbell_.close(); }

private:
    /// What WSAPoll is asked about a registration.
    [[nodiscard]] static core::PollEntry entry_for(const core::Registration& registration) noexcept;
    /// What of an answer is reported to it.
    [[nodiscard]] static std::uint32_t reportable(const core::Registration& registration,
                                                  std::int16_t revents) noexcept;
    [[nodiscard]] static bool is_closed(const core::PollEntry& entry) noexcept;

    /// Puts a registration into the active set, or takes it out of whichever set it is in.
    void watch(core::Slot slot, const core::PollEntry& entry) noexcept;
    void unwatch(core::Slot slot) noexcept;
    /// Unregisters a handle that was found closed.
    void drop(core::Slot slot) noexcept;
    void note_connected(core::Slot slot) noexcept;

    [[nodiscard]] std::error_code ensure_doorbell() noexcept;

    /// WSAPoll, but an entry that makes the whole call fail is found and marked `nval`.
    [[nodiscard]] std::error_code poll(std::span<core::PollEntry> entries,
                                       std::uint32_t milliseconds) noexcept;
    /// The same, after a first call that failed with `error`.
    [[nodiscard]] std::error_code poll_again(std::span<core::PollEntry> entries,
                                             std::uint32_t milliseconds,
                                             std::error_code error) noexcept;
    /// Polls the entries one by one; whether there is one that is no socket.
    [[nodiscard]] Result<bool> mark_closed(std::span<core::PollEntry> entries) noexcept;
    [[nodiscard]] core::nanoseconds soonest_recheck(core::nanoseconds now) const noexcept;
    [[nodiscard]] std::error_code recheck_quiet(core::nanoseconds now) noexcept;
    /// Asks about the next `count` quiet sockets.
    [[nodiscard]] std::error_code ask_quiet(std::size_t count) noexcept;
    [[nodiscard]] std::error_code recheck_connecting(core::nanoseconds now) noexcept;
    /// select over the active sockets at these positions; marks those whose connect was refused.
    [[nodiscard]] std::error_code ask_select(std::span<const std::size_t> positions) noexcept;

    core::PollSet active_;
    core::SlotRing quiet_;
    core::RegistrationTable& table_;
    core::WakeState& wake_;
    PollerStats& stats_;
    sys::Doorbell doorbell_;

    std::uint32_t sockets_ = 0;
    bool answered_ = false;  ///< The last look or block has found something in the active set.
    core::Backoff quiet_pace_;
    bool* connecting_;                    ///< By slot: not connected when last seen.
    std::uint32_t connecting_count_ = 0;  ///< Those of them that are in the active set.
    core::Backoff connecting_pace_;
    bool refusal_seen_ = false;  ///< The last select told of one: ask again at every look.
    bool select_tells_refusals_;
};

static_assert(ReadinessBackend<WsapollBackend>);

}  // namespace wakepoll::backend
