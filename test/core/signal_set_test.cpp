// SignalSet: every slot has its bit, and what is set is taken exactly once.
#include "core/signal_set.hpp"

#include <array>
#include <atomic>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <thread>
#include <vector>

namespace wakepoll::core::test {
namespace {

BOOST_AUTO_TEST_SUITE(signal_set)

/// A set with its words.
struct Set {
    explicit Set(std::size_t count)
        : slots(count), words(SignalSet::words_for(count)), signals(words.data()) {}

    std::vector<std::uint32_t> take_all() {
        std::vector<std::uint32_t> taken;
        signals.take_all(slots,
                         [&](Slot slot) { taken.push_back(static_cast<std::uint32_t>(slot)); });
        return taken;
    }

    std::size_t slots;
    std::vector<SignalSet::Word> words;
    SignalSet signals;
};

using Slots = std::vector<std::uint32_t>;

namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_CASE(a_word_holds_64_slots) {
    static_assert(SignalSet::words_for(0) == 0);
    static_assert(SignalSet::words_for(1) == 1);
    static_assert(SignalSet::words_for(64) == 1);
    static_assert(SignalSet::words_for(65) == 2);
    static_assert(SignalSet::words_for(65536) == 1024);
    BOOST_TEST(Set(1000).words.size() == 16U);
}

BOOST_AUTO_TEST_CASE(a_new_one_is_empty) {
    Set set(200);
    BOOST_TEST(set.take_all().empty());
    for (std::uint32_t slot = 0; slot < 200; ++slot) {
        BOOST_REQUIRE(!set.signals.take(Slot{slot}));
    }
}

BOOST_DATA_TEST_CASE(each_slot_is_taken_once_and_no_other, data::make({1U, 63U, 64U, 65U, 129U}),
                     slots) {
    for (std::uint32_t slot = 0; slot < slots; ++slot) {
        Set set(slots);
        set.signals.set(Slot{slot});
        for (std::uint32_t other = 0; other < slots; ++other) {
            BOOST_REQUIRE(set.signals.take(Slot{other}) == (other == slot));
        }
        BOOST_REQUIRE(!set.signals.take(Slot{slot}));
        set.signals.set(Slot{slot});
        set.signals.set(Slot{slot});  // Two signals of one slot are one.
        BOOST_REQUIRE((set.take_all() == Slots{slot}));
        BOOST_REQUIRE(set.take_all().empty());
    }
}

BOOST_AUTO_TEST_CASE(all_are_taken_in_one_pass_in_order) {
    Set set(300);
    for (const std::uint32_t slot : {299U, 0U, 64U, 63U, 128U, 127U, 64U}) {
        set.signals.set(Slot{slot});
    }
    BOOST_TEST(set.signals.take(Slot{127}));
    BOOST_TEST((set.take_all() == Slots{0, 63, 64, 128, 299}));
    for (std::uint32_t slot = 0; slot < 300; ++slot) {
        set.signals.set(Slot{slot});
    }
    BOOST_TEST(set.take_all().size() == 300U);
    BOOST_TEST(set.take_all().empty());
}

BOOST_AUTO_TEST_CASE(only_the_words_of_those_in_use_are_looked_at) {
    Set set(256);
    set.signals.set(Slot{3});
    set.signals.set(Slot{200});
    Slots taken;
    const auto note = [&](Slot slot) { taken.push_back(static_cast<std::uint32_t>(slot)); };
    set.signals.take_all(0, note);
    BOOST_TEST(taken.empty());
    set.signals.take_all(64, note);
    BOOST_TEST((taken == Slots{3}));
    set.signals.take_all(201, note);
    BOOST_TEST((taken == Slots{3, 200}));
}

BOOST_AUTO_TEST_CASE(what_is_set_while_all_are_taken_is_taken_now_or_next_time) {
    Set set(128);
    set.signals.set(Slot{5});
    Slots taken;
    set.signals.take_all(set.slots, [&](Slot slot) {
        taken.push_back(static_cast<std::uint32_t>(slot));
        if (slot == Slot{5}) {
            set.signals.set(Slot{5});    // Its word was taken already.
            set.signals.set(Slot{100});  // The word of this one is still to come.
        }
    });
    BOOST_TEST((taken == Slots{5, 100}));
    BOOST_TEST((set.take_all() == Slots{5}));
}

BOOST_AUTO_TEST_CASE(several_threads_lose_nothing) {
    constexpr std::uint32_t slots = 256;
    constexpr int rounds = 2000;
    Set set(slots);
    std::array<std::atomic<int>, slots> asked{};
    std::array<int, slots> seen{};
    std::atomic<int> running = 4;
    std::vector<std::jthread> threads;
    for (std::uint32_t thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&, thread] {
            for (int round = 1; round <= rounds; ++round) {
                for (std::uint32_t slot = thread; slot < slots; slot += 16) {
                    asked[slot].store(round, std::memory_order_relaxed);
                    set.signals.set(Slot{slot});  // This publishes the number.
                }
            }
            --running;
        });
    }
    // The thread that takes a bit sees what was written before it was set, so the last number is
    // seen.
    const auto take = [&] {
        set.signals.take_all(set.slots, [&](Slot slot) {
            seen[index_of(slot)] = asked[index_of(slot)].load(std::memory_order_relaxed);
        });
    };
    while (running > 0) {
        take();
        if (set.signals.take(Slot{3})) {
            seen[3] = asked[3].load(std::memory_order_relaxed);
        }
    }
    take();
    for (std::uint32_t slot = 0; slot < slots; ++slot) {
        BOOST_REQUIRE(seen[slot] == (slot % 16 < 4 ? rounds : 0));
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace wakepoll::core::test
