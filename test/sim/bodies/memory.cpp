// sys/memory.hpp over the simulated kernel: calloc, whose large blocks take no memory before they
// are touched either.
#include "sys/memory.hpp"

#include <atomic>
#include <cstdint>
#include <cstdlib>

#include "../memory.hpp"
#include "../status.hpp"
#include "../syscall.hpp"

namespace wakepoll {
namespace sys {
namespace {

constexpr std::size_t page = 4096;

std::atomic<std::size_t> blocks = 0;
std::atomic<std::size_t> bytes = 0;

}  // namespace

void* allocate_zeroed(std::size_t size) noexcept {
    sim::Syscall call(sim::Call::memory_allocate, size);
    if (call.fault() != 0) {
        static_cast<void>(call.fail(call.fault()));
        return nullptr;
    }
    // The address from calloc is stored before the block.
    void* const memory = std::calloc(1, size + page + sizeof(void*));
    if (memory == nullptr) {
        return nullptr;
    }
    ++blocks;
    bytes += size;
    const auto first = reinterpret_cast<std::uintptr_t>(memory) + sizeof(void*);
    const std::uintptr_t aligned = (first + page - 1) / page * page;
    reinterpret_cast<void**>(aligned)[-1] = memory;
    return reinterpret_cast<void*>(aligned);
}

void free_zeroed(void* block, std::size_t size) noexcept {
    --blocks;
    bytes -= size;
    std::free(static_cast<void**>(block)[-1]);
}

}  // namespace sys

sim::Blocks sim::blocks_in_use() noexcept { return {sys::blocks, sys::bytes}; }

}  // namespace wakepoll
