// See scene.hpp.
#include "scene.hpp"

#include <array>
#include <stdexcept>
#include <utility>

namespace wakepoll::test {
namespace {

/// The marker's user data; no scenario uses it.
constexpr std::uint64_t marker_data = 0xFFFF'FFFF'0000'0001;
/// After the marker, a mask that is the same in this many waits in a row has settled.
constexpr int same_looks = 8;
constexpr int most_looks = 100000;

void must(bool held, const std::string& what) {
    if (!held) {
        throw std::runtime_error(what);
    }
}

void must(const std::error_code& error, const std::string& what) {
    must(!error, what + ": " + words_of(error));
}

constexpr std::array interests = {
    IoInterest::none,
    IoInterest::read,
    IoInterest::write,
    IoInterest::priority,
    IoInterest::read_hangup,
    IoInterest::read | IoInterest::write,
    IoInterest::read | IoInterest::read_hangup,
    IoInterest::write | IoInterest::read_hangup,
    IoInterest{mask::rdnorm},
    IoInterest{mask::wrnorm},
    IoInterest{mask::rdband},
    IoInterest{mask::wrband},
    IoInterest{mask::err | mask::hup},
    all_interest,
};

}  // namespace

Scene::Scene(MakeReadiness make) : make_(std::move(make)) { poller_.readiness = make_(); }

Scene::~Scene() = default;

Readiness& Scene::second_poller() {
    if (second_.readiness == nullptr) {
        second_.readiness = make_();
    }
    return *second_.readiness;
}

void Scene::note(std::string label, std::string seen) {
    for (const Observation& before : observed_) {
        must(before.label != label, "two observations are called '" + label + "'");
    }
    observed_.push_back({std::move(label), std::move(seen)});
}

void Scene::add(Handle handle, IoInterest interest, std::uint64_t data) {
    must(poller().add(handle, interest, data), "add");
}

void Scene::modify(Handle handle, IoInterest interest, std::uint64_t data) {
    must(poller().modify(handle, interest, data), "modify");
}

Scene::Settled Scene::settle(Seat& seat, std::uint64_t data, std::uint32_t until) {
    Readiness& on = *seat.readiness;
    Settled settled;
    const auto look = [&] {
        const Batch batch = on.wait(wait_limit);
        must(batch.error, "wait");
        settled.mask = batch.mask_of(data);
        settled.ever |= settled.mask;
        return batch.mask_of(marker_data) != mask::none;
    };
    if (until != mask::none) {
        const auto end = on.now() + wait_limit;
        do {
            look();
        } while ((settled.mask & until) != until && on.now() < end);
    }
    if (!seat.marker.local) {
        seat.marker = world.tcp_pair();
    }
    must(on.add(seat.marker.local, IoInterest::read, marker_data), "add of the marker");
    must(world.send(seat.marker.peer, 1).bytes == 1, "send to the marker");
    int same = 0;
    for (int looks = 0; looks < most_looks && same < same_looks; ++looks) {
        const std::uint32_t before = settled.mask;
        const bool marked = look();
        same = marked && settled.mask == before ? same + 1 : 0;
    }
    must(same == same_looks, "the mask does not settle");
    must(on.remove(seat.marker.local), "remove of the marker");
    must(world.receive(seat.marker.local, 1).bytes == 1, "receive at the marker");
    return settled;
}

void Scene::settled(std::string label, std::uint64_t data, std::uint32_t until) {
    note(std::move(label), words_of(settle(poller_, data, until).mask));
}

void Scene::settled_on_second(std::string label, std::uint64_t data, std::uint32_t until) {
    static_cast<void>(second_poller());
    note(std::move(label), words_of(settle(second_, data, until).mask));
}

void Scene::settle(std::uint64_t data, std::uint32_t until) {
    static_cast<void>(settle(poller_, data, until));
}

void Scene::nothing_more(std::string label, std::uint64_t data) {
    note(std::move(label), words_of(settle(poller_, data, mask::none).ever));
}

void Scene::next_report(std::string label, std::uint64_t data) {
    const auto end = poller().now() + wait_limit;
    std::uint32_t mask = mask::none;
    while (mask == mask::none && poller().now() < end) {
        const Batch batch = poller().wait(wait_limit);
        must(batch.error, "wait");
        mask = batch.mask_of(data);
    }
    note(std::move(label), words_of(mask));
}

void Scene::under_every_interest(Handle handle, std::uint64_t data) {
    for (const IoInterest interest : interests) {
        modify(handle, interest, data);
        settled(any(interest) ? words_of(bits(interest)) : "no interest", data);
    }
}

void Scene::add_under_every_interest(Handle handle, std::uint32_t until) {
    constexpr std::uint64_t data = 1;
    add(handle, all_interest, data);
    settle(data, until);
    under_every_interest(handle, data);
}

void Scene::fill(Handle socket, std::uint64_t data) {
    constexpr std::size_t much = 65536;
    constexpr int most_rounds = 1000;
    for (int round = 0; round < most_rounds; ++round) {
        while (world.send(socket, much).bytes != 0) {
        }
        // The peer's system may still take more.
        if ((settle(poller_, data, mask::none).mask & (mask::out | mask::wrnorm)) == 0) {
            return;
        }
    }
    must(false, "there is always room");
}

void Scene::drain(Handle socket) {
    constexpr std::size_t much = 65536;
    while (world.receive(socket, much).bytes != 0) {
    }
}

const std::vector<Scenario>& all_scenarios() {
    static const std::vector<Scenario> all = [] {
        std::vector<Scenario> joined;
        for (const std::span<const Scenario> group :
             {tcp_data_scenarios(), tcp_end_scenarios(), tcp_reset_scenarios(), connect_scenarios(),
              listener_scenarios(), urgent_scenarios(), udp_scenarios(), interest_scenarios(),
              one_shot_scenarios(), lifetime_scenarios(), two_poller_scenarios(),
              wait_scenarios()}) {
            joined.insert(joined.end(), group.begin(), group.end());
        }
        return joined;
    }();
    return all;
}

}  // namespace wakepoll::test
