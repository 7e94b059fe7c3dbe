// The wait: look at what is at hand, else announce, block once, and translate.
//
// There are two places to block in. While WSAPoll watches sockets the thread blocks there: the
// doorbell ends the block for wakes, and a thread-pool wait on the port rings it for packets.
// Otherwise it blocks at the port, where wakes and packets come by themselves. Either way an idle
// wait is one blocked kernel call (P3); it is cut short only for sockets that the backend must ask
// about again.
#include <algorithm>

#include "core/completion_key.hpp"
#include "own_errors.hpp"
#include "poller_state.hpp"
#include "sys/system.hpp"

namespace wakepoll {
namespace {

using core::nanoseconds;
using core::Park;
using Source = core::Turn::Source;

[[nodiscard]] std::uint32_t mask_of(IoOperation operation, bool failed) noexcept {
    const bool writes = operation == IoOperation::write || operation == IoOperation::connect;
    return (writes ? mask::out : mask::in) | (failed ? mask::err : mask::none);
}

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
    nanoseconds now = sys::now();
    const core::Deadline deadline(timeout, now);
    bool polled = false;   // A look or a block has just found out what is ready.
    bool blocked = false;  // A block is just over.
    for (;;) {
        if (!result.error && backend.recheck_in(now) == nanoseconds::zero()) {
            result.error = backend.look(now);
            polled = true;
        }
        const Park park = backend.parks_at();
        if (!result.error && park == Park::sockets) {
            // A watch that is armed still after a block says that no packet has come.
            const bool ask_port = port_in_use && !(blocked && wake.is_watch_armed());
            gather(events, now, polled, ask_port, result);
        } else if (!result.error) {
            const bool may_block = !deadline.has_passed(now);
            const nanoseconds limit = backend.recheck_in(now);
            gather_at_port(events, may_block ? deadline.kernel_timeout(now, limit) : 0, result);
            blocked = true;
            now = sys::now();
        }
        result.woken = wake.consume();
        if (wake.is_shut_down()) {
            result.error = own_errors::operation_canceled();
        }
        if (result.count > 0 || result.woken || result.error || deadline.has_passed(now)) {
            stats.wakes_reported += result.woken ? 1 : 0;
            return result;
        }
        stats.spurious_returns += blocked ? 1 : 0;
        blocked = false;
        if (park == Park::sockets && backend.parks_at() == park) {
            result.error = block_in_sockets(deadline.kernel_timeout(now, backend.recheck_in(now)));
            blocked = true;
            now = sys::now();
            polled = true;
        }
    }
}

void PollerState::gather(std::span<NativeEvent> events, nanoseconds now, bool polled, bool ask_port,
                         WaitResult& result) noexcept {
    std::size_t to_visit = backend.size();
    while (result.count < events.size()) {
        const std::span<NativeEvent> room = events.subspan(result.count);
        if (turn.source() == Source::sockets) {
            if (!polled) {
                result.error = backend.look(now);
                if (result.error) {
                    return;
                }
                polled = true;
                to_visit = backend.size();
            }
            if (to_visit == 0) {
                return;
            }
            const std::size_t share = std::min(turn.left(backend.size()), to_visit);
            const backend::Scan scan = backend.collect(room, share, now);
            result.count += scan.filled;
            stats.readiness_events += scan.filled;
            to_visit -= scan.visited;
            turn.spend(scan.visited, share == 0, backend.size());
        } else {
            if (!ask_port) {
                if (to_visit == 0 && polled) {
                    return;
                }
                turn.spend(0, true, backend.size());
                continue;
            }
            ask_port = false;
            const std::size_t most = std::min(room.size(), turn.left(backend.size()));
            const std::size_t taken = take_packets(room.first(most), 0, result);
            if (result.error) {
                return;
            }
            turn.spend(taken, taken < most, backend.size());
        }
    }
}

void PollerState::gather_at_port(std::span<NativeEvent> events, std::uint32_t milliseconds,
                                 WaitResult& result) noexcept {
    const bool parked = milliseconds != 0 && wake.park(Park::port);
    const std::span<NativeEvent> room = events.first(std::min(events.size(), packets_per_call));
    (void)take_packets(room, parked ? milliseconds : 0, result);
    if (parked) {
        wake.unpark();
    }
}

std::size_t PollerState::take_packets(std::span<NativeEvent> events, std::uint32_t milliseconds,
                                      WaitResult& result) noexcept {
    ++stats.port_dequeues;
    stats.blocked += milliseconds != 0 ? 1 : 0;
    const Result<std::size_t> taken =
        port.dequeue(std::span(packets).first(events.size()), milliseconds);
    if (!taken) {
        result.error = taken.error();
        return 0;
    }
    const std::size_t filled = dispatch(std::span(packets).first(*taken), events);
    result.count += filled;
    stats.completions += filled;
    return *taken;
}

std::size_t PollerState::dispatch(std::span<const sys::Packet> taken,
                                  std::span<NativeEvent> events) noexcept {
    std::size_t filled = 0;
    for (const sys::Packet& packet : taken) {
        if (core::is_reserved(packet.key)) {
            continue;  // A wake or a shutdown: it has done its work by ending the block.
        }
        OverlappedEntry* const entry = pool.find_by_overlapped(packet.overlapped);
        Completion& completion = completions[filled];
        completion = {};
        completion.entry = entry;
        completion.overlapped = packet.overlapped;
        completion.key = packet.key;
        completion.user_data = packet.key;
        completion.bytes = packet.bytes;
        completion.error = win32_error(sys::win32_code_of_status(packet.status()));
        if (entry != nullptr) {
            entry->bytes_transferred = packet.bytes;
            completion.user_data = entry->user_data;
            completion.operation = entry->operation;
        }
        NativeEvent& event = events[filled];
        event.events = mask_of(completion.operation, static_cast<bool>(completion.error));
        event.data.u64 = packet.key;
        event.completion = &completion;
        ++filled;
    }
    return filled;
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
    if (!port_in_use || wake.is_watch_armed()) {
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
