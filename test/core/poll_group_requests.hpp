// A poll group with the memory it works on, and a backend without a kernel: the test says who is
// ready, and this makes the requests that a backend would make, counts them, and gives the group
// the answers. What is answered later, the test says by itself.
//
// For the files poll_group*_test.cpp, which are one suite.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "core/poll_group.hpp"

namespace wakepoll::core::test {

using Place = PollGroup::Place;

/// What a socket wants, and is answered.
inline constexpr std::uint32_t in = 1;
inline constexpr std::uint32_t out = 4;

/// A group with the memory it works on, and the requests that a backend would make.
class Group {
public:
    explicit Group(std::uint32_t slots)
        : members_(slots),
          lots_(PollLot::needed_for(slots)),
          links_(slots),
          group_(members_.data(), lots_.data(), links_.data(), slots) {}

    PollGroup* operator->() { return &group_; }

    void add(std::uint32_t count) {
        for (std::uint32_t i = 0; i < count; ++i) {
            group_.add(Slot{i});
        }
    }

    /// A wait that asks all who are to be asked; `ready` are, all others are not.
    void round(const std::set<std::uint32_t>& ready) {
        group_.begin_wait();
        look(ready);
    }

    /// As many waits as take one credit of everybody who is quiet.
    void rounds_of_a_credit(const std::set<std::uint32_t>& ready) {
        for (std::uint32_t i = 0; i < PollGroup::rounds_a_credit; ++i) {
            round(ready);
        }
    }

    /// Waits until the slot is parked alone; how many that takes.
    std::uint32_t rounds_until_parked(std::uint32_t slot, const std::set<std::uint32_t>& ready) {
        constexpr std::uint32_t far_too_many = 100;
        std::uint32_t rounds = 0;
        while (place(slot) != Place::parked && rounds < far_too_many) {
            round(ready);
            ++rounds;
        }
        return rounds;
    }

    void look(const std::set<std::uint32_t>& ready) {
        for (PollGroup::Step step = group_.next(); step != PollGroup::Step::nothing;
             step = group_.next()) {
            ++requests;
            const auto is_ready = [&](Slot slot) { return ready.contains(number(slot)); };
            switch (step) {
                case PollGroup::Step::together: {
                    bool any = false;
                    for (const Slot slot : fresh()) {
                        any = any || is_ready(slot);
                    }
                    if (!any) {
                        group_.cover([](Slot) { return in; });
                        break;
                    }
                    for (const Slot slot : fresh()) {
                        if (is_ready(slot)) {
                            group_.answer(slot, in);
                        }
                    }
                    group_.end_round([&](Slot slot) { ask_block(slot, ready); });
                    break;
                }
                case PollGroup::Step::apart:
                    --requests;
                    group_.for_each_fresh_block([&](Slot slot) { ask_block(slot, ready); });
                    break;
                case PollGroup::Step::cancel:
                    group_.note_canceled();
                    break;
                case PollGroup::Step::nothing:
                    break;
            }
        }
    }

    /// Asks all fresh slots of a block that are not busy, in as few requests as that takes.
    void ask_block(Slot of_block, const std::set<std::uint32_t>& ready) {
        group_.for_each_of_block(of_block, [&](Slot slot) {
            while (group_.place_of(slot) == Place::fresh && !group_.is_busy(slot)) {
                const PollGroup::Request request = group_.request_for(slot);
                ++requests;
                bool any = false;
                for (std::uint32_t i = 0; i < request.count; ++i) {
                    if (ready.contains(number(request.slots[i]))) {
                        group_.answer(request.slots[i], in);
                        any = true;
                    }
                }
                if (!any) {
                    group_.park(request, [](Slot) { return in; });
                    continue;
                }
                for (std::uint32_t i = 0; i < request.count; ++i) {
                    if (group_.place_of(request.slots[i]) == Place::fresh) {
                        group_.dismiss(request.slots[i]);
                    }
                }
            }
        });
    }

    /// The packets of all requests but the group's.
    void end_requests(std::uint32_t slots) {
        for (std::uint32_t i = 0; i < slots; ++i) {
            const Slot lot = group_.lot_over(Slot{i});
            if (lot == Slot{i}) {
                group_.lot_ended(lot);
            } else if (lot == no_slot && group_.is_busy(Slot{i})) {
                (void)group_.own_ended(Slot{i});
            }
        }
    }

    /// Those that a report would give, which takes them.
    std::vector<std::uint32_t> reported(std::size_t room = 1000) {
        std::vector<std::uint32_t> slots;
        for (std::uint32_t left = group_.awake(); left > 0 && slots.size() < room; --left) {
            const Slot slot = group_.cursor();
            if (group_.answered(slot) != 0) {
                slots.push_back(number(slot));
                group_.take(slot);
            }
            group_.advance();
        }
        return slots;
    }

    std::vector<Slot> fresh() {
        std::vector<Slot> slots;
        group_.for_each_fresh([&](Slot slot) { slots.push_back(slot); });
        return slots;
    }

    Place place(std::uint32_t slot) const { return group_.place_of(Slot{slot}); }

    static std::uint32_t number(Slot slot) { return static_cast<std::uint32_t>(slot); }

    int requests = 0;

private:
    std::vector<PollGroup::Member> members_;
    std::vector<PollGroup::Lot> lots_;
    std::vector<SlotRing::Link> links_;
    PollGroup group_;
};

using Slots = std::vector<std::uint32_t>;

}  // namespace wakepoll::core::test
