// Threads that wake the loop, in rounds in which no later wake can hide a lost one.
//
// In each round one thread posts a function to the loop, or every thread posts a few, as fast as it
// can. Then all of them are quiet until the last of these functions has run. A wake that is lost in
// the middle of a round is made good by the next one, as it should be; if the last one is lost,
// the loop sleeps on a function, and the round does not end.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "event_loop.hpp"
#include "load.hpp"

namespace soak {

class Wakers final : public Load {
public:
    Wakers(example::EventLoop& loop, std::uint64_t threads);
    /// Waits for the threads.
    ~Wakers() override;

    [[nodiscard]] std::string_view name() const override { return "wakes"; }
    void go() override;
    void rest() override;
    [[nodiscard]] bool is_at_rest() const override;
    [[nodiscard]] std::uint64_t done() const override;

private:
    /// The work of the thread with this number.
    void work(std::uint64_t thread);
    /// Call with the lock held.
    void end_round_if_over();

    example::EventLoop& loop_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    bool running_ = false;
    bool over_ = false;
    std::uint64_t round_ = 0;
    bool begun_ = false;         ///< A thread has begun this round, so all will.
    std::uint64_t resting_ = 0;  ///< Threads between two rounds.
    std::uint64_t posting_;      ///< Threads that have not finished posting this round.
    std::uint64_t posted_ = 0;
    std::uint64_t run_ = 0;
    std::vector<std::thread> threads_;
};

}  // namespace soak
