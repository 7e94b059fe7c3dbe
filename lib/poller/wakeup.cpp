#include "poller/wakeup.hpp"

#include <thread>

namespace wakepoll {

using core::CompletionKey;
using core::Park;

bool Wakeup::run(const Delivery& delivery, CompletionKey key) noexcept {
    if (delivery.kind != Delivery::Kind::needed) {
        return delivery.kind == Delivery::Kind::done;
    }
    std::error_code error;
    if (delivery.where == Park::sockets) {
        error = sockets_.rouse();
        if (error == std::errc::bad_file_descriptor) {
            // Another part of the program has closed the doorbell. The thread comes round anyway:
            // its first block is short, and closing a doorbell during a block ends it.
            error = {};
        }
    } else {
        error = port_.post(static_cast<std::uintptr_t>(key));
    }
    word_.finish(delivery, !error);
    return !error;
}

bool Wakeup::wake() noexcept {
    const Delivery delivery = word_.begin_wake();
    return delivery.kind == Delivery::Kind::done || run(delivery, CompletionKey::wakeup);
}

bool Wakeup::shut_down() noexcept { return run(word_.begin_shutdown(), CompletionKey::shutdown); }

void Wakeup::signal(CompletionKey key) noexcept {
    // A signal comes once, so a delivery that fails for lack of memory is retried as long as the
    // thread is parked and would miss it.
    while (!run(word_.begin_signal(), key)) {
        if (word_.is_closed()) {
            return;
        }
        std::this_thread::yield();
    }
}

void Wakeup::port_signalled(void* wakeup, const sys::ThreadPoolWait& /*wait*/) noexcept {
    auto& self = *static_cast<Wakeup*>(wakeup);
    // The watch fires once: as for a signal.
    while (!self.run(self.word_.begin_port_signal(), CompletionKey::wakeup)) {
        if (self.word_.is_closed()) {
            return;
        }
        std::this_thread::yield();
    }
}

std::error_code Wakeup::watch_port() noexcept {
    // Armed only after the thread is marked as parked: an earlier signal has disarmed the watch
    // without ringing, and so it is armed here again.
    if (word_.is_watch_armed()) {
        return {};
    }
    word_.set_watch_armed(true);
    const std::error_code error = port_watch_.arm(port_.handle(), &Wakeup::port_signalled, this);
    if (error) {
        word_.set_watch_armed(false);
    }
    return error;
}

}  // namespace wakepoll
