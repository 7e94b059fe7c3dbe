// Errors: a category for Windows' numbers, one for what wakepoll itself refuses, and a Result.
//
// Both map to std::errc. Compare with conditions (`error == std::errc::bad_file_descriptor`) or, if
// the reason matters, with an `errc`; never with message texts.
//
// Win32 and Winsock share a number space, so one category serves both. std::system_category is not
// used: with libstdc++ 12 on Windows, 10035, 10061, 258 and 995 compare unequal to their errc.
//
// Everything here may be used from any thread.
#pragma once

#include <cassert>
#include <cstdint>
#include <system_error>
#include <type_traits>
#include <utility>
#include <variant>

#include "wakepoll/export.h"

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
