// The proof of the wake protocol: no order of steps loses a wake, a shutdown, a packet or a signal.
//
// Small worlds are explored exhaustively; each is bounded differently, so that together they reach
// every transition in every combination. A proof that cannot fail proves nothing: the obvious
// protocols, each wrong in one place, are explored too and must be refuted.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

#include "core/wake_state.hpp"
#include "wake_explorer.hpp"

namespace wakepoll::core::test {

namespace {

/// The same protocol in plain variables. The wrong ones below differ from it in one method.
class PlainWake {
public:
    using Delivery = WakeState::Delivery;

    Delivery begin_wake() {
        if (shut_down_) {
            return {Delivery::Kind::refused};
        }
        if (wake_ == pending) {
            return {Delivery::Kind::done};
        }
        wake_ = parked_ == Park::nowhere ? pending : posting;
        return delivery(true);
    }

    Delivery begin_shutdown() {
        shut_down_ = true;
        return delivery(false);
    }

    Delivery begin_port_signal() {
        armed_ = false;
        return parked_ == Park::sockets ? delivery(false) : Delivery{Delivery::Kind::done};
    }

    Delivery begin_signal() {
        signalled_ = true;
        return delivery(false);
    }

    bool consume_signal() { return std::exchange(signalled_, false); }

    void finish(const Delivery& delivery, bool delivered) {
        if (delivered && delivery.carries_wake && wake_ == posting &&
            delivery.generation == generation_) {
            wake_ = pending;
        }
    }

    bool consume() {
        if (wake_ == none) {
            return false;
        }
        wake_ = none;
        ++generation_;
        return true;
    }

    bool park(Park where) {
        if (wake_ != none || shut_down_ || signalled_) {
            return false;
        }
        parked_ = where;
        return true;
    }

    void unpark() { parked_ = Park::nowhere; }
    [[nodiscard]] bool is_shut_down() const { return shut_down_; }
    [[nodiscard]] bool is_watch_armed() const { return armed_; }
    void set_watch_armed(bool armed) { armed_ = armed; }

    friend std::uint64_t fingerprint(const PlainWake& wake) {
        return std::uint64_t{wake.generation_} << 16U | std::uint64_t{wake.signalled_} << 10U |
               std::uint64_t{wake.armed_} << 9U | std::uint64_t{wake.shut_down_} << 8U |
               static_cast<std::uint64_t>(wake.parked_) << 4U | wake.wake_;
    }

protected:
    enum State : std::uint8_t { none, posting, pending };

    [[nodiscard]] Delivery delivery(bool carries_wake) const {
        if (parked_ == Park::nowhere) {
            return {Delivery::Kind::done};
        }
        return {Delivery::Kind::needed, parked_, generation_, carries_wake};
    }

    State wake_ = none;
    Park parked_ = Park::nowhere;
    bool armed_ = false;
    bool shut_down_ = false;
    bool signalled_ = false;
    std::uint16_t generation_ = 0;
};

/// Relies on another's delivery before that has succeeded.
struct CoalescesEarly : PlainWake {
    Delivery begin_wake() {
        return wake_ == posting ? Delivery{Delivery::Kind::done} : PlainWake::begin_wake();
    }
};

/// Takes a slow waker's success for that of a later one.
struct WithoutGenerations : PlainWake {
    void finish(const Delivery& delivery, bool delivered) {
        if (delivered && delivery.carries_wake && wake_ == posting) {
            wake_ = pending;
        }
    }
};

/// Takes a ring for a packet for the delivery of a wake.
struct AnyRingIsAWake : PlainWake {
    void finish(const Delivery& delivery, bool delivered) {
        PlainWake::finish({delivery.kind, delivery.where, delivery.generation, true}, delivered);
    }
};

/// Blocks without looking at the wake again.
struct ParksOverAWake : PlainWake {
    bool park(Park where) {
        parked_ = where;
        return true;
    }
};

/// Leaves the port unwatched after a signal that came while the owner was awake.
struct ForgetsToDisarm : PlainWake {
    Delivery begin_port_signal() {
        const bool armed = armed_;
        const Delivery delivery = PlainWake::begin_port_signal();
        armed_ = armed;
        return delivery;
    }
};

/// Blocks over a signal.
struct ParksOverASignal : PlainWake {
    bool park(Park where) {
        const bool signal = consume_signal();
        const bool parked = PlainWake::park(where);
        signalled_ = signal;
        return parked;
    }
};

/// Relies on the ring alone if the owner is parked.
struct RingsWithoutASignal : PlainWake {
    Delivery begin_signal() {
        return parked_ == Park::nowhere ? PlainWake::begin_signal() : delivery(false);
    }
};

/// The owner consumes the signal after it has looked at the handles.
struct ConsumesAfterLooking : PlainWake {
    static constexpr bool looks_first = true;
};

/// Reporting a wake counts a signal as reported.
struct AWakeTakesTheSignal : PlainWake {
    bool consume() {
        const bool woken = PlainWake::consume();
        signalled_ = signalled_ && !woken;
        return woken;
    }
};

/// A change does not wake an owner that was woken out of an earlier block.
struct StaysRoused : PlainWake {
    static constexpr bool stays_roused = true;
};

/// A change tries once to wake.
struct GivesUp : PlainWake {
    static constexpr bool gives_up = true;
};

/// Wakes an owner that is awake, or was woken already.
struct CallsAlways : PlainWake {
    Delivery begin_wake() {
        const Delivery delivery = PlainWake::begin_wake();
        return parked_ == Park::nowhere ? delivery : PlainWake::delivery(true);
    }
};

struct Case {
    std::string_view name;
    Bounds bounds;

    friend std::ostream& operator<<(std::ostream& stream, const Case& c) {
        return stream << c.name;
    }
};

const Case worlds[] = {
    {"two wakers, one wake each", {.wakers = 2, .wakes_each = 1, .parks = 3}},
    {"two wakers, two wakes each", {.wakers = 2, .wakes_each = 2, .parks = 2}},
    {"three wakers", {.wakers = 3, .wakes_each = 1, .parks = 2}},
    {"packets alone", {.parks = 3, .packets = 2, .failed_rings = 1}},
    {"wakes and packets",
     {.wakers = 2, .wakes_each = 1, .parks = 2, .packets = 1, .failed_rings = 1}},
    {"a wake, a packet and a shutdown",
     {.wakers = 1, .wakes_each = 1, .parks = 2, .packets = 1, .shutdown = true}},
    {"signals alone", {.parks = 3, .signals = 3, .failed_rings = 1}},
    {"signals and wakes",
     {.wakers = 1, .wakes_each = 2, .parks = 2, .signals = 2, .failed_rings = 1}},
    {"signals and packets", {.parks = 2, .packets = 1, .signals = 2, .failed_rings = 1}},
    {"a signal, a wake and a shutdown",
     {.wakers = 1, .wakes_each = 1, .parks = 2, .signals = 1, .shutdown = true}},
    {"changes alone", {.parks = 3, .changes = 3, .failed_rings = 2}},
    {"changes and wakes",
     {.wakers = 2, .wakes_each = 1, .parks = 2, .changes = 2, .failed_rings = 1}},
    {"changes, a packet and a signal",
     {.parks = 2, .packets = 1, .signals = 1, .changes = 2, .failed_rings = 1}},
    {"a change, a wake and a shutdown",
     {.wakers = 1, .wakes_each = 1, .parks = 2, .changes = 1, .shutdown = true}},
};

/// The promise that some schedule of some world breaks; empty if none does.
template <class Wake>
std::string broken_promise() {
    for (const Case& world : worlds) {
        const Exploration found = Explorer<Wake>(world.bounds).explore();
        if (!found.broken.empty()) {
            BOOST_TEST_MESSAGE(found.broken << "\n" << found.history);
            return found.broken;
        }
    }
    return {};
}

const std::string lost_wake = "an accepted wake is lost: the owner is blocked";

namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(wake_protocol)

BOOST_DATA_TEST_CASE(no_order_of_steps_loses_anything, data::make(worlds), world) {
    const Exploration found = Explorer<WakeState>(world.bounds).explore();
    BOOST_TEST_MESSAGE(found.states << " states");
    BOOST_TEST(found.broken == "", found.broken << ":\n" << found.history);
    BOOST_TEST(found.states > 100U);
}

BOOST_AUTO_TEST_CASE(the_protocol_in_plain_variables_loses_nothing) {
    BOOST_TEST(broken_promise<PlainWake>() == "");
}

BOOST_AUTO_TEST_CASE(relying_on_a_delivery_that_may_fail_is_refuted) {
    BOOST_TEST(broken_promise<CoalescesEarly>() == lost_wake);
}

BOOST_AUTO_TEST_CASE(a_protocol_without_generations_is_refuted) {
    BOOST_TEST(broken_promise<WithoutGenerations>() == lost_wake);
}

BOOST_AUTO_TEST_CASE(taking_a_ring_for_a_packet_for_a_wake_is_refuted) {
    BOOST_TEST(broken_promise<AnyRingIsAWake>() == lost_wake);
}

BOOST_AUTO_TEST_CASE(parking_without_a_second_look_is_refuted) {
    BOOST_TEST(broken_promise<ParksOverAWake>() ==
               "the owner parked over a wake, or may not park though nothing has come");
}

BOOST_AUTO_TEST_CASE(a_watch_that_is_taken_for_armed_after_it_fired_is_refuted) {
    BOOST_TEST(broken_promise<ForgetsToDisarm>() == "a packet is slept over");
}

BOOST_AUTO_TEST_CASE(parking_over_a_signal_is_refuted) {
    BOOST_TEST(broken_promise<ParksOverASignal>() ==
               "the owner parked over a wake, or may not park though nothing has come");
}

BOOST_AUTO_TEST_CASE(a_ring_that_leaves_no_trace_is_refuted) {
    BOOST_TEST(broken_promise<RingsWithoutASignal>() == "the owner was told wrongly of a signal");
}

BOOST_AUTO_TEST_CASE(consuming_a_signal_after_looking_is_refuted) {
    BOOST_TEST(broken_promise<ConsumesAfterLooking>() == "a signalled handle is slept over");
}

BOOST_AUTO_TEST_CASE(a_signal_that_a_wake_takes_is_refuted) {
    BOOST_TEST(broken_promise<AWakeTakesTheSignal>() == "the owner was told wrongly of a signal");
}

BOOST_AUTO_TEST_CASE(a_rouse_that_counts_for_the_next_block_is_refuted) {
    BOOST_TEST(broken_promise<StaysRoused>() == "a change is slept over");
}

BOOST_AUTO_TEST_CASE(a_change_that_does_not_insist_on_rousing_is_refuted) {
    BOOST_TEST(broken_promise<GivesUp>() == "a change is slept over");
}

BOOST_AUTO_TEST_CASE(a_needless_kernel_call_is_refuted) {
    BOOST_TEST(broken_promise<CallsAlways>() == "a needless kernel call");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace wakepoll::core::test
