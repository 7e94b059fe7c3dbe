// The owner's waits: what an event may report and what is done about it, and the final census.
#include <span>
#include <utility>

#include "churn.hpp"

namespace wakepoll::test {

// The wait
// ---------------------------------------------------------------------------------------

WaitResult Churn::wait_once(Timeout timeout, std::size_t most) {
    std::uint64_t stirs = 0;
    {
        const std::scoped_lock lock(mutex_);
        ++waits_;
        waiting_ = true;
        stirs = stirs_;
    }
    const WaitResult result = poller_.wait(std::span(events_).first(most), timeout);
    {
        const std::scoped_lock lock(mutex_);
        waiting_ = false;
        // Long enough for a pending answer: all were polled, and none was ready.
        const bool quiet = result.count == 0 && !result.woken && timeout.duration() >= 1ms &&
                           stirs == stirs_ && poller_.backend() == Backend::afd;
        still_since_ = stirs_;
        for (Place& place : places_) {
            if (quiet && !place.claimed && place.state == State::registered && place.armed) {
                place.asked_in = waits_;
            }
        }
    }
    BOOST_REQUIRE_MESSAGE(!result.error, result.error);
    waited_events_ += result.count;
    return result;
}

void Churn::turn(Timeout timeout) {
    for (std::uint32_t changes = below(random_, 4); changes > 0; --changes) {
        change();
    }
    const WaitResult result = wait_once(timeout, 1 + below(random_, room));
    for (std::size_t i = 0; i < result.count; ++i) {
        check(events_[i]);
    }
}

void Churn::check(const NativeEvent& event) {
    Place& place = places_[event.data.u64 % places];
    bool claimed = false;
    {
        const std::scoped_lock lock(mutex_);
        BOOST_REQUIRE_MESSAGE(event.data.u64 == place.user_data, "of a registration that is over");
        BOOST_REQUIRE_MESSAGE(std::exchange(place.told_in, waits_) != waits_, "twice in one wait");
        if (place.state == State::orphaned) {
            const bool is_recycled = opened_ != place.opened_before || opening_ > 0;
            // With AFD, one report that the kernel made before may still come. The suite `afd`
            // shows that a request in flight tells a recycled number apart: here it may have been
            // answered, or cancelled for a change, when the socket was closed.
            const bool afd = poller_.backend() == Backend::afd;
            const bool said_before = afd && !std::exchange(place.reported_closed, true);
            BOOST_REQUIRE_MESSAGE(place.closed_in == waits_ || place.claimed || said_before ||
                                      (is_recycled && (afd || !place.can_be_told_apart)),
                                  "of a socket that was closed");
            return;
        }
        const bool one_shot = any(place.interest & IoInterest::one_shot);
        BOOST_REQUIRE_MESSAGE(place.armed, "of a one-shot registration that has reported");
        place.armed = !one_shot;
        const std::uint32_t asked = bits(place.interest & ~IoInterest::one_shot);
        BOOST_REQUIRE((event.events & ~(asked | mask::err | mask::hup)) == 0U);
        BOOST_REQUIRE(event.events != 0U);
        claimed = std::exchange(place.claimed, true);
    }
    if (!claimed) {
        answer(place, event.events);
        release(place);
    }
}

void Churn::answer(Place& place, std::uint32_t events) {
    const Transfer first = stage_.world.receive(place.pair.local, 64);
    BOOST_REQUIRE_MESSAGE((events & mask::in) == 0 || !would_block(first), "there is nothing");
    const bool over = !would_block(first) && (first.error || first.bytes == 0);
    if (over || (events & (mask::rdhup | mask::hup)) != 0) {
        unregister(place);
        close(place);
    } else if ((events & mask::out) != 0) {
        modify(place, place.interest & ~IoInterest::write);
    }
}

// The end
// ----------------------------------------------------------------------------------------

void Churn::take_census() {
    std::size_t registered = 0;
    for (Place& place : places_) {
        BOOST_REQUIRE(!place.claimed);
        if (place.state == State::orphaned) {
            forget_orphan(place);
        }
        registered += place.state == State::registered ? 1U : 0U;
    }
    BOOST_REQUIRE(poller_.registration_count() == registered);
    std::size_t untold = 0;
    for (Place& place : places_) {
        if (place.state != State::registered) {
            continue;
        }
        if (place.peer_open && drain(place) && stage_.world.send(place.pair.peer, 1).bytes == 1U) {
            modify(place, IoInterest::read);
            ++untold;
        } else {
            unregister(place);
            close(place);
        }
    }
    while (untold > 0) {
        const WaitResult result = wait_once(patience, events_.size());
        BOOST_REQUIRE_MESSAGE(result.count > 0 || result.woken, untold << " are never reported");
        for (std::size_t i = 0; i < result.count; ++i) {
            Place& place = places_[events_[i].data.u64 % places];
            BOOST_REQUIRE(place.user_data == events_[i].data.u64);
            BOOST_REQUIRE(events_[i].events == mask::in);
            BOOST_REQUIRE(drain(place));
            modify(place, IoInterest::read);
            --untold;
        }
    }
    BOOST_REQUIRE(wait_once(0ms, events_.size()).count == 0U);
}

void Churn::end() {
    take_census();
    for (Place& place : places_) {
        if (place.state == State::registered) {
            unregister(place);
        }
    }
    BOOST_TEST(poller_.registration_count() == 0U);
    for (Place& place : places_) {
        if (place.state == State::open) {
            close(place);
        }
    }
    for (int waits = 0; waits < 5; ++waits) {
        BOOST_TEST(wait_once(2ms, events_.size()).count == 0U);
    }
#if !defined(_WIN32)
    if (sim::Kernel::current().traits().stray_packets == sim::Seeded::yes) {
        return;
    }
#endif
    BOOST_TEST(poller_.stats().late_packets == 0U);
}

}  // namespace wakepoll::test
