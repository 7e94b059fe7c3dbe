#include "backend/socket_backend.hpp"

namespace wakepoll::backend {

using core::nanoseconds;
using core::Slot;

namespace {

// Before this build (Windows 10 2004) WSAPoll does not report a connect that was refused.
constexpr std::uint32_t first_build_that_polls_refusals = 19041;

}  // namespace

SocketBackend::SocketBackend(const Memory& memory, Choice choice, core::RegistrationTable& table,
                             core::WakeState& wake, const sys::CompletionPort& port,
                             PollerStats& stats, std::uint32_t build) noexcept
    : hang_ups_(build),
      wsapoll_(memory.wsapoll, table, wake, stats, hang_ups_,
               build < first_build_that_polls_refusals),
      afd_(memory.afd, table, port, stats, hang_ups_),
      choice_(choice),
      table_(table),
      wake_(wake),
      stats_(stats) {
    stats_.backend = choice == Choice::afd ? Backend::afd : Backend::wsapoll;
}

std::error_code SocketBackend::add(Slot slot) noexcept {
    if (choice_ == Choice::automatic && wsapoll_.sockets() == most_by_wsapoll) {
        if (const std::error_code error = move()) {
            return error;
        }
    }
    const std::error_code error = serving([&](auto& backend) { return backend.add(slot); });
    return error && goes_on_with_afd() ? afd_.add(slot) : error;
}

std::error_code SocketBackend::prepare_all() noexcept {
    const auto drop = [this](Slot slot) {
        wsapoll_.remove(slot);
        table_.end_registration(slot);
        ++stats_.registrations_dropped;
    };
    for (std::uint32_t i = 0; i < table_.used(); ++i) {
        const Slot slot{i};
        const core::Registration& registration = table_[slot];
        if (!registration.registered || registration.type != HandleType::socket) {
            continue;
        }
        Slot closed = core::no_slot;
        std::error_code error = afd_.prepare(slot, closed);
        if (!error && closed != slot) {
            error = afd_.try_out(slot);
        }
        if (closed != core::no_slot) {
            drop(closed);
        }
        if (error == std::errc::bad_file_descriptor && closed != slot) {
            drop(slot);
        } else if (error && closed != slot) {
            if (error == std::errc::operation_not_supported) {
                refused_ = table_.use_of(slot);
            }
            return error;
        }
    }
    return {};
}

void SocketBackend::move_unless_refused(std::error_code& error) noexcept {
    if (refused_.slot != core::no_slot && table_.goes_on(refused_)) {
        return;
    }
    const std::error_code failed = move();
    if (!error && failed != std::errc::operation_not_supported) {
        error = failed;
    }
}

std::error_code SocketBackend::move() noexcept {
    if (const std::error_code error = prepare_all()) {
        return error;
    }
    wsapoll_.give_up([this](Slot slot, bool silent) { afd_.watch(slot, silent); });
    choice_ = Choice::afd;
    stats_.backend = Backend::afd;
    ++stats_.backend_moves;
    if (!blocked_) {
        retire_wsapoll();
    }
    return {};
}

void SocketBackend::retire_wsapoll() noexcept {
    // A thread that is about to ring need not succeed: the waiting thread is awake.
    wake_.wait_for_deliveries();
    wsapoll_.close();
}

std::error_code SocketBackend::begin_block() noexcept {
    const std::error_code error = wsapoll_.begin_block();
    blocked_ = !error;
    return error;
}

std::error_code SocketBackend::end_block(std::error_code error) noexcept {
    blocked_ = false;
    error = wsapoll_.end_block(error);
    if (choice_ == Choice::afd) {
        retire_wsapoll();
        return {};
    }
    return error;
}

}  // namespace wakepoll::backend
