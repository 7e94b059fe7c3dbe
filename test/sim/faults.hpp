// Which kernel calls fail on purpose, and with which codes.
//
// There are three ways, checked in this order: the next call of a kind, the n-th call from now of
// any kind, and any call with a probability. A call that is made to fail does nothing else. The
// last two skip calls that cannot fail (see `possible_codes`). Used under the kernel's lock only.
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
    /// Fails the next call of this kind that has no planned fault yet.
    void fail_next(Call call, std::uint32_t code);

    /// Fails the n-th call from now, counted from 1, that can fail. Code 0: the first of its
    /// possible codes.
    void fail_nth(std::uint64_t n, std::uint32_t code);

    /// The same, with the possible code at this index, modulo their number.
    void fail_nth_with(std::uint64_t n, std::size_t place);

    /// Fails every call that can fail, with this probability and one of its possible codes. 0 ends
    /// it.
    void fail_randomly(double probability) noexcept { probability_ = probability; }

    /// Forgets all planned faults.
    void clear();

    /// The code that this call fails with; 0 if it does its work.
    [[nodiscard]] std::uint32_t take(Call call, Random& random);

private:
    struct Nth {
        std::uint64_t remaining;
        std::uint32_t code;
        std::size_t place = 0;  ///< Index of the code, if `code` is 0.
    };

    [[nodiscard]] std::uint32_t take_nth(Call call);

    std::array<std::deque<std::uint32_t>, call_kinds> next_;
    std::vector<Nth> nth_;
    double probability_ = 0.0;
};

}  // namespace wakepoll::sim
