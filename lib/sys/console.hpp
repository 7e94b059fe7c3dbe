// sys: the input records of a console.
#pragma once

#include <cstdint>

#include "wakepoll/error.hpp"
#include "wakepoll/handle.hpp"

namespace wakepoll::sys {

enum class ConsoleRecord : std::uint8_t {
    none,       ///< The input buffer is empty.
    character,  ///< A key that yields one: pressed, or the Alt key let go after a number.
    key,        ///< Any other key, or one that was let go: ReadFile and ReadConsole skip it.
    other,      ///< The mouse, the focus, a menu or the size of the window.
};

/// PeekConsoleInputW of one record: what the next one is. Error 6 where the handle is not (or no
/// longer) the input of a console.
[[nodiscard]] Result<ConsoleRecord> next_console_record(Handle console) noexcept;

/// ReadConsoleInputW of one record, which must be there: it is gone then.
[[nodiscard]] std::error_code discard_console_record(Handle console) noexcept;

}  // namespace wakepoll::sys
