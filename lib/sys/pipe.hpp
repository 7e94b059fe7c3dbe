// sys: what can be read from a pipe just now, and how.
#pragma once

#include <cstdint>

#include "wakepoll/error.hpp"
#include "wakepoll/handle.hpp"

namespace wakepoll::sys {

/// PeekNamedPipe: the bytes that a read would find. ERROR_BROKEN_PIPE (109) once the other end is
/// gone and all was read, ERROR_ACCESS_DENIED (5) for an end that can not be read from. On a
/// synchronous pipe it waits for a read that another thread has begun on the same handle.
[[nodiscard]] Result<std::uint32_t> readable_bytes(Handle pipe) noexcept;

/// GetNamedPipeInfo: the pipe keeps messages apart, so there can be one of no bytes. False where it
/// can not be asked.
[[nodiscard]] bool carries_messages(Handle pipe) noexcept;

/// GetNamedPipeHandleState: false in the mode PIPE_NOWAIT, in which a read that finds nothing fails
/// at once (232, ERROR_NO_DATA). True where it cannot be asked.
[[nodiscard]] bool reads_wait(Handle pipe) noexcept;

}  // namespace wakepoll::sys
