// The two ends of a pipe of the model, named or anonymous.
//
// A pipe is one queue of messages for each direction it has; a byte pipe forgets where they begin
// and end. An overlapped write is in the queue as a whole from its start, and pends until it fits
// the queue's bounds [P10]; one of nothing never waits [P12]. A write that is cancelled is taken
// out again, even where a part of it has been read [P11]. A read that is given no room pends until
// there is something to read and takes nothing. What was written before an end was closed can still
// be read; then the read fails with "broken", a write to a closed end with "closing", and a write
// that was pending with "broken" too.
//
// A server's end listens until a client opens it; a connect (ConnectNamedPipe) pends meanwhile and
// is refused afterwards with "connected", or with "closing" once the client has gone. A server may
// *disconnect* its client: what was not read is gone, and all that either does fails [P6, P14].
// Then a connect begins anew. An end in the mode PIPE_NOWAIT does not wait: a read that finds
// nothing fails, a write takes what fits [P19]. An end is signalled while no operation is pending
// on it [P15].
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

    /// How many bytes went in, of what fits: all or none of a message.
    std::size_t put(std::span<const std::uint8_t> bytes);
    /// All of a write, whatever fits; its number.
    std::uint64_t add(std::vector<std::uint8_t> bytes);
    /// The write is within the bounds, or has been read.
    [[nodiscard]] bool is_through(std::uint64_t write) const noexcept;
    /// Takes out what is left of a write.
    void withdraw(std::uint64_t write);
    void clear();

    /// How many came out; `rest_left` where a message did not fit.
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

    /// `in` is what it reads from, `out` what it writes to; null where it can not.
    PipeEnd(Kind kind, bool overlapped, Queue in, Queue out) noexcept
        : IoObject(kind), overlapped_(overlapped), in_(std::move(in)), out_(std::move(out)) {}

    /// Both directions. First the server's end, then the client's.
    [[nodiscard]] static Pair named(bool of_messages, bool overlapped, bool client_overlapped);
    /// From the second to the first; both synchronous.
    [[nodiscard]] static Pair anonymous();
    /// A server that nobody has connected to.
    [[nodiscard]] static std::shared_ptr<PipeEnd> listening(bool overlapped);

    /// A client opens a server's end that is listening; null where it is not. Synchronous.
    [[nodiscard]] std::shared_ptr<PipeEnd> open();

    /// DisconnectNamedPipe, of a server.
    void disconnect();
    /// SetNamedPipeHandleState with PIPE_NOWAIT.
    void never_wait() noexcept { never_waits_ = true; }
    [[nodiscard]] bool never_waits() const noexcept override { return never_waits_; }

    /// What a PeekNamedPipe says: Win32's error, 0 for success.
    [[nodiscard]] std::uint32_t peek(std::size_t& bytes) const noexcept;

    /// What can be read comes in messages. A client that was disconnected cannot be asked.
    [[nodiscard]] bool carries_messages() const noexcept {
        return in_ != nullptr && in_->of_messages() && (server_ || !is_disconnected());
    }

    /// A read would find something: bytes, a message, or the end.
    [[nodiscard]] bool has_something_to_read() const noexcept override;

    /// A non-blocking write. Win32's error, 0 for success; `done` is how many bytes went in.
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
