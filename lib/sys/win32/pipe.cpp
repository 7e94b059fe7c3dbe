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

}  // namespace wakepoll::sys
