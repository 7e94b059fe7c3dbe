// What can be read from a pipe, on Windows. See pipe.hpp.
#include "sys/pipe.hpp"

#include "sys/win32/windows.hpp"

namespace wakepoll::sys {

Result<std::uint32_t> readable_bytes(Handle pipe) noexcept {
    DWORD available = 0;
    if (::PeekNamedPipe(pipe.native(), nullptr, 0, nullptr, &available, nullptr) == FALSE) {
        return last_failure();
    }
    return std::uint32_t{available};
}

bool carries_messages(Handle pipe) noexcept {
    DWORD flags = 0;
    return ::GetNamedPipeInfo(pipe.native(), &flags, nullptr, nullptr, nullptr) != FALSE &&
           (flags & PIPE_TYPE_MESSAGE) != 0;
}

bool reads_wait(Handle pipe) noexcept {
    DWORD state = 0;
    return ::GetNamedPipeHandleStateW(pipe.native(), &state, nullptr, nullptr, nullptr, nullptr,
                                      0) == FALSE ||
           (state & PIPE_NOWAIT) == 0;
}

}  // namespace wakepoll::sys
