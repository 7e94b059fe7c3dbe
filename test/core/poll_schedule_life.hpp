// A backend without a kernel, and a thread's waits on it, for the tests of single transitions: the
// test sets which sockets are ready, and gets those that are reported.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "poll_schedule_backend.hpp"

namespace wakepoll::core::test::schedule {

using Wish = Backend::Wish;
using Need = Backend::Need;
using Slots = std::vector<std::uint32_t>;

class Life {
public:
    explicit Life(std::uint32_t slots) : backend(slots) {}

    /// Room for all.
    static constexpr std::size_t all = 1000;

    PollSchedule* operator->() { return &backend.schedule; }
    [[nodiscard]] PollRequests& requests() { return backend.requests; }
    [[nodiscard]] bool is_parked(Slot slot) const {
        return backend.requests.covering(slot) == Wish::own;
    }
    [[nodiscard]] const Calls& calls() const { return backend.calls; }

    [[nodiscard]] static Slots first(std::uint32_t count) {
        Slots slots;
        for (std::uint32_t i = 0; i < count; ++i) {
            slots.push_back(i);
        }
        return slots;
    }

    /// Registers the first `count`.
    void add(std::uint32_t count) {
        for (const std::uint32_t slot : first(count)) {
            backend.add(Slot{slot}, in_bit);
        }
    }

    /// A wait that finds exactly these ready, and does not block. Those that it reports.
    Slots wait(const Slots& ready, std::size_t room = all) {
        set_ready(ready);
        backend.begin_wait(room);
        promise(backend.look(), "nothing fails");
        take_packets();
        promise(backend.look(), "nothing fails");
        Slots reported = report(room);
        set_ready({});
        return reported;
    }

    /// A wait that blocks until these become ready.
    Slots wait_until(const Slots& ready) {
        backend.begin_wait(all);
        promise(backend.look(), "nothing fails");
        set_ready(ready);
        take_packets();
        promise(backend.look(), "nothing fails");
        Slots reported = report(all);
        set_ready({});
        return reported;
    }

    void take_packets() {
        while (backend.device.has_packet()) {
            backend.deliver(0);
        }
    }

    Slots report(std::size_t room) {
        Slots reported;
        while (backend.schedule.ready() > 0 && reported.size() < room) {
            const Slot slot = backend.report_at_cursor();
            if (slot != no_slot) {
                reported.push_back(static_cast<std::uint32_t>(slot));
            }
        }
        return reported;
    }

    /// Registers these, and brings them into the group's request, in flight.
    void make_group(const Slots& slots) {
        for (const std::uint32_t slot : slots) {
            backend.add(Slot{slot}, in_bit);
        }
        wait(slots);
        wait(slots);
        wait({});
        for (const std::uint32_t slot : slots) {
            promise(backend.device.covering(Slot{slot}) == backend.device.group(),
                    "they are in the group's request");
        }
    }

    /// Registers `count` more, which are active and awake.
    Slots make_active(std::uint32_t from, std::uint32_t count) {
        Slots slots;
        for (std::uint32_t slot = from; slot < from + count; ++slot) {
            backend.add(Slot{slot}, in_bit);
            slots.push_back(slot);
        }
        wait(slots);
        wait(slots);
        return slots;
    }

    Backend backend;

private:
    void set_ready(const Slots& ready) {
        for (std::uint32_t i = 0; i < backend.device.slots(); ++i) {
            const bool is_ready = std::find(ready.begin(), ready.end(), i) != ready.end();
            backend.device.set_ready(Slot{i}, is_ready ? in_bit : 0);
        }
    }
};

}  // namespace wakepoll::core::test::schedule
