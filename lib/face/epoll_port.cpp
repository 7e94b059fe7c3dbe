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

void EpollPort::release() noexcept {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        this->~EpollPort();
        sys::free_zeroed(this, block_size);
    }
}

Result<std::size_t> EpollPort::wait(std::span<epoll_event> events, Timeout timeout) noexcept {
    lock_.lock();
    if (led_ && !closed_) {
        timeout = follow(timeout);
    }
    const bool closed = closed_;
    const bool leads = !closed && !led_;
    led_ = led_ || leads;
    lock_.unlock();
    if (!leads) {
        return closed ? Result<std::size_t>(own_errors::bad_file_descriptor()) : std::size_t{0};
    }
    Result<std::size_t> result = lead(events, timeout);
    lock_.lock();
    led_ = false;
    if (followers_ > 0) {
        lead_is_free_.wake_one();
    }
    lock_.unlock();
    return result;
}

Timeout EpollPort::follow(Timeout timeout) noexcept {
    core::nanoseconds now = sys::now();
    const core::Deadline deadline(timeout, now);
    ++followers_;
    while (led_ && !closed_ && !deadline.has_passed(now)) {
        lead_is_free_.wait(lock_, deadline.kernel_timeout(now));
        now = sys::now();
    }
    --followers_;
    return deadline.left(now);
}

Result<std::size_t> EpollPort::lead(std::span<epoll_event> events, Timeout timeout) noexcept {
    const std::span native(events_, std::min(events.size(), most_events));
    const WaitResult result = poller_->wait(native, timeout);
    for (std::size_t i = 0; i < result.count; ++i) {
        events[i].events = native[i].events;
        events[i].data.u64 = native[i].data.u64;
    }
    if (result.error && result.count == 0) {
        return result.error == std::errc::operation_canceled ? own_errors::bad_file_descriptor()
                                                             : result.error;
    }
    return result.count;
}

bool EpollPort::close() noexcept {
    lock_.lock();
    const bool first = !std::exchange(closed_, true);
    lead_is_free_.wake_all();
    lock_.unlock();
    if (first) {
        poller_->dispose();
    }
    return first;
}

bool EpollPort::is_closed() noexcept {
    const std::lock_guard guard(lock_);
    return closed_;
}

void EpollPort::close_handle() noexcept {
    name_.protect(false);
    name_.close();
}

}  // namespace wakepoll
