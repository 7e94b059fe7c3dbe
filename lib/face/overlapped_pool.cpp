#include "poller/poller.hpp"
#include "wakepoll/overlapped.hpp"

namespace wakepoll {

OverlappedEntry* OverlappedPool::acquire() noexcept {
    return poller_ != nullptr ? poller_->acquire_entry() : nullptr;
}

Result<void> OverlappedPool::release(OverlappedEntry* entry) noexcept {
    return poller_ != nullptr ? poller_->release_entry(entry) : errc::foreign_entry;
}

OverlappedEntry* OverlappedPool::find_by_overlapped(const void* overlapped) noexcept {
    return poller_ != nullptr ? poller_->find_entry(overlapped) : nullptr;
}

std::uint32_t OverlappedPool::active_count() const noexcept {
    return poller_ != nullptr ? poller_->entries_in_use() : 0;
}

std::uint32_t OverlappedPool::capacity() const noexcept {
    return poller_ != nullptr ? poller_->entry_capacity() : 0;
}

}  // namespace wakepoll
