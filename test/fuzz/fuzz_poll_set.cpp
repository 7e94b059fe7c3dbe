// The poll set and a ring beside it, which share their links, against two lists of turns.
//
// A list has the one whose turn it is in front; the end of a turn takes it to the back, and so does
// joining. That is all there is to know of the order. The entries may stand in any order, but
// without gaps, each where its slot says, and the doorbell before all of them.
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
          positions_(capacity),
          links_(capacity),
          set_(entries_.data(), slots_.data(), positions_.data(), links_.data(), capacity),
          ring_(links_.data()) {
        set_.doorbell() = doorbell;
    }

    /// Takes the slot from wherever it is into the set.
    void add_to_set(Slot slot, std::uintptr_t socket) {
        leave(slot);
        const PollEntry entry{.socket = socket, .events = 0x0010, .revents = 0};
        set_.add(slot, entry);
        sockets_[slot] = socket;
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
        }
        if (std::erase(in_ring_, slot) > 0) {
            ring_.remove(slot);
        }
    }

    void advance() {
        set_.advance();
        end_turn(in_set_);
    }

    void advance_ring() {
        ring_.advance();
        end_turn(in_ring_);
    }

    void prefer_newest(std::size_t count) {
        if (in_ring_.empty()) {
            return;
        }
        ring_.prefer_newest(count);
        for (; count > 0; --count) {
            in_ring_.push_front(in_ring_.back());
            in_ring_.pop_back();
        }
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
            require(set_.contains(Slot{i}) == contains(in_set_, Slot{i}), "who is in the set");
            require(ring_.is_linked(Slot{i}) ==
                        (contains(in_set_, Slot{i}) || contains(in_ring_, Slot{i})),
                    "who is in a ring");
        }
        for (std::size_t position = 0; position < in_set_.size(); ++position) {
            const Slot slot = set_.slot_at(position);
            require(contains(in_set_, slot), "every position has a member");
            require(&set_[slot] == &set_.entries()[position], "which knows its position");
        }
        for (const auto& [slot, socket] : sockets_) {
            require(set_[slot].socket == socket, "an entry moves with its slot");
        }
        check_ring();
    }

private:
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
    std::vector<std::uint32_t> positions_;
    std::vector<SlotRing::Link> links_;
    PollSet set_;
    SlotRing ring_;
    Turns in_set_;
    Turns in_ring_;
    std::map<Slot, std::uintptr_t> sockets_;
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
                sets.prefer_newest(core::index_of(slot));
                break;
            case 4:
                sets.add_to_ring(slot);
                break;
            default:
                sets.add_to_set(slot, input.byte());
                break;
        }
        sets.check();
    }
    return 0;
}
