// Decides which sockets AFD polls together, which alone, and which not now.
//
// A request to the device (sys/afd_device.hpp) covers any number of sockets. It is answered at once
// if one of them is ready, and otherwise stays in flight until one is. The policy, in full:
//
//   1. A socket is *due* (to be polled), or pending in a request: in the *group's*, which covers
//      many, or *parked* in one of its own. Each wait polls what is due.
//   2. The answer in a packet is reported as it is. A reported socket is due in the next wait; so
//      are the others of a group whose request has ended.
//   3. Sockets that were ready twice within `patience` rounds, and again since, are polled together
//      in the group's request: while they stay active, one call serves them all. Every other socket
//      is parked alone, with one call, and costs nothing until it is ready. After a *crowd*, a
//      round in which a quarter of all sockets were ready, it is `crowd_patience` rounds.
//   4. While the group's request is in flight, active sockets outside it are parked alone, too,
//      until there are `worth_a_cancel` of them: then it is cancelled, and all are polled together.
//   5. No socket is in two requests at a time, cancelled ones included until their packet has come.
//      A socket that needs another request (its interest has grown, or it was registered anew) is
//      *held* until then. An answer to a held socket is dropped, and the socket polled again.
//
// A round is a wait in which some socket was ready. A one-shot registration that has reported is
// *silent*: it is polled for no events, at first with the group, so that a close is noticed.
//
// The requests in flight are in core/poll_requests. Not thread-safe: used by the AFD backend under
// the poller's lock. Makes no system call and allocates nothing.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>

#include "core/poll_requests.hpp"
#include "core/slot.hpp"
#include "core/slot_ring.hpp"

namespace wakepoll::core {

class PollSchedule {
public:
    static constexpr std::uint32_t patience = 2;
    static constexpr std::uint32_t crowd_patience = 4;
    static constexpr std::uint32_t worth_a_cancel = 8;

    using Request = PollRequests::Request;

    /// The state of a slot. All-zero memory is an absent one.
    struct Member {
        std::uint32_t polled_in = 0;    ///< The wait that polled it last.
        std::uint32_t ready_in = 0;     ///< The round in which it was ready last.
        std::uint32_t wanted = 0;       ///< What the registration wants; 0 while silent.
        std::uint32_t answer = 0;       ///< The answer that has not been reported yet.
        std::uint32_t joins_until = 0;  ///< The last round in which it joins the group.
        bool awake : 1 = false;         ///< Registered, and no request in flight covers it.
        bool active : 1 = false;        ///< It was in the group before it fell silent.
    };

    /// Uses a member and a link for every slot; these and the requests must outlive the schedule.
    /// Other rings may share the links.
    PollSchedule(Member* members, SlotRing::Link* links, PollRequests& requests) noexcept
        : members_(members), awake_(links), requests_(requests) {}

    PollSchedule(const PollSchedule&) = delete;
    PollSchedule& operator=(const PollSchedule&) = delete;

    // Registrations

    /// Adds an absent slot. It is due, or held by a request of its former registration.
    void add(Slot slot, std::uint32_t wanted) noexcept;

    /// Changes what the registration wants, and ends its silence.
    void modify(Slot slot, std::uint32_t wanted) noexcept;

    /// An awake one-shot registration has reported.
    void silence(Slot slot) noexcept;

    /// Removes a registration. Returns the request in flight that covers it and has to be
    /// cancelled, or `none`.
    [[nodiscard]] Request remove(Slot slot) noexcept;

    /// The events to request for it.
    [[nodiscard]] std::uint32_t wanted_by(Slot slot) const noexcept { return of(slot).wanted; }

    // A wait

    /// Begins a wait that can report `room` sockets.
    void begin_wait(std::size_t room) noexcept {
        room_ = room;
        kept_ = 0;
        repeats_ = will_repeat_ && due_ == 0 && ready_ == 0;
        will_repeat_ = true;
        if (answers_ > 0) {
            ++round_;
            patience_ = was_crowd() ? crowd_patience : patience;
            answers_ = 0;
        }
        ++wait_;
        due_ = awake_.size();
        ready_ = 0;
    }

    /// The number of sockets to be polled.
    [[nodiscard]] std::uint32_t due() const noexcept { return due_; }
    /// True if all awake sockets were answered in the last wait, want the same as before, and
    /// join the group: if one request polled them, the same request serves again.
    [[nodiscard]] bool repeats() const noexcept { return repeats_; }
    [[nodiscard]] bool is_due(Slot slot) const noexcept {
        return of(slot).awake && of(slot).polled_in != wait_;
    }
    /// Calls `visit` for each socket to be polled now. A socket whose answer the last wait had no
    /// room for is polled again only if this wait has room for it.
    template <class Visit>
    void for_each_due(const Visit& visit) noexcept {
        std::size_t room = room_ - std::min(room_, kept_);
        bool left_out = false;
        awake_.for_each([&, wait = wait_](Slot slot) {
            const Member& member = of(slot);
            if (member.polled_in == wait) {
                return;
            }
            if (member.answer != 0) {
                if (room == 0) {
                    left_out = true;
                    return;
                }
                --room;
            }
            visit(slot);
        });
        left_out_ = left_out;
    }
    /// The last `for_each_due` left out some.
    [[nodiscard]] bool has_unpolled() const noexcept { return left_out_; }
    /// It left out some that there is room for by now. While the group is being cancelled they wait
    /// for its packet.
    [[nodiscard]] bool has_left_out() const noexcept {
        return left_out_ && kept_ < room_ && !requests_.is_group_canceled();
    }
    /// True if a due socket is polled with the group rather than alone.
    [[nodiscard]] bool joins_group(Slot slot) const noexcept {
        return of(slot).answer != 0 || is_active(of(slot));
    }
    /// True if enough due sockets join the group to cancel its request in flight.
    [[nodiscard]] bool is_group_worth_a_cancel() noexcept;

    /// A due socket was answered at once, or a pending one by packet. Only the first answer in a
    /// wait counts.
    void note_answer(Slot slot, std::uint32_t events) noexcept {
        assert(of(slot).awake && events != 0);
        Member& member = of(slot);
        if (member.polled_in == wait_) {
            return;
        }
        kept_ += member.answer != 0 ? 1 : 0;
        member.polled_in = wait_;
        member.answer = events;
        const bool active = round_ - member.ready_in <= patience_;
        member.joins_until = active ? round_ + patience_ : round_ - 1;
        member.ready_in = round_;
        if (!active) {
            differ();
        }
        ++answers_;
        --due_;
        ++ready_;
    }
    /// A due socket was polled with others, and only others were ready.
    void note_quiet(Slot slot) noexcept;
    /// A due socket is pending: a request of its own, or the group's, is in flight.
    void note_pending(Request request, Slot slot) noexcept;
    /// The packet of the request that covers the slot has come; the slot is due if it is
    /// registered. Returns what was needed of the request.
    [[nodiscard]] PollRequests::Need note_ended(Slot slot) noexcept;

    // Reporting

    /// Visits up to `visits` awake slots in turn, takes at most `room` answers, and calls `visit`
    /// with the slot and the answer of each. Returns how many slots were visited.
    template <class Visit>
    std::size_t take_answers(std::size_t visits, std::size_t room, const Visit& visit) noexcept {
        std::size_t left = std::min<std::size_t>(room, ready_);
        ready_ -= static_cast<std::uint32_t>(left);
        std::size_t unvisited = visits;
        awake_.advance_while([&, wait = wait_, members = members_](Slot slot) {
            if (left == 0 || unvisited == 0) {
                return false;
            }
            --unvisited;
            Member& member = members[index_of(slot)];
            const std::uint32_t answer = member.answer;
            if (answer != 0 && member.polled_in == wait) {
                member.answer = 0;
                --left;
                visit(slot, answer);
            }
            return true;
        });
        ready_ += static_cast<std::uint32_t>(left);
        return visits - unvisited;
    }
    [[nodiscard]] std::uint32_t awake() const noexcept { return awake_.size(); }
    /// Answers of this wait that are not reported yet.
    [[nodiscard]] std::uint32_t ready() const noexcept { return ready_; }

private:
    [[nodiscard]] bool is_active(const Member& member) const noexcept {
        return static_cast<std::int32_t>(member.joins_until - round_) >= 0;  // It may wrap.
    }
    /// The group's request is made once in a round, or twice if it was in flight. So for one that
    /// is ready, at most eight others are polled; that is the cost of parking it.
    [[nodiscard]] bool was_crowd() const noexcept {
        return answers_ >= worth_a_cancel && answers_ >= registered_ / 4;
    }
    /// The next wait polls other sockets, or for other events, than this one.
    void differ() noexcept {
        repeats_ = false;
        will_repeat_ = false;
    }

    [[nodiscard]] Member& of(Slot slot) noexcept { return members_[index_of(slot)]; }
    [[nodiscard]] const Member& of(Slot slot) const noexcept { return members_[index_of(slot)]; }

    /// It is registered, and no request covers it: it is due.
    void wake(Slot slot) noexcept;
    /// It is no longer awake, if it was.
    void leave(Slot slot) noexcept;

    Member* members_;
    SlotRing awake_;
    PollRequests& requests_;
    std::size_t room_ = 0;  ///< How many sockets this wait can report.
    std::size_t kept_ = 0;  ///< How many of them have an answer that the last wait had no room for.
    std::uint32_t wait_ = 1;
    std::uint32_t round_ = 1;
    std::uint32_t answers_ = 0;  ///< Of this wait.
    std::uint32_t patience_ = patience;
    std::uint32_t due_ = 0;
    std::uint32_t registered_ = 0;
    std::uint32_t ready_ = 0;
    bool left_out_ = false;
    bool repeats_ = false;
    bool will_repeat_ = false;  ///< Nothing has changed so far that makes the next wait differ.
};

}  // namespace wakepoll::core
