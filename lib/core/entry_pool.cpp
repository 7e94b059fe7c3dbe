#include "core/entry_pool.hpp"

#include <cassert>
#include <functional>

#include "wakepoll/error.hpp"

namespace wakepoll::core {

PoolEntry* EntryPool::acquire() noexcept {
    if (active_ == capacity_) {
        return nullptr;
    }
    std::uint32_t index = used_;
    if (first_free_ != PoolEntry::no_entry) {
        index = first_free_;
        first_free_ = entries_[index].next_;
    } else {
        ++used_;
    }
    PoolEntry& entry = entries_[index];
    entry = PoolEntry{};
    entry.in_use_ = true;
    ++active_;
    return &entry;
}

std::error_code EntryPool::release(OverlappedEntry* entry) noexcept {
    PoolEntry* const found = entry_at(entry);
    if (found == nullptr) {
        return errc::foreign_entry;
    }
    if (!found->in_use_) {
        return errc::entry_not_in_use;
    }
    if (found->purpose != PoolEntry::Purpose::own_call && !found->reported) {
        return errc::entry_in_flight;
    }
    give_back(*found);
    return {};
}

void EntryPool::give_back(PoolEntry& entry) noexcept {
    assert(entry.in_use_);
    entry.in_use_ = false;
    entry.reported = false;
    entry.state_ = OverlappedState::idle;
    entry.next_ = first_free_;
    first_free_ = index_of(entry);
    --active_;
}

PoolEntry* EntryPool::find_by_overlapped(const void* overlapped) const noexcept {
    // The OVERLAPPED is the entry's first member, so the two have one address.
    PoolEntry* const entry = entry_at(overlapped);
    return entry != nullptr && entry->in_use_ ? entry : nullptr;
}

PoolEntry* EntryPool::entry_at(const void* address) const noexcept {
    // The pointer may point anywhere; std::less orders all pointers.
    const void* const first = entries_;
    const void* const end = entries_ + capacity_;
    if (std::less<>{}(address, first) || !std::less<>{}(address, end)) {
        return nullptr;
    }
    const auto offset = static_cast<std::size_t>(static_cast<const char*>(address) -
                                                 static_cast<const char*>(first));
    return offset % sizeof(PoolEntry) == 0 ? entries_ + offset / sizeof(PoolEntry) : nullptr;
}

}  // namespace wakepoll::core
