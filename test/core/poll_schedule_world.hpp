// A poll schedule against the simplest model: what is ready is reported.
//
// Sockets are added, removed, closed, and change what they want and what they are ready for;
// packets come at once, late, or after their registration has ended. A wait with room for all
// reports exactly the sockets that are ready for what they want, wherever they were before. One
// that reports nothing would block, so then every socket is in a request that covers what it wants
// and has not ended. With little room, no socket is reported twice before every ready one was
// reported once.
//
// After every step of the caller's, `check` compares the visible state of the schedule with the
// device and the history of the program.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "poll_schedule_backend.hpp"

namespace wakepoll::core::test::schedule {

class World {
public:
    static constexpr std::size_t all = 1000;

    explicit World(std::uint32_t slots) : slots_(slots), backend(slots), waiting_(slots) {}

    void add(Slot first, std::uint32_t count, std::uint32_t wanted, bool one_shot) {
        for_slots(first, count, [&](Slot slot) {
            if (!socket(slot).registered) {
                backend.add(slot, wanted, one_shot);
            }
        });
    }

    void remove(Slot first, std::uint32_t count) {
        for_slots(first, count, [&](Slot slot) {
            if (socket(slot).registered) {
                backend.remove(slot);
            }
        });
    }

    void modify(Slot slot, std::uint32_t wanted, bool one_shot) {
        if (socket(slot).registered) {
            static_cast<void>(backend.modify(slot, wanted, one_shot));
        }
    }

    void set_ready(Slot first, std::uint32_t count, std::uint32_t ready) {
        for_slots(first, count, [&](Slot slot) {
            if (socket(slot).registered) {
                backend.device.set_ready(slot, ready);
            }
        });
    }

    void close(Slot slot) {
        if (socket(slot).registered) {
            backend.device.close(slot);
        }
    }

    void deliver(std::size_t from) {
        if (backend.device.has_packet()) {
            backend.deliver(from);
        }
    }

    /// Looks once more, like a thread that has changed something while another is blocked.
    void look() { static_cast<void>(backend.look()); }

    /// A wait with room for so many. Packets that are queued are taken between its two looks, from
    /// the one at `from`, or only so far as the wait cannot do without.
    void wait(std::size_t room, std::size_t from, bool takes_packets) {
        backend.begin_wait(room);
        bool good = backend.look();
        if (takes_packets) {
            take_packets(from);
        }
        good = backend.look() && good;
        for (int rounds = 0; good && backend.is_waiting(); ++rounds) {
            promise(backend.device.has_packet(), "a wait waits for a packet that is sure to come");
            promise(rounds < 100, "and not indefinitely");
            take_packets(from);
            takes_packets = true;
            good = backend.look();
        }
        check();
        if (good && backend.schedule.ready() == 0) {
            check_none_is_forgotten(takes_packets);
        }
        check_answers(good && takes_packets, room);
        const std::size_t ready = backend.schedule.ready();
        const std::size_t reported = report(room);
        promise(reported == std::min(room, ready), "what was answered is reported");
        reporting_ += reported > 0 ? 1U : 0U;
        backend.failing = {};
    }

    /// Waits that have reported something.
    [[nodiscard]] std::uint64_t reporting() const { return reporting_; }

    /// Compares the numbers and places of the schedule with what can be counted.
    void check() const {
        const PollSchedule& schedule = backend.schedule;
        const PollRequests& requests = backend.requests;
        const Device& device = backend.device;
        Count count;
        for (std::uint32_t i = 0; i < slots_; ++i) {
            count_slot(Slot{i}, count);
        }
        promise(schedule.due() == count.due, "the number of those due");
        promise(schedule.ready() == count.ready, "the number of answers");
        promise(schedule.awake() == count.awake, "the number of those awake");
        promise(requests.in_flight() == device.requests().size(), "the number of requests");
        const Request* const group = device.group();
        promise(requests.is_group_in_flight() == (group != nullptr), "the group's request");
        const bool canceled = group != nullptr && group->canceled;
        promise(requests.is_group_canceled() == canceled, "whether it is cancelled");
        const bool waiting = count.awaited > 0 || (canceled && count.group_live + count.due > 0);
        promise(backend.is_waiting() == waiting, "whether a packet is awaited");
        promise(backend.is_held_up() == (waiting || count.unwanted > 0),
                "whether a request in flight is in the way");
        bool orphans = false;
        for (const auto& [id, request] : device.requests()) {
            orphans = orphans || request.must_cancel;
        }
        promise(requests.has_orphans() == orphans, "what is still to be cancelled");
    }

    [[nodiscard]] bool is_quiet() const { return !backend.device.has_packet(); }

private:
    std::uint32_t slots_;

public:
    Backend backend;

private:
    using Wish = Backend::Wish;
    using Need = Backend::Need;

    /// What is recounted, slot by slot.
    struct Count {
        std::uint32_t due = 0;
        std::uint32_t ready = 0;
        std::uint32_t awake = 0;
        std::uint32_t awaited = 0;
        std::uint32_t unwanted = 0;
        std::uint32_t group_live = 0;
    };

    [[nodiscard]] const Socket& socket(Slot slot) const { return backend.device[slot]; }

    void count_slot(Slot slot, Count& count) const {
        const PollSchedule& schedule = backend.schedule;
        const PollRequests& requests = backend.requests;
        const Request* const request = backend.device.covering(slot);
        const bool registered = socket(slot).registered;
        promise(requests.covering(slot) == (request == nullptr    ? Wish::none
                                            : request->is_group() ? Wish::group
                                                                  : Wish::own),
                "which request covers it");
        // Whether the request was made on the terms of now.
        const bool counts =
            registered && request != nullptr && request->of(slot).terms == socket(slot).terms;
        const bool held = registered && request != nullptr && !counts;
        promise(requests.need_of(slot) == (counts ? Need::answer
                                           : held ? Need::end
                                                  : Need::nothing),
                "what is needed of that");
        const bool awake = registered && request == nullptr;
        promise(schedule.is_due(slot) == (awake && !backend.history.was_polled(slot)),
                "a socket that is awake is due until it is polled");
        const std::uint32_t answer = backend.history.answer_to(slot);
        promise(awake || answer == 0, "one that was answered is awake");
        const bool joins = backend.history.joins_group(slot, !socket(slot).armed);
        promise(!schedule.is_due(slot) || schedule.joins_group(slot) == joins,
                "which sockets are polled together");
        count.due += schedule.is_due(slot) ? 1U : 0U;
        count.ready += answer != 0 ? 1U : 0U;
        count.awake += awake ? 1U : 0U;
        if (request != nullptr) {
            count.unwanted += registered ? 0U : 1U;
            count.group_live += registered && request->is_group() ? 1U : 0U;
            const bool own = !request->is_group();
            count.awaited += held && own && request->canceled ? 1U : 0U;
        }
    }

    template <class Visit>
    void for_slots(Slot first, std::uint32_t count, const Visit& visit) {
        for (std::uint32_t i = 0; i < count; ++i) {
            visit(Slot{(static_cast<std::uint32_t>(first) + i) % slots_});
        }
    }

    void take_packets(std::size_t from) {
        while (backend.device.has_packet()) {
            backend.deliver(from);
        }
    }

    /// If none was ready: each is in a request whose packet is still to come.
    void check_none_is_forgotten(bool took_packets) const {
        for (std::uint32_t i = 0; i < slots_; ++i) {
            const Slot slot{i};
            if (!socket(slot).registered) {
                continue;
            }
            const Request* const request = backend.device.covering(slot);
            promise(request != nullptr, "none is forgotten");
            const Asked& asked = request->of(slot);
            promise(
                asked.object == socket(slot).object || request->must_cancel || request->canceled,
                "a socket is in a request about itself");
            promise((socket(slot).asks() & ~asked.events) == 0 || !took_packets,
                    "all that is wanted is asked for");
            promise(!took_packets || !request->ended, "and the answer is still to come");
        }
    }

    /// If nothing has failed and all packets were taken, what is ready is answered, but for
    /// answers that were kept before, and are more than there is room for.
    void check_answers(bool complete, std::size_t room) {
        const bool is_full = backend.schedule.ready() >= room;
        for (std::uint32_t i = 0; i < slots_; ++i) {
            const Slot slot{i};
            const bool kept = backend.history.is_kept(slot);
            const bool answered = backend.history.answer_to(slot) != 0;
            const bool due = socket(slot).due() != 0;
            promise(answered || !due || !complete || (kept && is_full),
                    "what is ready is answered");
            if (!kept || !due || socket(slot).terms != waiting_[i].terms) {
                waiting_[i] = {.terms = socket(slot).terms, .overtaken_by = {}};
            }
        }
    }

    /// As AfdBackend::collect does. How many were reported.
    std::size_t report(std::size_t room) {
        std::set<Slot> seen;
        PollSchedule& schedule = backend.schedule;
        for (std::uint32_t left = schedule.awake();
             left > 0 && seen.size() < room && schedule.ready() > 0; --left) {
            const Slot slot = backend.report_at_cursor();
            if (slot != no_slot) {
                promise(seen.insert(slot).second, "none is reported twice in one wait");
                note_report(slot);
            }
        }
        return seen.size();
    }

    /// None that waits for its turn is overtaken twice by the same.
    void note_report(Slot reported) {
        waiting_[index_of(reported)].overtaken_by.clear();
        for (std::uint32_t i = 0; i < slots_; ++i) {
            if (Slot{i} != reported && backend.history.is_kept(Slot{i})) {
                promise(waiting_[i].overtaken_by.insert(reported).second, "each has its turn");
            }
        }
    }

    /// A registration that is ready, and those that were reported since it could have been.
    struct Waiting {
        std::uint32_t terms = 0;
        std::set<Slot> overtaken_by;
    };

    std::vector<Waiting> waiting_;
    std::uint64_t reporting_ = 0;
};

}  // namespace wakepoll::core::test::schedule
