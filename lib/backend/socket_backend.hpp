// Readiness of sockets by the backend that suits them, and the move from one to the other.
//
// `Backend::automatic` begins with WSAPoll, which is one call for a few sockets, and moves to AFD
// permanently as soon as that is better: with more than `most_by_wsapoll` sockets, when packets can
// come besides sockets (then the thread blocks at the port itself), or when there is a socket that
// WSAPoll cannot wait for, or no doorbell is available. If the device does not open it stays
// with WSAPoll. The move takes over every registration, in the order of their turns; it loses
// nothing, because readiness is polled again, and doubles nothing, because it happens between two
// reports.
//
// Only this class knows which of the two is active. Used under the poller's lock, except `block`
// and `rouse`.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>

#include "backend/afd_backend.hpp"
#include "backend/readiness_backend.hpp"
#include "backend/wsapoll_backend.hpp"
#include "core/registration_table.hpp"
#include "core/wake_state.hpp"
#include "wakepoll/config.hpp"
#include "wakepoll/stats.hpp"

namespace wakepoll::backend {

class SocketBackend {
    /// Calls `visit` with the active backend.
    template <class Visit>
    decltype(auto) serving(const Visit& visit) noexcept {
        return choice_ == Choice::afd ? visit(afd_) : visit(wsapoll_);
    }
    template <class Visit>
    decltype(auto) serving(const Visit& visit) const noexcept {
        return choice_ == Choice::afd ? visit(afd_) : visit(wsapoll_);
    }

public:
    /// The most sockets that `automatic` leaves to WSAPoll.
    static constexpr std::uint32_t most_by_wsapoll = 16;

    struct Memory {
        WsapollBackend::Memory wsapoll;  ///< for `most_by_wsapoll` if it is only the beginning
        AfdBackend::Memory afd;          ///< all null if the choice is `wsapoll`
    };

    /// How the backend is chosen.
    enum class Choice : std::uint8_t { wsapoll, afd, automatic };

    SocketBackend(const Memory& memory, Choice choice, core::RegistrationTable& table,
                  core::WakeState& wake, const sys::CompletionPort& port, PollerStats& stats,
                  std::uint32_t build) noexcept;

    SocketBackend(const SocketBackend&) = delete;
    SocketBackend& operator=(const SocketBackend&) = delete;

    /// Takes the device, unless the choice is `wsapoll`.
    void start(sys::AfdDevice device) noexcept { afd_.start(std::move(device)); }

    // As ReadinessBackend has them.
    [[nodiscard]] std::error_code add(core::Slot slot) noexcept;
    [[nodiscard]] std::error_code modify(core::Slot slot) noexcept {
        return serving([&](auto& backend) { return backend.modify(slot); });
    }
    void remove(core::Slot slot) noexcept {
        serving([&](auto& backend) { backend.remove(slot); });
    }
    void begin_wait(std::size_t room) noexcept {
        serving([room](auto& backend) { backend.begin_wait(room); });
    }
    /// Begins another pass of a wait that has nothing to report. Another thread may have ended what
    /// was ready; then no request covers the sockets that AFD polled together with it.
    void begin_pass(std::size_t room) noexcept {
        if (choice_ == Choice::afd) {
            afd_.begin_wait(room);
        }
    }
    [[nodiscard]] std::error_code look(core::nanoseconds now) noexcept {
        return serving([now](auto& backend) { return backend.look(now); });
    }
    [[nodiscard]] std::size_t size() const noexcept {
        return serving([](const auto& backend) { return backend.size(); });
    }
    [[nodiscard]] Scan collect(std::span<NativeEvent> events, std::size_t visits,
                               core::nanoseconds now) noexcept {
        return serving([&](auto& backend) { return backend.collect(events, visits, now); });
    }
    void close() noexcept {
        wsapoll_.close();
        if (choice_ != Choice::wsapoll) {
            afd_.close();
        }
    }

    // As RequestingBackend has them; without AFD there are no requests.
    [[nodiscard]] std::error_code submit_due() noexcept { return afd_.submit_due(); }
    [[nodiscard]] std::size_t due() const noexcept { return afd_.due(); }
    [[nodiscard]] bool take_packet(const void* context, std::uint32_t status) noexcept {
        return choice_ == Choice::afd && afd_.take_packet(context, status);
    }
    [[nodiscard]] Outstanding outstanding() const noexcept { return afd_.outstanding(); }
    void retry_cancels() noexcept { afd_.retry_cancels(); }
    void cancel_all() noexcept {
        if (choice_ == Choice::afd) {
            afd_.cancel_all();
        }
    }

    // As BlockingBackend has them; with AFD, WSAPoll has no sockets.
    [[nodiscard]] core::Park parks_at() const noexcept { return wsapoll_.parks_at(); }
    [[nodiscard]] core::nanoseconds recheck_in(core::nanoseconds now) const noexcept {
        return choice_ == Choice::afd ? core::nanoseconds::max() : wsapoll_.recheck_in(now);
    }
    [[nodiscard]] std::error_code begin_block() noexcept;
    [[nodiscard]] std::error_code block(std::uint32_t milliseconds) noexcept {
        return wsapoll_.block(milliseconds);
    }
    [[nodiscard]] std::error_code end_block(std::error_code error) noexcept;
    [[nodiscard]] bool is_changed() const noexcept { return wsapoll_.is_changed(); }
    [[nodiscard]] std::error_code rouse() const noexcept { return wsapoll_.rouse(); }

    /// Moves to AFD if that is better now and no socket is registered that AFD cannot poll. If it
    /// fails, WSAPoll stays active, and `error` is set if it was not. `packets`: packets may come.
    void move_if_better(bool packets, std::error_code& error) noexcept {
        if (choice_ == Choice::automatic && wsapoll_.sockets() > 0 &&
            (packets || wsapoll_.must_recheck())) {
            move_unless_refused(error);
        }
    }
    /// WSAPoll has failed: if it has no doorbell and AFD may take over, moves to AFD.
    [[nodiscard]] bool goes_on_with_afd() noexcept {
        return choice_ == Choice::automatic && !wsapoll_.has_doorbell() && !move();
    }

private:
    void move_unless_refused(std::error_code& error) noexcept;
    /// A thread that is blocked in WSAPoll must then be woken. `operation_not_supported` if the
    /// provider of some socket does not let AFD poll it.
    [[nodiscard]] std::error_code move() noexcept;
    [[nodiscard]] std::error_code prepare_all() noexcept;
    /// WSAPoll is not used any more.
    void retire_wsapoll() noexcept;

    HangUps hang_ups_;
    WsapollBackend wsapoll_;
    AfdBackend afd_;
    Choice choice_;
    core::RegistrationTable& table_;
    core::WakeState& wake_;
    PollerStats& stats_;
    bool blocked_ = false;   ///< A thread is blocked in WSAPoll.
    core::SlotUse refused_;  ///< The registration because of which the last move was refused.
};

static_assert(RequestingBackend<SocketBackend> && BlockingBackend<SocketBackend>);

}  // namespace wakepoll::backend
