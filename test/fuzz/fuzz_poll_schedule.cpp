// The poll schedule against the simplest model: what is ready is reported.
//
// The model, and its checks after each step, are those of test/core/poll_schedule_world.hpp. It
// throws if a promise is broken, which ends the program.
#include <cstdint>

#include "poll_schedule_world.hpp"
#include "target.hpp"

namespace wakepoll::fuzz {
namespace {

using core::Slot;
using core::test::schedule::abort_bit;
using core::test::schedule::in_bit;
using core::test::schedule::out_bit;
using core::test::schedule::World;

constexpr std::uint32_t most_slots = 64;

std::uint32_t choose_wanted(ByteReader& input) {
    return abort_bit | (input.byte() & (in_bit | out_bit));
}

void step(World& world, ByteReader& input, std::uint32_t slots) {
    const std::uint32_t what = input.below(20);
    const Slot slot{input.below(slots)};
    switch (what) {
        case 0:
            world.add(slot, 1, choose_wanted(input), input.flag());
            break;
        case 1:
            world.add(slot, 1 + input.below(slots), choose_wanted(input), input.flag());
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
            world.backend.device.end_any(input.byte());
            break;
        case 10:
            world.deliver(input.byte());
            break;
        case 11:
            world.backend.failing.poll = input.byte() & 7U;
            break;
        case 12:
            world.backend.failing.cancel = 1 + (input.byte() & 1U);
            break;
        case 13:
            world.backend.deliver_stray();
            break;
        case 14:
            world.look();
            break;
        case 15:
            world.wait(1 + input.below(4), input.byte(), true);
            break;
        case 16:
            world.wait(World::all, input.byte(), false);
            break;
        case 17: {  // A typical sequence: some of the sockets are active, wait after wait.
            const std::uint32_t count = 1 + input.below(slots);
            for (std::uint32_t waits = 1 + input.below(8); waits > 0; --waits) {
                world.set_ready(slot, count, in_bit);
                world.wait(World::all, 0, true);
                world.set_ready(slot, count, 0);
                world.check();
            }
            break;
        }
        default:
            world.wait(World::all, input.byte(), true);
            break;
    }
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
        step(world, input, slots);
        world.check();
    }
    return 0;
}
