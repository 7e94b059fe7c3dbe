#include "core/poll_schedule.hpp"

#include <cassert>

namespace wakepoll::core {

void PollSchedule::become(Slot slot, Place place) noexcept {
    differ();
    Member& member = of(slot);
    if (member.place == Place::awake) {
        due_ -= is_due(slot) ? 1U : 0U;
        ready_ -= answer_of(slot) != 0 ? 1U : 0U;
        awake_.remove(slot);
    }
    const auto is_live = [](Place of) { return of == Place::pending || of == Place::held; };
    if (member.in_group) {
        group_live_ += static_cast<std::uint32_t>(is_live(place));
        group_live_ -= static_cast<std::uint32_t>(is_live(member.place));
    }
    registered_ += static_cast<std::uint32_t>(place != Place::absent);
    registered_ -= static_cast<std::uint32_t>(member.place != Place::absent);
    if (is_in_flight(slot)) {
        unwanted_ += static_cast<std::uint32_t>(place == Place::absent);
        unwanted_ -= static_cast<std::uint32_t>(member.place == Place::absent);
    }
    awaited_ -= is_awaited(slot) ? 1U : 0U;
    member.place = place;
    awaited_ += is_awaited(slot) ? 1U : 0U;
    if (place == Place::awake) {
        member.polled_in = wait_ - 1;
        member.answer = 0;
        if (orphans_.is_linked(slot)) {
            orphans_.remove(slot);
        }
        awake_.add(slot);
        ++due_;
    }
}

// Registrations
// ----------------------------------------------------------------------------------

void PollSchedule::add(Slot slot, std::uint32_t wanted) noexcept {
    Member& member = of(slot);
    assert(member.place == Place::absent);
    member.wanted = static_cast<std::uint16_t>(wanted);
    member.ready_in = round_ - crowd_patience - 1;
    member.joins_until = round_ - 1;
    become(slot, is_in_flight(slot) ? Place::held : Place::awake);
}

PollSchedule::Request PollSchedule::must_cancel(Slot slot, std::uint32_t wanted) const noexcept {
    const Member& member = of(slot);
    return (wanted & ~std::uint32_t{member.asked}) == 0 ? Request::none : to_cancel(member);
}

void PollSchedule::modify(Slot slot, std::uint32_t wanted) noexcept {
    differ();
    Member& member = of(slot);
    if (member.wanted == 0 && !member.active) {
        member.joins_until = round_ - 1;
    }
    member.wanted = static_cast<std::uint16_t>(wanted);
    switch (member.place) {
        case Place::awake:
            // The old answer must not be reported.
            if (!is_due(slot)) {
                ready_ -= member.answer != 0 ? 1U : 0U;
                member.polled_in = wait_ - 1;
                ++due_;
            }
            member.answer = 0;
            break;
        case Place::pending:
            become(slot, Place::held);
            break;
        case Place::held:
        case Place::absent:
            break;
    }
}

void PollSchedule::silence(Slot slot) noexcept {
    Member& member = of(slot);
    member.active = is_active(member);
    member.wanted = 0;
    differ();
    member.joins_until = member.ready_in + patience_;
}

PollSchedule::Request PollSchedule::remove(Slot slot) noexcept {
    become(slot, Place::absent);
    return to_cancel(of(slot));
}

// A wait
// ------------------------------------------------------------------------------------------

std::uint32_t PollSchedule::joining() noexcept {
    std::uint32_t count = 0;
    for_each_due([&](Slot slot) { count += joins_group(slot) ? 1U : 0U; });
    return count;
}

void PollSchedule::note_quiet(Slot slot) noexcept {
    assert(is_due(slot));
    Member& member = of(slot);
    member.polled_in = wait_;
    member.answer = 0;
    --due_;
    differ();
}

void PollSchedule::note_parked(Slot slot) noexcept {
    assert(is_due(slot) && !is_in_flight(slot));
    become(slot, Place::pending);
    Member& member = of(slot);
    member.busy = true;
    member.canceled = false;
    member.asked = static_cast<std::uint16_t>(wanted_by(slot));
    ++parked_;
}

void PollSchedule::note_grouped(Slot slot) noexcept {
    assert(is_due(slot) && !is_in_flight(slot));
    become(slot, Place::pending);
    Member& member = of(slot);
    member.in_group = true;
    member.asked = static_cast<std::uint16_t>(wanted_by(slot));
    ++group_live_;
}

// Cancelling and packets
// -------------------------------------------------------------------------

void PollSchedule::note_canceled(Request request, Slot slot) noexcept {
    if (request == Request::group) {
        assert(is_group_in_flight());
        group_ = Group::canceled;
        group_orphan_ = false;
        return;
    }
    Member& member = of(slot);
    assert(member.busy);
    awaited_ -= is_awaited(slot) ? 1U : 0U;
    member.canceled = true;
    awaited_ += is_awaited(slot) ? 1U : 0U;
    if (member.place != Place::awake && orphans_.is_linked(slot)) {
        orphans_.remove(slot);
    }
}

void PollSchedule::note_orphan(Request request, Slot slot) noexcept {
    if (request == Request::group) {
        group_orphan_ = true;
        return;
    }
    assert(of(slot).busy && of(slot).place != Place::awake);
    if (!orphans_.is_linked(slot)) {
        orphans_.add(slot);
    }
}

bool PollSchedule::own_ended(Slot slot) noexcept {
    Member& member = of(slot);
    assert(member.busy);
    const bool counts = member.place == Place::pending;
    awaited_ -= is_awaited(slot) ? 1U : 0U;
    unwanted_ -= member.place == Place::absent ? 1U : 0U;
    member.busy = false;
    --parked_;
    if (orphans_.is_linked(slot)) {
        orphans_.remove(slot);
    }
    if (member.place != Place::absent) {
        become(slot, Place::awake);
    }
    return counts;
}

void PollSchedule::group_ended() noexcept {
    group_ = Group::idle;
    group_orphan_ = false;
    group_live_ = 0;
}

bool PollSchedule::left_group(Slot slot) noexcept {
    Member& member = of(slot);
    assert(member.in_group);
    const bool counts = member.place == Place::pending;
    unwanted_ -= member.place == Place::absent ? 1U : 0U;
    member.in_group = false;
    if (member.place != Place::absent) {
        become(slot, Place::awake);
    }
    return counts;
}

}  // namespace wakepoll::core
