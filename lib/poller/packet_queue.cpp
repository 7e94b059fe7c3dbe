#include "poller/packet_queue.hpp"

#include <algorithm>
#include <utility>

#include "core/completion_key.hpp"
#include "sys/overlapped_io.hpp"

namespace wakepoll {

using core::OperationList;

PacketQueue::Taken PacketQueue::take(std::size_t limit, std::uint32_t milliseconds) noexcept {
    std::array<sys::Packet, most_at_once> packets;
    ++stats_.port_dequeues;
    stats_.blocked += milliseconds != 0 ? 1 : 0;
    return accept(packets, port_.dequeue(std::span(packets).first(limit), milliseconds), limit);
}

void PacketQueue::begin_block(std::size_t limit) noexcept {
    blocked_limit_ = limit;
    ++stats_.port_dequeues;
    ++stats_.blocked;
}

Result<std::size_t> PacketQueue::block(std::uint32_t milliseconds) noexcept {
    return port_.dequeue(std::span(blocked_).first(blocked_limit_), milliseconds);
}

PacketQueue::Taken PacketQueue::end_block(const Result<std::size_t>& came) noexcept {
    return accept(blocked_, came, std::exchange(blocked_limit_, 0));
}

PacketQueue::Taken PacketQueue::accept(std::span<const sys::Packet> packets,
                                       const Result<std::size_t>& came,
                                       std::size_t limit) noexcept {
    Taken taken;
    if (!came) {
        taken.error = came.error();
        return taken;
    }
    taken.may_be_more = *came == limit;
    constexpr auto afd_key = static_cast<std::uintptr_t>(core::CompletionKey::afd);
    for (const sys::Packet& packet : packets.first(*came)) {
        if (packet.key == afd_key) {
            taken.useful += sockets_.take_packet(packet.overlapped, packet.status()) ? 1 : 0;
            continue;
        }
        if (core::is_reserved(packet.key)) {
            continue;
        }
        OverlappedEntry* const entry = operations_.find_readiness(packet.overlapped);
        if (entry != nullptr) {
            if (OperationList::is_under_way(*entry)) {
                handles_.read_ended(*entry,
                                    win32_error(sys::win32_code_of_status(packet.status())));
            } else {
                ++stats_.late_packets;  // A stranger has posted it.
            }
            continue;
        }
        packets_[(first_ + size_++) % capacity] = packet;
        ++taken.useful;
    }
    return taken;
}

void PacketQueue::pop() noexcept {
    first_ = (first_ + 1) % capacity;
    --size_;
}

}  // namespace wakepoll
