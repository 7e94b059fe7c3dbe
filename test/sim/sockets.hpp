// The common base of the model's TCP and UDP sockets.
//
// Readiness is computed on demand from the state and the time, so no notification can be forgotten,
// with one exception: AFD requests, which can be very many, are checked only when their socket
// reports that it has `changed`. The World connects sockets directly; a ConnectEx finds a listener
// by its address (see network.hpp). All sockets are non-blocking. Used under the kernel's lock.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "network.hpp"
#include "operations.hpp"
#include "sys/socket.hpp"

namespace wakepoll::sim {

struct AfdPoll;
class AfdPolls;
class Socket;

/// A member of an AFD request in flight.
struct AfdWatch {
    std::shared_ptr<AfdPoll> poll;
    std::size_t member = 0;
};

/// What a non-blocking send or receive did; `code` is Winsock's error, 0 for success.
struct Moved {
    std::size_t bytes = 0;
    std::uint32_t code = 0;
};

class Socket : public IoObject {
public:
    [[nodiscard]] sys::SocketKind socket_kind() const noexcept { return socket_kind_; }

    /// WSAPoll's `revents` now, for the `events` in `asked`.
    [[nodiscard]] virtual std::int16_t readiness(std::int16_t asked, const Traits& traits,
                                                 std::chrono::nanoseconds now) const noexcept = 0;

    /// All AFD bits that hold for the socket now.
    [[nodiscard]] virtual std::uint32_t afd_readiness(
        const Traits& traits, std::chrono::nanoseconds now) const noexcept = 0;

    /// The socket belongs to another provider, and AFD does not know it.
    void leave_afd() noexcept { is_afds_ = false; }
    [[nodiscard]] bool is_afds() const noexcept { return is_afds_; }

    /// When `afd_readiness` changes with time; nothing if only a change of state can do that.
    [[nodiscard]] virtual std::optional<std::chrono::nanoseconds> changes_at() const noexcept {
        return std::nullopt;
    }

    /// NTSTATUS of a failed connect; 0 if none has failed.
    [[nodiscard]] virtual std::uint32_t connect_failure() const noexcept { return 0; }

    /// Makes AFD check the requests for this socket. Call it after any change that may make the
    /// socket ready; costs nothing without requests.
    void changed() final;

    /// Counts the behaviours that an answer of WSAPoll or AFD shows now.
    virtual void note_answer() const noexcept {}

    /// True if the socket is in select's except set: its connect failed, or an out-of-band byte is
    /// queued.
    [[nodiscard]] virtual bool is_exceptional(const Traits& traits,
                                              std::chrono::nanoseconds now) const noexcept = 0;

    /// True if SO_CONNECT_TIME reports a time, as it still does after a FIN and after a reset.
    [[nodiscard]] virtual bool is_connected() const noexcept = 0;
    [[nodiscard]] virtual bool is_listening() const noexcept = 0;
    /// True if both ends have sent FIN, or the connection was reset.
    [[nodiscard]] virtual bool is_shut_both_ways() const noexcept { return false; }

    [[nodiscard]] virtual Moved send(std::span<const std::uint8_t> bytes, const Traits& traits) = 0;
    [[nodiscard]] virtual Moved receive(std::span<std::uint8_t> bytes, const Traits& traits) = 0;

    /// On loopback. Port 0: it is unbound, or its port was never queried.
    [[nodiscard]] Address address() const noexcept { return {.port = port_}; }
    void bind_to(std::uint16_t port) noexcept { port_ = port; }
    [[nodiscard]] virtual bool is_bound() const noexcept { return port_ != 0; }

    // No code may rely on the signalled state of a socket.
    [[nodiscard]] bool signalled() const noexcept override { return false; }
    [[nodiscard]] bool is_file() const noexcept override { return true; }
    [[nodiscard]] bool is_overlapped() const noexcept override { return is_overlapped_; }
    /// It was made without WSA_FLAG_OVERLAPPED.
    void make_synchronous() noexcept { is_overlapped_ = false; }

protected:
    explicit Socket(sys::SocketKind kind) noexcept : IoObject(Kind::socket), socket_kind_(kind) {}

private:
    friend class AfdPolls;

    sys::SocketKind socket_kind_;
    bool is_afds_ = true;
    bool is_overlapped_ = true;
    std::uint16_t port_ = 0;
    std::vector<AfdWatch> watches_;
    AfdPolls* watcher_ = nullptr;                    ///< Not null if there are any.
    bool touched_ = false;                           ///< In the watcher's list of sockets to check.
    std::optional<std::chrono::nanoseconds> alarm_;  ///< When the watcher checks without a change.
};

}  // namespace wakepoll::sim
