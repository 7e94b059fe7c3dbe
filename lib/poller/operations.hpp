// Operations: submits, cancels and reports them.
//
// core/operation_list keeps the entries of the pool that are in flight or done; here are the
// checks, the kernel calls, and the completions that a wait returns. Those stay valid, and their
// entries in use, until the next wait. Used under the poller's lock.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>

#include "core/entry_pool.hpp"
#include "core/operation_list.hpp"
#include "core/registration_table.hpp"
#include "poller/known_handles.hpp"
#include "poller/packet_queue.hpp"
#include "poller/registrations.hpp"
#include "sys/completion_port.hpp"
#include "sys/overlapped_io.hpp"
#include "wakepoll/events.hpp"
#include "wakepoll/stats.hpp"

namespace wakepoll {

/// What an operation is submitted on: a handle, or the attachment of one.
struct OperationTarget {
    Handle handle;
    core::SlotUse attachment;  ///< Of no slot if it is a plain handle.
};

class Operations {
public:
    /// The maximum number of completions per wait.
    static constexpr std::size_t most_completions = 64;

    Operations(core::RegistrationTable& table, KnownHandles& known, Registrations& registrations,
               core::OperationList& list, const sys::CompletionPort& port,
               PollerStats& stats) noexcept
        : table_(table),
          known_(known),
          registrations_(registrations),
          list_(list),
          port_(port),
          stats_(stats) {}

    Operations(const Operations&) = delete;
    Operations& operator=(const Operations&) = delete;

    // As OsPoller has them.
    [[nodiscard]] Result<OverlappedEntry*> submit_transfer(const OperationTarget& target,
                                                           IoOperation operation,
                                                           std::span<const IoBuffer> buffers,
                                                           std::uint64_t user_data,
                                                           std::uint64_t offset) noexcept;
    [[nodiscard]] Result<OverlappedEntry*> submit_receive_from(const OperationTarget& target,
                                                               IoBuffer buffer,
                                                               std::span<std::byte> address,
                                                               std::uint64_t user_data) noexcept;
    [[nodiscard]] Result<OverlappedEntry*> submit_send_to(const OperationTarget& target,
                                                          IoBuffer buffer,
                                                          std::span<const std::byte> address,
                                                          std::uint64_t user_data) noexcept;
    [[nodiscard]] Result<OverlappedEntry*> submit_accept(const OperationTarget& target,
                                                         std::span<std::byte> buffer,
                                                         std::uint64_t user_data) noexcept;
    [[nodiscard]] Result<OverlappedEntry*> submit_connect(const OperationTarget& target,
                                                          std::span<const std::byte> address,
                                                          std::uint64_t user_data) noexcept;
    [[nodiscard]] Result<OverlappedEntry*> submit_connect_pipe(const OperationTarget& target,
                                                               std::uint64_t user_data) noexcept;
    [[nodiscard]] Result<void> cancel(OverlappedEntry* entry) noexcept;
    [[nodiscard]] Result<void> cancel(OverlappedEntry* entry, Handle duplicate) noexcept;
    [[nodiscard]] Result<void> cancel(Handle handle) noexcept;

    // Reporting

    /// The completions of the last wait are no longer valid.
    void take_back() noexcept {
        if (handed_out_ > 0) {
            take_back_completions();
        }
    }
    /// How many completions this wait can still hand out.
    [[nodiscard]] std::size_t room() const noexcept { return most_completions - handed_out_; }
    /// Operations that are done and need no packet to be reported.
    [[nodiscard]] std::size_t finished() const noexcept { return list_.finished(); }
    [[nodiscard]] std::size_t in_flight() const noexcept { return list_.in_flight(); }
    /// Finished operations that had to wait for a packet, and are reported in the packets' turn.
    [[nodiscard]] std::size_t overdue() const noexcept { return std::min(overdue_, finished()); }
    /// Reports operations that are done, at most `room()`; returns how many.
    [[nodiscard]] std::size_t report_finished(std::span<NativeEvent> events) noexcept;
    /// Turns at most `visits` packets, and what waited for one, into events, at most `room()`.
    /// Returns how many were handled, and how many of them made an event.
    struct Reported {
        std::size_t visited = 0;
        std::size_t filled = 0;
    };
    [[nodiscard]] Reported report_packets(PacketQueue& packets, std::size_t visits,
                                          std::span<NativeEvent> events) noexcept;

    // The end

    /// Cancels what is in flight and drops what is done.
    void abandon_all() noexcept;
    /// How many of those in flight after that could not be cancelled.
    [[nodiscard]] std::size_t lost() const noexcept { return lost_; }
    /// Handles a packet after the poller has stopped reporting.
    void drain(const sys::Packet& packet) noexcept;

private:
    [[nodiscard]] Result<core::Slot> slot_of(const OperationTarget& target) noexcept {
        return target.attachment.slot == core::no_slot ? known_.slot_for_operation(target.handle)
                                                       : known_.slot_of_attached(target.attachment);
    }
    /// The slot of a socket that takes datagrams.
    [[nodiscard]] Result<core::Slot> slot_of_datagram(const OperationTarget& target) noexcept;
    /// The memory belongs to an operation in flight, and one of the two writes into it.
    [[nodiscard]] bool is_in_use(IoOperation operation, const void* buffer,
                                 std::size_t size) const noexcept;
    [[nodiscard]] Result<core::PoolEntry*> entry_for(core::Slot slot, IoOperation operation,
                                                     void* buffer, std::size_t size,
                                                     std::uint64_t user_data) noexcept;
    /// Handles the result of an entry's call.
    [[nodiscard]] Result<OverlappedEntry*> begun(core::PoolEntry& entry,
                                                 const Result<sys::Started>& started) noexcept;
    /// Puts a packet of the poller's own behind the one of a datagram that was cut, which may have
    /// been skipped: whichever comes first ends the operation.
    void post_behind(core::PoolEntry& entry) noexcept;
    /// The first packet of an operation with what it says; false if that has ended.
    [[nodiscard]] bool fill_in(sys::Packet& packet) const noexcept;
    /// Returns an entry whose call did not start, or whose outcome is not reported.
    void abandon(core::PoolEntry& entry) noexcept;
    void abandon_finished() noexcept;
    /// The entry, where its operation is in flight or being cancelled.
    [[nodiscard]] Result<core::PoolEntry*> find_in_flight(OverlappedEntry* entry) const noexcept;
    /// Requests the end of a call from the kernel. `no_such_file_or_directory` if it has ended,
    /// `bad_file_descriptor` if its handle is closed.
    [[nodiscard]] std::error_code ask_for_end(core::PoolEntry& entry) noexcept;
    /// Handles the result of `ask_for_end`; returns whether the operation could be cancelled.
    [[nodiscard]] std::error_code note_end(core::PoolEntry& entry, std::error_code asked) noexcept;
    [[nodiscard]] std::error_code cancel_in_flight(core::PoolEntry& entry) noexcept;
    void note_canceled(core::PoolEntry& entry) noexcept;
    /// True if the entry's handle is known to be closed: its number belongs to another object by
    /// now.
    [[nodiscard]] bool is_outlived(const core::PoolEntry& entry) const noexcept {
        return !table_.goes_on(entry.use);
    }

    void take_back_completions() noexcept;
    /// The packet of a submitted operation has come. True if it must be reported now; otherwise
    /// it waits behind an older one.
    [[nodiscard]] bool end_operation(core::PoolEntry& entry, std::uint32_t bytes,
                                     std::error_code error) noexcept;
    /// Why an operation has failed: `operation_canceled` if its handle was closed here.
    [[nodiscard]] std::error_code reason_of(const core::PoolEntry& entry,
                                            std::error_code error) const noexcept;
    void report(NativeEvent& event, const Completion& completion, std::uint64_t data) noexcept;
    void report_operation(NativeEvent& event, core::PoolEntry& entry, std::uint64_t key,
                          std::error_code error) noexcept;
    void report_own_call(NativeEvent& event, core::PoolEntry* entry, const sys::Packet& packet,
                         std::error_code error) noexcept;

    core::RegistrationTable& table_;
    KnownHandles& known_;
    Registrations& registrations_;
    core::OperationList& list_;
    const sys::CompletionPort& port_;
    PollerStats& stats_;
    std::array<Completion, most_completions> completions_;
    std::size_t handed_out_ = 0;
    std::size_t overdue_ = 0;
    std::size_t lost_ = 0;
};

}  // namespace wakepoll
