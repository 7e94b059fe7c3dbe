// The soak itself: an echo server on an event loop, everything else that a loop serves on the same
// loop, and a line of figures every ten seconds.
//
// In each ten seconds the loads work, come to rest, and leave the loop idle for a moment; then the
// line is taken and judged (judge.hpp). The first fault ends the program (load.hpp). A separate
// thread checks that the loop makes progress.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "children.hpp"
#include "clients.hpp"
#include "echo_service.hpp"
#include "event_loop.hpp"
#include "files.hpp"
#include "judge.hpp"
#include "load.hpp"
#include "timers.hpp"
#include "wakepoll/config.hpp"
#include "wakers.hpp"

namespace soak {

class Server {
public:
    /// Listens; throws std::system_error if it cannot.
    Server(wakepoll::Backend backend, std::chrono::seconds length);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Returns when the time is over and nothing was found.
    void run();

private:
    using Clock = example::EventLoop::Clock;

    /// An echo service that listens already.
    struct Service : example::EchoService {
        explicit Service(example::EventLoop& loop);
    };
    /// Totals since the beginning, so that lines are differences.
    struct Totals {
        example::LoopStats loop;
        std::uint64_t bytes = 0;
        std::uint64_t resets = 0;
        std::vector<std::uint64_t> done;
    };

    void go();
    void rest();
    void await_rest(Clock::time_point limit);
    void be_quiet();
    void take_line(const example::LoopStats& loop_before, std::chrono::nanoseconds time_before);
    void print(const Line& line, const Totals& now);
    [[nodiscard]] Totals totals() const;
    /// Connections that could not be accepted; there must be none.
    [[nodiscard]] std::uint64_t errors() const;
    void watch();

    example::EventLoop loop_;
    Service service_;
    Clients clients_;
    Wakers wakers_;
    Children children_;
    Files files_;
    Timers timers_;
    const std::vector<Load*> loads_;
    std::chrono::seconds length_;
    Clock::time_point begin_ = Clock::now();
    Clock::time_point next_line_ = begin_;
    Totals before_;
    Judge judge_;
    int lines_ = 0;

    std::atomic<std::uint64_t> rounds_ = 0;  ///< Of the loop, counted for the watcher.
    std::mutex mutex_;
    std::condition_variable changed_;
    bool over_ = false;
    std::thread watcher_;
};

}  // namespace soak
