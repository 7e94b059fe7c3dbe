#include "poller/poller.hpp"
#include "wakepoll/overlapped.hpp"

namespace wakepoll {

OverlappedEntry* OverlappedPool::acquire() noexcept {
    const auto take = [this](core::EntryPool& entries) {
        return poller_->is_disposed() ? nullptr : entries.acquire();
    };
    return poller_ != nullptr ? poller_->with_entries(take) : nullptr;
}

Result<void> OverlappedPool::release(OverlappedEntry* entry) noexcept {
    const auto give = [&](core::EntryPool& entries) { return entries.release(entry); };
    return poller_ != nullptr ? poller_->with_entries(give) : errc::foreign_entry;
}

OverlappedEntry* OverlappedPool::find_by_overlapped(const void* overlapped) noexcept {
    const auto find = [&](const core::EntryPool& entries) {
        return entries.find_by_overlapped(overlapped);
    };
    return poller_ != nullptr ? poller_->with_entries(find) : nullptr;
}

std::uint32_t OverlappedPool::active_count() const noexcept {
    const auto count = [this](const core::EntryPool& entries) {
        return poller_->is_disposed() ? 0 : entries.active_count();
    };
    return poller_ != nullptr ? poller_->with_entries(count) : 0;
}

std::uint32_t OverlappedPool::capacity() const noexcept {
    const auto limit = [](const core::EntryPool& entries) { return entries.capacity(); };
    return poller_ != nullptr ? poller_->with_entries(limit) : 0;
}

}  // namespace wakepoll
