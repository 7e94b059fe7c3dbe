// The part of a random program that wakes its poller, sets the timer, and posts its own packets.
//
// It checks that no promised wake is lost, and that one while another is pending costs no kernel
// call (P1, P2); that the timer is reported once, and never early; that posted packets come in
// order, each once, with the entry that the user acquired for it; and that an overlapped call of
// the user on an associated handle is reported once.
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
    /// Wakes from another thread while a thread is inside the kernel.
    void act_beside();
    /// The same when a thread is about to block.
    void wake_when_blocked();

    /// Checks a reported packet of the user.
    void take(const NativeEvent& event);
    /// Checks the report of the user's call.
    void take_own_call(const NativeEvent& event);
    /// Checks what a wait returned in addition to its events.
    void end_wait(const WaitResult& result);
    /// Checks that nothing is missing once everything has settled.
    void check_settled() const;

    void wake();
    [[nodiscard]] bool is_timer_set() const { return timer_set_; }
    /// Entries of the pool that the user has acquired.
    [[nodiscard]] std::size_t entries() const { return entries_.size(); }
    /// True if a call of the user is in flight.
    [[nodiscard]] bool has_own_call() const { return receiving_; }
    /// The number of packets and calls of the user that were reported.
    [[nodiscard]] std::size_t reported() const { return reported_; }
    /// Checks that the poller reports that it is gone.
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
    SocketPair pair_;  ///< For calls of the user,
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
