// From packets and finished operations to events.
//
// A packet is told apart by its key first (one of the poller's own has done its work by ending the
// block), then by its OVERLAPPED: an entry of the pool, or a structure of the user's own.
#include <algorithm>
#include <utility>

#include "core/completion_key.hpp"
#include "core/operation_mask.hpp"
#include "own_errors.hpp"
#include "poller_state.hpp"
#include "sys/overlapped_io.hpp"

namespace wakepoll {
namespace {

using core::OperationList;
using Purpose = OperationList::Purpose;

constexpr auto afd_key = static_cast<std::uintptr_t>(core::CompletionKey::afd);

}  // namespace

void PollerState::give_back_completions() noexcept {
    for (std::size_t i = 0; i < lent; ++i) {
        OverlappedEntry* const entry = completions[i].entry;
        // One that the user has released already may be another operation's by now.
        if (entry != nullptr && OperationList::purpose_of(*entry) == Purpose::operation &&
            OperationList::was_reported(*entry)) {
            operations.give_back(*entry);
        }
    }
    lent = 0;
}

std::size_t PollerState::take_packets(std::span<NativeEvent> events, std::uint32_t milliseconds,
                                      WaitResult& result) noexcept {
    if (sockets.is_afd()) {
        return take_at_hand(events, result);
    }
    ++stats.port_dequeues;
    stats.blocked += milliseconds != 0 ? 1 : 0;
    const Result<std::size_t> taken =
        port.dequeue(std::span(packets).first(events.size()), milliseconds);
    if (!taken) {
        result.error = taken.error();
        return 0;
    }
    result.count += dispatch(std::span(packets).first(*taken), events);
    return *taken;
}

std::error_code PollerState::take_ahead(std::uint32_t milliseconds) noexcept {
    if (first_packet > 0) {
        // To the front with what is still there.
        std::copy_n(packets.begin() + static_cast<std::ptrdiff_t>(first_packet), packets_at_hand,
                    packets.begin());
        first_packet = 0;
    }
    std::size_t room = packets.size() - packets_at_hand;
    while (room > 0) {
        const std::span<sys::Packet> free = std::span(packets).subspan(packets_at_hand);
        ++stats.port_dequeues;
        stats.blocked += milliseconds != 0 ? 1 : 0;
        const Result<std::size_t> taken = port.dequeue(free, milliseconds);
        if (!taken) {
            return taken.error();
        }
        for (const sys::Packet& packet : free.first(*taken)) {
            if (packet.key == afd_key) {
                sockets.answered(packet.overlapped, packet.status());
            } else if (!core::is_reserved(packet.key)) {
                packets[packets_at_hand++] = packet;
            }
        }
        // As many as were asked for: there may be more.
        room = *taken == room ? packets.size() - packets_at_hand : 0;
        milliseconds = 0;
    }
    return {};
}

std::size_t PollerState::take_at_hand(std::span<NativeEvent> events, WaitResult& result) noexcept {
    const std::size_t count = std::min(packets_at_hand, events.size());
    const std::span<const sys::Packet> taken = std::span(packets).subspan(first_packet, count);
    result.count += dispatch(taken, events);
    first_packet += count;
    packets_at_hand -= count;
    return count;
}

std::size_t PollerState::dispatch(std::span<const sys::Packet> taken,
                                  std::span<NativeEvent> events) noexcept {
    std::size_t filled = 0;
    for (const sys::Packet& packet : taken) {
        if (core::is_reserved(packet.key)) {
            continue;
        }
        const std::error_code error = win32_error(sys::win32_code_of_status(packet.status()));
        OverlappedEntry* const entry = pool.find_by_overlapped(packet.overlapped);
        const Purpose purpose =
            entry != nullptr ? OperationList::purpose_of(*entry) : Purpose::own_call;
        if (purpose != Purpose::own_call && !OperationList::is_under_way(*entry)) {
            // Nobody but a stranger who posts packets of his own can have sent this one.
            ++stats.late_packets;
            continue;
        }
        if (purpose == Purpose::readiness) {
            handles.read_ended(*entry, error);
            continue;
        }
        if (entry != nullptr) {
            entry->bytes_transferred = packet.bytes;
        }
        if (purpose == Purpose::operation) {
            end_operation(*entry);
            const std::uint32_t finished = operations.finished();
            if (operations.is_behind_a_finished_one(*entry)) {
                operations.note_outcome(*entry, packet.bytes,
                                        static_cast<std::uint32_t>(error.value()));
                operations.finish(*entry);
            } else {
                report_operation(events[filled++], *entry, packet.key, error);
            }
            operations.let_go_on(*entry);
            overdue += operations.finished() - finished;
            continue;
        }
        NativeEvent& event = events[filled++];
        Completion completion;
        completion.entry = entry;
        completion.overlapped = packet.overlapped;
        completion.key = packet.key;
        completion.user_data = entry != nullptr ? entry->user_data : packet.key;
        completion.operation = entry != nullptr ? entry->operation : IoOperation::none;
        completion.bytes = packet.bytes;
        completion.error = error;
        report(event, completion, packet.key);
    }
    return filled;
}

std::size_t PollerState::report_finished(std::span<NativeEvent> events) noexcept {
    std::size_t filled = 0;
    while (filled < events.size()) {
        OverlappedEntry* const entry = operations.next_finished();
        if (entry == nullptr) {
            break;
        }
        report_operation(events[filled++], *entry, 0, win32_error(OperationList::code_of(*entry)));
    }
    return filled;
}

void PollerState::report(NativeEvent& event, const Completion& completion,
                         std::uint64_t data) noexcept {
    completions[lent] = completion;
    event.events = core::operation_mask(completion.operation, completion.error);
    event.data.u64 = data;
    event.completion = &completions[lent];
    ++lent;
    ++stats.completions;
}

void PollerState::end_operation(OverlappedEntry& entry) noexcept {
    operations.complete(entry);
    core::Registration& registration = table[OperationList::slot_of(entry)];
    if (registration.active && registration.generation == OperationList::generation_of(entry)) {
        --registration.link;
    }
}

void PollerState::report_operation(NativeEvent& event, OverlappedEntry& entry, std::uint64_t key,
                                   std::error_code error) noexcept {
    Handle& accepted = OperationList::accepted_by(entry);
    const bool was_done = !error;
    if (!error && entry.operation == IoOperation::accept) {
        error = sys::update_accept_context(accepted, entry.handle);
    }
    if (!error && entry.operation == IoOperation::connect) {
        error = sys::update_connect_context(entry.handle);
    }
    if (was_done && error == std::errc::bad_file_descriptor) {
        // The handle was closed in between: that cancels, as it does what is in flight.
        error = own_errors::operation_canceled();
    }
    if (error && accepted) {
        sys::close_socket(std::exchange(accepted, Handle{}));
        entry.bytes_transferred = 0;  // What had come with the connection is gone with it.
    }
    Completion completion;
    completion.entry = &entry;
    completion.overlapped = entry.native();
    completion.key = key;
    completion.user_data = entry.user_data;
    completion.accepted = std::exchange(accepted, Handle{});
    completion.operation = entry.operation;
    completion.bytes = entry.bytes_transferred;
    completion.error = error;
    operations.note_reported(entry);
    report(event, completion, entry.user_data);
}

void PollerState::abandon_finished() noexcept {
    while (OverlappedEntry* const entry = operations.next_finished()) {
        abandon(*entry);
    }
}

void PollerState::drain(const sys::Packet& packet) noexcept {
    if (packet.key == afd_key) {
        sockets.answered(packet.overlapped, packet.status());
        return;
    }
    OverlappedEntry* const entry =
        core::is_reserved(packet.key) ? nullptr : pool.find_by_overlapped(packet.overlapped);
    if (entry != nullptr && OperationList::purpose_of(*entry) != Purpose::own_call &&
        OperationList::is_under_way(*entry)) {
        operations.complete(*entry);
        abandon(*entry);
        operations.let_all_go_on();
        abandon_finished();
    }
}

void PollerState::drain() noexcept {
    give_back_lent();
    for (; packets_at_hand > 0; --packets_at_hand) {
        drain(packets[first_packet++]);
    }
    abandon_finished();
    for (OverlappedEntry* entry = operations.first_in_flight(); entry != nullptr;
         entry = operations.next_in_flight(*entry)) {
        if (entry->state() == OverlappedState::in_flight) {
            // Where it fails, the call has ended already, or its handle was closed.
            if (!sys::cancel(entry->handle, entry->overlapped)) {
                operations.cancel(*entry);
                ++stats.operations_canceled;
            }
        }
    }
    sockets.cancel_all();
    // Cancelled calls end at once, but for drivers that take their time. What does not end keeps
    // the memory (see `release`); the same goes for a port that can not be asked.
    constexpr std::uint32_t patience_milliseconds = 1000;
    constexpr int most_failures = 100;
    for (int failures = 0;
         (operations.in_flight() > 0 || sockets.in_flight() > 0) && failures < most_failures;) {
        const Result<std::size_t> taken = port.dequeue(packets, patience_milliseconds);
        if (!taken) {
            ++failures;
            continue;
        }
        if (*taken == 0) {
            return;
        }
        for (const sys::Packet& packet : std::span(packets).first(*taken)) {
            drain(packet);
        }
    }
}

}  // namespace wakepoll
