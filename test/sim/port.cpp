// See port.hpp.
#include "port.hpp"

#include <cstdint>

namespace wakepoll::sim {
namespace {

// What Wine leaves in the upper half of OVERLAPPED_ENTRY.Internal; any other would do.
constexpr std::uint64_t rubbish = 0xDEADBEEF00000000U;

}  // namespace

bool Port::post(const sys::Packet& packet, std::size_t pool) {
    if (queue_.size() >= pool) {
        return false;
    }
    complete(packet);
    return true;
}

std::size_t Port::take(std::span<sys::Packet> packets, const Traits& traits) {
    std::size_t count = 0;
    while (count < packets.size() && !queue_.empty()) {
        packets[count] = queue_.front().packet;
        if (queue_.front().delivery != nullptr) {
            queue_.front().delivery->dequeued();
        }
        if (traits.rubbish_in_internal) {
            packets[count].internal |= static_cast<std::uintptr_t>(rubbish);
        }
        queue_.pop_front();
        ++count;
    }
    return count;
}

}  // namespace wakepoll::sim
