// What this process holds of the system: handles, memory and processor time, on Windows.
//
// For tests that compare two moments, on any thread. The measures of memory differ in what they
// include. The heap totals are exact: every block that HeapAlloc, malloc or new has allocated and
// that is not freed, in every heap of the process, including those of the system's own libraries.
// Committed memory is what heaps and others took from the system in pages: exact too, but it
// includes what a heap holds in reserve. `private_bytes` is the system's own figure. On Wine 8 that
// is how much of the process is in the machine's memory now (RssAnon and VmSwap of /proc), with
// Wine's own allocations, so it changes while nothing is allocated: for people, not for
// comparisons.
#pragma once

#include <chrono>
#include <cstdint>
#include <ostream>

namespace wakepoll::test {

struct ProcessUsage {
    std::uint64_t handles = 0;
    std::uint64_t heap_blocks = 0;
    std::uint64_t heap_bytes = 0;
    std::uint64_t committed_bytes = 0;  ///< Private pages, by VirtualQuery.
    std::uint64_t private_bytes = 0;    ///< PROCESS_MEMORY_COUNTERS_EX.PrivateUsage.
};

/// Throws std::runtime_error if a query fails.
[[nodiscard]] ProcessUsage usage_of_this_process();

/// Of all threads, in user and kernel mode, since the process began.
[[nodiscard]] std::chrono::nanoseconds processor_time_of_this_process();

inline std::ostream& operator<<(std::ostream& out, const ProcessUsage& usage) {
    return out << usage.handles << " handles, " << usage.heap_blocks << " blocks of "
               << usage.heap_bytes << " bytes in the heaps, " << usage.committed_bytes
               << " bytes committed, " << usage.private_bytes << " private bytes";
}

}  // namespace wakepoll::test
