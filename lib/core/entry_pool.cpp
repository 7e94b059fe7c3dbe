#include "core/entry_pool.hpp"

#include <cassert>
#include <functional>

#include "wakepoll/error.hpp"

namespace wakepoll::core {

OverlappedEntry* EntryPool::acquire() noexcept {
    if (!has_available()) {
        return nullptr;
    }
    std::uint32_t index = used_;
    if (first_free_ != OverlappedEntry::no_entry) {
        index = first_free_;
        first_free_ = entries_[index].next_;
    } else {
        ++used_;
    }
    OverlappedEntry& entry = entries_[index];
    entry = OverlappedEntry{};
    entry.in_use_ = true;
    ++active_;
    return &entry;
}

std::error_code EntryPool::release(OverlappedEntry* entry) noexcept {
    if (entry_at(entry) == nullptr) {
        return errc::foreign_entry;
    }
    if (!entry->in_use_) {
        return errc::entry_not_in_use;
    }
    const bool submitted = entry->purpose_ != OverlappedEntry::Purpose::own_call;
    if (submitted && !entry->reported_) {
        return errc::entry_in_flight;
    }
    give_back(*entry);
    return {};
}

void EntryPool::give_back(OverlappedEntry& entry) noexcept {
    assert(entry.in_use_);
    entry.in_use_ = false;
    entry.reported_ = false;
    entry.state_ = OverlappedState::idle;
    entry.next_ = first_free_;
    first_free_ = index_of(entry);
    --active_;
}

OverlappedEntry* EntryPool::find_by_overlapped(const void* overlapped) noexcept {
    // The OVERLAPPED is the entry's first member, so the two have one address.
    OverlappedEntry* entry = entry_at(overlapped);
    return entry != nullptr && entry->in_use_ ? entry : nullptr;
}

OverlappedEntry* EntryPool::entry_at(const void* address) noexcept {
    // The pointer may point anywhere; std::less orders all pointers.
    const void* const first = entries_;
    const void* const end = entries_ + capacity_;
    if (std::less<>{}(address, first) || !std::less<>{}(address, end)) {
        return nullptr;
    }
    const auto offset = static_cast<std::size_t>(static_cast<const char*>(address) -
                                                 static_cast<const char*>(first));
    return offset % sizeof(OverlappedEntry) == 0 ? entries_ + offset / sizeof(OverlappedEntry)
                                                 : nullptr;
}

}  // namespace wakepoll::core
