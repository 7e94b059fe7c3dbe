// See public_calls.hpp.
#include "public_calls.hpp"

namespace wakepoll::costs::own {

Result<OsPoller> create(const PollerConfig& config) noexcept { return OsPoller::create(config); }

WaitResult wait(OsPoller& poller, std::span<NativeEvent> events, Timeout timeout) noexcept {
    return poller.wait(events, timeout);
}

bool post_wakeup(OsPoller& poller) noexcept { return poller.post_wakeup(); }

Result<void> register_handle(OsPoller& poller, Handle handle, IoInterest interest,
                             std::uint64_t user_data) noexcept {
    return poller.register_handle(handle, interest, user_data);
}

Result<void> modify_handle(OsPoller& poller, Handle handle, IoInterest interest,
                           std::uint64_t user_data) noexcept {
    return poller.modify_handle(handle, interest, user_data);
}

Result<void> unregister_handle(OsPoller& poller, Handle handle) noexcept {
    return poller.unregister_handle(handle);
}

std::error_code submit_read(OsPoller& poller, Handle handle, std::span<std::byte> buffer,
                            std::uint64_t user_data) noexcept {
    return poller.submit_read(handle, buffer, user_data).error();
}

Result<void> set_timer(OsPoller& poller, Clock::time_point deadline) noexcept {
    return poller.set_timer(deadline);
}

int epoll_control(void* port, int op, std::uintptr_t sock, epoll_event* event) noexcept {
    return epoll_ctl(port, op, sock, event);
}

int epoll_wait(void* port, epoll_event* events, int room, int timeout) noexcept {
    return ::epoll_wait(port, events, room, timeout);
}

}  // namespace wakepoll::costs::own
