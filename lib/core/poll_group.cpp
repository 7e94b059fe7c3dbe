#include "core/poll_group.hpp"

#include <cassert>

namespace wakepoll::core {

void PollGroup::become(Slot slot, Place place) noexcept {
    Member& member = of(slot);
    if (place_of(slot) == Place::fresh) {
        --fresh_;
        fresh_and_busy_ -= member.busy;
    }
    member.place = static_cast<std::uint16_t>(place) & 7U;
    if (place == Place::fresh) {
        ++fresh_;
        fresh_and_busy_ += member.busy;
    }
}

void PollGroup::awaken(Slot slot) noexcept {
    Member& member = of(slot);
    member.events = 0;
    member.credit = credit_at_first;
    member.woken = 0;
    become(slot, Place::fresh);
    awake_.add(slot);
}

// Registrations
// ----------------------------------------------------------------------------------

void PollGroup::add(Slot slot) noexcept {
    assert(place_of(slot) == Place::absent);
    of(slot).restless = 0;
    awaken(slot);
}

void PollGroup::modify(Slot slot, std::uint32_t wanted) noexcept {
    switch (place_of(slot)) {
        case Place::absent:
            awaken(slot);
            break;
        case Place::covered:
            if (exceeds(slot, wanted)) {
                covered_.remove(slot);
                awaken(slot);
            }
            break;
        case Place::parked:
        case Place::in_lot:
            if (exceeds(slot, wanted)) {
                awaken(slot);
            }
            break;
        case Place::fresh:
        case Place::asked:
            break;  // The next wait asks.
    }
}

void PollGroup::remove(Slot slot, bool forgotten) noexcept {
    Member& member = of(slot);
    switch (place_of(slot)) {
        case Place::asked:
            ready_ -= member.events != 0 ? 1U : 0U;
            [[fallthrough]];
        case Place::fresh:
            awake_.remove(slot);
            break;
        case Place::covered:
            covered_.remove(slot);
            break;
        case Place::parked:
        case Place::in_lot:
        case Place::absent:
            break;
    }
    become(slot, Place::absent);
    member.events = 0;
    if (forgotten && member.busy != 0) {
        member.unwanted = 1;
    }
}

// A wait
// -----------------------------------------------------------------------------------------

void PollGroup::begin_wait() noexcept {
    parted_ = 0;
    repeated_ = 0;
    ready_ = 0;
    for_each(awake_, [this](Slot slot) {
        Member& member = of(slot);
        member.events = 0;
        if (place_of(slot) == Place::asked) {
            become(slot, Place::fresh);
        }
        repeated_ += member.credit == credit_at_most ? 1U : 0U;
    });
}

PollGroup::Step PollGroup::next_for_fresh() const noexcept {
    const Step apart = fresh_ > fresh_and_busy_ ? Step::apart : Step::nothing;
    switch (state_) {
        case State::idle:
            if (parted_ == 0 ? is_crowd() || fresh_and_busy_ > 0
                             : parted_ == 1 && stuck_ && apart == Step::nothing) {
                return Step::together;
            }
            return apart;
        case State::in_flight:
            return fresh_ > most_apart || repeated_ > 1 || (stuck_ && fresh_and_busy_ > 0)
                       ? Step::cancel
                       : apart;
        case State::cancelling:
            break;
    }
    return Step::nothing;
}

void PollGroup::answer(Slot slot, std::uint32_t events) noexcept {
    assert(place_of(slot) == Place::fresh && events != 0);
    Member& member = of(slot);
    become(slot, Place::asked);
    member.events = PollMember::packed(events) & 0x7FU;
    member.restless |= member.woken;
    if (member.credit < credit_at_most) {
        member.credit = static_cast<std::uint16_t>(member.credit + 1U) & 3U;
    }
    ++ready_;
}

PollGroup::Request PollGroup::request_for(Slot slot) const noexcept {
    assert(place_of(slot) == Place::fresh && !is_busy(slot));
    Request alone;
    alone.cell = slot;
    alone.count = 1;
    alone.slots[0] = slot;
    if (!is_sociable(slot) || lot_of(slot).cells != 0) {
        return alone;
    }
    // The longest run of neighbours gives its cells; there is room in them for some others, too.
    Slot best = no_slot;
    std::uint32_t longest = 0;
    std::uint32_t run = 0;
    for_each_of_block(slot, [&](Slot neighbour) {
        run = is_sociable(neighbour) ? run + 1 : 0;
        if (run > longest) {
            longest = run;
            best = Slot{static_cast<std::uint32_t>(neighbour) + 1 - run};
        }
    });
    if (longest < 2) {
        return alone;
    }
    Request request;
    const auto add = [&](Slot member) { request.slots[request.count++] = member; };
    const std::uint32_t first = static_cast<std::uint32_t>(best);
    for (std::uint32_t i = first; i < first + longest; ++i) {
        add(Slot{i});
    }
    for_each_of_block(slot, [&](Slot neighbour) {
        const bool in_run = index_of(neighbour) - first < longest;
        if (is_sociable(neighbour) && !in_run && request.count < room_in(longest)) {
            add(neighbour);
        }
    });
    request.cell = best;
    while (request.cells < longest && room_in(request.cells) < request.count) {
        ++request.cells;
    }
    return request;
}

void PollGroup::note_in_flight(const Request& request) noexcept {
    ++in_flight_;
    const std::uint32_t first = static_cast<std::uint32_t>(request.cell);
    for (std::uint32_t i = first; i < first + request.cells; ++i) {
        of(Slot{i}).busy = 1;
    }
    if (request.count > 1) {
        Lot& lot = lot_of(request.cell);
        lot.first = static_cast<std::uint8_t>(first % block_slots);
        lot.cells = static_cast<std::uint8_t>(request.cells) & 0x1FU;
    }
}

// Packets
// ----------------------------------------------------------------------------------------

void PollGroup::group_ended() noexcept {
    state_ = State::idle;
    for_each(covered_, [this](Slot slot) {
        const std::uint16_t credit = of(slot).credit;
        covered_.remove(slot);
        awaken(slot);
        of(slot).credit = credit & 3U;
    });
}

bool PollGroup::own_ended(Slot slot) noexcept {
    Member& member = of(slot);
    assert(member.busy != 0);
    fresh_and_busy_ -= place_of(slot) == Place::fresh ? 1U : 0U;
    member.busy = 0;
    --in_flight_;
    if (member.unwanted != 0) {
        member.unwanted = 0;
        return false;
    }
    if (place_of(slot) == Place::parked) {
        awaken(slot);
    }
    return true;
}

void PollGroup::lot_ended(Slot slot) noexcept {
    const std::uint32_t first = static_cast<std::uint32_t>(cell_of_lot(slot));
    for (std::uint32_t i = first; i < first + lot_of(slot).cells; ++i) {
        Member& member = of(Slot{i});
        fresh_and_busy_ -= place_of(Slot{i}) == Place::fresh ? 1U : 0U;
        member.busy = 0;
        member.unwanted = 0;
    }
    cancelling_lots_ -= lot_of(slot).cancelling;
    lot_of(slot) = {};
    --in_flight_;
    for_each_of_block(slot, [this](Slot member) {
        if (place_of(member) == Place::in_lot) {
            awaken(member);
            of(member).woken = 1;
        }
    });
}

Slot PollGroup::lot_over(Slot slot) const noexcept {
    const Lot& lot = lot_of(slot);
    const Slot first = cell_of_lot(slot);
    return index_of(slot) - index_of(first) < lot.cells ? first : no_slot;
}

}  // namespace wakepoll::core
