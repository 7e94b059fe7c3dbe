// The places: claims, the sockets in them, their registrations, and what happens to them. The
// owner's waits are in churn_waits.cpp.
#include "churn.hpp"

#include <algorithm>
#include <utility>

namespace wakepoll::test {

Churn::Churn(Stage& stage, OsPoller& poller, std::uint32_t seed)
    : stage_(stage), poller_(poller), waker_(poller.waker()), random_(seed), others_(~seed) {}

// Claims
// -----------------------------------------------------------------------------------------

Churn::Place* Churn::claim_any(Random& random) {
    const std::scoped_lock lock(mutex_);
    Place& place = places_[below(random, places)];
    return std::exchange(place.claimed, true) ? nullptr : &place;
}

void Churn::release(Place& place) {
    const std::scoped_lock lock(mutex_);
    place.claimed = false;
}

// Sockets
// ----------------------------------------------------------------------------------------

void Churn::open(Place& place, Random& random) {
    {
        const std::scoped_lock lock(mutex_);
        ++opening_;
    }
    place.stream = below(random, 4) == 0;
    place.pair = place.stream ? stage_.world.tcp_pair() : stage_.world.udp_pair();
    place.peer_open = true;
    const std::scoped_lock lock(mutex_);
    --opening_;
    ++opened_;
    place.state = State::open;
}

void Churn::stir() {
    const std::scoped_lock lock(mutex_);
    ++stirs_;
}

void Churn::close_peer(Place& place, bool abruptly) {
    if (std::exchange(place.peer_open, false)) {
        stir();
        abruptly&& place.stream ? stage_.world.reset(place.pair.peer)
                                : stage_.world.close(place.pair.peer);
    }
}

void Churn::close(Place& place) {
    stir();
    stage_.world.close(place.pair.local);
    close_peer(place, false);
    const std::scoped_lock lock(mutex_);
    place.state = State::empty;
}

void Churn::close_first(Place& place) {
    bool in_flight = false;
    std::uint64_t stirs = 0;
    {
        const std::scoped_lock lock(mutex_);
        place.state = State::orphaned;
        place.opened_before = opened_;
        place.can_be_told_apart = false;
        place.closed_in = waits_;
        place.reported_closed = false;
        in_flight = place.asked_in == waits_ && !waiting_ && stirs_ == still_since_;
        stirs = ++stirs_;
        ++orphans_;
    }
    stage_.world.close(place.pair.local);
    const std::scoped_lock lock(mutex_);
    place.can_be_told_apart =
        in_flight && place.closed_in == waits_ && !waiting_ && stirs_ == stirs;
    place.closed_in = waits_;
    told_apart_ += place.can_be_told_apart ? 1U : 0U;
}

bool Churn::drain(Place& place) {
    for (;;) {
        const Transfer transfer = stage_.world.receive(place.pair.local, 64);
        if (would_block(transfer)) {
            return true;
        }
        if (transfer.error || transfer.bytes == 0) {
            return false;
        }
    }
}

// Registrations
// ----------------------------------------------------------------------------------

IoInterest Churn::any_interest() {
    IoInterest interest = below(random_, 16) > 0 ? IoInterest::read : IoInterest::none;
    if (below(random_, 8) == 0) {
        interest |= IoInterest::write;
    }
    if (below(random_, 4) == 0) {
        interest |= IoInterest::read_hangup;
    }
    if (below(random_, 4) == 0) {
        interest |= IoInterest::one_shot;
    }
    return interest;
}

std::uint64_t Churn::fresh_user_data(const Place& place) {
    return ++serial_ * places + static_cast<std::uint64_t>(&place - places_.data());
}

Churn::Place* Churn::orphan_of(Handle handle) {
    const std::scoped_lock lock(mutex_);
    const auto found = std::ranges::find_if(places_, [&](const Place& place) {
        return place.state == State::orphaned && place.user_data != 0 && place.pair.local == handle;
    });
    return found != places_.end() ? &*found : nullptr;
}

void Churn::register_place(Place& place) {
    const IoInterest interest = any_interest();
    const std::uint64_t user_data = fresh_user_data(place);
    Result<void> done = poller_.register_handle(place.pair.local, interest, user_data);
    Place* const orphan = orphan_of(place.pair.local);
    if (done == std::errc::file_exists) {
        BOOST_REQUIRE_MESSAGE(orphan != nullptr, "registered although no thread has registered it");
        ++in_the_way_;
        BOOST_REQUIRE(poller_.unregister_handle(place.pair.local));
        done = poller_.register_handle(place.pair.local, interest, user_data);
    }
    BOOST_REQUIRE_MESSAGE(done, done.error());
    const std::scoped_lock lock(mutex_);
    if (orphan != nullptr) {
        orphan->user_data = 0;
    }
    place.state = State::registered;
    place.user_data = user_data;
    place.interest = interest;
    place.armed = true;
    place.asked_in = 0;
}

void Churn::modify(Place& place, IoInterest interest) {
    const std::uint64_t user_data = fresh_user_data(place);
    const Result<void> done = poller_.modify_handle(place.pair.local, interest, user_data);
    BOOST_REQUIRE_MESSAGE(done, "a live registration is gone: " << done.error());
    const std::scoped_lock lock(mutex_);
    ++stirs_;  // It may have left a request that others shared.
    place.user_data = user_data;
    place.interest = interest;
    place.armed = true;
    place.asked_in = 0;
}

void Churn::unregister(Place& place) {
    const Result<void> done = poller_.unregister_handle(place.pair.local);
    BOOST_REQUIRE_MESSAGE(done, "a live registration is gone: " << done.error());
    const std::scoped_lock lock(mutex_);
    ++stirs_;
    place.user_data = 0;
    place.state = State::open;
}

void Churn::forget_orphan(Place& place) {
    if (place.user_data != 0) {
        stir();
        // It may have been found closed; then another socket may have the number without being
        // registered.
        const Result<void> done = poller_.unregister_handle(place.pair.local);
        BOOST_REQUIRE((done || done == std::errc::bad_file_descriptor ||
                       done == std::errc::no_such_file_or_directory));
    }
    close_peer(place, false);
    const std::scoped_lock lock(mutex_);
    place.user_data = 0;
    place.state = State::empty;
}

// What happens
// -----------------------------------------------------------------------------------

void Churn::give_number_away() {
    Place* const place = claim_any(random_);
    if (place == nullptr) {
        return;
    }
    if (place->state == State::empty) {
        open(*place, random_);
        stir();
        static_cast<void>(stage_.world.send(place->pair.peer, 1));
    }
    release(*place);
}

void Churn::change() {
    Place* const place = claim_any(random_);
    if (place == nullptr) {
        return;
    }
    const std::uint32_t dice = below(random_, 32);
    switch (place->state) {
        case State::empty:
            open(*place, random_);
            register_place(*place);
            break;
        case State::open:
            dice < 24 ? register_place(*place) : close(*place);
            break;
        case State::registered:
            if (dice < 8) {
                modify(*place, any_interest());
            } else if (dice == 8 && orphans_allowed_) {
                close_first(*place);
                give_number_away();
            } else if (dice < 20) {
                unregister(*place);
                if (dice < 12) {
                    close(*place);
                } else if (dice < 16) {
                    register_place(*place);
                }
            }
            break;
        case State::orphaned:
            if (dice < 4) {
                forget_orphan(*place);
            }
            break;
    }
    release(*place);
}

void Churn::disturb() {
    if (below(others_, 32) == 0) {
        stage_.expect(waker_.wake());
    }
    Place* const place = claim_any(others_);
    if (place == nullptr) {
        return;
    }
    const std::uint32_t dice = below(others_, 32);
    switch (place->state) {
        case State::empty:
            if (dice < 16) {
                open(*place, others_);
            }
            break;
        case State::open:
            if (dice < 16) {
                close(*place);
            }
            break;
        case State::registered:
            if (dice == 0 && orphans_allowed_) {
                close_first(*place);
            } else if (dice < 3) {
                close_peer(*place, dice == 1);
            } else if (dice < 20 && place->peer_open) {
                stir();
                static_cast<void>(stage_.world.send(place->pair.peer, 1));
            }
            break;
        case State::orphaned:
            if (dice < 8) {
                close_peer(*place, false);
            }
            break;
    }
    release(*place);
}

}  // namespace wakepoll::test
