// The poll set and a ring that shares its links, against two lists of turns.
//
// A list has the slot whose turn it is in front; the end of a turn moves it to the back, and a new
// one joins at the back. Nothing else determines the order. The entries may be in any order, but
// without gaps, each where its slot says, and the doorbell before all of them.
//
// During a block the kernel has the set as it was at the beginning, whatever changes, and its
// answers reach the sockets that were not changed since.
#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "core/poll_set.hpp"
#include "core/slot_ring.hpp"
#include "target.hpp"

namespace wakepoll::fuzz {
namespace {

using core::no_slot;
using core::PollEntry;
using core::PollSet;
using core::Slot;
using core::SlotRing;

using Turns = std::deque<Slot>;

void end_turn(Turns& turns) {
    if (!turns.empty()) {
        turns.push_back(turns.front());
        turns.pop_front();
    }
}

bool contains(const Turns& turns, Slot slot) {
    return std::find(turns.begin(), turns.end(), slot) != turns.end();
}

constexpr PollEntry doorbell{.socket = 0xD00B, .events = 0x0100, .revents = 0};

class Sets {
public:
    explicit Sets(std::uint32_t capacity)
        : entries_(capacity + 1),
          slots_(capacity, no_slot),
          other_entries_(capacity + 1),
          other_slots_(capacity, no_slot),
          positions_(capacity),
          links_(capacity),
          set_({entries_.data(), slots_.data()}, {other_entries_.data(), other_slots_.data()},
               positions_.data(), links_.data()),
          ring_(links_.data()) {
        set_.doorbell() = doorbell;
    }

    /// Moves the slot from wherever it is into the set.
    void add_to_set(Slot slot) {
        leave(slot);
        const PollEntry entry{.socket = next_socket_++, .events = 0x0010, .revents = 0};
        set_.add(slot, entry);
        sockets_[slot] = entry;
        given_.erase(slot);
        added_ = blocked_;
        in_set_.push_back(slot);
    }

    void add_to_ring(Slot slot) {
        leave(slot);
        ring_.add(slot);
        in_ring_.push_back(slot);
    }

    void leave(Slot slot) {
        if (std::erase(in_set_, slot) > 0) {
            set_.remove(slot);
            sockets_.erase(slot);
            given_.erase(slot);
        }
        if (std::erase(in_ring_, slot) > 0) {
            ring_.remove(slot);
        }
    }

    void advance() {
        if (!in_set_.empty()) {
            set_.advance_past(set_.cursor());
            end_turn(in_set_);
        }
    }

    void advance_ring() {
        ring_.advance();
        end_turn(in_ring_);
    }

    /// Begins a block, or ends it with answers: one of three for each entry.
    void block_or_answer(std::uint32_t answers) {
        if (!blocked_) {
            blocked_ = true;
            added_ = false;
            set_.begin_block();
            given_ = sockets_;
            kernel_ = sockets_;
            return;
        }
        std::uint32_t number = answers;
        for (PollEntry& entry : set_.blocked_entries()) {
            entry.revents = static_cast<std::int16_t>(number % 3);
            number = number * 5 + 1;
        }
        bell_ = set_.blocked_entries()[0].revents;
        for (const PollEntry& entry : set_.blocked_entries().subspan(1)) {
            for (auto& [slot, given] : given_) {
                if (given.socket == entry.socket) {
                    sockets_[slot].revents = entry.revents;
                }
            }
        }
        set_.end_block();
        blocked_ = false;
    }

    void check() {
        require(set_.size() == in_set_.size() && set_.empty() == in_set_.empty(),
                "the size of the set");
        require(set_.cursor() == (in_set_.empty() ? no_slot : in_set_.front()),
                "whose turn it is in the set");
        require(set_.entries().size() == in_set_.size(), "the entries stand without gaps");
        require(set_.entries_with_doorbell().size() == in_set_.size() + 1, "and one for the bell");
        require(set_.doorbell().socket == doorbell.socket, "the doorbell stays");
        for (std::uint32_t i = 0; i < slots_.size(); ++i) {
            require(set_.contains(Slot{i}) == contains(in_set_, Slot{i}),
                    "which slots are in the set");
            require(ring_.is_linked(Slot{i}) ==
                        (contains(in_set_, Slot{i}) || contains(in_ring_, Slot{i})),
                    "which slots are in a ring");
        }
        for (std::size_t position = 0; position < in_set_.size(); ++position) {
            const Slot slot = set_.slot_at(position);
            require(contains(in_set_, slot), "every position has a member");
            require(&set_[slot] == &set_.entries()[position], "which knows its position");
        }
        bool answered = false;
        for (const auto& [slot, entry] : sockets_) {
            require(set_[slot].socket == entry.socket, "an entry moves with its slot");
            require(blocked_ || set_[slot].revents == entry.revents, "and so does its answer");
            answered = answered || entry.revents != 0;
        }
        require(blocked_ || set_.has_answers() == answered, "whether there is an answer");
        require(blocked_ || set_.doorbell().revents == bell_, "the answer of the doorbell");
        check_block();
        check_ring();
    }

private:
    /// What the kernel has, by socket; each has another number.
    void check_block() const {
        if (!blocked_) {
            return;
        }
        require(set_.needs_another_block() == added_, "what the kernel has not been given");
        const auto entries = set_.blocked_entries();
        require(entries.size() == kernel_.size() + 1, "the kernel has what it was given");
        require(entries[0].socket == doorbell.socket, "the doorbell first");
        for (const auto& [slot, given] : kernel_) {
            const std::uintptr_t socket = given.socket;
            require(std::count_if(entries.begin() + 1, entries.end(),
                                  [&](const PollEntry& e) { return e.socket == socket; }) == 1,
                    "each socket once");
        }
    }

    void check_ring() const {
        require(ring_.size() == in_ring_.size() && ring_.empty() == in_ring_.empty(),
                "the size of the ring");
        Slot slot = ring_.cursor();
        require(!in_ring_.empty() || slot == no_slot, "an empty ring has no cursor");
        for (const Slot expected : in_ring_) {
            require(slot == expected, "the order of the turns");
            slot = ring_.next(slot);
        }
        require(in_ring_.empty() || slot == ring_.cursor(), "the ring is closed");
    }

    std::vector<PollEntry> entries_;
    std::vector<Slot> slots_;
    std::vector<PollEntry> other_entries_;
    std::vector<Slot> other_slots_;
    std::vector<std::uint32_t> positions_;
    std::vector<SlotRing::Link> links_;
    PollSet set_;
    SlotRing ring_;
    Turns in_set_;
    Turns in_ring_;
    std::map<Slot, PollEntry> sockets_;
    std::map<Slot, PollEntry> kernel_;  ///< What the kernel was given.
    std::map<Slot, PollEntry> given_;   ///< Those of them that were not changed since.
    std::int16_t bell_ = 0;
    bool blocked_ = false;
    bool added_ = false;
    std::uintptr_t next_socket_ = 1;
};

}  // namespace
}  // namespace wakepoll::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace wakepoll;
    fuzz::ByteReader input(data, size);
    const std::uint32_t capacity = 1 + input.below(24);
    fuzz::Sets sets(capacity);
    sets.check();
    while (!input.empty()) {
        const std::uint32_t step = input.below(8);
        const core::Slot slot{input.below(capacity)};
        switch (step) {
            case 0:
                sets.leave(slot);
                break;
            case 1:
                sets.advance();
                break;
            case 2:
                sets.advance_ring();
                break;
            case 3:
                sets.block_or_answer(input.byte());
                break;
            case 4:
                sets.add_to_ring(slot);
                break;
            default:
                sets.add_to_set(slot);
                break;
        }
        sets.check();
    }
    return 0;
}
