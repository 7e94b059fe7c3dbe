// Windows' codes where wakepoll itself reports what Windows would: how an operation ended, and the
// errors of the C face. What wakepoll refuses in C++ is an `errc` (wakepoll/error.hpp).
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
[[nodiscard]] inline std::error_code invalid_argument() noexcept {
    return win32_error(87);  // ERROR_INVALID_PARAMETER
}
[[nodiscard]] inline std::error_code operation_canceled() noexcept {
    return win32_error(995);  // ERROR_OPERATION_ABORTED
}

}  // namespace wakepoll::own_errors
