// The queries; nothing is kept between two of them.
#include "support/process_usage.hpp"

#include "support/win32_objects.hpp"
// After windows.h.
#include <psapi.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace wakepoll::test {
namespace {

// On Wine 8 GetProcessHandleCount returns 0 for every process. The list of all handles of the
// system has the right number there, but Wine's server crashes on that query while a program
// starts. So each number is queried: they are multiples of 4, and the lowest free one is given out
// first.
std::uint64_t count_of_open_numbers() {
    constexpr std::uintptr_t gap = std::uintptr_t{4} * 1024;
    std::uint64_t open = 0;
    std::uintptr_t last = 0;
    for (std::uintptr_t number = 4; number <= last + gap; number += 4) {
        DWORD flags = 0;
        if (::GetHandleInformation(reinterpret_cast<HANDLE>(number), &flags) != FALSE) {
            ++open;
            last = number;
        }
    }
    return open;
}

std::uint64_t count_of_handles() {
    DWORD handles = 0;
    if (::GetProcessHandleCount(::GetCurrentProcess(), &handles) == FALSE) {
        fail("GetProcessHandleCount");
    }
    return handles != 0 ? handles : count_of_open_numbers();
}

std::uint64_t private_bytes() {
    PROCESS_MEMORY_COUNTERS_EX counters = {};
    counters.cb = sizeof(counters);
    if (::GetProcessMemoryInfo(::GetCurrentProcess(),
                               reinterpret_cast<PROCESS_MEMORY_COUNTERS*>(&counters),
                               sizeof(counters)) == FALSE) {
        fail("GetProcessMemoryInfo");
    }
    // Two names of one figure; Wine 8 fills in only the second.
    return counters.PrivateUsage != 0 ? counters.PrivateUsage : counters.PagefileUsage;
}

std::vector<HANDLE> heaps_of_this_process() {
    std::vector<HANDLE> heaps(64);
    for (;;) {
        const DWORD count = ::GetProcessHeaps(static_cast<DWORD>(heaps.size()), heaps.data());
        if (count == 0) {
            fail("GetProcessHeaps");
        }
        if (count <= heaps.size()) {
            heaps.resize(count);
            return heaps;
        }
        heaps.resize(count);
    }
}

void add_heap(HANDLE heap, ProcessUsage& usage) {
    if (::HeapLock(heap) == FALSE) {
        fail("HeapLock");
    }
    PROCESS_HEAP_ENTRY entry = {};
    while (::HeapWalk(heap, &entry) != FALSE) {
        if ((entry.wFlags & PROCESS_HEAP_ENTRY_BUSY) != 0) {
            ++usage.heap_blocks;
            usage.heap_bytes += entry.cbData;
        }
    }
    const DWORD end = ::GetLastError();
    ::HeapUnlock(heap);
    if (end != ERROR_NO_MORE_ITEMS) {
        fail("HeapWalk", end);
    }
}

std::uint64_t committed_private_bytes() {
    std::uint64_t bytes = 0;
    MEMORY_BASIC_INFORMATION region = {};
    const char* address = nullptr;
    while (::VirtualQuery(address, &region, sizeof(region)) != 0) {
        if (region.State == MEM_COMMIT && region.Type == MEM_PRIVATE) {
            bytes += region.RegionSize;
        }
        address = static_cast<const char*>(region.BaseAddress) + region.RegionSize;
    }
    return bytes;
}

std::uint64_t hundred_nanoseconds(const FILETIME& time) {
    return (std::uint64_t{time.dwHighDateTime} << 32U) | time.dwLowDateTime;
}

}  // namespace

ProcessUsage usage_of_this_process() {
    ProcessUsage usage;
    usage.handles = count_of_handles();
    usage.private_bytes = private_bytes();
    usage.committed_bytes = committed_private_bytes();
    // The list itself is in one of the heaps, in every query.
    for (const HANDLE heap : heaps_of_this_process()) {
        add_heap(heap, usage);
    }
    return usage;
}

std::chrono::nanoseconds processor_time_of_this_process() {
    FILETIME created;
    FILETIME ended;
    FILETIME kernel;
    FILETIME user;
    if (::GetProcessTimes(::GetCurrentProcess(), &created, &ended, &kernel, &user) == FALSE) {
        fail("GetProcessTimes");
    }
    return std::chrono::nanoseconds((hundred_nanoseconds(kernel) + hundred_nanoseconds(user)) *
                                    100);
}

}  // namespace wakepoll::test
