// OsPoller: forwards each call to its Poller. One that was moved from answers as after `dispose`.
#include "wakepoll/os_poller.hpp"

#include <limits>
#include <utility>

#include "poller/classify.hpp"
#include "poller/poller.hpp"
#include "sys/overlapped_io.hpp"
#include "sys/system.hpp"

namespace wakepoll {
namespace {

constexpr errc not_refused{};

/// WSABUF has no constant pointer; a write only reads the buffer.
IoBuffer whole_of(std::span<const std::byte> buffer) noexcept {
    return {static_cast<std::uint32_t>(buffer.size()), const_cast<std::byte*>(buffer.data())};
}

}  // namespace

Result<OsPoller> OsPoller::create(const PollerConfig& config) noexcept {
    const Result<Poller*> poller = Poller::create(config);
    if (!poller) {
        return poller.error();
    }
    return OsPoller(*poller);
}

OsPoller::OsPoller(OsPoller&& other) noexcept : poller_(std::exchange(other.poller_, nullptr)) {}

OsPoller& OsPoller::operator=(OsPoller&& other) noexcept {
    OsPoller taken(std::move(other));
    std::swap(poller_, taken.poller_);
    return *this;
}

OsPoller::~OsPoller() {
    dispose();
    if (poller_ != nullptr) {
        poller_->release();
    }
}

void OsPoller::dispose() noexcept {
    if (poller_ != nullptr) {
        poller_->dispose();
    }
}

bool OsPoller::is_valid() const noexcept { return poller_ != nullptr && !poller_->is_disposed(); }

Handle OsPoller::handle() const noexcept {
    return poller_ != nullptr ? poller_->port_for_own_packets() : Handle{};
}

std::size_t OsPoller::registration_count() const noexcept {
    return poller_ != nullptr ? poller_->registration_count() : 0;
}

std::size_t OsPoller::overlapped_count() const noexcept {
    return poller_ != nullptr ? poller_->pool().active_count() : 0;
}

OverlappedPool& OsPoller::overlapped_pool() noexcept {
    static OverlappedPool empty(nullptr);
    return is_valid() ? poller_->pool() : empty;
}

PollerStats OsPoller::stats() const noexcept {
    return poller_ != nullptr ? poller_->statistics() : PollerStats{};
}

Backend OsPoller::backend() const noexcept {
    return poller_ != nullptr ? poller_->statistics().backend : Backend::wsapoll;
}

Result<HandleType> OsPoller::classify(Handle handle) noexcept { return wakepoll::classify(handle); }

Result<void> OsPoller::register_handle(Handle handle, IoInterest interest,
                                       UserData user_data) noexcept {
    return poller_ != nullptr ? poller_->add(handle, interest, user_data.number())
                              : errc::poller_is_closed;
}

Result<void> OsPoller::modify_handle(Handle handle, IoInterest interest,
                                     UserData user_data) noexcept {
    return poller_ != nullptr ? poller_->modify(handle, interest, user_data.number())
                              : errc::poller_is_closed;
}

Result<void> OsPoller::unregister_handle(Handle handle) noexcept {
    return poller_ != nullptr ? poller_->remove(handle) : errc::poller_is_closed;
}

Result<void> OsPoller::associate_handle(Handle handle, UserData key) noexcept {
    return poller_ != nullptr ? poller_->associate(handle, key.number()) : errc::poller_is_closed;
}

Result<AttachedHandle> OsPoller::attach(Handle handle) noexcept {
    if (poller_ == nullptr) {
        return errc::poller_is_closed;
    }
    const Result<core::SlotUse> attachment = poller_->attach(handle);
    if (!attachment) {
        return attachment.error();
    }
    return AttachedHandle(SlotHolder(*poller_, handle, *attachment));
}

errc OsPoller::refuses(const SubmitTarget& target, std::size_t size) const noexcept {
    if (!is_valid()) {
        return errc::poller_is_closed;
    }
    if (size > std::numeric_limits<std::uint32_t>::max()) {
        return errc::buffer_too_long;
    }
    if (target.attached_ == nullptr || target.attached_->holder_.poller() == poller_) {
        return not_refused;
    }
    return *target.attached_ ? errc::attached_elsewhere : errc::attachment_is_over;
}

OperationTarget OsPoller::resolve(const SubmitTarget& target) noexcept {
    return {target.handle_,
            target.attached_ != nullptr ? target.attached_->holder_.use() : core::SlotUse{}};
}

Result<OverlappedEntry*> OsPoller::submit_read(const SubmitTarget& target,
                                               std::span<std::byte> buffer, UserData user_data,
                                               std::uint64_t offset) noexcept {
    return submit_buffer(target, IoOperation::read, buffer, user_data.number(), offset);
}

Result<OverlappedEntry*> OsPoller::submit_write(const SubmitTarget& target,
                                                std::span<const std::byte> buffer,
                                                UserData user_data, std::uint64_t offset) noexcept {
    return submit_buffer(target, IoOperation::write, buffer, user_data.number(), offset);
}

Result<OverlappedEntry*> OsPoller::submit_buffer(const SubmitTarget& target, IoOperation operation,
                                                 std::span<const std::byte> buffer,
                                                 std::uint64_t user_data,
                                                 std::uint64_t offset) noexcept {
    const IoBuffer whole = whole_of(buffer);
    if (const errc reason = refuses(target, buffer.size()); reason != not_refused) {
        return reason;
    }
    return poller_->operate(target.handle_, [&](Operations& operations) {
        return operations.submit_transfer(resolve(target), operation, {&whole, 1}, user_data,
                                          offset);
    });
}

Result<OverlappedEntry*> OsPoller::submit_buffers(const SubmitTarget& target, IoOperation operation,
                                                  std::span<const IoBuffer> buffers,
                                                  std::uint64_t user_data) noexcept {
    if (const errc reason = refuses(target); reason != not_refused) {
        return reason;
    }
    return poller_->operate(target.handle_, [&](Operations& operations) {
        return operations.submit_transfer(resolve(target), operation, buffers, user_data, 0);
    });
}

Result<OverlappedEntry*> OsPoller::submit_receive_from(const SubmitTarget& target,
                                                       std::span<std::byte> buffer,
                                                       std::span<std::byte> address,
                                                       UserData user_data) noexcept {
    const IoBuffer whole = whole_of(buffer);
    if (const errc reason = refuses(target, buffer.size()); reason != not_refused) {
        return reason;
    }
    return poller_->operate(target.handle_, [&](Operations& operations) {
        return operations.submit_receive_from(resolve(target), whole, address, user_data.number());
    });
}

Result<OverlappedEntry*> OsPoller::submit_send_to(const SubmitTarget& target,
                                                  std::span<const std::byte> buffer,
                                                  std::span<const std::byte> address,
                                                  UserData user_data) noexcept {
    const IoBuffer whole = whole_of(buffer);
    if (const errc reason = refuses(target, buffer.size()); reason != not_refused) {
        return reason;
    }
    return poller_->operate(target.handle_, [&](Operations& operations) {
        return operations.submit_send_to(resolve(target), whole, address, user_data.number());
    });
}

Result<OverlappedEntry*> OsPoller::submit_accept(const SubmitTarget& listener,
                                                 std::span<std::byte> buffer,
                                                 UserData user_data) noexcept {
    if (const errc reason = refuses(listener); reason != not_refused) {
        return reason;
    }
    return poller_->operate(listener.handle_, [&](Operations& operations) {
        return operations.submit_accept(resolve(listener), buffer, user_data.number());
    });
}

Result<OverlappedEntry*> OsPoller::submit_connect(const SubmitTarget& socket,
                                                  std::span<const std::byte> address,
                                                  UserData user_data) noexcept {
    if (const errc reason = refuses(socket); reason != not_refused) {
        return reason;
    }
    return poller_->operate(socket.handle_, [&](Operations& operations) {
        return operations.submit_connect(resolve(socket), address, user_data.number());
    });
}

Result<OverlappedEntry*> OsPoller::submit_connect_pipe(const SubmitTarget& server,
                                                       UserData user_data) noexcept {
    if (const errc reason = refuses(server); reason != not_refused) {
        return reason;
    }
    return poller_->operate(server.handle_, [&](Operations& operations) {
        return operations.submit_connect_pipe(resolve(server), user_data.number());
    });
}

AcceptedAddresses OsPoller::accepted_addresses(const Completion& completion,
                                               std::span<const std::byte> buffer) noexcept {
    if (!completion.accepted || buffer.size() < accept_address_size) {
        return {};
    }
    const sys::AcceptedAddresses found = sys::accepted_addresses(completion.accepted, buffer);
    return {found.local, found.remote};
}

Result<void> OsPoller::cancel(OverlappedEntry* entry) noexcept {
    const auto end = [&](Operations& operations) { return operations.cancel(entry); };
    return poller_ != nullptr ? poller_->operate({}, end) : errc::poller_is_closed;
}

Result<void> OsPoller::cancel(OverlappedEntry* entry, Handle duplicate) noexcept {
    const auto end = [&](Operations& operations) { return operations.cancel(entry, duplicate); };
    return poller_ != nullptr ? poller_->operate({}, end) : errc::poller_is_closed;
}

Result<void> OsPoller::cancel(Handle handle) noexcept {
    const auto end = [&](Operations& operations) { return operations.cancel(handle); };
    return poller_ != nullptr ? poller_->operate(handle, end) : errc::poller_is_closed;
}

Result<void> OsPoller::set_timer(Clock::time_point deadline) noexcept {
    return poller_ != nullptr ? poller_->set_timer(deadline) : errc::poller_is_closed;
}

Result<void> OsPoller::clear_timer() noexcept {
    return poller_ != nullptr ? poller_->clear_timer() : errc::poller_is_closed;
}

Clock::time_point Clock::now() noexcept { return time_point(sys::now()); }

WaitResult OsPoller::wait(std::span<NativeEvent> events, Timeout timeout) noexcept {
    if (poller_ == nullptr) {
        WaitResult refused;
        refused.error = errc::poller_is_closed;
        return refused;
    }
    return poller_->wait(events, timeout);
}

bool OsPoller::post_wakeup() noexcept { return poller_ != nullptr && poller_->wake(); }

bool OsPoller::post_shutdown() noexcept { return poller_ != nullptr && poller_->shut_down(); }

Waker OsPoller::waker() const noexcept { return Waker(poller_); }

}  // namespace wakepoll
