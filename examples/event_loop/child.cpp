// Two readers and a writer for the ends of a child's pipes.
#include "child.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <utility>

namespace example {

// Reads a pipe to its end, one transfer after the other.
class Child::Reader : public std::enable_shared_from_this<Reader> {
public:
    using Data = std::function<void(std::string_view)>;

    Reader(EventLoop& loop, process::OwnedHandle pipe, Data data, std::function<void()> ended)
        : loop_(loop), pipe_(std::move(pipe)), data_(std::move(data)), ended_(std::move(ended)) {}

    // Also called at the end of the stream: neither callback is called afterwards.
    void close() {
        if (pipe_) {
            loop_.forget_pipe(pipe_.number());
            pipe_.close();
        }
    }
    [[nodiscard]] bool is_open() const { return static_cast<bool>(pipe_); }

    std::error_code read() {
        return loop_.start_read(
            pipe_.number(), buffer_,
            [self = shared_from_this()](std::size_t bytes, std::error_code error) {
                self->has_read(bytes, error);
            });
    }

private:
    void has_read(std::size_t bytes, std::error_code error) {
        if (is_open() && bytes > 0 && data_) {
            data_({buffer_.data(), bytes});
        }
        // The callback may have destroyed the child, which closes this.
        if (is_open() && (error || read())) {
            close();
            ended_();
        }
    }

    EventLoop& loop_;
    process::OwnedHandle pipe_;
    Data data_;
    std::function<void()> ended_;
    std::array<char, 16 * 1024> buffer_{};
};

// Writes its data, one transfer after the other.
class Child::Writer : public std::enable_shared_from_this<Writer> {
public:
    Writer(EventLoop& loop, process::OwnedHandle pipe) : loop_(loop), pipe_(std::move(pipe)) {}

    void close() {
        pending_.clear();
        if (pipe_) {
            loop_.forget_pipe(pipe_.number());
            pipe_.close();
        }
    }

    void add(std::string_view data) {
        if (pipe_ && !ending_) {
            pending_ += data;
            go_on();
        }
    }

    void end() {
        ending_ = true;
        go_on();
    }

private:
    void go_on() {
        if (!pipe_ || busy_) {
            return;
        }
        if (written_ == in_flight_.size()) {
            // Two strings, because the one that the system reads from must not change.
            written_ = 0;
            in_flight_ = std::exchange(pending_, {});
        }
        if (in_flight_.empty()) {
            if (ending_) {
                close();
            }
            return;
        }
        busy_ = !loop_.start_write(
            pipe_.number(), std::span<const char>(in_flight_).subspan(written_),
            [self = shared_from_this()](std::size_t bytes, std::error_code error) {
                self->has_written(bytes, error);
            });
        if (!busy_) {
            close();
        }
    }

    void has_written(std::size_t bytes, std::error_code error) {
        busy_ = false;
        written_ += bytes;
        if (error) {
            close();  // The child no longer reads.
        } else {
            go_on();
        }
    }

    EventLoop& loop_;
    process::OwnedHandle pipe_;
    std::string pending_;
    std::string in_flight_;
    std::size_t written_ = 0;
    bool busy_ = false;
    bool ending_ = false;
};

Child::~Child() { abandon(); }

void Child::abandon() {
    if (input_ == nullptr) {
        return;
    }
    input_->close();
    output_->close();
    errors_->close();
    if (!std::exchange(over_, true)) {
        loop_.remove_socket(process_.handle.number());
        process::kill(process_);
        process::reap(process_);
    }
}

std::error_code Child::start(const std::vector<std::string>& command) {
    wakepoll::Result<process::Process> started = process::start(command);
    if (!started) {
        return started.error();
    }
    process_ = std::move(*started);
    const auto stream_ended = [this] { end_if_over(); };
    input_ = std::make_shared<Writer>(loop_, std::move(process_.input));
    output_ = std::make_shared<Reader>(loop_, std::move(process_.output), callbacks_.output,
                                       stream_ended);
    errors_ = std::make_shared<Reader>(loop_, std::move(process_.errors), callbacks_.errors,
                                       stream_ended);
    std::error_code error = loop_.add_process(process_.handle.number(), [this] {
        exited_ = true;
        end_if_over();
    });
    error = error ? error : output_->read();
    error = error ? error : errors_->read();
    if (error) {
        abandon();
    }
    return error;
}

void Child::write(std::string_view data) { input_->add(data); }

void Child::end_input() { input_->end(); }

void Child::kill() {
    if (!over_) {
        process::kill(process_);
    }
}

void Child::end_if_over() {
    if (over_ || !exited_ || output_->is_open() || errors_->is_open()) {
        return;
    }
    over_ = true;
    input_->close();
    const int code = process::exit_code(process_);
    // A copy, because the callback may destroy the child.
    if (const auto ended = callbacks_.ended) {
        ended(code);
    }
}

}  // namespace example
