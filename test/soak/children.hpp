// Child processes on the loop, of two kinds that alternate.
//
// A *copying* child copies its input to its output and exits with its own code: every byte, the
// code and its exit must be reported. A *vanishing* child connects to the echo server, talks to it
// on several connections, says so and is killed: the server sees its clients vanish without notice,
// and the end of the process must be reported all the same.
//
// The children are this program again: they run `be_copying_child` and `be_vanishing_child`.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "event_loop.hpp"
#include "load.hpp"

namespace soak {

class Children final : public Load {
public:
    /// One child of either kind at a time; the vanishing ones connect to `port`.
    Children(example::EventLoop& loop, std::uint16_t port);
    ~Children() override;

    [[nodiscard]] std::string_view name() const override { return "children"; }
    void go() override;
    void rest() override { running_ = false; }
    [[nodiscard]] bool is_at_rest() const override { return busy_ == 0; }
    [[nodiscard]] std::uint64_t done() const override { return done_; }

    /// Starts that the system refused, which can happen on a very busy machine: Wine then reports
    /// "internal error". Each is retried, and the third in a row is a failure.
    [[nodiscard]] std::uint64_t refused() const { return refused_; }

private:
    class Family;

    void ended(Family& family);
    void pause(Family& family);

    example::EventLoop& loop_;
    bool running_ = false;
    std::uint64_t busy_ = 0;
    std::uint64_t done_ = 0;
    std::uint64_t refused_ = 0;
    std::vector<std::unique_ptr<Family>> families_;
};

int be_copying_child(std::uint64_t exit_code);
int be_vanishing_child(std::uint16_t port);

}  // namespace soak
