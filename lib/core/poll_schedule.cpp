#include "core/poll_schedule.hpp"

#include <cassert>

namespace wakepoll::core {

void PollSchedule::wake(Slot slot) noexcept {
    Member& member = of(slot);
    member.awake = true;
    member.polled_in = wait_ - 1;
    member.answer = 0;
    awake_.add(slot);
    ++due_;
    differ();
}

void PollSchedule::leave(Slot slot) noexcept {
    Member& member = of(slot);
    if (member.awake) {
        if (is_due(slot)) {
            --due_;
        } else {
            ready_ -= member.answer != 0 ? 1U : 0U;
        }
        member.awake = false;
        awake_.remove(slot);
    }
    differ();
}

// Registrations
// ----------------------------------------------------------------------------------

void PollSchedule::add(Slot slot, std::uint32_t wanted) noexcept {
    Member& member = of(slot);
    assert(!member.awake);
    member.wanted = wanted;
    member.ready_in = round_ - crowd_patience - 1;
    member.joins_until = round_ - 1;
    ++registered_;
    if (!requests_.hold(slot)) {
        wake(slot);
    }
}

void PollSchedule::modify(Slot slot, std::uint32_t wanted) noexcept {
    differ();
    Member& member = of(slot);
    if (member.wanted == 0 && !member.active) {
        member.joins_until = round_ - 1;
    }
    member.wanted = wanted;
    if (requests_.hold(slot)) {
        return;
    }
    assert(member.awake);
    // The old answer must not be reported.
    if (!is_due(slot)) {
        ready_ -= member.answer != 0 ? 1U : 0U;
        member.polled_in = wait_ - 1;
        ++due_;
    }
    member.answer = 0;
}

void PollSchedule::silence(Slot slot) noexcept {
    Member& member = of(slot);
    member.active = is_active(member);
    member.wanted = 0;
    differ();
    member.joins_until = member.ready_in + patience_;
}

PollSchedule::Request PollSchedule::remove(Slot slot) noexcept {
    leave(slot);
    --registered_;
    return requests_.abandon(slot);
}

// A wait
// ------------------------------------------------------------------------------------------

bool PollSchedule::is_group_worth_a_cancel() noexcept {
    std::uint32_t joining = 0;
    for_each_due([&](Slot slot) { joining += joins_group(slot) ? 1U : 0U; });
    return joining >= worth_a_cancel;
}

void PollSchedule::note_quiet(Slot slot) noexcept {
    assert(is_due(slot));
    Member& member = of(slot);
    member.polled_in = wait_;
    member.answer = 0;
    --due_;
    differ();
}

void PollSchedule::note_pending(Request request, Slot slot) noexcept {
    assert(is_due(slot));
    leave(slot);
    requests_.start(request, slot, wanted_by(slot));
}

PollRequests::Need PollSchedule::note_ended(Slot slot) noexcept {
    const PollRequests::Need needed = requests_.end(slot);
    if (needed != PollRequests::Need::nothing) {
        wake(slot);
    }
    return needed;
}

}  // namespace wakepoll::core
