// sys: what the kernel says a handle is, one question a function.
//
// The answers are put together in lib/classify.cpp. None of these calls changes anything.
#pragma once

#include <cstdint>

#include "wakepoll/error.hpp"
#include "wakepoll/handle.hpp"

namespace wakepoll::sys {

/// GetFileType's answers.
enum class FileType : std::uint8_t { unknown = 0, disk = 1, character = 2, pipe = 3 };

/// GetFileType. An error (6, ERROR_INVALID_HANDLE) for what is not a file-like handle, an event for
/// instance; `unknown` without an error where the kernel itself does not know.
[[nodiscard]] Result<FileType> file_type(Handle handle) noexcept;

/// GetConsoleMode succeeds.
[[nodiscard]] bool is_console(Handle handle) noexcept;

/// GetNamedPipeInfo succeeds, lacks the right to ask, or says that the server has disconnected the
/// pipe. (Anonymous pipes are named pipes underneath.)
[[nodiscard]] bool is_pipe(Handle handle) noexcept;

/// The type of a kernel object that is not file-like, by NtQueryObject's type name: event, process,
/// thread, semaphore or timer; `unknown` for any other type; ERROR_INVALID_HANDLE (6) where the
/// number is no handle at all.
[[nodiscard]] Result<HandleType> object_type(Handle handle) noexcept;

}  // namespace wakepoll::sys
