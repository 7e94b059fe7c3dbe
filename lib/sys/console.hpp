// sys: the input records of a console.
#pragma once

#include <cstdint>

#include "wakepoll/error.hpp"
#include "wakepoll/handle.hpp"

namespace wakepoll::sys {

enum class ConsoleRecord : std::uint8_t {
    none,       ///< The input buffer is empty.
    character,  ///< A key that yields one: pressed, or the Alt key released after a number.
    key,        ///< Any other key, or a release: ReadFile and ReadConsole skip it.
    other,      ///< The mouse, the focus, a menu or the window size.
};

/// PeekConsoleInputW of one record: the type of the next record. Error 6 if the handle is not
/// (or no longer) the input of a console.
[[nodiscard]] Result<ConsoleRecord> next_console_record(Handle console) noexcept;

/// ReadConsoleInputW: removes one record, which must be there.
[[nodiscard]] std::error_code discard_console_record(Handle console) noexcept;

}  // namespace wakepoll::sys
