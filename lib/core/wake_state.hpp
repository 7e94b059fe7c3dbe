// The one word that a poller shares with other threads.
//
// Whether a wake is pending, where the owner is parked, whether the port is watched, shutdown and
// disposal: all of it lives in one atomic word, so every step of the wake protocol is a single
// compare-and-exchange and there is no pair of variables whose order could be got wrong. In
// particular the owner can not park over a pending wake (its exchange fails), and a waker learns in
// the very step that makes its wake pending whether, and where, the owner must be roused (P1, P2).
//
// A wake of a parked owner goes through two states. While the kernel call that delivers it is under
// way it is `posting`: a second waker then delivers too, because the first may yet fail. Only when
// a delivery has succeeded is it `pending`, and later wakers may rely on it without a call of their
// own.
//
// The word also counts the threads that are inside such a call, so that disposal can wait for them
// before it closes what they use, and the generation of the wake, so that a slow waker's success is
// never taken for a later one's. A ring for the port or for the shutdown is never taken for a
// wake's either: it may have been heard before the wake began.
//
// No system call is made here. Methods say which thread may call them.
#pragma once

#include <atomic>
#include <cstdint>

namespace wakepoll::core {

/// The kernel call that the owner is blocked in.
enum class Park : std::uint8_t { nowhere = 0, port = 1, sockets = 2 };

class WakeState {
public:
    /// What a thread that asked for something has to do.
    struct Delivery {
        enum class Kind : std::uint8_t {
            refused,  ///< Nothing: the poller is shut down or disposed.
            done,     ///< Nothing: the owner is awake, or another wake is on its way.
            needed,   ///< Rouse the owner at `where`, then call `finish`.
        };
        Kind kind = Kind::refused;
        Park where = Park::nowhere;
        std::uint16_t generation = 0;
        bool carries_wake = false;  ///< Its success makes the wake of its generation pending.
    };

    // Any thread.

    /// Asks for a wake. One that finds another pending, as most do in a storm, is done with the
    /// one addition.
    [[nodiscard]] Delivery begin_wake() noexcept {
        const Word word = word_.fetch_add(one_request, order);
        if ((word & (wake_mask | shut_down | closed)) == wake_pending) {
            return {Delivery::Kind::done};  // The addition has published this thread's writes.
        }
        return begin_first_wake(word + one_request);
    }

    /// Asks for the poller's end. Not coalesced: asking again delivers again.
    [[nodiscard]] Delivery begin_shutdown() noexcept;

    /// The watched port was signalled: the watch is no longer armed. To be delivered only where the
    /// owner is parked in the sockets.
    [[nodiscard]] Delivery begin_port_signal() noexcept;

    /// Something has happened that the owner has to look at before it parks again, such as a handle
    /// that was signalled. Not coalesced while the owner is parked.
    [[nodiscard]] Delivery begin_signal() noexcept;

    /// Ends a delivery of kind `needed`; `delivered` says whether its kernel call succeeded. Until
    /// then the owner keeps open what the call uses.
    void finish(const Delivery& delivery, bool delivered) noexcept;

    [[nodiscard]] bool is_closed() const noexcept { return (word_.load(order) & closed) != 0; }
    /// True too once closed.
    [[nodiscard]] bool is_shut_down() const noexcept {
        return (word_.load(order) & (shut_down | closed)) != 0;
    }

    /// How many wakes were asked for since creation, modulo 2^32.
    [[nodiscard]] std::uint32_t requests() const noexcept {
        return static_cast<std::uint32_t>(word_.load(std::memory_order_relaxed) >> request_shift);
    }

    // The owner.

    /// True where a wake was asked for since the last call that said so.
    [[nodiscard]] bool consume() noexcept {
        const Word word = word_.load(order);
        return (word & wake_mask) != 0 && consume_wake(word);
    }

    /// There is no wake to consume, and no end.
    [[nodiscard]] bool is_calm() const noexcept {
        return (word_.load(order) & (wake_mask | shut_down | closed)) == 0;
    }

    /// True where there was a signal since the last call that said so. To be called before looking
    /// at what signals tell of.
    [[nodiscard]] bool consume_signal() noexcept {
        return (word_.load(order) & signalled) != 0 &&
               (word_.fetch_and(~signalled, order) & signalled) != 0;
    }

    /// Announces that the owner is about to block at `where`. False where it must not, because a
    /// wake, a signal or a shutdown has come.
    [[nodiscard]] bool park(Park where) noexcept;

    /// The owner is awake again.
    void unpark() noexcept { word_.fetch_and(~park_mask, order); }

    [[nodiscard]] bool is_watch_armed() const noexcept {
        return (word_.load(order) & watch_armed) != 0;
    }
    void set_watch_armed(bool armed) noexcept;

    /// Returns when no delivery that was begun before is still being delivered. The wait is as long
    /// as a posted packet or a sent datagram takes.
    void wait_for_deliveries() const noexcept;

    // Whoever disposes, once.

    /// Refuses all further deliveries.
    void close() noexcept;

private:
    using Word = std::uint64_t;

    // The word, from its lowest bit: the wake (2 bits), where the owner is parked (2), the flags
    // (4), deliveries in delivery (8), the wake's generation (16), wakes asked for (32).
    static constexpr Word wake_mask = 0x3;
    static constexpr Word wake_posting = 0x1;
    static constexpr Word wake_pending = 0x2;
    static constexpr unsigned park_shift = 2;
    static constexpr Word park_mask = Word{0x3} << park_shift;
    static constexpr Word watch_armed = 1U << 4;
    static constexpr Word shut_down = 1U << 5;
    static constexpr Word closed = 1U << 6;
    static constexpr Word signalled = 1U << 7;
    static constexpr Word one_delivery = Word{1} << 8;
    static constexpr Word delivery_mask = Word{0xFF} << 8;
    static constexpr unsigned generation_shift = 16;
    static constexpr Word generation_mask = Word{0xFFFF} << generation_shift;
    static constexpr Word one_generation = Word{1} << generation_shift;
    static constexpr unsigned request_shift = 32;
    static constexpr Word one_request = Word{1} << request_shift;

    // Everything here is sequentially consistent: a wake must publish what its thread wrote before,
    // a waking owner must see it, and parking must not pass either. On x86 each exchange is one
    // locked instruction whatever the order asked for.
    static constexpr auto order = std::memory_order_seq_cst;

    [[nodiscard]] static constexpr Park parked_at(Word word) noexcept {
        return static_cast<Park>((word & park_mask) >> park_shift);
    }
    [[nodiscard]] static constexpr std::uint16_t generation_of(Word word) noexcept {
        return static_cast<std::uint16_t>((word & generation_mask) >> generation_shift);
    }
    [[nodiscard]] static constexpr Word with_wake(Word word, Word wake) noexcept {
        return (word & ~wake_mask) | wake;
    }

    /// A wake that was asked for, and found none pending in this word, or the poller's end.
    [[nodiscard]] Delivery begin_first_wake(Word word) noexcept;
    /// Takes the wake that there is in this word, or in what it has become.
    bool consume_wake(Word word) noexcept;

    /// Adds one delivery in delivery, where the owner is parked, by one exchange from `word`. False
    /// where the word has changed; it is reloaded then.
    bool try_deliver(Word& word, Word next, Delivery& delivery) noexcept;

    std::atomic<Word> word_{0};
};

}  // namespace wakepoll::core
