#include "core/wake_state.hpp"

#include <thread>

namespace wakepoll::core {
bool WakeState::try_deliver(Word& word, Word next, Delivery& delivery) noexcept {
    if ((word & delivery_mask) == delivery_mask) {
        // 255 threads are inside the kernel call already; this one waits for its turn.
        std::this_thread::yield();
        word = word_.load(order);
        return false;
    }
    delivery = {Delivery::Kind::needed, parked_at(word), generation_of(word)};
    return word_.compare_exchange_weak(word, next + one_delivery, order);
}

WakeState::Delivery WakeState::begin_first_wake(Word word) noexcept {
    for (;;) {
        if ((word & (shut_down | closed)) != 0) {
            return {Delivery::Kind::refused};
        }
        if ((word & wake_mask) == wake_pending) {
            return {Delivery::Kind::done};
        }
        if (parked_at(word) == Park::nowhere) {
            if (word_.compare_exchange_weak(word, with_wake(word, wake_pending), order)) {
                return {Delivery::Kind::done};
            }
            continue;
        }
        Delivery delivery;
        if (try_deliver(word, with_wake(word, wake_posting), delivery)) {
            delivery.carries_wake = true;
            return delivery;
        }
    }
}

WakeState::Delivery WakeState::begin_shutdown() noexcept {
    Word word = word_.load(order);
    for (;;) {
        if ((word & closed) != 0) {
            return {Delivery::Kind::refused};
        }
        if (parked_at(word) == Park::nowhere) {
            if (word_.compare_exchange_weak(word, word | shut_down, order)) {
                return {Delivery::Kind::done};
            }
            continue;
        }
        Delivery delivery;
        if (try_deliver(word, word | shut_down, delivery)) {
            return delivery;
        }
    }
}

WakeState::Delivery WakeState::begin_port_signal() noexcept {
    Word word = word_.load(order);
    for (;;) {
        if ((word & closed) != 0) {
            return {Delivery::Kind::refused};
        }
        if (parked_at(word) != Park::sockets) {
            if (word_.compare_exchange_weak(word, word & ~watch_armed, order)) {
                return {Delivery::Kind::done};
            }
            continue;
        }
        Delivery delivery;
        if (try_deliver(word, word & ~watch_armed, delivery)) {
            return delivery;
        }
    }
}

WakeState::Delivery WakeState::begin_signal() noexcept {
    Word word = word_.load(order);
    for (;;) {
        if ((word & closed) != 0) {
            return {Delivery::Kind::refused};
        }
        if (parked_at(word) == Park::nowhere) {
            if (word_.compare_exchange_weak(word, word | signalled, order)) {
                return {Delivery::Kind::done};
            }
            continue;
        }
        Delivery delivery;
        if (try_deliver(word, word | signalled, delivery)) {
            return delivery;
        }
    }
}

void WakeState::finish(const Delivery& delivery, bool delivered) noexcept {
    Word word = word_.load(order);
    Word next = word;
    do {
        next = word - one_delivery;
        if (delivered && delivery.carries_wake && (word & wake_mask) == wake_posting &&
            generation_of(word) == delivery.generation) {
            next = with_wake(next, wake_pending);
        }
    } while (!word_.compare_exchange_weak(word, next, order));
}

bool WakeState::consume_wake(Word word) noexcept {
    Word next = word;
    do {
        // The generation is masked so that its overflow does not count as a request.
        const Word generation = (word + one_generation) & generation_mask;
        next = with_wake((word & ~generation_mask) | generation, 0);
    } while (!word_.compare_exchange_weak(word, next, order));
    return true;
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

void WakeState::set_watch_armed(bool armed) noexcept {
    if (armed) {
        word_.fetch_or(watch_armed, order);
    } else {
        word_.fetch_and(~watch_armed, order);
    }
}

void WakeState::wait_for_deliveries() const noexcept {
    while ((word_.load(order) & delivery_mask) != 0) {
        std::this_thread::yield();
    }
}

void WakeState::close() noexcept { word_.fetch_or(closed | shut_down, order); }

}  // namespace wakepoll::core
