// The blocks that sys/memory.hpp has allocated and not freed.
#pragma once

#include <cstddef>

namespace wakepoll::sim {

struct Blocks {
    std::size_t count = 0;
    std::size_t bytes = 0;  ///< As requested.
};

/// Any thread.
[[nodiscard]] Blocks blocks_in_use() noexcept;

}  // namespace wakepoll::sim
