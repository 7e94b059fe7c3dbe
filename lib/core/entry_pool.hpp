// The fixed pool of overlapped entries: acquire, release and find, each O(1).
//
// Free entries form a list through the entries themselves. The caller provides zeroed memory;
// entries that were never acquired are not touched. Not thread-safe: used under the poller's lock.
#pragma once

#include <cstdint>
#include <system_error>

#include "core/pool_entry.hpp"

namespace wakepoll::core {

class EntryPool {
public:
    /// Uses `capacity` entries at `entries`, which must outlive the pool.
    EntryPool(PoolEntry* entries, std::uint32_t capacity) noexcept
        : entries_(entries), capacity_(capacity) {}

    EntryPool(const EntryPool&) = delete;
    EntryPool& operator=(const EntryPool&) = delete;

    // Same contracts as in OverlappedPool.
    [[nodiscard]] PoolEntry* acquire() noexcept;
    [[nodiscard]] std::error_code release(OverlappedEntry* entry) noexcept;
    [[nodiscard]] PoolEntry* find_by_overlapped(const void* overlapped) const noexcept;
    [[nodiscard]] std::uint32_t active_count() const noexcept { return active_; }
    [[nodiscard]] std::uint32_t capacity() const noexcept { return capacity_; }

    /// The entry at this address, in use or not; null if none begins there.
    [[nodiscard]] PoolEntry* entry_at(const void* address) const noexcept;

    /// Returns an entry to the pool, whatever it was used for.
    void give_back(PoolEntry& entry) noexcept;

    /// An entry's index, and the entry at an index.
    [[nodiscard]] std::uint32_t index_of(const PoolEntry& entry) const noexcept {
        return static_cast<std::uint32_t>(&entry - entries_);
    }
    [[nodiscard]] PoolEntry& operator[](std::uint32_t index) const noexcept {
        return entries_[index];
    }

private:
    PoolEntry* entries_;
    std::uint32_t capacity_;
    std::uint32_t active_ = 0;
    std::uint32_t used_ = 0;  ///< Entries from this index on were never acquired.
    std::uint32_t first_free_ = PoolEntry::no_entry;
};

}  // namespace wakepoll::core
