// A random program: its parts, its steps, its waits and its end.
//
// All parts share one poller. After each step the poller's counts are compared with those of the
// models, and each wait is checked as a whole: it did not end early (P4), reported nothing twice,
// and had a reason to end. Sometimes the program lets everything settle and compares one wait's
// events with all that is ready; at the end it disposes of the poller, and nothing may be left (P8,
// P11).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>

#include "handles_part.hpp"
#include "operations_part.hpp"
#include "scene.hpp"
#include "signals_part.hpp"
#include "sockets_part.hpp"

namespace wakepoll::test {

class Program {
public:
    explicit Program(Scene& scene);
    ~Program();
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    /// Throws `Broken`.
    void run();

private:
    using Reported = std::set<std::uint64_t>;

    void create_poller();
    void step();
    void step_of_a_part();
    void act_beside();
    void let_time_pass();
    void move_poller();
    void check_counts();

    /// Makes one wait, with the checks that apply to any wait.
    Reported wait(std::size_t room, Timeout timeout, bool alone);
    void take(const NativeEvent& event, Reported& reported);
    void wait_somehow();
    /// Checks that one wait with enough room reports all ready sockets.
    void wait_exactly();
    /// Checks that all are reported in turn when there is little room (P6).
    void wait_fairly();
    /// Lets everything settle, and checks that all that is ready is reported.
    void wait_until_settled();
    /// Checks, with nothing ready, that an infinite wait is one block (P3).
    void wait_idly();
    /// Lets time pass until nothing is in transit to the poller and every recheck is due.
    void settle();

    void finish();
    void shut_down();
    void dispose();
    void check_what_is_left();

    Scene& scene_;
    // Their memory must outlive what is in flight, and so the poller.
    std::optional<SocketsPart> sockets_;
    std::optional<HandlesPart> handles_;
    std::optional<OperationsPart> operations_;
    std::optional<SignalsPart> signals_;
    std::array<NativeEvent, most_events> room_;
    std::size_t step_ = 0;
    bool quiet_ = false;  ///< Waits without events are not traced.
    bool over_ = false;   ///< Shut down or disposed of.
};

}  // namespace wakepoll::test
