// sys: what the kernel reports of a handle, one query per function.
//
// lib/poller/classify.cpp combines the answers. None of these calls changes anything.
#pragma once

#include <cstdint>

#include "wakepoll/error.hpp"
#include "wakepoll/handle.hpp"

namespace wakepoll::sys {

/// GetFileType's answers.
enum class FileType : std::uint8_t { unknown = 0, disk = 1, character = 2, pipe = 3 };

/// GetFileType. ERROR_INVALID_HANDLE (6) for what is not a file-like handle, such as an event;
/// `unknown` without an error if the kernel itself does not know.
[[nodiscard]] Result<FileType> file_type(Handle handle) noexcept;

/// True if GetConsoleMode succeeds.
[[nodiscard]] bool is_console(Handle handle) noexcept;

/// True if GetNamedPipeInfo succeeds, lacks the access right, or reports that the server has
/// disconnected the pipe. (Anonymous pipes are named pipes underneath.)
[[nodiscard]] bool is_pipe(Handle handle) noexcept;

/// The type of a kernel object that is not file-like, by NtQueryObject's type name: event, process,
/// thread, semaphore or timer; `unknown` for any other type; ERROR_INVALID_HANDLE (6) if the
/// number is not a handle.
[[nodiscard]] Result<HandleType> object_type(Handle handle) noexcept;

/// GetHandleInformation: whether CloseHandle is refused. False for a number that is not a handle.
[[nodiscard]] bool is_protected(Handle handle) noexcept;

}  // namespace wakepoll::sys
