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
        if (answers_ > 0) {
            ++round_;
            const bool crowd = answers_ >= PollSchedule::worth_a_cancel && answers_ >= live_ / 4;
            patience_ = crowd ? PollSchedule::crowd_patience : PollSchedule::patience;
            answers_ = 0;
        }
    }

    void begin_registration(Slot slot) {
        of(slot) = {};
        ++live_;
    }
    void end_registration() { --live_; }

    /// What was answered does not count, and the slot is due if it is awake.
    void forget_answer(Slot slot) {
        of(slot).polled_in = 0;
        of(slot).answer = 0;
    }

    void note_answer(Slot slot, std::uint32_t events) {
        Past& past = of(slot);
        past.polled_in = wait_;
        past.answer = events;
        past.ready_in.push_back({round_, patience_});
        ++answers_;
    }

    void note_quiet(Slot slot) {
        of(slot).polled_in = wait_;
        of(slot).answer = 0;
    }

    /// It was answered in the last wait.
    [[nodiscard]] bool was_answered_last(Slot slot) const {
        const Past& past = of(slot);
        return past.polled_in + 1 == wait_ && !past.ready_in.empty() &&
               past.ready_in.back().round + 1 == round_;
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
    /// was ready twice within the patience of the second time, and is within it still; and of the
    /// silent ones what was ready within it.
    [[nodiscard]] bool joins_group(Slot slot, bool silent) const {
        const Past& past = of(slot);
        const std::size_t count = past.ready_in.size();
        if (count == 0) {
            return past.answer != 0;
        }
        const Ready& last = past.ready_in[count - 1];
        const bool lately = round_ - last.round <= last.patience;
        const bool active =
            count >= 2 && last.round - past.ready_in[count - 2].round <= last.patience;
        return past.answer != 0 || (lately && (active || silent));
    }

private:
    struct Ready {
        std::uint64_t round;
        std::uint32_t patience;
    };
    struct Past {
        std::uint64_t polled_in = 0;
        std::uint32_t answer = 0;
        std::vector<Ready> ready_in{};
    };

    [[nodiscard]] Past& of(Slot slot) { return sockets_[index_of(slot)]; }
    [[nodiscard]] const Past& of(Slot slot) const { return sockets_[index_of(slot)]; }

    std::vector<Past> sockets_;
    std::uint64_t wait_ = 1;
    std::uint64_t round_ = 1;
    std::uint32_t patience_ = PollSchedule::patience;
    std::uint32_t answers_ = 0;  ///< In this wait.
    std::uint32_t live_ = 0;
};

}  // namespace wakepoll::core::test::schedule
