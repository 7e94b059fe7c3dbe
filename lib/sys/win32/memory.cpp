#include "sys/memory.hpp"

#include "sys/win32/windows.hpp"

namespace wakepoll::sys {

void* allocate_zeroed(std::size_t size) noexcept {
    return ::VirtualAlloc(nullptr, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
}

void free_zeroed(void* block, std::size_t /*size*/) noexcept {
    ::VirtualFree(block, 0, MEM_RELEASE);
}

}  // namespace wakepoll::sys
