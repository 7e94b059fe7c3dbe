// See personality.hpp.
#include "personality.hpp"

#include "random.hpp"

namespace wakepoll::sim {

Traits with_seed(const Traits& traits, std::uint64_t seed) noexcept {
    Traits decided = traits;
    Random random(seed);
    for (Seeded* trait :
         {&decided.deaf_polls, &decided.stray_packets, &decided.forgets_what_is_shut}) {
        const Seeded drawn = random.below(2) == 0 ? Seeded::no : Seeded::yes;
        *trait = *trait == Seeded::by_seed ? drawn : *trait;
    }
    return decided;
}

}  // namespace wakepoll::sim
