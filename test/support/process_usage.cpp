// The calls that ask for it; nothing is kept between two of them.
#include "support/process_usage.hpp"

#include "support/win32_objects.hpp"
// After windows.h.
#include <psapi.h>
#include <winternl.h>

#include <cstddef>
#include <cstring>
#include <vector>

namespace wakepoll::test {
namespace {

// SystemExtendedHandleInformation and what it gives: every handle of every process.
constexpr ULONG all_handles = 64;
struct HandleOfProcess {
    void* object;
    ULONG_PTR process;
    ULONG_PTR handle;
    ULONG access;
    USHORT back_trace;
    USHORT type;
    ULONG attributes;
    ULONG reserved;
};
struct HandleList {
    ULONG_PTR count;
    ULONG_PTR reserved;
    // As many of the above follow.
};

// NtQuerySystemInformation, whose declaration has an enumeration without that class.
using SystemQuery = NTSTATUS(NTAPI*)(ULONG, void*, ULONG, ULONG*);

SystemQuery system_query() {
    const FARPROC found =
        ::GetProcAddress(::GetModuleHandleW(L"ntdll.dll"), "NtQuerySystemInformation");
    if (found == nullptr) {
        fail("GetProcAddress");
    }
    return reinterpret_cast<SystemQuery>(reinterpret_cast<void (*)()>(found));
}

// GetProcessHandleCount says 0 of every process on Wine 8, where this list is right; where there
// are more programs, it is long.
std::uint64_t count_of_listed_handles() {
    constexpr auto too_small = static_cast<NTSTATUS>(0xC0000004);
    std::vector<std::byte> list(std::size_t{1} << 18U);
    const SystemQuery query = system_query();
    ULONG size = 0;
    NTSTATUS status = too_small;
    while ((status = query(all_handles, list.data(), static_cast<ULONG>(list.size()), &size)) ==
           too_small) {
        list.resize(list.size() * 2);
    }
    if (status != 0) {
        fail("NtQuerySystemInformation", static_cast<DWORD>(status));
    }
    HandleList head = {};
    std::memcpy(&head, list.data(), sizeof(head));
    std::uint64_t own = 0;
    for (ULONG_PTR i = 0; i < head.count; ++i) {
        HandleOfProcess one = {};
        std::memcpy(&one, list.data() + sizeof(head) + i * sizeof(one), sizeof(one));
        own += one.process == ::GetCurrentProcessId() ? 1U : 0U;
    }
    return own;
}

std::uint64_t count_of_handles() {
    DWORD handles = 0;
    if (::GetProcessHandleCount(::GetCurrentProcess(), &handles) == FALSE) {
        fail("GetProcessHandleCount");
    }
    return handles != 0 ? handles : count_of_listed_handles();
}

std::uint64_t private_bytes() {
    PROCESS_MEMORY_COUNTERS_EX counters = {};
    counters.cb = sizeof(counters);
    if (::GetProcessMemoryInfo(::GetCurrentProcess(),
                               reinterpret_cast<PROCESS_MEMORY_COUNTERS*>(&counters),
                               sizeof(counters)) == FALSE) {
        fail("GetProcessMemoryInfo");
    }
    // Two names of one figure, of which Wine 8 fills in the second alone.
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
    // The list is itself in one of them, as often as this is asked.
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
