// The parts of a fuzz target: the bytes of the input, read as choices, and a check that ends the
// program.
//
// A target is one file with one function, `LLVMFuzzerTestOneInput`. It derives choices from the
// bytes, plays them on a part of the library and on an obviously correct model of it, and compares
// the two after each step. libFuzzer searches for bytes that reach new code; corpus_main.cpp runs
// the stored ones, in any build. A target terminates on every input: the reader returns zeros after
// the last byte, and the loops end by `ByteReader::empty`.
//
// A target keeps no state between two inputs, reads no clock and starts no thread: the same bytes
// always do the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace wakepoll::fuzz {

/// The input, from the first byte to the last.
class ByteReader {
public:
    ByteReader(const std::uint8_t* data, std::size_t size) noexcept : left_(data, size) {}

    [[nodiscard]] bool empty() const noexcept { return left_.empty(); }

    /// The next byte; 0 after the last.
    [[nodiscard]] std::uint8_t byte() noexcept {
        if (left_.empty()) {
            return 0;
        }
        const std::uint8_t value = left_.front();
        left_ = left_.subspan(1);
        return value;
    }

    /// One of 0 to `count` - 1, from one byte: at most 256 values.
    [[nodiscard]] std::uint32_t below(std::uint32_t count) noexcept { return byte() % count; }

    [[nodiscard]] bool flag() noexcept { return (byte() & 1U) != 0; }

    [[nodiscard]] std::uint32_t word() noexcept { return static_cast<std::uint32_t>(bytes(4)); }

    [[nodiscard]] std::uint64_t long_word() noexcept { return bytes(8); }

    /// A number of any size; small ones and those next to a power of two are more frequent.
    [[nodiscard]] std::uint64_t number() noexcept {
        const unsigned shape = byte();
        const std::uint64_t power = std::uint64_t{1} << (shape & 63U);
        switch (shape >> 6U) {
            case 0:
                return power - 1;
            case 1:
                return power + (byte() - 128U);
            case 2:
                return bytes(2);
            default:
                return long_word() & (power | (power - 1));
        }
    }

private:
    [[nodiscard]] std::uint64_t bytes(unsigned count) noexcept {
        std::uint64_t value = 0;
        for (unsigned i = 0; i < count; ++i) {
            value = value << 8U | byte();
        }
        return value;
    }

    std::span<const std::uint8_t> left_;
};

/// Ends the program if the condition does not hold, so that libFuzzer saves the input.
inline void require(bool condition, const char* what) noexcept {
    if (!condition) {
        std::fprintf(stderr, "does not hold: %s\n", what);
        std::abort();
    }
}

}  // namespace wakepoll::fuzz
