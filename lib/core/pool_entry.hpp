// An entry of the overlapped pool, and what the poller keeps of its call. The user sees the base.
// Used under the poller's lock.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/slot.hpp"
#include "wakepoll/overlapped.hpp"

namespace wakepoll::core {

struct PoolEntry : OverlappedEntry {
    /// What an entry in use is for.
    enum class Purpose : std::uint8_t { own_call, operation, readiness };

    Purpose purpose = Purpose::own_call;  ///< Set when it is acquired, like `use`.
    bool reported = false;                ///< Handed to the user, who may release it.
    bool datagram = false;         ///< On a datagram socket, which has no other end to hang up.
    bool in_order = false;         ///< To be reported behind the older ones of its kind and handle.
    SlotUse use;                   ///< Of the handle's slot.
    std::uint32_t code = 0;        ///< Why it failed, if it is done and not reported yet.
    std::int32_t sender_size = 0;  ///< The room for the sender's address, and then its size.
    std::byte* sender = nullptr;   ///< Where the kernel writes that; null if it is not wanted.
    Handle accepted;               ///< Of an accept: the socket that becomes the connection.

    /// True while its packet is outstanding.
    [[nodiscard]] bool is_under_way() const noexcept {
        return state_ == OverlappedState::in_flight || state_ == OverlappedState::cancelling;
    }

    /// The NTSTATUS that the kernel has written to its OVERLAPPED.
    [[nodiscard]] std::uint32_t status() const noexcept {
        return static_cast<std::uint32_t>(overlapped.internal);
    }

private:
    friend class EntryPool;
    friend class OperationList;

    static constexpr std::uint32_t no_entry = 0xFFFFFFFF;

    std::uint32_t next_ = no_entry;      ///< In the list of those that are free, in flight or done.
    std::uint32_t previous_ = no_entry;  ///< In the list of those that are in flight.
    std::uint64_t order_ = 0;            ///< When it was taken.
};

}  // namespace wakepoll::core
