// A client that talks to an echo server on many connections at the same time and verifies
// everything.
//
// Each connection sends its own pseudo-random messages and compares every byte that comes back. The
// first three quarters of its messages go one at a time: send, wait for the whole echo, send the
// next; their round trips are timed. The rest is sent without waiting, more than the sockets'
// buffers hold, and nothing is read until nothing could be sent for a while, so that the server has
// to stop reading. Then the connection half-closes and expects the missing bytes and the end of the
// stream. Only then it counts.
//
// A connection that fails adds its reason to `LoadReport::failures`, once; the others continue.
// Everything happens on the loop's thread. There is no time limit; but if no connection moves a
// byte for `patience`, all of them fail.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "event_loop.hpp"
#include "message_stream.hpp"
#include "net.hpp"

namespace example {

struct LoadOptions {
    std::uint16_t port = 0;
    std::uint32_t connections = 200;
    MessagePlan plan;
    /// Send and receive buffers of each connection; 0 leaves them to the system.
    int buffer_bytes = 16 * 1024;
    /// How long nothing can be sent before a connection starts to read in its last part.
    EventLoop::Clock::duration stall = std::chrono::milliseconds(100);
    /// Half-close once every answer has arrived, rather than after the last message is sent: for a
    /// server on a system that drops unsent answers on a half-close (send_probe.hpp).
    bool half_close_last = false;
    EventLoop::Clock::duration patience = std::chrono::minutes(1);
};

struct LoadReport {
    std::uint32_t connections = 0;  ///< Verified whole: every byte, and the end after the last one.
    std::uint32_t failed = 0;
    std::uint64_t echoes = 0;      ///< Messages that came back whole and equal.
    std::uint64_t bytes = 0;       ///< Bytes that came back and were compared.
    std::uint64_t mismatches = 0;  ///< Bytes that differed, were missing or were too many.
    std::vector<std::chrono::microseconds> round_trips;
    std::vector<std::string> failures;  ///< The first few, in words.

    [[nodiscard]] bool all_well() const { return failed == 0 && mismatches == 0; }

    /// The smallest round trip that at least `percent` of all do not exceed; 0 if there is none.
    [[nodiscard]] std::chrono::microseconds round_trip_percentile(unsigned percent) const;
};

class LoadClient {
public:
    /// Calls `on_done` once, when the last connection has ended.
    LoadClient(EventLoop& loop, LoadOptions options, std::function<void()> on_done);
    LoadClient(const LoadClient&) = delete;
    LoadClient& operator=(const LoadClient&) = delete;
    ~LoadClient();

    /// Starts every connection. `on_done` may be called before this returns.
    void start();

    [[nodiscard]] std::uint32_t finished() const { return report_.connections + report_.failed; }
    [[nodiscard]] const LoadReport& report() const { return report_; }

private:
    class Connection;

    /// `failure` is empty if the connection was verified whole.
    void connection_ended(const std::string& failure);
    /// Checks again after `patience`, and fails all if nothing has moved since `moved_before`.
    void watch(std::uint64_t moved_before);

    EventLoop& loop_;
    LoadOptions options_;
    std::function<void()> on_done_;
    TimerId watch_timer_ = TimerId::none;
    std::uint64_t moved_ = 0;  // bytes sent and received
    std::vector<std::unique_ptr<Connection>> connections_;
    LoadReport report_;
};

}  // namespace example
