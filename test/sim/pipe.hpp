// The two ends of a pipe of the model, named or anonymous.
//
// A pipe has a queue of messages for each direction; a byte pipe ignores their boundaries. An
// overlapped write enters the queue as a whole when it starts, and pends until it fits the queue's
// capacity [P10]; one of no bytes never pends [P12]. A cancelled write is removed, even if a part
// of it has been read [P11]. A read of no bytes pends until there is something to read and takes
// nothing. What was written before an end was closed can still be read; then reads fail with
// "broken", writes to the closed end with "closing", and a write that was pending with "broken".
//
// A server's end listens until a client opens it; a connect (ConnectNamedPipe) pends meanwhile.
// Afterwards it fails with "connected", or with "closing" once the client is gone. A server may
// *disconnect* its client: unread data is lost, and every call of either end fails [P6, P14]. Then
// a connect starts again. An end in PIPE_NOWAIT mode never blocks: a read that finds nothing fails,
// a write takes what fits [P19]. An end is signalled while no operation is pending on it [P15].
//
// A named end is overlapped or synchronous; an anonymous pipe has one direction and is synchronous.
// Used under the kernel's lock.
#pragma once

#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "operations.hpp"

namespace wakepoll::sim {

/// One direction of a pipe.
class PipeQueue {
public:
    static constexpr std::size_t capacity = 4096;

    explicit PipeQueue(bool of_messages) noexcept : of_messages_(of_messages) {}

    /// Queues the bytes that fit, of a message all or none. Returns their number.
    std::size_t put(std::span<const std::uint8_t> bytes);
    /// Queues a whole write, even if it does not fit. Returns its number.
    std::uint64_t add(std::vector<std::uint8_t> bytes);
    /// True if the write fits the capacity now, or has been read.
    [[nodiscard]] bool is_through(std::uint64_t write) const noexcept;
    /// Removes what is left of a write.
    void withdraw(std::uint64_t write);
    void clear();

    /// Takes bytes and returns their number; sets `rest_left` if a message did not fit.
    std::size_t take(std::span<std::uint8_t> bytes, bool& rest_left);

    [[nodiscard]] bool of_messages() const noexcept { return of_messages_; }
    [[nodiscard]] bool empty() const noexcept { return messages_.empty(); }
    [[nodiscard]] bool has_room(std::size_t bytes) const noexcept;
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

    bool writer_closed = false;
    bool reader_closed = false;
    bool disconnected = false;

private:
    struct Message {
        std::uint64_t number;
        std::vector<std::uint8_t> bytes;
        std::size_t read = 0;

        [[nodiscard]] std::size_t left() const noexcept { return bytes.size() - read; }
    };

    bool of_messages_;
    std::deque<Message> messages_;
    std::size_t bytes_ = 0;
    std::uint64_t last_ = 0;
};

class PipeEnd final : public IoObject {
public:
    using Queue = std::shared_ptr<PipeQueue>;
    using Pair = std::pair<std::shared_ptr<PipeEnd>, std::shared_ptr<PipeEnd>>;

    /// Reads from `in`, writes to `out`; null if it cannot.
    PipeEnd(Kind kind, bool overlapped, Queue in, Queue out) noexcept
        : IoObject(kind), overlapped_(overlapped), in_(std::move(in)), out_(std::move(out)) {}

    /// A pipe with both directions: the server's end, then the client's.
    [[nodiscard]] static Pair named(bool of_messages, bool overlapped, bool client_overlapped);
    /// A pipe from the second end to the first; both are synchronous.
    [[nodiscard]] static Pair anonymous();
    /// A server's end without a client.
    [[nodiscard]] static std::shared_ptr<PipeEnd> listening(bool overlapped);

    /// Opens the client's end of a server that listens; null if it does not. Synchronous.
    [[nodiscard]] std::shared_ptr<PipeEnd> open();

    /// DisconnectNamedPipe, of a server.
    void disconnect();
    /// SetNamedPipeHandleState with PIPE_NOWAIT.
    void never_wait() noexcept { never_waits_ = true; }
    [[nodiscard]] bool never_waits() const noexcept override { return never_waits_; }

    /// PeekNamedPipe. Win32's error, 0 for success.
    [[nodiscard]] std::uint32_t peek(std::size_t& bytes) const noexcept;

    /// True if it reads messages. Not for a client that was disconnected.
    [[nodiscard]] bool carries_messages() const noexcept {
        return in_ != nullptr && in_->of_messages() && (server_ || !is_disconnected());
    }

    /// True if a read would find something: bytes, a message, or the end.
    [[nodiscard]] bool has_something_to_read() const noexcept override;

    /// A non-blocking write. Win32's error, 0 for success; `done` is the number of bytes taken.
    [[nodiscard]] std::uint32_t put(std::span<const std::uint8_t> bytes, std::size_t& done);
    /// A non-blocking read, likewise.
    [[nodiscard]] std::uint32_t take(std::span<std::uint8_t> bytes, std::size_t& done);

    [[nodiscard]] bool signalled() const noexcept override {
        return in_flight(OperationKind::read) + in_flight(OperationKind::write) +
                   in_flight(OperationKind::connect) ==
               0;
    }
    [[nodiscard]] bool is_file() const noexcept override { return true; }
    [[nodiscard]] bool is_overlapped() const noexcept override { return overlapped_; }

    [[nodiscard]] std::uint32_t refusal(OperationKind kind, const Traits& traits) const override;
    void begin(Operation& operation) override;
    void abandon(Operation& operation, const Traits& traits) override;
    [[nodiscard]] bool in_turn(const Operation& operation) const noexcept override {
        return operation.kind != OperationKind::write || operation.size() != 0;
    }
    [[nodiscard]] bool can_end(const Operation& operation) const override;
    [[nodiscard]] Outcome end(Operation& operation, const Traits& traits) override;
    [[nodiscard]] std::uint32_t closed_status(const Operation& operation,
                                              const Traits& traits) const noexcept override {
        return operation.kind == OperationKind::write ? traits.closed_status
                                                      : traits.closed_pipe_status;
    }

protected:
    void last_handle_closed(const Traits&) override;

private:
    [[nodiscard]] Outcome end_read(Operation& operation);
    [[nodiscard]] std::uint32_t connect_refusal() const noexcept;
    [[nodiscard]] bool is_disconnected() const noexcept {
        return (in_ != nullptr && in_->disconnected) || (out_ != nullptr && out_->disconnected);
    }

    bool overlapped_;
    bool server_ = false;
    bool listening_ = false;
    bool never_waits_ = false;
    Queue in_;
    Queue out_;
};

}  // namespace wakepoll::sim
