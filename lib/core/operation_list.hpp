// Tracks the poller's own entries of the overlapped pool: which are in flight and which are done.
//
// An entry is acquired (`acquire`), started (`start`), perhaps cancelled (`cancel`), and done. What
// completes through the port is reported when its packet is dequeued (`complete`); what is done
// without a packet waits in a queue for the next report (`finish`, `next_finished`). Then the entry
// returns to the pool (`give_back`). A step in the wrong state is a bug in the library and
// asserted; what a user can get wrong is refused with an error before it gets here.
//
// The lists run through the entries, so each step is O(1) and allocates nothing. Not thread-safe:
// used under the poller's lock.
#pragma once

#include <cstdint>

#include "core/entry_pool.hpp"
#include "core/slot.hpp"
#include "wakepoll/overlapped.hpp"

namespace wakepoll::core {

class OperationList {
public:
    using Purpose = OverlappedEntry::Purpose;
    using Address = OverlappedEntry::Address;

    explicit OperationList(EntryPool& pool) noexcept : pool_(pool) {}

    OperationList(const OperationList&) = delete;
    OperationList& operator=(const OperationList&) = delete;

    /// Returns an idle entry for a call on the handle in `slot`; null if none is free.
    [[nodiscard]] OverlappedEntry* acquire(Purpose purpose, Slot slot,
                                           std::uint32_t generation) noexcept;

    /// Returns an entry to the pool. It must be idle, or done and reported.
    void give_back(OverlappedEntry& entry) noexcept;

    /// Puts an idle entry in flight, until its packet comes.
    void start(OverlappedEntry& entry) noexcept;

    /// Marks an entry in flight as being cancelled.
    void cancel(OverlappedEntry& entry) noexcept;

    /// The packet of an entry that is in flight or being cancelled has come.
    void complete(OverlappedEntry& entry) noexcept;

    /// Stores the outcome. `code` is the error, 0 on success.
    void note_outcome(OverlappedEntry& entry, std::uint32_t bytes, std::uint32_t code) noexcept {
        entry.bytes_transferred = bytes;
        entry.code_ = code;
    }

    /// Marks an operation on a datagram socket.
    void note_datagram(OverlappedEntry& entry) noexcept { entry.datagram_ = true; }

    /// The entry must be reported after the older operations of its kind on the same handle.
    void keep_in_order(OverlappedEntry& entry) noexcept { entry.in_order_ = true; }

    /// Queues the outcome of an idle or completed entry for the next report, or holds it until the
    /// older operations in flight that it must follow are reported.
    void finish(OverlappedEntry& entry) noexcept;

    /// True if an older operation that this one must follow waits to be reported.
    [[nodiscard]] bool is_behind_a_finished_one(const OverlappedEntry& entry) const noexcept;

    /// Releases the entries held behind `done`. Call when an operation that was in flight is
    /// reported, or waits to be.
    void let_go_on(const OverlappedEntry& done) noexcept;

    /// Releases all held entries. Call when nothing they could follow is in flight any more.
    void let_all_go_on() noexcept;

    /// Takes the entry that has waited longest to be reported; null if none waits.
    [[nodiscard]] OverlappedEntry* next_finished() noexcept;

    /// The entry was handed to the user, who may release it.
    void note_reported(OverlappedEntry& entry) noexcept { entry.reported_ = true; }

    /// Resets a readiness entry to idle after its read was handled.
    void rest(OverlappedEntry& entry) noexcept;

    [[nodiscard]] std::uint32_t in_flight() const noexcept { return in_flight_; }
    /// Entries that can be reported now.
    [[nodiscard]] std::uint32_t finished() const noexcept { return finished_; }

    /// Entries in flight, oldest first; null at the end.
    [[nodiscard]] OverlappedEntry* first_in_flight() const noexcept { return at(oldest_); }
    [[nodiscard]] OverlappedEntry* next_in_flight(const OverlappedEntry& entry) const noexcept {
        return at(entry.next_);
    }

    [[nodiscard]] static Purpose purpose_of(const OverlappedEntry& entry) noexcept {
        return entry.purpose_;
    }
    /// True while its packet is outstanding.
    [[nodiscard]] static bool is_under_way(const OverlappedEntry& entry) noexcept {
        return entry.state_ == OverlappedState::in_flight ||
               entry.state_ == OverlappedState::cancelling;
    }
    [[nodiscard]] static bool is_datagram(const OverlappedEntry& entry) noexcept {
        return entry.datagram_;
    }
    [[nodiscard]] static bool was_reported(const OverlappedEntry& entry) noexcept {
        return entry.reported_;
    }
    [[nodiscard]] static Slot slot_of(const OverlappedEntry& entry) noexcept {
        return Slot{entry.slot_};
    }
    [[nodiscard]] static std::uint32_t generation_of(const OverlappedEntry& entry) noexcept {
        return entry.generation_;
    }
    [[nodiscard]] static std::uint32_t code_of(const OverlappedEntry& entry) noexcept {
        return entry.code_;
    }
    [[nodiscard]] static Handle& accepted_by(OverlappedEntry& entry) noexcept {
        return entry.accepted_;
    }
    [[nodiscard]] static Address& address_of(OverlappedEntry& entry) noexcept {
        return entry.address_;
    }

    /// An entry's index in the pool, and the entry at an index.
    [[nodiscard]] std::uint32_t index_of(const OverlappedEntry& entry) const noexcept {
        return pool_.index_of(entry);
    }
    [[nodiscard]] OverlappedEntry& operator[](std::uint32_t index) const noexcept {
        return pool_[index];
    }

    /// Returns the entry of this pool that is in use at this address; null for any other pointer.
    [[nodiscard]] OverlappedEntry* find(const void* entry) const noexcept {
        return pool_.find_by_overlapped(entry);
    }
    [[nodiscard]] bool is_entry(const void* address) const noexcept {
        return pool_.is_entry(address);
    }

private:
    static constexpr std::uint32_t no_entry = OverlappedEntry::no_entry;

    /// A list linked through `next_`.
    struct Queue {
        std::uint32_t first = no_entry;
        std::uint32_t last = no_entry;
    };
    void append(Queue& queue, OverlappedEntry& entry) noexcept;

    /// True if both must be reported in order and `other` comes first.
    [[nodiscard]] static bool is_behind(const OverlappedEntry& entry,
                                        const OverlappedEntry& other) noexcept {
        return entry.in_order_ && other.in_order_ && entry.slot_ == other.slot_ &&
               entry.generation_ == other.generation_ && entry.operation == other.operation &&
               static_cast<std::int32_t>(entry.order_ - other.order_) > 0;
    }
    [[nodiscard]] bool is_behind_any_of(const OverlappedEntry& entry,
                                        std::uint32_t first) const noexcept;

    [[nodiscard]] OverlappedEntry* at(std::uint32_t index) const noexcept {
        return index != no_entry ? &pool_[index] : nullptr;
    }

    EntryPool& pool_;
    std::uint32_t oldest_ = no_entry;
    std::uint32_t newest_ = no_entry;
    std::uint32_t in_flight_ = 0;
    Queue ready_;  ///< Wait to be reported.
    Queue held_;   ///< Wait for older entries first.
    std::uint32_t finished_ = 0;
    std::uint32_t taken_ = 0;  ///< Entries acquired since creation, modulo 2^32.
};

}  // namespace wakepoll::core
