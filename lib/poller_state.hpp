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
#include <utility>

#include "backend/handle_backend.hpp"
#include "backend/socket_backend.hpp"
#include "core/completion_key.hpp"
#include "core/deadline.hpp"
#include "core/operation_list.hpp"
#include "core/registration_table.hpp"
#include "core/turn.hpp"
#include "core/wake_state.hpp"
#include "deadline_timer.hpp"
#include "sys/completion_port.hpp"
#include "sys/overlapped_io.hpp"
#include "sys/socket.hpp"
#include "sys/waitable.hpp"
#include "wakepoll/os_poller.hpp"

namespace wakepoll {

struct PollerState {
    /// Packets taken from the port in one call, and the most completions of one wait.
    static constexpr std::size_t packets_per_call = 64;

    /// The arrays behind the structure.
    struct Memory {
        core::Registration* registrations;
        std::uint32_t* index;
        OverlappedEntry* entries;
        core::SlotRing::Link* links;
        backend::SocketBackend::Memory sockets;
        backend::HandleBackend::Memory handles;
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
    [[nodiscard]] Result<OverlappedEntry*> submit_transfer(Handle handle, IoOperation operation,
                                                           std::span<const IoBuffer> buffers,
                                                           std::uint64_t user_data,
                                                           std::uint64_t offset) noexcept;
    [[nodiscard]] Result<OverlappedEntry*> submit_accept(Handle listener,
                                                         std::span<std::byte> buffer,
                                                         std::uint64_t user_data) noexcept;
    [[nodiscard]] Result<OverlappedEntry*> submit_connect(Handle socket,
                                                          std::span<const std::byte> address,
                                                          std::uint64_t user_data) noexcept;
    [[nodiscard]] std::error_code cancel(OverlappedEntry* entry) noexcept;
    [[nodiscard]] std::error_code cancel(Handle handle) noexcept;
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
    backend::SocketBackend sockets;
    OverlappedPool pool;
    core::OperationList operations;
    backend::HandleBackend handles;
    DeadlineTimer timer;
    core::Turn turn;
    bool port_in_use = false;  ///< Packets of the user's own calls may come.
    std::uint32_t requests_counted = 0;
    PollerState* next_kept = nullptr;  ///< See `release`.
    /// Those from `first_packet` on, `packets_at_hand` of them, were taken from the port before
    /// there was room for what they tell.
    std::array<sys::Packet, packets_per_call> packets;
    std::size_t first_packet = 0;
    std::size_t packets_at_hand = 0;
    std::array<Completion, packets_per_call> completions;
    std::size_t lent = 0;     ///< How many of them the last wait has handed out.
    std::size_t overdue = 0;  ///< Finished operations that had to wait for packets until now.

private:
    using Choice = backend::SocketBackend::Choice;

    PollerState(const PollerConfig& config, Choice choice, const Memory& memory) noexcept;
    ~PollerState() = default;

    /// Where each array begins behind the structure, and how long the whole block is.
    [[nodiscard]] static std::size_t layout(const PollerConfig& config, Choice choice,
                                            std::byte* block, Memory& memory) noexcept;

    // registration.cpp

    /// What the kernel says a handle is.
    struct Kind {
        HandleType type = HandleType::unknown;
        bool stream = false;
        bool overlapped = false;  ///< It can carry overlapped operations.
    };
    [[nodiscard]] static Result<Kind> kind_of(Handle handle) noexcept;
    void note_kind(core::Slot slot, const Kind& kind) noexcept;
    [[nodiscard]] std::error_code begin_readiness(core::Slot slot, const Kind& kind,
                                                  IoInterest interest,
                                                  std::uint64_t user_data) noexcept;
    /// A slot for a handle that has none; `no_slot` where all are taken.
    [[nodiscard]] core::Slot insert(Handle handle) noexcept;
    /// Waits until the slot's cell is no longer the kernel's.
    [[nodiscard]] std::error_code free_cell(core::Slot slot) noexcept;
    /// Gives up the slots of handles that were only operated on and are closed.
    void forget_closed() noexcept;
    /// Associates the handle with the port unless it is already.
    [[nodiscard]] std::error_code tie_to_port(core::Slot slot) noexcept;
    /// The slot of a handle that operations can be submitted on.
    [[nodiscard]] Result<core::Slot> slot_for_operation(Handle handle) noexcept;
    [[nodiscard]] Result<core::Slot> new_slot_for_operation(Handle handle) noexcept;
    /// Takes note of a handle that operations are submitted on; `tied_now` says that it was this
    /// submit which tied it to the port.
    void note_operated(core::Slot slot, const Kind& kind, bool tied_now) noexcept;

    // operations.cpp

    /// The memory belongs to an operation in flight, and one of the two writes into it.
    [[nodiscard]] bool is_in_use(IoOperation operation, const void* buffer,
                                 std::size_t size) const noexcept;
    [[nodiscard]] Result<OverlappedEntry*> entry_for(core::Slot slot, IoOperation operation,
                                                     void* buffer, std::size_t size,
                                                     std::uint64_t user_data) noexcept;
    /// What comes of an entry now that its call was made.
    [[nodiscard]] Result<OverlappedEntry*> begun(OverlappedEntry& entry,
                                                 const Result<sys::Started>& started) noexcept;
    /// Gives back an entry whose call did not begin.
    void abandon(OverlappedEntry& entry) noexcept;
    [[nodiscard]] std::error_code cancel_in_flight(OverlappedEntry& entry) noexcept;

    // completion.cpp

    /// Gives back what the last wait has handed out.
    void give_back_lent() noexcept {
        if (lent > 0) {
            give_back_completions();
        }
    }
    void give_back_completions() noexcept;
    /// How many completions this wait can still hand out.
    [[nodiscard]] std::size_t completions_left() const noexcept {
        return completions.size() - lent;
    }
    /// One dequeue of at most `events.size()` packets, which is at most `completions_left()`; how
    /// many came.
    [[nodiscard]] std::size_t take_packets(std::span<NativeEvent> events,
                                           std::uint32_t milliseconds, WaitResult& result) noexcept;
    /// Takes packets from the port, whether or not there is room for what they tell: sees to those
    /// of the device, and keeps the others at hand. Blocks for the first of them for at most so
    /// long.
    [[nodiscard]] std::error_code take_ahead(std::uint32_t milliseconds) noexcept;
    /// Reports packets that are at hand; how many it was.
    [[nodiscard]] std::size_t take_at_hand(std::span<NativeEvent> events,
                                           WaitResult& result) noexcept;
    /// Turns packets into events; how many those are.
    [[nodiscard]] std::size_t dispatch(std::span<const sys::Packet> taken,
                                       std::span<NativeEvent> events) noexcept;
    /// Reports operations that were done without a packet; how many.
    std::size_t report_finished(std::span<NativeEvent> events) noexcept;
    void report(NativeEvent& event, const Completion& completion, std::uint64_t data) noexcept;
    void report_operation(NativeEvent& event, OverlappedEntry& entry, std::uint64_t key,
                          std::error_code error) noexcept;
    /// The packet of a submitted operation has come: it is no longer in flight.
    void end_operation(OverlappedEntry& entry) noexcept;
    /// Cancels what is in flight and takes its packets, before the memory goes.
    void drain() noexcept;
    /// Sees to a packet that nobody will hear of any more.
    void drain(const sys::Packet& packet) noexcept;
    /// Gives back operations that were done and never reported.
    void abandon_finished() noexcept;

    // wait.cpp

    /// The port may hold a packet.
    [[nodiscard]] bool may_get_packets() const noexcept {
        return port_in_use || operations.in_flight() > 0;
    }
    [[nodiscard]] bool is_anything_at_hand() const noexcept {
        return sockets.size() > 0 || handles.size() > 0 || operations.finished() > 0 ||
               packets_at_hand > 0;
    }
    [[nodiscard]] bool should_move() const noexcept {
        return sockets.should_move(may_get_packets());
    }
    /// Changes the backend where that is due, and asks it where it can not wait. To be called where
    /// `should_move` or the backend says so.
    [[nodiscard]] std::error_code look_at_sockets(core::nanoseconds now, bool& polled) noexcept;
    /// What a signal tells of: handles that were signalled, the timer.
    [[nodiscard]] std::error_code look_at_signals(core::nanoseconds now) noexcept;
    /// Takes what is at hand from all sources, without blocking. `polled` says that the backend has
    /// been asked already, `ask_port` that the port may hold something.
    void gather(std::span<NativeEvent> events, core::nanoseconds now, bool polled, bool ask_port,
                WaitResult& result) noexcept;
    /// Reports what the backend was answered, visiting so many sockets at most; how many it was.
    std::size_t report_sockets(std::span<NativeEvent> events, std::size_t visits,
                               core::nanoseconds now, WaitResult& result) noexcept;
    /// The packets' turn: reports what had to wait for a packet and then, where `ask_port` says so,
    /// takes at most `most` packets and reports what these let go on. How many it was; `others`
    /// grows by the handles that are to be asked because of it.
    std::size_t gather_packets(std::span<NativeEvent> events, std::size_t most, bool ask_port,
                               std::size_t& others, WaitResult& result) noexcept;
    std::size_t report_overdue(std::span<NativeEvent> events, WaitResult& result) noexcept;
    /// Where only packets can come: takes them, blocking for the first.
    void gather_at_port(std::span<NativeEvent> events, std::uint32_t milliseconds,
                        core::nanoseconds now, WaitResult& result) noexcept;
    /// With AFD, where something else is at hand: takes the packets first.
    void gather_ahead(std::span<NativeEvent> events, core::nanoseconds now,
                      WaitResult& result) noexcept;
    /// Asks the sockets that the packets just taken tell of, and takes what is at hand from all
    /// sources. `error` is what has gone wrong before.
    void gather_taken(std::span<NativeEvent> events, core::nanoseconds now, std::error_code error,
                      WaitResult& result) noexcept;
    [[nodiscard]] std::error_code block_in_sockets(std::uint32_t milliseconds) noexcept;
    [[nodiscard]] std::error_code watch_port() noexcept;

    // wakeup.cpp

    /// Called by a thread of the system's pool when packets are at the port.
    static void port_signalled(void* poller, const sys::ThreadPoolWait& wait) noexcept;
    /// Called by such a thread when a handle was signalled.
    static void handle_signalled(void* poller) noexcept;
    /// Called by such a thread when the timer was signalled.
    static void timer_signalled(void* poller) noexcept;
    /// Makes the owner look at what was signalled, whatever it takes.
    void signal(core::CompletionKey key) noexcept;
    /// Does what an errand asks for; false where it was refused or failed.
    [[nodiscard]] bool run(const core::WakeState::Errand& errand, core::CompletionKey key) noexcept;
    void count_requests() noexcept {
        const std::uint32_t requests = wake.requests();
        stats.wakes_requested += static_cast<std::uint32_t>(requests - requests_counted);
        requests_counted = requests;
    }
};

/// One owner at a time: whoever finds the gate taken is refused and changes nothing.
class OwnerGate {
public:
    /// Tries to enter. `error()` says `device_or_resource_busy` where another thread is inside, and
    /// `operation_canceled` where the poller is shut down, disposed or null.
    explicit OwnerGate(PollerState* state) noexcept : state_(state) {
        if (state_ == nullptr || state_->owned.exchange(true, std::memory_order_acquire)) {
            error_ = refusal(std::exchange(state_, nullptr));
        } else if (state_->wake.is_shut_down()) {
            error_ = refusal(nullptr);
        }
    }
    ~OwnerGate() {
        if (state_ != nullptr) {
            state_->owned.store(false, std::memory_order_release);
        }
    }
    OwnerGate(const OwnerGate&) = delete;
    OwnerGate& operator=(const OwnerGate&) = delete;

    [[nodiscard]] std::error_code error() const noexcept { return error_; }

private:
    /// Why nobody may enter a poller that is another's just now, or no poller (null).
    [[nodiscard]] static std::error_code refusal(const PollerState* taken) noexcept;

    PollerState* state_;
    std::error_code error_;
};

}  // namespace wakepoll
