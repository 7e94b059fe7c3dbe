// The parent's side of the two kinds of children, and then the children's own.
#include "children.hpp"

#include <array>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>

#include "child.hpp"
#include "net.hpp"
#include "process.hpp"
#include "streams.hpp"
#include "wakepoll/events.hpp"

namespace soak {
namespace {

using namespace std::chrono_literals;

constexpr auto pause_length = 200ms;
constexpr int starts_refused_in_a_row = 3;
// A process takes its time to start on a busy machine.
constexpr auto child_patience = 5min;
constexpr std::uint64_t vanishing_connections = 4;
constexpr std::string_view greeting = "talking\n";

}  // namespace

// One child after the other, of one kind.
class Children::Family {
public:
    Family(Children& children, std::uint16_t port) : children_(children), port_(port) {}

    void begin() {
        ++number_;
        heard_.clear();
        example::ChildCallbacks callbacks;
        callbacks.output = [this](std::string_view text) { hear(text); };
        callbacks.ended = [this](int exit_code) { end(exit_code); };
        child_ = std::make_unique<example::Child>(children_.loop_, std::move(callbacks));
        std::vector<std::string> command = {example::process::own_path()};
        if (vanishes()) {
            command.insert(command.end(), {"--vanish", std::to_string(port_)});
        } else {
            command.insert(command.end(), {"--copy", std::to_string(exit_code())});
        }
        if (const std::error_code error = child_->start(command)) {
            ++children_.refused_;
            if (++refused_in_a_row_ == starts_refused_in_a_row) {
                fail("children: cannot start", error);
            }
            return children_.pause(*this);
        }
        refused_in_a_row_ = 0;
        if (!vanishes()) {
            given_ =
                std::string(1 + number_ * 7919 % 40'000, static_cast<char>('a' + number_ % 26));
            child_->write(given_);
            child_->end_input();
        }
        limit_ = children_.loop_.add_timer(child_patience, [this] {
            fail("loss: the end of a child was not reported within 5 min; it had " +
                 (vanishes() && heard_.size() == greeting.size()
                      ? std::string("been killed")
                      : "said " + std::to_string(heard_.size()) + " bytes"));
        });
    }

private:
    [[nodiscard]] bool vanishes() const { return port_ != 0; }
    [[nodiscard]] int exit_code() const { return 1 + static_cast<int>(number_ % 100); }

    void hear(std::string_view text) {
        heard_ += text;
        if (vanishes() && heard_ == greeting) {
            child_->kill();
        }
    }

    void end(int code) {
        children_.loop_.cancel_timer(limit_);
        if (vanishes() ? heard_ != greeting : heard_ != given_ || code != exit_code()) {
            fail("loss: a child exited with " + std::to_string(code) + " and had said " +
                 std::to_string(heard_.size()) + " bytes");
        }
        child_.reset();
        children_.ended(*this);
    }

    Children& children_;
    std::uint16_t port_;  // 0 if they copy
    std::uint64_t number_ = 0;
    int refused_in_a_row_ = 0;
    std::unique_ptr<example::Child> child_;
    std::string given_;
    std::string heard_;
    example::TimerId limit_ = example::TimerId::none;
};

Children::Children(example::EventLoop& loop, std::uint16_t port) : loop_(loop) {
    families_.push_back(std::make_unique<Family>(*this, std::uint16_t{0}));
    families_.push_back(std::make_unique<Family>(*this, port));
}

Children::~Children() = default;

void Children::go() {
    running_ = true;
    for (const std::unique_ptr<Family>& family : families_) {
        ++busy_;
        family->begin();
    }
}

void Children::ended(Family& family) {
    ++done_;
    pause(family);
}

void Children::pause(Family& family) {
    loop_.add_timer(pause_length, [this, &family] {
        if (running_) {
            family.begin();
        } else {
            --busy_;
        }
    });
}

int be_copying_child(std::uint64_t exit_code) {
    use_streams_as_they_are();
    std::array<char, 4096> buffer{};
    for (std::size_t count = 0; (count = std::fread(buffer.data(), 1, buffer.size(), stdin)) > 0;) {
        std::fwrite(buffer.data(), 1, count, stdout);
    }
    std::fflush(stdout);
    return static_cast<int>(exit_code);
}

int be_vanishing_child(std::uint16_t port) {
    use_streams_as_they_are();
    const example::net::Network network;
    example::EventLoop loop;
    std::vector<example::net::Socket> sockets;
    std::uint64_t answered = 0;
    for (std::uint64_t i = 0; i < vanishing_connections; ++i) {
        wakepoll::Result<example::net::Socket> made = example::net::connect_to_loopback(port);
        if (!made) {
            return 1;
        }
        sockets.push_back(std::move(*made));
        const example::net::Socket& socket = sockets.back();
        const std::error_code error = loop.add_socket(
            socket.number(), wakepoll::mask::out,
            [&loop, &answered, number = socket.number(), i, &sockets](std::uint32_t events) {
                std::array<char, 64> buffer{};
                if ((events & wakepoll::mask::out) != 0) {
                    (void)example::net::send(sockets[i], greeting);
                    (void)loop.modify_socket(number, wakepoll::mask::in);
                } else if (example::net::receive(sockets[i], buffer).bytes == 0 ||
                           ++answered == vanishing_connections) {
                    loop.stop();
                }
            });
        if (error) {
            return 1;
        }
    }
    if (loop.run() || answered != vanishing_connections) {
        return 1;
    }
    std::fwrite(greeting.data(), 1, greeting.size(), stdout);
    std::fflush(stdout);
    // Now the parent kills it, or has gone, and its input ends.
    while (std::getchar() != EOF) {
    }
    return 0;
}

}  // namespace soak
