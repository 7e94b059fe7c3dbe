// A random program: which parts it is made of, its steps, its waits and its end.
//
// All parts meet on one poller. After each step the counts that the poller keeps are compared with
// those of the models, and each wait is checked as a whole: that it did not end early (P4), said
// nothing twice, and had a reason to end. Now and then the program lets everything come to an end
// and compares what one wait reports with all that is ready; in the end it is disposed of, and
// nothing may be left (P8, P11).
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

    /// One wait, and all that can be said of any.
    Reported wait(std::size_t room, Timeout timeout, bool alone);
    void take(const NativeEvent& event, Reported& reported);
    void wait_somehow();
    /// What is ready of sockets is reported by one wait with enough room.
    void wait_exactly();
    /// Each in its turn where there is little room (P6).
    void wait_fairly();
    /// Everything comes to an end, and all that is ready is reported.
    void wait_until_settled();
    /// Nothing is ready: an endless wait is one block (P3).
    void wait_idly();
    /// Nothing is on its way to the poller any more, and whatever it looks at again is due.
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
    bool quiet_ = false;  ///< Waits that say nothing are not told of.
    bool over_ = false;   ///< Shut down or disposed of.
};

}  // namespace wakepoll::test
