// The only source of randomness in the simulated kernel: a seed replays a run.
//
// SplitMix64, because the distributions of <random> differ between standard libraries and a failing
// seed must replay everywhere. Used under the kernel's lock only.
#pragma once

#include <cstdint>

namespace wakepoll::sim {

class Random {
public:
    explicit constexpr Random(std::uint64_t seed) noexcept : state_(seed) {}

    constexpr std::uint64_t next() noexcept {
        state_ += 0x9E3779B97F4A7C15U;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
        z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
        return z ^ (z >> 31U);
    }

    /// 0 to `bound` - 1; `bound` is not 0. The bias for bounds this small does not matter here.
    constexpr std::uint64_t below(std::uint64_t bound) noexcept { return next() % bound; }

    /// True with the given probability. 0 and 1 draw nothing, so that they do not disturb a run.
    constexpr bool chance(double probability) noexcept {
        if (probability <= 0.0) {
            return false;
        }
        if (probability >= 1.0) {
            return true;
        }
        constexpr double range = 9007199254740992.0;  // 2 to the 53rd
        return static_cast<double>(next() >> 11U) < probability * range;
    }

private:
    std::uint64_t state_;
};

}  // namespace wakepoll::sim
