// The calls of the library that own-costs measures, each behind its own function.
//
// tools/lib/costs.py finds these functions in callgrind's output: what they call, directly or
// indirectly, is the library's own cost, up to where the kernel is entered (namespaces sys and
// sim). They are in a separate source file, so that the compiler cannot merge them with their
// callers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>

#include "wakepoll/epoll.h"
#include "wakepoll/wakepoll.hpp"

namespace wakepoll::costs::own {

[[nodiscard]] Result<OsPoller> create(const PollerConfig& config) noexcept;
[[nodiscard]] WaitResult wait(OsPoller& poller, std::span<NativeEvent> events,
                              Timeout timeout) noexcept;
[[nodiscard]] bool post_wakeup(OsPoller& poller) noexcept;
[[nodiscard]] Result<void> register_handle(OsPoller& poller, Handle handle, IoInterest interest,
                                           std::uint64_t user_data) noexcept;
[[nodiscard]] Result<void> modify_handle(OsPoller& poller, Handle handle, IoInterest interest,
                                         std::uint64_t user_data) noexcept;
[[nodiscard]] Result<void> unregister_handle(OsPoller& poller, Handle handle) noexcept;
[[nodiscard]] std::error_code submit_read(OsPoller& poller, Handle handle,
                                          std::span<std::byte> buffer,
                                          std::uint64_t user_data) noexcept;
[[nodiscard]] Result<void> set_timer(OsPoller& poller, Clock::time_point deadline) noexcept;

[[nodiscard]] int epoll_control(void* port, int op, std::uintptr_t sock,
                                epoll_event* event) noexcept;
[[nodiscard]] int epoll_wait(void* port, epoll_event* events, int room, int timeout) noexcept;

}  // namespace wakepoll::costs::own
