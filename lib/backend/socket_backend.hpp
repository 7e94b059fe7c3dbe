// Readiness of sockets by whichever backend serves them best, and the move from one to the other.
//
// `Backend::automatic` begins with WSAPoll, which is one call for a few sockets, and moves to AFD,
// for good, as soon as that serves better: with more than `most_by_wsapoll` sockets, when packets
// can come beside sockets (there the owner blocks at the port itself), or when there is a socket
// that WSAPoll can not wait for. Where the device does not open it stays with WSAPoll. The move
// takes over every registration, in the order of their turns; nothing is lost by it, for readiness
// is asked for anew, and nothing doubled, for it takes place between two reports.
//
// Used by the owner of a poller, but for `rouse`.
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
public:
    /// The most sockets that `automatic` leaves to WSAPoll.
    static constexpr std::uint32_t most_by_wsapoll = 16;

    struct Memory {
        WsapollBackend::Memory wsapoll;  ///< for `most_by_wsapoll` where it is only the beginning
        AfdBackend::Memory afd;          ///< all null where the choice is `wsapoll`
    };

    /// How it is decided which one is used.
    enum class Choice : std::uint8_t { wsapoll, afd, automatic };

    SocketBackend(const Memory& memory, Choice choice, core::RegistrationTable& table,
                  core::WakeState& wake, const sys::CompletionPort& port, PollerStats& stats,
                  bool select_tells_refusals) noexcept;

    SocketBackend(const SocketBackend&) = delete;
    SocketBackend& operator=(const SocketBackend&) = delete;

    /// Takes the device, where the choice is another than `wsapoll`.
    void start(sys::AfdDevice device) noexcept { afd_.start(std::move(device)); }

    [[nodiscard]] bool is_afd() const noexcept { return choice_ == Choice::afd; }

    // As ReadinessBackend has them.
    [[nodiscard]] std::error_code add(core::Slot slot, core::nanoseconds now) noexcept;
    [[nodiscard]] std::error_code modify(core::Slot slot, core::nanoseconds now) noexcept {
        return is_afd() ? afd_.modify(slot, now) : wsapoll_.modify(slot, now);
    }
    void remove(core::Slot slot) noexcept {
        is_afd() ? afd_.remove(slot) : wsapoll_.remove(slot);
        refused_ = false;
    }
    [[nodiscard]] std::size_t size() const noexcept {
        return is_afd() ? afd_.size() : wsapoll_.size();
    }
    [[nodiscard]] core::Park parks_at() const noexcept {
        return is_afd() ? core::Park::port : wsapoll_.parks_at();
    }
    [[nodiscard]] std::error_code look(core::nanoseconds now) noexcept {
        return is_afd() ? afd_.look(now) : wsapoll_.look(now);
    }
    [[nodiscard]] std::error_code block(std::uint32_t milliseconds) noexcept {
        return wsapoll_.block(milliseconds);
    }
    [[nodiscard]] std::error_code settle() noexcept { return wsapoll_.settle(); }
    [[nodiscard]] Scan collect(std::span<NativeEvent> events, std::size_t visits,
                               core::nanoseconds now) noexcept {
        return is_afd() ? afd_.collect(events, visits, now) : wsapoll_.collect(events, visits, now);
    }
    [[nodiscard]] core::nanoseconds recheck_in(core::nanoseconds now) const noexcept {
        return is_afd() ? core::nanoseconds::max() : wsapoll_.recheck_in(now);
    }
    [[nodiscard]] std::error_code rouse() const noexcept { return wsapoll_.rouse(); }

    /// To be called as a wait begins.
    void begin_wait() noexcept {
        if (is_afd()) {
            afd_.begin_wait();
        }
    }
    /// `look` has to be called now, whether or not there is time to block.
    [[nodiscard]] bool must_look(core::nanoseconds now) const noexcept {
        return is_afd() ? afd_.must_look() : recheck_in(now) == core::nanoseconds::zero();
    }
    /// A packet is on its way before which `look` can not say how some sockets are.
    [[nodiscard]] bool is_waiting() const noexcept { return is_afd() && afd_.is_waiting(); }

    /// AFD serves better by now. `packets` says that packets may come.
    [[nodiscard]] bool should_move(bool packets) const noexcept {
        return choice_ == Choice::automatic && !refused_ && wsapoll_.sockets() > 0 &&
               (packets || wsapoll_.must_recheck());
    }
    /// Goes on with AFD. Where it fails, WSAPoll goes on. `operation_not_supported` where the
    /// provider of some socket does not let AFD ask about it: not to be tried again with that one.
    [[nodiscard]] std::error_code move() noexcept;

    void answered(const void* overlapped, std::uint32_t status) noexcept {
        if (is_afd()) {
            afd_.answered(overlapped, status);
        }
    }
    /// Requests whose packet is still to come.
    [[nodiscard]] std::uint32_t in_flight() const noexcept {
        return is_afd() ? afd_.in_flight() : 0;
    }
    /// The slot's cell is the kernel's.
    [[nodiscard]] bool is_busy(core::Slot slot) const noexcept {
        return is_afd() && afd_.is_busy(slot);
    }
    /// Sees to it that it soon is no longer, where nobody waits for it.
    [[nodiscard]] std::error_code free_cell(core::Slot slot) noexcept {
        return is_afd() ? afd_.free_cell(slot) : std::error_code{};
    }
    void cancel_all() noexcept {
        if (is_afd()) {
            afd_.cancel_all();
        }
    }

    /// Closes the doorbell and the device; no errand may be under way.
    void close() noexcept {
        wsapoll_.close();
        if (choice_ != Choice::wsapoll) {
            afd_.close();
        }
    }

private:
    [[nodiscard]] std::error_code prepare_all() noexcept;

    WsapollBackend wsapoll_;
    AfdBackend afd_;
    Choice choice_;
    core::RegistrationTable& table_;
    core::WakeState& wake_;
    PollerStats& stats_;
    bool refused_ = false;  ///< A socket is registered that AFD can not be asked about.
};

static_assert(ReadinessBackend<SocketBackend>);

}  // namespace wakepoll::backend
