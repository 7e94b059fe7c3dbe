// What the kernel reports of a handle, on Windows. See handle_info.hpp.
#include "sys/handle_info.hpp"

#include <string_view>

#include "sys/win32/windows.hpp"

namespace wakepoll::sys {
namespace {

static_assert(static_cast<DWORD>(FileType::unknown) == FILE_TYPE_UNKNOWN);
static_assert(static_cast<DWORD>(FileType::disk) == FILE_TYPE_DISK);
static_assert(static_cast<DWORD>(FileType::character) == FILE_TYPE_CHAR);
static_assert(static_cast<DWORD>(FileType::pipe) == FILE_TYPE_PIPE);
static_assert(static_cast<int>(ObjectTypeInformation) == 2);

struct NamedType {
    std::wstring_view name;
    HandleType type;
};

constexpr NamedType named_types[] = {
    {L"Event", HandleType::event},
    {L"Process", HandleType::process},
    {L"Thread", HandleType::thread},
    {L"Semaphore", HandleType::semaphore},
    {L"Timer", HandleType::timer},
    {L"IRTimer", HandleType::timer},  // A timer made with CREATE_WAITABLE_TIMER_HIGH_RESOLUTION.
};

/// NtQueryObject puts the characters of the name behind the structure. The longest type name in
/// Windows has some 30 characters.
struct TypeInformation {
    PUBLIC_OBJECT_TYPE_INFORMATION header;
    wchar_t name[128];
};

}  // namespace

Result<FileType> file_type(Handle handle) noexcept {
    // GetFileType does not set the last error if it succeeds with "unknown".
    ::SetLastError(NO_ERROR);
    const DWORD type = ::GetFileType(handle.native());
    if (type == FILE_TYPE_UNKNOWN) {
        const DWORD code = ::GetLastError();
        if (code != NO_ERROR) {
            return failure(code);
        }
    }
    switch (type & ~static_cast<DWORD>(FILE_TYPE_REMOTE)) {
        case FILE_TYPE_DISK:
            return FileType::disk;
        case FILE_TYPE_CHAR:
            return FileType::character;
        case FILE_TYPE_PIPE:
            return FileType::pipe;
        default:
            return FileType::unknown;
    }
}

bool is_console(Handle handle) noexcept {
    DWORD mode = 0;
    return ::GetConsoleMode(handle.native(), &mode) != FALSE;
}

bool is_pipe(Handle handle) noexcept {
    if (::GetNamedPipeInfo(handle.native(), nullptr, nullptr, nullptr, nullptr) != FALSE) {
        return true;
    }
    // The query is denied for a write-only pipe and fails for one that its server has disconnected.
    // Both errors identify a pipe, too.
    const DWORD code = ::GetLastError();
    return code == ERROR_ACCESS_DENIED || code == ERROR_PIPE_NOT_CONNECTED;
}

Result<HandleType> object_type(Handle handle) noexcept {
    TypeInformation information = {};
    const NTSTATUS status = ::NtQueryObject(handle.native(), ObjectTypeInformation, &information,
                                            sizeof(information), nullptr);
    if (!NT_SUCCESS(status)) {
        return failure(::RtlNtStatusToDosError(status));
    }
    const UNICODE_STRING& text = information.header.TypeName;
    const std::wstring_view name(text.Buffer, text.Length / sizeof(wchar_t));
    for (const NamedType& row : named_types) {
        if (row.name == name) {
            return row.type;
        }
    }
    return HandleType::unknown;
}

bool is_protected(Handle handle) noexcept {
    DWORD flags = 0;
    return ::GetHandleInformation(handle.native(), &flags) != FALSE &&
           (flags & HANDLE_FLAG_PROTECT_FROM_CLOSE) != 0;
}

}  // namespace wakepoll::sys
