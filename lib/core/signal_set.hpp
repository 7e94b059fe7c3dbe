// The slots that the threads of the system's pool have seen signalled.
//
// One bit per slot. Any thread sets a bit; the owner takes all set bits in one pass over the words,
// after the wake word has reported a signal. Setting a bit allocates nothing and cannot fail, so no
// signal is lost between a pool thread and the owner.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "core/slot.hpp"

namespace wakepoll::core {

class SignalSet {
public:
    using Word = std::atomic<std::uint64_t>;

    /// The number of words that a set for this many slots needs.
    [[nodiscard]] static constexpr std::size_t words_for(std::size_t slots) noexcept {
        return (slots + bits_per_word - 1) / bits_per_word;
    }

    /// Uses `words_for(slots)` words, all zero, which must outlive the set.
    explicit SignalSet(Word* words) noexcept : words_(words) {}

    SignalSet(const SignalSet&) = delete;
    SignalSet& operator=(const SignalSet&) = delete;

    /// Sets a slot's bit. Any thread.
    void set(Slot slot) noexcept { word_of(slot).fetch_or(bit_of(slot)); }

    /// Clears a slot's bit; returns whether it was set. Owner only.
    [[nodiscard]] bool take(Slot slot) noexcept {
        return (word_of(slot).fetch_and(~bit_of(slot)) & bit_of(slot)) != 0;
    }

    /// Clears the first `slots` bits and calls `visit` for each that was set. Owner only.
    template <class Visit>
    void take_all(std::size_t slots, const Visit& visit) noexcept {
        const std::size_t count = words_for(slots);
        for (std::size_t i = 0; i < count; ++i) {
            if (words_[i].load(std::memory_order_relaxed) == 0) {
                continue;
            }
            for (std::uint64_t left = words_[i].exchange(0); left != 0; left &= left - 1) {
                visit(Slot{static_cast<std::uint32_t>(
                    i * bits_per_word + static_cast<std::size_t>(std::countr_zero(left)))});
            }
        }
    }

private:
    static constexpr std::size_t bits_per_word = 64;

    [[nodiscard]] Word& word_of(Slot slot) noexcept {
        return words_[index_of(slot) / bits_per_word];
    }
    [[nodiscard]] static constexpr std::uint64_t bit_of(Slot slot) noexcept {
        return std::uint64_t{1} << (index_of(slot) % bits_per_word);
    }

    Word* words_;
};

}  // namespace wakepoll::core
