// Where the decisions of a random program come from.
//
// Whatever a program decides is a number below some bound, drawn here: from a seed, from a list of
// numbers that were drawn before (to replay a run, or an edited list that the shrinker tries), or
// from a fuzzer's bytes. What was drawn is recorded, so that a run of any origin can be replayed
// and cut down. Where a list or the bytes are at an end every choice is 0; so programs are written
// such that 0 is the plainest of all choices, and ends them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "random.hpp"

namespace wakepoll::test {

/// What was drawn, where another process can see it.
struct Drawn {
    static constexpr std::size_t most = std::size_t{1} << 18U;
    /// Marks the first number of a step, and of whatever else there is one more of.
    static constexpr std::uint32_t begins_step = 1U << 31U;

    std::size_t count = 0;
    std::array<std::uint32_t, most> numbers;
};

class Choices {
public:
    /// Without end; a program of about so many steps.
    [[nodiscard]] static Choices from_seed(std::uint64_t seed, std::uint32_t steps);
    [[nodiscard]] static Choices from_list(std::vector<std::uint32_t> list);
    /// The bytes outlive this.
    [[nodiscard]] static Choices from_bytes(std::span<const std::uint8_t> bytes);

    /// Notes whatever is drawn there, too. It outlives this.
    void copy_to(Drawn& drawn) noexcept { copy_ = &drawn; }

    /// 0 to `bound` - 1; `bound` is not 0.
    [[nodiscard]] std::uint32_t draw(std::uint32_t bound);

    /// The program goes on, with another step.
    [[nodiscard]] bool more() { return more(mean_steps_); }

    /// There is another one of some kind, of which there are about so many in a row. What is drawn
    /// for it until the next can be left out of the list as a whole.
    [[nodiscard]] bool more(std::uint32_t mean);

    /// True once in `n` times. Made from the last of `n` numbers, because 0 is the usual.
    [[nodiscard]] bool one_in(std::uint32_t n) { return draw(n) == n - 1; }

    /// All that was drawn so far.
    [[nodiscard]] const std::vector<std::uint32_t>& drawn() const noexcept { return drawn_; }
    /// Where in it each step begins, and whatever else there is one more of.
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
