// PollSet: changes while the kernel has the array.
//
// The kernel continues with the array that it was given, and its answers reach only the sockets
// that were not changed since.
#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <vector>

#include "poll_set_memory.hpp"

namespace data = boost::unit_test::data;

namespace wakepoll::core::test {
namespace {

BOOST_AUTO_TEST_SUITE(poll_set)

constexpr std::int16_t answer = 0x40;

/// A set of the first `count` slots without answers.
void fill(Set& set, std::uint32_t count) {
    for (std::uint32_t n = 0; n < count; ++n) {
        set.add(n);
        set[Slot{n}].revents = 0;
    }
}

/// What the kernel polls, as socket and events.
std::vector<PollEntry> asked(Set& set) {
    const auto entries = set->blocked_entries();
    return {entries.begin(), entries.end()};
}

/// The kernel's answer for every entry that it has.
void answer_all(Set& set) {
    for (PollEntry& entry : set->blocked_entries()) {
        entry.revents = answer;
    }
}

BOOST_AUTO_TEST_CASE(the_answers_of_a_block_without_changes_are_there) {
    Set set(4);
    fill(set, 3);
    set->begin_block();
    BOOST_TEST(!set->needs_another_block());
    BOOST_TEST(set->blocked_entries().size() == 4U);
    BOOST_TEST(set->blocked_entries().data() == &set->doorbell());
    set->blocked_entries()[2].revents = answer;
    set->end_block();
    BOOST_TEST(set->has_answers());
    BOOST_TEST(set[Slot{0}].revents == 0);
    BOOST_TEST(set[Slot{1}].revents == answer);
    BOOST_TEST(set[Slot{2}].revents == 0);
}

BOOST_DATA_TEST_CASE(the_kernel_keeps_what_it_was_given, data::xrange(4), change) {
    Set set(8);
    fill(set, 3);
    set->begin_block();
    const std::vector<PollEntry> before = asked(set);
    const PollEntry* const array = set->blocked_entries().data();
    switch (change) {
        case 0:
            set.add(5);
            break;
        case 1:
            set->remove(Slot{0});
            break;
        case 2:
            set->remove(Slot{1});
            set.add(1);
            break;
        default:
            set->remove(Slot{2});
            set.add(6);
            set->remove(Slot{0});
            set->remove(Slot{1});
            break;
    }
    const std::vector<PollEntry> after = asked(set);
    BOOST_TEST(set->blocked_entries().data() == array);
    BOOST_TEST(set->entries_with_doorbell().data() != array);
    BOOST_REQUIRE(std::equal(before.begin(), before.end(), after.begin(), after.end(), same));
}

BOOST_AUTO_TEST_CASE(a_socket_that_is_added_needs_another_block) {
    Set set(4);
    fill(set, 1);
    set->begin_block();
    set->remove(Slot{0});
    BOOST_TEST(!set->needs_another_block(), "what the kernel polls in vain does no harm");
    set.add(2);
    BOOST_TEST(set->needs_another_block());
    set->end_block();
    set->begin_block();
    BOOST_TEST(!set->needs_another_block());
    BOOST_TEST(set->blocked_entries().size() == 2U);
    BOOST_TEST(set->blocked_entries()[1].socket == entry_of(Slot{2}).socket);
    set->end_block();
}

BOOST_AUTO_TEST_CASE(one_that_was_added_needs_another_block_though_another_leaves_then) {
    Set set(4);
    fill(set, 2);
    set->begin_block();
    set.add(2);
    set->remove(Slot{0});
    BOOST_TEST(set->needs_another_block());
    set->end_block();
}

BOOST_AUTO_TEST_CASE(answers_reach_the_sockets_that_were_not_changed) {
    Set set(8);
    fill(set, 4);
    set->begin_block();
    set->remove(Slot{1});  // The last one fills its place.
    set.add(6);
    set[Slot{6}].revents = 0;
    answer_all(set);
    set->end_block();
    BOOST_TEST(set[Slot{0}].revents == answer);
    BOOST_TEST(set[Slot{2}].revents == answer);
    BOOST_TEST(set[Slot{3}].revents == answer);
    BOOST_TEST(set[Slot{6}].revents == 0);
    BOOST_TEST(!set->contains(Slot{1}));
}

BOOST_AUTO_TEST_CASE(a_slot_that_was_removed_and_added_again_gets_no_stale_answer) {
    Set set(4);
    fill(set, 2);
    for (int times = 1; times <= 3; ++times) {
        set->begin_block();
        for (int i = 0; i < times; ++i) {
            set->remove(Slot{1});
            set.add(1);
            set[Slot{1}].revents = 0;
        }
        answer_all(set);
        set->end_block();
        BOOST_TEST(set[Slot{0}].revents == answer);
        BOOST_TEST(set[Slot{1}].revents == 0);
        set[Slot{0}].revents = 0;
    }
}

BOOST_AUTO_TEST_CASE(the_answer_of_the_doorbell_is_merged) {
    Set set(4);
    fill(set, 1);
    set->doorbell().revents = 0;
    set->begin_block();
    set.add(1);
    set->blocked_entries()[0].revents = answer;
    set->end_block();
    BOOST_TEST(set->doorbell().revents == answer);
    BOOST_TEST(set->doorbell().socket == doorbell_socket);
}

BOOST_AUTO_TEST_CASE(an_answer_from_before_the_block_does_not_outlive_it) {
    // The kernel writes an answer for every entry, 0 included, and may do so at any time.
    Set set(4);
    fill(set, 2);
    set[Slot{0}].revents = answer;
    set->begin_block();
    set.add(2);
    set[Slot{2}].revents = 0;
    set->blocked_entries()[1].revents = 0;
    set->end_block();
    BOOST_TEST(set[Slot{0}].revents == 0);
    BOOST_TEST(!set->has_answers());
}

BOOST_AUTO_TEST_CASE(all_may_leave_during_a_block_and_others_come) {
    Set set(4);
    fill(set, 3);
    set->begin_block();
    for (std::uint32_t n = 0; n < 3; ++n) {
        set->remove(Slot{n});
    }
    BOOST_TEST(set->empty());
    BOOST_CHECK(set->cursor() == no_slot);
    set.add(3);
    set[Slot{3}].revents = 0;
    answer_all(set);
    set->end_block();
    BOOST_TEST(set->size() == 1U);
    BOOST_TEST(set[Slot{3}].revents == 0);
    BOOST_TEST(!set->has_answers());
}

BOOST_AUTO_TEST_CASE(a_change_between_two_blocks_is_none_of_the_first) {
    Set set(4);
    fill(set, 2);
    set->begin_block();
    set->end_block();
    set.add(2);
    BOOST_TEST(set->entries().size() == 3U);
    BOOST_TEST(set->blocked_entries().size() == 3U, "it is what the block began with");
    set->begin_block();
    BOOST_TEST(!set->needs_another_block());
    BOOST_TEST(set->blocked_entries().size() == 4U);
    set->end_block();
}

// The plain model: for each socket its events and its answer, and of a block what the kernel was
// given and which sockets were changed since.
class Model {
public:
    explicit Model(std::uint32_t capacity) : capacity_(capacity), set_(capacity) {}

    void add(Slot slot, std::int16_t events) {
        if (!sockets_.contains(slot)) {
            const PollEntry entry{entry_of(slot).socket, events, 0};
            set_->add(slot, entry);
            sockets_[slot] = entry;
            given_.erase(slot);
            added_ = blocked_;
        }
    }

    void remove(Slot slot) {
        if (sockets_.erase(slot) == 1) {
            set_->remove(slot);
            given_.erase(slot);
        }
    }

    void block() {
        set_->begin_block();
        blocked_ = true;
        added_ = false;
        given_ = sockets_;
        all_given_ = sockets_;
        check();
    }

    /// The kernel answers a random part of what it has.
    void unblock(std::mt19937_64& random) {
        set_->blocked_entries()[0].revents = doorbell_ = static_cast<std::int16_t>(random() % 3);
        for (PollEntry& entry : set_->blocked_entries().subspan(1)) {
            entry.revents = static_cast<std::int16_t>(random() % 3);
            for (auto& [slot, given] : given_) {
                given.revents = given.socket == entry.socket ? entry.revents : given.revents;
            }
        }
        set_->end_block();
        blocked_ = false;
        for (const auto& [slot, given] : given_) {
            sockets_[slot].revents = given.revents;
        }
        given_.clear();
    }

    [[nodiscard]] bool is_blocked() const { return blocked_; }

    void check() {
        BOOST_REQUIRE(set_->size() == sockets_.size());
        std::set<Slot> seen;
        for (std::size_t position = 0; position < set_->size(); ++position) {
            const Slot slot = set_->slot_at(position);
            BOOST_REQUIRE(seen.insert(slot).second);
            BOOST_REQUIRE(sockets_.contains(slot));
            BOOST_REQUIRE(&set_[slot] == &set_->entries()[position]);
            const PollEntry& expected = sockets_[slot];
            BOOST_REQUIRE(set_[slot].socket == expected.socket);
            BOOST_REQUIRE(set_[slot].events == expected.events);
            BOOST_REQUIRE((blocked_ || set_[slot].revents == expected.revents));
        }
        for (std::uint32_t n = 0; n < capacity_; ++n) {
            BOOST_REQUIRE(set_->contains(Slot{n}) == sockets_.contains(Slot{n}));
        }
        BOOST_REQUIRE(set_->doorbell().socket == doorbell_socket);
        if (!blocked_) {
            BOOST_REQUIRE(set_->doorbell().revents == doorbell_);
            const auto answered = [](const auto& socket) { return socket.second.revents != 0; };
            BOOST_REQUIRE(set_->has_answers() ==
                          std::any_of(sockets_.begin(), sockets_.end(), answered));
            return;
        }
        BOOST_REQUIRE(set_->needs_another_block() == added_);
        const auto kernel = set_->blocked_entries();
        BOOST_REQUIRE(kernel.size() == all_given_.size() + 1);
        BOOST_REQUIRE(kernel[0].socket == doorbell_socket);
        std::map<std::uintptr_t, std::int16_t> wanted;
        for (const auto& [slot, given] : all_given_) {
            wanted[given.socket] = given.events;
        }
        for (const PollEntry& entry : kernel.subspan(1)) {
            BOOST_REQUIRE(wanted.contains(entry.socket));
            BOOST_REQUIRE(wanted[entry.socket] == entry.events);
        }
    }

private:
    std::uint32_t capacity_;
    Set set_;
    std::map<Slot, PollEntry> sockets_;
    std::map<Slot, PollEntry> given_;      ///< To the kernel, and not changed since.
    std::map<Slot, PollEntry> all_given_;  ///< To the kernel.
    std::int16_t doorbell_ = 8;
    bool blocked_ = false;
    bool added_ = false;
};

BOOST_DATA_TEST_CASE(random_programs_with_blocks_agree_with_the_model, data::xrange(200), seed) {
    std::mt19937_64 random(static_cast<std::uint64_t>(seed));
    const auto capacity = static_cast<std::uint32_t>(1 + random() % 12);
    Model model(capacity);
    for (int step = 0; step < 500; ++step) {
        const Slot slot{static_cast<std::uint32_t>(random() % capacity)};
        switch (random() % 6) {
            case 0:
            case 1:
                model.add(slot, static_cast<std::int16_t>(random() % 100));
                break;
            case 2:
                model.remove(slot);
                break;
            case 3:  // What a modification is.
                model.remove(slot);
                model.add(slot, static_cast<std::int16_t>(random() % 100));
                break;
            default:
                if (model.is_blocked()) {
                    model.unblock(random);
                } else {
                    model.block();
                }
        }
        model.check();
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace wakepoll::core::test
