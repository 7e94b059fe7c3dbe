// Uses the selector: one thread selects, another registers, and closing ends everything.
//
// usage: selector Sends a text over a connection through a buffer that is much smaller: the sender
// continues on writable, the receiver on readable. The exit code is 0 only if the text arrived
// whole, closing ended the select, and the registrator was refused afterwards.
#include <winsock2.h>
// Winsock comes first.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "selector/selector.hpp"

namespace {

using example::Registrator;
using example::Selector;
using example::Token;
using wakepoll::IoInterest;
using wakepoll::IoReady;

constexpr Token sender{1};
constexpr Token receiver{2};

void check(bool success, const char* what) {
    if (!success) {
        throw std::runtime_error(what);
    }
}

// The two non-blocking ends of a connection.
struct Pair {
    SOCKET sending = INVALID_SOCKET;
    SOCKET receiving = INVALID_SOCKET;

    Pair() {
        const SOCKET listener = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
        sending = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        auto* const name = reinterpret_cast<sockaddr*>(&address);
        int length = sizeof address;
        check(bind(listener, name, length) == 0 && listen(listener, 1) == 0 &&
                  getsockname(listener, name, &length) == 0 && connect(sending, name, length) == 0,
              "no connection on 127.0.0.1");
        receiving = accept(listener, nullptr, nullptr);
        closesocket(listener);
        constexpr auto command = static_cast<long>(FIONBIO);
        u_long on = 1;
        check(ioctlsocket(sending, command, &on) == 0 && ioctlsocket(receiving, command, &on) == 0,
              "ioctlsocket");
    }
    Pair(const Pair&) = delete;
    Pair& operator=(const Pair&) = delete;
    ~Pair() {
        closesocket(sending);
        closesocket(receiving);
    }
};

// The selecting thread: ends when the selector is closed.
class Transport {
public:
    Transport(Selector& selector, const Pair& pair, std::string text)
        : selector_(selector), pair_(pair), text_(std::move(text)) {}

    wakepoll::Result<void> run() {
        std::vector<wakepoll::OsEvent> events;
        for (;;) {
            if (const wakepoll::Result<void> done = selector_.select(events); !done) {
                return done;
            }
            for (const wakepoll::OsEvent& event : events) {
                if (Token{event.user_data} == sender) {
                    send_some();
                } else {
                    receive_some();
                }
            }
        }
    }

    std::future<void> all_received() { return all_received_.get_future(); }
    [[nodiscard]] bool is_whole() const { return received_ == text_; }
    [[nodiscard]] int receives() const { return receives_; }

private:
    void send_some() {
        const int count =
            send(pair_.sending, text_.data() + sent_, static_cast<int>(text_.size() - sent_), 0);
        sent_ += count > 0 ? static_cast<std::size_t>(count) : 0;
        if (sent_ == text_.size()) {
            // There is room nearly always, and nothing left to send.
            (void)selector_.registrator().remove(pair_.sending);
        }
    }

    void receive_some() {
        std::array<char, 1000> buffer;
        const int count = recv(pair_.receiving, buffer.data(), static_cast<int>(buffer.size()), 0);
        received_.append(buffer.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
        ++receives_;
        if (received_.size() == text_.size()) {
            all_received_.set_value();
        }
    }

    Selector& selector_;
    const Pair& pair_;
    std::string text_;
    std::size_t sent_ = 0;
    std::string received_;
    int receives_ = 0;
    std::promise<void> all_received_;
};

bool run() {
    Selector selector;  // starts Winsock too
    const Registrator registrator = selector.registrator();
    const Pair pair;
    Transport transport(selector, pair, std::string(100'000, '*'));
    std::future<void> all_received = transport.all_received();
    std::future<wakepoll::Result<void>> selecting =
        std::async(std::launch::async, [&] { return transport.run(); });

    // Another thread is selecting.
    const bool added = registrator.add(pair.receiving, receiver, IoInterest::read) &&
                       registrator.add(pair.sending, sender, IoInterest::write);
    const bool arrived =
        all_received.wait_for(std::chrono::minutes(5)) == std::future_status::ready;
    const wakepoll::Result<void> closed = registrator.close();
    const wakepoll::Result<void> ended = selecting.get();
    const wakepoll::Result<void> refused = registrator.add(pair.sending, sender, IoInterest::write);

    std::printf("received %s, in %d pieces\n", arrived && transport.is_whole() ? "whole" : "NOT",
                transport.receives());
    std::printf("the select ended with: %s\n", ended.error().message().c_str());
    std::printf("registering is refused with: %s\n", refused.error().message().c_str());
    return added && arrived && transport.is_whole() && closed &&
           ended == std::errc::operation_canceled && refused == std::errc::operation_canceled;
}

}  // namespace

int main() {
    try {
        return run() ? 0 : 1;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "selector: %s\n", error.what());
        return 1;
    }
}
