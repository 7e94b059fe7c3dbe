// What the AFD backend does with a poll group, on the device of poll_group_device.hpp.
//
// The steps are those of lib/backend/afd_asking.cpp and afd_backend.cpp, without a kernel below or
// a table beside them. Each call that may fail in the product fails here when the input says so.
// After every step of the caller's, `check` compares all that can be seen of the group with the
// device.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/poll_group.hpp"
#include "poll_group_device.hpp"
#include "target.hpp"

namespace wakepoll::fuzz {

class Backend {
public:
    using Place = PollGroup::Place;
    using Step = PollGroup::Step;

    explicit Backend(std::uint32_t slots)
        : device(slots),
          members_(slots),
          lots_(core::PollLot::needed_for(slots)),
          links_(slots),
          group(members_.data(), lots_.data(), links_.data(), slots) {}

    /// What fails in the next call: the n-th request or the n-th cancel; 0 for none.
    struct Failing {
        unsigned request = 0;
        unsigned cancel = 0;
    } failing;

    void add(Slot slot, std::uint32_t wanted, bool one_shot) {
        Socket& socket = device[slot];
        if (!socket.registered) {
            socket = {.registered = true,
                      .armed = true,
                      .one_shot = one_shot,
                      .wanted = wanted,
                      .tenant = socket.tenant};
            group.add(slot);
        }
    }

    void modify(Slot slot, std::uint32_t wanted, bool one_shot) {
        Socket& socket = device[slot];
        if (!socket.registered || (group.must_cancel(slot, wanted) && !unpark(slot))) {
            return;
        }
        socket.wanted = wanted;
        socket.one_shot = one_shot;
        socket.armed = true;
        group.modify(slot, wanted);
    }

    void remove(Slot slot) {
        if (!device[slot].registered) {
            return;
        }
        if (group.is_parked(slot) && !unpark(slot)) {
            group.note_stuck();
        }
        forget(slot);
        if (group.is_group_deserted()) {
            static_cast<void>(cancel_group());
        }
    }

    /// False where a call failed.
    bool look() {
        for (int steps = 0;; ++steps) {
            require(steps < 300, "a look comes to an end");
            bool good = true;
            switch (group.next()) {
                case Step::nothing:
                    return true;
                case Step::together:
                    good = ask_together();
                    break;
                case Step::apart:
                    group.for_each_fresh_block([&](Slot slot) { good = good && ask_block(slot); });
                    break;
                case Step::cancel:
                    good = cancel_group();
                    break;
            }
            if (!good) {
                return false;
            }
        }
    }

    void deliver(std::size_t from) {
        if (!device.has_packet()) {
            return;
        }
        const InFlight packet = device.take_packet(from);
        const auto drop_closed = [&](Place place) {
            for (const Asked& asked : packet.asked) {
                if (device.find(packet, asked.slot) != nullptr && device[asked.slot].closed &&
                    group.place_of(asked.slot) == place) {
                    forget(asked.slot);
                }
            }
        };
        if (packet.of_group) {
            drop_closed(Place::covered);
            group.group_ended();
        } else if (packet.asked.size() == 1) {
            require(group.lot_over(packet.cell) == core::no_slot, "one alone is no lot");
            const bool is_current = device.find(packet, packet.cell) != nullptr;
            require(group.own_ended(packet.cell) == is_current, "whose answer it is");
            if (is_current && device[packet.cell].closed) {
                forget(packet.cell);
            }
        } else {
            require(group.lot_over(packet.cell) == packet.cell, "a lot is known by its first cell");
            drop_closed(Place::in_lot);
            group.lot_ended(packet.cell);
        }
    }

    void check() const {
        std::uint32_t fresh = 0;
        std::uint32_t asked = 0;
        std::uint32_t answered = 0;
        for (std::uint32_t i = 0; i < device.slots(); ++i) {
            const Slot slot{i};
            const Socket& socket = device[slot];
            const Place place = group.place_of(slot);
            require((place == Place::absent) == !(socket.registered && socket.armed),
                    "who is registered and armed is somewhere, and nobody else");
            fresh += place == Place::fresh ? 1U : 0U;
            asked += place == Place::asked ? 1U : 0U;
            answered += group.answered(slot) != 0 ? 1U : 0U;
            const InFlight* const owner = device.owner_of(slot);
            require(group.is_busy(slot) == (owner != nullptr), "whose memory is the kernel's");
            require(group.lot_over(slot) ==
                        (owner != nullptr && owner->asked.size() > 1 ? owner->cell : core::no_slot),
                    "who is in the memory of a lot");
            require(place != Place::covered || device.asking(slot, true) != nullptr,
                    "who is covered is asked by the group");
            require((place != Place::parked && place != Place::in_lot) ||
                        device.asking(slot, false) != nullptr,
                    "who is parked is asked");
        }
        require(group.fresh() == fresh && group.awake() == fresh + asked, "the numbers awake");
        require(group.ready() == answered, "the number of answers");
        require(group.in_flight() == device.in_flight(), "the number of requests");
        require(group.is_group_in_flight() == (device.group() != nullptr), "the group's request");
    }

    Device device;

private:
    std::vector<PollGroup::Member> members_;
    std::vector<PollGroup::Lot> lots_;
    std::vector<core::SlotRing::Link> links_;

public:
    PollGroup group;

private:
    static bool fails(unsigned& countdown) { return countdown > 0 && --countdown == 0; }

    void forget(Slot slot) {
        group.remove(slot, true);
        device[slot].registered = false;
        ++device[slot].tenant;
    }

    bool cancel_group() {
        if (fails(failing.cancel)) {
            return false;
        }
        device.end(device.group());
        group.note_canceled();
        return true;
    }

    bool unpark(Slot slot) {
        const bool alone = group.place_of(slot) == Place::parked;
        if (fails(failing.cancel)) {
            return false;
        }
        device.end(device.owner_of(alone ? slot : group.cell_of_lot(slot)));
        if (!alone) {
            group.note_lot_canceled(slot);
        }
        return true;
    }

    /// Takes what is true of the sockets in a request. False where none is ready.
    bool answer(const std::vector<Asked>& asked) {
        bool any = false;
        for (const Asked& one : asked) {
            const std::uint32_t events = device[one.slot].ready & one.wanted;
            if (events != 0) {
                group.answer(one.slot, events);
                any = true;
            }
        }
        return any;
    }

    [[nodiscard]] bool is_any_closed(const std::vector<Asked>& asked) const {
        return std::any_of(asked.begin(), asked.end(),
                           [&](const Asked& one) { return device[one.slot].closed; });
    }

    [[nodiscard]] Asked ask_for(Slot slot) const {
        return {slot, device[slot].wanted, device[slot].tenant};
    }

    bool ask_together() {
        std::vector<Asked> asked;
        group.for_each_fresh([&](Slot slot) { asked.push_back(ask_for(slot)); });
        require(!asked.empty(), "a request asks about somebody");
        if (fails(failing.request)) {
            return false;
        }
        if (is_any_closed(asked)) {
            if (asked.size() == 1) {
                forget(asked.front().slot);
            } else {
                for (const Asked& one : asked) {
                    if (group.is_busy(one.slot) && device[one.slot].closed) {
                        forget(one.slot);
                    }
                }
                group.part();
            }
        } else if (answer(asked)) {
            bool good = true;
            group.end_round([&](Slot slot) { good = good && ask_block(slot); });
            return good;
        } else {
            device.start({.of_group = true, .asked = std::move(asked)});
            group.cover([&](Slot slot) { return device[slot].wanted; });
        }
        return true;
    }

    bool ask_block(Slot of_block) {
        bool good = true;
        group.for_each_of_block(of_block, [&](Slot slot) {
            while (good && group.place_of(slot) == Place::fresh && !group.is_busy(slot)) {
                good = ask(group.request_for(slot));
            }
        });
        return good;
    }

    bool ask(const PollGroup::Request& request) {
        std::vector<Asked> asked;
        for (std::uint32_t i = 0; i < request.count; ++i) {
            const Slot slot = request.slots[i];
            require(group.place_of(slot) == Place::fresh, "who is asked is fresh");
            require(core::block_of(slot) == core::block_of(request.cell), "a lot is of one block");
            require(std::none_of(asked.begin(), asked.end(),
                                 [&](const Asked& other) { return other.slot == slot; }),
                    "nobody is asked twice in one request");
            asked.push_back(ask_for(slot));
        }
        require(request.count > 0 && request.count <= core::room_in(request.cells),
                "there is room for all of them");
        if (fails(failing.request)) {
            return false;
        }
        if (is_any_closed(asked)) {
            for (const Asked& one : asked) {
                asked.size() == 1 ? forget(one.slot) : group.keep_alone(one.slot);
            }
        } else if (answer(asked)) {
            for (const Asked& one : asked) {
                if (group.place_of(one.slot) == Place::fresh) {
                    group.dismiss(one.slot);
                }
            }
        } else {
            device.start({.cell = request.cell, .cells = request.cells, .asked = std::move(asked)});
            group.park(request, [&](Slot slot) { return device[slot].wanted; });
        }
        return true;
    }
};

}  // namespace wakepoll::fuzz
