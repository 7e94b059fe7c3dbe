// The version of these headers, for the preprocessor and for the compiler.
#pragma once

#include <cstdint>

#define WAKEPOLL_VERSION_MAJOR 0
#define WAKEPOLL_VERSION_MINOR 1
#define WAKEPOLL_VERSION_PATCH 0

namespace wakepoll {

/// Major, minor and patch as one number that grows with them: 10203 is 1.2.3.
inline constexpr std::uint32_t version =
    WAKEPOLL_VERSION_MAJOR * 10'000 + WAKEPOLL_VERSION_MINOR * 100 + WAKEPOLL_VERSION_PATCH;

}  // namespace wakepoll
