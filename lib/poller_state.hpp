// Everything that a poller is, in one block of memory.
//
// `OsPoller` and each `Waker` hold a counted reference to it. The block is allocated once, by
// `create`, with all tables behind the structure; kernel objects go with `dispose`, the memory with
// the last reference.
//
// Threads: `post_wakeup`, `post_shutdown`, `dispose`, `retain` and `release` may be called by any
// thread that holds a reference. All else belongs to the owner, who enters through an `OwnerGate`.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>

#include "backend/wsapoll_backend.hpp"
#include "core/completion_key.hpp"
#include "core/deadline.hpp"
#include "core/registration_table.hpp"
#include "core/turn.hpp"
#include "core/wake_state.hpp"
#include "sys/completion_port.hpp"
#include "sys/socket.hpp"
#include "sys/waitable.hpp"
#include "wakepoll/os_poller.hpp"

namespace wakepoll {

struct PollerState {
    /// Packets taken from the port in one call, and so the most completions of one wait.
    static constexpr std::size_t packets_per_call = 64;

    /// The arrays behind the structure.
    struct Memory {
        core::Registration* registrations;
        std::uint32_t* index;
        OverlappedEntry* entries;
        backend::WsapollBackend::Memory wsapoll;
    };

    /// A state with one reference. Errors as `OsPoller::create`.
    [[nodiscard]] static Result<PollerState*> create(const PollerConfig& config) noexcept;

    void retain() noexcept;
    void release() noexcept;
    void dispose() noexcept;

    [[nodiscard]] bool post_wakeup() noexcept;
    [[nodiscard]] bool post_shutdown() noexcept;

    [[nodiscard]] std::error_code add(Handle handle, IoInterest interest,
                                      std::uint64_t user_data) noexcept;
    [[nodiscard]] std::error_code modify(Handle handle, IoInterest interest,
                                         std::uint64_t user_data) noexcept;
    [[nodiscard]] std::error_code remove(Handle handle) noexcept;
    [[nodiscard]] std::error_code associate(Handle handle, std::uint64_t key) noexcept;
    [[nodiscard]] WaitResult wait(std::span<NativeEvent> events, Timeout timeout) noexcept;
    [[nodiscard]] PollerStats statistics() const noexcept;

    // Shared with other threads, on cache lines of their own.
    alignas(64) core::WakeState wake;
    std::atomic<std::uint32_t> references{1};
    std::atomic<bool> owned{false};  ///< The owner is inside; see OwnerGate.

    // The owner's.
    alignas(64) PollerStats stats;
    sys::WinsockSession winsock;
    sys::CompletionPort port;
    sys::ThreadPoolWait port_watch;
    core::RegistrationTable table;
    backend::WsapollBackend backend;
    OverlappedPool pool;
    core::Turn turn;
    bool port_in_use = false;  ///< Packets of the user's own calls may come.
    std::uint32_t requests_counted = 0;
    PollerState* next_kept = nullptr;  ///< See `release`.
    std::array<sys::Packet, packets_per_call> packets;
    std::array<Completion, packets_per_call> completions;

private:
    PollerState(const PollerConfig& config, const Memory& memory) noexcept;
    ~PollerState() = default;

    /// Where each array begins behind the structure, and how long the whole block is.
    [[nodiscard]] static std::size_t layout(const PollerConfig& config, std::byte* block,
                                            Memory& memory) noexcept;

    /// While sockets are watched: takes what is at hand from both sources, without blocking.
    /// `polled` says that the backend has been asked already, `ask_port` that the port may hold
    /// something.
    void gather(std::span<NativeEvent> events, core::nanoseconds now, bool polled, bool ask_port,
                WaitResult& result) noexcept;
    /// While none is: takes packets, blocking for the first.
    void gather_at_port(std::span<NativeEvent> events, std::uint32_t milliseconds,
                        WaitResult& result) noexcept;
    /// One dequeue of at most `events.size()` packets, which is at most `packets_per_call`; how
    /// many came.
    [[nodiscard]] std::size_t take_packets(std::span<NativeEvent> events,
                                           std::uint32_t milliseconds, WaitResult& result) noexcept;
    /// Turns packets into events; how many those are.
    [[nodiscard]] std::size_t dispatch(std::span<const sys::Packet> taken,
                                       std::span<NativeEvent> events) noexcept;
    [[nodiscard]] std::error_code block_in_sockets(std::uint32_t milliseconds) noexcept;
    [[nodiscard]] std::error_code watch_port() noexcept;

    /// Called by a thread of the system's pool when packets are at the port.
    static void port_signalled(void* context) noexcept;
    /// Does what an errand asks for; false where it was refused or failed.
    [[nodiscard]] bool run(const core::WakeState::Errand& errand, core::CompletionKey key) noexcept;
    void count_requests() noexcept;
};

/// One owner at a time: whoever finds the gate taken is refused and changes nothing.
class OwnerGate {
public:
    /// Tries to enter. `error()` says `device_or_resource_busy` where another thread is inside, and
    /// `operation_canceled` where the poller is shut down, disposed or null.
    explicit OwnerGate(PollerState* state) noexcept;
    ~OwnerGate();
    OwnerGate(const OwnerGate&) = delete;
    OwnerGate& operator=(const OwnerGate&) = delete;

    [[nodiscard]] std::error_code error() const noexcept { return error_; }

private:
    PollerState* state_;
    std::error_code error_;
};

}  // namespace wakepoll
