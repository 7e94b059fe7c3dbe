// sys: the one block of memory that a poller lives in.
//
// Zeroed, and backed by memory only where it is touched, so a large capacity costs address space
// and commit charge, but no memory and no time.
#pragma once

#include <cstddef>

namespace wakepoll::sys {

/// VirtualAlloc(MEM_RESERVE | MEM_COMMIT) of at least `size` zeroed bytes, aligned to at least a
/// page; null if there is not enough memory.
[[nodiscard]] void* allocate_zeroed(std::size_t size) noexcept;

/// VirtualFree of such a block.
void free_zeroed(void* block, std::size_t size) noexcept;

}  // namespace wakepoll::sys
