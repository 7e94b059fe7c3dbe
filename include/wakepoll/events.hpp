// What a wait reports and what a registration can ask for.
//
// The mask values are those of Linux's <sys/epoll.h>, bit for bit (a native build asserts it), so a
// loop that already uses epoll keeps its constants. `OsPoller::wait` fills `NativeEvent`s;
// `OsEvent` is a smaller form for the portable layer of a loop.
//
// Nothing here calls the system; everything may be used from any thread.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>

namespace wakepoll {
inline namespace v0_1 {

struct Completion;  // overlapped.hpp

/// The bits of an epoll-compatible event mask. `NativeEvent::events` is made of these.
namespace mask {
inline constexpr std::uint32_t none = 0;
inline constexpr std::uint32_t in = 0x001;   ///< Data, a pending accept, or the end of the stream.
inline constexpr std::uint32_t pri = 0x002;  ///< An out-of-band byte.
inline constexpr std::uint32_t out = 0x004;  ///< Room to send; a connect that succeeded.
inline constexpr std::uint32_t err =
    0x008;  ///< An error is pending. Reported whatever the interest.
inline constexpr std::uint32_t hup =
    0x010;  ///< Both directions are shut. Reported whatever the interest.
inline constexpr std::uint32_t rdnorm = 0x040;  ///< Like `in`, if asked for.
inline constexpr std::uint32_t rdband =
    0x080;  ///< Accepted as an interest; no socket ever reports it.
inline constexpr std::uint32_t wrnorm = 0x100;  ///< Like `out`, if asked for.
inline constexpr std::uint32_t wrband =
    0x200;  ///< Accepted as an interest; no socket ever reports it.
inline constexpr std::uint32_t rdhup = 0x2000;      ///< The peer will send no more.
inline constexpr std::uint32_t oneshot = 1U << 30;  ///< Interest only: one report, then none.
inline constexpr std::uint32_t et = 1U << 31;       ///< Interest only, and always refused.
}  // namespace mask

/// What a registration waits for. The values are mask bits, so `IoInterest{epoll_bits}` works.
///
/// `mask::err` and `mask::hup` may be given and change nothing, as with epoll_ctl. Edge-triggered
/// interest is refused with `std::errc::invalid_argument`: neither WSAPoll nor AFD reports edges.
enum class IoInterest : std::uint32_t {
    none = 0,  ///< Only errors and full hang-ups are reported.
    read = mask::in,
    priority = mask::pri,
    write = mask::out,
    read_hangup = mask::rdhup,
    one_shot = mask::oneshot,
    edge_triggered = mask::et,
};

/// Readiness in the terms of a loop rather than of a kernel.
enum class IoReady : std::uint32_t {
    none = 0,
    readable = 1U << 0,
    writable = 1U << 1,
    error = 1U << 2,
    hangup = 1U << 3,
    priority = 1U << 4,
    read_hangup = 1U << 5,
};

[[nodiscard]] constexpr std::uint32_t bits(IoInterest interest) noexcept {
    return static_cast<std::uint32_t>(interest);
}
[[nodiscard]] constexpr IoInterest operator|(IoInterest a, IoInterest b) noexcept {
    return IoInterest{bits(a) | bits(b)};
}
[[nodiscard]] constexpr IoInterest operator&(IoInterest a, IoInterest b) noexcept {
    return IoInterest{bits(a) & bits(b)};
}
[[nodiscard]] constexpr IoInterest operator~(IoInterest a) noexcept { return IoInterest{~bits(a)}; }
constexpr IoInterest& operator|=(IoInterest& a, IoInterest b) noexcept { return a = a | b; }
constexpr IoInterest& operator&=(IoInterest& a, IoInterest b) noexcept { return a = a & b; }

[[nodiscard]] constexpr std::uint32_t bits(IoReady ready) noexcept {
    return static_cast<std::uint32_t>(ready);
}
[[nodiscard]] constexpr IoReady operator|(IoReady a, IoReady b) noexcept {
    return IoReady{bits(a) | bits(b)};
}
[[nodiscard]] constexpr IoReady operator&(IoReady a, IoReady b) noexcept {
    return IoReady{bits(a) & bits(b)};
}
constexpr IoReady& operator|=(IoReady& a, IoReady b) noexcept { return a = a | b; }
constexpr IoReady& operator&=(IoReady& a, IoReady b) noexcept { return a = a & b; }

[[nodiscard]] constexpr IoReady operator~(IoReady a) noexcept { return IoReady{~bits(a)}; }

// Interests and masks are made of the same bits, so they combine, in either order: `|` extends an
// interest by bits of `mask`, `&` finds the bits that both have.
[[nodiscard]] constexpr IoInterest operator|(IoInterest a, std::uint32_t mask) noexcept {
    return IoInterest{bits(a) | mask};
}
[[nodiscard]] constexpr IoInterest operator|(std::uint32_t mask, IoInterest a) noexcept {
    return a | mask;
}
constexpr IoInterest& operator|=(IoInterest& a, std::uint32_t mask) noexcept {
    return a = a | mask;
}
[[nodiscard]] constexpr std::uint32_t operator&(std::uint32_t mask, IoInterest a) noexcept {
    return mask & bits(a);
}
[[nodiscard]] constexpr std::uint32_t operator&(IoInterest a, std::uint32_t mask) noexcept {
    return mask & bits(a);
}

/// True if any bit is set: `if (any(event.events & mask::in))`.
[[nodiscard]] constexpr bool any(std::uint32_t mask) noexcept { return mask != 0; }
[[nodiscard]] constexpr bool any(IoInterest interest) noexcept { return bits(interest) != 0; }
[[nodiscard]] constexpr bool any(IoReady ready) noexcept { return bits(ready) != 0; }

/// Translates a mask into the terms of a loop.
[[nodiscard]] constexpr IoReady ready_of(std::uint32_t events) noexcept {
    IoReady ready = IoReady::none;
    const auto add = [&](std::uint32_t bits, IoReady flag) {
        if (any(events & bits)) {
            ready |= flag;
        }
    };
    add(mask::in | mask::rdnorm, IoReady::readable);
    add(mask::out | mask::wrnorm, IoReady::writable);
    add(mask::err, IoReady::error);
    add(mask::hup, IoReady::hangup);
    add(mask::pri | mask::rdband, IoReady::priority);
    add(mask::rdhup, IoReady::read_hangup);
    return ready;
}

/// What each event of a registration or an operation has in `data`: a number, or a pointer for
/// `NativeEvent::ptr`.
class UserData {
public:
    // NOLINTBEGIN(google-explicit-constructor): a call is given either one as it is.
    constexpr UserData(std::uint64_t number) noexcept : number_(number) {}
    template <class T>
    UserData(T* pointer) noexcept : number_(reinterpret_cast<std::uintptr_t>(pointer)) {}
    constexpr UserData(std::same_as<std::nullptr_t> auto) noexcept : number_(0) {}
    // NOLINTEND(google-explicit-constructor)

    [[nodiscard]] constexpr std::uint64_t number() const noexcept { return number_; }

private:
    std::uint64_t number_;
};

/// One event, with the members of Linux's `struct epoll_event`.
struct NativeEvent {
    /// The user data of the registration or operation, or the completion key of an associated
    /// handle.
    union Data {
        std::uint64_t u64;
        void* ptr;
        int fd;
        std::uint32_t u32;
    };

    std::uint32_t events = mask::none;
    Data data = {};
    /// The result of an overlapped call; null for readiness. Points into the poller and is valid
    /// until the next `wait` or `dispose` of that poller.
    const Completion* completion = nullptr;

    /// True if any of these bits is reported: `if (event.has(mask::in | mask::hup))`.
    [[nodiscard]] constexpr bool has(std::uint32_t bits) const noexcept {
        return any(events & bits);
    }
    [[nodiscard]] constexpr bool has(IoInterest interest) const noexcept {
        return any(events & interest);
    }

    /// Returns the user data of a registration that was made with a pointer.
    template <class T>
    [[nodiscard]] T* ptr() const noexcept {
        return static_cast<T*>(data.ptr);
    }
};

static_assert(alignof(NativeEvent) >= alignof(std::uint64_t),
              "compile this without /Zp, and include it outside of a #pragma pack: the library was "
              "compiled without them");

/// One event for the portable layer of a loop; made by `OsPoller::translate`.
struct OsEvent {
    IoReady ready = IoReady::none;
    std::uint64_t user_data = 0;
    const Completion* completion = nullptr;
};

}  // namespace v0_1
}  // namespace wakepoll
