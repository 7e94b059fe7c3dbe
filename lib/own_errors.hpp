// The errors that wakepoll itself returns, as the Win32 code that means the same.
//
// Each compares equal to the errc in its name (the table is in lib/error.cpp).
#pragma once

#include <system_error>

#include "wakepoll/error.hpp"

namespace wakepoll::own_errors {

[[nodiscard]] inline std::error_code bad_file_descriptor() noexcept {
    return win32_error(6);  // ERROR_INVALID_HANDLE
}
[[nodiscard]] inline std::error_code not_enough_memory() noexcept {
    return win32_error(8);  // ERROR_NOT_ENOUGH_MEMORY
}
[[nodiscard]] inline std::error_code not_supported() noexcept {
    return win32_error(50);  // ERROR_NOT_SUPPORTED
}
[[nodiscard]] inline std::error_code invalid_argument() noexcept {
    return win32_error(87);  // ERROR_INVALID_PARAMETER
}
[[nodiscard]] inline std::error_code no_space_on_device() noexcept {
    return win32_error(112);  // ERROR_DISK_FULL
}
[[nodiscard]] inline std::error_code device_or_resource_busy() noexcept {
    return win32_error(170);  // ERROR_BUSY
}
[[nodiscard]] inline std::error_code file_exists() noexcept {
    return win32_error(183);  // ERROR_ALREADY_EXISTS
}
[[nodiscard]] inline std::error_code operation_canceled() noexcept {
    return win32_error(995);  // ERROR_OPERATION_ABORTED
}
[[nodiscard]] inline std::error_code no_such_file_or_directory() noexcept {
    return win32_error(1168);  // ERROR_NOT_FOUND
}
[[nodiscard]] inline std::error_code resource_unavailable_try_again() noexcept {
    return win32_error(1237);  // ERROR_RETRY
}
[[nodiscard]] inline std::error_code not_connected() noexcept {
    return win32_error(2250);  // ERROR_NOT_CONNECTED
}
[[nodiscard]] inline std::error_code operation_not_permitted() noexcept {
    return win32_error(4317);  // ERROR_INVALID_OPERATION
}

}  // namespace wakepoll::own_errors
