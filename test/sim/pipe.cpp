// See pipe.hpp.
#include "pipe.hpp"

#include <algorithm>

#include "status.hpp"

namespace wakepoll::sim {

std::size_t PipeQueue::put(std::span<const std::uint8_t> bytes) {
    if (!has_room(bytes.size()) || (bytes.empty() && !of_messages_)) {
        return 0;
    }
    const std::size_t size =
        of_messages_ ? bytes.size() : std::min(bytes.size(), capacity - bytes_);
    const auto end = bytes.begin() + static_cast<std::ptrdiff_t>(size);
    messages_.emplace_back(bytes.begin(), end);
    bytes_ += size;
    return size;
}

std::size_t PipeQueue::take(std::span<std::uint8_t> bytes, bool& rest_left) {
    std::size_t taken = 0;
    rest_left = false;
    while (!messages_.empty()) {
        std::vector<std::uint8_t>& message = messages_.front();
        const std::size_t size = std::min(bytes.size() - taken, message.size());
        std::copy_n(message.begin(), size, bytes.begin() + static_cast<std::ptrdiff_t>(taken));
        taken += size;
        bytes_ -= size;
        if (size != message.size()) {
            message.erase(message.begin(), message.begin() + static_cast<std::ptrdiff_t>(size));
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
    // A message that is longer than the queue is taken where it has the queue for itself.
    return of_messages_ ? messages_.empty() || bytes_ + bytes <= capacity : bytes_ < capacity;
}

PipeEnd::Pair PipeEnd::named(bool of_messages, bool overlapped) {
    const auto there = std::make_shared<PipeQueue>(of_messages);
    const auto back = std::make_shared<PipeQueue>(of_messages);
    return {std::make_shared<PipeEnd>(Kind::named_pipe, overlapped, back, there),
            std::make_shared<PipeEnd>(Kind::named_pipe, true, there, back)};
}

PipeEnd::Pair PipeEnd::anonymous() {
    const auto queue = std::make_shared<PipeQueue>(false);
    return {std::make_shared<PipeEnd>(Kind::anonymous_pipe, false, queue, nullptr),
            std::make_shared<PipeEnd>(Kind::anonymous_pipe, false, nullptr, queue)};
}

std::shared_ptr<PipeEnd> PipeEnd::listening(bool overlapped) {
    auto end = named(false, overlapped).first;
    end->listening_ = true;
    return end;
}

std::uint32_t PipeEnd::peek(std::size_t& bytes) const noexcept {
    if (listening_) {
        return code::bad_pipe;
    }
    if (in_ == nullptr) {
        return code::no_access;
    }
    bytes = in_->bytes();
    return in_->empty() && in_->writer_closed ? code::broken_pipe : 0;
}

bool PipeEnd::has_something_to_read() const noexcept {
    return in_ != nullptr && !listening_ && (!in_->empty() || in_->writer_closed);
}

std::uint32_t PipeEnd::put(std::span<const std::uint8_t> bytes, std::size_t& done) {
    done = 0;
    if (out_ == nullptr) {
        return code::no_access;
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
    if (kind != OperationKind::read && kind != OperationKind::write) {
        return code::not_a_socket;
    }
    if ((kind == OperationKind::read ? in_ : out_) == nullptr) {
        return code::no_access;
    }
    if (listening_) {
        return code::pipe_listening;
    }
    return kind == OperationKind::write && out_->reader_closed ? code::pipe_closing : 0;
}

bool PipeEnd::go_on(Operation& operation) {
    if (operation.kind != OperationKind::write || operation.done == operation.size() ||
        out_->reader_closed || !out_->has_room(operation.size())) {
        return false;
    }
    operation.done += out_->put(operation.rest());
    return true;
}

bool PipeEnd::can_end(const Operation& operation) const {
    if (operation.kind == OperationKind::read) {
        return has_something_to_read();
    }
    return out_->reader_closed || operation.done == operation.size();
}

Outcome PipeEnd::end(Operation& operation, const Traits&) {
    if (operation.kind == OperationKind::read) {
        return end_read(operation);
    }
    if (operation.done != operation.size()) {
        return {status::pipe_broken, 0};
    }
    if (operation.size() == 0) {
        out_->put({});
    }
    return {status::success, operation.size()};
}

Outcome PipeEnd::end_read(Operation& operation) {
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
