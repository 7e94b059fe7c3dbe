// The input records of a console, on Windows. See console.hpp.
#include "sys/console.hpp"

#include "sys/win32/windows.hpp"

namespace wakepoll::sys {

Result<ConsoleRecord> next_console_record(Handle console) noexcept {
    INPUT_RECORD record = {};
    DWORD count = 0;
    if (::PeekConsoleInputW(console.native(), &record, 1, &count) == FALSE) {
        return last_failure();
    }
    if (count == 0) {
        return ConsoleRecord::none;
    }
    return record.EventType == KEY_EVENT ? ConsoleRecord::key : ConsoleRecord::other;
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
