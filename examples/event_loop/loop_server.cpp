// An echo server on the portable event loop, with threads that keep waking it.
//
// usage: loop_server [--port N] [--connections N] [--seconds N] [--wakers N] ...; see --help.
// Prints the address it listens on, serves until `--connections` have come and gone (or for
// `--seconds`, or until it is interrupted), and ends with one `name=value` line for each figure.
// The exit code is 0 only if it finished in the given time, and if every posted function ran
// exactly once.
#include <algorithm>
#include <cinttypes>
#include <condition_variable>
#include <cstdio>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "arguments.hpp"
#include "echo_service.hpp"
#include "event_loop.hpp"
#include "net.hpp"

namespace {

struct ServerArguments {
    std::uint64_t port = 0;
    std::uint64_t connections = 0;
    std::uint64_t seconds = 0;
    std::uint64_t wakers = 0;
    std::uint64_t wakes_per_second = 4000;
    std::uint64_t buffer_bytes = 64 * 1024;
};

// Threads that post functions to a loop, in small bursts, at a bounded rate, until `stop`. The
// functions count themselves on the loop's thread, so the two totals can be compared.
class Wakers {
public:
    Wakers(example::EventLoop& loop, std::uint64_t threads, std::uint64_t per_second)
        : loop_(loop),
          pause_(std::chrono::microseconds(std::max<std::uint64_t>(
              1, 1'000'000 * burst / std::max<std::uint64_t>(per_second, 1)))),
          posted_(static_cast<std::size_t>(threads), 0) {
        for (std::uint64_t& posted : posted_) {
            threads_.emplace_back([this, &posted] { post_until_stopped(posted); });
        }
    }
    Wakers(const Wakers&) = delete;
    Wakers& operator=(const Wakers&) = delete;
    ~Wakers() { stop(); }

    // Returns once no thread will post again.
    void stop() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        stopped_.notify_all();
        for (std::thread& thread : threads_) {
            thread.join();
        }
        threads_.clear();
    }

    // After `stop`.
    [[nodiscard]] std::uint64_t posted() const {
        std::uint64_t sum = 0;
        for (const std::uint64_t posted : posted_) {
            sum += posted;
        }
        return sum;
    }
    // On the loop's thread, or after it has ended.
    [[nodiscard]] std::uint64_t run() const { return run_; }

private:
    static constexpr std::uint64_t burst = 8;

    void post_until_stopped(std::uint64_t& posted) {
        std::unique_lock lock(mutex_);
        while (!stopping_) {
            lock.unlock();
            for (std::uint64_t i = 0; i < burst; ++i, ++posted) {
                loop_.post([this] { ++run_; });
            }
            lock.lock();
            stopped_.wait_for(lock, pause_, [this] { return stopping_; });
        }
    }

    example::EventLoop& loop_;
    std::chrono::microseconds pause_;
    std::mutex mutex_;
    std::condition_variable stopped_;
    bool stopping_ = false;
    std::uint64_t run_ = 0;
    std::vector<std::uint64_t> posted_;  // one for each thread
    std::vector<std::thread> threads_;
};

void print(const char* name, std::uint64_t value) { std::printf("%s=%" PRIu64 "\n", name, value); }

void print_report(const example::EchoStats& echo, const example::LoopStats& loop,
                  const Wakers& wakers) {
#ifdef _WIN32
    std::printf("system=OsPoller\n");
#else
    std::printf("system=epoll\n");
#endif
    print("connections", echo.completed);
    print("connections_reset", echo.reset);
    print("connections_refused", echo.refused);
    print("echoes", echo.lines);
    print("bytes", echo.bytes_sent);
    print("bytes_received", echo.bytes_received);
    print("partial_sends", echo.partial_sends);
    print("reading_stopped", echo.reading_stopped);
    print("events", loop.events);
    print("events_in", loop.in);
    print("events_out", loop.out);
    print("events_err", loop.err);
    print("events_hup", loop.hup);
    print("events_rdhup", loop.rdhup);
    print("timers_fired", loop.timers_fired);
    print("functions_posted", wakers.posted());
    print("functions_run", wakers.run());
    print("wakes_posted", loop.wakes_posted);
    print("wakes_coalesced", loop.wakes_coalesced);
    print("waits", loop.waits);
    print("kernel_calls", loop.kernel_calls);
    // A wake that was not coalesced counts as an event too, because it ended a wait.
    const std::uint64_t events = loop.events + loop.wakes_posted - loop.wakes_coalesced;
    std::printf("kernel_calls_per_event=%.2f\n",
                static_cast<double>(loop.kernel_calls) /
                    static_cast<double>(std::max<std::uint64_t>(events, 1)));
}

int serve(const ServerArguments& arguments) {
    const example::net::Network network;
    example::EventLoop loop;
    Wakers wakers(loop, arguments.wakers, arguments.wakes_per_second);
    bool in_time = true;
    const auto finish = [&] {
        // In this order, so that everything that was posted runs before the loop stops.
        wakers.stop();
        loop.stop();
    };

    example::EchoOptions options;
    options.port = static_cast<std::uint16_t>(arguments.port);
    options.buffer_bytes = static_cast<int>(arguments.buffer_bytes);
    example::EchoService* running = nullptr;
    example::EchoService service(loop, options, [&] {
        if (running->stats().closed() == arguments.connections) {
            finish();
        }
    });
    running = &service;
    if (const std::error_code error = service.open()) {
        std::fprintf(stderr, "loop_server: cannot listen on port %" PRIu64 ": %s\n", arguments.port,
                     example::net::describe(error).c_str());
        return 1;
    }
    if (arguments.seconds > 0) {
        loop.add_timer(std::chrono::seconds(arguments.seconds), [&] {
            in_time = arguments.connections == 0;
            finish();
        });
    }
    std::printf("listening on 127.0.0.1:%u\n", static_cast<unsigned>(service.port()));
    std::fflush(stdout);

    const std::error_code error = loop.run();
    wakers.stop();
    print_report(service.stats(), loop.stats(), wakers);
    if (error) {
        std::fprintf(stderr, "loop_server: %s\n", example::net::describe(error).c_str());
    }
    if (!in_time) {
        std::fprintf(stderr,
                     "loop_server: %" PRIu64 " of %" PRIu64 " connections in %" PRIu64 " s\n",
                     service.stats().closed(), arguments.connections, arguments.seconds);
    }
    if (wakers.run() != wakers.posted()) {
        std::fprintf(stderr, "loop_server: posted functions were lost or ran twice\n");
    }
    return !error && in_time && wakers.run() == wakers.posted() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    ServerArguments arguments;
    const std::optional<int> exit_code = example::parse_arguments(
        argc, argv, "An echo server on the portable event loop.",
        {
            {"--port", "port on 127.0.0.1; 0: any free one", &arguments.port, 0, 65535},
            {"--connections", "stop after as many; 0: never", &arguments.connections, 0, 1'000'000},
            {"--seconds", "stop after this time; 0: never", &arguments.seconds, 0, 86'400},
            {"--wakers", "threads that post to the loop", &arguments.wakers, 0, 64},
            {"--wakes", "posts a second of each of them", &arguments.wakes_per_second, 1,
             1'000'000},
            {"--buffers", "bytes of a socket's buffers; 0: the system's", &arguments.buffer_bytes,
             0, 1 << 30},
        });
    if (exit_code) {
        return *exit_code;
    }
    try {
        return serve(arguments);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "loop_server: %s\n", error.what());
        return 1;
    }
}
