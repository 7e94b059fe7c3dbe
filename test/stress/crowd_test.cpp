// A crowd of registered sockets of which few are active.
//
// Each socket is a UDP socket connected to itself, so that one handle serves as both ends. Three
// kinds of activity: skewed (a few favourites get most), uniform, and bursts with silence between
// them. Every datagram carries its socket and a sequence number, so that lost, doubled or
// misdirected ones show; an event for a socket with nothing to read fails the test.
//
// On the simulated kernel there are 20,000 sockets, and the kernel calls per event must not depend
// on their number. On a real kernel there are as many as a process can have, up to 20,000, that can
// be opened within STRESS_SECONDS (stress_time.hpp), and each kind of activity ends after the same
// time. The number of sockets and the cost of an event are printed; times are printed only, never
// judged. WSAPoll, whose every call costs by the number of registered sockets, has a smaller crowd
// for comparison.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <memory>
#include <random>
#include <stdexcept>
#include <string_view>
#include <vector>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "stage.hpp"
#include "stress_time.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
namespace data = boost::unit_test::data;

namespace {

constexpr std::uint32_t largest = sanitized ? 6'000 : 20'000;
constexpr std::uint32_t smallest = 1'000;
/// A little more than there are sockets.
constexpr std::uint32_t slots = 20'480;
/// Room for the events of one wait.
constexpr std::size_t room = 256;

std::uint32_t largest_of(Backend backend) {
    return backend == Backend::wsapoll ? std::min(largest, 2'000U) : largest;
}

/// The cost of a period of activity.
struct Cost {
    std::uint64_t events = 0;
    std::uint64_t calls = 0;
    std::chrono::nanoseconds time = {};

    [[nodiscard]] double calls_an_event() const {
        return static_cast<double>(calls) / static_cast<double>(events);
    }
    [[nodiscard]] double microseconds_an_event() const {
        return static_cast<double>(time.count()) / 1000.0 / static_cast<double>(events);
    }
};

class Crowd {
public:
    /// Opens and registers up to `most` sockets: as many as this process can have.
    Crowd(Stage& stage, OsPoller& poller, std::uint32_t most) : stage_(stage), poller_(poller) {
        open(most);
        for (std::uint32_t i = 0; i < size(); ++i) {
            BOOST_REQUIRE(poller_.register_handle(members_[i].socket, IoInterest::read, i));
        }
    }

    [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(members_.size()); }
    [[nodiscard]] const Cost& cost() const { return cost_; }

    /// Sends one more datagram to a socket.
    void send(std::uint32_t i) {
        Member& member = members_[i];
        if (member.sent - member.received == most_unread) {
            return;
        }
        const Datagram datagram = {i, member.sent};
        BOOST_REQUIRE(
            stage_.world.put(member.socket, std::as_bytes(std::span(&datagram, 1))).bytes ==
            sizeof(datagram));
        ++member.sent;
        ++unread_;
    }

    /// One wait; receives one datagram of each reported socket.
    std::size_t receive(Timeout timeout) {
        ++round_;
        const auto begin = RealClock::now();
        const std::uint64_t before = calls();
        const WaitResult result = poller_.wait(events_, timeout);
        cost_.calls += calls() - before;
        cost_.events += result.count;
        BOOST_REQUIRE(!result.error);
        for (std::size_t i = 0; i < result.count; ++i) {
            take(events_[i]);
        }
        cost_.time += RealClock::now() - begin;
        return result.count;
    }

    /// Waits until everything that was sent is received.
    void receive_all() {
        while (unread_ > 0) {
            BOOST_REQUIRE_MESSAGE(receive(patience) > 0, unread_ << " datagrams are lost");
        }
    }

    /// Checks that nothing is ready, and nothing will be.
    void be_silent() {
        for (const Timeout timeout : {Timeout{}, Timeout{}, Timeout{2ms}}) {
            BOOST_REQUIRE(receive(timeout) == 0U);
        }
    }

    /// Lets the poller learn which sockets are quiet, while one is active.
    void settle() {
        for (int waits = 0; waits < 100; ++waits) {
            send(0);
            BOOST_REQUIRE(receive(patience) == 1U);
        }
        cost_ = {};
    }

    [[nodiscard]] Cost take_cost() { return std::exchange(cost_, {}); }

private:
    static constexpr std::uint32_t most_unread = 32;

    struct Member {
        Handle socket;
        std::uint32_t sent = 0;
        std::uint32_t received = 0;
        std::uint64_t told_in = 0;  ///< The round of the last event.
    };

    struct Datagram {
        std::uint32_t whose;
        std::uint32_t number;

        friend bool operator==(const Datagram&, const Datagram&) = default;
    };

    void open(std::uint32_t most) {
        members_.reserve(most);
#if defined(_WIN32)
        // The system reports when it has no more; some are closed again, because the poller needs
        // handles.
        constexpr std::size_t spare = 256;
        const StressTime time;
        try {
            while (members_.size() < most && (members_.size() <= spare || !time.is_over())) {
                members_.push_back({stage_.world.udp_loop()});
            }
        } catch (const std::runtime_error& error) {
            BOOST_TEST_MESSAGE("after " << members_.size() << " sockets: " << error.what());
            for (std::size_t i = 0; i < spare && members_.size() > 1; ++i) {
                stage_.world.close(members_.back().socket);
                members_.pop_back();
            }
        }
        BOOST_REQUIRE(members_.size() > spare);
#else
        while (members_.size() < most) {
            members_.push_back({stage_.world.udp_loop()});
        }
#endif
    }

    void take(const NativeEvent& event) {
        BOOST_REQUIRE(event.data.u64 < members_.size());
        Member& member = members_[event.data.u64];
        BOOST_REQUIRE_MESSAGE(event.events == mask::in, "an event that was not requested");
        BOOST_REQUIRE_MESSAGE(std::exchange(member.told_in, round_) != round_, "reported twice");
        BOOST_REQUIRE_MESSAGE(member.received < member.sent, "reported without data");
        Datagram datagram = {};
        BOOST_REQUIRE(
            stage_.world.take(member.socket, std::as_writable_bytes(std::span(&datagram, 1)))
                .bytes == sizeof(datagram));
        const Datagram expected = {static_cast<std::uint32_t>(event.data.u64), member.received};
        BOOST_REQUIRE(datagram == expected);
        ++member.received;
        --unread_;
    }

    /// Kernel calls so far; on a real kernel, only those of waits.
    [[nodiscard]] std::uint64_t calls() {
#if defined(_WIN32)
        const PollerStats stats = poller_.stats();
        return stats.afd_requests + stats.afd_cancels + stats.port_dequeues + stats.socket_polls;
#else
        return stage_.kernel.calls();
#endif
    }

    Stage& stage_;
    OsPoller& poller_;
    std::vector<Member> members_;
    std::array<NativeEvent, room> events_ = {};
    std::uint64_t round_ = 0;
    std::uint64_t unread_ = 0;
    Cost cost_;
};

/// Activity among `active` sockets, which are spread over the whole crowd.
class Activity {
public:
    Activity(Crowd& crowd, std::uint32_t active) : crowd_(crowd), active_(active) {}

    /// Seven of eight datagrams go to one of sixteen sockets.
    void skewed() {
        const StressTime time;
        for (int round = 0; round < 150 && !is_over(time); ++round) {
            for (int i = 0; i < 32; ++i) {
                send(below(8) > 0 ? below(16) * (active_ / 16) : below(active_));
            }
            crowd_.receive_all();
        }
    }

    void uniform() {
        const StressTime time;
        for (int round = 0; round < 150 && !is_over(time); ++round) {
            for (int i = 0; i < 32; ++i) {
                send(below(active_));
            }
            crowd_.receive_all();
        }
    }

    /// Hundreds at once, other sockets each time, with silence between them.
    void bursts() {
        const std::uint32_t hundreds = std::min(320U, active_ / 3);
        const StressTime time;
        for (std::uint32_t round = 0; round < 15 && !is_over(time); ++round) {
            for (std::uint32_t i = 0; i < hundreds; ++i) {
                send((round * hundreds + i) % active_);
            }
            crowd_.receive_all();
            crowd_.be_silent();
        }
    }

private:
    /// Counted runs have no time limit.
    [[nodiscard]] static bool is_over([[maybe_unused]] const StressTime& time) {
#if defined(_WIN32)
        return time.is_over();
#else
        return false;
#endif
    }

    void send(std::uint32_t i) { crowd_.send(i * (crowd_.size() / active_)); }

    [[nodiscard]] std::uint32_t below(std::uint32_t limit) {
        return static_cast<std::uint32_t>(random_() % limit);
    }

    Crowd& crowd_;
    std::uint32_t active_;
    std::mt19937 random_{1};
};

struct Costs {
    Cost skewed;
    Cost uniform;
    Cost bursts;
};

void print(std::string_view name, Backend backend, std::uint32_t sockets, const Cost& cost) {
    BOOST_TEST_MESSAGE(name_of(backend)
                       << ", " << sockets << " sockets, " << name << ": " << cost.events
                       << " events, " << cost.calls_an_event() << " kernel calls and "
                       << cost.microseconds_an_event() << " us an event");
}

/// Prints how long something took, and restarts the clock.
void print(std::string_view what, Backend backend, std::uint32_t sockets, StressTime& time) {
    BOOST_TEST_MESSAGE(name_of(backend) << ", " << sockets << " sockets " << what << " in "
                                        << time.passed().count() / 1'000'000 << " ms");
    time = {};
}

/// Plays all activity over a crowd of up to `most`, among up to `most_active` of them.
Costs play(Stage& stage, std::uint32_t most, std::uint32_t most_active) {
    OsPoller poller = make_poller({.max_registrations = slots});
    StressTime time;
    Crowd crowd(stage, poller, most);
    print("opened and registered", poller.backend(), crowd.size(), time);
    crowd.settle();
    print("settled", poller.backend(), crowd.size(), time);
    Activity activity(crowd, std::min(crowd.size(), most_active));
    Costs costs;
    activity.skewed();
    costs.skewed = crowd.take_cost();
    activity.uniform();
    costs.uniform = crowd.take_cost();
    activity.bursts();
    costs.bursts = crowd.take_cost();
    print("skewed", poller.backend(), crowd.size(), costs.skewed);
    print("uniform", poller.backend(), crowd.size(), costs.uniform);
    print("bursts", poller.backend(), crowd.size(), costs.bursts);
    BOOST_TEST(poller.registration_count() == crowd.size());
    const Backend backend = poller.backend();
    time = {};
    poller.dispose();
    print("disposed of", backend, crowd.size(), time);
    return costs;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(crowd)

BOOST_AUTO_TEST_CASE(nothing_is_lost_or_doubled_in_a_crowd) {
    on_every_kernel(1, [](Stage& stage) {
        const std::uint32_t most = largest_of(BackendUnderTest::current());
        (void)play(stage, most, most);
    });
}

#if !defined(_WIN32)

BOOST_DATA_TEST_CASE(the_same_activity_costs_the_same_in_a_crowd_of_any_size,
                     data::make({Backend::automatic, Backend::afd}), backend) {
    const BackendUnderTest under_test(backend);
    std::vector<Costs> costs;
    for (const std::uint32_t sockets : {smallest, largest / 4, largest}) {
        Stage stage(sim::Options{.early_waits = false, .late_completions = false});
        costs.push_back(play(stage, sockets, smallest));
    }
    for (const Cost Costs::*kind : {&Costs::skewed, &Costs::uniform, &Costs::bursts}) {
        // A small crowd may be so active that none of it is ever parked, which costs next to
        // nothing.
        constexpr double little = 0.4;
        const double few = (costs.front().*kind).calls_an_event();
        for (const Costs& many : costs) {
            BOOST_TEST((many.*kind).calls_an_event() <= std::max(1.2 * few, little));
        }
    }
}

#endif

BOOST_AUTO_TEST_SUITE_END()
