// Translates between epoll masks and the event bits of AFD, the device behind Winsock.
//
// The bits are AFD's own (AFD_POLL_...). As with WSAPoll, the rule is what Linux reports in each
// situation. AFD reports only a close of the socket unasked, so a condition that the interest
// filters out, such as a peer's FIN, is not requested and can neither show nor spin.
#pragma once

#include <cstdint>

#include "wakepoll/events.hpp"

namespace wakepoll::core {

namespace afd_bits {
inline constexpr std::uint32_t receive = 0x1;
inline constexpr std::uint32_t receive_expedited = 0x2;  ///< An out-of-band byte.
inline constexpr std::uint32_t send = 0x4;
inline constexpr std::uint32_t disconnect = 0x8;    ///< The peer has sent FIN.
inline constexpr std::uint32_t abort = 0x10;        ///< The connection was reset.
inline constexpr std::uint32_t local_close = 0x20;  ///< Closed by this process. Unasked.
inline constexpr std::uint32_t accept = 0x80;
inline constexpr std::uint32_t connect_fail = 0x100;
/// Not an AFD bit: of an answer, only a close counts, and the number may be another socket's.
inline constexpr std::uint32_t outdated = 0x2000;
/// Not an AFD bit: the socket itself has reported that both directions are shut down.
inline constexpr std::uint32_t hung_up = 0x4000;
/// Not an AFD bit: the socket's provider is not AFD, so AFD cannot poll it.
inline constexpr std::uint32_t foreign = 0x8000;
}  // namespace afd_bits

/// Returns what to request for an interest. Always includes failures, because epoll reports them to
/// every interest. Never includes CONNECT (0x40), which stays set for as long as a connection
/// lasts.
[[nodiscard]] constexpr std::uint32_t to_afd_mask(IoInterest interest) noexcept {
    constexpr std::uint32_t readable = afd_bits::receive | afd_bits::accept | afd_bits::disconnect;
    // Branch-free: this runs once per socket and wait.
    const auto if_any = [interest](std::uint32_t of, std::uint32_t asked) {
        return (bits(interest) & of) != 0 ? asked : 0U;
    };
    return afd_bits::abort | afd_bits::connect_fail | if_any(mask::in | mask::rdnorm, readable) |
           if_any(mask::rdhup, afd_bits::disconnect) |
           if_any(mask::pri, afd_bits::receive_expedited) |
           if_any(mask::out | mask::wrnorm, afd_bits::send);
}

/// Data and room only: the common case.
[[nodiscard]] constexpr bool is_plain(std::uint32_t events) noexcept {
    return (events & ~(afd_bits::receive | afd_bits::send)) == 0;
}
[[nodiscard]] constexpr std::uint32_t from_plain_afd_mask(std::uint32_t events) noexcept {
    constexpr std::uint32_t readable = mask::in | mask::rdnorm;
    static_assert(afd_bits::receive * readable == readable &&
                  afd_bits::send * readable == (mask::out | mask::wrnorm));
    return events * readable;
}

/// Returns what Linux would report if AFD answers `events`, before the interest filters it.
[[nodiscard]] constexpr std::uint32_t from_afd_mask(std::uint32_t events, bool stream) noexcept {
    constexpr std::uint32_t readable = mask::in | mask::rdnorm;
    constexpr std::uint32_t writable = mask::out | mask::wrnorm;
    std::uint32_t epoll = from_plain_afd_mask(events & (afd_bits::receive | afd_bits::send));
    if ((events & afd_bits::accept) != 0) {
        epoll |= readable;
    }
    if ((events & afd_bits::receive_expedited) != 0) {
        epoll |= mask::pri;
    }
    if ((events & afd_bits::disconnect) != 0) {
        epoll |= readable | mask::rdhup;
    }
    if ((events & afd_bits::hung_up) != 0) {
        epoll |= mask::hup;
    }
    if ((events & afd_bits::foreign) != 0) {
        epoll |= mask::err;
    }
    if ((events & (afd_bits::abort | afd_bits::connect_fail)) != 0) {
        epoll |= stream ? readable | writable | mask::rdhup | mask::err | mask::hup : mask::err;
    }
    return epoll;
}

}  // namespace wakepoll::core
