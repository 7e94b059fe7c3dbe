// The model's AFD device when it is unkind: deaf requests, slow cancels, and stray packets.
#include <array>
#include <cstdint>
#include <set>

#include "afd_fixture.hpp"

namespace wakepoll::sim {
namespace {

constexpr Options deaf = {.late_completions = false, .change = [](Traits& traits) {
                              traits.deaf_polls = Seeded::yes;
                              traits.stray_packets = Seeded::no;
                          }};

struct DeafFixture : AfdFixture {
    DeafFixture() : AfdFixture(deaf) {}
};

/// The same with lateness.
constexpr Options deaf_and_late = {.change = deaf.change};

constexpr Options stray = {.late_completions = false, .change = [](Traits& traits) {
                               traits.deaf_polls = Seeded::no;
                               traits.stray_packets = Seeded::yes;
                           }};

struct StrayFixture : AfdFixture {
    StrayFixture() : AfdFixture(stray) {}
};

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_afd_unkind)

// Deaf requests
// ------------------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(of_two_requests_over_one_socket_only_the_older_ends, DeafFixture) {
    const auto pair = world.tcp_pair();
    Request& older = park({{pair.local, afd::receive}});
    park({{pair.local, afd::receive}});
    world.send(pair.peer, 1);
    answered(older);
    BOOST_TEST(older.told_of(pair.local) == afd::receive);
    BOOST_TEST(packet() == none);
    BOOST_TEST(kernel.afd_requests() == 1U);
}

BOOST_FIXTURE_TEST_CASE(the_older_ends_with_what_only_the_newer_asked_for, DeafFixture) {
    const auto pair = world.tcp_pair();
    Request& older = park({{pair.local, afd::disconnect}});
    park({{pair.local, afd::receive}});
    world.send(pair.peer, 1);
    answered(older);
    BOOST_TEST(older.told_of(pair.local) == afd::receive);
    BOOST_TEST(packet() == none);
}

BOOST_FIXTURE_TEST_CASE(what_neither_asked_for_ends_neither, DeafFixture) {
    const auto pair = world.tcp_pair();
    park({{pair.local, afd::receive}});
    park({{pair.local, afd::disconnect}});
    world.send_urgent(pair.peer);
    BOOST_TEST(packet() == none);
    BOOST_TEST(kernel.afd_requests() == 2U);
}

BOOST_FIXTURE_TEST_CASE(the_newer_stays_deaf_when_the_older_is_gone, DeafFixture) {
    const auto pair = world.tcp_pair();
    Request& older = park({{pair.local, afd::receive}});
    park({{pair.local, afd::receive}});
    BOOST_TEST(!device.cancel(older.status));
    cancelled(older);
    world.send(pair.peer, 1);
    world.shutdown_send(pair.peer);
    world.close(pair.local);
    BOOST_TEST(packet() == none);
    BOOST_TEST(kernel.afd_requests() == 1U);
}

BOOST_FIXTURE_TEST_CASE(the_older_alone_is_told_that_the_socket_was_closed, DeafFixture) {
    const auto pair = world.tcp_pair();
    Request& older = park({{pair.local, afd::receive}});
    park({{pair.local, afd::receive}});
    world.close(pair.local);
    answered(older);
    BOOST_TEST(older.told_of(pair.local) == afd::local_close);
    BOOST_TEST(packet() == none);
}

BOOST_FIXTURE_TEST_CASE(a_deaf_request_ends_by_another_socket_of_its_own, DeafFixture) {
    const auto shared = world.tcp_pair();
    const auto other = world.tcp_pair();
    Request& older = park({{shared.local, afd::receive}});
    Request& newer = park({{shared.local, afd::receive}, {other.local, afd::receive}});
    world.send(other.peer, 1);
    answered(newer);
    BOOST_TEST(newer.head().count == 1U);
    BOOST_TEST(newer.told_of(other.local) == afd::receive);
    world.send(shared.peer, 1);
    answered(older);
    // A new request, with no other in flight, is not deaf.
    world.receive(shared.local, 1);
    world.receive(other.local, 1);
    Request& again = park({{shared.local, afd::receive}});
    world.send(shared.peer, 1);
    answered(again);
}

BOOST_FIXTURE_TEST_CASE(a_deaf_request_is_cancelled_as_any_other_and_by_its_devices_end,
                        DeafFixture) {
    const auto pair = world.tcp_pair();
    park({{pair.local, afd::receive}});
    Request& newer = park({{pair.local, afd::receive}});
    BOOST_TEST(!device.cancel(newer.status));
    cancelled(newer);
    park({{pair.local, afd::receive}});
    device.close();
    BOOST_TEST(packet() == 995);
    BOOST_TEST(packet() == 995);
    BOOST_TEST(packet() == none);
}

BOOST_FIXTURE_TEST_CASE(what_is_ready_already_is_said_to_any_request, DeafFixture) {
    const auto pair = world.tcp_pair();
    Request& older = park({{pair.local, afd::receive}});
    Request& newer = make({{pair.local, afd::send}});
    BOOST_TEST(ask(newer));
    BOOST_TEST(newer.told_of(pair.local) == afd::send);
    BOOST_TEST(packet() == none);
    world.send(pair.peer, 1);
    answered(older);
}

BOOST_FIXTURE_TEST_CASE(a_request_that_covers_a_socket_twice_is_not_deaf, DeafFixture) {
    const auto pair = world.tcp_pair();
    Request& request = park({{pair.local, afd::disconnect}, {pair.local, afd::receive}});
    world.send(pair.peer, 1);
    answered(request);
    BOOST_TEST(request.told_of(pair.local) == afd::receive);
}

// Cancels that take their time
// ------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(until_a_cancel_takes_effect_the_request_covers_its_socket) {
    bool deafens = false;
    bool is_over = false;
    on_each_device(
        [&](AfdFixture& fixture) {
            const auto pair = fixture.world.tcp_pair();
            Request& older = fixture.park({{pair.local, afd::receive}});
            BOOST_TEST(!fixture.device.cancel(older.status));
            (fixture.kernel.afd_requests() == 0 ? is_over : deafens) = true;
            const bool in_flight = fixture.kernel.afd_requests() == 1;
            Request& newer = fixture.park({{pair.local, afd::receive}});
            fixture.kernel.advance(1ms);
            fixture.cancelled(older);
            fixture.world.send(pair.peer, 1);
            if (!in_flight) {
                fixture.answered(newer);
            }
        },
        deaf_and_late);
    BOOST_TEST(deafens);
    BOOST_TEST(is_over);
}

BOOST_AUTO_TEST_CASE(a_request_may_be_answered_while_its_cancel_takes_its_time) {
    std::set<int> outcomes;
    on_each_device(
        [&](AfdFixture& fixture) {
            const auto pair = fixture.world.tcp_pair();
            Request& request = fixture.park({{pair.local, afd::receive}});
            BOOST_TEST(!fixture.device.cancel(request.status));
            fixture.world.send(pair.peer, 1);
            const int code = fixture.packet();
            BOOST_TEST(fixture.last.overlapped == &request.status);
            BOOST_TEST((code == 0 || code == 995));
            BOOST_TEST(fixture.packet() == PortFixture::none);
            outcomes.insert(code);
        },
        deaf_and_late);
    BOOST_TEST(outcomes.size() == 2U);
}

// Stray packets
// ------------------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_packet_follows_an_answer_at_once_although_it_is_skipped, StrayFixture) {
    const auto pair = world.tcp_pair();
    Request& request = make({{pair.local, afd::send}});
    BOOST_TEST(ask(request));
    BOOST_TEST(request.told_of(pair.local) == afd::send);
    BOOST_TEST(packet() == 0);
    BOOST_TEST(last.overlapped == &request.status);
    BOOST_TEST(packet() == none);
}

BOOST_FIXTURE_TEST_CASE(a_stray_packet_does_not_touch_the_memory_that_is_in_use_again,
                        StrayFixture) {
    const auto pair = world.tcp_pair();
    Request& request = make({{pair.local, afd::send}});
    BOOST_TEST(ask(request));
    request.head().items()[0] = {.socket = pair.local.value(), .events = afd::receive};
    BOOST_TEST(!ask(request));
    BOOST_TEST(packet() == 0);
    BOOST_TEST(last.overlapped == &request.status);
    BOOST_TEST(request.status.status == status::pending);
    BOOST_TEST(request.head().items()[0].events == afd::receive);
    world.send(pair.peer, 1);
    answered(request);
}

// By seed
// ------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(half_of_the_seeds_have_what_is_left_to_them_each_by_itself) {
    Traits traits = traits_of(Personality::windows_11);
    traits.deaf_polls = traits.stray_packets = Seeded::by_seed;
    std::array<int, 4> seen = {};
    for (std::uint64_t seed = 0; seed != 400; ++seed) {
        const Traits decided = with_seed(traits, seed);
        BOOST_TEST((decided.deaf_polls != Seeded::by_seed));
        BOOST_TEST((decided.stray_packets != Seeded::by_seed));
        ++seen[(decided.deaf_polls == Seeded::yes ? 2U : 0U) +
               (decided.stray_packets == Seeded::yes ? 1U : 0U)];
    }
    for (const int kernels : seen) {
        BOOST_TEST(kernels > 50);
    }
    traits.deaf_polls = Seeded::no;
    traits.stray_packets = Seeded::yes;
    for (std::uint64_t seed = 0; seed != 20; ++seed) {
        BOOST_TEST((with_seed(traits, seed).deaf_polls == Seeded::no));
        BOOST_TEST((with_seed(traits, seed).stray_packets == Seeded::yes));
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace wakepoll::sim
