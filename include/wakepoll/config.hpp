// What a poller is given at creation. Nothing can be changed afterwards: the memory for all of it
// is allocated once, by `OsPoller::create`.
#pragma once

#include <cstdint>

namespace wakepoll {
inline namespace v0_1 {

/// Registration slots of a poller that asks for nothing else.
inline constexpr std::uint32_t max_registrations = 1024;

/// Entries in the overlapped pool of a poller that asks for nothing else.
inline constexpr std::uint32_t max_overlapped_entries = 64;

/// The most that either of the two may be set to.
inline constexpr std::uint32_t capacity_limit = 65536;

/// How socket readiness is found out. What is reported is the same.
enum class Backend : std::uint8_t {
    /// WSAPoll for a few sockets, and AFD, once and for good, as soon as that serves better: with
    /// more than 16 sockets, with operations (or packets of the user's own) beside sockets, with a
    /// socket that WSAPoll cannot wait for, or without a loopback that wakes get through. WSAPoll
    /// throughout where AFD's device does not open.
    automatic = 0,
    /// WSAPoll over all registered sockets. Microsoft's documented calls only. Wakes go through a
    /// datagram socket on 127.0.0.1: where its datagrams do not arrive, registering a socket
    /// answers `std::errc::network_down`.
    wsapoll = 1,
    /// Requests to the device behind Winsock (\Device\Afd), as wepoll, mio and libuv make them:
    /// waiting costs what is ready, not what is registered. `create` answers
    /// `std::errc::not_supported` where the device does not open.
    afd = 2,
};

struct PollerConfig {
    /// 1 to `capacity_limit`; anything else is `std::errc::invalid_argument`.
    std::uint32_t max_registrations = wakepoll::max_registrations;
    /// 1 to `capacity_limit`; anything else is `std::errc::invalid_argument`.
    std::uint32_t max_overlapped_entries = wakepoll::max_overlapped_entries;
    /// Anything that is no enumerator is `std::errc::invalid_argument`.
    Backend backend = Backend::automatic;
};

}  // namespace v0_1
}  // namespace wakepoll
