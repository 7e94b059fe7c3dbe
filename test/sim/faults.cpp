// See faults.hpp.
#include "faults.hpp"

namespace wakepoll::sim {

void FaultPlan::fail_next(Call call, std::uint32_t code) {
    next_[static_cast<std::size_t>(call)].push_back(code);
}

void FaultPlan::fail_nth(std::uint64_t n, std::uint32_t code) { nth_.push_back({n, code}); }

void FaultPlan::fail_nth_with(std::uint64_t n, std::size_t place) { nth_.push_back({n, 0, place}); }

void FaultPlan::clear() {
    next_ = {};
    nth_.clear();
    probability_ = 0.0;
}

std::uint32_t FaultPlan::take(Call call, Random& random) {
    std::uint32_t code = 0;
    if (!possible_codes(call).empty()) {
        code = take_nth(call);
    }
    std::deque<std::uint32_t>& next = next_[static_cast<std::size_t>(call)];
    if (!next.empty()) {
        code = next.front();
        next.pop_front();
    }
    const std::span<const std::uint32_t> codes = possible_codes(call);
    if (code == 0 && !codes.empty() && random.chance(probability_)) {
        code = codes[random.below(codes.size())];
    }
    return code;
}

std::uint32_t FaultPlan::take_nth(Call call) {
    std::uint32_t code = 0;
    std::erase_if(nth_, [&](Nth& nth) {
        if (--nth.remaining != 0) {
            return false;
        }
        const std::span<const std::uint32_t> codes = possible_codes(call);
        code = nth.code != 0 ? nth.code : codes[nth.place % codes.size()];
        return true;
    });
    return code;
}

}  // namespace wakepoll::sim
