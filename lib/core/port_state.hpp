// The one word of a port of the C face: the calls that use it, the thread that leads, those that
// wait for the lead, and whether it is shut.
//
// The memory of a port is never freed, but reused for another port. So a call may read the word at
// any time; it makes sure that the port is the one it wants, and enters by an exchange that fails
// if the word has changed since. Each opening has another generation, so a word that was read
// before a port was shut never equals one of the next port's. Once shut, a port is entered no more,
// so the call that leaves last is the last one to use it.
//
// Any thread may call anything but `open`. No system call is made here.
#pragma once

#include <atomic>
#include <cstdint>

namespace wakepoll::core {

class PortState {
public:
    using Word = std::uint64_t;

    /// Read it before the number of the port is compared.
    [[nodiscard]] Word read() const noexcept { return word_.load(std::memory_order_acquire); }

    /// Enters if the port is open and the word unchanged.
    [[nodiscard]] bool try_enter(Word seen) noexcept {
        seen &= ~shut;  // The exchange fails if it was set.
        return try_replace(seen, seen + one_user);
    }
    /// The same, and takes the lead, if that is free, too.
    [[nodiscard]] bool try_enter_and_lead(Word seen) noexcept {
        seen &= ~(shut | led);
        return try_replace(seen, seen + (one_user | led));
    }
    /// Enters a port that is known to be the wanted one; false if it is shut.
    [[nodiscard]] bool enter() noexcept;

    // Calls that have entered.

    /// Leaves. The functions below interpret the word that it returns.
    [[nodiscard]] Word leave() noexcept { return word_.fetch_sub(one_user, order); }
    /// Gives up the lead and leaves, in one step.
    [[nodiscard]] Word leave_leading() noexcept { return word_.fetch_sub(one_user | led, order); }

    // For a word that `leave` or `leave_leading` has returned.

    [[nodiscard]] static bool was_open(Word left) noexcept { return (left & shut) == 0; }
    /// It was open, and no call waited for the lead.
    [[nodiscard]] static bool is_settled(Word left) noexcept {
        return (left & (shut | follower_mask)) == 0;
    }
    /// Calls waited for the lead: one of those has to be woken, whatever else is true.
    [[nodiscard]] static bool had_followers(Word left) noexcept {
        return (left & follower_mask) != 0;
    }
    /// It was the last call of a port that is shut.
    [[nodiscard]] static bool is_over(Word left) noexcept {
        return !was_open(left) && (left & user_mask) == one_user;
    }

    /// Counts the call among those that wait for the lead. Call `try_lead` afterwards: a call that
    /// leads and leaves after this step knows of the follower.
    void begin_to_follow() noexcept { word_.fetch_add(one_follower, order); }
    void end_to_follow() noexcept { word_.fetch_sub(one_follower, order); }
    /// Takes the lead, if it is free and the port open.
    [[nodiscard]] bool try_lead() noexcept;

    /// Refuses all further calls and leads. False if it was shut before.
    [[nodiscard]] bool close() noexcept { return (word_.fetch_or(shut, order) & shut) == 0; }

    [[nodiscard]] bool is_shut() const noexcept { return (read() & shut) != 0; }

    /// Opens it, or opens it again after the last call has left (`is_over`). One thread.
    void open() noexcept {
        word_.store((read() & generation_mask) + one_generation, std::memory_order_release);
    }

private:
    // From the lowest bit: two flags, followers (20 bits), users, followers among them (20), the
    // generation (22). What a call checks is in the lower half, where that is cheaper.
    static constexpr Word shut = 1U << 0;
    static constexpr Word led = 1U << 1;
    static constexpr Word one_follower = 1U << 2;
    static constexpr Word follower_mask = Word{0xFFFFF} << 2;
    static constexpr Word one_user = Word{1} << 22;
    static constexpr Word user_mask = Word{0xFFFFF} << 22;
    static constexpr Word one_generation = Word{1} << 42;
    static constexpr Word generation_mask = ~(one_generation - 1);

    static constexpr auto order = std::memory_order_acq_rel;

    [[nodiscard]] bool try_replace(Word seen, Word next) noexcept {
        return word_.compare_exchange_strong(seen, next, order, std::memory_order_relaxed);
    }

    std::atomic<Word> word_{shut};
};

inline bool PortState::enter() noexcept {
    Word word = read();
    while ((word & shut) == 0) {
        if (word_.compare_exchange_weak(word, word + one_user, order)) {
            return true;
        }
    }
    return false;
}

inline bool PortState::try_lead() noexcept {
    Word word = read();
    while ((word & (shut | led)) == 0) {
        if (word_.compare_exchange_weak(word, word | led, order)) {
            return true;
        }
    }
    return false;
}

}  // namespace wakepoll::core
