// The public API under libFuzzer, whose bytes are the choices of a random program.
//
// A broken promise prints its trace and aborts, so that libFuzzer records it; the sanitizers end
// the process anyway.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>

#include "engine.hpp"

using namespace wakepoll::test;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::span<const std::uint8_t> bytes(data, size);
    Tally tally;
    Choices choices = Choices::from_bytes(bytes);
    if (run_program(choices, tally)) {
        Choices again = Choices::from_bytes(bytes);
        const auto broken = run_program(
            again, tally, [](const std::string& lines) { std::fputs(lines.c_str(), stderr); });
        std::fprintf(stderr, "%s\n", broken.value_or("it does not happen again").c_str());
        std::abort();
    }
    return 0;
}
