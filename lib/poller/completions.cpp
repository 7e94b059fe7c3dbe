// From packets and finished operations to events; and the end of operations that are not reported.
#include <algorithm>
#include <utility>

#include "core/completion_key.hpp"
#include "core/operation_mask.hpp"
#include "own_errors.hpp"
#include "poller/operations.hpp"

namespace wakepoll {

using core::PoolEntry;
using Purpose = PoolEntry::Purpose;

void Operations::take_back_completions() noexcept {
    for (std::size_t i = 0; i < handed_out_; ++i) {
        auto* const entry = static_cast<PoolEntry*>(completions_[i].entry);
        // One that the user has released may belong to another operation by now.
        if (entry != nullptr && entry->purpose == Purpose::operation && entry->reported) {
            list_.give_back(*entry);
        }
    }
    handed_out_ = 0;
}

Operations::Reported Operations::report_packets(PacketQueue& packets, std::size_t visits,
                                                std::span<NativeEvent> events) noexcept {
    Reported reported;
    const std::size_t most = std::min(events.size(), room());
    while (reported.visited < visits && reported.filled < most) {
        if (overdue() > 0) {
            overdue_ = overdue() - 1;
            ++reported.visited;
            reported.filled += report_finished(events.subspan(reported.filled, 1));
            continue;
        }
        if (packets.size() == 0) {
            break;
        }
        sys::Packet packet = packets.front();
        packets.pop();
        ++reported.visited;
        if (core::is_internal(packet.key) && !fill_in(packet)) {
            continue;
        }
        const std::error_code error = win32_error(sys::win32_code_of_status(packet.status()));
        PoolEntry* const entry = list_.find(packet.overlapped);
        if (entry == nullptr || entry->purpose == Purpose::own_call) {
            report_own_call(events[reported.filled++], entry, packet, error);
        } else if (!entry->is_under_way()) {
            ++stats_.late_packets;  // Posted by another program.
        } else {
            const std::error_code outcome = error ? reason_of(*entry, error) : error;
            if (end_operation(*entry, packet.bytes, outcome)) {
                report_operation(events[reported.filled++], *entry, packet.key, outcome);
            }
        }
    }
    return reported;
}

bool Operations::fill_in(sys::Packet& packet) const noexcept {
    const PoolEntry* const entry = list_.find(packet.overlapped);
    if (entry == nullptr || !entry->is_under_way() ||
        core::OperationList::order_of(*entry) != packet.bytes) {
        return false;  // The kernel's own packet has come before.
    }
    packet.key = 0;
    packet.internal = entry->status();
    packet.bytes = static_cast<std::uint32_t>(entry->overlapped.internal_high);
    return true;
}

std::error_code Operations::reason_of(const PoolEntry& entry,
                                      std::error_code error) const noexcept {
    // Windows returns these if the user has closed the handle, and if the other side or the
    // system has ended the connection.
    const bool by_either =
        error == std::errc::connection_aborted || error == std::errc::broken_pipe;
    if (!by_either) {
        return error;
    }
    const bool closed = is_outlived(entry) || known_.is_closed(entry.use.slot);
    return closed ? own_errors::operation_canceled() : error;
}

bool Operations::end_operation(PoolEntry& entry, std::uint32_t bytes,
                               std::error_code error) noexcept {
    entry.bytes_transferred = bytes;
    list_.complete(entry);
    if (!is_outlived(entry)) {
        --table_[entry.use.slot].operations;
        table_.release(entry.use.slot);
    }
    const std::size_t finished_before = finished();
    const bool waits = list_.is_behind_a_finished_one(entry);
    if (waits) {
        entry.code = static_cast<std::uint32_t>(error.value());
        list_.finish(entry);
    }
    list_.let_go_on(entry);
    overdue_ = overdue() + finished() - finished_before;
    return !waits;
}

std::size_t Operations::report_finished(std::span<NativeEvent> events) noexcept {
    std::size_t filled = 0;
    const std::size_t most = std::min(events.size(), room());
    while (filled < most) {
        PoolEntry* const entry = list_.next_finished();
        if (entry == nullptr) {
            break;
        }
        report_operation(events[filled++], *entry, 0, win32_error(entry->code));
    }
    return filled;
}

void Operations::report(NativeEvent& event, const Completion& completion,
                        std::uint64_t data) noexcept {
    completions_[handed_out_] = completion;
    const auto* const entry = static_cast<const PoolEntry*>(completion.entry);
    const bool datagram = entry != nullptr && entry->datagram;
    event.events = core::operation_mask(completion.operation, completion.error, datagram);
    event.data.u64 = data;
    event.completion = &completions_[handed_out_];
    ++handed_out_;
    ++stats_.completions;
}

void Operations::report_own_call(NativeEvent& event, PoolEntry* entry, const sys::Packet& packet,
                                 std::error_code error) noexcept {
    if (entry != nullptr) {
        entry->bytes_transferred = packet.bytes;
    }
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

void Operations::report_operation(NativeEvent& event, PoolEntry& entry, std::uint64_t key,
                                  std::error_code error) noexcept {
    Handle& accepted = entry.accepted;
    const bool was_done = !error;
    const bool connects =
        entry.operation == IoOperation::accept || entry.operation == IoOperation::connect;
    if (!error && connects && is_outlived(entry)) {
        // As below; the calls that follow would be on the object that has the number now.
        error = own_errors::operation_canceled();
    }
    if (entry.operation == IoOperation::accept && !accepted) {
        error = own_errors::operation_canceled();  // Closing that socket was the cancel.
    } else if (!error && entry.operation == IoOperation::accept) {
        error = sys::update_accept_context(accepted, entry.handle);
    }
    if (!error && entry.operation == IoOperation::connect) {
        error = sys::update_connect_context(entry.handle);
    }
    if (was_done && error == std::errc::bad_file_descriptor) {
        // The handle was closed in between: that cancels it, like an operation in flight.
        error = own_errors::operation_canceled();
    }
    if (error && accepted) {
        sys::close_socket(std::exchange(accepted, Handle{}));
        entry.bytes_transferred = 0;  // Data that came with the connection is lost with it.
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
    if (entry.sender != nullptr && (!error || error == std::errc::message_size)) {
        completion.address = {entry.sender, static_cast<std::size_t>(entry.sender_size)};
    }
    entry.reported = true;
    report(event, completion, entry.user_data);
}

// The end
// ------------------------------------------------------------------------------------------

void Operations::abandon_finished() noexcept {
    while (PoolEntry* const entry = list_.next_finished()) {
        abandon(*entry);
    }
}

void Operations::abandon_all() noexcept {
    take_back();
    abandon_finished();
    for (PoolEntry* entry = list_.first_in_flight(); entry != nullptr;
         entry = list_.next_in_flight(*entry)) {
        // A pipe's read was cancelled when the pipe was unregistered, perhaps in vain.
        const bool anew = entry->purpose == Purpose::readiness;
        const std::error_code error = anew ? ask_for_end(*entry) : cancel_in_flight(*entry);
        if (error && error != std::errc::no_such_file_or_directory) {
            entry->code = static_cast<std::uint32_t>(error.value());
            ++lost_;
        }
        // This ends an accept even if its listener's number belongs to another handle of this
        // poller by now, which the mark does not distinguish.
        if (entry->accepted) {
            sys::close_socket(std::exchange(entry->accepted, Handle{}));
        }
    }
}

void Operations::drain(const sys::Packet& packet) noexcept {
    PoolEntry* const entry = list_.find(packet.overlapped);
    if (entry != nullptr && entry->purpose != Purpose::own_call && entry->is_under_way()) {
        lost_ -= entry->code != 0 ? 1 : 0;
        list_.complete(*entry);
        abandon(*entry);
        list_.let_all_go_on();
        abandon_finished();
    }
}

}  // namespace wakepoll
