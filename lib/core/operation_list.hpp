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
#include "core/pool_entry.hpp"
#include "core/slot.hpp"

namespace wakepoll::core {

class OperationList {
public:
    explicit OperationList(EntryPool& pool) noexcept : pool_(pool) {}

    OperationList(const OperationList&) = delete;
    OperationList& operator=(const OperationList&) = delete;

    /// Returns an idle entry for a call on the handle of that use; null if none is free.
    [[nodiscard]] PoolEntry* acquire(PoolEntry::Purpose purpose, SlotUse use) noexcept;

    /// Returns an entry to the pool. It must be idle, or done and reported.
    void give_back(PoolEntry& entry) noexcept;

    /// Puts an idle entry in flight, until its packet comes.
    void start(PoolEntry& entry) noexcept;

    /// Marks an entry in flight as being cancelled.
    void cancel(PoolEntry& entry) noexcept;

    /// The packet of an entry that is in flight or being cancelled has come.
    void complete(PoolEntry& entry) noexcept;

    /// Queues the outcome of an idle or completed entry for the next report, or holds it until the
    /// older operations in flight that it must follow are reported.
    void finish(PoolEntry& entry) noexcept;

    /// True if an older operation that this one must follow waits to be reported.
    [[nodiscard]] bool is_behind_a_finished_one(const PoolEntry& entry) const noexcept;

    /// Releases the entries held behind `done`. Call when an operation that was in flight is
    /// reported, or waits to be.
    void let_go_on(const PoolEntry& done) noexcept;

    /// Releases all held entries. Call when nothing they could follow is in flight any more.
    void let_all_go_on() noexcept;

    /// Takes the entry that has waited longest to be reported; null if none waits.
    [[nodiscard]] PoolEntry* next_finished() noexcept;

    /// Distinguishes an entry's use from its other ones.
    [[nodiscard]] static std::uint32_t order_of(const PoolEntry& entry) noexcept {
        return static_cast<std::uint32_t>(entry.order_);
    }

    /// Resets a readiness entry to idle after its read was handled.
    void rest(PoolEntry& entry) noexcept;

    [[nodiscard]] std::uint32_t in_flight() const noexcept { return in_flight_; }
    /// Entries that can be reported now.
    [[nodiscard]] std::uint32_t finished() const noexcept { return finished_; }

    /// Entries in flight, oldest first; null at the end.
    [[nodiscard]] PoolEntry* first_in_flight() const noexcept { return at(oldest_); }
    [[nodiscard]] PoolEntry* next_in_flight(const PoolEntry& entry) const noexcept {
        return at(entry.next_);
    }

    /// An entry's index in the pool, and the entry at an index.
    [[nodiscard]] std::uint32_t index_of(const PoolEntry& entry) const noexcept {
        return pool_.index_of(entry);
    }
    [[nodiscard]] PoolEntry& operator[](std::uint32_t index) const noexcept { return pool_[index]; }

    /// Returns the entry of this pool that is in use at this address; null for any other pointer.
    [[nodiscard]] PoolEntry* find(const void* entry) const noexcept {
        return pool_.find_by_overlapped(entry);
    }
    /// The same, in use or not.
    [[nodiscard]] PoolEntry* entry_at(const void* address) const noexcept {
        return pool_.entry_at(address);
    }

private:
    static constexpr std::uint32_t no_entry = PoolEntry::no_entry;

    /// A list linked through `next_`.
    struct Queue {
        std::uint32_t first = no_entry;
        std::uint32_t last = no_entry;
    };
    void append(Queue& queue, PoolEntry& entry) noexcept;

    /// True if both must be reported in order and `other` comes first.
    [[nodiscard]] static bool is_behind(const PoolEntry& entry, const PoolEntry& other) noexcept {
        return entry.in_order && other.in_order && entry.use == other.use &&
               entry.operation == other.operation && entry.order_ > other.order_;
    }
    [[nodiscard]] bool is_behind_any_of(const PoolEntry& entry, std::uint32_t first) const noexcept;

    [[nodiscard]] PoolEntry* at(std::uint32_t index) const noexcept {
        return index != no_entry ? &pool_[index] : nullptr;
    }

    EntryPool& pool_;
    std::uint32_t oldest_ = no_entry;
    std::uint32_t newest_ = no_entry;
    std::uint32_t in_flight_ = 0;
    Queue ready_;  ///< Wait to be reported.
    Queue held_;   ///< Wait for older entries first.
    std::uint32_t finished_ = 0;
    std::uint64_t taken_ = 0;  ///< Entries acquired since creation.
};

}  // namespace wakepoll::core
