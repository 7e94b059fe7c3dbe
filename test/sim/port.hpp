// The completion port of the model: a queue of packets in order of arrival.
//
// Posts by a program use a bounded pool, like the kernel's non-paged pool, and can fail; room for
// the packet of an overlapped operation was reserved when the operation was started. As a waitable
// object a port is signalled while packets are queued.
//
// A port's *concurrency* is the number of its threads that may run at a time. While that many of
// the threads that belong to it run, it gives no packet to another, not even to one that does not
// block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "object.hpp"
#include "port_thread.hpp"
#include "sys/completion_port.hpp"

namespace wakepoll::sim {

/// Something delivered with a packet. Destroyed with the packet, dequeued or not.
class Delivery {
public:
    Delivery() = default;
    Delivery(const Delivery&) = delete;
    Delivery& operator=(const Delivery&) = delete;
    virtual ~Delivery() = default;

    /// Called when the packet has been dequeued.
    virtual void dequeued() = 0;
};

class Port final : public Object {
public:
    /// 0: as many as there are processors; the model has one.
    explicit Port(std::uint32_t concurrency) noexcept
        : Object(Kind::port), concurrency_(concurrency != 0 ? concurrency : 1) {}

    /// Posts a packet. False if the port's pool of `pool` packets is exhausted.
    [[nodiscard]] bool post(const sys::Packet& packet, std::size_t pool);

    /// Queues the packet of an operation.
    void complete(const sys::Packet& packet, std::unique_ptr<Delivery> delivery = nullptr) {
        queue_.push_back({packet, std::move(delivery)});
    }

    /// Dequeues as many packets as fit. Returns their number.
    std::size_t take(std::span<sys::Packet> packets, const Traits& traits);

    [[nodiscard]] bool empty() const noexcept { return queue_.empty(); }

    /// Blocked in a dequeue, for a scope.
    class Taker {
    public:
        Taker(Port& port, const Traits& traits)
            : port_(port), counts_(traits.dequeues_come_first ? 1 : 0) {
            port_.takers_ += counts_;
        }
        ~Taker() { port_.takers_ -= counts_; }
        Taker(const Taker&) = delete;
        Taker& operator=(const Taker&) = delete;

    private:
        Port& port_;
        std::size_t counts_;
    };

    /// Makes the calling thread belong to this port.
    void join();
    /// True if the calling thread, which has joined, may dequeue now.
    [[nodiscard]] bool may_take(const Traits& traits) const;

    /// A packet that a blocked dequeue is about to take does not count [K2].
    [[nodiscard]] bool signalled() const noexcept override;
    [[nodiscard]] bool is_file() const noexcept override { return false; }
    [[nodiscard]] bool is_overlapped() const noexcept override { return false; }

protected:
    void last_handle_closed(const Traits& traits) override {
        queue_.clear();
        signalled_for_good_ = traits.closed_port_ends_wait;
    }

private:
    struct Queued {
        sys::Packet packet;
        std::unique_ptr<Delivery> delivery;
    };

    std::uint32_t concurrency_;
    std::size_t takers_ = 0;           ///< Blocked dequeues.
    bool signalled_for_good_ = false;  ///< The port is closed [K5].
    std::deque<Queued> queue_;
    std::vector<std::weak_ptr<PortThread>> threads_;
};

}  // namespace wakepoll::sim
