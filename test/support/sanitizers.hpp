// Whether a sanitizer is active in this build. It is several times slower then, and checks memory
// and threads: trying many orders is left to the plain build.
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

/// How many of these seeds to try: all of them, or a part under a sanitizer.
constexpr int seeds_to_try(int seeds) noexcept {
    constexpr int enough = 10;
    return sanitized ? std::min(seeds, std::max(enough, seeds / 10)) : seeds;
}

}  // namespace wakepoll::test
