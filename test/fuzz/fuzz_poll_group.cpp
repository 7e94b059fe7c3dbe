// The poll group against the plainest model there is: what is ready, is reported.
//
// Sockets come, go, are closed, change what they want and what they are ready for; packets come at
// once, late, or after the registration they belong to. A wait with room for all must report
// exactly those that are ready for what is wanted, whoever was asked, covered, parked or in a lot
// before. One that reports nothing would block, so everybody must be asked about by then, in a
// request that asks for enough and has not ended. With little room, whoever is ready is reported
// before another is twice.
#include <algorithm>
#include <bitset>
#include <cstdint>
#include <vector>

#include "poll_group_backend.hpp"
#include "poll_group_device.hpp"
#include "target.hpp"

namespace wakepoll::fuzz {
namespace {

constexpr std::uint32_t most_slots = 64;
constexpr std::size_t everyone = most_slots;

class World {
public:
    explicit World(std::uint32_t slots) : backend_(slots), waiting_(slots) {}

    void add(Slot first, std::uint32_t count, std::uint32_t wanted, bool one_shot) {
        for_slots(first, count, [&](Slot slot) { backend_.add(slot, wanted, one_shot); });
    }

    void remove(Slot first, std::uint32_t count) {
        for_slots(first, count, [&](Slot slot) { backend_.remove(slot); });
    }

    void modify(Slot slot, std::uint32_t wanted, bool one_shot) {
        backend_.modify(slot, wanted, one_shot);
        backend_.device.settle();
    }

    void set_ready(Slot first, std::uint32_t count, std::uint32_t ready) {
        for_slots(first, count, [&](Slot slot) { backend_.device[slot].ready = ready; });
        backend_.device.settle();
    }

    void close(Slot slot) {
        backend_.device[slot].closed = backend_.device[slot].registered;
        backend_.device.settle();
    }

    void end_any(std::size_t which) { backend_.device.end_any(which); }
    void deliver(std::size_t from) { backend_.deliver(from); }
    void fail_request(unsigned which) { backend_.failing.request = which; }
    void fail_cancel(unsigned which) { backend_.failing.cancel = which; }
    void check() const { backend_.check(); }

    /// A wait with room for so many. Packets that are queued are taken first, from the one at
    /// `from`, or only so far as the wait can not do without.
    void wait(std::size_t room, std::size_t from, bool takes_packets) {
        backend_.group.begin_wait();
        if (takes_packets) {
            take_packets(from);
        }
        bool good = backend_.look();
        for (int rounds = 0; good && backend_.group.is_waiting(); ++rounds) {
            require(backend_.device.has_packet(), "a wait waits for a packet that is sure to come");
            require(rounds < 100, "and not for ever");
            take_packets(from);
            takes_packets = true;
            good = backend_.look();
        }
        if (good && backend_.group.ready() == 0) {
            check_nobody_is_forgotten(takes_packets);
        }
        std::vector<Slot> due;
        for (std::uint32_t i = 0; i < backend_.device.slots(); ++i) {
            const Socket& socket = backend_.device[Slot{i}];
            if (socket.due() != 0) {
                due.push_back(Slot{i});
            }
            // Nor does one wait for its turn whose request has failed: it was asked too late for
            // this.
            const bool answered = backend_.group.answered(Slot{i}) != 0;
            require(answered || socket.due() == 0 || !good || !takes_packets,
                    "who is ready is answered");
            if (!answered || socket.due() == 0 || socket.tenant != waiting_[i].tenant) {
                waiting_[i] = {.tenant = socket.tenant, .overtaken_by = {}};
            }
        }
        const std::size_t reported = report(room);
        if (good && takes_packets) {
            require(reported == std::min(room, due.size()), "who is ready is reported");
        }
        backend_.failing = {};
    }

private:
    template <class Visit>
    void for_slots(Slot first, std::uint32_t count, const Visit& visit) {
        for (std::uint32_t i = 0; i < count; ++i) {
            visit(Slot{(static_cast<std::uint32_t>(first) + i) % backend_.device.slots()});
        }
    }

    void take_packets(std::size_t from) {
        while (backend_.device.has_packet()) {
            backend_.deliver(from);
        }
    }

    /// Where nobody was ready: everyone is asked about, and by none whose packet was taken.
    void check_nobody_is_forgotten(bool took_packets) const {
        for (std::uint32_t i = 0; i < backend_.device.slots(); ++i) {
            const Slot slot{i};
            const Socket& socket = backend_.device[slot];
            if (!socket.registered || !socket.armed) {
                continue;
            }
            const bool covered = backend_.group.place_of(slot) == Backend::Place::covered;
            const InFlight* const request = backend_.device.asking(slot, covered);
            require(request != nullptr, "nobody is forgotten");
            const Asked* const asked = backend_.device.find(*request, slot);
            require((socket.wanted & ~asked->wanted) == 0, "all that is wanted is asked for");
            require(!took_packets || !request->ended, "and the answer is still to come");
        }
    }

    /// As AfdBackend::collect does. How many were reported.
    std::size_t report(std::size_t room) {
        std::bitset<most_slots> seen;
        std::size_t count = 0;
        PollGroup& group = backend_.group;
        for (std::uint32_t left = group.awake(); left > 0 && count < room && group.ready() > 0;
             --left) {
            const Slot slot = group.cursor();
            const std::uint32_t events = group.answered(slot);
            if (events == 0) {
                group.advance();
                continue;
            }
            Socket& socket = backend_.device[slot];
            require(events == socket.due(), "what is reported is true, and wanted");
            require(!seen[core::index_of(slot)], "nobody is reported twice in one wait");
            seen.set(core::index_of(slot));
            ++count;
            group.take(slot);
            note_report(slot);
            if (socket.one_shot) {
                group.remove(slot, false);
                socket.armed = false;
            } else {
                group.advance();
            }
        }
        return count;
    }

    /// Nobody who is due is overtaken twice by the same.
    void note_report(Slot reported) {
        waiting_[core::index_of(reported)].overtaken_by.reset();
        for (std::uint32_t i = 0; i < backend_.device.slots(); ++i) {
            const Slot slot{i};
            if (slot != reported && backend_.group.answered(slot) != 0) {
                require(!waiting_[i].overtaken_by[core::index_of(reported)], "each has its turn");
                waiting_[i].overtaken_by.set(core::index_of(reported));
            }
        }
    }

    /// A registration that is ready, and who was reported since it could have been.
    struct Waiting {
        std::uint32_t tenant = 0;
        std::bitset<most_slots> overtaken_by;
    };

    Backend backend_;
    std::vector<Waiting> waiting_;
};

std::uint32_t choose_wanted(ByteReader& input) {
    return abort_bit | (input.byte() & (in_bit | out_bit));
}

}  // namespace
}  // namespace wakepoll::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace wakepoll::fuzz;
    ByteReader input(data, size);
    const std::uint32_t slots = 1 + input.below(most_slots);
    World world(slots);
    world.check();
    while (!input.empty()) {
        const std::uint32_t step = input.below(16);
        const Slot slot{input.below(slots)};
        switch (step) {
            case 0:
                world.add(slot, 1, choose_wanted(input), input.flag());
                break;
            case 1:
                world.add(slot, 1 + input.below(slots), choose_wanted(input), false);
                break;
            case 2:
                world.remove(slot, 1);
                break;
            case 3:
                world.remove(slot, 1 + input.below(slots));
                break;
            case 4:
                world.modify(slot, choose_wanted(input), input.flag());
                break;
            case 5:
            case 6:
                world.set_ready(slot, 1, input.byte() & (in_bit | out_bit | abort_bit));
                break;
            case 7:
                world.set_ready(slot, 1 + input.below(slots), input.byte() & (in_bit | out_bit));
                break;
            case 8:
                world.close(slot);
                break;
            case 9:
                world.end_any(input.byte());
                break;
            case 10:
                world.deliver(input.byte());
                break;
            case 11:
                world.fail_request(input.byte() & 7U);
                break;
            case 12:
                world.fail_cancel(1 + (input.byte() & 1U));
                break;
            case 13:
                world.wait(1 + input.below(4), input.byte(), true);
                break;
            case 14:
                world.wait(everyone, input.byte(), false);
                break;
            default:
                world.wait(everyone, input.byte(), true);
                break;
        }
        world.check();
    }
    return 0;
}
