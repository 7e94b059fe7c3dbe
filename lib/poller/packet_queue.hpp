// The poller's side of the completion port: takes packets and dispatches each to its part.
//
// A packet is dispatched by its key first: AFD's go to the sockets, the poller's other own keys
// have served by ending the block, unless it is the one behind an operation (see
// `Operations::post_behind`). Then by its OVERLAPPED: an empty read on a registered pipe goes
// to the handles. All others are reported to the user, and wait here for their turn.
//
// A thread that blocks takes packets into a separate array, without the lock; `accept` dispatches
// them once it has the lock again. Everything else is called under the lock.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>

#include "backend/handle_backend.hpp"
#include "backend/socket_backend.hpp"
#include "core/entry_pool.hpp"
#include "sys/completion_port.hpp"
#include "wakepoll/stats.hpp"

namespace wakepoll {

class PacketQueue {
public:
    /// The maximum number of packets per call.
    static constexpr std::size_t most_at_once = 256;
    /// A turn's number of user packets and of what waited for them.
    static constexpr std::size_t turn = 64;

    PacketQueue(const sys::CompletionPort& port, core::EntryPool& entries,
                backend::SocketBackend& sockets, backend::HandleBackend& handles,
                PollerStats& stats) noexcept
        : port_(port), entries_(entries), sockets_(sockets), handles_(handles), stats_(stats) {}

    PacketQueue(const PacketQueue&) = delete;
    PacketQueue& operator=(const PacketQueue&) = delete;

    /// How many packets a dequeue may take. All that come at once, whatever room the caller has,
    /// because those that were ready first must be reported first.
    [[nodiscard]] std::size_t room() const noexcept {
        return std::min(capacity - size_ - blocked_limit_, most_at_once);
    }

    /// The result of a dequeue.
    struct Taken {
        std::uint32_t useful = 0;  ///< Packets with something to report.
        bool may_be_more = false;  ///< As many came as were asked for.
    };

    /// One dequeue of at most `limit` packets, not 0, by a thread that has the lock.
    [[nodiscard]] Result<Taken> take(std::size_t limit, std::uint32_t milliseconds) noexcept;

    // The same in three steps; the second is without the lock.
    void begin_block(std::size_t limit) noexcept;
    [[nodiscard]] Result<std::size_t> block(std::uint32_t milliseconds) noexcept;
    [[nodiscard]] Result<Taken> end_block(const Result<std::size_t>& came) noexcept;

    /// Packets that wait to be reported.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] const sys::Packet& front() const noexcept { return packets_[first_]; }
    void pop() noexcept;

private:
    /// Twice the maximum of one call: another thread may take packets while one is blocked.
    static constexpr std::size_t capacity = 2 * most_at_once;

    [[nodiscard]] Result<Taken> accept(const sys::Packet* packets, const Result<std::size_t>& came,
                                       std::size_t limit) noexcept;
    /// Dispatches packets; returns how many of them have something to report.
    [[nodiscard]] std::uint32_t dispatch(std::span<const sys::Packet> packets) noexcept;
    [[nodiscard]] bool dispatch(const sys::Packet& packet) noexcept;
    /// Leaves a packet to be reported.
    void keep(const sys::Packet& packet, std::uintptr_t key) noexcept;

    const sys::CompletionPort& port_;
    core::EntryPool& entries_;
    backend::SocketBackend& sockets_;
    backend::HandleBackend& handles_;
    PollerStats& stats_;
    std::array<sys::Packet, capacity> packets_;  ///< A ring from `first_` on.
    std::size_t first_ = 0;
    std::size_t size_ = 0;
    std::array<sys::Packet, most_at_once> blocked_;  ///< Used by the blocked thread.
    std::size_t blocked_limit_ = 0;  ///< How many packets a blocked thread may still bring.
};

}  // namespace wakepoll
