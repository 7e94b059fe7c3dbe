// Instructions that the library itself takes for an operation, without the kernel.
//
// Run it under callgrind, as tools/lib/costs.sh does; callgrind writes a file about each entry, and
// tools/lib/costs.py adds up what belongs to the library. This program prints the compiler that it
// was built with, because the instructions depend on it, and then the entries in the order of those
// files, one per line: name, operations, events per operation. An argument restricts it to the
// entries whose name contains it.
#include <cstdio>
#include <exception>
#include <string>

#include "measure.hpp"

namespace {

#if defined(__clang__)
constexpr const char* compiler = "clang++ " __VERSION__;
#elif defined(__GNUC__)
constexpr const char* compiler = "g++ " __VERSION__;
#else
constexpr const char* compiler = "a compiler without a name";
#endif

#if defined(__x86_64__)
constexpr const char* processor = "x86-64";
#elif defined(__aarch64__)
constexpr const char* processor = "aarch64";
#else
constexpr const char* processor = "another processor";
#endif

}  // namespace

int main(int count, char** arguments) {
    using namespace wakepoll::costs;
    try {
        Measurement measurement(count > 1 ? arguments[1] : "");
        measure_waits(measurement);
        measure_wakes(measurement);
        measure_registrations(measurement);
        measure_operations(measurement);
        measure_creates(measurement);
        measure_epoll(measurement);
        std::printf("%s for %s\n", compiler, processor);
        for (const Entry& entry : measurement.entries()) {
            std::printf("%s %zu %zu\n", entry.name.c_str(), entry.operations, entry.events);
        }
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "own-costs: %s\n", failure.what());
        return 1;
    }
}
