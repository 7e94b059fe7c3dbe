// One connection's conversation, and the report on all of them; see load_client.hpp for the plan.
#include "load_client.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <utility>

#include "wakepoll/events.hpp"

namespace example {

namespace mask = wakepoll::mask;
using wakepoll::any;

namespace {

constexpr std::size_t read_size = 32 * 1024;
// One connection's share of a turn, as in the server.
constexpr int reads_per_turn = 4;
constexpr std::size_t failures_kept = 5;

}  // namespace

class LoadClient::Connection {
public:
    Connection(LoadClient& client, std::uint32_t index)
        : client_(client),
          index_(index),
          to_send_(client.options_.plan, index),
          to_check_(client.options_.plan, index),
          one_at_a_time_(client.options_.plan.messages -
                         std::max<std::uint32_t>(1, client.options_.plan.messages / 4)) {
        to_check_.next(expected_);
    }

    void start() {
        wakepoll::Result<net::Socket> made =
            net::connect_to_loopback(client_.options_.port, client_.options_.buffer_bytes);
        if (!made) {
            return fail("connect: " + net::describe(made.error()));
        }
        socket_ = std::move(*made);
        interest_ = mask::out;
        const std::error_code error = client_.loop_.add_socket(
            socket_.number(), interest_, [this](std::uint32_t events) { on_events(events); });
        if (error) {
            socket_.close();
            return fail("event loop: " + net::describe(error));
        }
    }

    void close() {
        client_.loop_.cancel_timer(stall_timer_);
        if (socket_) {
            client_.loop_.remove_socket(socket_.number());
            socket_.close();
        }
    }

    void fail(const std::string& reason) {
        if (!ended_) {
            ended_ = true;
            close();
            client_.connection_ended("connection " + std::to_string(index_) + ": " + reason);
        }
    }

private:
    using Clock = EventLoop::Clock;

    void succeed() {
        ended_ = true;
        close();
        client_.connection_ended("");
    }

    void on_events(std::uint32_t events) {
        if (!connected_ && !finish_connecting(events)) {
            return;
        }
        if (any(events & mask::err)) {
            const std::error_code error = net::connect_error(socket_);
            return fail("reset: " + net::describe(error));
        }
        if (reads() && any(events & (mask::in | mask::rdhup | mask::hup))) {
            receive();
        }
        if (!ended_) {
            send();
        }
        if (!ended_) {
            update_interest();
        }
    }

    bool finish_connecting(std::uint32_t events) {
        if (const std::error_code error = net::connect_error(socket_)) {
            fail("connect: " + net::describe(error));
            return false;
        }
        if (any(events & (mask::err | mask::hup))) {
            fail("connect: failed without a reason");
            return false;
        }
        connected_ = true;
        return true;
    }

    // Whether the next message may be sent: in the first part only after the last one's echo.
    [[nodiscard]] bool may_send_next() const {
        return to_send_.made() >= one_at_a_time_ || to_send_.made() == checked_;
    }

    void send() {
        blocked_ = false;
        while (!half_closed_) {
            if (sent_ == outgoing_.size()) {
                if (!may_send_next()) {
                    return;
                }
                if (to_send_.made() == client_.options_.plan.messages) {
                    return finish_sending();
                }
                sent_ = 0;
                to_send_.next(outgoing_);
                if (to_send_.made() <= one_at_a_time_) {
                    sent_at_ = Clock::now();
                }
            }
            const net::Transfer sent = net::send(socket_, std::span(outgoing_).subspan(sent_));
            if (sent.error) {
                return fail("send: " + net::describe(sent.error));
            }
            if (sent.would_block) {
                blocked_ = true;
                return;
            }
            sent_ += sent.bytes;
            client_.moved_ += sent.bytes;
            if (!reads()) {
                wait_for_stall();
            }
        }
    }

    // In the last part only after every buffer on the way to the server and back is full.
    [[nodiscard]] bool reads() const {
        return all_sent_ || stalled_ || to_send_.made() <= one_at_a_time_;
    }

    // Nothing reports that all buffers are full; no progress for a while is the sign.
    void wait_for_stall() {
        client_.loop_.cancel_timer(stall_timer_);
        stall_timer_ = client_.loop_.add_timer(client_.options_.stall, [this] {
            stalled_ = true;
            update_interest();
        });
    }

    void finish_sending() {
        all_sent_ = true;
        if (client_.options_.half_close_last && !expected_.empty()) {
            return;
        }
        half_closed_ = true;
        if (const std::error_code error = net::shut_down_sending(socket_)) {
            fail("shutdown: " + net::describe(error));
        }
    }

    void receive() {
        std::array<char, read_size> buffer;
        for (int turn = 0; turn < reads_per_turn; ++turn) {
            const net::Transfer received = net::receive(socket_, buffer);
            if (received.error) {
                return fail("receive: " + net::describe(received.error));
            }
            if (received.would_block) {
                return;
            }
            if (received.ended) {
                return check_end();
            }
            client_.moved_ += received.bytes;
            check(std::span(buffer).first(received.bytes));
            // A short read took all there was; the next wait reports what has come since.
            if (ended_ || received.bytes < buffer.size()) {
                return;
            }
        }
    }

    void check(std::span<const char> received) {
        LoadReport& report = client_.report_;
        while (!received.empty()) {
            if (expected_.empty()) {
                report.mismatches += received.size();
                return fail(std::to_string(received.size()) + " bytes after the last message");
            }
            const std::size_t length = std::min(received.size(), expected_.size() - compared_);
            const std::span<const char> wanted = std::span(expected_).subspan(compared_, length);
            if (std::memcmp(received.data(), wanted.data(), length) != 0) {
                return report_difference(received.first(length), wanted);
            }
            report.bytes += length;
            compared_ += length;
            position_ += length;
            received = received.subspan(length);
            if (compared_ == expected_.size()) {
                message_came_back();
            }
        }
    }

    void report_difference(std::span<const char> received, std::span<const char> wanted) {
        const auto [got, want] =
            std::mismatch(received.begin(), received.end(), wanted.begin(), wanted.end());
        const auto first = static_cast<std::uint64_t>(got - received.begin());
        for (std::size_t i = 0; i < received.size(); ++i) {
            client_.report_.mismatches += received[i] != wanted[i] ? 1 : 0;
        }
        fail("byte " + std::to_string(position_ + first) + " of the stream is " +
             std::to_string(static_cast<unsigned char>(*got)) + ", sent was " +
             std::to_string(static_cast<unsigned char>(*want)));
    }

    void message_came_back() {
        ++checked_;
        ++client_.report_.echoes;
        if (checked_ <= one_at_a_time_) {
            client_.report_.round_trips.push_back(
                std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - sent_at_));
        }
        compared_ = 0;
        if (!to_check_.next(expected_)) {
            expected_.clear();
        }
    }

    void check_end() {
        if (expected_.empty() && half_closed_) {
            return succeed();
        }
        client_.report_.mismatches += expected_.size() - compared_;
        fail("the stream ended after byte " + std::to_string(position_) + ", in message " +
             std::to_string(checked_ + 1));
    }

    void update_interest() {
        const std::uint32_t wanted =
            (reads() ? mask::in | mask::rdhup : mask::none) | (blocked_ ? mask::out : mask::none);
        if (wanted == interest_) {
            return;
        }
        if (const std::error_code error = client_.loop_.modify_socket(socket_.number(), wanted)) {
            return fail("event loop: " + net::describe(error));
        }
        interest_ = wanted;
    }

    LoadClient& client_;
    std::uint32_t index_;
    net::Socket socket_;
    std::uint32_t interest_ = 0;
    bool connected_ = false;
    bool blocked_ = false;  // the last send took nothing
    bool all_sent_ = false;
    bool half_closed_ = false;
    bool stalled_ = false;  // nothing could be sent for a while, so now it reads
    TimerId stall_timer_ = TimerId::none;
    bool ended_ = false;

    MessageStream to_send_;
    std::vector<char> outgoing_;
    std::size_t sent_ = 0;  // of `outgoing_`

    MessageStream to_check_;
    std::vector<char> expected_;  // empty after the last message
    std::size_t compared_ = 0;    // of `expected_`
    std::uint64_t position_ = 0;  // in the whole stream
    std::uint32_t checked_ = 0;   // messages

    std::uint32_t one_at_a_time_;  // how many messages wait for the echo of the previous one
    Clock::time_point sent_at_;
};

std::chrono::microseconds LoadReport::round_trip_percentile(unsigned percent) const {
    if (round_trips.empty()) {
        return {};
    }
    std::vector<std::chrono::microseconds> sorted = round_trips;
    const std::size_t rank = (sorted.size() * std::min(percent, 100U) + 99) / 100;
    const auto position = sorted.begin() + static_cast<std::ptrdiff_t>(rank == 0 ? 0 : rank - 1);
    std::nth_element(sorted.begin(), position, sorted.end());
    return *position;
}

LoadClient::LoadClient(EventLoop& loop, LoadOptions options, std::function<void()> on_done)
    : loop_(loop), options_(options), on_done_(std::move(on_done)) {}

LoadClient::~LoadClient() {
    loop_.cancel_timer(watch_timer_);
    for (const std::unique_ptr<Connection>& connection : connections_) {
        connection->close();
    }
}

void LoadClient::start() {
    report_.round_trips.reserve(std::size_t{options_.connections} * options_.plan.messages);
    watch(moved_);
    for (std::uint32_t index = 0; index < options_.connections; ++index) {
        connections_.push_back(std::make_unique<Connection>(*this, index));
    }
    for (const std::unique_ptr<Connection>& connection : connections_) {
        connection->start();
    }
}

void LoadClient::watch(std::uint64_t moved_before) {
    watch_timer_ = loop_.add_timer(options_.patience, [this, moved_before] {
        if (moved_ != moved_before) {
            return watch(moved_);
        }
        for (const std::unique_ptr<Connection>& connection : connections_) {
            connection->fail("no byte has moved for too long");
        }
    });
}

void LoadClient::connection_ended(const std::string& failure) {
    if (failure.empty()) {
        ++report_.connections;
    } else {
        ++report_.failed;
        if (report_.failures.size() < failures_kept) {
            report_.failures.push_back(failure);
        }
    }
    if (finished() == options_.connections) {
        loop_.cancel_timer(watch_timer_);
        on_done_();
    }
}

}  // namespace example
