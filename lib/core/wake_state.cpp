#include "core/wake_state.hpp"

#include <thread>

namespace wakepoll::core {
namespace {

using Word = std::uint64_t;

// The word, from its lowest bit: the wake (2 bits), where the owner is parked (2), the flags (4),
// errands in delivery (8), the wake's generation (16), wakes asked for (32).
constexpr Word wake_mask = 0x3;
constexpr Word wake_posting = 0x1;
constexpr Word wake_pending = 0x2;
constexpr unsigned park_shift = 2;
constexpr Word park_mask = Word{0x3} << park_shift;
constexpr Word watch_armed = 1U << 4;
constexpr Word shut_down = 1U << 5;
constexpr Word closed = 1U << 6;
constexpr Word signalled = 1U << 7;
constexpr Word one_errand = Word{1} << 8;
constexpr Word errand_mask = Word{0xFF} << 8;
constexpr unsigned generation_shift = 16;
constexpr Word generation_mask = Word{0xFFFF} << generation_shift;
constexpr Word one_generation = Word{1} << generation_shift;
constexpr unsigned request_shift = 32;
constexpr Word one_request = Word{1} << request_shift;

// Everything here is sequentially consistent: a wake must publish what its thread wrote before, a
// waking owner must see it, and parking must not pass either. On x86 each exchange is one locked
// instruction whatever the order asked for.
constexpr auto order = std::memory_order_seq_cst;

[[nodiscard]] constexpr Park parked_at(Word word) noexcept {
    return static_cast<Park>((word & park_mask) >> park_shift);
}

[[nodiscard]] constexpr std::uint16_t generation_of(Word word) noexcept {
    return static_cast<std::uint16_t>((word & generation_mask) >> generation_shift);
}

[[nodiscard]] constexpr Word with_wake(Word word, Word wake) noexcept {
    return (word & ~wake_mask) | wake;
}

}  // namespace

bool WakeState::try_deliver(Word& word, Word next, Errand& errand) noexcept {
    if ((word & errand_mask) == errand_mask) {
        // 255 threads are inside the kernel call already; the next one waits for its turn.
        std::this_thread::yield();
        word = word_.load(order);
        return false;
    }
    errand = {Errand::Kind::deliver, parked_at(word), generation_of(word)};
    return word_.compare_exchange_weak(word, next + one_errand, order);
}

WakeState::Errand WakeState::begin_wake() noexcept {
    Word word = word_.fetch_add(one_request, order);
    if ((word & (wake_mask | shut_down | closed)) == wake_pending) {
        return {Errand::Kind::done};  // The addition has published this thread's writes.
    }
    word += one_request;
    for (;;) {
        if ((word & (shut_down | closed)) != 0) {
            return {Errand::Kind::refused};
        }
        if ((word & wake_mask) == wake_pending) {
            return {Errand::Kind::done};
        }
        if (parked_at(word) == Park::nowhere) {
            if (word_.compare_exchange_weak(word, with_wake(word, wake_pending), order)) {
                return {Errand::Kind::done};
            }
            continue;
        }
        Errand errand;
        if (try_deliver(word, with_wake(word, wake_posting), errand)) {
            errand.carries_wake = true;
            return errand;
        }
    }
}

WakeState::Errand WakeState::begin_shutdown() noexcept {
    Word word = word_.load(order);
    for (;;) {
        if ((word & closed) != 0) {
            return {Errand::Kind::refused};
        }
        if (parked_at(word) == Park::nowhere) {
            if (word_.compare_exchange_weak(word, word | shut_down, order)) {
                return {Errand::Kind::done};
            }
            continue;
        }
        Errand errand;
        if (try_deliver(word, word | shut_down, errand)) {
            return errand;
        }
    }
}

WakeState::Errand WakeState::begin_port_signal() noexcept {
    Word word = word_.load(order);
    for (;;) {
        if ((word & closed) != 0) {
            return {Errand::Kind::refused};
        }
        if (parked_at(word) != Park::sockets) {
            if (word_.compare_exchange_weak(word, word & ~watch_armed, order)) {
                return {Errand::Kind::done};
            }
            continue;
        }
        Errand errand;
        if (try_deliver(word, word & ~watch_armed, errand)) {
            return errand;
        }
    }
}

WakeState::Errand WakeState::begin_signal() noexcept {
    Word word = word_.load(order);
    for (;;) {
        if ((word & closed) != 0) {
            return {Errand::Kind::refused};
        }
        if (parked_at(word) == Park::nowhere) {
            if (word_.compare_exchange_weak(word, word | signalled, order)) {
                return {Errand::Kind::done};
            }
            continue;
        }
        Errand errand;
        if (try_deliver(word, word | signalled, errand)) {
            return errand;
        }
    }
}

void WakeState::finish(const Errand& errand, bool delivered) noexcept {
    Word word = word_.load(order);
    Word next = word;
    do {
        next = word - one_errand;
        if (delivered && errand.carries_wake && (word & wake_mask) == wake_posting &&
            generation_of(word) == errand.generation) {
            next = with_wake(next, wake_pending);
        }
    } while (!word_.compare_exchange_weak(word, next, order));
}

bool WakeState::is_closed() const noexcept { return (word_.load(order) & closed) != 0; }

bool WakeState::is_shut_down() const noexcept {
    return (word_.load(order) & (shut_down | closed)) != 0;
}

std::uint32_t WakeState::requests() const noexcept {
    return static_cast<std::uint32_t>(word_.load(std::memory_order_relaxed) >> request_shift);
}

bool WakeState::consume() noexcept {
    Word word = word_.load(order);
    if ((word & wake_mask) == 0) {
        return false;
    }
    Word next = word;
    do {
        // The generation is masked so that its overflow does not count as a request.
        const Word generation = (word + one_generation) & generation_mask;
        next = with_wake((word & ~generation_mask) | generation, 0);
    } while (!word_.compare_exchange_weak(word, next, order));
    return true;
}

bool WakeState::consume_signal() noexcept {
    return (word_.load(order) & signalled) != 0 &&
           (word_.fetch_and(~signalled, order) & signalled) != 0;
}

bool WakeState::park(Park where) noexcept {
    Word word = word_.load(order);
    do {
        if ((word & (wake_mask | signalled | shut_down | closed)) != 0) {
            return false;
        }
    } while (!word_.compare_exchange_weak(
        word, (word & ~park_mask) | (static_cast<Word>(where) << park_shift), order));
    return true;
}

void WakeState::unpark() noexcept { word_.fetch_and(~park_mask, order); }

bool WakeState::is_watch_armed() const noexcept { return (word_.load(order) & watch_armed) != 0; }

void WakeState::set_watch_armed(bool armed) noexcept {
    if (armed) {
        word_.fetch_or(watch_armed, order);
    } else {
        word_.fetch_and(~watch_armed, order);
    }
}

void WakeState::wait_for_errands() const noexcept {
    while ((word_.load(order) & errand_mask) != 0) {
        std::this_thread::yield();
    }
}

void WakeState::close() noexcept { word_.fetch_or(closed | shut_down, order); }

}  // namespace wakepoll::core
