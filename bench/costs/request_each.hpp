// A model of the simplest peer: one AFD request for each socket, as in wepoll.
//
// A wait first submits a request for each socket that has none in flight, then takes all queued
// packets by one dequeue, which blocks if there is none. A socket whose packet was taken has no
// request in flight until the next wait. Nothing is cancelled, because no interest grows.
#pragma once

#include <cstddef>
#include <vector>

#include "patterns.hpp"

namespace wakepoll::costs {

class RequestEach {
public:
    explicit RequestEach(std::size_t sockets) : has_data_(sockets), due_(sockets) {}

    /// Data has arrived.
    void make_ready(std::size_t index) {
        ready_ += has_data_[index] ? 0U : 1U;
        has_data_[index] = true;
    }
    /// All data was taken.
    void calm(std::size_t index) {
        ready_ -= has_data_[index] ? 1U : 0U;
        has_data_[index] = false;
    }

    /// True if the next wait would block.
    [[nodiscard]] bool would_block() const noexcept { return ready_ == 0; }

    /// A wait. Returns how many sockets are reported: all that are ready.
    [[nodiscard]] std::size_t wait() {
        asked_.polls += due_;
        asked_.sockets += due_;
        ++asked_.dequeues;
        due_ = ready_;
        return ready_;
    }

    [[nodiscard]] const Asked& asked() const noexcept { return asked_; }
    void reset_counts() noexcept { asked_ = {}; }

private:
    std::vector<bool> has_data_;
    std::size_t ready_ = 0;
    std::size_t due_;  ///< Without a request in flight: exactly those that were reported.
    Asked asked_;
};

}  // namespace wakepoll::costs
