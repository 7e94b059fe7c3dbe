// An echo service by completions: submits every accept, read and write, and each wait reports those
// that have ended.
//
// A connection stays open until its peer closes it, and has one operation in flight at a time: a
// read, then the write that sends the same bytes back, then a read again. So one buffer is enough,
// a peer that does not read its answers is not read from either, and the handler of an operation's
// end may destroy its connection.
//
// The pool has fewer entries than there are connections. An entry is released as soon as its
// completion is handled; a connection that finds none free waits in a queue, which is served in
// order. While a connection waits there, a read that found nothing for a while is cancelled and its
// connection goes to the end of the queue, so that idle connections do not keep the others out; and
// a peer that has not taken its answer for much longer is dropped.
//
// One thread makes all calls. The poller must outlive the service.
#pragma once

#include <winsock2.h>
// Winsock comes first.
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <system_error>
#include <vector>

#include "wakepoll/wakepoll.hpp"

namespace example {

struct CompletionEchoOptions {
    std::uint16_t port = 0;   ///< On 127.0.0.1; 0: the system chooses.
    std::size_t accepts = 4;  ///< Kept in flight; must be fewer than the pool's entries.
    bool verbose = false;     ///< Prints the addresses of every connection.
    /// How long a read and a write may take while others wait for an entry.
    std::chrono::milliseconds read_turn{20};
    std::chrono::milliseconds write_turn{10'000};
};

struct CompletionEchoCounts {
    std::uint64_t accepted = 0;
    std::uint64_t completed = 0;    ///< The peer finished and was answered in full.
    std::uint64_t failed = 0;       ///< Ended by an error.
    std::uint64_t bytes = 0;        ///< Sent back.
    std::uint64_t most_queued = 0;  ///< Most connections that waited for an entry.
    std::uint64_t turns_ended = 0;  ///< Reads that were cancelled to let others in.

    [[nodiscard]] std::uint64_t closed() const { return completed + failed; }
};

class CompletionEcho {
public:
    CompletionEcho(wakepoll::OsPoller& poller, const CompletionEchoOptions& options)
        : poller_(poller), options_(options) {}
    CompletionEcho(const CompletionEcho&) = delete;
    CompletionEcho& operator=(const CompletionEcho&) = delete;
    ~CompletionEcho() { close(); }

    /// Listens, and starts to accept.
    [[nodiscard]] std::error_code open();
    [[nodiscard]] std::uint16_t port() const { return port_; }

    /// Serves until `connections` have come and gone (0: forever), or until a wait fails.
    [[nodiscard]] std::error_code run(std::uint64_t connections);

    /// Closes every socket and ends every operation in flight. Called by the destructor.
    void close();

    [[nodiscard]] const CompletionEchoCounts& counts() const { return counts_; }

private:
    using Clock = std::chrono::steady_clock;

    struct Connection {
        SOCKET socket = INVALID_SOCKET;
        wakepoll::AttachedHandle attached;  // detached before the socket is closed
        wakepoll::OverlappedEntry* in_flight = nullptr;
        Clock::time_point since;  // when that was submitted
        std::size_t unsent = 0;   // bytes of the buffer still to be sent back
        std::list<Connection>::iterator place;
        std::array<std::byte, 16 * 1024> buffer{};
    };

    // The state of an accept in flight.
    struct Acceptor {
        bool in_flight = false;
        std::array<std::byte, wakepoll::OsPoller::accept_address_size> addresses{};
    };

    void handle(const wakepoll::NativeEvent& event);
    void accepted(Acceptor& acceptor, const wakepoll::Completion& completion);
    void has_read(Connection& connection, const wakepoll::Completion& completion);
    void has_written(Connection& connection, const wakepoll::Completion& completion);
    void drop(Connection& connection, bool completed);

    [[nodiscard]] std::error_code submit(Acceptor& acceptor);
    [[nodiscard]] std::error_code submit(Connection& connection);
    bool submit_or_queue(Connection& connection);
    bool serve_queue();
    void end_long_turns();

    wakepoll::OsPoller& poller_;
    CompletionEchoOptions options_;
    CompletionEchoCounts counts_;
    SOCKET listener_ = INVALID_SOCKET;
    std::uint16_t port_ = 0;
    std::size_t operations_ = 0;  // submitted, and not reported yet
    bool closing_ = false;
    std::vector<Acceptor> acceptors_;
    std::list<Connection> connections_;  // the latest to submit is last
    std::deque<Connection*> queue_;      // wait for an entry; nothing in flight
};

}  // namespace example
