// What a poller is given at creation. Nothing can be changed afterwards: the memory for all of it
// is allocated once, by `OsPoller::create`.
#pragma once

#include <cstdint>

// The two defaults can be changed when wakepoll is built (meson options of the same names); a user
// of the library gets the chosen values through the dependency object or pkg-config.
#if !defined(WAKEPOLL_MAX_REGISTRATIONS)
#define WAKEPOLL_MAX_REGISTRATIONS 1024
#endif
#if !defined(WAKEPOLL_MAX_OVERLAPPED_ENTRIES)
#define WAKEPOLL_MAX_OVERLAPPED_ENTRIES 64
#endif

namespace wakepoll {

/// Registration slots of a poller that asks for nothing else.
inline constexpr std::uint32_t max_registrations = WAKEPOLL_MAX_REGISTRATIONS;

/// Entries in the overlapped pool of a poller that asks for nothing else.
inline constexpr std::uint32_t max_overlapped_entries = WAKEPOLL_MAX_OVERLAPPED_ENTRIES;

/// The most that either of the two may be set to.
inline constexpr std::uint32_t capacity_limit = 65536;

/// How socket readiness is found out.
enum class Backend : std::uint8_t {
    automatic = 0,  ///< The best that this version has. Today: `wsapoll`.
    wsapoll = 1,    ///< WSAPoll over all registered sockets. Documented calls only.
    afd = 2,        ///< Not in this version: `create` answers `std::errc::not_supported`.
};

struct PollerConfig {
    /// 1 to `capacity_limit`; anything else is `std::errc::invalid_argument`.
    std::uint32_t max_registrations = wakepoll::max_registrations;
    /// 1 to `capacity_limit`; anything else is `std::errc::invalid_argument`.
    std::uint32_t max_overlapped_entries = wakepoll::max_overlapped_entries;
    Backend backend = Backend::automatic;
};

}  // namespace wakepoll
