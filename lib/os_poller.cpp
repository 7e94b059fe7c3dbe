// The public face: every owner's call passes the gate, then goes to the state behind it.
#include "wakepoll/os_poller.hpp"

#include <utility>

#include "classify.hpp"
#include "poller_state.hpp"

namespace wakepoll {

Result<OsPoller> OsPoller::create(const PollerConfig& config) noexcept {
    const Result<PollerState*> state = PollerState::create(config);
    if (!state) {
        return state.error();
    }
    return OsPoller(*state);
}

OsPoller::OsPoller(OsPoller&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}

OsPoller& OsPoller::operator=(OsPoller&& other) noexcept {
    OsPoller taken(std::move(other));
    std::swap(state_, taken.state_);
    return *this;
}

OsPoller::~OsPoller() {
    dispose();
    if (state_ != nullptr) {
        state_->release();
    }
}

void OsPoller::dispose() noexcept {
    if (state_ != nullptr) {
        state_->dispose();
    }
}

bool OsPoller::is_valid() const noexcept { return state_ != nullptr && !state_->wake.is_closed(); }

Handle OsPoller::handle() const noexcept {
    if (!is_valid()) {
        return {};
    }
    state_->port_in_use = true;
    return state_->port.handle();
}

std::size_t OsPoller::registration_count() const noexcept {
    return is_valid() ? state_->table.size() : 0;
}

std::size_t OsPoller::overlapped_count() const noexcept {
    return is_valid() ? state_->pool.active_count() : 0;
}

OverlappedPool& OsPoller::overlapped_pool() noexcept {
    static OverlappedPool empty(nullptr, 0);
    return is_valid() ? state_->pool : empty;
}

PollerStats OsPoller::stats() const noexcept {
    return state_ != nullptr ? state_->statistics() : PollerStats{};
}

Result<HandleType> OsPoller::classify(Handle handle) noexcept { return wakepoll::classify(handle); }

Backend OsPoller::backend() const noexcept { return Backend::wsapoll; }

std::error_code OsPoller::register_handle(Handle handle, IoInterest interest,
                                          std::uint64_t user_data) noexcept {
    const OwnerGate gate(state_);
    return gate.error() ? gate.error() : state_->add(handle, interest, user_data);
}

std::error_code OsPoller::modify_handle(Handle handle, IoInterest interest,
                                        std::uint64_t user_data) noexcept {
    const OwnerGate gate(state_);
    return gate.error() ? gate.error() : state_->modify(handle, interest, user_data);
}

std::error_code OsPoller::unregister_handle(Handle handle) noexcept {
    const OwnerGate gate(state_);
    return gate.error() ? gate.error() : state_->remove(handle);
}

std::error_code OsPoller::associate_handle(Handle handle, std::uint64_t key) noexcept {
    const OwnerGate gate(state_);
    return gate.error() ? gate.error() : state_->associate(handle, key);
}

WaitResult OsPoller::wait(std::span<NativeEvent> events, Timeout timeout) noexcept {
    const OwnerGate gate(state_);
    if (gate.error()) {
        WaitResult refused;
        refused.error = gate.error();
        return refused;
    }
    return state_->wait(events, timeout);
}

bool OsPoller::post_wakeup() noexcept { return state_ != nullptr && state_->post_wakeup(); }

bool OsPoller::post_shutdown() noexcept { return state_ != nullptr && state_->post_shutdown(); }

Waker OsPoller::waker() const noexcept { return Waker(state_); }

}  // namespace wakepoll
