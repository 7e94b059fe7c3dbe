// P9 for one-shot registrations that have reported: a closed one never keeps its slot, and a new
// socket with its number is a new socket.
#include <set>

#include "stage.hpp"
#include "subject.hpp"

using namespace wakepoll;
using namespace wakepoll::test;

namespace {

constexpr int seeds = 40;
constexpr IoInterest once = IoInterest::write | IoInterest::one_shot;

}  // namespace

BOOST_AUTO_TEST_SUITE(one_shot_lifetimes)

BOOST_AUTO_TEST_CASE(a_loop_of_sockets_that_report_once_and_are_closed_goes_on) {
    on_every_kernel(seeds, [](Stage& stage) {
        OsPoller poller = make_poller({.max_registrations = 4});
        for (std::uint64_t i = 0; i < 20; ++i) {
            const SocketPair pair = stage.world.tcp_pair();
            BOOST_REQUIRE(poller.register_handle(pair.local, once, i));
            BOOST_TEST(wait(poller).mask_of(i) == mask::out);
            stage.world.close(pair.local);
            BOOST_TEST(wait(poller, 0ms).count() == 0U);
            BOOST_TEST(is_gone(poller.modify_handle(pair.local, once, i).error()));
        }
        BOOST_TEST(poller.registration_count() == 0U);
        BOOST_TEST(poller.stats().registrations_dropped == 20U);
    });
}

BOOST_AUTO_TEST_CASE(one_that_its_peer_has_left_is_forgotten_too) {
    // WSAPoll would report a hang-up of such a one again and again.
    on_every_kernel(seeds, [](Stage& stage) {
        OsPoller poller = make_poller({.max_registrations = 4});
        for (std::uint64_t i = 0; i < 12; ++i) {
            const SocketPair pair = stage.world.tcp_pair();
            BOOST_REQUIRE(poller.register_handle(pair.local, IoInterest::read | once, i));
            stage.world.close(pair.peer);
            BOOST_TEST((wait(poller).count() == 1U));
            BOOST_TEST(wait(poller, 1ms).count() == 0U);
            stage.world.close(pair.local);
            BOOST_TEST(wait(poller, 1ms).count() == 0U);
            BOOST_TEST(poller.registration_count() == 0U);
        }
    });
}

BOOST_AUTO_TEST_CASE(a_number_that_comes_again_is_a_new_socket) {
    on_every_kernel(seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair old = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(old.local, once, 1));
        BOOST_TEST(wait(poller).mask_of(1) == mask::out);
        stage.world.close(old.local);
        BOOST_TEST(wait(poller, 1ms).count() == 0U);
        SocketPair recycled;
        if (!stage.world.recycle(old.local, recycled)) {
            recycled = stage.world.tcp_pair();
        }
        BOOST_REQUIRE(poller.register_handle(recycled.local, IoInterest::write, 2));
        BOOST_TEST(wait(poller).mask_of(2) == mask::out);
        BOOST_TEST(poller.registration_count() == 1U);
    });
}

BOOST_AUTO_TEST_CASE(one_that_stays_open_is_registered_still_and_can_be_armed) {
    on_every_kernel(seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(pair.local, once, 1));
        for (int rounds = 0; rounds < 5; ++rounds) {
            BOOST_TEST(wait(poller).mask_of(1) == mask::out);
            for (int quiet = 0; quiet < rounds; ++quiet) {
                BOOST_TEST(wait(poller, 1ms).count() == 0U);
            }
            BOOST_TEST((poller.register_handle(pair.local, once, 1) == std::errc::file_exists));
            BOOST_REQUIRE(poller.modify_handle(pair.local, once, 1));
        }
        BOOST_TEST(wait(poller).mask_of(1) == mask::out);
    });
}

BOOST_AUTO_TEST_SUITE_END()
