// The AFD backend's use of a poll schedule, on the device of poll_schedule_device.hpp.
//
// The steps are those of lib/backend/afd_backend.cpp and afd_polling.cpp, without a kernel and
// without a table. Each call that may fail there fails here when the test says so; what a Windows
// version that does not skip packets may do (a packet for a request that was answered at once)
// happens if the test requests it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/poll_schedule.hpp"
#include "poll_schedule_device.hpp"
#include "poll_schedule_history.hpp"

namespace wakepoll::core::test::schedule {

class Backend {
public:
    using Wish = PollRequests::Request;
    using Need = PollRequests::Need;

    explicit Backend(std::uint32_t slots)
        : device(slots),
          history(slots),
          members_(slots),
          covers_(slots),
          links_(slots),
          requests(covers_.data(), links_.data()),
          schedule(members_.data(), links_.data(), requests) {}

    Failing failing;
    Calls calls;

    // Registrations

    void add(Slot slot, std::uint32_t wanted, bool one_shot = false) {
        Socket& socket = device[slot];
        const std::uint32_t object = socket.object + 1;
        const std::uint32_t terms = socket.terms + 1;
        socket = {.registered = true,
                  .armed = true,
                  .one_shot = one_shot,
                  .wanted = wanted,
                  .object = object,
                  .terms = terms};
        history.begin_registration(slot);
        schedule.add(slot, wanted);
        cancel_or_keep_trying(requests.must_cancel(slot, schedule.wanted_by(slot)), slot);
    }

    /// False if it failed, and changed nothing.
    bool modify(Slot slot, std::uint32_t wanted, bool one_shot = false) {
        if (!cancel(requests.must_cancel(slot, wanted), slot)) {
            return false;
        }
        Socket& socket = device[slot];
        socket.wanted = wanted;
        socket.one_shot = one_shot;
        socket.armed = true;
        socket.seen = socket.ready;
        ++socket.terms;
        if (requests.covering(slot) == Wish::none) {
            history.forget_answer(slot);
        }
        schedule.modify(slot, wanted);
        return true;
    }

    void remove(Slot slot) {
        const Wish request = schedule.remove(slot);
        history.forget_answer(slot);
        device[slot].registered = false;
        history.end_registration();
        ++device[slot].object;
        cancel_or_keep_trying(request, slot);
    }

    // A wait

    /// False if a call failed.
    bool look() {
        bool good = !requests.has_orphans() || cancel_orphans();
        int passes = 0;
        for (bool again = true; again && schedule.due() > 0;) {
            promise(++passes < 1000, "a look comes to an end");
            const bool together = !requests.is_group_in_flight();
            if (!together && !requests.is_group_canceled() && schedule.is_group_worth_a_cancel()) {
                good = cancel(Wish::group, no_slot) && good;
            }
            const bool canceled = requests.is_group_canceled();
            std::vector<Slot> group;
            schedule.for_each_due([&](Slot slot) {
                if (schedule.joins_group(slot) && (together || canceled)) {
                    if (together) {
                        group.push_back(slot);
                    }
                } else {
                    good = poll_alone(slot) && good;
                }
            });
            if (!group.empty()) {
                good = (group.size() == 1 ? poll_alone(group[0]) : poll_together(group)) && good;
            }
            again = good && schedule.has_left_out();
        }
        return good;
    }

    /// Takes the next packet behind the one at `from`; there is one.
    void deliver(std::size_t from) {
        const Request packet = device.take_packet(from);
        promise(dispatch(packet), "the packet of a request in flight is taken for it");
    }

    /// Takes a packet that no request in flight has, if one is queued.
    void deliver_stray() {
        if (strays_.empty()) {
            return;
        }
        const Request packet = strays_.back();
        strays_.pop_back();
        promise(!dispatch(packet), "the packet of a request that has ended is late");
        ++calls.late_packets;
    }

    /// As AfdBackend::collect, for one event: reports the slot at the cursor, or passes over it.
    /// Returns the slot if it reported it, else `no_slot`.
    Slot report_at_cursor() {
        Slot reported = no_slot;
        schedule.take_answers(1, 1, [&](Slot slot, std::uint32_t answer) {
            Socket& socket = device[slot];
            promise(answer == history.answer_to(slot), "what it was answered");
            history.note_reported(slot);
            promise((answer & ~(socket.seen & socket.asks())) == 0,
                    "what is reported was true, and is wanted");
            socket.seen = socket.ready;
            if (socket.one_shot) {
                socket.armed = false;
                schedule.silence(slot);
            }
            reported = slot;
        });
        return reported;
    }

    void begin_wait(std::size_t room) {
        schedule.begin_wait(room);
        history.begin_wait();
        for (std::uint32_t i = 0; schedule.repeats() && i < device.slots(); ++i) {
            const Slot slot{i};
            promise(!device[slot].registered || requests.covering(slot) != Wish::none ||
                        (history.was_answered_last(slot) && schedule.joins_group(slot)),
                    "a request is repeated for those who were answered");
        }
    }

    [[nodiscard]] bool is_waiting() const { return requests.is_waiting(schedule.due()); }
    [[nodiscard]] bool is_held_up() const { return requests.is_held_up(schedule.due()); }

    Device device;
    PollHistory history;

private:
    std::vector<PollSchedule::Member> members_;
    std::vector<PollRequests::Cover> covers_;
    std::vector<SlotRing::Link> links_;

public:
    PollRequests requests;
    PollSchedule schedule;

private:
    static bool fails(unsigned& countdown) { return countdown > 0 && --countdown == 0; }

    // Cancelling

    bool cancel(Wish wish, Slot slot) {
        if (wish == Wish::none) {
            return true;
        }
        ++calls.cancels;
        Request* const request = wish == Wish::own ? device.covering(slot) : device.group();
        promise(request != nullptr, "what is cancelled is in flight");
        promise(!request->canceled, "no request is cancelled twice");
        if (fails(failing.cancel)) {
            return false;
        }
        device.cancel(*request);
        requests.note_canceled(wish, slot);
        return true;
    }

    void cancel_or_keep_trying(Wish wish, Slot slot) {
        if (cancel(wish, slot)) {
            return;
        }
        device.covering(slot)->must_cancel = true;
        requests.note_orphan(wish, slot);
    }

    bool cancel_orphans() {
        bool good = true;
        if (requests.is_group_orphan()) {
            good = cancel(Wish::group, no_slot);
        }
        requests.for_each_orphan([&](Slot slot) {
            if (!cancel(Wish::own, slot) && requests.need_of(slot) == Need::end) {
                good = false;
            }
        });
        return good;
    }

    void drop(Slot slot) {
        static_cast<void>(schedule.remove(slot));
        history.forget_answer(slot);
        device[slot].registered = false;
        history.end_registration();
        ++device[slot].object;
    }

    // Polling

    [[nodiscard]] Asked ask_for(Slot slot) const {
        const Socket& socket = device[slot];
        promise(schedule.is_due(slot), "what is polled is due");
        promise(schedule.wanted_by(slot) == socket.asks(), "it asks for what is wanted");
        return {slot, schedule.wanted_by(slot), socket.object, socket.terms};
    }

    bool poll_alone(Slot slot) {
        Request request{.cell = slot, .tag = requests.next_tag(slot), .asked = {ask_for(slot)}};
        ++calls.polls;
        ++calls.asked;
        promise(device.covering(slot) == nullptr, "no socket is polled twice at a time");
        if (fails(failing.poll)) {
            return false;
        }
        if (device[slot].closed) {
            drop(slot);
        } else if (device.answer(request)) {
            take_answer(request.asked.front());
            keep_as_stray(std::move(request));
        } else {
            device.start(std::move(request));
            schedule.note_pending(Wish::own, slot);
            history.forget_answer(slot);
        }
        return true;
    }

    bool poll_together(const std::vector<Slot>& slots) {
        Request request{.tag = ++group_tag_};
        bool closed = false;
        for (const Slot slot : slots) {
            request.asked.push_back(ask_for(slot));
            promise(device.covering(slot) == nullptr, "no socket is polled twice at a time");
            closed = closed || device[slot].closed;
        }
        ++calls.polls;
        calls.asked += slots.size();
        if (fails(failing.poll)) {
            return false;
        }
        if (closed) {
            bool good = true;
            for (const Slot slot : slots) {
                good = poll_alone(slot) && good;
            }
            return good;
        }
        if (!device.answer(request)) {
            for (const Slot slot : slots) {
                schedule.note_pending(Wish::group, slot);
                history.forget_answer(slot);
            }
            device.start(std::move(request));
            return true;
        }
        for (const Asked& one : request.asked) {
            take_answer(one);
        }
        for (const Slot slot : slots) {
            if (schedule.is_due(slot)) {
                schedule.note_quiet(slot);
                history.note_quiet(slot);
            }
        }
        keep_as_stray(std::move(request));
        return true;
    }

    /// A Windows that skips no packets posts one for it, too.
    void keep_as_stray(Request request) {
        constexpr std::size_t most = 8;
        if (strays_.size() == most) {
            strays_.erase(strays_.begin());
        }
        strays_.push_back(std::move(request));
    }

    void take_answer(const Asked& one) {
        if (one.closed) {
            drop(one.slot);
            return;
        }
        const std::uint32_t wanted = one.answer & schedule.wanted_by(one.slot);
        if (wanted != 0 && schedule.is_due(one.slot)) {
            schedule.note_answer(one.slot, wanted);
            history.note_answer(one.slot, wanted);
        }
    }

    // Packets

    /// False if it is of no request in flight.
    bool dispatch(const Request& packet) {
        if (packet.is_group()) {
            if (!requests.is_group_in_flight() || packet.tag != group_tag_) {
                return false;
            }
            std::vector<Asked> counting;
            for (const Asked& one : packet.asked) {
                if (schedule.note_ended(one.slot) == Need::answer) {
                    counting.push_back(one);
                }
            }
            for (const Asked& one : counting) {
                take_answer(one);
            }
            return true;
        }
        if (requests.covering(packet.cell) != Wish::own ||
            packet.tag != requests.tag_of(packet.cell)) {
            return false;
        }
        if (schedule.note_ended(packet.cell) == Need::answer) {
            take_answer(packet.asked.front());
        }
        return true;
    }

    std::vector<Request> strays_;
    std::uint16_t group_tag_ = 0;
};

}  // namespace wakepoll::core::test::schedule
