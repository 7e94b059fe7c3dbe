// Does a port created with a concurrency of 1 give a packet to a second thread while the first
// runs?
#include <atomic>
#include <thread>

#include "bare.hpp"
#include "experiments.hpp"

namespace wakepoll::experiments {
namespace {

constexpr auto time_to_run = std::chrono::milliseconds(500);

struct Seen {
    int at_once = 0;
    int while_running = 0;
    int afterwards = 0;
    int never = 0;
};

/// One thread takes a packet and computes; this one asks for the next.
void play(DWORD concurrency, Seen& seen) {
    constexpr DWORD patience_ms = 5'000;
    const Port port(concurrency);
    OVERLAPPED first = {};
    OVERLAPPED second = {};
    std::atomic<bool> has_taken{false};
    std::atomic<bool> runs{true};
    std::atomic<bool> good{true};
    std::atomic<bool> may_stop{false};
    port.post(&first);
    std::thread runner([&] {
        OVERLAPPED* packet = nullptr;
        try {
            good = port.take(patience_ms, packet);
        } catch (const Failure&) {
            good = false;
        }
        has_taken = true;
        const auto end = std::chrono::steady_clock::now() + time_to_run;
        // It must not block: a thread that does leaves its place to another.
        while (std::chrono::steady_clock::now() < end && !may_stop) {
        }
        runs = false;
    });
    while (!has_taken) {
        ::Sleep(1);
    }
    std::string failure;
    try {
        OVERLAPPED* packet = nullptr;
        port.post(&second);
        if (port.take(0, packet)) {
            ++seen.at_once;
        } else {
            const bool came = port.take(static_cast<DWORD>(time_to_run.count()) / 2, packet);
            if (came && runs) {
                ++seen.while_running;
            } else if (came || port.take(patience_ms, packet)) {
                ++seen.afterwards;
            } else {
                ++seen.never;
            }
        }
    } catch (const Failure& error) {
        failure = error.what();
    }
    may_stop = true;
    runner.join();
    if (!good || !failure.empty()) {
        throw std::runtime_error(good ? failure : "the first thread got no packet");
    }
}

}  // namespace

std::string port_concurrency(const Extent& extent) {
    constexpr DWORD plenty = 0x7FFFFFFF;
    Seen of_one;
    for (const DWORD concurrency : {DWORD{1}, DWORD{2}, DWORD{0}, plenty}) {
        Seen seen;
        const int rounds = extent.rounds(20, 2);
        for (int i = 0; i < rounds && !extent.is_over(); ++i) {
            play(concurrency, seen);
        }
        show("concurrency " + std::to_string(concurrency) +
             ": the second thread got its packet at once " + std::to_string(seen.at_once) +
             " times, later while the first ran " + std::to_string(seen.while_running) +
             ", when the first had stopped " + std::to_string(seen.afterwards) + ", never " +
             std::to_string(seen.never));
        if (concurrency == 1) {
            of_one = seen;
        }
    }
    if (of_one.at_once + of_one.while_running + of_one.afterwards + of_one.never == 0) {
        throw std::runtime_error("there was no time for it");
    }
    if (of_one.while_running + of_one.afterwards + of_one.never == 0) {
        return "a port made with 1 gives a packet to a second thread at once, while the first runs";
    }
    return of_one.afterwards + of_one.never > 0
               ? "a port made with 1 gives no packet to a second thread while the first runs"
               : "a port made with 1 gives a packet to a second thread while the first runs, but "
                 "not "
                 "at once";
}

}  // namespace wakepoll::experiments
