#include "poller/deadline_timer.hpp"

namespace wakepoll {

using std::chrono::nanoseconds;

std::error_code DeadlineTimer::set(nanoseconds at, nanoseconds now) noexcept {
    if (!timer_.is_open()) {
        Result<sys::Timer> made = sys::Timer::create();
        if (!made) {
            return made.error();
        }
        timer_ = std::move(*made);
        table_.note_made(timer_.handle());
    }
    // A time that has come already needs no kernel timer: the next wait reports it.
    const bool past = at <= now;
    if (!past) {
        if (const std::error_code error = arm(at - now)) {
            return error;
        }
    }
    at_ = at;
    past_ = past;
    set_ = true;
    return {};
}

std::error_code DeadlineTimer::arm(nanoseconds delay) noexcept {
    // The timer first: setting it clears the signal, which would end the wait at once.
    if (const std::error_code error = timer_.set(delay)) {
        return error;
    }
    if (fired_.exchange(false)) {
        armed_ = false;
    }
    if (armed_) {
        return {};
    }
    const std::error_code error = wait_.arm(timer_.handle(), &DeadlineTimer::signalled, this);
    armed_ = !error;
    if (armed_) {
        table_.note_made(wait_.copy());
    }
    return error;
}

std::error_code DeadlineTimer::clear() noexcept {
    if (!set_) {
        return {};
    }
    const std::error_code error = timer_.cancel();
    set_ = static_cast<bool>(error);
    return error;
}

std::error_code DeadlineTimer::look(nanoseconds now) noexcept {
    if (!fired_.exchange(false)) {
        return {};
    }
    armed_ = false;
    return set_ && now < at_ ? arm(at_ - now) : std::error_code{};
}

void DeadlineTimer::close() noexcept {
    wait_.disarm();
    timer_.close();
    set_ = false;
    armed_ = false;
}

void DeadlineTimer::signalled(void* timer, const sys::ThreadPoolWait& /*wait*/) noexcept {
    auto& self = *static_cast<DeadlineTimer*>(timer);
    self.fired_.store(true);
    self.rouse_(self.poller_);
}

}  // namespace wakepoll
