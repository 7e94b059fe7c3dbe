// The source of a random program's decisions.
//
// Each decision is a number below a bound, drawn here: from a seed, from a list of numbers that
// were drawn before (to replay a run, or an edited list that the shrinker tries), or from a
// fuzzer's bytes. The numbers are recorded, so a run of any origin can be replayed and shrunk. At
// the end of a list or of the bytes every choice is 0; so 0 is always the plainest choice, and ends
// a program.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "random.hpp"

namespace wakepoll::test {

/// The numbers drawn, in memory that another process can read.
struct Drawn {
    static constexpr std::size_t most = std::size_t{1} << 18U;
    /// Marks the first number of a step or of another repeated part.
    static constexpr std::uint32_t begins_step = 1U << 31U;

    std::size_t count = 0;
    std::array<std::uint32_t, most> numbers;
};

class Choices {
public:
    /// Draws from a seed, without end, for a program of about `steps` steps.
    [[nodiscard]] static Choices from_seed(std::uint64_t seed, std::uint32_t steps);
    [[nodiscard]] static Choices from_list(std::vector<std::uint32_t> list);
    /// Draws from bytes, which must outlive this.
    [[nodiscard]] static Choices from_bytes(std::span<const std::uint8_t> bytes);

    /// Records the numbers there, too. `drawn` must outlive this.
    void copy_to(Drawn& drawn) noexcept { copy_ = &drawn; }

    /// 0 to `bound` - 1; `bound` is not 0.
    [[nodiscard]] std::uint32_t draw(std::uint32_t bound);

    /// Draws whether the program has another step.
    [[nodiscard]] bool more() { return more(mean_steps_); }

    /// Draws whether a repeated part, about `mean` in a row, comes once more. The shrinker can
    /// remove the numbers of one repetition as a whole.
    [[nodiscard]] bool more(std::uint32_t mean);

    /// True once in `n` times, for the last of `n` numbers, because 0 is the plain choice.
    [[nodiscard]] bool one_in(std::uint32_t n) { return draw(n) == n - 1; }

    /// All numbers drawn so far.
    [[nodiscard]] const std::vector<std::uint32_t>& drawn() const noexcept { return drawn_; }
    /// The indices in `drawn` at which steps and other repeated parts begin.
    [[nodiscard]] const std::vector<std::size_t>& steps() const noexcept { return steps_; }

private:
    enum class Origin : std::uint8_t { seed, list, bytes };

    explicit Choices(Origin origin) : origin_(origin) {}

    [[nodiscard]] std::uint32_t next(std::uint32_t bound);
    [[nodiscard]] std::uint32_t next_from_bytes(std::uint32_t bound);
    std::uint32_t note(std::uint32_t value, std::uint32_t mark = 0);

    Origin origin_;
    sim::Random random_{0};
    std::uint32_t mean_steps_ = 64;
    std::vector<std::uint32_t> list_;
    std::span<const std::uint8_t> bytes_;
    std::size_t place_ = 0;
    std::vector<std::uint32_t> drawn_;
    std::vector<std::size_t> steps_;
    Drawn* copy_ = nullptr;
};

}  // namespace wakepoll::test
