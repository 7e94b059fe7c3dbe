// Creates the pollers of all scenarios.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include "support/loopback_sockets.hpp"
#include "wakepoll/wakepoll.hpp"

namespace wakepoll::bench {

inline constexpr std::chrono::milliseconds patience{patience_milliseconds};
inline constexpr std::chrono::milliseconds no_wait{0};

inline void check_error(const Result<void>& done, const char* call) {
    if (!done) {
        throw std::system_error(done.error(), call);
    }
}

inline OsPoller make_poller_of(const PollerConfig& config) {
    Result<OsPoller> created = OsPoller::create(config);
    check_error(created.error(), "OsPoller::create");
    return std::move(*created);
}

inline Handle handle_of(SOCKET socket) { return Handle(std::uintptr_t{socket}); }

/// A poller with this backend that waits for these sockets to become readable; the user data is the
/// socket.
inline OsPoller make_poller_with(Backend backend, std::span<const SOCKET> sockets) {
    PollerConfig config;
    config.backend = backend;
    OsPoller poller = make_poller_of(config);
    for (const SOCKET socket : sockets) {
        check_error(
            poller.register_handle(handle_of(socket), IoInterest::read, std::uint64_t{socket}),
            "register_handle");
    }
    return poller;
}

/// Returns the events of a wait; none if a wake has ended it. Throws on timeout.
inline std::span<const NativeEvent> next_events(OsPoller& poller, std::span<NativeEvent> room) {
    const WaitResult waited = poller.wait(room, patience);
    check_error(waited.error, "wait");
    if (waited.count == 0 && !waited.woken) {
        fail("wait", WAIT_TIMEOUT);
    }
    return room.first(waited.woken ? 0 : waited.count);
}

}  // namespace wakepoll::bench
