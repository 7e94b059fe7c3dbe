// The requests in flight to AFD's device: which slots they cover, and which must be cancelled.
//
// A request covers one slot, its *own*, or is the *group's*, which covers many. It is in flight
// until its packet was taken, cancelled or not, and no slot is covered by two (P14). Meanwhile a
// registration can come to need less of it: only its end, once it wants something else, and nothing
// once it has ended itself. What is in the way of the next request is cancelled. If that fails for
// one that no registration can wait for, it is an *orphan*, and the cancel is retried.
//
// The AFD backend makes and cancels requests and records that here; PollSchedule records what the
// registrations need. Not thread-safe: used under the poller's lock. Makes no system call and
// allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/slot.hpp"
#include "core/slot_ring.hpp"

namespace wakepoll::core {

class PollRequests {
public:
    /// A request in flight that covers a slot.
    enum class Request : std::uint8_t { none, own, group };

    /// What the slot's registration needs of it.
    enum class Need : std::uint8_t {
        nothing,  ///< There is no request, or the registration has ended.
        end,      ///< The slot is held until it ends, and then polled again.
        answer,
    };

    /// The request over a slot. All-zero memory is none.
    struct Cover {
        std::uint16_t asked = 0;  ///< What it asks for.
        std::uint16_t tag = 0;    ///< The tag of the latest request of the slot's own cell.
        Request request = Request::none;
        Need need = Need::nothing;
        bool canceled = false;  ///< The slot's own one has been cancelled.
        bool former = false;    ///< It was made for a registration that has ended.
    };

    /// Uses a cover and a link for every slot, which must outlive this. Other rings may share the
    /// links.
    PollRequests(Cover* covers, SlotRing::Link* links) noexcept
        : covers_(covers), orphans_(links) {}

    PollRequests(const PollRequests&) = delete;
    PollRequests& operator=(const PollRequests&) = delete;

    // What PollSchedule records

    /// A request that asks for `events` covers the slot, which no other does.
    void start(Request request, Slot slot, std::uint32_t events) noexcept;
    /// The packet of the request over the slot has come. Returns what was needed of it. The group's
    /// is in flight until it has ended for every slot that it covers.
    [[nodiscard]] Need end(Slot slot) noexcept;
    /// The slot's registration needs only the end of the request over it; false if there is none.
    [[nodiscard]] bool hold(Slot slot) noexcept;
    /// The registration has ended. Returns the request that has to be cancelled for that.
    [[nodiscard]] Request abandon(Slot slot) noexcept;

    // Cancelling

    /// Returns the request that must be cancelled before the slot can be polled for `wanted`;
    /// `none` if there is none, or if it is cancelled already.
    [[nodiscard]] Request must_cancel(Slot slot, std::uint32_t wanted) const noexcept;
    /// The slot's own request, or the group's, was cancelled.
    void note_canceled(Request request, Slot slot) noexcept;
    /// It is no longer needed and could not be cancelled.
    void note_orphan(Request request, Slot slot) noexcept;

    [[nodiscard]] bool has_orphans() const noexcept { return group_orphan_ || !orphans_.empty(); }
    [[nodiscard]] bool is_group_orphan() const noexcept { return group_orphan_; }
    /// Calls `visit`, which may record the cancel, for each slot whose own request is an orphan.
    template <class Visit>
    void for_each_orphan(const Visit& visit) const noexcept {
        orphans_.for_each(visit);
    }

    // One slot's

    [[nodiscard]] Request covering(Slot slot) const noexcept { return of(slot).request; }
    /// The request over the slot was made for a registration that has ended.
    [[nodiscard]] bool is_former(Slot slot) const noexcept { return of(slot).former; }
    [[nodiscard]] Need need_of(Slot slot) const noexcept { return of(slot).need; }
    /// Returns the tag for the next request of the slot's own cell. A packet belongs to that
    /// request only if it carries the same tag.
    [[nodiscard]] std::uint16_t next_tag(Slot slot) noexcept { return ++of(slot).tag; }
    [[nodiscard]] std::uint16_t tag_of(Slot slot) const noexcept { return of(slot).tag; }

    // All of them

    [[nodiscard]] bool is_group_in_flight() const noexcept { return grouped_ > 0; }
    [[nodiscard]] bool is_group_canceled() const noexcept { return group_canceled_; }
    /// Requests whose packet is outstanding.
    [[nodiscard]] std::uint32_t in_flight() const noexcept {
        return own_ + (is_group_in_flight() ? 1U : 0U);
    }
    /// Some slots can be polled only after a packet that is certain to come soon: those that a
    /// cancelled request holds, and, beside a cancelled group, the `due` ones.
    [[nodiscard]] bool is_waiting(std::uint32_t due) const noexcept {
        return awaited_ > 0 || (group_canceled_ && (grouped_ > group_unneeded_ || due > 0));
    }
    /// Some request covers a slot that is no longer registered, or blocks another poll.
    [[nodiscard]] bool is_held_up(std::uint32_t due) const noexcept {
        return own_unneeded_ > 0 || group_unneeded_ > 0 || is_waiting(due);
    }

private:
    [[nodiscard]] Cover& of(Slot slot) noexcept { return covers_[index_of(slot)]; }
    [[nodiscard]] const Cover& of(Slot slot) const noexcept { return covers_[index_of(slot)]; }

    /// The request over the slot, if it is not cancelled yet.
    [[nodiscard]] Request to_cancel(const Cover& cover) const noexcept {
        const bool canceled = cover.request == Request::group ? group_canceled_ : cover.canceled;
        return canceled ? Request::none : cover.request;
    }
    /// Changes what is needed of a request in flight, and the counts with it.
    void need(Cover& cover, Need need) noexcept;
    /// Adds `one`, which is 1 or -1, to the number that counts what is needed of it.
    void count(const Cover& cover, std::uint32_t one) noexcept;

    Cover* covers_;
    SlotRing orphans_;
    std::uint32_t own_ = 0;      ///< Requests other than the group's.
    std::uint32_t grouped_ = 0;  ///< Slots that the group's covers.
    std::uint32_t own_unneeded_ = 0;
    std::uint32_t group_unneeded_ = 0;  ///< Slots of the group's that need nothing of it.
    std::uint32_t awaited_ = 0;         ///< Slots that a cancelled request of their own holds.
    bool group_canceled_ = false;
    bool group_orphan_ = false;
};

}  // namespace wakepoll::core
