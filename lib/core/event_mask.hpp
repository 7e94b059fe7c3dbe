// Translates interests to WSAPoll's bits, and WSAPoll's answers to epoll masks.
//
// Windows and Linux disagree most here, so the tables are constexpr and tested row by row. The rule
// is what Linux reports in each situation; see doc/internals/windows-facts.md for the Windows side.
#pragma once

#include <cstdint>

#include "core/poll_entry.hpp"
#include "wakepoll/events.hpp"

namespace wakepoll::core {

/// All bits that a registration may request.
inline constexpr std::uint32_t interest_bits =
    mask::in | mask::pri | mask::out | mask::err | mask::hup | mask::rdnorm | mask::rdband |
    mask::wrnorm | mask::wrband | mask::rdhup | mask::oneshot;

[[nodiscard]] constexpr bool is_valid_interest(IoInterest interest) noexcept {
    return (bits(interest) & ~interest_bits) == 0;
}

[[nodiscard]] constexpr bool is_one_shot(IoInterest interest) noexcept {
    return any(interest & IoInterest::one_shot);
}

/// True if the interest includes the end of the stream.
[[nodiscard]] constexpr bool wants_end(IoInterest interest) noexcept {
    return (bits(interest) & (mask::in | mask::rdnorm | mask::rdhup)) != 0;
}

/// Returns the bits to request from WSAPoll. Never POLLPRI, POLLERR, POLLHUP, POLLNVAL or
/// POLLWRBAND: Windows would refuse the call for the whole array. Nothing for `rdband` and
/// `wrband`, which no socket reports: WSAPoll would return at once for what is then filtered out.
[[nodiscard]] constexpr std::int16_t to_native_mask(IoInterest interest) noexcept {
    int native = 0;
    if ((bits(interest) & (mask::in | mask::rdnorm)) != 0) {
        native |= poll_bits::rdnorm;
    }
    if ((bits(interest) & mask::pri) != 0) {
        native |= poll_bits::rdband;
    }
    if ((bits(interest) & (mask::out | mask::wrnorm)) != 0) {
        native |= poll_bits::wrnorm;
    }
    return static_cast<std::int16_t>(native);
}

/// Data and room only: the common case.
[[nodiscard]] constexpr bool is_plain(std::int16_t revents) noexcept {
    return (revents & ~(poll_bits::rdnorm | poll_bits::wrnorm)) == 0;
}
[[nodiscard]] constexpr std::uint32_t plain_to_epoll_mask(std::int16_t revents) noexcept {
    const std::uint32_t answer = static_cast<std::uint16_t>(revents);
    return (answer & poll_bits::rdnorm) / poll_bits::rdnorm * (mask::in | mask::rdnorm) |
           (answer & poll_bits::wrnorm) / poll_bits::wrnorm * (mask::out | mask::wrnorm);
}

/// Returns what Linux would report if WSAPoll answers `revents`, before the interest filters it.
///
/// On a stream socket, WSAPoll's HUP means that the peer has sent FIN (Linux: in, rdhup), and ERR
/// that the connection was reset or refused (Linux: everything). The caller handles `nval`.
[[nodiscard]] constexpr std::uint32_t to_epoll_mask(std::int16_t revents, bool stream) noexcept {
    constexpr std::uint32_t readable = mask::in | mask::rdnorm;
    constexpr std::uint32_t writable = mask::out | mask::wrnorm;
    const std::uint32_t answer = static_cast<std::uint16_t>(revents);
    std::uint32_t epoll = plain_to_epoll_mask(revents);
    if ((answer & poll_bits::rdband) != 0) {
        epoll |= mask::pri;
    }
    if ((answer & poll_bits::hup) != 0) {
        epoll |= readable | mask::rdhup;
    }
    if ((answer & poll_bits::err) != 0) {
        epoll |= stream ? readable | writable | mask::rdhup | mask::err | mask::hup : mask::err;
    }
    return epoll;
}

/// Returns the part of a mask that this interest receives: what it requests, plus errors and
/// hang-ups.
[[nodiscard]] constexpr std::uint32_t filter_mask(std::uint32_t epoll,
                                                  IoInterest interest) noexcept {
    return epoll & (bits(interest) | mask::err | mask::hup);
}

}  // namespace wakepoll::core
