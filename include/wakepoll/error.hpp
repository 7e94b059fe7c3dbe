// Errors: one category for Windows' numbers, one table to std::errc, and a Result.
//
// Win32 and Winsock share a number space, so one category serves both. std::system_category is not
// used: with libstdc++ 12 on Windows, 10035, 10061, 258 and 995 compare unequal to their errc.
// Compare with conditions (`error == std::errc::bad_file_descriptor`), never with message texts.
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

/// The category of every error that wakepoll returns. Values are Win32 or Winsock codes; messages
/// are wakepoll's own and do not depend on the system's language. Its `default_error_condition` is
/// the table in lib/error.cpp.
[[nodiscard]] WAKEPOLL_API const std::error_category& win32_category() noexcept;

/// An error of `win32_category()` from what GetLastError() or WSAGetLastError() gave; 0 is success.
[[nodiscard]] inline std::error_code win32_error(std::uint32_t code) noexcept {
    return {static_cast<int>(code), win32_category()};
}

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

    /// What `next` makes of the value, which is another Result; the error where there is none.
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

}  // namespace wakepoll
