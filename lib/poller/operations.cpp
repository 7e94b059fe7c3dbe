// Submitting operations: all checks first, then the entry, then the kernel.
//
// A call that is refused leaves everything as it was, except that a handle that could be associated
// with the port stays so. Once the kernel has taken a call, it ends in exactly one report (P8).
// cancels.cpp and completions.cpp have their ends.
#include "poller/operations.hpp"

#include <functional>
#include <limits>
#include <utility>

#include "core/completion_key.hpp"
#include "core/operation_mask.hpp"
#include "sys/pipe.hpp"
#include "wakepoll/os_poller.hpp"

namespace wakepoll {
namespace {

using core::PoolEntry;
using core::Slot;

constexpr errc no_reason{};
constexpr int already_bound = 10022;  // WSAEINVAL, of bind
constexpr int no_data = 232;          // ERROR_NO_DATA, of a read in the mode PIPE_NOWAIT

static_assert(OsPoller::accept_address_size == 2 * sys::accept_address_room);

[[nodiscard]] bool overlap(const void* a, std::size_t a_size, const void* b,
                           std::size_t b_size) noexcept {
    const auto* const a_bytes = static_cast<const std::byte*>(a);
    const auto* const b_bytes = static_cast<const std::byte*>(b);
    const std::less<> before;
    return a_size != 0 && b_size != 0 && before(a_bytes, b_bytes + b_size) &&
           before(b_bytes, a_bytes + a_size);
}

[[nodiscard]] bool may_be_address(std::span<const std::byte> address) noexcept {
    return address.size() >= sizeof(std::uint16_t) && address.size() <= sys::accept_address_room;
}

/// True if the kernel does not write into the operation's buffer.
[[nodiscard]] bool only_reads(IoOperation operation) noexcept {
    return operation == IoOperation::write || operation == IoOperation::connect;
}

/// Why the buffers cannot be used: one is empty, two of a read overlap, or together they are longer
/// than the kernel can count.
[[nodiscard]] errc check(std::span<const IoBuffer> buffers, bool may_be_empty,
                         bool may_overlap) noexcept {
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < buffers.size(); ++i) {
        const IoBuffer& buffer = buffers[i];
        if (buffer.size == 0 ? !may_be_empty : buffer.data == nullptr) {
            return buffer.size == 0 ? errc::empty_buffer : errc::buffer_without_memory;
        }
        total += buffer.size;
        for (std::size_t j = 0; !may_overlap && j < i; ++j) {
            if (overlap(buffer.data, buffer.size, buffers[j].data, buffers[j].size)) {
                return errc::buffer_in_use;
            }
        }
    }
    if (buffers.empty()) {
        return errc::empty_buffer;
    }
    return total <= std::numeric_limits<std::uint32_t>::max() ? no_reason : errc::buffer_too_long;
}

}  // namespace

bool Operations::is_in_use(IoOperation operation, const void* buffer,
                           std::size_t size) const noexcept {
    constexpr int most_compared = 64;
    int compared = 0;
    for (const PoolEntry* other = list_.first_in_flight();
         other != nullptr && compared < most_compared; other = list_.next_in_flight(*other)) {
        ++compared;
        if (!(only_reads(operation) && only_reads(other->operation)) &&
            overlap(buffer, size, other->buffer, other->buffer_size)) {
            return true;
        }
    }
    return false;
}

Result<PoolEntry*> Operations::entry_for(Slot slot, IoOperation operation, void* buffer,
                                         std::size_t size, std::uint64_t user_data) noexcept {
    PoolEntry* const entry = list_.acquire(PoolEntry::Purpose::operation, table_.use_of(slot));
    if (entry == nullptr) {
        return errc::pool_exhausted;
    }
    entry->handle = table_[slot].handle;
    entry->operation = operation;
    entry->buffer = buffer;
    entry->buffer_size = size;
    entry->user_data = user_data;
    return entry;
}

Result<OverlappedEntry*> Operations::begun(PoolEntry& entry,
                                           const Result<sys::Started>& started) noexcept {
    core::Registration& registration = table_[entry.use.slot];
    if (!started && entry.operation == IoOperation::read && started.error().value() == no_data) {
        abandon(entry);
        return errc::nothing_to_read;
    }
    if (!started && !core::is_outcome(started.error())) {
        abandon(entry);
        return started.error();
    }
    ++stats_.operations_started;
    entry.datagram = registration.type == HandleType::socket && !registration.stream;
    // Bytes of a stream come in order, and so do the reports of what moved them. What is done at
    // once may have overtaken an older one whose packet was not taken yet.
    entry.in_order =
        registration.type != HandleType::file &&
        (entry.operation == IoOperation::read || entry.operation == IoOperation::write);
    const bool has_packet =
        started && !started->without_packet && !(started->at_once && registration.skips);
    if (has_packet) {
        list_.start(entry);
        ++registration.operations;
        if (started->cut && registration.skips) {
            post_behind(entry);
        }
        return &entry;
    }
    ++stats_.operations_at_once;
    entry.bytes_transferred = started ? started->bytes : 0;
    entry.code = static_cast<std::uint32_t>(started.error().value());
    list_.finish(entry);
    return &entry;
}

void Operations::post_behind(PoolEntry& entry) noexcept {
    // Only a wakeup has this key otherwise, and no OVERLAPPED.
    if (port_.post(static_cast<std::uintptr_t>(core::CompletionKey::wakeup), entry.native(),
                   core::OperationList::order_of(entry))) {
        // No memory for that packet. The outcome is known, and is not left to the kernel's packet.
        --table_[entry.use.slot].operations;
        entry.bytes_transferred = static_cast<std::uint32_t>(entry.overlapped.internal_high);
        entry.code = sys::win32_code_of_status(entry.status());
        list_.complete(entry);
        list_.finish(entry);
    }
}

void Operations::abandon(PoolEntry& entry) noexcept {
    if (entry.accepted) {
        sys::close_socket(std::exchange(entry.accepted, Handle{}));
    }
    list_.give_back(entry);
}

Result<OverlappedEntry*> Operations::submit_transfer(const OperationTarget& target,
                                                     IoOperation operation,
                                                     std::span<const IoBuffer> buffers,
                                                     std::uint64_t user_data,
                                                     std::uint64_t offset) noexcept {
    const Result<Slot> slot = slot_of(target);
    if (!slot) {
        return slot.error();
    }
    const Handle handle = target.handle;
    const core::Registration& registration = table_[*slot];
    const bool socket = registration.type == HandleType::socket;
    const bool writes = operation == IoOperation::write;
    if (!socket && buffers.size() > 1) {
        return errc::several_buffers;
    }
    if (offset != 0 && registration.type != HandleType::file) {
        return errc::offset_without_file;
    }
    const bool is_empty = !buffers.empty() && buffers.front().size == 0;
    // A read of no bytes waits for a stream to have some; of a datagram it would take the rest
    // away.
    const bool may_be_empty =
        socket ? (writes ? !registration.stream : registration.stream && buffers.size() == 1)
               : writes && is_empty && sys::carries_messages(handle);
    if (const errc reason = check(buffers, may_be_empty, writes); reason != no_reason) {
        return reason;
    }
    const IoBuffer& first = buffers.front();
    if (is_in_use(operation, first.data, first.size)) {
        return errc::buffer_in_use;
    }
    const Result<PoolEntry*> entry = entry_for(*slot, operation, first.data, first.size, user_data);
    if (!entry) {
        return entry.error();
    }
    NativeOverlapped& overlapped = (*entry)->overlapped;
    overlapped.offset = static_cast<std::uint32_t>(offset);
    overlapped.offset_high = static_cast<std::uint32_t>(offset >> 32U);
    if (socket) {
        return begun(**entry, writes ? sys::send(handle, buffers, overlapped)
                                     : sys::receive(handle, buffers, overlapped));
    }
    return begun(**entry, writes ? sys::write(handle, first, overlapped)
                                 : sys::read(handle, first, overlapped));
}

// Datagrams with an address
// ----------------------------------------------------------------------------------

Result<Slot> Operations::slot_of_datagram(const OperationTarget& target) noexcept {
    const Result<Slot> slot = slot_of(target);
    if (slot && (table_[*slot].type != HandleType::socket || table_[*slot].stream)) {
        return errc::operation_of_another_kind;
    }
    return slot;
}

Result<OverlappedEntry*> Operations::submit_receive_from(const OperationTarget& target,
                                                         IoBuffer buffer,
                                                         std::span<std::byte> address,
                                                         std::uint64_t user_data) noexcept {
    const Result<Slot> slot = slot_of_datagram(target);
    if (!slot) {
        return slot.error();
    }
    if (address.size() < OsPoller::address_size) {
        return errc::no_room_for_address;
    }
    if (const errc reason = check({&buffer, 1}, false, false); reason != no_reason) {
        return reason;
    }
    if (overlap(buffer.data, buffer.size, address.data(), OsPoller::address_size) ||
        is_in_use(IoOperation::read, buffer.data, buffer.size) ||
        is_in_use(IoOperation::read, address.data(), OsPoller::address_size)) {
        return errc::buffer_in_use;
    }
    const Result<PoolEntry*> entry =
        entry_for(*slot, IoOperation::read, buffer.data, buffer.size, user_data);
    if (!entry) {
        return entry.error();
    }
    (*entry)->sender = address.data();
    (*entry)->sender_size = static_cast<std::int32_t>(OsPoller::address_size);
    return begun(**entry, sys::receive_from(target.handle, buffer, (*entry)->sender,
                                            (*entry)->sender_size, (*entry)->overlapped));
}

Result<OverlappedEntry*> Operations::submit_send_to(const OperationTarget& target, IoBuffer buffer,
                                                    std::span<const std::byte> address,
                                                    std::uint64_t user_data) noexcept {
    const Result<Slot> slot = slot_of_datagram(target);
    if (!slot) {
        return slot.error();
    }
    if (!may_be_address(address)) {
        return errc::bad_address;
    }
    if (const errc reason = check({&buffer, 1}, true, true); reason != no_reason) {
        return reason;
    }
    if (is_in_use(IoOperation::write, buffer.data, buffer.size)) {
        return errc::buffer_in_use;
    }
    const Result<PoolEntry*> entry =
        entry_for(*slot, IoOperation::write, buffer.data, buffer.size, user_data);
    if (!entry) {
        return entry.error();
    }
    return begun(**entry, sys::send_to(target.handle, buffer, address, (*entry)->overlapped));
}

// Connections
// ----------------------------------------------------------------------------------

Result<OverlappedEntry*> Operations::submit_accept(const OperationTarget& target,
                                                   std::span<std::byte> buffer,
                                                   std::uint64_t user_data) noexcept {
    const Result<Slot> slot = slot_of(target);
    if (!slot) {
        return slot.error();
    }
    if (table_[*slot].type != HandleType::socket || !table_[*slot].stream) {
        return errc::operation_of_another_kind;
    }
    if (buffer.size() < OsPoller::accept_address_size) {
        return errc::no_room_for_address;
    }
    if (buffer.size() > std::numeric_limits<std::uint32_t>::max()) {
        return errc::buffer_too_long;
    }
    if (is_in_use(IoOperation::accept, buffer.data(), buffer.size())) {
        return errc::buffer_in_use;
    }
    const Result<PoolEntry*> entry =
        entry_for(*slot, IoOperation::accept, buffer.data(), buffer.size(), user_data);
    if (!entry) {
        return entry.error();
    }
    const Result<Handle> accepted = sys::socket_like(target.handle);
    if (!accepted) {
        abandon(**entry);
        return accepted.error();
    }
    registrations_.end_former(*accepted);
    (*entry)->accepted = *accepted;
    return begun(**entry, sys::accept(target.handle, *accepted, buffer, (*entry)->overlapped));
}

Result<OverlappedEntry*> Operations::submit_connect(const OperationTarget& target,
                                                    std::span<const std::byte> address,
                                                    std::uint64_t user_data) noexcept {
    const Result<Slot> slot = slot_of(target);
    if (!slot) {
        return slot.error();
    }
    if (table_[*slot].type != HandleType::socket || !table_[*slot].stream) {
        return errc::operation_of_another_kind;
    }
    if (!may_be_address(address)) {
        return errc::bad_address;
    }
    const Result<PoolEntry*> entry = entry_for(*slot, IoOperation::connect, nullptr, 0, user_data);
    if (!entry) {
        return entry.error();
    }
    // ConnectEx wants a bound socket. One that is bound already keeps its address.
    const std::error_code bound = sys::bind_any(target.handle, address);
    if (bound && bound.value() != already_bound) {
        abandon(**entry);
        return bound;
    }
    return begun(**entry, sys::connect(target.handle, address, (*entry)->overlapped));
}

Result<OverlappedEntry*> Operations::submit_connect_pipe(const OperationTarget& target,
                                                         std::uint64_t user_data) noexcept {
    const Result<Slot> slot = slot_of(target);
    if (!slot) {
        return slot.error();
    }
    if (table_[*slot].type != HandleType::pipe) {
        return errc::operation_of_another_kind;
    }
    const Result<PoolEntry*> entry =
        entry_for(*slot, IoOperation::connect_pipe, nullptr, 0, user_data);
    if (!entry) {
        return entry.error();
    }
    return begun(**entry, sys::connect_pipe(target.handle, (*entry)->overlapped));
}

}  // namespace wakepoll
