// The calls of a poller between creation and disposal: each takes the lock, and its change is in
// force for a blocked thread when it returns.
#include <mutex>
#include <thread>

#include "poller/poller.hpp"
#include "sys/system.hpp"

namespace wakepoll {

std::error_code Poller::add_locked(Handle handle, IoInterest interest,
                                   std::uint64_t user_data) noexcept {
    std::error_code error = registrations_.add(handle, interest, user_data);
    const bool may_be_over = error == std::errc::file_exists ||
                             error == std::errc::no_space_on_device ||
                             error == std::errc::resource_unavailable_try_again;
    if (may_be_over && has_polls_in_flight()) {
        const std::error_code failed = take_news();
        error = failed ? failed : registrations_.add(handle, interest, user_data);
    }
    return error;
}

Result<void> Poller::add(Handle handle, IoInterest interest, std::uint64_t user_data) noexcept {
    return change<Result<void>>([&] { return add_locked(handle, interest, user_data); });
}

Result<void> Poller::modify(Handle handle, IoInterest interest, std::uint64_t user_data) noexcept {
    return change<Result<void>>([&] { return registrations_.modify(handle, interest, user_data); });
}

Result<void> Poller::remove(Handle handle) noexcept {
    return change<Result<void>>([&] { return registrations_.remove(handle); });
}

Result<core::SlotUse> Poller::add_for(Handle handle, IoInterest interest,
                                      std::uint64_t user_data) noexcept {
    return change<Result<core::SlotUse>>([&]() -> Result<core::SlotUse> {
        if (const std::error_code error = add_locked(handle, interest, user_data)) {
            return error;
        }
        return table_.use_of(table_.find(handle));
    });
}

Result<void> Poller::modify_for(core::SlotUse registration, IoInterest interest,
                                std::uint64_t user_data) noexcept {
    return change<Result<void>>([&]() -> Result<void> {
        if (!table_.goes_on(registration)) {
            return errc::not_registered;
        }
        return registrations_.modify(table_[registration.slot].handle, interest, user_data);
    });
}

Result<void> Poller::remove_for(core::SlotUse registration) noexcept {
    return change<Result<void>>([&]() -> Result<void> {
        if (!table_.goes_on(registration)) {
            return errc::not_registered;
        }
        return registrations_.remove(table_[registration.slot].handle);
    });
}

Result<void> Poller::associate(Handle handle, std::uint64_t key) noexcept {
    return change<Result<void>>([&] {
        static_cast<void>(registrations_.end_if_another(handle));
        std::error_code error = known_.associate(handle, key);
        if (error == errc::no_free_slot && has_polls_in_flight()) {
            const std::error_code failed = take_news();
            error = failed ? failed : known_.associate(handle, key);
        }
        if (!error) {
            wait_.expect_packets();
        }
        return error;
    });
}

Result<core::SlotUse> Poller::attach(Handle handle) noexcept {
    return operate(handle, [&](const Operations&) { return known_.attach(handle); });
}

void Poller::detach(core::SlotUse attachment) noexcept {
    const std::lock_guard guard(lock_);
    known_.detach(attachment);
}

Result<void> Poller::set_timer(Clock::time_point deadline) noexcept {
    return change<Result<void>>(
        [&] { return timer_.set(deadline.time_since_epoch(), sys::now()); });
}

Result<void> Poller::clear_timer() noexcept {
    return change<Result<void>>([&] { return timer_.clear(); });
}

// News for a call that would be refused
// ----------------------------------------------------------

std::error_code Poller::take_news() noexcept {
    const auto is_held_up = [this] {
        return sockets_.outstanding() >= backend::Outstanding::registrations;
    };
    sockets_.retry_cancels();
    std::error_code error;
    // A request that was cancelled ends at once, and its packet is there or about to come.
    constexpr std::uint32_t patience_milliseconds = 50;
    constexpr int tries = 10;
    for (int i = 0; i < tries && !error; ++i) {
        // A blocked thread may have taken it. Every other time, because this one may take the
        // signal for that thread instead.
        if (i % 2 == 0 && wait_.blocked_at() == core::Park::port) {
            let_blocked_thread_pass();
        }
        if (word_.is_shut_down()) {
            error = errc::poller_is_closed;
            break;
        }
        const std::size_t limit = packets_.room();
        if (limit == 0) {
            break;
        }
        error = packets_.take(limit, is_held_up() ? patience_milliseconds : 0).error();
        if (!is_held_up()) {
            break;
        }
    }
    if (wait_.blocked_at() == core::Park::port) {
        // What was to wake that thread (a wake, a signal, the shutdown) may have come here.
        wakeup_.signal(core::CompletionKey::wakeup);
    }
    return error;
}

void Poller::let_blocked_thread_pass() noexcept {
    // It may have taken packets already and wait for the lock. If it has not, this signal comes
    // after the packets that the port had before.
    const std::uint64_t blocks = wait_.blocks();
    wakeup_.signal(core::CompletionKey::wakeup);
    constexpr int tries = 10000;
    for (int i = 0; i < tries && wait_.blocks() == blocks && wait_.is_running(); ++i) {
        lock_.unlock();
        std::this_thread::yield();
        lock_.lock();
    }
}

// What a poller is
// -------------------------------------------------------------------------------

Handle Poller::port_for_own_packets() noexcept {
    const std::lock_guard guard(lock_);
    if (word_.is_closed()) {
        return {};
    }
    wait_.expect_packets();
    if (wait_.blocked_at() != core::Park::nowhere) {
        static_cast<void>(wait_.rouse_if_needed());
    }
    return port_.handle();
}

std::size_t Poller::registration_count() noexcept {
    const std::lock_guard guard(lock_);
    return word_.is_closed() ? 0 : table_.registered();
}

PollerStats Poller::statistics() noexcept {
    const std::lock_guard guard(lock_);
    wait_.count_wakes();
    return stats_;
}

}  // namespace wakepoll
