// The wait: look at what is at hand, else announce, block once, and translate.
//
// There are two places to block in. While WSAPoll watches sockets the thread blocks there: the
// doorbell ends the block for wakes and signalled handles, and a thread-pool wait on the port rings
// it for packets. Otherwise it blocks at the port, where all of it comes by itself. Either way an
// idle wait is one blocked kernel call (P3); it is cut short only for sockets that the backend must
// ask about again.
#include <algorithm>
#include <utility>

#include "own_errors.hpp"
#include "poller_state.hpp"
#include "sys/system.hpp"

namespace wakepoll {
namespace {

using core::nanoseconds;
using core::Park;
using Source = core::Turn::Source;

/// What an answer that is on its way is given to arrive, also by a wait that must not block: the
/// kernel has been told to give it, and needs some microseconds.
constexpr std::uint32_t longest_answer = 100;

static_assert(PollerState::packets_per_call == core::Turn::packets_per_turn,
              "what a turn allows must fit into one call");

}  // namespace

WaitResult PollerState::wait(std::span<NativeEvent> events, Timeout timeout) noexcept {
    WaitResult result;
    if (events.empty()) {
        result.error = own_errors::invalid_argument();
        return result;
    }
    ++stats.waits;
    count_requests();
    give_back_lent();
    sockets.begin_wait();
    nanoseconds now = sys::now();
    const core::Deadline deadline(timeout, now);
    bool polled = false;    // A look or a block has just found out what is ready.
    bool blocked = false;   // A block is just over.
    bool given_up = false;  // A packet that was sure to come has not.
    for (;;) {
        if (wake.consume_signal()) {
            result.error = look_at_signals(now);
        }
        if (!result.error && (should_move() || sockets.must_look(now))) {
            result.error = look_at_sockets(now, polled);
        }
        if (result.error && sockets.is_afd()) {
            // Some could not be asked. What the others answered is reported all the same.
            gather_taken(events, now, std::exchange(result.error, {}), result);
        }
        const Park park = sockets.parks_at();
        // The port can be blocked at right away where nothing but a packet can be at hand.
        const bool only_packets = park == Park::port && !is_anything_at_hand();
        if (result.error) {
            // What is at hand stays there.
        } else if (only_packets) {
            const bool may_block = !deadline.has_passed(now) && timer.remaining(now).count() > 0;
            const nanoseconds limit = std::min(sockets.recheck_in(now), timer.remaining(now));
            const std::uint32_t time = may_block ? deadline.kernel_timeout(now, limit) : 0;
            given_up = sockets.is_waiting();
            gather_at_port(events, time, now, result);
            blocked = true;
            now = sys::now();
        } else if (sockets.is_afd()) {
            gather_ahead(events, now, result);
        } else {
            // A watch that is armed still after a block says that no packet has come.
            const bool ask_port = may_get_packets() && !(blocked && wake.is_watch_armed());
            gather(events, now, polled || park == Park::port, ask_port, result);
        }
        result.woken = wake.consume();
        result.timer = timer.consume(now);
        if (wake.is_shut_down()) {
            result.error = own_errors::operation_canceled();
        }
        // A packet may have been that of a pipe, which is to be asked then even where it came last.
        const bool must_ask =
            (only_packets && handles.size() > 0) || (sockets.is_waiting() && !given_up);
        if (result.count > 0 || result.woken || result.timer || result.error ||
            (deadline.has_passed(now) && !must_ask)) {
            stats.wakes_reported += result.woken ? 1 : 0;
            return result;
        }
        stats.spurious_returns += blocked ? 1 : 0;
        blocked = false;
        if (park == Park::sockets && sockets.parks_at() == park && handles.size() == 0 &&
            !should_move()) {
            const nanoseconds limit = std::min(sockets.recheck_in(now), timer.remaining(now));
            result.error = block_in_sockets(deadline.kernel_timeout(now, limit));
            blocked = true;
            now = sys::now();
            polled = true;
            if (result.error) {
                return result;
            }
        }
    }
}

std::error_code PollerState::look_at_sockets(nanoseconds now, bool& polled) noexcept {
    if (should_move()) {
        const std::error_code error = sockets.move();
        if (error && error != std::errc::operation_not_supported) {
            return error;
        }
        polled = false;
    }
    if (!sockets.must_look(now)) {
        return {};
    }
    polled = true;
    return sockets.look(now);
}

std::error_code PollerState::look_at_signals(nanoseconds now) noexcept {
    handles.take_signals();
    return timer.look(now);
}

void PollerState::gather(std::span<NativeEvent> events, nanoseconds now, bool polled, bool ask_port,
                         WaitResult& result) noexcept {
    // What each source is still to be asked for in this wait.
    std::size_t unvisited = sockets.size();
    std::size_t others = handles.size();
    std::size_t finished = operations.finished();
    bool look = !polled;
    if (!ask_port && others + finished == 0) {
        // The sockets are alone, so there are no turns to be taken.
        if (look && unvisited > 0) {
            result.error = sockets.look(now);
        }
        if (!result.error) {
            (void)report_sockets(events.subspan(result.count), sockets.size(), now, result);
        }
        return;
    }
    while (result.count < events.size() && !result.error) {
        unvisited = std::min(unvisited, sockets.size());
        others = std::min(others, handles.size());
        finished = std::min<std::size_t>(finished, operations.finished());
        look = look && sockets.size() > 0;
        if (completions_left() == 0) {
            finished = 0;
            ask_port = false;
        }
        if (!look && !ask_port && unvisited + others + finished == 0) {
            return;
        }
        const std::span<NativeEvent> room = events.subspan(result.count);
        const std::span<NativeEvent> lendable =
            room.first(std::min(room.size(), completions_left()));
        const auto sizes = [this] {
            return core::Turn::Sizes{sockets.size(), handles.size(), operations.finished()};
        };
        std::size_t used = 0;
        bool exhausted = false;
        switch (turn.source()) {
            case Source::sockets: {
                if (look) {
                    result.error = sockets.look(now);
                    if (result.error) {
                        return;
                    }
                    look = false;
                    unvisited = sockets.size();
                }
                const std::size_t share = std::min(turn.left(sizes()), unvisited);
                used = report_sockets(room, share, now, result);
                unvisited -= used;
                exhausted = share == 0;
                break;
            }
            case Source::handles: {
                const std::size_t share = std::min(turn.left(sizes()), others);
                const backend::Scan scan = handles.collect(room, share, result.error);
                result.count += scan.filled;
                stats.readiness_events += scan.filled;
                others -= scan.visited;
                used = scan.visited;
                exhausted = share == 0;
                break;
            }
            case Source::completed: {
                const std::size_t share = std::min(turn.left(sizes()), finished);
                used = report_finished(lendable.first(std::min(share, lendable.size())));
                result.count += used;
                finished = lendable.size() > used ? finished - used : 0;
                exhausted = used == 0;
                break;
            }
            case Source::packets:
                if (ask_port || overdue > 0) {
                    used = gather_packets(lendable, turn.left(sizes()), ask_port, others, result);
                    finished = std::max<std::size_t>(finished, overdue);
                }
                exhausted =
                    lendable.empty() || (overdue == 0 && (!ask_port || used < lendable.size()));
                ask_port = false;
                break;
        }
        turn.spend(used, exhausted, sizes());
    }
}

std::size_t PollerState::report_sockets(std::span<NativeEvent> events, std::size_t visits,
                                        nanoseconds now, WaitResult& result) noexcept {
    const backend::Scan scan = sockets.collect(events, visits, now);
    result.count += scan.filled;
    stats.readiness_events += scan.filled;
    return scan.visited;
}

std::size_t PollerState::gather_packets(std::span<NativeEvent> events, std::size_t most,
                                        bool ask_port, std::size_t& others,
                                        WaitResult& result) noexcept {
    const std::size_t before = result.count;
    std::size_t used = report_overdue(events, result);
    const std::size_t room = std::min(events.size() - used, most);
    if (!ask_port || room == 0) {
        return used;
    }
    const std::size_t suspects = handles.size();
    used += take_packets(events.subspan(used, room), 0, result);
    // A packet may have been that of a pipe that can be read now. Where others were asked in this
    // wait already, it must not be they who are asked in its stead.
    const std::size_t newcomers = handles.size() - std::min(suspects, handles.size());
    if (others < suspects) {
        handles.prefer_newest(newcomers);
    }
    others += newcomers;
    // Or that of an operation that others had to be behind.
    return used + report_overdue(events.subspan(result.count - before), result);
}

std::size_t PollerState::report_overdue(std::span<NativeEvent> events,
                                        WaitResult& result) noexcept {
    overdue = std::min<std::size_t>(overdue, operations.finished());
    const std::size_t reported = report_finished(events.first(std::min(events.size(), overdue)));
    overdue -= reported;
    result.count += reported;
    return reported;
}

void PollerState::gather_at_port(std::span<NativeEvent> events, std::uint32_t milliseconds,
                                 nanoseconds now, WaitResult& result) noexcept {
    const bool parked = milliseconds != 0 && wake.park(Park::port);
    const std::uint32_t time = parked ? milliseconds : 0;
    if (sockets.is_afd()) {
        const std::error_code error =
            take_ahead(sockets.is_waiting() ? std::max(time, longest_answer) : time);
        if (parked) {
            wake.unpark();
        }
        if (error || is_anything_at_hand() || sockets.must_look(now) || sockets.is_waiting()) {
            gather_taken(events, now, error, result);
        }
        return;
    }
    const std::span<NativeEvent> room = events.first(std::min(events.size(), completions_left()));
    (void)take_packets(room, time, result);
    if (parked) {
        wake.unpark();
    }
}

void PollerState::gather_ahead(std::span<NativeEvent> events, nanoseconds now,
                               WaitResult& result) noexcept {
    // Packets first: the sockets that they tell of are asked before any is reported, and so have
    // their turn like those that were awake.
    std::error_code error;
    if (may_get_packets() || sockets.in_flight() > 0) {
        error = take_ahead(0);
    }
    gather_taken(events, now, error, result);
}

void PollerState::gather_taken(std::span<NativeEvent> events, nanoseconds now,
                               std::error_code error, WaitResult& result) noexcept {
    if (!error && sockets.must_look(now)) {
        error = sockets.look(now);
    }
    // Other packets may come before the one that is waited for.
    constexpr int most_packets = 4;
    for (int i = 0; i < most_packets && !error && sockets.is_waiting(); ++i) {
        error = take_ahead(longest_answer);
        if (!error) {
            error = sockets.look(now);
        }
    }
    gather(events, now, true, packets_at_hand > 0, result);
    if (error && !result.error) {
        result.error = error;
    }
}

std::error_code PollerState::block_in_sockets(std::uint32_t milliseconds) noexcept {
    std::error_code error = sockets.settle();
    if (error || !wake.park(Park::sockets)) {
        return error;
    }
    error = watch_port();
    if (!error) {
        ++stats.blocked;
        error = sockets.block(milliseconds);
    }
    wake.unpark();
    const std::error_code settled = sockets.settle();
    return error ? error : settled;
}

std::error_code PollerState::watch_port() noexcept {
    // Armed only now that the thread is announced as parked: a signal that came before the
    // announcement has disarmed the watch without ringing, and so arms it here once more.
    if (!may_get_packets() || wake.is_watch_armed()) {
        return {};
    }
    wake.set_watch_armed(true);
    const std::error_code error = port_watch.arm(port.handle(), &PollerState::port_signalled, this);
    if (error) {
        wake.set_watch_armed(false);
    }
    return error;
}

}  // namespace wakepoll
