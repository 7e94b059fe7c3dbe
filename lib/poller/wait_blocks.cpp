// Where a wait blocks, and what other threads see of it then. See wait.hpp.
#include "poller/wait.hpp"
#include "sys/system.hpp"

namespace wakepoll {
namespace {

using core::Park;

/// The time limit for a packet that is certain to come, also in a wait that must not block: the
/// kernel needs some microseconds for it.
constexpr std::chrono::nanoseconds longest_answer = std::chrono::milliseconds(100);

}  // namespace

Result<PacketQueue::Taken> Wait::block_at_port(Pass& pass, std::size_t limit,
                                               std::uint32_t milliseconds) noexcept {
    parts_.packets.begin_block(limit);
    blocked_at_ = Park::port;
    parts_.lock.unlock();
    const Result<std::size_t> came = parts_.packets.block(milliseconds);
    // Before the lock, which a thread may hold that has to wake this one until it is awake.
    parts_.word.unpark();
    parts_.lock.lock();
    blocked_at_ = Park::nowhere;
    roused_ = false;
    ++blocks_;
    pass.has_blocked = true;
    pass.now = sys::now();
    return parts_.packets.end_block(came);
}

void Wait::await_held_sockets(Pass& pass) noexcept {
    const nanoseconds end = sys::now() + longest_answer;
    nanoseconds left = longest_answer;
    while (parts_.sockets.outstanding() == backend::Outstanding::polls && !pass.result.error &&
           left.count() > 0) {
        const std::size_t limit = parts_.packets.room();
        if (limit == 0) {
            return;
        }
        // Other packets may come before the expected one.
        pass.note(parts_.packets.take(limit, to_kernel_milliseconds(left)).error());
        pass.note(parts_.sockets.look(pass.now));
        left = end - sys::now();
    }
}

void Wait::block_in_sockets(Pass& pass, std::uint32_t milliseconds) noexcept {
    std::error_code error = parts_.sockets.begin_block();
    if (error) {
        pass.note(error);
        return;
    }
    const bool parked = parts_.word.park(Park::sockets);
    if (parked && expects_packets()) {
        error = parts_.wakeup.watch_port();
    }
    if (!error) {
        parts_.stats.blocked += parked ? 1 : 0;
        blocked_at_ = Park::sockets;
        parts_.lock.unlock();
        error = parts_.sockets.block(parked ? milliseconds : 0);
        parts_.word.unpark();
        parts_.lock.lock();
        blocked_at_ = Park::nowhere;
        roused_ = false;
        ++blocks_;
        pass.has_blocked = parked;
    } else {
        parts_.word.unpark();
    }
    pass.note(parts_.sockets.end_block(error));
    pass.now = sys::now();
}

// Other threads
// ----------------------------------------------------------------------------------

bool Wait::rouse_if_needed() noexcept {
    if (roused_) {
        return false;
    }
    bool needed = parts_.sockets.parks_at() != blocked_at_ || parts_.operations.finished() > 0 ||
                  parts_.packets.size() > 0 || parts_.timer.is_past();
    if (blocked_at_ == Park::port) {
        // Done here, so that the blocked thread need not.
        const std::error_code error = parts_.sockets.submit_due();
        needed = needed || error || parts_.sockets.size() > 0 || parts_.handles.arm_due();
    } else {
        needed = needed || parts_.sockets.is_changed() || parts_.handles.size() > 0 ||
                 (expects_packets() && !parts_.word.is_watch_armed());
    }
    if (needed) {
        roused_ = true;
        parts_.wakeup.signal(core::CompletionKey::wakeup);
    }
    return needed;
}

}  // namespace wakepoll
