// The input records of a console, on Windows. See console.hpp.
#include "sys/console.hpp"

#include "sys/win32/windows.hpp"

namespace wakepoll::sys {
namespace {

/// A character typed as Alt and a number comes with the release of the Alt key.
[[nodiscard]] bool yields_character(const KEY_EVENT_RECORD& key) noexcept {
    return key.uChar.UnicodeChar != 0 && (key.bKeyDown != FALSE || key.wVirtualKeyCode == VK_MENU);
}

}  // namespace

Result<ConsoleRecord> next_console_record(Handle console) noexcept {
    INPUT_RECORD record = {};
    DWORD count = 0;
    if (::PeekConsoleInputW(console.native(), &record, 1, &count) == FALSE) {
        return last_failure();
    }
    if (count == 0) {
        return ConsoleRecord::none;
    }
    if (record.EventType != KEY_EVENT) {
        return ConsoleRecord::other;
    }
    return yields_character(record.Event.KeyEvent) ? ConsoleRecord::character : ConsoleRecord::key;
}

std::error_code discard_console_record(Handle console) noexcept {
    INPUT_RECORD record = {};
    DWORD count = 0;
    if (::ReadConsoleInputW(console.native(), &record, 1, &count) == FALSE) {
        return last_failure();
    }
    return {};
}

}  // namespace wakepoll::sys
