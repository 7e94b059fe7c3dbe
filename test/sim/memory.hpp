// The blocks of memory that sys/memory.hpp has given out and not taken back.
#pragma once

#include <cstddef>

namespace wakepoll::sim {

struct Blocks {
    std::size_t count = 0;
    std::size_t bytes = 0;  ///< That were asked for.
};

/// Any thread.
[[nodiscard]] Blocks blocks_in_use() noexcept;

}  // namespace wakepoll::sim
