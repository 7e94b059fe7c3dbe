// PollSchedule: random programs against the world of poll_schedule_world.hpp, which checks after
// every step.
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <random>
#include <set>

#include "poll_schedule_world.hpp"
#include "sanitizers.hpp"

namespace wakepoll::core::test::schedule {
namespace {

BOOST_AUTO_TEST_SUITE(poll_schedule)

/// What a random program consists of.
struct Mix {
    std::uint32_t slots;
    std::uint32_t most_at_once;  ///< Sockets that one step changes.
    bool fails;
};

class Program {
public:
    Program(const Mix& mix, std::uint64_t seed) : mix_(mix), random_(seed), world_(mix.slots) {}

    void play(int steps) {
        world_.check();
        for (int step = 0; step < steps; ++step) {
            change();
            world_.check();
        }
    }

    /// Waits that reported something.
    [[nodiscard]] std::uint64_t reporting() const { return world_.reporting(); }

private:
    [[nodiscard]] std::uint32_t below(std::uint32_t n) {
        return static_cast<std::uint32_t>(random_() % n);
    }
    [[nodiscard]] std::uint32_t events() {
        constexpr std::uint32_t choices[] = {in_bit, out_bit, in_bit | out_bit, 0};
        return choices[below(4)];
    }

    void change() {
        const Slot slot{below(mix_.slots)};
        const std::uint32_t count = 1 + below(mix_.most_at_once);
        switch (below(20)) {
            case 0:
            case 1:
                world_.add(slot, count, abort_bit | events(), below(3) == 0);
                break;
            case 2:
                world_.remove(slot, below(8) == 0 ? count : 1);
                break;
            case 3:
            case 4:
                world_.modify(slot, abort_bit | events(), below(3) == 0);
                break;
            case 5:
            case 6:
            case 7:
            case 8:
                world_.set_ready(slot, count, events());
                break;
            case 9:
                world_.set_ready(slot, count, 0);
                break;
            case 10:
                if (below(4) == 0) {
                    world_.close(slot);
                }
                break;
            case 11:
                world_.deliver(below(64));
                break;
            case 12:
                world_.backend.device.end_any(below(64));
                break;
            case 13:
                world_.look();
                break;
            case 14:
                world_.backend.deliver_stray();
                break;
            case 15:
                if (mix_.fails) {
                    world_.backend.failing = {below(4), below(3)};
                }
                break;
            case 16:
                world_.wait(1 + below(4), below(64), true);
                break;
            case 17:
                world_.wait(World::all, below(64), false);
                break;
            default:
                world_.wait(World::all, below(64), true);
                break;
        }
    }

    Mix mix_;
    std::mt19937_64 random_;
    World world_;
};

/// Plays one program for each seed, and returns whether more than `enough` of a program's waits
/// reported something, on average. The last checkpoint of a failure names the seed.
template <class MixOf>
bool play_seeds(int seeds, int steps, std::uint64_t enough, MixOf mix_of) {
    std::uint64_t reporting = 0;
    const auto many = static_cast<std::uint64_t>(wakepoll::test::seeds_to_try(seeds));
    for (std::uint64_t seed = 0; seed < many; ++seed) {
        BOOST_TEST_CHECKPOINT("seed " << seed);
        Program program(mix_of(seed), seed);
        program.play(steps);
        reporting += program.reporting();
    }
    return reporting > many * enough;
}

BOOST_AUTO_TEST_CASE(random_programs_agree_with_the_model) {
    const Mix mix{.slots = 40, .most_at_once = 12, .fails = false};
    BOOST_TEST(play_seeds(300, 400, 20, [&](std::uint64_t) { return mix; }));
}

BOOST_AUTO_TEST_CASE(random_programs_with_calls_that_fail) {
    const Mix mix{.slots = 24, .most_at_once = 10, .fails = true};
    BOOST_TEST(play_seeds(300, 400, 20, [&](std::uint64_t) { return mix; }));
}

BOOST_AUTO_TEST_CASE(random_programs_over_few_sockets) {
    const auto mix_of = [](std::uint64_t seed) {
        const auto slots = static_cast<std::uint32_t>(1 + seed % 4);
        return Mix{.slots = slots, .most_at_once = 3, .fails = true};
    };
    BOOST_TEST(play_seeds(500, 300, 10, mix_of));
}

BOOST_AUTO_TEST_CASE(each_has_its_turn_where_there_is_little_room) {
    for (std::uint32_t sockets = 1; sockets <= 20; ++sockets) {
        for (std::size_t room = 1; room <= 8; ++room) {
            World world(sockets);
            world.add(Slot{0}, sockets, in_bit, false);
            world.set_ready(Slot{0}, sockets, in_bit);
            for (int bursts = 0; bursts < 5; ++bursts) {
                std::set<Slot> seen;
                for (std::size_t waits = 0; waits < (sockets + room - 1) / room; ++waits) {
                    world.backend.begin_wait(room);
                    BOOST_REQUIRE(world.backend.look());
                    for (std::size_t left = std::min<std::size_t>(room, sockets); left > 0;) {
                        const Slot slot = world.backend.report_at_cursor();
                        if (slot != no_slot) {
                            seen.insert(slot);
                            --left;
                        }
                    }
                }
                BOOST_REQUIRE(seen.size() == sockets);
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace wakepoll::core::test::schedule
