#include "face/epoll_port.hpp"

#include <algorithm>
#include <mutex>
#include <new>
#include <utility>

#include "own_errors.hpp"
#include "sys/memory.hpp"
#include "sys/system.hpp"

namespace wakepoll {
namespace {

/// No more can be ready at a time.
constexpr std::size_t most_events = capacity_limit;
constexpr std::size_t block_size = sizeof(EpollPort) + most_events * sizeof(NativeEvent);
static_assert(sizeof(EpollPort) % alignof(NativeEvent) == 0);

}  // namespace

Result<EpollPort*> EpollPort::create(const PollerConfig& config) noexcept {
    Result<sys::CompletionPort> name = sys::CompletionPort::create();
    if (!name) {
        return name.error();
    }
    void* const block = sys::allocate_zeroed(block_size);
    if (block == nullptr) {
        return own_errors::not_enough_memory();
    }
    const Result<Poller*> poller = Poller::create(config);
    if (!poller) {
        sys::free_zeroed(block, block_size);
        return poller.error();
    }
    name->protect(true);
    auto* const events =
        reinterpret_cast<NativeEvent*>(static_cast<std::byte*>(block) + sizeof(EpollPort));
    return ::new (block) EpollPort(std::move(*name), *poller, events);
}

void EpollPort::destroy() noexcept {
    this->~EpollPort();
    sys::free_zeroed(this, block_size);
}

inline int EpollPort::lead(std::span<epoll_event> events, Timeout timeout) noexcept {
    const std::span native(events_, std::min(events.size(), most_events));
    const WaitResult result = poller_->wait(native, timeout);
    for (std::size_t i = 0; i < result.count; ++i) {
        events[i].events = native[i].events;
        events[i].data.u64 = native[i].data.u64;
    }
    return result.count > 0 ? static_cast<int>(result.count) : -result.error.value();
}

int EpollPort::wait(std::span<epoll_event> events, Timeout timeout) noexcept {
    retain();
    if (led_ || closed_) {
        timeout = follow(timeout);
    }
    int count = 0;
    if (closed_) {
        count = -own_errors::bad_file_descriptor().value();
    } else if (!led_) {
        led_ = true;
        lock->unlock();
        count = lead(events, timeout);
        lock->lock();
        led_ = false;
        if (followers_ > 0) {
            lead_is_free_.wake_one();
        }
    }
    lock->unlock();
    release();
    return count;
}

Timeout EpollPort::follow(Timeout timeout) noexcept {
    core::nanoseconds now = sys::now();
    const core::Deadline deadline(timeout, now);
    ++followers_;
    while (led_ && !closed_ && !deadline.has_passed(now)) {
        lead_is_free_.wait(*lock, deadline.kernel_timeout(now));
        now = sys::now();
    }
    --followers_;
    return deadline.left(now);
}

bool EpollPort::close() noexcept {
    lock->lock();
    const bool first = !std::exchange(closed_, true);
    lead_is_free_.wake_all();
    lock->unlock();
    if (first) {
        poller_->dispose();
    }
    return first;
}

bool EpollPort::is_closed() noexcept {
    const std::lock_guard guard(*lock);
    return closed_;
}

void EpollPort::close_handle() noexcept {
    name_.protect(false);
    name_.close();
}

}  // namespace wakepoll
