// The version of these headers, for the preprocessor and for the compiler.
#pragma once

#include <cstdint>

#define WAKEPOLL_VERSION_MAJOR 0
#define WAKEPOLL_VERSION_MINOR 1
#define WAKEPOLL_VERSION_PATCH 0

/// All three as one number that grows with them, for `#if WAKEPOLL_VERSION >= 10203`: 1.2.3.
#define WAKEPOLL_VERSION \
    (WAKEPOLL_VERSION_MAJOR * 10000 + WAKEPOLL_VERSION_MINOR * 100 + WAKEPOLL_VERSION_PATCH)

namespace wakepoll {

/// Every public name is in this inline namespace. It is part of the symbols, so headers do not link
/// with a library of another minor version.
inline namespace v0_1 {

/// `WAKEPOLL_VERSION`.
inline constexpr std::uint32_t version = WAKEPOLL_VERSION;

}  // namespace v0_1
}  // namespace wakepoll
