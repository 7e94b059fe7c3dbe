// How a function of the C face fails: it sets `errno` and the last error, and returns -1.
#pragma once

#include <cstdint>
#include <system_error>

#include "wakepoll/handle.hpp"

namespace wakepoll::epoll_errors {

int fail(int number, std::uint32_t code) noexcept;
int fail(std::error_code error) noexcept;

/// Fails ADD: ENOTSOCK for a handle that cannot be waited for, but EPERM for a disk file.
int fail_to_add(Handle handle, std::error_code error) noexcept;
/// Fails with EBADF for a number that is no handle, and with EINVAL for another handle.
int fail_for(Handle handle) noexcept;
int fail_for_null() noexcept;

/// `bad_file_descriptor` for a number that is no handle, `invalid_argument` for another handle.
[[nodiscard]] std::error_code not_suitable(Handle handle) noexcept;

}  // namespace wakepoll::epoll_errors
