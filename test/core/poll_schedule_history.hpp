// What a poll schedule must remember, in the simplest form: the waits, the rounds, and every round
// in which a socket was ready.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/poll_schedule.hpp"

namespace wakepoll::core::test::schedule {

class PollHistory {
public:
    explicit PollHistory(std::uint32_t slots) : sockets_(slots) {}

    void begin_wait() {
        ++wait_;
        round_ += any_ready_ ? 1 : 0;
        any_ready_ = false;
    }

    /// A registration begins.
    void begin(Slot slot) { of(slot) = {}; }

    /// What was answered does not count, and the slot is due if it is awake.
    void forget_answer(Slot slot) {
        of(slot).polled_in = 0;
        of(slot).answer = 0;
    }

    void note_answer(Slot slot, std::uint32_t events) {
        Past& past = of(slot);
        past.polled_in = wait_;
        past.answer = events;
        past.ready_in.push_back(round_);
        any_ready_ = true;
    }

    void note_quiet(Slot slot) {
        of(slot).polled_in = wait_;
        of(slot).answer = 0;
    }

    /// It was answered in the last wait.
    [[nodiscard]] bool was_answered_last(Slot slot) const {
        const Past& past = of(slot);
        return past.polled_in + 1 == wait_ && !past.ready_in.empty() &&
               past.ready_in.back() + 1 == round_;
    }

    void note_reported(Slot slot) { of(slot).answer = 0; }

    [[nodiscard]] bool was_polled(Slot slot) const { return of(slot).polled_in == wait_; }

    /// What it was answered in this wait, and is not reported.
    [[nodiscard]] std::uint32_t answer_to(Slot slot) const {
        return was_polled(slot) ? of(slot).answer : 0;
    }

    /// It was answered in this wait or an earlier one, and not reported.
    [[nodiscard]] bool is_kept(Slot slot) const { return of(slot).answer != 0; }

    /// By the rules of the policy: polled with others is what was answered and not reported, what
    /// was ready twice within `patience` rounds, and again within `patience` rounds of now, and of
    /// the silent ones what was ready within `patience` rounds of now.
    [[nodiscard]] bool joins_group(Slot slot, bool silent) const {
        const Past& past = of(slot);
        const std::size_t count = past.ready_in.size();
        const auto near = [](std::uint64_t older, std::uint64_t newer) {
            return newer - older <= PollSchedule::patience;
        };
        const bool lately = count >= 1 && near(past.ready_in[count - 1], round_);
        const bool active = count >= 2 && near(past.ready_in[count - 2], past.ready_in[count - 1]);
        return past.answer != 0 || (lately && (active || silent));
    }

private:
    struct Past {
        std::uint64_t polled_in = 0;
        std::uint32_t answer = 0;
        std::vector<std::uint64_t> ready_in{};
    };

    [[nodiscard]] Past& of(Slot slot) { return sockets_[index_of(slot)]; }
    [[nodiscard]] const Past& of(Slot slot) const { return sockets_[index_of(slot)]; }

    std::vector<Past> sockets_;
    std::uint64_t wait_ = 1;
    std::uint64_t round_ = 1;
    bool any_ready_ = false;
};

}  // namespace wakepoll::core::test::schedule
