// The wait: look at what is at hand, else announce, block once, and translate.
//
// There are two places to block in. While WSAPoll watches sockets the thread blocks there: the
// doorbell ends the block for wakes and signalled handles, and a thread-pool wait on the port rings
// it for packets. Otherwise it blocks at the port, where all of it comes by itself. Either way an
// idle wait is one blocked kernel call (P3); it is cut short only for sockets that the backend must
// ask about again.
#include <algorithm>

#include "own_errors.hpp"
#include "poller_state.hpp"
#include "sys/system.hpp"

namespace wakepoll {
namespace {

using core::nanoseconds;
using core::Park;
using Source = core::Turn::Source;

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
    nanoseconds now = sys::now();
    const core::Deadline deadline(timeout, now);
    bool polled = false;   // A look or a block has just found out what is ready.
    bool blocked = false;  // A block is just over.
    for (;;) {
        result.error = look_at_signals(now);
        if (!result.error && backend.recheck_in(now) == nanoseconds::zero()) {
            result.error = backend.look(now);
            polled = true;
        }
        const Park park = backend.parks_at();
        // The port can be blocked at right away where nothing but a packet can be at hand.
        const bool only_packets =
            park == Park::port && handles.size() == 0 && operations.finished() == 0;
        if (result.error) {
            // What is at hand stays there.
        } else if (only_packets) {
            const bool may_block = !deadline.has_passed(now) && timer.remaining(now).count() > 0;
            const nanoseconds limit = std::min(backend.recheck_in(now), timer.remaining(now));
            gather_at_port(events, may_block ? deadline.kernel_timeout(now, limit) : 0, result);
            blocked = true;
            now = sys::now();
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
        const bool must_ask = only_packets && handles.size() > 0;
        if (result.count > 0 || result.woken || result.timer || result.error ||
            (deadline.has_passed(now) && !must_ask)) {
            stats.wakes_reported += result.woken ? 1 : 0;
            return result;
        }
        stats.spurious_returns += blocked ? 1 : 0;
        blocked = false;
        if (park == Park::sockets && backend.parks_at() == park && handles.size() == 0) {
            const nanoseconds limit = std::min(backend.recheck_in(now), timer.remaining(now));
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

std::error_code PollerState::look_at_signals(nanoseconds now) noexcept {
    if (!wake.consume_signal()) {
        return {};
    }
    handles.take_signals();
    return timer.look(now);
}

void PollerState::gather(std::span<NativeEvent> events, nanoseconds now, bool polled, bool ask_port,
                         WaitResult& result) noexcept {
    // What each source is still to be asked for in this wait.
    std::size_t sockets = backend.size();
    std::size_t others = handles.size();
    std::size_t finished = operations.finished();
    bool look = !polled;
    while (result.count < events.size() && !result.error) {
        sockets = std::min(sockets, backend.size());
        others = std::min(others, handles.size());
        finished = std::min<std::size_t>(finished, operations.finished());
        look = look && backend.size() > 0;
        if (completions_left() == 0) {
            finished = 0;
            ask_port = false;
        }
        if (!look && !ask_port && sockets + others + finished == 0) {
            return;
        }
        const std::span<NativeEvent> room = events.subspan(result.count);
        const std::span<NativeEvent> lendable =
            room.first(std::min(room.size(), completions_left()));
        const core::Turn::Sizes sizes = {backend.size(), handles.size(), operations.finished()};
        std::size_t used = 0;
        bool exhausted = false;
        switch (turn.source()) {
            case Source::sockets: {
                if (look) {
                    result.error = backend.look(now);
                    look = false;
                    sockets = backend.size();
                    continue;
                }
                const std::size_t share = std::min(turn.left(sizes), sockets);
                const backend::Scan scan = backend.collect(room, share, now);
                result.count += scan.filled;
                stats.readiness_events += scan.filled;
                sockets -= scan.visited;
                used = scan.visited;
                exhausted = share == 0;
                break;
            }
            case Source::handles: {
                const std::size_t share = std::min(turn.left(sizes), others);
                const backend::Scan scan = handles.collect(room, share, result.error);
                result.count += scan.filled;
                stats.readiness_events += scan.filled;
                others -= scan.visited;
                used = scan.visited;
                exhausted = share == 0;
                break;
            }
            case Source::completed: {
                const std::size_t share = std::min(turn.left(sizes), finished);
                used = report_finished(lendable.first(std::min(share, lendable.size())));
                result.count += used;
                finished = lendable.size() > used ? finished - used : 0;
                exhausted = used == 0;
                break;
            }
            case Source::packets:
                used = gather_packets(lendable, turn.left(sizes), ask_port, others, result);
                finished = std::max<std::size_t>(finished, overdue);
                exhausted =
                    lendable.empty() || (overdue == 0 && (!ask_port || used < lendable.size()));
                ask_port = false;
                break;
        }
        turn.spend(used, exhausted, {backend.size(), handles.size(), operations.finished()});
    }
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
                                 WaitResult& result) noexcept {
    const bool parked = milliseconds != 0 && wake.park(Park::port);
    const std::span<NativeEvent> room = events.first(std::min(events.size(), completions_left()));
    (void)take_packets(room, parked ? milliseconds : 0, result);
    if (parked) {
        wake.unpark();
    }
}

std::error_code PollerState::block_in_sockets(std::uint32_t milliseconds) noexcept {
    std::error_code error = backend.settle();
    if (error || !wake.park(Park::sockets)) {
        return error;
    }
    error = watch_port();
    if (!error) {
        ++stats.blocked;
        error = backend.block(milliseconds);
    }
    wake.unpark();
    const std::error_code settled = backend.settle();
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
