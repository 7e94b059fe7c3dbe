#include "face/epoll_port.hpp"

#include <mutex>
#include <new>
#include <utility>

#include "core/deadline.hpp"
#include "own_errors.hpp"
#include "sys/handle_info.hpp"
#include "sys/memory.hpp"
#include "sys/system.hpp"

namespace wakepoll {

Result<EpollPort::Contents*> EpollPort::Contents::create(const PollerConfig& config) noexcept {
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
    return ::new (block) Contents{std::move(*name), *poller};
}

void EpollPort::Contents::destroy() noexcept {
    poller->release();
    this->~Contents();
    sys::free_zeroed(this, block_size);
}

bool EpollPort::follow(Timeout& timeout) noexcept {
    core::nanoseconds now = sys::now();
    const core::Deadline deadline(timeout, now);
    const std::lock_guard guard(lock_);
    state_.begin_to_follow();
    bool leads = state_.try_lead();
    while (!leads && !state_.is_shut() && !deadline.has_passed(now) && !sys::process_is_ending()) {
        lead_is_free_.wait(lock_, deadline.kernel_timeout(now));
        now = sys::now();
        leads = state_.try_lead();  // Even if the time is over: its leaving wakes the next.
    }
    state_.end_to_follow();
    timeout = deadline.left(now);
    return leads;
}

int EpollPort::hand_out(epoll_event* events, std::span<const NativeEvent> native) noexcept {
    for (const NativeEvent& event : native) {
        events->events = event.events;
        events->data.u64 = event.data.u64;
        ++events;
    }
    leave_leading();
    return static_cast<int>(native.size());
}

bool EpollPort::close() noexcept {
    if (!state_.close()) {
        return false;
    }
    {
        const std::lock_guard guard(lock_);
        lead_is_free_.wake_all();
    }
    poller().dispose();
    return true;
}

void EpollPort::after_leading(Word left) noexcept {
    if (core::PortState::had_followers(left)) {
        // This may be another port by now, whose follower then looks once in vain.
        const std::lock_guard guard(lock_);
        lead_is_free_.wake_one();
    }
    static_cast<void>(after(left, 0));
}

int EpollPort::after(Word left, int answer) noexcept {
    if (core::PortState::is_over(left)) {
        // Only this call gets the contents; the port may be opened again meanwhile.
        contents_.exchange(nullptr, std::memory_order_acq_rel)->destroy();
    }
    return answer;
}

void EpollPort::open(Contents& contents) noexcept {
    contents.name.protect(true);
    poller_ = contents.poller;
    native_ = reinterpret_cast<NativeEvent*>(&contents + 1);
    contents_.store(&contents, std::memory_order_relaxed);
    number_.store(contents.name.handle().value(), std::memory_order_relaxed);
    state_.open();
}

void EpollPort::close_handle() noexcept {
    number_.store(0, std::memory_order_relaxed);
    sys::CompletionPort& name = contents_.load(std::memory_order_relaxed)->name;
    if (sys::is_protected(name.handle())) {
        name.protect(false);
        name.close();
    } else {
        static_cast<void>(name.release());
    }
}

void EpollPort::lose_handle() noexcept {
    number_.store(0, std::memory_order_relaxed);
    static_cast<void>(contents_.load(std::memory_order_relaxed)->name.release());
}

}  // namespace wakepoll
