// See port.hpp.
#include "port.hpp"

#include <algorithm>
#include <cstdint>

#include "behaviours.hpp"

namespace wakepoll::sim {
namespace {

// Garbage as Wine leaves it in the upper half of OVERLAPPED_ENTRY.Internal; any value will do.
constexpr std::uint64_t rubbish = 0xDEADBEEF00000000U;

}  // namespace

bool Port::post(const sys::Packet& packet, std::size_t pool) {
    if (queue_.size() >= pool) {
        return false;
    }
    complete(packet);
    return true;
}

bool Port::signalled() const noexcept {
    note_if(!queue_.empty() && queue_.size() <= takers_, Behaviour::dequeue_comes_first);
    note_if(signalled_for_good_, Behaviour::wait_for_closed_port);
    return queue_.size() > takers_ || signalled_for_good_;
}

void Port::join() {
    const std::shared_ptr<PortThread>& thread = PortThread::current();
    std::erase_if(threads_, [&](const std::weak_ptr<PortThread>& one) { return one.expired(); });
    thread->port = this;
    const auto is_it = [&](const std::weak_ptr<PortThread>& one) { return one.lock() == thread; };
    if (std::ranges::none_of(threads_, is_it)) {
        threads_.push_back(thread);
    }
}

bool Port::may_take(const Traits& traits) const {
    const auto runs_beside = [this](const std::weak_ptr<PortThread>& one) {
        const std::shared_ptr<PortThread> thread = one.lock();
        return thread != nullptr && thread->port == this && !thread->blocked &&
               thread != PortThread::current();
    };
    return !queue_.empty() &&
           (!traits.ports_hold_back || std::ranges::count_if(threads_, runs_beside) < concurrency_);
}

std::size_t Port::take(std::span<sys::Packet> packets, const Traits& traits) {
    std::size_t count = 0;
    while (count < packets.size() && !queue_.empty()) {
        packets[count] = queue_.front().packet;
        if (queue_.front().delivery != nullptr) {
            queue_.front().delivery->dequeued();
        }
        if (traits.rubbish_in_internal) {
            packets[count].internal |= static_cast<std::uintptr_t>(rubbish);
        }
        queue_.pop_front();
        ++count;
    }
    return count;
}

}  // namespace wakepoll::sim
