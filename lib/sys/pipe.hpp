// sys: what can be read from a pipe now, and how.
#pragma once

#include <cstdint>

#include "wakepoll/error.hpp"
#include "wakepoll/handle.hpp"

namespace wakepoll::sys {

/// PeekNamedPipe: the number of bytes that a read would find. ERROR_BROKEN_PIPE (109) once the
/// other end is gone and everything was read, ERROR_ACCESS_DENIED (5) for an end without read
/// access. On a synchronous pipe it blocks while another thread reads from the same file.
[[nodiscard]] Result<std::uint32_t> readable_bytes(Handle pipe) noexcept;

/// GetNamedPipeInfo: whether the pipe carries messages, so that there can be an empty one. False
/// if the query fails.
[[nodiscard]] bool carries_messages(Handle pipe) noexcept;

/// GetNamedPipeHandleState: false in the mode PIPE_NOWAIT, in which a read that finds nothing fails
/// at once (232, ERROR_NO_DATA). True if the query fails.
[[nodiscard]] bool reads_wait(Handle pipe) noexcept;

}  // namespace wakepoll::sys
