// Sockets and the device that is asked about them, as little of both as a poll group needs.
//
// The truth for fuzz_poll_group.cpp: which sockets there are, what they are ready for, and which
// requests are in flight. A request ends when something that it asks for comes true, when a socket
// in it is closed, or when it is cancelled; what ends it is forgotten, only its packet is left, as
// the group has to ask again anyway. The device refuses what nobody may do: a request in memory
// that another has, and the same socket twice.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/poll_group.hpp"
#include "target.hpp"

namespace wakepoll::fuzz {

using core::PollGroup;
using core::Slot;

constexpr std::uint32_t in_bit = 0x1;
constexpr std::uint32_t out_bit = 0x4;
constexpr std::uint32_t abort_bit = 0x10;

struct Socket {
    bool registered = false;
    bool armed = false;  ///< False for a one-shot that was reported.
    bool one_shot = false;
    bool closed = false;
    std::uint32_t wanted = abort_bit;
    std::uint32_t ready = 0;
    std::uint32_t tenant = 0;  ///< Which registration of the slot it is.

    [[nodiscard]] std::uint32_t due() const noexcept {
        return registered && armed && !closed ? ready & wanted : 0U;
    }
};

/// One socket in a request, as it was when the request was made.
struct Asked {
    Slot slot;
    std::uint32_t wanted;
    std::uint32_t tenant;
};

struct InFlight {
    bool of_group = false;
    Slot cell = core::no_slot;
    std::uint32_t cells = 0;
    std::vector<Asked> asked;
    bool ended = false;  ///< Its packet is queued.
};

class Device {
public:
    explicit Device(std::uint32_t slots) : sockets_(slots) {}

    [[nodiscard]] std::uint32_t slots() const noexcept {
        return static_cast<std::uint32_t>(sockets_.size());
    }

    [[nodiscard]] Socket& operator[](Slot slot) { return sockets_[core::index_of(slot)]; }
    [[nodiscard]] const Socket& operator[](Slot slot) const {
        return sockets_[core::index_of(slot)];
    }

    /// A request that was not answered at once.
    void start(InFlight request) {
        for (std::uint32_t i = 0; i < request.cells; ++i) {
            require(owner_of(Slot{static_cast<std::uint32_t>(request.cell) + i}) == nullptr,
                    "no memory is used twice");
        }
        require(!request.of_group || group() == nullptr, "one request of the group at a time");
        requests_.push_back(std::move(request));
    }

    /// Ends the requests that what is true now is an answer to.
    void settle() {
        for (InFlight& request : requests_) {
            for (const Asked& asked : request.asked) {
                const Socket& socket = (*this)[asked.slot];
                request.ended =
                    request.ended || (socket.tenant == asked.tenant &&
                                      (socket.closed || (socket.ready & asked.wanted) != 0));
            }
        }
    }

    /// Cancels a request.
    void end(const InFlight* request) {
        require(request != nullptr, "what is cancelled is in flight");
        requests_[static_cast<std::size_t>(request - requests_.data())].ended = true;
    }

    /// Ends any request: a socket that nobody is registered with any more has become ready.
    void end_any(std::size_t which) {
        if (!requests_.empty()) {
            requests_[which % requests_.size()].ended = true;
        }
    }

    [[nodiscard]] bool has_packet() const {
        return std::any_of(requests_.begin(), requests_.end(),
                           [](const InFlight& request) { return request.ended; });
    }

    /// The next packet after the one at `from`, in a ring; there is one.
    [[nodiscard]] InFlight take_packet(std::size_t from) {
        std::size_t at = from % requests_.size();
        while (!requests_[at].ended) {
            at = (at + 1) % requests_.size();
        }
        InFlight taken = std::move(requests_[at]);
        requests_.erase(requests_.begin() + static_cast<std::ptrdiff_t>(at));
        return taken;
    }

    [[nodiscard]] std::uint32_t in_flight() const {
        return static_cast<std::uint32_t>(requests_.size());
    }

    /// The request that has the slot's cell, if any.
    [[nodiscard]] const InFlight* owner_of(Slot cell) const {
        for (const InFlight& request : requests_) {
            if (core::index_of(cell) - core::index_of(request.cell) < request.cells) {
                return &request;
            }
        }
        return nullptr;
    }

    [[nodiscard]] const InFlight* group() const {
        for (const InFlight& request : requests_) {
            if (request.of_group) {
                return &request;
            }
        }
        return nullptr;
    }

    /// The request of the group, or the one that is not, which asks about the slot on behalf of its
    /// registration.
    [[nodiscard]] const InFlight* asking(Slot slot, bool of_group) const {
        for (const InFlight& request : requests_) {
            if (request.of_group == of_group && find(request, slot) != nullptr) {
                return &request;
            }
        }
        return nullptr;
    }

    [[nodiscard]] const Asked* find(const InFlight& request, Slot slot) const {
        for (const Asked& asked : request.asked) {
            if (asked.slot == slot && asked.tenant == (*this)[slot].tenant) {
                return &asked;
            }
        }
        return nullptr;
    }

private:
    std::vector<Socket> sockets_;
    std::vector<InFlight> requests_;
};

}  // namespace wakepoll::fuzz
