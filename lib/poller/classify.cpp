// See classify.hpp. Error codes are numbers because this file is also built without <windows.h>.
#include "poller/classify.hpp"

#include <cstdint>

#include "sys/handle_info.hpp"
#include "sys/socket.hpp"

namespace wakepoll {
namespace {

constexpr std::uint32_t invalid_handle = 6;  // ERROR_INVALID_HANDLE
constexpr int not_a_socket = 10038;          // WSAENOTSOCK

}  // namespace

Result<HandleType> classify(Handle handle) noexcept {
    // First, because the calls below interpret such numbers as special handles.
    if (!can_be_dealt(handle)) {
        return win32_error(invalid_handle);
    }
    // Before GetFileType, which calls a socket a pipe.
    const Result<sys::SocketKind> kind = sys::socket_kind(handle);
    if (kind) {
        return HandleType::socket;
    }
    if (kind.error().value() != not_a_socket) {
        return kind.error();
    }
    const Result<sys::FileType> type = sys::file_type(handle);
    if (type) {
        switch (*type) {
            case sys::FileType::disk:
                return HandleType::file;
            case sys::FileType::character:
                return sys::is_console(handle) ? HandleType::console : HandleType::unknown;
            case sys::FileType::pipe:
                return sys::is_pipe(handle) ? HandleType::pipe : HandleType::unknown;
            case sys::FileType::unknown:
                break;
        }
    }
    // Not file-like, or not a handle at all: this call distinguishes the two.
    const Result<HandleType> object = sys::object_type(handle);
    const bool could_be_file = !type && type.error().value() != static_cast<int>(invalid_handle);
    if (could_be_file && object && *object == HandleType::unknown) {
        return type.error();
    }
    return object;
}

bool is_open(Handle handle) noexcept {
    if (!can_be_dealt(handle)) {
        return false;
    }
    const Result<HandleType> object = sys::object_type(handle);
    return object || object.error().value() != static_cast<int>(invalid_handle);
}

}  // namespace wakepoll
