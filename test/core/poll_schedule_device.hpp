// Sockets and a device that polls them, reduced to what a poll schedule needs.
//
// The reference for the tests of PollSchedule and their fuzz target: which sockets there are, what
// they are ready for, and which requests are in flight. A request ends when a requested event
// occurs, when a socket in it is closed, or when it is cancelled; its answer then stays unchanged
// until its packet is taken, whatever happens to the sockets. A request over a socket that another
// request in flight covers is a failure of the schedule (P14).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <map>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "core/poll_schedule.hpp"

namespace wakepoll::core::test::schedule {

/// Thrown if the schedule breaks a promise.
struct BrokenPromise : std::logic_error {
    using std::logic_error::logic_error;
};

inline void promise(bool kept, const char* what) {
    if (!kept) {
        throw BrokenPromise(what);
    }
}

inline constexpr std::uint32_t in_bit = 0x1;
inline constexpr std::uint32_t out_bit = 0x4;
inline constexpr std::uint32_t abort_bit = 0x10;

/// A slot, and the socket that is registered in it.
struct Socket {
    bool registered = false;
    bool armed = false;  ///< False for a one-shot that was reported.
    bool one_shot = false;
    bool closed = false;
    std::uint32_t wanted = 0;
    std::uint32_t ready = 0;
    std::uint32_t seen = 0;    ///< What it was ready for since the last report or change.
    std::uint32_t object = 0;  ///< Another one for each registration of the slot.
    std::uint32_t terms = 0;  ///< Another number after each change that the kernel must not mix up.

    [[nodiscard]] std::uint32_t asks() const { return armed ? wanted : 0U; }
    /// What a wait that polls it now reports.
    [[nodiscard]] std::uint32_t due() const { return registered && !closed ? ready & asks() : 0U; }
};

/// One socket in a request, as it was when the request was made.
struct Asked {
    Slot slot;
    std::uint32_t events;
    std::uint32_t object;
    std::uint32_t terms;
    std::uint32_t answer = 0;
    bool closed = false;
};

struct Request {
    Slot cell = no_slot;  ///< `no_slot`: the group's.
    std::uint16_t tag = 0;
    std::vector<Asked> asked{};
    bool ended = false;        ///< Its packet is queued.
    bool canceled = false;     ///< A cancel succeeded.
    bool must_cancel = false;  ///< A cancel is due, and failed.

    [[nodiscard]] bool is_group() const { return cell == no_slot; }
    [[nodiscard]] const Asked& of(Slot slot) const {
        for (const Asked& one : asked) {
            if (one.slot == slot) {
                return one;
            }
        }
        throw BrokenPromise("the request covers the socket");
    }
};

/// Which of the next calls fails: the n-th poll or the n-th cancel; 0 for none.
struct Failing {
    unsigned poll = 0;
    unsigned cancel = 0;
};

/// The calls so far, and the sockets that they polled.
struct Calls {
    std::uint64_t polls = 0;
    std::uint64_t cancels = 0;
    std::uint64_t asked = 0;
    std::uint64_t late_packets = 0;
};

class Device {
public:
    explicit Device(std::uint32_t slots) : sockets_(slots), covered_by_(slots) {}

    [[nodiscard]] std::uint32_t slots() const {
        return static_cast<std::uint32_t>(sockets_.size());
    }
    [[nodiscard]] Socket& operator[](Slot slot) { return sockets_[index_of(slot)]; }
    [[nodiscard]] const Socket& operator[](Slot slot) const { return sockets_[index_of(slot)]; }

    /// A request that was not answered at once.
    void start(Request request) {
        promise(!request.asked.empty(), "a request asks about a socket");
        promise(!request.is_group() || group() == nullptr, "one request of the group at a time");
        const std::uint64_t id = ++last_id_;
        for (const Asked& one : request.asked) {
            promise(covering(one.slot) == nullptr, "at most one request covers a socket");
            covered_by_[index_of(one.slot)] = id;
        }
        group_ = request.is_group() ? id : group_;
        requests_.emplace(id, std::move(request));
    }

    void set_ready(Slot slot, std::uint32_t ready) {
        (*this)[slot].ready = ready;
        (*this)[slot].seen |= ready;
        settle(slot);
    }

    /// Several become ready before a request can end.
    void set_ready_together(std::span<const Slot> slots, std::uint32_t ready) {
        for (const Slot slot : slots) {
            (*this)[slot].ready = ready;
            (*this)[slot].seen |= ready;
        }
        for (const Slot slot : slots) {
            settle(slot);
        }
    }

    void close(Slot slot) {
        (*this)[slot].closed = true;
        settle(slot);
    }

    /// Fills in what is true now; false if there is nothing to say.
    [[nodiscard]] bool answer(Request& request) const {
        bool any = false;
        for (Asked& one : request.asked) {
            const Socket& socket = (*this)[one.slot];
            if (socket.object == one.object) {
                one.answer = socket.closed ? 0 : socket.ready & one.events;
                one.closed = socket.closed;
                any = any || one.answer != 0 || one.closed;
            }
        }
        return any;
    }

    void cancel(Request& request) {
        request.canceled = true;
        request.must_cancel = false;
        end(request);
    }

    /// Ends any request without an answer, as a stranger's cancel does.
    void end_any(std::size_t which) {
        if (!requests_.empty()) {
            const auto steps = static_cast<std::ptrdiff_t>(which % requests_.size());
            end(std::next(requests_.begin(), steps)->second);
        }
    }

    [[nodiscard]] bool has_packet() const { return !packets_.empty(); }

    /// A packet, in the order in which they came from the one at `from` on; there is one.
    [[nodiscard]] Request take_packet(std::size_t from) {
        const auto at = packets_.begin() + static_cast<std::ptrdiff_t>(from % packets_.size());
        const auto found = requests_.find(*at);
        packets_.erase(at);
        Request taken = std::move(found->second);
        requests_.erase(found);
        for (const Asked& one : taken.asked) {
            covered_by_[index_of(one.slot)] = 0;
        }
        group_ = taken.is_group() ? 0 : group_;
        return taken;
    }

    /// Those in flight: their packet was not taken.
    [[nodiscard]] const std::map<std::uint64_t, Request>& requests() const { return requests_; }

    /// The request in flight over a socket; null if none is.
    [[nodiscard]] Request* covering(Slot slot) { return find(covered_by_[index_of(slot)]); }
    [[nodiscard]] const Request* covering(Slot slot) const {
        return const_cast<Device*>(this)->covering(slot);
    }
    [[nodiscard]] Request* group() { return find(group_); }
    [[nodiscard]] const Request* group() const { return const_cast<Device*>(this)->group(); }

private:
    [[nodiscard]] Request* find(std::uint64_t id) {
        const auto found = id != 0 ? requests_.find(id) : requests_.end();
        return found != requests_.end() ? &found->second : nullptr;
    }

    /// Ends the request over the socket where what is true now answers it.
    void settle(Slot slot) {
        Request* const request = covering(slot);
        if (request != nullptr && !request->ended && answer(*request)) {
            end(*request);
        }
    }

    void end(Request& request) {
        if (!request.ended) {
            request.ended = true;
            packets_.push_back(covered_by_[index_of(request.asked.front().slot)]);
        }
    }

    std::vector<Socket> sockets_;
    std::vector<std::uint64_t> covered_by_;  ///< The request over each slot; 0 for none.
    std::map<std::uint64_t, Request> requests_;
    std::deque<std::uint64_t> packets_;  ///< Requests that have ended, as they did.
    std::uint64_t group_ = 0;
    std::uint64_t last_id_ = 0;
};

}  // namespace wakepoll::core::test::schedule
