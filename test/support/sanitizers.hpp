// Does a sanitizer watch this build? It is several times as slow then, and asked about memory and
// threads: the many ways that things can happen are the plain build's to try.
#pragma once

#include <algorithm>

namespace wakepoll::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif
#else
inline constexpr bool sanitized = false;
#endif

/// How many of these seeds are tried: all of them, or a part under a sanitizer.
constexpr int seeds_to_try(int seeds) noexcept {
    constexpr int enough = 10;
    return sanitized ? std::min(seeds, std::max(enough, seeds / 10)) : seeds;
}

}  // namespace wakepoll::test
