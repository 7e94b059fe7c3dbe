// What an AttachedHandle and a Registration are made of: one use of a poller's slot.
//
// It keeps the poller's memory, not its kernel objects, like a Waker. So it may outlive the poller;
// its calls then do nothing.
#pragma once

#include <cstdint>

#include "wakepoll/export.h"
#include "wakepoll/handle.hpp"

namespace wakepoll {
class Poller;

namespace core {
struct SlotUse;
}  // namespace core

inline namespace v0_1 {

class WAKEPOLL_API SlotHolder {
public:
    SlotHolder() noexcept = default;
    SlotHolder(Poller& poller, Handle handle, core::SlotUse use) noexcept;
    SlotHolder(SlotHolder&& other) noexcept;
    SlotHolder& operator=(SlotHolder&& other) noexcept;
    SlotHolder(const SlotHolder&) = delete;
    SlotHolder& operator=(const SlotHolder&) = delete;
    ~SlotHolder();

    /// Returns the poller; null if it holds nothing.
    [[nodiscard]] Poller* poller() const noexcept { return poller_; }
    [[nodiscard]] Handle handle() const noexcept { return Handle(handle_); }
    [[nodiscard]] core::SlotUse use() const noexcept;

private:
    Poller* poller_ = nullptr;
    // Only the number: MSVC warns if a part of an exported class is not exported (C4251).
    std::uintptr_t handle_ = Handle().value();
    std::uint32_t slot_ = 0;
    std::uint32_t generation_ = 0;
};

}  // namespace v0_1
}  // namespace wakepoll
