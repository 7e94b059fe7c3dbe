// A poller: its parts, its memory, and its lock.
//
// `OsPoller` and each `Waker` hold a counted reference. `create` allocates the block once, with all
// tables behind the structure; `dispose` releases the kernel objects, the last reference the
// memory. The parts depend on each other only downwards; each has its own header.
//
// Any thread may call anything. `wake`, `shut_down`, `retain` and `release` need no lock;
// everything else takes it. The waiting thread releases it while it blocks, so another thread
// changes things at once; `change` then wakes the blocked thread if necessary.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <system_error>

#include "backend/handle_backend.hpp"
#include "backend/socket_backend.hpp"
#include "core/entry_pool.hpp"
#include "core/operation_list.hpp"
#include "core/pool_entry.hpp"
#include "core/registration_table.hpp"
#include "core/wake_state.hpp"
#include "poller/deadline_timer.hpp"
#include "poller/known_handles.hpp"
#include "poller/operations.hpp"
#include "poller/packet_queue.hpp"
#include "poller/registrations.hpp"
#include "poller/wait.hpp"
#include "poller/wakeup.hpp"
#include "sys/completion_port.hpp"
#include "sys/lock.hpp"
#include "sys/socket.hpp"
#include "wakepoll/clock.hpp"
#include "wakepoll/config.hpp"
#include "wakepoll/stats.hpp"
#include "wakepoll/wait_result.hpp"

namespace wakepoll {

class Poller {
public:
    /// A poller with one reference. Errors as `OsPoller::create`.
    [[nodiscard]] static Result<Poller*> create(const PollerConfig& config) noexcept;

    void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept;
    void dispose() noexcept;

    // As Registration has them: those of a use of a slot, and of no other registration.
    [[nodiscard]] Result<core::SlotUse> add_for(Handle handle, IoInterest interest,
                                                std::uint64_t user_data) noexcept;
    [[nodiscard]] Result<void> modify_for(core::SlotUse registration, IoInterest interest,
                                          std::uint64_t user_data) noexcept;
    [[nodiscard]] Result<void> remove_for(core::SlotUse registration) noexcept;

    // The rest as OsPoller has it.
    [[nodiscard]] bool wake() noexcept { return wakeup_.wake(); }
    [[nodiscard]] bool shut_down() noexcept { return wakeup_.shut_down(); }
    [[nodiscard]] bool is_disposed() const noexcept { return word_.is_closed(); }

    [[nodiscard]] Result<void> add(Handle handle, IoInterest interest,
                                   std::uint64_t user_data) noexcept;
    [[nodiscard]] Result<void> modify(Handle handle, IoInterest interest,
                                      std::uint64_t user_data) noexcept;
    [[nodiscard]] Result<void> remove(Handle handle) noexcept;
    [[nodiscard]] Result<void> associate(Handle handle, std::uint64_t key) noexcept;
    [[nodiscard]] Result<core::SlotUse> attach(Handle handle) noexcept;
    void detach(core::SlotUse attachment) noexcept;
    [[nodiscard]] Result<void> set_timer(Clock::time_point deadline) noexcept;
    [[nodiscard]] Result<void> clear_timer() noexcept;
    [[nodiscard]] WaitResult wait(std::span<NativeEvent> events, Timeout timeout) noexcept {
        return wait_.run(events, timeout);
    }

    [[nodiscard]] Handle port_for_own_packets() noexcept;
    [[nodiscard]] std::size_t registration_count() noexcept;
    [[nodiscard]] PollerStats statistics() noexcept;

    /// Calls `make(operations)` under the lock, to submit or cancel. A call that is refused because
    /// `handle` is registered for readiness, or all slots are taken, is made again if that
    /// registration turns out to be over, or a slot to be free.
    template <class Make>
    [[nodiscard]] auto operate(Handle handle, const Make& make) noexcept;

    [[nodiscard]] OverlappedPool& pool() noexcept { return pool_; }
    /// Calls `use(entries)`, with what is behind that pool, under the lock; also after `dispose`.
    template <class Use>
    [[nodiscard]] auto with_entries(const Use& use) noexcept {
        const std::lock_guard guard(lock_);
        return use(entries_);
    }

private:
    using Choice = backend::SocketBackend::Choice;

    /// The arrays behind the structure.
    struct Memory {
        core::Registration* registrations;
        std::uint32_t* index;
        core::PoolEntry* entries;
        backend::SocketBackend::Memory sockets;
        backend::HandleBackend::Memory handles;
    };

    Poller(const PollerConfig& config, Choice choice, const Memory& memory,
           std::size_t size) noexcept;
    ~Poller() = default;

    /// Computes where each array begins behind the structure; returns the size of the whole block.
    [[nodiscard]] static std::size_t layout(const PollerConfig& config, Choice choice,
                                            std::byte* block, Memory& memory) noexcept;

    /// Makes a change under the lock, and wakes a blocked thread if necessary.
    template <class Answer, class Make>
    [[nodiscard]] Answer change(const Make& make) noexcept;

    /// `add`, under the lock.
    [[nodiscard]] std::error_code add_locked(Handle handle, IoInterest interest,
                                             std::uint64_t user_data) noexcept;

    /// Packets about sockets may come to the port.
    [[nodiscard]] bool has_polls_in_flight() const noexcept {
        return sockets_.outstanding() != backend::Outstanding::nothing;
    }
    /// Takes the port's packets about sockets that were closed or whose request was cancelled:
    /// itself, or by the thread that is blocked there.
    [[nodiscard]] std::error_code take_news() noexcept;
    /// Lets the blocked thread make one pass.
    void let_blocked_thread_pass() noexcept;
    /// Ends what is in flight, and takes its packets.
    void drain() noexcept;
    /// One dequeue of that; returns how many calls and requests have ended.
    [[nodiscard]] Result<std::size_t> drain_once(std::uint32_t milliseconds) noexcept;

    static void handle_signalled(void* poller) noexcept;
    static void timer_signalled(void* poller) noexcept;

    // Shared with other threads, on cache lines of their own.
    alignas(64) core::WakeState word_;
    std::atomic<std::uint32_t> references_{1};
    sys::Lock lock_;

    // Under the lock.
    alignas(64) PollerStats stats_;
    std::size_t size_;  ///< Of the block.
    sys::WinsockSession winsock_;
    sys::CompletionPort port_;
    core::RegistrationTable table_;
    core::EntryPool entries_;
    core::OperationList operation_list_;
    backend::SocketBackend sockets_;
    backend::HandleBackend handles_;
    DeadlineTimer timer_;
    Wakeup wakeup_;
    KnownHandles known_;
    Registrations registrations_;
    Operations operations_;
    PacketQueue packets_;
    Wait wait_;
    OverlappedPool pool_;
    Poller* next_kept_ = nullptr;  ///< See `release`.
};

template <class Answer, class Make>
Answer Poller::change(const Make& make) noexcept {
    const std::lock_guard guard(lock_);
    if (word_.is_shut_down()) {
        return errc::poller_is_closed;
    }
    Answer answer = make();
    if (wait_.blocked_at() != core::Park::nowhere) {
        ++stats_.changes_beside;
        stats_.changes_that_roused += wait_.rouse_if_needed() ? 1 : 0;
    }
    return answer;
}

template <class Make>
auto Poller::operate(Handle handle, const Make& make) noexcept {
    using Answer = decltype(make(operations_));
    return change<Answer>([&]() -> Answer {
        Answer answer = make(operations_);
        if (answer || (answer.error() != errc::registered_for_readiness &&
                       answer.error() != errc::no_free_slot)) {
            return answer;
        }
        // What is registered may be closed, and the number another handle's by now.
        if (!registrations_.end_if_another(handle)) {
            if (!has_polls_in_flight()) {
                return answer;
            }
            if (const std::error_code error = take_news()) {
                return error;
            }
            static_cast<void>(registrations_.end_if_another(handle));
        }
        return make(operations_);
    });
}

}  // namespace wakepoll
