// What TCP and UDP sockets of the model have in common.
//
// The readiness of a socket is computed when it is asked for, from its state and the time, so there
// is nothing that could be forgotten to be signalled, with one exception: requests of AFD's, of
// which there can be very many, are looked at only when their socket says that it has `changed`.
// The World introduces sockets to each other directly; a ConnectEx finds a listener by its address
// (see network.hpp). All sockets are non-blocking. Used under the kernel's lock.
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

/// A place in a request of AFD's that is in flight.
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

    /// WSAPoll's `revents` at this moment, where `asked` are the `events`.
    [[nodiscard]] virtual std::int16_t readiness(std::int16_t asked, const Traits& traits,
                                                 std::chrono::nanoseconds now) const noexcept = 0;

    /// All that AFD could tell of the socket at this moment, in its bits.
    [[nodiscard]] virtual std::uint32_t afd_readiness(
        const Traits& traits, std::chrono::nanoseconds now) const noexcept = 0;

    /// Its provider is not AFD's, which knows nothing of it.
    void leave_afd() noexcept { is_afds_ = false; }
    [[nodiscard]] bool is_afds() const noexcept { return is_afds_; }

    /// When `afd_readiness` will be different by itself; nothing where only a change can do that.
    [[nodiscard]] virtual std::optional<std::chrono::nanoseconds> changes_at() const noexcept {
        return std::nullopt;
    }

    /// NTSTATUS of a connect that has failed; 0 where none has.
    [[nodiscard]] virtual std::uint32_t connect_failure() const noexcept { return 0; }

    /// Has AFD look at the requests that wait for this socket. To be called after whatever may
    /// have made it ready for something; costs nothing where there is none.
    void changed() final;

    /// An answer of WSAPoll or AFD reports the socket as it is now.
    virtual void note_answer() const noexcept {}

    /// The socket is in select's except set: its connect failed, or an out-of-band byte waits.
    [[nodiscard]] virtual bool is_exceptional(const Traits& traits,
                                              std::chrono::nanoseconds now) const noexcept = 0;

    /// SO_CONNECT_TIME tells a time. It goes on doing so after a FIN and after a reset.
    [[nodiscard]] virtual bool is_connected() const noexcept = 0;
    [[nodiscard]] virtual bool is_listening() const noexcept = 0;
    /// Both ends have sent FIN, or the connection was reset.
    [[nodiscard]] virtual bool is_shut_both_ways() const noexcept { return false; }

    [[nodiscard]] virtual Moved send(std::span<const std::uint8_t> bytes, const Traits& traits) = 0;
    [[nodiscard]] virtual Moved receive(std::span<std::uint8_t> bytes, const Traits& traits) = 0;

    /// On loopback. Port 0: it is bound to none, or to one that nobody has asked for.
    [[nodiscard]] Address address() const noexcept { return {.port = port_}; }
    void bind_to(std::uint16_t port) noexcept { port_ = port; }
    [[nodiscard]] virtual bool is_bound() const noexcept { return port_ != 0; }

    // A socket's own signalled state follows no rule that anybody relies on.
    [[nodiscard]] bool signalled() const noexcept override { return false; }
    [[nodiscard]] bool is_file() const noexcept override { return true; }
    [[nodiscard]] bool is_overlapped() const noexcept override { return true; }

protected:
    explicit Socket(sys::SocketKind kind) noexcept : IoObject(Kind::socket), socket_kind_(kind) {}

private:
    friend class AfdPolls;

    sys::SocketKind socket_kind_;
    bool is_afds_ = true;
    std::uint16_t port_ = 0;
    std::vector<AfdWatch> watches_;
    AfdPolls* watcher_ = nullptr;  ///< Not null where there are any.
    bool touched_ = false;         ///< On the watcher's list of sockets to look at.
    std::optional<std::chrono::nanoseconds> alarm_;  ///< When the watcher looks without a change.
};

}  // namespace wakepoll::sim
