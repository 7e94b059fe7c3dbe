// The course of one connection, from connect to one of the ends.
#include "leaver.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string>

#include "load.hpp"
#include "wakepoll/events.hpp"

namespace soak {

namespace mask = wakepoll::mask;
namespace net = example::net;

namespace {

using namespace std::chrono_literals;

// How long nothing is read before the connection is reset.
constexpr auto unread_time = 30ms;

}  // namespace

void Leaver::begin() {
    manner_ = static_cast<Manner>(random_() % manners);
    connected_ = false;
    message_.clear();
    sent_ = 0;
    back_ = 0;
    const bool unread = manner_ == Manner::resets_unread;
    messages_ = example::MessageStream({.seed = seed_,
                                        .messages = 2 + static_cast<std::uint32_t>(random_() % 4),
                                        .usual = 4096,
                                        .largest = unread ? std::size_t{1} << 20U : 16'384},
                                       ++connections_);
    wakepoll::Result<net::Socket> made = net::connect_to_loopback(port_);
    if (!made) {
        fail("loss: a client that leaves: connect", made.error());
    }
    socket_ = std::move(*made);
    const std::error_code error = loop_.add_socket(
        socket_.number(), mask::out, [this](std::uint32_t events) { on_events(events); });
    if (error) {
        fail("loss: a client that leaves: event loop", error);
    }
}

void Leaver::on_events(std::uint32_t events) {
    if (!connected_) {
        if (const std::error_code error = net::connect_error(socket_)) {
            fail("loss: a client that leaves: connect", error);
        }
        connected_ = true;
        if (manner_ == Manner::resets_at_once) {
            return leave();
        }
        if (manner_ == Manner::resets_unread) {
            loop_.add_timer(unread_time, [this] { leave(); });
        }
        return go_on();
    }
    if ((events & mask::err) != 0) {
        fail("loss: a connection was reset by the server");
    }
    if (sent_ < message_.size()) {
        send();
    }
    // It may have left.
    if (socket_ && manner_ != Manner::resets_unread && (events & (mask::in | mask::hup)) != 0) {
        receive();
    }
}

// The next message, or the end.
void Leaver::go_on() {
    const bool more = messages_.next(message_);
    sent_ = 0;
    back_ = 0;
    if (more) {
        send();
    } else if (manner_ != Manner::resets_unread) {
        leave();
    } else {
        (void)loop_.modify_socket(socket_.number(), mask::none);
    }
}

void Leaver::send() {
    const net::Transfer sent = net::send(socket_, std::span(message_).subspan(sent_));
    if (sent.error) {
        fail("loss: a client that leaves: send", sent.error);
    }
    sent_ += sent.bytes;
    const bool all = sent_ == message_.size();
    if (manner_ == Manner::resets_unread) {
        // One message after the other until there is no room, and then no more interest.
        if (all) {
            return go_on();
        }
        (void)loop_.modify_socket(socket_.number(), mask::none);
        return;
    }
    if (all && manner_ == Manner::closes_unanswered && message_.size() > 1) {
        return leave();
    }
    if (const std::error_code error =
            loop_.modify_socket(socket_.number(), mask::in | (all ? mask::none : mask::out))) {
        fail("loss: a client that leaves: event loop", error);
    }
}

void Leaver::receive() {
    std::array<char, 16 * 1024> buffer;
    const net::Transfer received = net::receive(socket_, buffer);
    if (received.would_block) {
        return;
    }
    if (received.error) {
        fail("loss: a client that leaves: receive", received.error);
    }
    if (received.bytes > sent_ - back_ ||
        !std::equal(buffer.data(), buffer.data() + received.bytes,
                    message_.data() + static_cast<std::ptrdiff_t>(back_))) {
        fail("loss: other bytes came back than were sent");
    }
    if (received.ended) {
        fail("loss: the server has ended a connection with " + std::to_string(sent_ - back_) +
             " bytes unanswered");
    }
    back_ += received.bytes;
    bytes_ += received.bytes;
    if (answered()) {
        go_on();
    }
}

void Leaver::leave() {
    loop_.remove_socket(socket_.number());
    if (manner_ == Manner::resets || manner_ == Manner::resets_at_once ||
        manner_ == Manner::resets_unread) {
        (void)net::reset_when_closed(socket_);
    }
    socket_.close();
    message_ = {};  // Frees its memory: at rest, nothing may be held for later.
    left_(*this);
}

}  // namespace soak
