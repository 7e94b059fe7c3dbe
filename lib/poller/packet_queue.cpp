#include "poller/packet_queue.hpp"

#include <algorithm>
#include <utility>

#include "core/completion_key.hpp"
#include "sys/overlapped_io.hpp"

namespace wakepoll {

Result<PacketQueue::Taken> PacketQueue::take(std::size_t limit,
                                             std::uint32_t milliseconds) noexcept {
    std::array<sys::Packet, most_at_once> packets;
    ++stats_.port_dequeues;
    if (milliseconds != 0) {
        ++stats_.blocked;
    }
    return accept(packets.data(), port_.dequeue(std::span(packets).first(limit), milliseconds),
                  limit);
}

void PacketQueue::begin_block(std::size_t limit) noexcept {
    blocked_limit_ = limit;
    ++stats_.port_dequeues;
    ++stats_.blocked;
}

Result<std::size_t> PacketQueue::block(std::uint32_t milliseconds) noexcept {
    return port_.dequeue(std::span(blocked_).first(blocked_limit_), milliseconds);
}

Result<PacketQueue::Taken> PacketQueue::end_block(const Result<std::size_t>& came) noexcept {
    return accept(blocked_.data(), came, std::exchange(blocked_limit_, 0));
}

inline Result<PacketQueue::Taken> PacketQueue::accept(const sys::Packet* packets,
                                                      const Result<std::size_t>& came,
                                                      std::size_t limit) noexcept {
    if (!came) {
        return came.error();
    }
    const std::uint32_t useful = *came == 0 ? 0 : dispatch({packets, *came});
    return Taken{.useful = useful, .may_be_more = *came == limit};
}

std::uint32_t PacketQueue::dispatch(std::span<const sys::Packet> packets) noexcept {
    std::uint32_t useful = 0;
    for (const sys::Packet& packet : packets) {
        useful += dispatch(packet) ? 1 : 0;
    }
    return useful;
}

bool PacketQueue::dispatch(const sys::Packet& packet) noexcept {
    constexpr auto afd_key = static_cast<std::uintptr_t>(core::CompletionKey::afd);
    if (packet.key == afd_key) {
        return sockets_.take_packet(packet.overlapped, packet.status());
    }
    if (core::is_internal(packet.key)) {
        if (packet.overlapped == nullptr) {
            return false;
        }
        keep(packet, packet.key);
        return true;
    }
    constexpr auto handle_key = static_cast<std::uintptr_t>(core::CompletionKey::handle);
    const bool is_own = packet.key == handle_key;
    core::PoolEntry* const entry = entries_.find_by_overlapped(packet.overlapped);
    if (entry == nullptr && is_own) {
        // The user's own call on a handle that the user has not associated.
        ++stats_.late_packets;
        return false;
    }
    if (entry == nullptr || entry->purpose != core::PoolEntry::Purpose::readiness) {
        keep(packet, is_own ? 0 : packet.key);
        return true;
    }
    if (entry->is_under_way()) {
        handles_.read_ended(*entry, win32_error(sys::win32_code_of_status(packet.status())));
    } else {
        ++stats_.late_packets;  // Posted by another program.
    }
    return false;
}

void PacketQueue::keep(const sys::Packet& packet, std::uintptr_t key) noexcept {
    sys::Packet& kept = packets_[(first_ + size_++) % capacity];
    kept = packet;
    kept.key = key;
}

void PacketQueue::pop() noexcept {
    first_ = (first_ + 1) % capacity;
    --size_;
}

}  // namespace wakepoll
