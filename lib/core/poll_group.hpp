// Which sockets are asked about together, which apart, and which not at all just now.
//
// A request to the device (sys/afd_device.hpp) covers any number of sockets, is answered at once
// where one of them is ready, and otherwise stays in flight until one is. Asking for many together
// is one call, but one that costs more the more it asks for; a socket in a request that stays in
// flight costs nothing until something in it is ready, but a call to get there. So the sockets that
// were active lately are asked about together, once a wait, and one that has been quiet meanwhile
// is *parked* in a request that stays.
//
//   fresh    to be asked in this wait
//   asked    was asked in this wait and answered at once
//   covered  in the request of the group, which is in flight
//   parked   in a request of its own, which is in flight
//   in_lot   in a request that is shared with neighbours, which is in flight
//   absent   nobody asks: not registered here, or one-shot and reported
//
// Fresh and asked ones are *awake* and stand in a ring, in the order of their turns. Each wait
// makes all that are awake fresh again. An answer that comes by packet is never reported: it may
// have been overtaken, and makes its sockets fresh. So what is reported was true during the wait.
//
// How long a quiet socket stays awake while others of the group are active goes by its credit: one
// for each of its own reports lately, three at most; four rounds take one. A group in flight is
// left alone when others wake up, while these are few: they are asked apart. Are they many, or two
// that keep being ready, the group is cancelled, and all are asked together.
//
// Quiet sockets that are neighbours are parked by lots; core/poll_lot.hpp says how. One that has
// woken its lot is *restless*, and next time is parked alone; one that leaves its lot in another
// way has the lot cancelled.
//
// Used by the AFD backend, on the owner's thread. It makes no system call and allocates nothing.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "core/poll_lot.hpp"
#include "core/slot.hpp"
#include "core/slot_ring.hpp"

namespace wakepoll::core {

class PollGroup {
public:
    using Place = PollMember::Place;

    using Member = PollMember;
    using Lot = PollLot;
    using Request = PollRequest;

    /// What the next look at the sockets has to do.
    enum class Step : std::uint8_t {
        nothing,   ///< No socket is to be asked, or not before a packet that is on its way.
        together,  ///< One request for all that are fresh.
        apart,     ///< For each that is fresh and not busy, `request_for` it.
        cancel,    ///< Cancel the group's request, so that all can be asked together.
    };

    static constexpr std::uint32_t credit_at_first = 1;
    static constexpr std::uint32_t credit_at_most = 3;
    static constexpr std::uint32_t rounds_a_credit = 4;
    /// The most fresh sockets that are asked apart because of a group in flight.
    static constexpr std::uint32_t most_apart = 32;
    /// How many requests at most park quiet sockets in one wait: so many, or this part of those
    /// asked, so that no wait is much longer than the others.
    static constexpr std::uint32_t parked_at_least = 32;
    static constexpr std::uint32_t parked_part = 8;

    /// Takes a member and a link for every slot, and a lot for every block, which outlive the
    /// group. Other rings may share the links.
    PollGroup(Member* members, Lot* lots, SlotRing::Link* links, std::uint32_t capacity) noexcept
        : members_(members), lots_(lots), capacity_(capacity), awake_(links), covered_(links) {}

    PollGroup(const PollGroup&) = delete;
    PollGroup& operator=(const PollGroup&) = delete;

    // Registrations

    /// An absent slot is to be asked.
    void add(Slot slot) noexcept;

    /// The slot's request does not ask for all that is wanted: cancel it before `modify`.
    [[nodiscard]] bool must_cancel(Slot slot, std::uint32_t wanted) const noexcept {
        return is_parked(slot) && exceeds(slot, wanted);
    }

    /// The slot waits in a request that is not being cancelled, alone or in a lot.
    [[nodiscard]] bool is_parked(Slot slot) const noexcept {
        return place_of(slot) == Place::parked ||
               (place_of(slot) == Place::in_lot && lot_of(slot).cancelling == 0);
    }

    /// The registration wants this now. What is in flight stays where it asks for no less.
    void modify(Slot slot, std::uint32_t wanted) noexcept;

    /// Nobody is to ask about the slot any more; `forgotten` says that its registration ends, too,
    /// so that an answer which is still to come is nobody's.
    void remove(Slot slot, bool forgotten) noexcept;

    // A wait

    /// All that are awake are to be asked once more.
    void begin_wait() noexcept;

    [[nodiscard]] Step next() const noexcept {
        return fresh_ == 0 ? Step::nothing : next_for_fresh();
    }

    /// There are sockets to be asked, but only after a packet that is sure to come soon.
    [[nodiscard]] bool is_waiting() const noexcept {
        const bool group_returns = state_ == State::cancelling && !covered_.empty();
        return (fresh_ > 0 && next() == Step::nothing) || cancelling_lots_ > 0 || group_returns;
    }

    /// Calls `visit` for each fresh slot, which may be answered, parked or removed by it.
    template <class Visit>
    void for_each_fresh(const Visit& visit) noexcept {
        for_each(awake_, [&](Slot slot) {
            if (place_of(slot) == Place::fresh) {
                visit(slot);
            }
        });
    }

    /// A fresh slot was answered at once; `events` is not 0.
    void answer(Slot slot, std::uint32_t events) noexcept;

    /// A fresh slot was answered at once, with nothing that is reported.
    void dismiss(Slot slot) noexcept { become(slot, Place::asked); }

    /// Calls `visit` with a fresh slot of each block that has any; it may do with all slots of the
    /// block as it likes.
    template <class Visit>
    void for_each_fresh_block(const Visit& visit) noexcept {
        Slot slot = awake_.cursor();
        for (std::uint32_t left = awake_.size(); left > 0;) {
            const Slot visited = slot;
            const bool is_fresh = place_of(visited) == Place::fresh;
            do {
                slot = awake_.next(slot);
                --left;
            } while (is_fresh && left > 0 && block_of(slot) == block_of(visited));
            if (is_fresh) {
                visit(visited);
            }
        }
    }

    /// The group was answered at once: who is fresh still is quiet. Calls `ask` with one slot of
    /// each block that has some whose credit is used up, up to the limit, to ask all of these.
    template <class Ask>
    void end_round(const Ask& ask) noexcept {
        const unsigned spent = ++rounds_ % rounds_a_credit == 0 ? 1U : 0U;
        for_each_fresh([this, spent](Slot slot) {
            Member& member = of(slot);
            if (member.credit > 0) {
                member.credit = static_cast<std::uint16_t>(member.credit - spent) & 3U;
                become(slot, Place::asked);
            }
        });
        const std::uint32_t limit =
            in_flight_ + std::max(parked_at_least, awake_.size() / parked_part);
        for_each_fresh_block([&](Slot slot) {
            if (in_flight_ < limit) {
                ask(slot);
            }
            for_each_of_block(slot, [this](Slot quiet) {
                if (place_of(quiet) == Place::fresh) {
                    become(quiet, Place::asked);
                }
            });
        });
    }

    /// Calls `visit` with each slot of the slot's block.
    template <class Visit>
    void for_each_of_block(Slot slot, const Visit& visit) const noexcept {
        const std::uint32_t first = block_of(slot) * block_slots;
        const std::uint32_t end = std::min(first + block_slots, capacity_);
        for (std::uint32_t i = first; i < end; ++i) {
            visit(Slot{i});
        }
    }

    /// The group's request is in flight: it covers who is fresh, and asks for `asked_of(slot)`.
    template <class AskedOf>
    void cover(const AskedOf& asked_of) noexcept {
        for_each_fresh([&](Slot slot) {
            awake_.remove(slot);
            become(slot, Place::covered);
            of(slot).events = PollMember::packed(asked_of(slot)) & 0x7FU;
            covered_.add(slot);
        });
        state_ = State::in_flight;
        repeated_ = 0;
    }

    /// From now on, the slot is in no lot.
    void keep_alone(Slot slot) noexcept { of(slot).restless = 1; }

    /// Whom to ask with a fresh slot that is not busy.
    [[nodiscard]] Request request_for(Slot slot) const noexcept;

    /// A request for fresh slots is in flight, and asks for `asked_of(slot)`.
    template <class AskedOf>
    void park(const Request& request, const AskedOf& asked_of) noexcept {
        for (std::uint32_t i = 0; i < request.count; ++i) {
            const Slot slot = request.slots[i];
            awake_.remove(slot);
            become(slot, request.count > 1 ? Place::in_lot : Place::parked);
            of(slot).events = PollMember::packed(asked_of(slot)) & 0x7FU;
            of(slot).woken = 0;
        }
        note_in_flight(request);
    }

    /// The group's request is being cancelled.
    void note_canceled() noexcept { state_ = State::cancelling; }

    /// A request that nobody waits for any more could not be cancelled, so that nobody knows when
    /// its packet will come: from now on, whoever is busy is asked with the group.
    void note_stuck() noexcept { stuck_ = true; }

    /// The lot of the slot's block is being cancelled, once or again: it ends with one packet.
    void note_lot_canceled(Slot slot) noexcept {
        PollLot& lot = lot_of(slot);
        cancelling_lots_ += lot.cancelling != 0 ? 0U : 1U;
        lot.cancelling = 1;
    }

    /// One of the fresh is no socket, so that they can not be asked together: until the next wait
    /// they are asked alone. Those who are busy are asked together once more, where nobody knows
    /// when they will not be; the caller has seen to it that none of them is the one.
    void part() noexcept { ++parted_; }

    // Packets

    /// The group's packet has come: those whom it covered are fresh.
    void group_ended() noexcept;

    /// The packet of the slot's own request has come. True where the request was that of the
    /// registration that the slot has now.
    [[nodiscard]] bool own_ended(Slot slot) noexcept;

    /// The packet of the lot of the slot's block has come: those in it are fresh.
    void lot_ended(Slot slot) noexcept;

    // Reporting

    /// The slot whose turn it is among those awake; `no_slot` where none is.
    [[nodiscard]] Slot cursor() const noexcept { return awake_.cursor(); }
    void advance() noexcept { awake_.advance(); }
    void advance_past(Slot slot) noexcept { awake_.advance_to(awake_.next(slot)); }
    /// What an awake slot was answered and has not been reported; 0 where nothing.
    [[nodiscard]] std::uint32_t answered(Slot slot) const noexcept {
        return place_of(slot) == Place::asked ? PollMember::unpacked(of(slot).events) : 0U;
    }
    /// The answer was reported.
    void take(Slot slot) noexcept {
        of(slot).events = 0;
        --ready_;
    }

    // Numbers

    [[nodiscard]] Place place_of(Slot slot) const noexcept {
        return static_cast<Place>(of(slot).place);
    }
    /// The cell of the lot in flight that the slot's own cell is used by; `no_slot` where none.
    [[nodiscard]] Slot lot_over(Slot slot) const noexcept;
    /// The cell where the lot is that the slot is in.
    [[nodiscard]] Slot cell_of_lot(Slot slot) const noexcept {
        return Slot{block_of(slot) * block_slots + lot_of(slot).first};
    }

    /// The slot's cell is the kernel's.
    [[nodiscard]] bool is_busy(Slot slot) const noexcept { return of(slot).busy != 0; }
    [[nodiscard]] bool is_group_in_flight() const noexcept { return state_ != State::idle; }
    /// It is, and all whom it covers have been removed.
    [[nodiscard]] bool is_group_deserted() const noexcept {
        return state_ == State::in_flight && covered_.empty();
    }
    [[nodiscard]] std::uint32_t awake() const noexcept { return awake_.size(); }
    [[nodiscard]] std::uint32_t ready() const noexcept { return ready_; }
    [[nodiscard]] std::uint32_t fresh() const noexcept { return fresh_; }
    /// Requests whose packet is still to come.
    [[nodiscard]] std::uint32_t in_flight() const noexcept {
        return in_flight_ + (is_group_in_flight() ? 1U : 0U);
    }

private:
    enum class State : std::uint8_t { idle, in_flight, cancelling };

    [[nodiscard]] Member& of(Slot slot) noexcept { return members_[index_of(slot)]; }
    [[nodiscard]] const Member& of(Slot slot) const noexcept { return members_[index_of(slot)]; }
    [[nodiscard]] bool exceeds(Slot slot, std::uint32_t wanted) const noexcept {
        return (wanted & ~PollMember::unpacked(of(slot).events)) != 0;
    }
    [[nodiscard]] Lot& lot_of(Slot slot) noexcept { return lots_[block_of(slot)]; }
    [[nodiscard]] const Lot& lot_of(Slot slot) const noexcept { return lots_[block_of(slot)]; }

    /// It can be in a lot with others that can.
    [[nodiscard]] bool is_sociable(Slot slot) const noexcept {
        const Member& member = of(slot);
        return place_of(slot) == Place::fresh && member.busy == 0 && member.restless == 0;
    }
    /// So many are fresh that they are asked together. Where others were asked in this wait
    /// already, a few must not take the group's request, which those need in the next wait.
    [[nodiscard]] bool is_crowd() const noexcept {
        return fresh_ > (awake_.size() > fresh_ ? most_apart : 1);
    }
    void note_in_flight(const Request& request) noexcept;
    /// The next step where some are fresh.
    [[nodiscard]] Step next_for_fresh() const noexcept;

    /// Visits each member of a ring once; `visit` may take out the one that it is given.
    template <class Visit>
    static void for_each(const SlotRing& ring, const Visit& visit) noexcept {
        Slot slot = ring.cursor();
        for (std::uint32_t left = ring.size(); left > 0; --left) {
            const Slot next = ring.next(slot);
            visit(slot);
            slot = next;
        }
    }

    /// Changes the place and keeps the numbers; the rings are the caller's business.
    void become(Slot slot, Place place) noexcept;
    /// Takes a slot that is in flight, or absent, into the ring of those to be asked.
    void awaken(Slot slot) noexcept;

    Member* members_;
    Lot* lots_;
    std::uint32_t capacity_;
    SlotRing awake_;
    SlotRing covered_;
    std::uint32_t fresh_ = 0;
    std::uint32_t fresh_and_busy_ = 0;
    std::uint32_t repeated_ = 0;   ///< Of the fresh, those that were ready again and again.
    std::uint32_t rounds_ = 0;     ///< That were answered at once.
    std::uint32_t ready_ = 0;      ///< Answered and not yet reported.
    std::uint32_t in_flight_ = 0;  ///< Requests but the group's.
    std::uint32_t cancelling_lots_ = 0;
    State state_ = State::idle;
    std::uint8_t parted_ = 0;  ///< How often in this wait; never more than twice.
    bool stuck_ = false;
};

}  // namespace wakepoll::core
