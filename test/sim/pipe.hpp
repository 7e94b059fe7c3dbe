// The two ends of a pipe of the model, named or anonymous.
//
// A pipe is one bounded queue of messages for each direction it has; a byte pipe forgets where they
// begin and end. A write is through when all of it is in the queue; a message goes in as a whole. A
// read that is given no room pends until there is something to read and takes nothing. What was
// written before an end was closed can still be read; then the read fails with "broken", a write to
// a closed end with "closing", and a write that was pending with "broken" too.
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

    /// How many bytes went in: all or none of a message.
    std::size_t put(std::span<const std::uint8_t> bytes);
    /// How many came out; `rest_left` where a message did not fit.
    std::size_t take(std::span<std::uint8_t> bytes, bool& rest_left);

    [[nodiscard]] bool of_messages() const noexcept { return of_messages_; }
    [[nodiscard]] bool empty() const noexcept { return messages_.empty(); }
    [[nodiscard]] bool has_room(std::size_t bytes) const noexcept;
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

    bool writer_closed = false;
    bool reader_closed = false;

private:
    bool of_messages_;
    std::deque<std::vector<std::uint8_t>> messages_;
    std::size_t bytes_ = 0;
};

class PipeEnd final : public IoObject {
public:
    using Queue = std::shared_ptr<PipeQueue>;
    using Pair = std::pair<std::shared_ptr<PipeEnd>, std::shared_ptr<PipeEnd>>;

    /// `in` is what it reads from, `out` what it writes to; null where it can not.
    PipeEnd(Kind kind, bool overlapped, Queue in, Queue out) noexcept
        : IoObject(kind), overlapped_(overlapped), in_(std::move(in)), out_(std::move(out)) {}

    /// Both directions; the second end is overlapped.
    [[nodiscard]] static Pair named(bool of_messages, bool overlapped);
    /// From the second to the first; both synchronous.
    [[nodiscard]] static Pair anonymous();
    /// A server that nobody has connected to.
    [[nodiscard]] static std::shared_ptr<PipeEnd> listening(bool overlapped);

    /// What a PeekNamedPipe says: Win32's error, 0 for success.
    [[nodiscard]] std::uint32_t peek(std::size_t& bytes) const noexcept;

    /// What can be read comes in messages.
    [[nodiscard]] bool carries_messages() const noexcept {
        return in_ != nullptr && in_->of_messages();
    }

    /// A read would find something: bytes, a message, or the end.
    [[nodiscard]] bool has_something_to_read() const noexcept override;

    /// A non-blocking write. Win32's error, 0 for success; `done` is how many bytes went in.
    [[nodiscard]] std::uint32_t put(std::span<const std::uint8_t> bytes, std::size_t& done);
    /// A non-blocking read, likewise.
    [[nodiscard]] std::uint32_t take(std::span<std::uint8_t> bytes, std::size_t& done);

    [[nodiscard]] bool signalled() const noexcept override { return true; }
    [[nodiscard]] bool is_file() const noexcept override { return true; }
    [[nodiscard]] bool is_overlapped() const noexcept override { return overlapped_; }

    [[nodiscard]] std::uint32_t refusal(OperationKind kind, const Traits& traits) const override;
    bool go_on(Operation& operation) override;
    [[nodiscard]] bool can_end(const Operation& operation) const override;
    [[nodiscard]] Outcome end(Operation& operation, const Traits& traits) override;
    [[nodiscard]] std::uint32_t closed_status(const Operation& operation,
                                              const Traits& traits) const noexcept override {
        return operation.kind == OperationKind::read ? traits.closed_pipe_status
                                                     : traits.closed_status;
    }

protected:
    void last_handle_closed(const Traits&) override;

private:
    [[nodiscard]] Outcome end_read(Operation& operation);

    bool overlapped_;
    bool listening_ = false;
    Queue in_;
    Queue out_;
};

}  // namespace wakepoll::sim
