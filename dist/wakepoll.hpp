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
 * Define WAKEPOLL_DLL if the library is used as a DLL, so that calls go there directly. meson and
 * CMake define it. WAKEPOLL_BUILDS_DLL is for building the library itself. */
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
// A borrowed system handle: a SOCKET or a HANDLE, without Windows' headers.
//
// Windows keeps both in one number space, so one type carries both; registration queries once what
// kind of object it is (`HandleType`). A `Handle` owns nothing and closes nothing. Any thread may
// copy and compare it.

#include <compare>
#include <concepts>
#include <cstdint>

namespace wakepoll {
inline namespace v0_1 {

class Handle {
public:
    /// Refers to nothing; every call refuses it with `std::errc::bad_file_descriptor`.
    constexpr Handle() noexcept = default;

    // NOLINTBEGIN(google-explicit-constructor): `register_handle(socket, ...)` needs no cast.
    /// From a SOCKET, which is a std::uintptr_t. Other numbers do not convert implicitly.
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

    /// Returns the number: a SOCKET if the handle is a socket.
    [[nodiscard]] constexpr std::uintptr_t value() const noexcept { return value_; }

    /// Returns the number as a HANDLE.
    [[nodiscard]] void* native() const noexcept { return reinterpret_cast<void*>(value_); }

    /// False for null and for INVALID_SOCKET / INVALID_HANDLE_VALUE (which is also the
    /// pseudo-handle of the current process). True only means that the number could be a handle.
    [[nodiscard]] constexpr explicit operator bool() const noexcept {
        return value_ != 0 && value_ != ~std::uintptr_t{0};
    }

    friend constexpr auto operator<=>(Handle, Handle) noexcept = default;

private:
    std::uintptr_t value_ = ~std::uintptr_t{0};
};

/// The kind of kernel object that a handle refers to, and what it reports when registered.
enum class HandleType : std::uint8_t {
    /// Any other kind (NUL, a mutex): it cannot be registered.
    unknown = 0,
    /// Readiness in both directions, by the backend. With AFD, a socket of a provider that AFD
    /// cannot poll reports `err`.
    socket = 1,
    /// The input of a console: `in` while a key that yields a character is queued, because a read
    /// blocks on other records. Records before it (key releases, keys that yield no character, the
    /// mouse, the focus, the window) are removed. In line mode a character means that a line has
    /// been started, not that it is complete.
    console = 2,
    /// `in` while it can be read; with `hup`, whatever the interest, once the other end is closed
    /// and all data is read, or the server has disconnected it. While it holds data that the
    /// interest excludes, only the start of a wait detects the end.
    ///
    /// A pipe opened for overlapped use takes an entry of the pool; a synchronous one (an anonymous
    /// pipe) takes a thread while there is nothing to read. While any thread reads from a
    /// synchronous pipe, Windows blocks all other calls on it, in every process that has it; so
    /// unregister it before you read from it elsewhere, close it or let a child inherit it. During
    /// a read elsewhere `register_handle`, a `wait` that polls the pipe, `unregister_handle` and
    /// `dispose` block until that read returns: with data, when the other end is closed, or by
    /// CancelSynchronousIo of the reading thread.
    ///
    /// Waiting takes an empty message: it is `in` once, and a read does not find it. A pipe that is
    /// set to PIPE_NOWAIT while registered cannot be waited for and reports `err`.
    pipe = 3,
    /// A disk file or a directory, which is always ready: it cannot be registered.
    file = 4,
    /// This and the following: `in` while it is signalled. Like any wait, each report takes the
    /// signal of an auto-reset event or timer, and decrements a semaphore.
    event = 5,
    process = 6,
    thread = 7,
    semaphore = 8,
    timer = 9,
};

/// How the poller waits for a registered handle.
enum class IoModel : std::uint8_t {
    poll = 0,        ///< A readiness backend polls it (sockets).
    overlapped = 1,  ///< Its operations complete at the port.
    waitable = 2,    ///< The object itself becomes signalled.
};

}  // namespace v0_1
}  // namespace wakepoll

// include/wakepoll/slot_holder.hpp
// What an AttachedHandle and a Registration are made of: one use of a poller's slot.
//
// It keeps the poller's memory, not its kernel objects, like a Waker. So it may outlive the poller;
// its calls then do nothing.

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

    /// Returns the poller; null if it holds nothing.
    [[nodiscard]] Poller* poller() const noexcept { return poller_; }
    [[nodiscard]] Handle handle() const noexcept { return Handle(handle_); }
    [[nodiscard]] core::SlotUse use() const noexcept;

private:
    Poller* poller_ = nullptr;
    // Only the number: MSVC warns if a part of an exported class is not exported (C4251).
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
// Windows may give the number of a closed handle to the next object. So a submit on a plain
// `Handle` first checks that the number still means the object that the poller knows, which is one
// more kernel call. For an attached handle you guarantee that instead: it stays open while it is
// attached.
//
// If it is closed nevertheless, operations in flight end as for any closed handle, and a submit is
// refused as soon as the poller knows (`errc::attachment_is_over`) or the kernel says that no
// object has the number. Until then an operation goes to the object that has the number now: it
// takes or sends bytes there, and is reported only if that object belongs to the same port.

#include <concepts>
#include <utility>


namespace wakepoll {
inline namespace v0_1 {

/// A handle that is attached by `OsPoller::attach`. It can be moved and may outlive its poller; one
/// thread at a time moves or destroys it. A handle has one attachment at a time, and cannot be
/// registered meanwhile.
class WAKEPOLL_API AttachedHandle {
public:
    /// Attached to nothing: a submit on it is refused with `std::errc::bad_file_descriptor`.
    AttachedHandle() noexcept = default;
    AttachedHandle(AttachedHandle&& other) noexcept = default;
    AttachedHandle& operator=(AttachedHandle&& other) noexcept;
    AttachedHandle(const AttachedHandle&) = delete;
    AttachedHandle& operator=(const AttachedHandle&) = delete;
    /// Calls `detach`.
    ~AttachedHandle();

    /// Ends the attachment, without a kernel call; a second call does nothing. The handle stays
    /// open and associated with the port; operations in flight continue.
    void detach() noexcept;

    /// Returns the handle; invalid if it is attached to nothing.
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
    // NOLINTBEGIN(google-explicit-constructor): a submit takes either one without a cast.
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

    /// Returns the time now. Any thread.
    [[nodiscard]] WAKEPOLL_API static time_point now() noexcept;

    /// Returns the moment that is `left` after `from`, or the last that there is.
    [[nodiscard]] static constexpr time_point after(time_point from, duration left) noexcept {
        return left < (time_point::max)() - from ? from + left : (time_point::max)();
    }

    /// Converts a moment of another clock. One that is more than a hundred years away becomes the
    /// last or the first that there is.
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

// include/wakepoll/error.hpp
// Errors: a category for Windows' numbers, one for what wakepoll itself refuses, and a Result.
//
// Both map to std::errc. Compare with conditions (`error == std::errc::bad_file_descriptor`) or, if
// the reason matters, with an `errc`; never with message texts.
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

/// The category of errors from Windows, and of failed operations. Values are Win32 or Winsock
/// codes; messages are wakepoll's own and do not depend on the system's language. Its
/// `default_error_condition` is the table in lib/error.cpp.
[[nodiscard]] WAKEPOLL_API const std::error_category& win32_category() noexcept;

/// Makes an error of `win32_category()` from the result of GetLastError() or WSAGetLastError(); 0
/// is success.
[[nodiscard]] inline std::error_code win32_error(std::uint32_t code) noexcept {
    return {static_cast<int>(code), win32_category()};
}

/// Why wakepoll itself refused a call. Each message is a sentence that says what to do instead;
/// each value compares equal to the std::errc above its group.
enum class errc {
    // bad_file_descriptor
    bad_handle = 1,      ///< Not an open handle.
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
    not_overlapped,             ///< The same for a file, which cannot be registered either.
    several_buffers,

    // operation_not_permitted
    nothing_to_wait_for,

    // permission_denied
    write_only_pipe,

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

/// Returns the Windows code that means the same, as SetLastError takes it; 0 for success, and
/// ERROR_INVALID_FUNCTION for an error of any other category.
[[nodiscard]] WAKEPOLL_API std::uint32_t win32_code(std::error_code error) noexcept;

/// A value or the reason why there is none.
template <class T>
class [[nodiscard]] Result {
public:
    // NOLINTBEGIN(google-explicit-constructor): a function returns either one without a cast.
    Result(T value) noexcept : content_(std::in_place_index<0>, std::move(value)) {}
    /// `error` must not be success.
    Result(std::error_code error) noexcept : content_(std::in_place_index<1>, error) {
        assert(error);
    }
    Result(errc reason) noexcept : Result(make_error_code(reason)) {}
    // NOLINTEND(google-explicit-constructor)

    [[nodiscard]] bool has_value() const noexcept { return content_.index() == 0; }
    [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }

    /// Returns the value; throws std::system_error with the error if there is none.
    [[nodiscard]] T& value() & { return check(), *std::get_if<0>(&content_); }
    [[nodiscard]] const T& value() const& { return check(), *std::get_if<0>(&content_); }
    [[nodiscard]] T&& value() && { return check(), std::move(*std::get_if<0>(&content_)); }

    /// Returns the value, or `other` if there is none.
    template <class U>
    [[nodiscard]] T value_or(U&& other) const& {
        return has_value() ? **this : static_cast<T>(std::forward<U>(other));
    }
    template <class U>
    [[nodiscard]] T value_or(U&& other) && {
        return has_value() ? std::move(**this) : static_cast<T>(std::forward<U>(other));
    }

    /// Calls `next` with the value and returns its result, which is another Result; returns the
    /// error if there is no value.
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

    /// Returns the value, unchecked: there must be one.
    [[nodiscard]] T& operator*() & noexcept { return *std::get_if<0>(&content_); }
    [[nodiscard]] const T& operator*() const& noexcept { return *std::get_if<0>(&content_); }
    [[nodiscard]] T&& operator*() && noexcept { return std::move(*std::get_if<0>(&content_)); }
    [[nodiscard]] T* operator->() noexcept { return std::get_if<0>(&content_); }
    [[nodiscard]] const T* operator->() const noexcept { return std::get_if<0>(&content_); }

    /// Returns the error; success if there is a value.
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

/// Success, or the reason why a call failed. True on success, like every Result.
template <>
class [[nodiscard]] Result<void> {
public:
    /// Success.
    Result() noexcept = default;
    // NOLINTBEGIN(google-explicit-constructor): a function returns an error without a cast.
    /// Success if `error` is success.
    Result(std::error_code error) noexcept : error_(error) {}
    Result(errc reason) noexcept : error_(make_error_code(reason)) {}
    // NOLINTEND(google-explicit-constructor)

    [[nodiscard]] bool has_value() const noexcept { return error_.value() == 0; }
    [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }

    /// Throws std::system_error with the error if there is one.
    // A template, because GCC refuses a `throw` elsewhere with -fno-exceptions.
    template <class Error = std::system_error>
    void value() const {
        if (!has_value()) {
            throw Error(error_);
        }
    }

    /// Calls `next` without arguments after a success and returns its result, which is another
    /// Result; returns the error if there is one.
    template <class F>
    [[nodiscard]] auto and_then(F&& next) const -> std::invoke_result_t<F> {
        return has_value() ? std::forward<F>(next)() : error_;
    }

    /// Returns the error; empty after a success.
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
// What a wait reports and what a registration can ask for.
//
// The mask values are those of Linux's <sys/epoll.h>, bit for bit (a native build asserts it), so a
// loop that already uses epoll keeps its constants. `OsPoller::wait` fills `NativeEvent`s;
// `OsEvent` is a smaller form for the portable layer of a loop.
//
// Nothing here calls the system; everything may be used from any thread.

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

// include/wakepoll/overlapped.hpp
// The pool of OVERLAPPED structures, and the report of a completed call.
//
// An overlapped call needs an OVERLAPPED that stays where it is until its packet has been dequeued.
// The pool keeps a fixed number of them (64 unless configured otherwise) inside the poller's one
// allocation: acquire one, hand `entry->native()` to the call, find the entry again in
// `Completion::entry`, release it. All four operations are O(1) and allocate nothing.
//
// Entries are taken in two ways. `acquire` hands them out for your own overlapped calls; they stay
// yours until `release`. `OsPoller::submit_read` and the other operations return entries of the
// poller: the wait after the one that reported an operation releases its entry; `release` frees it
// earlier. An overlapped pipe that is registered for readiness takes an entry too, for as long as
// it is registered.
//
// A later wait reports each submitted operation in exactly one event: `data` is its user data,
// `completion` its result, and the mask is `out` for write and connect and `in` for the others,
// with `err` or `hup` if it failed. Until then its buffers must stay, and belong to the kernel;
// afterwards they are not touched.
//
// Errors of the other side or the medium (end of file, a full or broken disk, a broken pipe, a
// reset, a refused or unreachable peer) always come as an event, even if the kernel returns them
// immediately. An error that a submit returns means that nothing was started and nothing will be
// reported: `resource_unavailable_try_again` (no entry of the pool is free, or a pipe in
// PIPE_NOWAIT mode has nothing to read), `bad_file_descriptor` (closed, or never a handle; an
// attachment that is over), `not_supported` (the handle does not support the operation: it is of
// the wrong kind, or opened for synchronous use), `invalid_argument` (it belongs to another port,
// or is attached to another poller; an empty buffer, one over 4 GiB, or one that overlaps with that
// of an operation in flight; an offset for a handle that is no file; no address or no room for
// one), `device_or_resource_busy` (registered for readiness: one handle, one way of waiting),
// `no_space_on_device` (all slots taken), or the kernel's error, such as `no_buffer_space`.
//
// If you make a handle post no packet for calls that succeed immediately
// (SetFileCompletionNotificationModes), do it before you attach the handle.
//
// Reads of one socket or pipe are reported in the order they were submitted, and so are writes. The
// first operation on a handle associates it with the port for its life.
//
// A handle may be closed at any time; what is in flight on it is reported as `operation_canceled`.
// Windows ends it when the last handle of the object is closed. While a duplicate is open
// (DuplicateHandle, WSADuplicateSocket, a child process that inherits it), the operation continues
// and takes the bytes that come; without a handle only an accept can be cancelled. So if a handle
// may have a duplicate, cancel before you close.
//
// Any thread may acquire and release entries. Release those of your own calls before the poller is
// disposed: cancel the call, wait for its packet, release. An entry that is still in use when the
// poller's memory would be freed keeps that memory permanently, because a call in flight may write
// into it.

#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>


namespace wakepoll {
class Poller;

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
    cancelling = 2,  ///< `cancel` was called; it is reported like any other.
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

/// One OVERLAPPED, with what you need when it completes. `OverlappedPool` hands it out.
struct OverlappedEntry {
    NativeOverlapped overlapped;
    std::uint64_t user_data = 0;
    Handle handle;
    void* buffer = nullptr;  ///< The caller's; never touched by the pool.
    std::size_t buffer_size = 0;
    /// Decides the mask of the event: `out` for write and connect, `in` for the others.
    IoOperation operation = IoOperation::none;
    std::uint32_t bytes_transferred = 0;  ///< Set when the packet is dequeued.

    OverlappedEntry() noexcept = default;
    OverlappedEntry(const OverlappedEntry&) noexcept = default;

    /// Returns the OVERLAPPED, to be cast to OVERLAPPED* or WSAOVERLAPPED* for an overlapped call.
    [[nodiscard]] void* native() noexcept { return &overlapped; }

    /// Sets the OVERLAPPED to zero for another call. Not while a call is in flight.
    void reset() noexcept { overlapped = {}; }

    /// False once the entry is released.
    [[nodiscard]] bool in_use() const noexcept { return in_use_; }

    [[nodiscard]] OverlappedState state() const noexcept { return state_; }

protected:
    // Not public, because it would overwrite what the pool knows of the entry.
    OverlappedEntry& operator=(const OverlappedEntry&) noexcept = default;

    OverlappedState state_ = OverlappedState::idle;
    bool in_use_ = false;
};

/// The result of an overlapped call; `NativeEvent::completion` points to one.
struct Completion {
    OverlappedEntry* entry = nullptr;  ///< Null if the OVERLAPPED is not from this poller's pool.
    void* overlapped = nullptr;        ///< The OVERLAPPED* that the call was given.
    /// The packet's: from `associate_handle`; 0 of any other handle, and of an operation that was
    /// done immediately or waited to be reported in order.
    std::uint64_t key = 0;
    std::uint64_t user_data = 0;  ///< `entry->user_data`, or the key if there is no entry.
    Handle accepted;              ///< Of an accept that succeeded: the connection, yours now.
    /// Of `submit_receive_from`: the sender's sockaddr, at the front of the room that was given.
    std::span<const std::byte> address;
    std::uint32_t bytes = 0;
    IoOperation operation = IoOperation::none;
    std::error_code error;  ///< Why the call failed; empty after a success.
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

    /// Acquires an entry, all zero; null if all are in use.
    [[nodiscard]] OverlappedEntry* acquire() noexcept;

    /// Releases an entry; its call must not be in flight.
    ///
    /// Errors: `invalid_argument` for null and for what is not an entry of this pool,
    /// `no_such_file_or_directory` for an entry that is not in use, `device_or_resource_busy` for a
    /// submitted operation that is in flight or not reported yet.
    [[nodiscard]] Result<void> release(OverlappedEntry* entry) noexcept;

    /// Finds the entry in use whose OVERLAPPED is at this address; null if there is none. Any
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
// They are plain numbers; a wake is counted in the word that it changes anyway. They explain the
// behaviour of a loop: an idle wait adds one to `waits` and one to `blocked`; `rechecks` grows if
// there are sockets that WSAPoll cannot wait for.

#include <cstdint>


namespace wakepoll {
inline namespace v0_1 {

struct PollerStats {
    Backend backend = Backend::wsapoll;  ///< The one in use; never `automatic`.

    std::uint64_t waits = 0;             ///< Calls of `wait` that got past its argument checks.
    std::uint64_t readiness_events = 0;  ///< Readiness events handed out.
    std::uint64_t completions = 0;       ///< Completed overlapped calls handed out.

    std::uint64_t operations_started = 0;   ///< Operations that were submitted successfully.
    std::uint64_t operations_at_once = 0;   ///< Those of them that needed no packet.
    std::uint64_t operations_canceled = 0;  ///< Those that `cancel` or `dispose` asked to end.
    std::uint64_t late_packets =
        0;  ///< Packets that were dropped, because their request or operation had ended.

    std::uint64_t wakes_requested =
        0;  ///< Calls of `post_wakeup` and `Waker::wake`, by all threads.
    std::uint64_t wakes_reported = 0;  ///< Waits that returned `woken`.
    /// Requests that found one pending and so cost no kernel call.
    [[nodiscard]] constexpr std::uint64_t wakes_coalesced() const noexcept {
        return wakes_requested - wakes_reported;
    }

    std::uint64_t socket_polls = 0;      ///< WSAPoll calls, re-checks included.
    std::uint64_t port_dequeues = 0;     ///< GetQueuedCompletionStatusEx calls.
    std::uint64_t blocked = 0;           ///< Calls of those two that were allowed to block.
    std::uint64_t spurious_returns = 0;  ///< Blocks that ended early with nothing to report.

    std::uint64_t afd_requests = 0;   ///< Requests to AFD, each for one or more sockets.
    std::uint64_t afd_sockets = 0;    ///< Sockets in all of these together.
    std::uint64_t afd_cancels = 0;    ///< Those that were cancelled.
    std::uint64_t backend_moves = 0;  ///< 1 once `Backend::automatic` has switched to AFD.

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
// A negative std::chrono duration is a deadline that has passed, as for
// std::condition_variable::wait_for. A negative count of milliseconds, as epoll_wait takes it, is
// `Timeout::from_milliseconds(-1)`: without a limit.

#include <chrono>
#include <compare>
#include <cstdint>
#include <ratio>

namespace wakepoll {
inline namespace v0_1 {

class Timeout {
    // Before its use: Clang 14 cannot evaluate it at compile time otherwise.
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
    /// Zero: poll, do not block.
    constexpr Timeout() noexcept = default;

    /// Converts any duration: rounded up to whole nanoseconds, at most `longest()`; negative is
    /// zero.
    template <class Rep, class Period>
    // NOLINTNEXTLINE(google-explicit-constructor): `poller.wait(events, 5ms)` needs no cast.
    constexpr Timeout(std::chrono::duration<Rep, Period> duration) noexcept
        : nanoseconds_(saturate(duration)) {}

    /// Converts the last argument of epoll_wait: any negative number is without a limit.
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

    /// Returns the length of a finite timeout; the longest that there is for an endless one.
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

/// Windows' INFINITE, which no finite wait may become.
inline constexpr std::uint32_t kernel_infinite = 0xFFFFFFFF;

/// The longest finite wait that is passed to the kernel in one call (about 24.8 days: WSAPoll takes
/// a signed number).
inline constexpr std::uint32_t kernel_wait_cap = 0x7FFFFFFF;

/// Converts to whole milliseconds for the kernel: rounded up, at most `kernel_wait_cap`, 0 if not
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

/// The result of a wait. Events and an error can come together: the events were taken before the
/// error occurred, and are valid.
struct WaitResult {
    std::size_t count = 0;         ///< Events written to the front of the span.
    bool woken = false;            ///< A wakeup has come since the last wait that reported one.
    bool timer = false;            ///< The timer of `set_timer` has expired.
    std::error_code error;         ///< Why the wait failed; empty if it did not.
    NativeEvent* first = nullptr;  ///< The first event of the span.

    /// Returns the events: `for (const NativeEvent& event : result.events())`.
    [[nodiscard]] std::span<NativeEvent> events() const noexcept { return {first, count}; }
};

}  // namespace v0_1
}  // namespace wakepoll

// include/wakepoll/waker.hpp
// Wakes a poller from any thread.
//
// A Waker is small, copyable and may outlive its poller: after `dispose` its calls return false. It
// keeps the poller's memory, but not its kernel objects; the memory is freed with the last Waker.


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

    /// Ends the wait in progress, or else the next one, with `woken`.
    ///
    /// Any thread, any number of times: wakes coalesce until a wait reports them. What this thread
    /// wrote before the call is visible to the waiting thread once its wait reports `woken`.
    ///
    /// No kernel call if a wake is pending already or the poller is not parked; one otherwise.
    /// False if the poller is disposed or shut down, or the kernel refuses; then the wait may
    /// continue.
    [[nodiscard]] bool wake() const noexcept;

    /// Shuts the poller down, like `OsPoller::post_shutdown`.
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
// is blocked in `wait` is in force when the call returns. Move or destroy the poller object when no
// other thread uses it; a `Waker` may outlive it.
//
// `create` allocates all memory, in one block. No call throws. A call that can fail returns a
// `Result`, which is true on success; one that fails leaves the tables as they were. After
// `dispose` or a shutdown every call fails with `std::errc::operation_canceled`.

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
    /// `not_supported` for `Backend::afd` if the system has no such device, `not_enough_memory`, or
    /// the kernel's if Winsock, the completion port or that device fails to open.
    [[nodiscard]] static Result<OsPoller> create(const PollerConfig& config = {}) noexcept;

    OsPoller(OsPoller&& other) noexcept;
    OsPoller& operator=(OsPoller&& other) noexcept;
    OsPoller(const OsPoller&) = delete;
    OsPoller& operator=(const OsPoller&) = delete;
    /// Calls `dispose`. While the process ends, as when the static objects of a DLL are destroyed,
    /// it waits for nothing. No other thread may start a call meanwhile.
    ~OsPoller();

    /// Closes the port and everything else that the poller owns; a second call does nothing.
    /// Registered handles are yours and stay open. First ends a wait in progress on another thread,
    /// with `operation_canceled`. An operation that does not end within a second of its cancel, or
    /// that cannot be cancelled (see overlapped.hpp), keeps the poller's memory; `dispose` does not
    /// wait longer.
    void dispose() noexcept;

    /// True until `dispose`. False for a poller that was moved from.
    [[nodiscard]] bool is_valid() const noexcept;

    /// Returns the completion port, for your own packets; invalid after `dispose`. From this call
    /// on every wait polls the port, too, because such packets may come.
    [[nodiscard]] Handle handle() const noexcept;

    /// Returns the number of handles registered for readiness; 0 after `dispose`.
    [[nodiscard]] std::size_t registration_count() const noexcept;

    /// Returns the number of entries of the overlapped pool in use; 0 after `dispose`.
    [[nodiscard]] std::size_t overlapped_count() const noexcept;

    /// Returns the pool of OVERLAPPED entries. After `dispose`, and for a poller that was moved
    /// from, it has no entries.
    [[nodiscard]] OverlappedPool& overlapped_pool() noexcept;

    /// Returns a copy of the counters.
    [[nodiscard]] PollerStats stats() const noexcept;

    /// Returns the backend in use; never `automatic`. A poller created with `automatic` starts with
    /// `wsapoll` and may switch to `afd` later.
    [[nodiscard]] Backend backend() const noexcept;

    /// Registers a handle: each wait reports its readiness, level-triggered, with `user_data`, a
    /// number or a pointer.
    ///
    /// `HandleType` says what each kind of handle reports.
    ///
    /// Errors follow epoll_ctl: `file_exists` (registered already), `no_space_on_device` (all slots
    /// taken), `bad_file_descriptor` (closed, or never a handle), `operation_not_permitted` (a disk
    /// file, a directory, NUL, a mutex, a pipe in PIPE_NOWAIT mode: nothing to wait for),
    /// `invalid_argument` (unknown bits, edge-triggered, or write interest in a handle that is no
    /// socket; an overlapped pipe of another port), `device_or_resource_busy` (operations are in
    /// flight on it), `resource_unavailable_try_again` (no entry of the pool is free),
    /// `permission_denied` (the handle lacks the right to be waited for or read, like the writing
    /// end of a pipe, `errc::write_only_pipe`: only a write detects that its reader is closed),
    /// `not_connected` (a pipe without another end).
    [[nodiscard]] Result<void> register_handle(Handle handle, IoInterest interest,
                                               UserData user_data) noexcept;

    /// Replaces interest and user data, and arms a one-shot registration again. Errors:
    /// `no_such_file_or_directory` (not registered), `bad_file_descriptor` (not registered, and
    /// closed or never a handle), `invalid_argument` as above; with AFD, any error of cancelling a
    /// request.
    [[nodiscard]] Result<void> modify_handle(Handle handle, IoInterest interest,
                                             UserData user_data) noexcept;

    /// Ends the registration of a handle. Call it before you close the handle, because Windows may
    /// reuse the number immediately. The next wait drops a socket that was closed while registered.
    /// With AFD, if a request in flight covered that socket, a new socket with its number can be
    /// registered before that wait. Errors: `no_such_file_or_directory` if the handle is not
    /// registered, `bad_file_descriptor` if it is no open handle either.
    [[nodiscard]] Result<void> unregister_handle(Handle handle) noexcept;

    /// Associates a handle with the port for its life, so that the packets of overlapped calls made
    /// on it come back as events with `data.u64 == key` and `completion` set. Errors:
    /// `invalid_argument` for one of the poller's own keys (0xFFFFFFFA to 0xFFFFFFFE), for a handle
    /// that was not opened for overlapped use, and for one that belongs to a port already;
    /// `no_space_on_device` if all slots are taken.
    ///
    /// The poller itself associates registered pipes and handles with submitted operations. Your
    /// own overlapped calls on such a handle are reported only if their OVERLAPPED is from the
    /// pool: wait for others by their event.
    ///
    /// Each handle that belongs to the port, by this call, a registration or an operation, has
    /// FILE_SKIP_SET_USER_EVENT_ON_FAST_IO: if your own call succeeds immediately, the event in its
    /// OVERLAPPED may stay unset.
    [[nodiscard]] Result<void> associate_handle(Handle handle, UserData key) noexcept;

    /// Attaches a handle, so that each operation submitted on it costs one kernel call instead of
    /// two. You guarantee that the handle stays open while it is attached (attached_handle.hpp).
    /// Errors: those of the operations below, and `file_exists` if it is attached already.
    [[nodiscard]] Result<AttachedHandle> attach(Handle handle) noexcept;

    // Operations: each starts one overlapped call, which a later wait reports in exactly one event.
    // Buffers and errors: see overlapped.hpp. `target` is a handle, or an attached one.

    /// Reads into `buffer`; from a file, at `offset` in bytes. The end of the stream is success
    /// with 0 bytes on a socket, `std::errc::no_message_available` on a file, `broken_pipe` on a
    /// pipe. A message or datagram longer than the buffer is `message_size`, with the buffer
    /// filled. An empty buffer, `{}`, is for a stream socket: the read completes with 0 bytes when
    /// there is data or the end of the stream, and takes nothing, so no buffer is held meanwhile.
    [[nodiscard]] Result<OverlappedEntry*> submit_read(const SubmitTarget& target,
                                                       std::span<std::byte> buffer,
                                                       UserData user_data,
                                                       std::uint64_t offset = 0) noexcept;

    /// Reads from a socket into several buffers, one after the other. `not_supported` for several
    /// buffers on any other handle: pipes and files have no such call. Only the first buffer is
    /// kept in the entry and compared with those of later operations.
    template <class Buffers>
    requires std::convertible_to<const Buffers&, std::span<const IoBuffer>>
    [[nodiscard]] Result<OverlappedEntry*> submit_read(const SubmitTarget& target,
                                                       const Buffers& buffers,
                                                       UserData user_data) noexcept {
        return submit_buffers(target, IoOperation::read, buffers, user_data.number());
    }

    /// Writes `buffer`; to a file, at `offset` in bytes. An empty buffer, `{}`, is allowed only on
    /// a datagram socket and a message pipe. The event has the number of bytes written: all, unless
    /// there was an error.
    [[nodiscard]] Result<OverlappedEntry*> submit_write(const SubmitTarget& target,
                                                        std::span<const std::byte> buffer,
                                                        UserData user_data,
                                                        std::uint64_t offset = 0) noexcept;

    /// Writes several buffers to a socket, like the read above.
    template <class Buffers>
    requires std::convertible_to<const Buffers&, std::span<const IoBuffer>>
    [[nodiscard]] Result<OverlappedEntry*> submit_write(const SubmitTarget& target,
                                                        const Buffers& buffers,
                                                        UserData user_data) noexcept {
        return submit_buffers(target, IoOperation::write, buffers, user_data.number());
    }

    /// Receives a datagram and its sender: `completion->address` is the sender's sockaddr, at the
    /// front of `address`, which has at least `address_size` bytes and belongs to the kernel like
    /// the buffer. Only the buffer is compared with those of later operations. The socket must be
    /// bound.
    [[nodiscard]] Result<OverlappedEntry*> submit_receive_from(const SubmitTarget& target,
                                                               std::span<std::byte> buffer,
                                                               std::span<std::byte> address,
                                                               UserData user_data) noexcept;

    /// Sends a datagram, which may be empty, to `address`, a sockaddr that is needed only during
    /// the call. Binds an unbound socket to a free port.
    [[nodiscard]] Result<OverlappedEntry*> submit_send_to(const SubmitTarget& target,
                                                          std::span<const std::byte> buffer,
                                                          std::span<const std::byte> address,
                                                          UserData user_data) noexcept;

    /// Accepts one connection of a listener. `completion->accepted` is its socket, opened for
    /// overlapped use, not inheritable and in blocking mode; you own it from then on.
    ///
    /// `buffer` receives the addresses of both ends and must have at least `accept_address_size`
    /// bytes (else `invalid_argument`). If it has more, the accept completes only when the first
    /// data has come, which is at the front of the buffer, `completion->bytes` of it.
    [[nodiscard]] Result<OverlappedEntry*> submit_accept(const SubmitTarget& listener,
                                                         std::span<std::byte> buffer,
                                                         UserData user_data) noexcept;

    /// Connects a stream socket to `address`, a sockaddr. Binds an unbound socket to a free port.
    /// The event has `out`.
    [[nodiscard]] Result<OverlappedEntry*> submit_connect(const SubmitTarget& socket,
                                                          std::span<const std::byte> address,
                                                          UserData user_data) noexcept;

    /// Waits until a client has opened this server's end of a named pipe; it may have done so
    /// already. The event has `in`, with `broken_pipe` if the handle is disconnected or the client
    /// has closed its end before: call DisconnectNamedPipe before you wait for the next client.
    [[nodiscard]] Result<OverlappedEntry*> submit_connect_pipe(const SubmitTarget& server,
                                                               UserData user_data) noexcept;

    /// Returns the addresses of a connection, from the completion of its accept and the buffer of
    /// that; both are empty if it failed.
    [[nodiscard]] static AcceptedAddresses accepted_addresses(
        const Completion& completion, std::span<const std::byte> buffer) noexcept;

    /// Cancels an operation in flight. A wait still reports it: as `operation_canceled`, or with
    /// its result if it had completed. A second cancel changes nothing.
    ///
    /// Errors: `invalid_argument` for null and for an entry of another poller,
    /// `no_such_file_or_directory` for one without an operation in flight, because it is idle, done
    /// or released; `bad_file_descriptor` if the handle has been closed. Then the operation ends
    /// when the last handle of the object is closed; if that is a duplicate, cancel by the
    /// duplicate, or close it.
    [[nodiscard]] Result<void> cancel(OverlappedEntry* entry) noexcept;

    /// The same by another handle of the same object. `no_such_file_or_directory` also if the
    /// operation belongs to another object.
    [[nodiscard]] Result<void> cancel(OverlappedEntry* entry, Handle duplicate) noexcept;

    /// Cancels every submitted operation of a handle; `no_such_file_or_directory` if there is none.
    [[nodiscard]] Result<void> cancel(Handle handle) noexcept;

    /// Sets the poller's one timer, and replaces an earlier deadline. The wait in progress at
    /// `deadline`, or else the next one, reports `timer`, once. It is never early, and late by a
    /// fraction of a millisecond if Windows has high-resolution timers (10 1803 and later); the
    /// system's tick is not changed. One kernel call, three for the first and after it has fired.
    /// If it fails, the earlier deadline stays.
    [[nodiscard]] Result<void> set_timer(Clock::time_point deadline) noexcept;

    /// The same for a moment of any other clock, such as std::chrono::steady_clock. One that is
    /// more than a hundred years ahead never comes.
    template <class OtherClock, class Duration>
    [[nodiscard]] Result<void> set_timer(
        std::chrono::time_point<OtherClock, Duration> deadline) noexcept {
        return set_timer(Clock::at(deadline));
    }

    /// Clears the timer; no error if none is set.
    [[nodiscard]] Result<void> clear_timer() noexcept;

    /// Waits until something is ready, a wakeup or the timer comes, or `timeout` expires, and fills
    /// `events` from the front. A finite timeout never ends early. Errors: `invalid_argument` for
    /// an empty span, `device_or_resource_busy` while another thread waits.
    ///
    /// Reports are level-triggered. An event is what the kernel reported of the socket in this wait
    /// or since the last one: if you have taken the data meanwhile, without a report, one report of
    /// it may still come, so use non-blocking sockets. What was reported, modified or unregistered
    /// is never stale. A wakeup alone returns `count` 0 and `woken`; a timeout returns an empty
    /// result.
    ///
    /// The time for which the system sleeps does not count: after a resume a wait in progress
    /// continues for what was left of it, and so does the timer. If that is too late, let the
    /// system notify you (PowerRegisterSuspendResumeNotification) and wake the poller: a wait that
    /// starts then counts the time that has passed.
    ///
    /// If more is ready than fits, the next wait continues where this one stopped.
    [[nodiscard]] WaitResult wait(std::span<NativeEvent> events,
                                  Timeout timeout = wait_forever) noexcept;

    /// Wakes the poller, like `Waker::wake`. The poller must outlive the call; if it may not, use
    /// `waker()`.
    [[nodiscard]] bool post_wakeup() noexcept;

    /// Shuts the poller down from any thread: the wait in progress, and every call after it, fails
    /// with `operation_canceled`. The owner still calls `dispose`. False if the poller is disposed
    /// already or the kernel refuses to end the wait (call again).
    [[nodiscard]] bool post_shutdown() noexcept;

    /// Makes a `Waker` for other threads, which may outlive the poller.
    [[nodiscard]] Waker waker() const noexcept;

    /// Returns the kind of kernel object that a handle refers to, as registration finds it;
    /// `unknown` for any other kind (NUL, a mutex). Error: `bad_file_descriptor` if it is not an
    /// open handle, or a pseudo-handle. Any thread, while Winsock is started, as it is while a
    /// poller exists.
    [[nodiscard]] static Result<HandleType> classify(Handle handle) noexcept;

    /// Translates an event for the portable layer of a loop.
    [[nodiscard]] static constexpr OsEvent translate(const NativeEvent& event) noexcept {
        return {translate_ready(event.events), event.data.u64, event.completion};
    }

    /// Translates a mask into the terms of a loop.
    [[nodiscard]] static constexpr IoReady translate_ready(std::uint32_t events) noexcept {
        return ready_of(events);
    }

private:
    friend class Registration;

    explicit OsPoller(Poller* poller) noexcept : poller_(poller) {}

    [[nodiscard]] Result<OverlappedEntry*> submit_buffer(const SubmitTarget& target,
                                                         IoOperation operation,
                                                         std::span<const std::byte> buffer,
                                                         std::uint64_t user_data,
                                                         std::uint64_t offset) noexcept;
    [[nodiscard]] Result<OverlappedEntry*> submit_buffers(const SubmitTarget& target,
                                                          IoOperation operation,
                                                          std::span<const IoBuffer> buffers,
                                                          std::uint64_t user_data) noexcept;
    /// Why the poller refuses an operation of so many bytes on the target; 0 if it does not.
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

#include <system_error>
#include <utility>


namespace wakepoll {
inline namespace v0_1 {

class OsPoller;

/// Unregisters its handle when it is destroyed, and does not close it. It can be moved and may
/// outlive its poller. Any thread may call `modify`. To move, unregister, release or destroy it, no
/// other thread may use it at that time.
///
/// Destroy it before you close the handle. If you close the handle first, and a new handle gets its
/// number and is registered, that registration stays.
class WAKEPOLL_API Registration {
public:
    /// Registers a handle. Errors: those of `OsPoller::register_handle`.
    [[nodiscard]] static Result<Registration> create(OsPoller& poller, Handle handle,
                                                     IoInterest interest,
                                                     UserData user_data) noexcept;

    /// Refers to nothing.
    Registration() noexcept = default;
    Registration(Registration&& other) noexcept = default;
    Registration& operator=(Registration&& other) noexcept;
    Registration(const Registration&) = delete;
    Registration& operator=(const Registration&) = delete;
    ~Registration();

    /// Replaces interest and user data, like `OsPoller::modify_handle`; `no_such_file_or_directory`
    /// if the registration has ended.
    [[nodiscard]] Result<void> modify(IoInterest interest, UserData user_data) noexcept;

    /// Ends the registration, like the destructor. `no_such_file_or_directory` if it has ended.
    Result<void> unregister() noexcept;

    /// Leaves the handle registered, refers to nothing, and returns the handle.
    Handle release() noexcept { return std::exchange(holder_, {}).handle(); }

    /// Returns the handle; invalid if it refers to nothing.
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

/// Every public name is in this inline namespace. It is part of the symbols, so headers do not link
/// with a library of another minor version.
inline namespace v0_1 {

/// `WAKEPOLL_VERSION`.
inline constexpr std::uint32_t version = WAKEPOLL_VERSION;

}  // namespace v0_1
}  // namespace wakepoll

// include/wakepoll/wakepoll.hpp
// Includes every public C++ header except format.hpp, which needs fmt.

// IWYU pragma: begin_exports
// IWYU pragma: end_exports
