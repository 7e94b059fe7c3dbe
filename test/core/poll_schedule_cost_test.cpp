// PollSchedule: its cost (P15), compared with one request for each socket, as in wepoll.
//
// Of n registered sockets k become ready while the thread is blocked, and are drained when they are
// reported: at random, in rotation, or nine times out of ten from the same 2k. Counted are the
// calls per event (polls, cancels and dequeues), where one request each costs 1 + 1/k, and the
// polled sockets.
//
// `--log_level=message` prints the table.
#include <algorithm>
#include <array>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <iomanip>
#include <numeric>
#include <ostream>
#include <random>
#include <span>
#include <sstream>
#include <vector>

#include "poll_schedule_backend.hpp"
#include "sanitizers.hpp"

namespace data = boost::unit_test::data;

namespace wakepoll::core::test::schedule {
namespace {

BOOST_AUTO_TEST_SUITE(poll_schedule)

enum class Pattern : std::uint8_t { random, rotation, hot };

struct Cell {
    std::uint32_t sockets;
    std::uint32_t active;  ///< In each wait.

    friend std::ostream& operator<<(std::ostream& stream, const Cell& cell) {
        return stream << "n = " << cell.sockets << ", k = " << cell.active;
    }
};

/// Says which sockets become ready next.
class Activity {
public:
    Activity(const Cell& cell, Pattern pattern)
        : cell_(cell), pattern_(pattern), slots_(cell.sockets) {
        std::iota(slots_.begin(), slots_.end(), 0U);
        std::shuffle(slots_.begin(), slots_.end(), random);
    }

    std::vector<Slot> next() {
        std::vector<Slot> active;
        const auto hot = std::min(2 * cell_.active, cell_.sockets);
        while (active.size() < cell_.active) {
            std::uint32_t at = below(cell_.sockets);
            if (pattern_ == Pattern::rotation) {
                at = turn_++ % cell_.sockets;
            } else if (pattern_ == Pattern::hot && below(10) != 0) {
                at = below(hot);
            }
            const Slot slot{slots_[at]};
            if (std::find(active.begin(), active.end(), slot) == active.end()) {
                active.push_back(slot);
            }
        }
        return active;
    }

    std::mt19937 random{7};

private:
    [[nodiscard]] std::uint32_t below(std::uint32_t n) {
        return static_cast<std::uint32_t>(random() % n);
    }

    Cell cell_;
    Pattern pattern_;
    std::vector<std::uint32_t> slots_;
    std::uint32_t turn_ = 0;
};

/// For each event.
struct Cost {
    double calls = 0;
    double asked = 0;       ///< Sockets, on average.
    double most_asked = 0;  ///< The same over the worst 100 waits.
};

class Loop {
public:
    Loop(const Cell& cell, Pattern pattern) : activity_(cell, pattern), backend_(cell.sockets) {
        for (std::uint32_t i = 0; i < cell.sockets; ++i) {
            backend_.add(Slot{i}, in_bit);
        }
    }

    Cost run() {
        constexpr int warm_up = wakepoll::test::sanitized ? 100 : 300;
        constexpr int hundreds = wakepoll::test::sanitized ? 2 : 20;
        for (int waits = 0; waits < warm_up; ++waits) {
            wait();
        }
        const std::uint64_t calls = all_calls();
        const std::uint64_t asked = backend_.calls.asked;
        const std::uint64_t events = events_;
        Cost cost;
        for (int i = 0; i < hundreds; ++i) {
            const std::uint64_t asked_before = backend_.calls.asked;
            const std::uint64_t events_before = events_;
            for (int waits = 0; waits < 100; ++waits) {
                wait();
            }
            cost.most_asked = std::max(cost.most_asked, ratio(backend_.calls.asked - asked_before,
                                                              events_ - events_before));
        }
        cost.calls = ratio(all_calls() - calls, events_ - events);
        cost.asked = ratio(backend_.calls.asked - asked, events_ - events);
        return cost;
    }

private:
    static double ratio(std::uint64_t of, std::uint64_t by) {
        return static_cast<double>(of) / static_cast<double>(by);
    }
    [[nodiscard]] std::uint64_t all_calls() const {
        return backend_.calls.polls + backend_.calls.cancels + dequeues_;
    }

    /// One wait of Wait::at_port, blocked until sockets are ready, with room for all.
    void wait() {
        backend_.begin_wait(1000);
        promise(backend_.look(), "nothing fails");
        promise(backend_.schedule.ready() == 0, "none is ready before the block");
        become_ready();
        dequeue();
        promise(backend_.look(), "nothing fails");
        while (backend_.is_waiting()) {
            dequeue();
            promise(backend_.look(), "nothing fails");
        }
        report();
    }

    void become_ready() {
        const std::vector<Slot> active = activity_.next();
        for (std::size_t i = 0; i < active.size();) {
            // By chance two at once, so that a packet of the group names one more.
            const std::size_t count =
                std::min<std::size_t>(1 + activity_.random() % 2, active.size() - i);
            backend_.device.set_ready_together(std::span(active).subspan(i, count), in_bit);
            i += count;
        }
    }

    void dequeue() {
        ++dequeues_;
        for (std::size_t i = 0; i < 64 && backend_.device.has_packet(); ++i) {
            backend_.deliver(0);
        }
    }

    void report() {
        while (backend_.schedule.ready() > 0) {
            const Slot slot = backend_.report_at_cursor();
            if (slot != no_slot) {
                backend_.device.set_ready(slot, 0);
                ++events_;
            }
        }
    }

    Activity activity_;
    Backend backend_;
    std::uint64_t dequeues_ = 0;
    std::uint64_t events_ = 0;
};

std::vector<Cell> cells() {
    std::vector<Cell> all;
    for (const std::uint32_t sockets : {64U, 512U, 1000U}) {
        for (const std::uint32_t active : {1U, 4U, 12U, 64U}) {
            all.push_back({sockets, active});
        }
    }
    return all;
}

BOOST_DATA_TEST_CASE(no_pattern_costs_more_than_one_request_each, data::make(cells()), cell) {
    const double alone = 1 + 1 / static_cast<double>(cell.active);
    // One more socket in a request costs about an eighth of a call.
    const auto weigh = [](double calls, double asked) { return calls + asked / 8; };
    std::ostringstream row;
    row << std::fixed << std::setprecision(2) << cell << ": one request each " << alone;
    for (const Pattern pattern : {Pattern::random, Pattern::rotation, Pattern::hot}) {
        const Cost cost = Loop(cell, pattern).run();
        row << " | " << cost.calls << " calls, " << cost.asked << " asked, at most "
            << cost.most_asked;
        BOOST_TEST(cost.calls <= 1.02 * alone);
        BOOST_TEST(weigh(cost.calls, cost.asked) <= 1.1 * weigh(alone, 1));
        BOOST_TEST(cost.most_asked <= 4.0);
    }
    BOOST_TEST_MESSAGE(row.str());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace wakepoll::core::test::schedule
