// The configuration of a poller. It is fixed at creation: `OsPoller::create` allocates all memory
// once.
#pragma once

#include <cstdint>

namespace wakepoll {
inline namespace v0_1 {

/// The default number of registration slots.
inline constexpr std::uint32_t max_registrations = 1024;

/// The default number of entries in the overlapped pool.
inline constexpr std::uint32_t max_overlapped_entries = 64;

/// The limit of both numbers.
inline constexpr std::uint32_t capacity_limit = 65536;

/// How a poller finds out what sockets are ready. What it reports is the same.
enum class Backend : std::uint8_t {
    /// WSAPoll for a few sockets; switches to AFD, once and permanently, with more than 16 sockets,
    /// with operations or your own packets in addition to sockets, with a socket that WSAPoll
    /// cannot wait for, or if wakes do not get through the loopback. Stays with WSAPoll if AFD's
    /// device does not open.
    automatic = 0,
    /// WSAPoll over all registered sockets. Microsoft's documented calls only. Wakes go through a
    /// datagram socket on 127.0.0.1: if its datagrams do not arrive, registering a socket fails
    /// with `std::errc::network_down`.
    wsapoll = 1,
    /// Requests to the device behind Winsock (\Device\Afd), as wepoll, mio and libuv make them:
    /// waiting costs what is ready, not what is registered. `create` fails with
    /// `std::errc::not_supported` if the system has no such device.
    afd = 2,
};

struct PollerConfig {
    /// Registration slots, 1 to `capacity_limit`; anything else is `std::errc::invalid_argument`.
    std::uint32_t max_registrations = wakepoll::max_registrations;
    /// Entries of the pool, 1 to `capacity_limit`; anything else is `std::errc::invalid_argument`.
    std::uint32_t max_overlapped_entries = wakepoll::max_overlapped_entries;
    /// Any value that is no enumerator is `std::errc::invalid_argument`.
    Backend backend = Backend::automatic;
};

}  // namespace v0_1
}  // namespace wakepoll
