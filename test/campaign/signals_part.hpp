// The part of a random program that wakes its poller, sets the timer, and makes packets of its own.
//
// No wake that was promised is lost, and one that finds another pending costs no kernel call (P1,
// P2); the timer is said once, and never early; packets that were posted come in their order, each
// once, with the entry that the user had acquired for it; and an overlapped call of the user's own
// on a handle that he had associated is reported once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "scene.hpp"

namespace wakepoll::test {

class SignalsPart {
public:
    explicit SignalsPart(Scene& scene) : scene_(scene), waker_(scene.poller->waker()) {}

    void step();
    /// Wakes from another thread while some thread is inside the kernel.
    void act_beside();
    /// The same, where a thread is about to block.
    void wake_when_blocked();

    /// A packet of the user's was reported.
    void take(const NativeEvent& event);
    /// The user's own call was.
    void take_own_call(const NativeEvent& event);
    /// What a wait said beside its events.
    void end_wait(const WaitResult& result);
    /// Everything had its chance.
    void check_settled() const;

    void wake();
    [[nodiscard]] bool is_timer_set() const { return timer_set_; }
    /// Entries of the pool that the user has.
    [[nodiscard]] std::size_t entries() const { return entries_.size(); }
    /// A call of the user's own is in flight.
    [[nodiscard]] bool has_own_call() const { return receiving_; }
    /// Packets that were reported, and calls of the user's own.
    [[nodiscard]] std::size_t reported() const { return reported_; }
    /// The poller is gone, and says so.
    void check_gone() const;

private:
    struct Posted {
        std::uint64_t user_data = 0;
        OverlappedEntry* entry = nullptr;
    };

    void queue_apc();
    void set_timer();
    void post(bool with_entry);
    void release_entry();
    void go_on_with_own_call();

    Scene& scene_;
    Waker waker_;
    std::deque<Posted> posted_;
    std::vector<OverlappedEntry*> entries_;  ///< Acquired, in flight or not.
    std::size_t reported_ = 0;
    SocketPair pair_;  ///< For calls of the user's own,
    bool associated_ = false;
    bool receiving_ = false;       ///< one of which is in flight,
    NativeOverlapped overlapped_;  ///< with this structure
    std::array<std::byte, 8> into_{};
    Clock::time_point due_;
    bool timer_set_ = false;
    bool woken_ = false;  ///< A wake was promised and is not reported.
    bool refused_ = false;
};

}  // namespace wakepoll::test
