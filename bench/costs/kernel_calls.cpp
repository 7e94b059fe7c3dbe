// Kernel calls of an operation, for every scenario of the benchmarks and every pattern of activity,
// counted by the simulated kernel. The same on every machine; --json for programs to read.
#include <cstdio>
#include <cstring>
#include <exception>

#include "counts.hpp"
#include "patterns.hpp"

int main(int count, char** arguments) {
    using namespace wakepoll::costs;
    const bool json = count == 2 && std::strcmp(arguments[1], "--json") == 0;
    const bool some = count == 3 && std::strcmp(arguments[1], "--patterns") == 0;
    if (count > 1 && !json && !some) {
        std::fputs(
            "usage: kernel-calls [--json]\n"
            "       kernel-calls --patterns TEXT    those whose name contains it\n",
            stderr);
        return 2;
    }
    try {
        Patterns patterns;
        if (some) {
            patterns.play(arguments[2]);
            patterns.print_text();
            return 0;
        }
        Counts counts;
        count_wakes(counts);
        count_readiness(counts);
        count_waits(counts);
        count_registrations(counts);
        count_changes(counts);
        count_epoll(counts);
        count_echoes(counts);
        count_operations(counts);
        patterns.play("");
        if (json) {
            std::printf("{\"counts\": ");
            counts.print_json();
            std::printf(",\n\"patterns\": ");
            patterns.print_json();
            std::printf("}\n");
        } else {
            counts.print_text();
            std::printf("\n");
            patterns.print_text();
        }
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "kernel-calls: %s\n", failure.what());
        return 1;
    }
}
