#include "poller/wait.hpp"

#include <algorithm>
#include <mutex>

#include "sys/system.hpp"

namespace wakepoll {
namespace {

using backend::Outstanding;
using core::Park;

}  // namespace

WaitResult Wait::run(std::span<NativeEvent> events, Timeout timeout) noexcept {
    const std::lock_guard guard(parts_.lock);
    WaitResult result;
    result.first = events.data();
    if (parts_.word.is_shut_down()) {
        result.error = errc::poller_is_closed;
        return result;
    }
    if (events.empty() || running_) {
        result.error = running_ ? errc::another_wait : errc::no_room_for_events;
        return result;
    }
    const nanoseconds now = sys::now();
    Pass pass{events, core::Deadline(timeout, now), now, result};
    running_ = true;
    ++parts_.stats.waits;
    parts_.operations.take_back();
    parts_.sockets.begin_wait(events.size());
    parts_.handles.begin_wait();
    do {
        pass.has_blocked = false;
        if (parts_.word.consume_signal()) {
            take_signals(pass);
        }
        parts_.sockets.move_if_better(expects_packets(), result.error);
        if (parts_.sockets.parks_at() == Park::port) {
            at_port(pass);
        } else {
            in_sockets(pass);
        }
    } while (!is_over(pass));
    running_ = false;
    return result;
}

bool Wait::goes_on(Pass& pass) noexcept {
    if (parts_.word.is_shut_down() || parts_.sockets.parks_at() != Park::sockets ||
        !parts_.sockets.goes_on_with_afd()) {
        return false;
    }
    WaitResult& result = pass.result;
    result.error = {};
    return result.count == 0 && !result.woken && !result.timer;
}

void Wait::count_wakes() noexcept {
    const std::uint32_t wakes = parts_.word.requests();
    parts_.stats.wakes_requested += static_cast<std::uint32_t>(wakes - wakes_counted_);
    wakes_counted_ = wakes;
}

void Wait::take_signals(Pass& pass) noexcept {
    parts_.handles.take_signals();
    pass.note(parts_.timer.look(pass.now));
}

void Wait::take_wake(Pass& pass) noexcept {
    count_wakes();
    pass.result.woken = parts_.word.consume();
    parts_.stats.wakes_reported += pass.result.woken ? 1 : 0;
    if (parts_.word.is_shut_down()) {
        pass.result.error = errc::poller_is_closed;
    }
}

inline bool Wait::is_over(Pass& pass) noexcept {
    WaitResult& result = pass.result;
    result.timer = parts_.timer.consume(pass.now);
    if (!parts_.word.is_calm()) {
        take_wake(pass);
    }
    if (result.error) {
        return !goes_on(pass);
    }
    if (result.count > 0 || result.woken || result.timer || pass.deadline.has_passed(pass.now)) {
        return true;
    }
    parts_.stats.spurious_returns += pass.has_blocked ? 1 : 0;
    parts_.sockets.begin_pass(pass.events.size());
    return false;
}

std::uint32_t Wait::block_time(const Pass& pass) const noexcept {
    const nanoseconds limit =
        std::min(parts_.sockets.recheck_in(pass.now), parts_.timer.remaining(pass.now));
    return limit.count() > 0 ? pass.deadline.kernel_timeout(pass.now, limit) : 0;
}

// At the port
// ---------------------------------------------------------------------------------------

void Wait::at_port(Pass& pass) noexcept {
    // Polled first: what is ready at once needs no block, and everything else ends the one below.
    pass.note(parts_.sockets.look(pass.now));
    const bool ready = has_something();
    if (!ready || expects_packets() || parts_.sockets.outstanding() != Outstanding::nothing) {
        dequeue(pass, ready || !pass.may_block() ? 0 : block_time(pass));
    }
    // A packet's answer for a socket that was changed since does not count: it is polled again.
    if (parts_.sockets.due() > 0 && !pass.result.error) {
        pass.note(parts_.sockets.look(pass.now));
    }
    if (parts_.sockets.outstanding() == Outstanding::polls) {
        await_held_sockets(pass);
    }
    report(pass);
}

void Wait::dequeue(Pass& pass, std::uint32_t milliseconds) noexcept {
    std::size_t filled = parts_.packets.size();
    while (filled < pass.events.size()) {
        const std::size_t limit = parts_.packets.room();
        if (limit == 0) {
            return;
        }
        const Result<PacketQueue::Taken> taken = milliseconds != 0 && parts_.word.park(Park::port)
                                                     ? block_at_port(pass, limit, milliseconds)
                                                     : parts_.packets.take(limit, 0);
        if (!taken) {
            return pass.note(taken.error());
        }
        if (!taken->may_be_more) {
            return;
        }
        filled += taken->useful;
        milliseconds = 0;
    }
}

// In the sockets
// ------------------------------------------------------------------------------------

void Wait::in_sockets(Pass& pass) noexcept {
    // A watch that is armed after a block means that no packet has come.
    if (expects_packets() && !(pass.blocks > 0 && parts_.word.is_watch_armed())) {
        dequeue(pass, 0);
    }
    // Otherwise the block below also polls.
    std::uint32_t time = has_something() || !pass.may_block() ? 0 : block_time(pass);
    if (time == 0) {
        pass.note(parts_.sockets.look(pass.now));
        report(pass);
        if (pass.result.count > 0 || !pass.may_block() || has_something()) {
            return;
        }
        time = block_time(pass);
    }
    if (time == 0 || parts_.sockets.parks_at() != Park::sockets) {
        return;
    }
    block_in_sockets(pass, time);
    ++pass.blocks;
    if (expects_packets() && !parts_.word.is_watch_armed()) {
        dequeue(pass, 0);
    }
    report(pass);
}

// Reporting
// --------------------------------------------------------------------------------------

void Wait::report(Pass& pass) noexcept {
    const std::size_t size = parts_.sockets.size();
    if (parts_.handles.size() + parts_.operations.finished() + parts_.packets.size() > 0) {
        report_in_turns(pass);
    } else if (size > 0) {
        static_cast<void>(report_sockets(pass, size));
    }
}

void Wait::report_in_turns(Pass& pass) noexcept {
    // How many of each source are still to be visited in this wait.
    std::size_t sockets = parts_.sockets.size();
    std::size_t handles = parts_.handles.size();
    const auto unvisited = [&]() -> core::Turn::Sizes {
        const bool can_complete = parts_.operations.room() > 0;
        return {std::min(sockets, parts_.sockets.size()), std::min(handles, parts_.handles.size()),
                can_complete ? parts_.operations.finished() : 0,
                can_complete ? parts_.packets.size() + parts_.operations.overdue() : 0};
    };
    const auto turns = [&]() -> core::Turn::Sizes {
        return {parts_.sockets.size(), parts_.handles.size(), parts_.operations.finished(),
                parts_.packets.size() + parts_.operations.overdue() > 0 ? PacketQueue::turn : 0};
    };
    while (pass.result.count < pass.events.size() && unvisited() != core::Turn::Sizes{}) {
        const std::size_t share =
            std::min(turn_.left(turns()), unvisited()[static_cast<std::size_t>(turn_.source())]);
        std::size_t used = 0;
        switch (turn_.source()) {
            case core::Turn::Source::sockets:
                used = report_sockets(pass, share);
                sockets -= std::min(used, sockets);
                break;
            case core::Turn::Source::handles:
                used = report_handles(pass, share);
                handles -= std::min(used, handles);
                break;
            case core::Turn::Source::completed:
                used = report_finished(pass, share);
                break;
            case core::Turn::Source::packets:
                used = report_packets(pass, share);
                break;
        }
        turn_.spend(used, share == 0, turns());
    }
}

std::size_t Wait::report_sockets(Pass& pass, std::size_t visits) noexcept {
    const backend::Scan scan = parts_.sockets.collect(pass.room(), visits, pass.now);
    pass.result.count += scan.filled;
    parts_.stats.readiness_events += scan.filled;
    return scan.visited;
}

std::size_t Wait::report_handles(Pass& pass, std::size_t visits) noexcept {
    std::error_code error;
    const backend::Scan scan = parts_.handles.collect(pass.room(), visits, error);
    pass.note(error);
    pass.result.count += scan.filled;
    parts_.stats.readiness_events += scan.filled;
    return error ? visits : scan.visited;
}

std::size_t Wait::report_finished(Pass& pass, std::size_t visits) noexcept {
    const std::span<NativeEvent> room = pass.room();
    const std::size_t filled =
        parts_.operations.report_finished(room.first(std::min(room.size(), visits)));
    pass.result.count += filled;
    return filled;
}

std::size_t Wait::report_packets(Pass& pass, std::size_t visits) noexcept {
    const Operations::Reported reported =
        parts_.operations.report_packets(parts_.packets, visits, pass.room());
    pass.result.count += reported.filled;
    return reported.visited;
}

}  // namespace wakepoll
