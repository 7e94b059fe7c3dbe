// Records which poller of this process was the last to associate a number with its port.
//
// All pollers use the same mark to recognise a handle whose number was reused. So each records here
// what it associates, and a poller that finds another one's record knows that the number is not its
// handle any more. Numbers share cells, so a record may be overwritten; then the mark alone
// decides. Any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "wakepoll/handle.hpp"

namespace wakepoll::core {

enum class PortOwner : std::uint32_t { none };

class PortOwners {
public:
    /// One that differs from all others.
    [[nodiscard]] static PortOwner make() noexcept {
        return PortOwner{last_.fetch_add(1, std::memory_order_relaxed) + 1};
    }

    static void note(Handle handle, PortOwner owner) noexcept {
        cell_of(handle).store(word_of(handle, owner), std::memory_order_relaxed);
    }

    /// Another than this owner has associated the number last. False if that is not known.
    [[nodiscard]] static bool is_anothers(Handle handle, PortOwner owner) noexcept {
        const std::uint64_t noted = cell_of(handle).load(std::memory_order_relaxed);
        const std::uint64_t difference = noted ^ word_of(handle, owner);
        return difference != 0 && difference >> 32U == 0;
    }

private:
    static constexpr std::size_t cells = 4096;

    using Cell = std::atomic<std::uint64_t>;

    [[nodiscard]] static Cell& cell_of(Handle handle) noexcept {
        return cells_[handle.value() / 4 % cells];  // Handles are multiples of four.
    }
    /// The number, of which Windows uses 32 bits, and who has it.
    [[nodiscard]] static std::uint64_t word_of(Handle handle, PortOwner owner) noexcept {
        return std::uint64_t{handle.value()} << 32U | static_cast<std::uint32_t>(owner);
    }

    inline static std::array<Cell, cells> cells_;
    inline static std::atomic<std::uint32_t> last_ = 0;
};

}  // namespace wakepoll::core
