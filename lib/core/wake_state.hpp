// The one word that a poller shares with other threads.
//
// It holds whether a wake is pending, where the owner is parked, whether the port is watched,
// shutdown and disposal. Because all of it is one atomic word, every step of the wake protocol is a
// single compare-and-exchange, and there is no order between two variables to get wrong. In
// particular the owner cannot park over a pending wake (its exchange fails), and a waker learns in
// the step that makes its wake pending whether, and where, the owner must be woken (P1, P2).
//
// A wake of a parked owner goes through two states. During the kernel call that delivers it, it is
// `posting`: a second waker then delivers too, because the first may still fail. Once a delivery
// has succeeded it is `pending`, and later wakers rely on it and make no call.
//
// The word also counts the threads inside such a call, so that disposal can wait for them before it
// closes what they use. It holds the generation of the wake, so that a slow waker's success never
// counts for a later one. A ring for the port or for the shutdown never counts as a wake's delivery
// either: the owner may have consumed it before the wake began.
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
    /// What the calling thread has to do.
    struct Delivery {
        enum class Kind : std::uint8_t {
            refused,  ///< Nothing: the poller is shut down or disposed.
            done,     ///< Nothing: the owner is awake, or another wake is pending.
            needed,   ///< Wake the owner at `where`, then call `finish`.
        };
        Kind kind = Kind::refused;
        Park where = Park::nowhere;
        std::uint16_t generation = 0;
        bool carries_wake = false;  ///< Its success makes the wake of its generation pending.
    };

    // Any thread.

    /// Requests a wake. One that finds another pending, as most do in a storm, needs only the
    /// addition.
    [[nodiscard]] Delivery begin_wake() noexcept {
        const Word word = word_.fetch_add(one_request, order);
        if ((word & (wake_mask | shut_down | closed)) == wake_pending) {
            return {Delivery::Kind::done};  // The addition has published this thread's writes.
        }
        return begin_first_wake(word + one_request);
    }

    /// Requests the poller's end. Not coalesced: each request delivers.
    [[nodiscard]] Delivery begin_shutdown() noexcept;

    /// The watched port was signalled, so the watch is no longer armed. Delivered only if the
    /// owner is parked in the sockets.
    [[nodiscard]] Delivery begin_port_signal() noexcept;

    /// Something happened that the owner must check before it parks again, such as a signalled
    /// handle. Not coalesced while the owner is parked.
    [[nodiscard]] Delivery begin_signal() noexcept;

    /// Ends a delivery of kind `needed`; `delivered` says whether its kernel call succeeded. Until
    /// then the owner keeps open what the call uses.
    void finish(const Delivery& delivery, bool delivered) noexcept;

    [[nodiscard]] bool is_closed() const noexcept { return (word_.load(order) & closed) != 0; }
    /// Also true once closed.
    [[nodiscard]] bool is_shut_down() const noexcept {
        return (word_.load(order) & (shut_down | closed)) != 0;
    }

    /// The number of wakes requested since creation, modulo 2^32.
    [[nodiscard]] std::uint32_t requests() const noexcept {
        return static_cast<std::uint32_t>(word_.load(std::memory_order_relaxed) >> request_shift);
    }

    // The owner.

    /// True if a wake was requested since the last call that returned true.
    [[nodiscard]] bool consume() noexcept {
        const Word word = word_.load(order);
        return (word & wake_mask) != 0 && consume_wake(word);
    }

    /// True if there is no wake to consume, no shutdown and no disposal.
    [[nodiscard]] bool is_calm() const noexcept {
        return (word_.load(order) & (wake_mask | shut_down | closed)) == 0;
    }

    /// True if a signal came since the last call that returned true. Call before checking what
    /// was signalled.
    [[nodiscard]] bool consume_signal() noexcept {
        return (word_.load(order) & signalled) != 0 &&
               (word_.fetch_and(~signalled, order) & signalled) != 0;
    }

    /// Marks the owner as about to block at `where`. False if it must not block, because a wake,
    /// a signal or a shutdown has come.
    [[nodiscard]] bool park(Park where) noexcept;

    /// The owner no longer blocks.
    void unpark() noexcept { word_.fetch_and(~park_mask, order); }

    [[nodiscard]] bool is_watch_armed() const noexcept {
        return (word_.load(order) & watch_armed) != 0;
    }
    void set_watch_armed(bool armed) noexcept;

    /// Returns when no delivery that began earlier is in progress. That takes as long as posting a
    /// packet or sending a datagram.
    void wait_for_deliveries() const noexcept;

    // The thread that disposes, once.

    /// Refuses all further deliveries.
    void close() noexcept;

private:
    using Word = std::uint64_t;

    // The word, from its lowest bit: the wake (2 bits), where the owner is parked (2), the flags
    // (4), deliveries in progress (8), the wake's generation (16), wakes requested (32).
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

    // Everything is sequentially consistent: a wake must publish what its thread wrote before, a
    // woken owner must see it, and parking must not be reordered with either. On x86 each exchange
    // is one locked instruction whatever the order.
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

    /// Begins a requested wake that found none pending in `word`, or finds the poller's end.
    [[nodiscard]] Delivery begin_first_wake(Word word) noexcept;
    /// Takes the wake in `word`, or in what the word has become.
    bool consume_wake(Word word) noexcept;

    /// Adds one delivery in progress to where the owner is parked, by one exchange from `word`.
    /// False if the word has changed; it is then reloaded.
    bool try_deliver(Word& word, Word next, Delivery& delivery) noexcept;

    std::atomic<Word> word_{0};
};

}  // namespace wakepoll::core
