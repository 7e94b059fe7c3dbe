// Which kernel calls are to fail, and with what.
//
// Three ways, in the order in which they are asked: the next call of a kind, the n-th call from
// now whatever it is, and any call with some probability. A call that is made to fail does nothing
// else. Calls that can not fail (see `possible_codes`) are passed over by the last two. Used under
// the kernel's lock only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "calls.hpp"
#include "random.hpp"

namespace wakepoll::sim {

class FaultPlan {
public:
    /// The next call of this kind that is not planned to fail already.
    void fail_next(Call call, std::uint32_t code);

    /// The n-th call from now, counted from 1, that can fail. Code 0: the first of the codes that
    /// the call can fail with.
    void fail_nth(std::uint64_t n, std::uint32_t code);

    /// The same, with the code that is at this place among those that the call can fail with,
    /// beginning again where there are fewer.
    void fail_nth_with(std::uint64_t n, std::size_t place);

    /// Every call that can fail, with this probability and one of its own codes. 0 ends it.
    void fail_randomly(double probability) noexcept { probability_ = probability; }

    /// Forgets all that was planned.
    void clear();

    /// The code that this call is to fail with; 0 where it is to go on.
    [[nodiscard]] std::uint32_t take(Call call, Random& random);

private:
    struct Nth {
        std::uint64_t remaining;
        std::uint32_t code;
        std::size_t place = 0;  ///< Of the code, where that is 0.
    };

    [[nodiscard]] std::uint32_t take_nth(Call call);

    std::array<std::deque<std::uint32_t>, call_kinds> next_;
    std::vector<Nth> nth_;
    double probability_ = 0.0;
};

}  // namespace wakepoll::sim
