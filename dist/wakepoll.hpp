// wakepoll 0.1.0, the header. Written by tools/amalgamate: change the tree instead.
//
// MIT License
//
// Copyright (c) 2026 The wakepoll authors
//
// Permission is hereby granted, free of charge, to any person obtaining a copy
// of this software and associated documentation files (the "Software"), to deal
// in the Software without restriction, including without limitation the rights
// to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
// copies of the Software, and to permit persons to whom the Software is
// furnished to do so, subject to the following conditions:
//
// The above copyright notice and this permission notice shall be included in all
// copies or substantial portions of the Software.
//
// THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
// IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
// FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
// AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
// LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
// OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
// SOFTWARE.
#pragma once

// include/wakepoll/export.h
/* What a DLL of wakepoll exports. C and C++.
 *
 * Define WAKEPOLL_DLL where the library is used as a DLL: a call goes there directly then. meson
 * and CMake do that by themselves. WAKEPOLL_BUILDS_DLL is for the library's own build. */
#ifndef WAKEPOLL_EXPORT_H
#define WAKEPOLL_EXPORT_H

#if defined(WAKEPOLL_BUILDS_DLL)
#define WAKEPOLL_API __declspec(dllexport)
#elif defined(WAKEPOLL_DLL)
#define WAKEPOLL_API __declspec(dllimport)
#else
#define WAKEPOLL_API
#endif

#endif

// include/wakepoll/handle.hpp
// A borrowed system handle: a SOCKET or a HANDLE, without the header that defines either.
//
// Windows keeps both in one number space, so one type carries both; registration finds out once
// what kind of object it is (`HandleType`). A `Handle` owns nothing and closes nothing. It may be
// copied and compared on any thread.

#include <compare>
#include <concepts>
#include <cstdint>

namespace wakepoll {
inline namespace v0_1 {

class Handle {
public:
    /// Refers to nothing; every call refuses it with `std::errc::bad_file_descriptor`.
    constexpr Handle() noexcept = default;

    // NOLINTBEGIN(google-explicit-constructor): `register_handle(socket, ...)` is how it is meant.
    /// From a SOCKET, which is a std::uintptr_t, and from no other number by itself.
    constexpr Handle(std::same_as<std::uintptr_t> auto value) noexcept : value_(value) {}
    /// From a HANDLE, which is a void*, and from no other pointer.
    Handle(std::same_as<void*> auto native) noexcept
        : value_(reinterpret_cast<std::uintptr_t>(native)) {}
    // NOLINTEND(google-explicit-constructor)

    /// From any other number that holds a handle.
    template <std::integral Number>
    requires(!std::same_as<Number, std::uintptr_t> &&
             !std::same_as<Number, bool>) constexpr explicit Handle(Number value) noexcept
        : value_(static_cast<std::uintptr_t>(value)) {}

    /// The number itself: a SOCKET where the handle is a socket.
    [[nodiscard]] constexpr std::uintptr_t value() const noexcept { return value_; }

    /// The number as a HANDLE.
    [[nodiscard]] void* native() const noexcept { return reinterpret_cast<void*>(value_); }

    /// False for null and for INVALID_SOCKET / INVALID_HANDLE_VALUE (which is also the
    /// pseudo-handle of the current process). True says only that the number could be a handle.
    [[nodiscard]] constexpr explicit operator bool() const noexcept {
        return value_ != 0 && value_ != ~std::uintptr_t{0};
    }

    friend constexpr auto operator<=>(Handle, Handle) noexcept = default;

private:
    std::uintptr_t value_ = ~std::uintptr_t{0};
};

/// What kind of kernel object a handle refers to, and what it reports when it is registered.
enum class HandleType : std::uint8_t {
    /// Nothing: it cannot be registered.
    unknown = 0,
    /// Readiness in both directions, by the backend. One that AFD cannot poll, because its provider
    /// is another's, reports `err` where AFD serves.
    socket = 1,
    /// The input of a console: `in` while a key that yields a character is waiting, for a read
    /// blocks on the other records. What comes before it (keys that are let go or yield no
    /// character, the mouse, the focus, the window) is taken away. In line mode a character
    /// promises a line to come, not that it is there.
    console = 2,
    /// `in` while it can be read, and `hup` with it, whatever the interest, once the other end is
    /// gone and all was read, or the server has disconnected it. While it holds what the interest
    /// does not want, only a wait that begins looks for the end.
    ///
    /// One opened for overlapped use takes an entry of the pool; a synchronous one (an anonymous
    /// pipe) a thread of its own while there is nothing to read. While any thread reads from a
    /// synchronous pipe, all other calls on it wait on Windows, in every process that has it; so
    /// unregister one before you read elsewhere, close it or let a child inherit it. Behind a read
    /// elsewhere `register_handle`, a `wait` that looks at the pipe, `unregister_handle` and
    /// `dispose` hang until that read returns: for data, for the end of the other end, or for
    /// CancelSynchronousIo with the thread that reads.
    ///
    /// A message of no bytes is taken by the waiting: it is `in` once, and a read does not find it.
    /// A pipe that is set to PIPE_NOWAIT while registered cannot be waited for and is `err`.
    pipe = 3,
    /// A disk file or a directory, which is always ready: it cannot be registered.
    file = 4,
    /// This and the following: `in` while it is signalled. As any wait does, each report takes the
    /// signal of an auto-reset event or timer, and one of a semaphore's count.
    event = 5,
    process = 6,
    thread = 7,
    semaphore = 8,
    timer = 9,
};

/// How the poller waits for a registered handle.
enum class IoModel : std::uint8_t {
    poll = 0,        ///< A readiness backend asks for its state (sockets).
    overlapped = 1,  ///< Its operations complete at the port.
    waitable = 2,    ///< The object itself is signalled.
};

}  // namespace v0_1
}  // namespace wakepoll

// include/wakepoll/slot_holder.hpp
// What an AttachedHandle and a Registration are made of: one use of a poller's slot.
//
// It keeps the poller's memory, not its kernel objects, as a Waker does. So it may outlive the
// poller, and then its calls do nothing.

#include <cstdint>


namespace wakepoll {
class Poller;

namespace core {
struct SlotUse;
}  // namespace core

inline namespace v0_1 {

class WAKEPOLL_API SlotHolder {
public:
    SlotHolder() noexcept = default;
    SlotHolder(Poller& poller, Handle handle, core::SlotUse use) noexcept;
    SlotHolder(SlotHolder&& other) noexcept;
    SlotHolder& operator=(SlotHolder&& other) noexcept;
    SlotHolder(const SlotHolder&) = delete;
    SlotHolder& operator=(const SlotHolder&) = delete;
    ~SlotHolder();

    /// The poller; null where it holds nothing.
    [[nodiscard]] Poller* poller() const noexcept { return poller_; }
    [[nodiscard]] Handle handle() const noexcept { return Handle(handle_); }
    [[nodiscard]] core::SlotUse use() const noexcept;

private:
    Poller* poller_ = nullptr;
    // The number alone: MSVC warns where a part of an exported class is not exported (C4251).
    std::uintptr_t handle_ = Handle().value();
    std::uint32_t slot_ = 0;
    std::uint32_t generation_ = 0;
};

}  // namespace v0_1
}  // namespace wakepoll

// include/wakepoll/attached_handle.hpp
// A handle that is attached to a poller: each operation submitted on it costs one kernel call.
//
//     AttachedHandle file = poller.attach(handle).value();
//     poller.submit_read(file, buffer, user_data, offset);
//
// Windows reuses the number of a closed handle at once. So a submit on a plain `Handle` first asks
// the port whether the number still means the object that it knows, which is one more kernel call.
// If you attach a handle, you promise that instead: it stays open while it is attached.
//
// If it is closed all the same, operations in flight end as for any closed handle, and a submit is
// refused as soon as the poller knows (`errc::attachment_is_over`) or the kernel says that no
// object has the number. Until then an operation goes to the object that has the number now: it
// takes or sends bytes there, and is reported only if that object belongs to the same port.

#include <concepts>
#include <utility>


namespace wakepoll {
inline namespace v0_1 {

/// A handle that is attached, from `OsPoller::attach`. It may be moved, may outlive its poller, and
/// is one thread's to move and destroy, as any object is. A handle is attached once at a time, and
/// is not registered while it is attached.
class WAKEPOLL_API AttachedHandle {
public:
    /// Attached to nothing: a submit on it is refused with `std::errc::bad_file_descriptor`.
    AttachedHandle() noexcept = default;
    AttachedHandle(AttachedHandle&& other) noexcept = default;
    AttachedHandle& operator=(AttachedHandle&& other) noexcept;
    AttachedHandle(const AttachedHandle&) = delete;
    AttachedHandle& operator=(const AttachedHandle&) = delete;
    /// As `detach`.
    ~AttachedHandle();

    /// Ends the attachment, without a kernel call; again, it does nothing. The handle stays open
    /// and associated with the port; operations in flight go on.
    void detach() noexcept;

    /// The handle; invalid where it is attached to nothing.
    [[nodiscard]] Handle handle() const noexcept { return holder_.handle(); }

    /// True while it is attached.
    [[nodiscard]] explicit operator bool() const noexcept { return holder_.poller() != nullptr; }

private:
    friend class OsPoller;

    explicit AttachedHandle(SlotHolder&& holder) noexcept : holder_(std::move(holder)) {}

    SlotHolder holder_;
};

/// The target of an operation: a handle, or an attached one.
class SubmitTarget {
public:
    // NOLINTBEGIN(google-explicit-constructor): a submit is given either one as it is.
    template <std::convertible_to<Handle> Plain>
    SubmitTarget(const Plain& handle) noexcept : handle_(handle) {}
    SubmitTarget(const AttachedHandle& attached) noexcept
        : handle_(attached.handle()), attached_(&attached) {}
    // NOLINTEND(google-explicit-constructor)

private:
    friend class OsPoller;

    Handle handle_;
    const AttachedHandle* attached_ = nullptr;
};

}  // namespace v0_1
}  // namespace wakepoll

// include/wakepoll/clock.hpp
// The clock that waits and timers are measured by.
//
// It reads QueryPerformanceCounter, as std::chrono::steady_clock does on Windows. It is a separate
// type so that the simulated kernel of the tests can move it.

#include <chrono>


namespace wakepoll {
inline namespace v0_1 {

struct Clock {
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<Clock>;

    static constexpr bool is_steady = true;

    /// The time now. Any thread.
    [[nodiscard]] WAKEPOLL_API static time_point now() noexcept;

    /// The moment that comes `left` after `from`, or the last there is.
    [[nodiscard]] static constexpr time_point after(time_point from, duration left) noexcept {
        return left < (time_point::max)() - from ? from + left : (time_point::max)();
    }

    /// A moment of another clock, as this one counts it. One that is more than a hundred years away
    /// is the last or the first there is.
    template <class OtherClock, class Duration>
    [[nodiscard]] static time_point at(
        std::chrono::time_point<OtherClock, Duration> moment) noexcept {
        // Roughly at first, because the exact difference may be too large a number.
        using Years = std::chrono::duration<double, std::chrono::years::period>;
        const auto other_now = OtherClock::now();
        const Years left = Years(moment.time_since_epoch()) - Years(other_now.time_since_epoch());
        if (left > Years(100)) {
            return (time_point::max)();
        }
        if (left < Years(-100)) {
            return (time_point::min)();
        }
        return after(now(), std::chrono::ceil<duration>(moment - other_now));
    }
};

}  // namespace v0_1
}  // namespace wakepoll

// include/wakepoll/config.hpp
// The configuration of a poller. It is fixed at creation: `OsPoller::create` allocates all memory
// once.

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
    /// WSAPoll for a few sockets, and AFD, once and for good, as soon as that serves better: with
    /// more than 16 sockets, with operations (or your own packets) beside sockets, with a
    /// socket that WSAPoll cannot wait for, or without a loopback that wakes get through. WSAPoll
    /// throughout where AFD's device does not open.
    automatic = 0,
    /// WSAPoll over all registered sockets. Microsoft's documented calls only. Wakes go through a
    /// datagram socket on 127.0.0.1: where its datagrams do not arrive, registering a socket
    /// fails with `std::errc::network_down`.
    wsapoll = 1,
    /// Requests to the device behind Winsock (\Device\Afd), as wepoll, mio and libuv make them:
    /// waiting costs what is ready, not what is registered. `create` fails with
    /// `std::errc::not_supported` where the device does not open.
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

// include/wakepoll/error.hpp
// Errors: a category for Windows' numbers, one for what wakepoll itself refuses, and a Result.
//
// Both map to std::errc, so compare with conditions (`error == std::errc::bad_file_descriptor`);
// where the reason matters, with an `errc`; never with message texts.
//
// Win32 and Winsock share a number space, so one category serves both. std::system_category is not
// used: with libstdc++ 12 on Windows, 10035, 10061, 258 and 995 compare unequal to their errc.
//
// Everything here may be used from any thread.

#include <cassert>
#include <cstdint>
#include <system_error>
#include <type_traits>
#include <utility>
#include <variant>


namespace wakepoll {
inline namespace v0_1 {

/// The category of what Windows refuses, and of the errors of operations. Values are Win32 or
/// Winsock codes; messages are wakepoll's own and do not depend on the system's language. Its
/// `default_error_condition` is the table in lib/error.cpp.
[[nodiscard]] WAKEPOLL_API const std::error_category& win32_category() noexcept;

/// Makes an error of `win32_category()` from the result of GetLastError() or WSAGetLastError(); 0
/// is success.
[[nodiscard]] inline std::error_code win32_error(std::uint32_t code) noexcept {
    return {static_cast<int>(code), win32_category()};
}

/// Why wakepoll itself refuses a call. Each message is a sentence that says what to do instead;
/// each value compares equal to the std::errc above its group.
enum class errc {
    // bad_file_descriptor
    bad_handle = 1,      ///< No open handle.
    attachment_is_over,  ///< The attached handle was closed, or is attached to nothing.

    // invalid_argument
    capacity_out_of_range,
    unknown_backend,
    unknown_interest,
    edge_triggered,
    only_sockets_become_writable,
    no_room_for_events,
    reserved_key,
    empty_buffer,
    buffer_without_memory,
    buffer_too_long,
    buffer_in_use,  ///< By an operation in flight, or twice in one read.
    no_room_for_address,
    bad_address,
    offset_without_file,
    foreign_entry,
    attached_elsewhere,

    // not_supported
    no_afd_device,
    operation_of_another_kind,  ///< The handle cannot carry it.
    register_instead,           ///< It was opened for synchronous use.
    not_overlapped,             ///< The same of a file, which cannot be registered either.
    several_buffers,

    // operation_not_permitted
    nothing_to_wait_for,

    // file_exists
    already_registered,
    already_attached,

    // no_such_file_or_directory
    not_registered,
    not_in_flight,
    entry_not_in_use,

    // device_or_resource_busy
    another_wait,
    operations_in_flight,
    registered_for_readiness,
    attached_for_operations,
    entry_in_flight,

    // resource_unavailable_try_again
    pool_exhausted,
    late_packet,
    nothing_to_read,

    foreign_provider,    // operation_not_supported
    no_free_slot,        // no_space_on_device
    pipe_not_connected,  // not_connected
    no_memory,           // not_enough_memory
    poller_is_closed,    // operation_canceled
};

/// The category of `errc`.
[[nodiscard]] WAKEPOLL_API const std::error_category& refusal_category() noexcept;

/// Makes an error of `refusal_category()`.
[[nodiscard]] inline std::error_code make_error_code(errc reason) noexcept {
    return {static_cast<int>(reason), refusal_category()};
}

/// The Windows code that means the same, as SetLastError takes it; 0 for success, and
/// ERROR_INVALID_FUNCTION for an error of any other category.
[[nodiscard]] WAKEPOLL_API std::uint32_t win32_code(std::error_code error) noexcept;

/// A value or the reason why there is none.
template <class T>
class [[nodiscard]] Result {
public:
    // NOLINTBEGIN(google-explicit-constructor): a function returns either one as it is.
    Result(T value) noexcept : content_(std::in_place_index<0>, std::move(value)) {}
    /// `error` must not be success.
    Result(std::error_code error) noexcept : content_(std::in_place_index<1>, error) {
        assert(error);
    }
    Result(errc reason) noexcept : Result(make_error_code(reason)) {}
    // NOLINTEND(google-explicit-constructor)

    [[nodiscard]] bool has_value() const noexcept { return content_.index() == 0; }
    [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }

    /// The value; throws std::system_error with the error where there is none.
    [[nodiscard]] T& value() & { return check(), *std::get_if<0>(&content_); }
    [[nodiscard]] const T& value() const& { return check(), *std::get_if<0>(&content_); }
    [[nodiscard]] T&& value() && { return check(), std::move(*std::get_if<0>(&content_)); }

    /// The value, or `other` where there is none.
    template <class U>
    [[nodiscard]] T value_or(U&& other) const& {
        return has_value() ? **this : static_cast<T>(std::forward<U>(other));
    }
    template <class U>
    [[nodiscard]] T value_or(U&& other) && {
        return has_value() ? std::move(**this) : static_cast<T>(std::forward<U>(other));
    }

    /// Calls `next` with the value and returns its result, which is another Result; the error where
    /// there is no value.
    template <class F>
    [[nodiscard]] auto and_then(F&& next) & -> std::invoke_result_t<F, T&> {
        return has_value() ? std::forward<F>(next)(**this) : error();
    }
    template <class F>
    [[nodiscard]] auto and_then(F&& next) const& -> std::invoke_result_t<F, const T&> {
        return has_value() ? std::forward<F>(next)(**this) : error();
    }
    template <class F>
    [[nodiscard]] auto and_then(F&& next) && -> std::invoke_result_t<F, T> {
        return has_value() ? std::forward<F>(next)(std::move(**this)) : error();
    }

    /// The value, unchecked: there must be one.
    [[nodiscard]] T& operator*() noexcept { return *std::get_if<0>(&content_); }
    [[nodiscard]] const T& operator*() const noexcept { return *std::get_if<0>(&content_); }
    [[nodiscard]] T* operator->() noexcept { return std::get_if<0>(&content_); }
    [[nodiscard]] const T* operator->() const noexcept { return std::get_if<0>(&content_); }

    /// The error; success where there is a value.
    [[nodiscard]] std::error_code error() const noexcept {
        const std::error_code* error = std::get_if<1>(&content_);
        return error != nullptr ? *error : std::error_code{};
    }

private:
    void check() const {
        if (!has_value()) {
            throw std::system_error(error());
        }
    }

    std::variant<T, std::error_code> content_;
};

/// Success, or the reason why a call failed: true where it succeeded, like every Result.
template <>
class [[nodiscard]] Result<void> {
public:
    /// Success.
    Result() noexcept = default;
    // NOLINTBEGIN(google-explicit-constructor): a function returns an error as it is.
    /// Success where `error` is.
    Result(std::error_code error) noexcept : error_(error) {}
    Result(errc reason) noexcept : error_(make_error_code(reason)) {}
    // NOLINTEND(google-explicit-constructor)

    [[nodiscard]] bool has_value() const noexcept { return error_.value() == 0; }
    [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }

    /// Throws std::system_error with the error where there is one.
    // A template, because GCC refuses a `throw` elsewhere with -fno-exceptions.
    template <class Error = std::system_error>
    void value() const {
        if (!has_value()) {
            throw Error(error_);
        }
    }

    /// Calls `next` without arguments after a success and returns its result, which is another
    /// Result; the error where there is one.
    template <class F>
    [[nodiscard]] auto and_then(F&& next) const -> std::invoke_result_t<F> {
        return has_value() ? std::forward<F>(next)() : error_;
    }

    /// The error; empty after a success.
    [[nodiscard]] std::error_code error() const noexcept { return error_; }

    /// Compares the error: `poller.unregister_handle(handle) == errc::not_registered`.
    [[nodiscard]] friend bool operator==(const Result& result, std::error_code error) noexcept {
        return result.error_ == error;
    }
    /// The same with a std::errc.
    [[nodiscard]] friend bool operator==(const Result& result,
                                         std::error_condition condition) noexcept {
        return result.error_ == condition;
    }

private:
    std::error_code error_;
};

}  // namespace v0_1
}  // namespace wakepoll

/// @cond
template <>
struct std::is_error_code_enum<wakepoll::errc> : std::true_type {};
/// @endcond

// include/wakepoll/events.hpp
// What a wait reports and what a registration asks for.
//
// The mask values are those of Linux's <sys/epoll.h>, bit for bit (a native build asserts it), so a
// loop that already speaks epoll keeps its own constants. `NativeEvent` is what `OsPoller::wait`
// fills; `OsEvent` is the smaller shape that the layer above a loop's backend consumes.
//
// Nothing here calls the system; every function is constexpr and may be used from any thread.

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
    0x010;  ///< Both directions are gone. Reported whatever the interest.
inline constexpr std::uint32_t rdnorm = 0x040;  ///< Like `in`, where asked for.
inline constexpr std::uint32_t rdband =
    0x080;  ///< Accepted as an interest; no socket ever reports it.
inline constexpr std::uint32_t wrnorm = 0x100;  ///< Like `out`, where asked for.
inline constexpr std::uint32_t wrband =
    0x200;  ///< Accepted as an interest; no socket ever reports it.
inline constexpr std::uint32_t rdhup = 0x2000;      ///< The peer will send no more.
inline constexpr std::uint32_t oneshot = 1U << 30;  ///< Interest only: one report, then silence.
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

/// Readiness in the vocabulary of a loop rather than of a kernel.
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

// Interests and masks are made of the same bits, so they combine: `|` extends an interest by bits
// of `mask`, `&` finds the bits of an interest in a mask.
[[nodiscard]] constexpr IoInterest operator|(IoInterest a, std::uint32_t mask) noexcept {
    return IoInterest{bits(a) | mask};
}
constexpr IoInterest& operator|=(IoInterest& a, std::uint32_t mask) noexcept {
    return a = a | mask;
}
[[nodiscard]] constexpr std::uint32_t operator&(std::uint32_t mask, IoInterest a) noexcept {
    return mask & bits(a);
}

/// True when any bit is set: `if (any(event.events & mask::in))`.
[[nodiscard]] constexpr bool any(std::uint32_t mask) noexcept { return mask != 0; }
[[nodiscard]] constexpr bool any(IoInterest interest) noexcept { return bits(interest) != 0; }
[[nodiscard]] constexpr bool any(IoReady ready) noexcept { return bits(ready) != 0; }

/// Translates a mask into the vocabulary of a loop.
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

/// One event, in the shape of Linux's `struct epoll_event`.
struct NativeEvent {
    /// The user data of the registration, or the completion key of an associated handle.
    union Data {
        std::uint64_t u64;
        void* ptr;
        int fd;
        std::uint32_t u32;
    };

    std::uint32_t events = mask::none;
    Data data = {};
    /// The result of an overlapped call; null for readiness. It points into the poller and stays
    /// valid until the next `wait` or `dispose` of that poller.
    const Completion* completion = nullptr;

    /// True where any of these bits is reported: `if (event.has(mask::in | mask::hup))`.
    [[nodiscard]] constexpr bool has(std::uint32_t bits) const noexcept {
        return any(events & bits);
    }
    [[nodiscard]] constexpr bool has(IoInterest interest) const noexcept {
        return any(events & interest);
    }

    /// The user data of a registration that was made with a pointer.
    template <class T>
    [[nodiscard]] T* ptr() const noexcept {
        return static_cast<T*>(data.ptr);
    }
};

/// One event in the shape that a loop's portable layer consumes; made by `OsPoller::translate`.
struct OsEvent {
    IoReady ready = IoReady::none;
    std::uint64_t user_data = 0;
    const Completion* completion = nullptr;
};

}  // namespace v0_1
}  // namespace wakepoll

// include/wakepoll/overlapped.hpp
// The pool of OVERLAPPED structures, and the report of a completed call.
//
// An overlapped call needs an OVERLAPPED that stays where it is until its packet has been dequeued.
// The pool keeps a fixed number of them (64 unless configured otherwise) inside the poller's one
// allocation: acquire one, hand `entry->native()` to the call, find the entry again in
// `Completion::entry`, release it. All four operations are O(1) and allocate nothing.
//
// Entries are taken in two ways. `acquire` hands them out for your own overlapped calls; they stay
// yours until `release`. `OsPoller::submit_read` and its kin return entries of the poller: the wait
// after the one that reported an operation releases its entry. `release` before that makes room for
// the next operation at once. An overlapped pipe that is registered for readiness takes an entry
// too, for as long as it is registered.
//
// An operation that was submitted ends in exactly one event of some later wait: `data` is its user
// data, `completion` says what became of it, and the mask is `out` for write and connect and `in`
// for the others, with `err` or `hup` where it failed. Until then its buffers must stay, and belong
// to the kernel; afterwards they are not touched.
//
// What the other side or the medium has to say (end of file, a broken pipe, a reset, a refused or
// unreachable peer) always comes as an event, even where the kernel knows it at once. An error that
// is returned instead means that nothing was started and nothing will be reported:
// `resource_unavailable_try_again` (no entry of the pool is free, or a pipe in the mode PIPE_NOWAIT
// has nothing to read), `bad_file_descriptor` (closed, or never a handle; an attachment that is
// over), `not_supported` (a handle that cannot carry the operation: of the wrong kind, or opened
// for synchronous use), `invalid_argument` (it belongs to another port, or is attached to another
// poller; an empty buffer, one over 4 GiB, or one that overlaps with that of an operation in
// flight; an offset where there is none; no address or no room for one), `device_or_resource_busy`
// (registered for readiness: one handle, one way of waiting), `no_space_on_device` (all slots
// taken), or what the kernel answered, such as `no_buffer_space`.
//
// Reads of one socket or pipe are reported in the order they were submitted, and so are writes. The
// first operation on a handle associates it with the port for its life.
//
// A handle may be closed at any time; what is in flight on it is reported as `operation_canceled`.
// Windows ends it when the last handle of the object is closed. While a duplicate lives
// (DuplicateHandle, WSADuplicateSocket, a child process that inherits it), the operation goes on
// and takes the bytes that come; without a handle only an accept can be canceled. So where a handle
// may have a duplicate, cancel before you close.
//
// Any thread may take and give back entries. Give back those of your own calls before the poller is
// disposed: cancel the call, wait for its packet, release. One that is still in use when the
// poller's memory would go keeps that memory for good, because a call in flight writes into it.

#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>


namespace wakepoll {
class Poller;

namespace core {
class EntryPool;
class OperationList;
}  // namespace core

inline namespace v0_1 {

/// What an overlapped call does.
enum class IoOperation : std::uint8_t {
    none = 0,
    read = 1,
    write = 2,
    accept = 3,
    connect = 4,
    connect_pipe = 5,  ///< A server's end waits for its client.
};

/// The state of an entry's operation. Entries of your own calls are always `idle`: the poller does
/// not know when these begin.
enum class OverlappedState : std::uint8_t {
    idle = 0,        ///< No operation was submitted with it.
    in_flight = 1,   ///< The kernel has it.
    cancelling = 2,  ///< `cancel` has asked for its end; it is reported as any other.
    completed = 3,   ///< Done: reported by a wait, or to be reported by the next.
};

/// The memory layout of Windows' OVERLAPPED; the build for Windows asserts it.
struct NativeOverlapped {
    std::uintptr_t internal = 0;
    std::uintptr_t internal_high = 0;
    std::uint32_t offset = 0;
    std::uint32_t offset_high = 0;
    void* event = nullptr;
};

/// One piece of a scattered read or a gathered write. The memory layout of Windows' WSABUF; the
/// build for Windows asserts it. A write only reads from `data`.
struct IoBuffer {
    std::uint32_t size = 0;  ///< Bytes.
    void* data = nullptr;
};

/// One OVERLAPPED with what its user needs when it completes. Handed out by `OverlappedPool`.
struct OverlappedEntry {
    NativeOverlapped overlapped;
    std::uint64_t user_data = 0;
    Handle handle;
    void* buffer = nullptr;  ///< The caller's; never touched by the pool.
    std::size_t buffer_size = 0;
    /// Decides the mask of the event: `out` for write and connect, `in` for the others.
    IoOperation operation = IoOperation::none;
    std::uint32_t bytes_transferred = 0;  ///< Set when the packet is dequeued.

    /// The OVERLAPPED, to be cast to OVERLAPPED* or WSAOVERLAPPED* for an overlapped call.
    [[nodiscard]] void* native() noexcept { return &overlapped; }

    /// Sets the OVERLAPPED to zero for another call. Not while a call is in flight.
    void reset() noexcept { overlapped = {}; }

    /// False once the entry was given back.
    [[nodiscard]] bool in_use() const noexcept { return in_use_; }

    [[nodiscard]] OverlappedState state() const noexcept { return state_; }

private:
    friend class core::EntryPool;
    friend class core::OperationList;

    static constexpr std::uint32_t no_entry = 0xFFFFFFFF;

    /// What an entry in use is for.
    enum class Purpose : std::uint8_t { own_call, operation, readiness };

    /// Where the kernel writes a sender's address; the size is the room, and then the address's.
    struct Address {
        std::byte* bytes = nullptr;
        std::int32_t size = 0;
    };

    Handle accepted_;                    ///< Of an accept: the socket that becomes the connection.
    Address address_;                    ///< Of a receive with the sender's address.
    std::uint32_t next_ = no_entry;      ///< In the list of those that are free, in flight or done.
    std::uint32_t previous_ = no_entry;  ///< In the list of those that are in flight.
    std::uint32_t slot_ = 0;             ///< The handle's registration, and
    std::uint32_t generation_ = 0;       ///< which registration of that slot it was.
    std::uint32_t order_ = 0;            ///< When it was taken, modulo 2^32.
    std::uint32_t code_ = 0;             ///< Why it failed, where it is done and not reported yet.
    OverlappedState state_ = OverlappedState::idle;
    Purpose purpose_ = Purpose::own_call;
    bool in_use_ = false;
    bool reported_ = false;
    bool datagram_ = false;  ///< On a datagram socket, which has no other end to hang up.
    bool in_order_ = false;  ///< To be reported behind the older ones of its kind and handle.
};

/// The result of an overlapped call; `NativeEvent::completion` points to one.
struct Completion {
    OverlappedEntry* entry =
        nullptr;                  ///< Null where the OVERLAPPED is not from this poller's pool.
    void* overlapped = nullptr;   ///< The OVERLAPPED* that the call was given.
    std::uint64_t key = 0;        ///< From `associate_handle`; 0 of any other handle.
    std::uint64_t user_data = 0;  ///< `entry->user_data`, or the key where there is no entry.
    Handle accepted;              ///< Of an accept that succeeded: the connection, the user's now.
    /// Of `submit_receive_from`: the sender's sockaddr, at the front of the room that was given.
    std::span<const std::byte> address;
    std::uint32_t bytes = 0;
    IoOperation operation = IoOperation::none;
    std::error_code error;  ///< What the call ended with; success where it succeeded.
};

/// The two addresses of an accepted connection, each a sockaddr in the buffer of the accept.
struct AcceptedAddresses {
    std::span<const std::byte> local;
    std::span<const std::byte> remote;
};

/// The pool of a poller. Any thread.
class WAKEPOLL_API OverlappedPool {
public:
    OverlappedPool(const OverlappedPool&) = delete;
    OverlappedPool& operator=(const OverlappedPool&) = delete;

    /// Takes an entry, all zero; null where all are in use.
    [[nodiscard]] OverlappedEntry* acquire() noexcept;

    /// Gives an entry back; its call must not be in flight.
    ///
    /// Errors, which leave the pool unchanged: `invalid_argument` for null and for what is not an
    /// entry of this pool, `no_such_file_or_directory` for an entry that is not in use,
    /// `device_or_resource_busy` for a submitted operation that is in flight or not reported yet.
    [[nodiscard]] Result<void> release(OverlappedEntry* entry) noexcept;

    /// Finds the entry in use whose OVERLAPPED is at this address; null where there is none. Any
    /// pointer is allowed; it is not dereferenced.
    [[nodiscard]] OverlappedEntry* find_by_overlapped(const void* overlapped) noexcept;

    [[nodiscard]] std::uint32_t active_count() const noexcept;
    [[nodiscard]] std::uint32_t capacity() const noexcept;
    [[nodiscard]] bool has_available() const noexcept { return active_count() < capacity(); }

private:
    friend class OsPoller;
    friend Poller;

    explicit OverlappedPool(Poller* poller) noexcept : poller_(poller) {}

    Poller* poller_;  ///< Null for a pool without entries.
};

}  // namespace v0_1
}  // namespace wakepoll

// include/wakepoll/stats.hpp
// Counters of what a poller has done since its creation.
//
// They are plain numbers, written in passing; a wake counts itself in the word that it changes
// anyway. They explain a loop's behaviour: an idle loop adds one to `waits` and one to `blocked`; a
// climbing `rechecks` names the sockets that WSAPoll cannot wait for.

#include <cstdint>


namespace wakepoll {
inline namespace v0_1 {

struct PollerStats {
    Backend backend = Backend::wsapoll;  ///< The one in use; never `automatic`.

    std::uint64_t waits = 0;             ///< Calls of `wait` that got past its argument checks.
    std::uint64_t readiness_events = 0;  ///< Readiness events handed out.
    std::uint64_t completions = 0;       ///< Completed overlapped calls handed out.

    std::uint64_t operations_started = 0;   ///< Operations that were submitted with success.
    std::uint64_t operations_at_once = 0;   ///< Those of them that needed no packet.
    std::uint64_t operations_canceled = 0;  ///< Those that `cancel` or `dispose` asked to end.
    std::uint64_t late_packets =
        0;  ///< Packets that were dropped, because nothing waited for them any more.

    std::uint64_t wakes_requested =
        0;  ///< Calls of `post_wakeup` and `Waker::wake`, by all threads.
    std::uint64_t wakes_reported = 0;  ///< Waits that said `woken`.
    /// Requests that found one pending and so cost no kernel call.
    [[nodiscard]] constexpr std::uint64_t wakes_coalesced() const noexcept {
        return wakes_requested - wakes_reported;
    }

    std::uint64_t socket_polls = 0;   ///< WSAPoll calls, looks and blocks and re-checks together.
    std::uint64_t port_dequeues = 0;  ///< GetQueuedCompletionStatusEx calls.
    std::uint64_t blocked = 0;        ///< Calls out of those two that were allowed to block.
    std::uint64_t spurious_returns = 0;  ///< Blocks that ended early with nothing to report.

    std::uint64_t afd_requests = 0;   ///< Requests to AFD, of whatever number of sockets.
    std::uint64_t afd_sockets = 0;    ///< Sockets in all of these together.
    std::uint64_t afd_cancels = 0;    ///< Those that were cancelled.
    std::uint64_t backend_moves = 0;  ///< 1 once `Backend::automatic` has moved to AFD.

    /// Calls that changed something while another thread was blocked in a wait.
    std::uint64_t changes_beside = 0;
    /// Those of them that had to wake that thread.
    std::uint64_t changes_that_roused = 0;

    std::uint64_t rechecks = 0;  ///< Re-checks of sockets that WSAPoll cannot wait for.
    std::uint64_t doorbells_made =
        0;  ///< 1 once a socket was registered; more: another part of the program closed it.
    std::uint64_t doorbells_drained = 0;      ///< Times the doorbell was found rung.
    std::uint64_t registrations_dropped = 0;  ///< Handles found closed while registered.
};

}  // namespace v0_1
}  // namespace wakepoll

// include/wakepoll/timeout.hpp
// How long a wait may block.
//
// Windows counts in whole milliseconds and reads 0xFFFFFFFF as "without a limit". A `Timeout` keeps
// nanoseconds, and the conversion at the kernel call rounds up (a wait never ends early) and stays
// below 0xFFFFFFFF (a long wait never becomes an endless one; it blocks again).
//
// Two conventions meet here, and each keeps its own meaning: a negative std::chrono duration is a
// deadline that has passed, as for std::condition_variable::wait_for; a negative count of
// milliseconds, as epoll_wait takes it, is `Timeout::from_milliseconds(-1)`: without a
// limit.

#include <chrono>
#include <compare>
#include <cstdint>
#include <ratio>

namespace wakepoll {
inline namespace v0_1 {

class Timeout {
    // Stands before its use: Clang 14 cannot evaluate it at compile time otherwise.
    template <class Rep, class Period>
    static constexpr std::int64_t saturate(std::chrono::duration<Rep, Period> duration) noexcept {
        // A NaN is not greater than zero either.
        if (!(duration > std::chrono::duration<Rep, Period>::zero())) {
            return 0;
        }
        constexpr std::int64_t limit = (std::chrono::nanoseconds::max)().count();
        const long double nanoseconds =
            std::chrono::duration<long double, std::nano>(duration).count();
        if (nanoseconds >= static_cast<long double>(limit)) {
            return limit;
        }
        if constexpr (!std::chrono::treat_as_floating_point_v<Rep> &&
                      std::ratio_divide<Period, std::nano>::den == 1) {
            // Whole nanoseconds: exact, and within the limit.
            return std::chrono::nanoseconds(duration).count();
        } else {
            // std::chrono::ceil would do, but overflows for periods like a third of a second.
            const auto whole = static_cast<std::int64_t>(nanoseconds);
            return static_cast<long double>(whole) < nanoseconds ? whole + 1 : whole;
        }
    }

public:
    /// Zero: look, do not block.
    constexpr Timeout() noexcept = default;

    /// From any duration: rounded up to whole nanoseconds, at most `longest()`; negative is zero.
    template <class Rep, class Period>
    // NOLINTNEXTLINE(google-explicit-constructor): `poller.wait(events, 5ms)` is how it is meant.
    constexpr Timeout(std::chrono::duration<Rep, Period> duration) noexcept
        : nanoseconds_(saturate(duration)) {}

    /// As the last argument of epoll_wait: any negative number is without a limit.
    [[nodiscard]] static constexpr Timeout from_milliseconds(int milliseconds) noexcept {
        constexpr std::int64_t nanoseconds_per_millisecond = 1'000'000;
        Timeout timeout;
        timeout.nanoseconds_ = milliseconds * nanoseconds_per_millisecond;
        return timeout;
    }

    [[nodiscard]] static constexpr Timeout forever() noexcept {
        Timeout timeout;
        timeout.nanoseconds_ = -1;
        return timeout;
    }

    /// The longest finite timeout, about 292 years.
    [[nodiscard]] static constexpr Timeout longest() noexcept {
        return Timeout((std::chrono::nanoseconds::max)());
    }

    [[nodiscard]] constexpr bool is_forever() const noexcept { return nanoseconds_ < 0; }
    [[nodiscard]] constexpr bool is_zero() const noexcept { return nanoseconds_ == 0; }

    /// The length of a finite timeout; the longest there is for an endless one.
    [[nodiscard]] constexpr std::chrono::nanoseconds duration() const noexcept {
        return is_forever() ? (std::chrono::nanoseconds::max)()
                            : std::chrono::nanoseconds(nanoseconds_);
    }

    friend constexpr bool operator==(Timeout a, Timeout b) noexcept {
        return a.nanoseconds_ == b.nanoseconds_ || (a.is_forever() && b.is_forever());
    }

private:
    std::int64_t nanoseconds_ = 0;  ///< Any negative number: without a limit.
};

inline constexpr Timeout wait_forever = Timeout::forever();

/// Windows' own "no timeout", which no finite wait may turn into.
inline constexpr std::uint32_t kernel_infinite = 0xFFFFFFFF;

/// The longest finite wait that is handed to the kernel in one call (about 24.8 days: WSAPoll takes
/// a signed number).
inline constexpr std::uint32_t kernel_wait_cap = 0x7FFFFFFF;

/// Whole milliseconds for the kernel: rounded up, at most `kernel_wait_cap`, 0 for what is not
/// positive.
[[nodiscard]] constexpr std::uint32_t to_kernel_milliseconds(
    std::chrono::nanoseconds remaining) noexcept {
    if (remaining.count() <= 0) {
        return 0;
    }
    constexpr std::int64_t nanoseconds_per_millisecond = 1'000'000;
    const std::int64_t whole = remaining.count() / nanoseconds_per_millisecond;
    const std::int64_t up = whole + (remaining.count() % nanoseconds_per_millisecond != 0 ? 1 : 0);
    return up > kernel_wait_cap ? kernel_wait_cap : static_cast<std::uint32_t>(up);
}

}  // namespace v0_1
}  // namespace wakepoll

// include/wakepoll/wait_result.hpp
// The result of a wait.

#include <cstddef>
#include <span>
#include <system_error>


namespace wakepoll {
inline namespace v0_1 {

/// What a wait returns. Events and an error can come together: the events were taken before the
/// error occurred, and are valid.
struct WaitResult {
    std::size_t count = 0;         ///< Events written to the front of the span.
    bool woken = false;            ///< There was a wakeup since the last wait that reported one.
    bool timer = false;            ///< The timer of `set_timer` has expired.
    std::error_code error;         ///< Why the wait ended; empty where it did not fail.
    NativeEvent* first = nullptr;  ///< The first event of the span.

    /// The events: `for (const NativeEvent& event : result.events())`.
    [[nodiscard]] std::span<NativeEvent> events() const noexcept { return {first, count}; }
};

}  // namespace v0_1
}  // namespace wakepoll

// include/wakepoll/waker.hpp
// A handle to a poller's wakeup that any thread may keep.
//
// A Waker is small, copyable and may outlive its poller: after `dispose` its calls return false.
// It keeps the poller's memory, but not its kernel objects: the memory is freed with the last
// Waker.


namespace wakepoll {
class Poller;

inline namespace v0_1 {

class WAKEPOLL_API Waker {
public:
    /// Refers to no poller: every call returns false.
    Waker() noexcept = default;
    Waker(const Waker& other) noexcept;
    Waker(Waker&& other) noexcept;
    Waker& operator=(const Waker& other) noexcept;
    Waker& operator=(Waker&& other) noexcept;
    ~Waker();

    /// Makes the wait in progress, or else the next one, return `woken`.
    ///
    /// Any thread, any number of times: wakes that come before the poller looks are one. What this
    /// thread wrote before the call is visible to the waiting thread once its wait reports `woken`.
    ///
    /// No kernel call where a wake is pending already or the poller is not parked; one otherwise.
    /// False where the poller is disposed or shut down or the kernel refuses; the wait may go on
    /// then.
    [[nodiscard]] bool wake() const noexcept;

    /// As `OsPoller::post_shutdown`.
    [[nodiscard]] bool shutdown() const noexcept;

private:
    friend class OsPoller;
    explicit Waker(Poller* poller) noexcept;

    Poller* poller_ = nullptr;
};

}  // namespace v0_1
}  // namespace wakepoll

// include/wakepoll/os_poller.hpp
// OsPoller: register handles, submit operations, wait once, receive epoll-compatible events.
//
// Any thread may make any call at any time; a poller has a lock. One thread waits at a time: a
// second `wait` is refused with `std::errc::device_or_resource_busy`. A change made while a thread
// is blocked in `wait` is in force when the call returns. One thread moves and destroys the poller
// object itself, as any object; a `Waker` may outlive it.
//
// `create` takes all memory, in one piece. No call throws. A call that can fail returns a `Result`,
// which is true on success; one that fails leaves the tables as they were. After `dispose` or a
// shutdown every call fails with `std::errc::operation_canceled`.

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>


namespace wakepoll {
struct OperationTarget;

inline namespace v0_1 {

class WAKEPOLL_API OsPoller {
public:
    /// The bytes that `submit_accept` needs in its buffer for the addresses of both ends.
    static constexpr std::size_t accept_address_size = 288;
    /// The bytes that `submit_receive_from` needs for the sender's address: a sockaddr_storage.
    static constexpr std::size_t address_size = 128;

    /// Creates a poller. Errors: `invalid_argument` for a configuration out of range,
    /// `not_supported` for `Backend::afd` where the system has no such device, `not_enough_memory`,
    /// or the kernel's where Winsock, the completion port or that device fails to open.
    [[nodiscard]] static Result<OsPoller> create(const PollerConfig& config = {}) noexcept;

    OsPoller(OsPoller&& other) noexcept;
    OsPoller& operator=(OsPoller&& other) noexcept;
    OsPoller(const OsPoller&) = delete;
    OsPoller& operator=(const OsPoller&) = delete;
    /// As `dispose`. While the process ends, as when the static objects of a DLL are destroyed, it
    /// waits for nothing. No thread may begin another call meanwhile.
    ~OsPoller();

    /// Closes the port and everything else the poller owns; again, it does nothing. Registered
    /// handles are yours and stay open. A wait in progress on another thread ends with
    /// `operation_canceled` first. An operation that does not end within a second of its cancel, or
    /// that nothing can cancel (see "Operations"), keeps the poller's memory; `dispose` does not
    /// wait for it any longer.
    void dispose() noexcept;

    /// True until `dispose`; false for a poller that was moved from.
    [[nodiscard]] bool is_valid() const noexcept;

    /// The completion port, for your own packets; invalid after `dispose`. After this call every
    /// wait looks at the port as well, because such packets may come from now on.
    [[nodiscard]] Handle handle() const noexcept;

    /// The number of handles registered for readiness; 0 after `dispose`.
    [[nodiscard]] std::size_t registration_count() const noexcept;

    /// The number of entries of the overlapped pool in use; 0 after `dispose`.
    [[nodiscard]] std::size_t overlapped_count() const noexcept;

    /// The pool of OVERLAPPED entries; one without entries after `dispose` and for a poller that
    /// was moved from.
    [[nodiscard]] OverlappedPool& overlapped_pool() noexcept;

    /// A copy of the counters.
    [[nodiscard]] PollerStats stats() const noexcept;

    /// The backend in use; never `automatic`. A poller created with `automatic` begins with
    /// `wsapoll` and may switch to `afd` later.
    [[nodiscard]] Backend backend() const noexcept;

    /// Starts to report readiness of `handle`, level-triggered, with `user_data` in each event.
    ///
    /// `HandleType` says what each kind of handle reports.
    ///
    /// Errors follow epoll_ctl: `file_exists` (registered already), `no_space_on_device` (all slots
    /// taken), `bad_file_descriptor` (closed, or never a handle), `operation_not_permitted` (a disk
    /// file, a directory, NUL, a mutex, a pipe in the mode PIPE_NOWAIT: nothing to wait for),
    /// `invalid_argument` (unknown bits, edge-triggered, or write interest in what is no socket; an
    /// overlapped pipe of another port), `device_or_resource_busy` (operations are in flight on
    /// it), `resource_unavailable_try_again` (no entry of the pool is free), `permission_denied`
    /// (the handle lacks the right to be waited for or read, as the writing end of a pipe does:
    /// only a write notices that its reader is gone), `not_connected` (a pipe without another end).
    [[nodiscard]] Result<void> register_handle(Handle handle, IoInterest interest,
                                               std::uint64_t user_data) noexcept;

    /// The same with a pointer, which each event has in `data.ptr`: `event.ptr<Connection>()`.
    template <class T>
    [[nodiscard]] Result<void> register_handle(Handle handle, IoInterest interest,
                                               T* user_data) noexcept {
        return register_handle(handle, interest, as_number(user_data));
    }

    /// Replaces interest and user data, and arms a one-shot registration again. Errors:
    /// `no_such_file_or_directory` (not registered), `bad_file_descriptor` (that, and closed or
    /// never a handle), `invalid_argument`; with AFD, any error of the cancel of a request.
    /// A call that fails changes nothing.
    [[nodiscard]] Result<void> modify_handle(Handle handle, IoInterest interest,
                                             std::uint64_t user_data) noexcept;

    /// The same with a pointer.
    template <class T>
    [[nodiscard]] Result<void> modify_handle(Handle handle, IoInterest interest,
                                             T* user_data) noexcept {
        return modify_handle(handle, interest, as_number(user_data));
    }

    /// Ends the registration of a handle. Do it before you close the handle, because Windows reuses
    /// the numbers at once. The next wait drops a socket that was closed while registered. AFD
    /// notices it at once where a request in flight covered it; then a new socket with its number
    /// can be registered before that wait. Errors: `no_such_file_or_directory` where the handle is
    /// not registered, `bad_file_descriptor` where it is no handle.
    [[nodiscard]] Result<void> unregister_handle(Handle handle) noexcept;

    /// Associates a handle with the port for its life, so that the packets of overlapped calls made
    /// on it come back as events with `data.u64 == key` and `completion` set. Errors:
    /// `invalid_argument` for one of the poller's own keys (0xFFFFFFFA to 0xFFFFFFFE), for a handle
    /// that was not opened for overlapped use, and for one that belongs to a port already;
    /// `no_space_on_device` where all slots are taken.
    ///
    /// The poller itself associates registered pipes and handles with submitted operations. Your
    /// own overlapped calls on such a handle are reported only where their OVERLAPPED is of the
    /// pool: wait for the others by their event.
    ///
    /// Each handle that belongs to the port, by this call, a registration or an operation, has
    /// FILE_SKIP_SET_USER_EVENT_ON_FAST_IO: where your own call succeeds at once, the event in its
    /// OVERLAPPED need not be set.
    [[nodiscard]] Result<void> associate_handle(Handle handle, std::uint64_t key) noexcept;

    /// Attaches a handle, so that each operation submitted on it costs one kernel call instead of
    /// two: you promise that the handle stays open meanwhile (attached_handle.hpp). Errors as of
    /// the operations below, and `file_exists` where it is attached already.
    [[nodiscard]] Result<AttachedHandle> attach(Handle handle) noexcept;

    // Operations: each starts one overlapped call, and ends in exactly one event of a later wait.
    // Buffers and errors: see overlapped.hpp. `target` is a handle, or an attached one.

    /// Reads into `buffer`; of a file, from `offset` in bytes. A socket's end of the stream is
    /// success with 0 bytes, a file's is `std::errc::no_message_available`, a pipe's is
    /// `broken_pipe`. A message or datagram longer than the buffer is `message_size`, with the
    /// buffer filled. An empty buffer, `{}`, is for a stream socket: the read ends with 0 bytes
    /// when there is something to read, or the end, and takes nothing; so no buffer is held
    /// meanwhile.
    [[nodiscard]] Result<OverlappedEntry*> submit_read(const SubmitTarget& target,
                                                       std::span<std::byte> buffer,
                                                       std::uint64_t user_data,
                                                       std::uint64_t offset = 0) noexcept;

    /// Reads from a socket into several buffers, one after the other. `not_supported` for several
    /// buffers and any other handle: pipes and files have no such call. Only the first buffer is
    /// noted in the entry and compared with those of later operations.
    template <class Buffers>
    requires std::convertible_to<const Buffers&, std::span<const IoBuffer>>
    [[nodiscard]] Result<OverlappedEntry*> submit_read(const SubmitTarget& target,
                                                       const Buffers& buffers,
                                                       std::uint64_t user_data) noexcept {
        return submit_buffers(target, IoOperation::read, buffers, user_data);
    }

    /// Writes `buffer`; to a file, at `offset` in bytes. An empty one, `{}`, is allowed on a
    /// datagram socket and a pipe of messages alone. The event says how much was written: all,
    /// unless there was an error.
    [[nodiscard]] Result<OverlappedEntry*> submit_write(const SubmitTarget& target,
                                                        std::span<const std::byte> buffer,
                                                        std::uint64_t user_data,
                                                        std::uint64_t offset = 0) noexcept;

    /// Writes several buffers to a socket, as the read above.
    template <class Buffers>
    requires std::convertible_to<const Buffers&, std::span<const IoBuffer>>
    [[nodiscard]] Result<OverlappedEntry*> submit_write(const SubmitTarget& target,
                                                        const Buffers& buffers,
                                                        std::uint64_t user_data) noexcept {
        return submit_buffers(target, IoOperation::write, buffers, user_data);
    }

    /// Receives a datagram and its sender: `completion->address` is the sender's sockaddr, at the
    /// front of `address`, which has at least `address_size` bytes and is the kernel's like the
    /// buffer. Only the buffer is compared with those of later operations. The socket is bound.
    [[nodiscard]] Result<OverlappedEntry*> submit_receive_from(const SubmitTarget& target,
                                                               std::span<std::byte> buffer,
                                                               std::span<std::byte> address,
                                                               std::uint64_t user_data) noexcept;

    /// Sends a datagram, which may be empty, to `address`, a sockaddr that is needed during the
    /// call only. A socket that is not bound is bound to a free port.
    [[nodiscard]] Result<OverlappedEntry*> submit_send_to(const SubmitTarget& target,
                                                          std::span<const std::byte> buffer,
                                                          std::span<const std::byte> address,
                                                          std::uint64_t user_data) noexcept;

    /// Accepts one connection of a listener. `completion->accepted` is its socket, opened for
    /// overlapped use, not inherited and in blocking mode; it is the user's from then on.
    ///
    /// `buffer` takes the addresses of both ends and so has at least `accept_address_size` bytes
    /// (`invalid_argument`). Where it has more, the accept completes only when the first data has
    /// come, which it finds at the front of the buffer, `completion->bytes` of it.
    [[nodiscard]] Result<OverlappedEntry*> submit_accept(const SubmitTarget& listener,
                                                         std::span<std::byte> buffer,
                                                         std::uint64_t user_data) noexcept;

    /// Connects a stream socket to `address`, a sockaddr. The socket is bound to a free port where
    /// it is not bound yet. The event is `out` once connected.
    [[nodiscard]] Result<OverlappedEntry*> submit_connect(const SubmitTarget& socket,
                                                          std::span<const std::byte> address,
                                                          std::uint64_t user_data) noexcept;

    /// Waits until a client opens a named pipe whose server's end this is; one that has opened it
    /// already is found. The event is `in`, with `broken_pipe` where the handle is disconnected or
    /// the client has gone before it was noticed: DisconnectNamedPipe makes room for the next.
    [[nodiscard]] Result<OverlappedEntry*> submit_connect_pipe(const SubmitTarget& server,
                                                               std::uint64_t user_data) noexcept;

    /// The addresses of a connection, from the completion of its accept and the buffer that was
    /// given to it; both empty where it failed.
    [[nodiscard]] static AcceptedAddresses accepted_addresses(
        const Completion& completion, std::span<const std::byte> buffer) noexcept;

    /// Cancels an operation in flight. A wait still reports it: as `operation_canceled`, or with
    /// what it had done by then. A second cancel changes nothing.
    ///
    /// Errors: `invalid_argument` for null and for an entry of another poller,
    /// `no_such_file_or_directory` for one with no operation in flight, because it is idle, done or
    /// given back; `bad_file_descriptor` where the handle has been closed. Then the operation ends
    /// with the object's last handle; where that is a duplicate, cancel by the duplicate, or close
    /// it.
    [[nodiscard]] Result<void> cancel(OverlappedEntry* entry) noexcept;

    /// The same by another handle of the same object. `no_such_file_or_directory` also where the
    /// operation is another object's.
    [[nodiscard]] Result<void> cancel(OverlappedEntry* entry, Handle duplicate) noexcept;

    /// The same for every submitted operation of a handle; `no_such_file_or_directory` where there
    /// is none.
    [[nodiscard]] Result<void> cancel(Handle handle) noexcept;

    /// Sets the poller's one timer, in place of an earlier one. The wait that is in progress at
    /// `deadline`, or the first one after it, reports `timer`, once. It is never early, and late by
    /// a fraction of a millisecond where Windows has high-resolution timers (10 1803 and later);
    /// the system's tick stays as it is. One kernel call, two more where it has fired before.
    [[nodiscard]] Result<void> set_timer(Clock::time_point deadline) noexcept;

    /// The same for a moment of any other clock, such as std::chrono::steady_clock. One that is
    /// more than a hundred years away never comes.
    template <class OtherClock, class Duration>
    [[nodiscard]] Result<void> set_timer(
        std::chrono::time_point<OtherClock, Duration> deadline) noexcept {
        return set_timer(Clock::at(deadline));
    }

    /// Clears the timer; no error where none is set.
    [[nodiscard]] Result<void> clear_timer() noexcept;

    /// Waits until something is ready, a wakeup or the timer comes, or `timeout` is over, and fills
    /// `events` from the front. A finite timeout never ends early. Errors: `invalid_argument` for
    /// an empty span, `device_or_resource_busy` while another thread waits.
    ///
    /// Reports are level-triggered. An event is what the kernel reported of the socket in this wait
    /// or since the last one: if you have taken the data meanwhile, without a report, one report of
    /// it may still come, so use non-blocking sockets. What was reported, modified or unregistered
    /// is never stale. A wakeup alone is `count` 0 with `woken`; a timeout is all empty.
    ///
    /// The time for which the system sleeps does not count: after a resume a wait in progress goes
    /// on for what was left of it, and so does the timer. Where that is too late, let the system
    /// notify you (PowerRegisterSuspendResumeNotification), and wake the poller: a wait that begins
    /// then counts the time that has passed.
    ///
    /// Where more is ready than fits, the next wait goes on where this one stopped.
    [[nodiscard]] WaitResult wait(std::span<NativeEvent> events,
                                  Timeout timeout = wait_forever) noexcept;

    /// As `Waker::wake`. The poller must outlive the call; where it may not, use `waker()`.
    [[nodiscard]] bool post_wakeup() noexcept;

    /// Shuts the poller down from any thread: the wait in progress, and every call after it, fails
    /// with `operation_canceled`. The owner still calls `dispose`. False where the poller is
    /// disposed already or the kernel refuses to end the wait (call again).
    [[nodiscard]] bool post_shutdown() noexcept;

    /// Makes a `Waker` for other threads, which may outlive the poller.
    [[nodiscard]] Waker waker() const noexcept;

    /// Finds out what kind of kernel object a handle refers to, as registration does; `unknown` for
    /// a kind that has no name here (NUL, a mutex). Error: `bad_file_descriptor` for what is no
    /// open handle, pseudo-handles included. Any thread.
    [[nodiscard]] static Result<HandleType> classify(Handle handle) noexcept;

    /// Translates an event into the shape of a loop's portable layer.
    [[nodiscard]] static constexpr OsEvent translate(const NativeEvent& event) noexcept {
        return {translate_ready(event.events), event.data.u64, event.completion};
    }

    /// Translates a mask into the vocabulary of a loop.
    [[nodiscard]] static constexpr IoReady translate_ready(std::uint32_t events) noexcept {
        return ready_of(events);
    }

private:
    friend class Registration;

    explicit OsPoller(Poller* poller) noexcept : poller_(poller) {}

    [[nodiscard]] static std::uint64_t as_number(const void* user_data) noexcept {
        return reinterpret_cast<std::uintptr_t>(user_data);
    }

    [[nodiscard]] Result<OverlappedEntry*> submit_buffer(const SubmitTarget& target,
                                                         IoOperation operation,
                                                         std::span<const std::byte> buffer,
                                                         std::uint64_t user_data,
                                                         std::uint64_t offset) noexcept;
    [[nodiscard]] Result<OverlappedEntry*> submit_buffers(const SubmitTarget& target,
                                                          IoOperation operation,
                                                          std::span<const IoBuffer> buffers,
                                                          std::uint64_t user_data) noexcept;
    /// Why the poller takes no operation of so many bytes for the target; 0 where it does.
    [[nodiscard]] errc refuses(const SubmitTarget& target, std::size_t size = 0) const noexcept;
    [[nodiscard]] static OperationTarget resolve(const SubmitTarget& target) noexcept;

    Poller* poller_ = nullptr;
};

}  // namespace v0_1
}  // namespace wakepoll

// include/wakepoll/registration.hpp
// A registration for readiness that ends by itself.
//
//     auto input = Registration::create(poller, socket, IoInterest::read, &connection).value();

#include <cstdint>
#include <system_error>
#include <utility>


namespace wakepoll {
inline namespace v0_1 {

class OsPoller;

/// Unregisters its handle when it is destroyed, and does not close it. It may be moved and may
/// outlive its poller. One thread moves and destroys it; any thread may make its calls, as those of
/// the poller.
///
/// Destroy it before you close the handle. If you close the handle first, and a new handle gets its
/// number and is registered, that registration stays.
class WAKEPOLL_API Registration {
public:
    /// Registers a handle; errors as `OsPoller::register_handle`.
    [[nodiscard]] static Result<Registration> create(OsPoller& poller, Handle handle,
                                                     IoInterest interest,
                                                     std::uint64_t user_data) noexcept;

    /// The same with a pointer, which each event has in `data.ptr`.
    template <class T>
    [[nodiscard]] static Result<Registration> create(OsPoller& poller, Handle handle,
                                                     IoInterest interest, T* user_data) noexcept {
        return create(poller, handle, interest, reinterpret_cast<std::uintptr_t>(user_data));
    }

    /// Refers to nothing.
    Registration() noexcept = default;
    Registration(Registration&& other) noexcept = default;
    Registration& operator=(Registration&& other) noexcept;
    Registration(const Registration&) = delete;
    Registration& operator=(const Registration&) = delete;
    ~Registration();

    /// Replaces interest and user data, as `OsPoller::modify_handle`; `no_such_file_or_directory`
    /// where the registration is over.
    [[nodiscard]] Result<void> modify(IoInterest interest, std::uint64_t user_data) noexcept;

    /// The same with a pointer.
    template <class T>
    [[nodiscard]] Result<void> modify(IoInterest interest, T* user_data) noexcept {
        return modify(interest, reinterpret_cast<std::uintptr_t>(user_data));
    }

    /// Ends the registration, as the destructor does. `no_such_file_or_directory` where it is over.
    Result<void> unregister() noexcept;

    /// Leaves the handle registered, refers to nothing, and returns the handle.
    Handle release() noexcept { return std::exchange(holder_, {}).handle(); }

    /// The handle; invalid where it refers to nothing.
    [[nodiscard]] Handle handle() const noexcept { return holder_.handle(); }

    /// True while it refers to a registration.
    [[nodiscard]] explicit operator bool() const noexcept { return holder_.poller() != nullptr; }

private:
    explicit Registration(SlotHolder&& holder) noexcept : holder_(std::move(holder)) {}

    SlotHolder holder_;
};

}  // namespace v0_1
}  // namespace wakepoll

// include/wakepoll/version.hpp
// The version of these headers, for the preprocessor and for the compiler.

#include <cstdint>

#define WAKEPOLL_VERSION_MAJOR 0
#define WAKEPOLL_VERSION_MINOR 1
#define WAKEPOLL_VERSION_PATCH 0

/// All three as one number that grows with them, for `#if WAKEPOLL_VERSION >= 10203`: 1.2.3.
#define WAKEPOLL_VERSION \
    (WAKEPOLL_VERSION_MAJOR * 10000 + WAKEPOLL_VERSION_MINOR * 100 + WAKEPOLL_VERSION_PATCH)

namespace wakepoll {

/// Each name of the public headers is in this namespace, which can be left out. It is in the
/// symbols, so headers do not link with a library of another minor version.
inline namespace v0_1 {

/// `WAKEPOLL_VERSION`.
inline constexpr std::uint32_t version = WAKEPOLL_VERSION;

}  // namespace v0_1
}  // namespace wakepoll

// include/wakepoll/wakepoll.hpp
// All of wakepoll's public face but format.hpp (which needs fmt), in reading order.

// IWYU pragma: begin_exports
// IWYU pragma: end_exports
