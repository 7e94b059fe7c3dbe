// Kernel calls of an operation, for every scenario of the benchmarks, counted by the simulated
// kernel. The same on every machine; --json for programs to read.
#include <cstdio>
#include <cstring>
#include <exception>

#include "counts.hpp"

int main(int count, char** arguments) {
    using namespace wakepoll::costs;
    const bool json = count == 2 && std::strcmp(arguments[1], "--json") == 0;
    if (count > 1 && !json) {
        std::fputs("usage: kernel-calls [--json]\n", stderr);
        return 2;
    }
    try {
        Counts counts;
        count_wakes(counts);
        count_readiness(counts);
        count_waits(counts);
        count_registrations(counts);
        count_echoes(counts);
        count_operations(counts);
        json ? counts.print_json() : counts.print_text();
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "kernel-calls: %s\n", failure.what());
        return 1;
    }
}
