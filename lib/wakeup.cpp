// What other threads do to a poller: wake it, end it, ring for a packet or a signalled handle.
//
// All of it goes through core/wake_state, which says whether a kernel call is needed and keeps the
// port and the doorbell open until it is done.
#include <thread>
#include <utility>

#include "core/completion_key.hpp"
#include "poller_state.hpp"
#include "wakepoll/waker.hpp"

namespace wakepoll {
namespace {

using core::CompletionKey;
using core::Park;
using Errand = core::WakeState::Errand;

}  // namespace

bool PollerState::run(const Errand& errand, CompletionKey key) noexcept {
    if (errand.kind != Errand::Kind::deliver) {
        return errand.kind == Errand::Kind::done;
    }
    const std::error_code error = errand.where == Park::sockets
                                      ? sockets.rouse()
                                      : port.post(static_cast<std::uintptr_t>(key));
    wake.finish(errand, !error);
    return !error;
}

bool PollerState::post_wakeup() noexcept {
    const Errand errand = wake.begin_wake();
    return errand.kind == Errand::Kind::done || run(errand, CompletionKey::wakeup);
}

bool PollerState::post_shutdown() noexcept {
    return run(wake.begin_shutdown(), CompletionKey::shutdown);
}

void PollerState::port_signalled(void* poller, const sys::ThreadPoolWait& /*wait*/) noexcept {
    auto* const state = static_cast<PollerState*>(poller);
    // The watch fires once, so a ring that fails for want of memory is tried again, as long as the
    // owner is parked and would otherwise sleep over the packet.
    while (!state->run(state->wake.begin_port_signal(), CompletionKey::wakeup)) {
        if (state->wake.is_closed()) {
            return;
        }
        std::this_thread::yield();
    }
}

void PollerState::handle_signalled(void* poller) noexcept {
    static_cast<PollerState*>(poller)->signal(CompletionKey::wakeup);
}

void PollerState::timer_signalled(void* poller) noexcept {
    static_cast<PollerState*>(poller)->signal(CompletionKey::timer);
}

void PollerState::signal(CompletionKey key) noexcept {
    // As for the port: nobody tells a second time.
    while (!run(wake.begin_signal(), key)) {
        if (wake.is_closed()) {
            return;
        }
        std::this_thread::yield();
    }
}

Waker::Waker(PollerState* state) noexcept : state_(state) {
    if (state_ != nullptr) {
        state_->retain();
    }
}

Waker::Waker(const Waker& other) noexcept : Waker(other.state_) {}

Waker::Waker(Waker&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}

Waker& Waker::operator=(const Waker& other) noexcept {
    Waker copy(other);
    std::swap(state_, copy.state_);
    return *this;
}

Waker& Waker::operator=(Waker&& other) noexcept {
    Waker taken(std::move(other));
    std::swap(state_, taken.state_);
    return *this;
}

Waker::~Waker() {
    if (state_ != nullptr) {
        state_->release();
    }
}

bool Waker::wake() const noexcept { return state_ != nullptr && state_->post_wakeup(); }

bool Waker::shutdown() const noexcept { return state_ != nullptr && state_->post_shutdown(); }

}  // namespace wakepoll
