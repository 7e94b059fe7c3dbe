// See pipe.hpp.
#include "pipe.hpp"

#include <algorithm>
#include <utility>

#include "behaviours.hpp"
#include "status.hpp"

namespace wakepoll::sim {

std::size_t PipeQueue::put(std::span<const std::uint8_t> bytes) {
    if (!has_room(bytes.size()) || (bytes.empty() && !of_messages_)) {
        return 0;
    }
    const std::size_t size =
        of_messages_ ? bytes.size() : std::min(bytes.size(), capacity - bytes_);
    const auto end = bytes.begin() + static_cast<std::ptrdiff_t>(size);
    add({bytes.begin(), end});
    return size;
}

std::uint64_t PipeQueue::add(std::vector<std::uint8_t> bytes) {
    ++last_;
    if (!bytes.empty() || of_messages_) {
        bytes_ += bytes.size();
        messages_.push_back({last_, std::move(bytes)});
    }
    return last_;
}

bool PipeQueue::is_through(std::uint64_t write) const noexcept {
    std::size_t bytes = 0;
    for (const Message& message : messages_) {
        bytes += message.left();
        if (message.number == write) {
            // A message that is longer than the queue is taken if it has the queue for itself.
            return bytes <= capacity || (of_messages_ && &message == &messages_.front());
        }
    }
    return true;
}

void PipeQueue::withdraw(std::uint64_t write) {
    const std::size_t withdrawn = std::erase_if(messages_, [&](const Message& message) {
        bytes_ -= message.number == write ? message.left() : 0;
        return message.number == write;
    });
    note_if(withdrawn != 0, Behaviour::withdrawn_write);
}

void PipeQueue::clear() {
    messages_.clear();
    bytes_ = 0;
}

std::size_t PipeQueue::take(std::span<std::uint8_t> bytes, bool& rest_left) {
    std::size_t taken = 0;
    rest_left = false;
    while (!messages_.empty()) {
        Message& message = messages_.front();
        const std::size_t size = std::min(bytes.size() - taken, message.left());
        std::copy_n(message.bytes.begin() + static_cast<std::ptrdiff_t>(message.read), size,
                    bytes.begin() + static_cast<std::ptrdiff_t>(taken));
        taken += size;
        bytes_ -= size;
        message.read += size;
        if (message.left() != 0) {
            rest_left = of_messages_;
            break;
        }
        messages_.pop_front();
        if (of_messages_) {
            break;
        }
    }
    return taken;
}

bool PipeQueue::has_room(std::size_t bytes) const noexcept {
    // A message that is longer than the queue is taken if it has the queue for itself.
    return of_messages_ ? messages_.empty() || bytes_ + bytes <= capacity : bytes_ < capacity;
}

PipeEnd::Pair PipeEnd::named(bool of_messages, bool overlapped, bool client_overlapped) {
    const auto there = std::make_shared<PipeQueue>(of_messages);
    const auto back = std::make_shared<PipeQueue>(of_messages);
    const auto server = std::make_shared<PipeEnd>(Kind::named_pipe, overlapped, back, there);
    server->server_ = true;
    return {server, std::make_shared<PipeEnd>(Kind::named_pipe, client_overlapped, there, back)};
}

PipeEnd::Pair PipeEnd::anonymous() {
    const auto queue = std::make_shared<PipeQueue>(false);
    return {std::make_shared<PipeEnd>(Kind::anonymous_pipe, false, queue, nullptr),
            std::make_shared<PipeEnd>(Kind::anonymous_pipe, false, nullptr, queue)};
}

std::shared_ptr<PipeEnd> PipeEnd::listening(bool overlapped) {
    auto end = named(false, overlapped, false).first;
    end->listening_ = true;
    return end;
}

std::shared_ptr<PipeEnd> PipeEnd::open() {
    return std::exchange(listening_, false)
               ? std::make_shared<PipeEnd>(Kind::named_pipe, false, out_, in_)
               : nullptr;
}

void PipeEnd::disconnect() {
    listening_ = false;
    for (PipeQueue* queue : {in_.get(), out_.get()}) {
        queue->clear();
        queue->disconnected = true;
    }
}

std::uint32_t PipeEnd::peek(std::size_t& bytes) const noexcept {
    note_if(is_disconnected(), Behaviour::disconnected_pipe_peeked);
    if (listening_ || (server_ && is_disconnected())) {
        return code::bad_pipe;
    }
    if (is_disconnected()) {
        return code::pipe_not_connected;
    }
    if (in_ == nullptr) {
        return code::no_access;
    }
    bytes = in_->bytes();
    note_if(bytes > PipeQueue::capacity, Behaviour::pending_write_is_peeked);
    return in_->empty() && in_->writer_closed ? code::broken_pipe : 0;
}

bool PipeEnd::has_something_to_read() const noexcept {
    return in_ != nullptr && !listening_ &&
           (!in_->empty() || in_->writer_closed || in_->disconnected);
}

std::uint32_t PipeEnd::put(std::span<const std::uint8_t> bytes, std::size_t& done) {
    done = 0;
    if (out_ == nullptr) {
        return code::no_access;
    }
    if (is_disconnected()) {
        return code::pipe_not_connected;
    }
    if (out_->reader_closed) {
        return code::pipe_closing;
    }
    if (!out_->has_room(bytes.size()) || in_flight(OperationKind::write) != 0) {
        return code::would_block;
    }
    done = out_->put(bytes);
    return 0;
}

std::uint32_t PipeEnd::take(std::span<std::uint8_t> bytes, std::size_t& done) {
    done = 0;
    if (in_ == nullptr) {
        return code::no_access;
    }
    if (is_disconnected()) {
        return code::pipe_not_connected;
    }
    if (in_->empty()) {
        return in_->writer_closed ? code::broken_pipe : code::would_block;
    }
    if (in_flight(OperationKind::read) != 0) {
        return code::would_block;
    }
    bool rest_left = false;
    done = in_->take(bytes, rest_left);
    return rest_left ? code::more_data : 0;
}

std::uint32_t PipeEnd::refusal(OperationKind kind, const Traits&) const {
    if (kind == OperationKind::accept) {
        return code::not_a_socket;
    }
    if (kind == OperationKind::connect) {
        return connect_refusal();
    }
    if ((kind == OperationKind::read ? in_ : out_) == nullptr) {
        return code::no_access;
    }
    if (listening_) {
        return code::pipe_listening;
    }
    if (is_disconnected()) {
        note(Behaviour::disconnected_pipe_refuses);
        return code::pipe_not_connected;
    }
    if (kind == OperationKind::read && never_waits_ && !has_something_to_read()) {
        note(Behaviour::nowait_read_refused);
        return code::pipe_closing;  // ERROR_NO_DATA is this number, too.
    }
    return kind == OperationKind::write && out_->reader_closed ? code::pipe_closing : 0;
}

std::uint32_t PipeEnd::connect_refusal() const noexcept {
    if (!server_) {
        return code::invalid_function;
    }
    if (listening_ || is_disconnected()) {
        return never_waits_ ? code::pipe_listening : 0;
    }
    return in_->writer_closed ? code::pipe_closing : code::pipe_connected;
}

void PipeEnd::begin(Operation& operation) {
    if (operation.kind == OperationKind::read) {
        return;
    }
    if (operation.kind == OperationKind::connect) {
        if (is_disconnected()) {
            in_ = std::make_shared<PipeQueue>(in_->of_messages());
            out_ = std::make_shared<PipeQueue>(in_->of_messages());
            listening_ = true;
        }
        return;
    }
    std::vector<std::uint8_t> bytes = operation.rest();
    if (never_waits_) {
        operation.done = out_->put(bytes);
    } else {
        operation.done = bytes.size();
        operation.number = out_->add(std::move(bytes));
    }
}

void PipeEnd::abandon(Operation& operation, const Traits&) {
    if (operation.kind == OperationKind::write && has_handles()) {
        out_->withdraw(operation.number);
    }
}

bool PipeEnd::can_end(const Operation& operation) const {
    if (operation.kind == OperationKind::read) {
        return has_something_to_read();
    }
    if (operation.kind == OperationKind::connect) {
        return !listening_;
    }
    return out_->reader_closed || out_->disconnected || out_->is_through(operation.number);
}

Outcome PipeEnd::end(Operation& operation, const Traits&) {
    if (operation.kind == OperationKind::read) {
        return end_read(operation);
    }
    if (operation.kind == OperationKind::connect) {
        return {is_disconnected() ? status::pipe_disconnected : status::success, 0};
    }
    if (out_->disconnected) {
        note(Behaviour::disconnected_pipe_ends_calls);
        return {status::pipe_disconnected, 0};
    }
    if (!out_->is_through(operation.number)) {
        return {status::pipe_broken, 0};
    }
    return {status::success, operation.done};
}

Outcome PipeEnd::end_read(Operation& operation) {
    if (in_->disconnected) {
        note(Behaviour::disconnected_pipe_ends_calls);
        return {status::pipe_disconnected, 0};
    }
    if (in_->empty()) {
        return {status::pipe_broken, 0};
    }
    if (operation.size() == 0 && !in_->of_messages()) {
        return {status::success, 0};
    }
    std::vector<std::uint8_t> bytes(operation.size());
    bool rest_left = false;
    bytes.resize(in_->take(bytes, rest_left));
    operation.scatter(bytes);
    return {rest_left ? status::buffer_overflow : status::success, bytes.size()};
}

void PipeEnd::last_handle_closed(const Traits&) {
    if (in_ != nullptr) {
        in_->reader_closed = true;
    }
    if (out_ != nullptr) {
        out_->writer_closed = true;
    }
}

}  // namespace wakepoll::sim
