// The public face: every owner's call passes the gate, then goes to the state behind it.
#include "wakepoll/os_poller.hpp"

#include <limits>
#include <utility>

#include "classify.hpp"
#include "own_errors.hpp"
#include "poller_state.hpp"
#include "sys/overlapped_io.hpp"
#include "sys/system.hpp"

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
    return is_valid() ? state_->table.registered() : 0;
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

Backend OsPoller::backend() const noexcept {
    return state_ != nullptr && state_->sockets.is_afd() ? Backend::afd : Backend::wsapoll;
}

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

Result<OverlappedEntry*> OsPoller::submit_read(Handle handle, std::span<std::byte> buffer,
                                               std::uint64_t user_data,
                                               std::uint64_t offset) noexcept {
    return submit_transfer(handle, IoOperation::read, buffer, user_data, offset);
}

Result<OverlappedEntry*> OsPoller::submit_read(Handle handle, std::span<const IoBuffer> buffers,
                                               std::uint64_t user_data) noexcept {
    const OwnerGate gate(state_);
    if (gate.error()) {
        return gate.error();
    }
    return state_->submit_transfer(handle, IoOperation::read, buffers, user_data, 0);
}

Result<OverlappedEntry*> OsPoller::submit_write(Handle handle, std::span<const std::byte> buffer,
                                                std::uint64_t user_data,
                                                std::uint64_t offset) noexcept {
    return submit_transfer(handle, IoOperation::write, buffer, user_data, offset);
}

Result<OverlappedEntry*> OsPoller::submit_write(Handle handle, std::span<const IoBuffer> buffers,
                                                std::uint64_t user_data) noexcept {
    const OwnerGate gate(state_);
    if (gate.error()) {
        return gate.error();
    }
    return state_->submit_transfer(handle, IoOperation::write, buffers, user_data, 0);
}

Result<OverlappedEntry*> OsPoller::submit_transfer(Handle handle, IoOperation operation,
                                                   std::span<const std::byte> buffer,
                                                   std::uint64_t user_data,
                                                   std::uint64_t offset) noexcept {
    const OwnerGate gate(state_);
    if (gate.error()) {
        return gate.error();
    }
    if (buffer.size() > std::numeric_limits<std::uint32_t>::max()) {
        return own_errors::invalid_argument();
    }
    // WSABUF knows no constant data; a write does not touch it.
    const IoBuffer whole{static_cast<std::uint32_t>(buffer.size()),
                         const_cast<std::byte*>(buffer.data())};
    return state_->submit_transfer(handle, operation, {&whole, 1}, user_data, offset);
}

Result<OverlappedEntry*> OsPoller::submit_accept(Handle listener, std::span<std::byte> buffer,
                                                 std::uint64_t user_data) noexcept {
    const OwnerGate gate(state_);
    if (gate.error()) {
        return gate.error();
    }
    return state_->submit_accept(listener, buffer, user_data);
}

Result<OverlappedEntry*> OsPoller::submit_connect(Handle socket, std::span<const std::byte> address,
                                                  std::uint64_t user_data) noexcept {
    const OwnerGate gate(state_);
    if (gate.error()) {
        return gate.error();
    }
    return state_->submit_connect(socket, address, user_data);
}

AcceptedAddresses OsPoller::accepted_addresses(const Completion& completion,
                                               std::span<const std::byte> buffer) noexcept {
    if (!completion.accepted || buffer.size() < accept_address_size) {
        return {};
    }
    const sys::AcceptedAddresses found = sys::accepted_addresses(completion.accepted, buffer);
    return {found.local, found.remote};
}

std::error_code OsPoller::cancel(OverlappedEntry* entry) noexcept {
    const OwnerGate gate(state_);
    return gate.error() ? gate.error() : state_->cancel(entry);
}

std::error_code OsPoller::cancel(Handle handle) noexcept {
    const OwnerGate gate(state_);
    return gate.error() ? gate.error() : state_->cancel(handle);
}

std::error_code OsPoller::set_timer(Clock::time_point deadline) noexcept {
    const OwnerGate gate(state_);
    return gate.error() ? gate.error() : state_->timer.set(deadline.time_since_epoch(), sys::now());
}

std::error_code OsPoller::clear_timer() noexcept {
    const OwnerGate gate(state_);
    return gate.error() ? gate.error() : state_->timer.clear();
}

Clock::time_point Clock::now() noexcept { return time_point(sys::now()); }

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
