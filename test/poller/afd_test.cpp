// The AFD backend: what only AFD can report. afd_moves_test.cpp tests which backend is active.
//
// The other suites, which also run over this backend, test what holds for every backend.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <set>
#include <utility>
#include <vector>

#include "stage.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(afd)

namespace {

constexpr int seeds = 60;

OsPoller make(Backend backend, PollerConfig config = {}) {
    config.backend = backend;
    return OsPoller::create(config).value();
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_request_that_is_repeated_asks_for_all_that_is_wanted) {
    on_every_kernel(Backend::afd, seeds, [](Stage& stage) {
        OsPoller poller = make(Backend::afd);
        const SocketPair first = stage.world.tcp_pair();
        const SocketPair second = stage.world.tcp_pair();
        for (const auto& [pair, data] : {std::pair{first, 1U}, std::pair{second, 2U}}) {
            BOOST_REQUIRE(poller.register_handle(
                pair.local, IoInterest::read | IoInterest::write | IoInterest::read_hangup, data));
        }
        const auto wait_for_both = [&] {
            const auto waited = wait(poller);
            BOOST_TEST(waited.count() == 2U);
            return waited;
        };
        for (int i = 0; i < 6; ++i) {
            BOOST_TEST(wait_for_both().mask_of(1) == mask::out);
        }
        stage.world.send(first.peer, 1);
        stage.world.shutdown_send(second.peer);
        // Another poller sees both before this one is polled again.
        OsPoller witness = make(Backend::wsapoll);
        BOOST_REQUIRE(witness.register_handle(first.local, IoInterest::read, 1));
        BOOST_TEST(wait(witness).mask_of(1) == mask::in);
        BOOST_REQUIRE(witness.register_handle(second.local, IoInterest::read_hangup, 2));
        while (wait(witness).mask_of(2) != mask::rdhup) {
        }
        const auto waited = wait_for_both();
        BOOST_TEST(waited.mask_of(1) == (mask::in | mask::out));
        BOOST_TEST(waited.mask_of(2) == (mask::in | mask::out | mask::rdhup));
    });
}

BOOST_AUTO_TEST_CASE(an_answer_that_was_overtaken_is_reported_once_at_most) {
    on_every_kernel(Backend::afd, seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(pair.local, IoInterest::read, 1));
        BOOST_TEST(wait(poller, 0ms).count() == 0U);
        stage.world.send(pair.peer, 1);
        while (stage.world.receive(pair.local, 1).error) {
        }
        // What the kernel reported since the last wait may be reported; then it is polled again.
        BOOST_TEST(wait(poller, 1ms).count() <= 1U);
        BOOST_TEST(wait(poller, 1ms).count() == 0U);
        stage.world.send(pair.peer, 1);
        BOOST_TEST(wait(poller).mask_of(1) == mask::in);
    });
}

BOOST_AUTO_TEST_CASE(a_registration_that_was_changed_is_never_stale) {
    on_every_kernel(Backend::afd, seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(pair.local, IoInterest::read, 1));
        for (int rounds = 0; rounds < 3; ++rounds) {
            BOOST_TEST(wait(poller, 0ms).count() == 0U);
            stage.world.send(pair.peer, 1);
            while (stage.world.receive(pair.local, 1).error) {
            }
            if (rounds == 1) {
                BOOST_REQUIRE(poller.unregister_handle(pair.local));
                BOOST_REQUIRE(poller.register_handle(pair.local, IoInterest::read, 1));
            } else {
                BOOST_REQUIRE(poller.modify_handle(pair.local, IoInterest::read, 1));
            }
            BOOST_TEST(wait(poller, 1ms).count() == 0U);
        }
        stage.world.send(pair.peer, 1);
        BOOST_TEST(wait(poller).mask_of(1) == mask::in);
    });
}

BOOST_DATA_TEST_CASE(a_number_recycled_while_its_socket_is_waited_for_is_a_new_socket,
                     data::make({0U, 2U}), others) {
    // Alone it has a request of its own, with others it is in that of the group.
    on_every_kernel(Backend::afd, seeds, [&](Stage& stage) {
        OsPoller poller = make_poller();
        for (std::uint32_t i = 0; i < others; ++i) {
            BOOST_REQUIRE(
                poller.register_handle(stage.world.tcp_pair().local, IoInterest::read, 9));
        }
        const SocketPair old = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(old.local, IoInterest::read, 1));
        BOOST_TEST(wait(poller, 0ms).count() == 0U);
        stage.world.close(old.local);
        SocketPair recycled;
        if (!stage.world.recycle(old.local, recycled)) {
            BOOST_TEST_MESSAGE("skipped: the number was not given out again");
            return;
        }
        stage.world.send(recycled.peer, 1);
        BOOST_TEST(wait(poller, 10ms).count() == 0U, "the new socket is not registered");
        BOOST_TEST(poller.registration_count() == others);
        BOOST_REQUIRE(poller.register_handle(recycled.local, IoInterest::read, 2));
        const auto waited = wait(poller);
        BOOST_TEST(waited.count() == 1U);
        BOOST_TEST(waited.mask_of(2) == mask::in);
    });
}

BOOST_AUTO_TEST_CASE(a_recycled_number_can_be_registered_before_the_close_was_noticed) {
    on_every_kernel(Backend::afd, seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair old = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(old.local, IoInterest::read, 1));
        BOOST_TEST(wait(poller, 0ms).count() == 0U);
        BOOST_TEST(
            (poller.register_handle(old.local, IoInterest::read, 1) == std::errc::file_exists));
        stage.world.close(old.local);
        SocketPair recycled;
        if (!stage.world.recycle(old.local, recycled)) {
            BOOST_TEST_MESSAGE("skipped: the number was not given out again");
            return;
        }
        stage.world.send(recycled.peer, 1);
        // The packet of the close may take a moment.
        for (std::error_code error = std::make_error_code(std::errc::file_exists); error;) {
            error = poller.register_handle(recycled.local, IoInterest::read, 2).error();
            BOOST_REQUIRE((!error || error == std::errc::file_exists));
        }
        const auto waited = wait(poller);
        BOOST_TEST(waited.count() == 1U);
        BOOST_TEST(waited.mask_of(2) == mask::in);
        BOOST_TEST(poller.stats().registrations_dropped == 1U);
    });
}

BOOST_DATA_TEST_CASE(a_number_recycled_after_a_modify_can_be_registered, data::make({0U, 2U}),
                     others) {
    // Active ones share the group's request.
    on_every_kernel(Backend::afd, seeds, [&](Stage& stage) {
        OsPoller poller = make_poller();
        std::vector<SocketPair> pairs;
        for (std::uint32_t i = 0; i <= others; ++i) {
            pairs.push_back(stage.world.tcp_pair());
            BOOST_REQUIRE(poller.register_handle(pairs.back().local,
                                                 IoInterest::read | IoInterest::priority, 1));
        }
        for (int waits = 0; waits < 3 && others > 0; ++waits) {
            for (const SocketPair& pair : pairs) {
                stage.world.send(pair.peer, 1);
            }
            for (std::size_t ready = 0; ready < pairs.size();) {
                ready = wait(poller).count();
                BOOST_REQUIRE(ready > 0U);
            }
            for (const SocketPair& pair : pairs) {
                stage.world.receive(pair.local, 1);
            }
        }
        BOOST_TEST(wait(poller, 0ms).count() == 0U);
        const Handle old = pairs.back().local;
        // The request asks for more than that, so it stays.
        BOOST_REQUIRE(poller.modify_handle(old, IoInterest::read, 1));
        stage.world.close(old);
        SocketPair recycled;
        if (!stage.world.recycle(old, recycled)) {
            BOOST_TEST_MESSAGE("skipped: the number was not given out again");
            return;
        }
        stage.world.send(recycled.peer, 1);
        // The packet of the close may take a moment.
        std::error_code error = std::make_error_code(std::errc::file_exists);
        for (int tries = 0; error == std::errc::file_exists && tries < 1000; ++tries) {
            error = poller.register_handle(recycled.local, IoInterest::read, 2).error();
        }
        BOOST_TEST(!error);
        const auto waited = wait(poller);
        BOOST_TEST(waited.count() == 1U);
        BOOST_TEST(waited.mask_of(2) == mask::in);
        BOOST_TEST(poller.stats().registrations_dropped == 1U);
        BOOST_TEST(poller.register_handle(recycled.local, IoInterest::read, 3) ==
                   std::errc::file_exists);
    });
}

BOOST_DATA_TEST_CASE(a_closed_member_costs_its_own_registration, data::make({2U, 40U}), count) {
    on_every_kernel(Backend::afd, seeds, [&](Stage& stage) {
        OsPoller poller = make_poller();
        std::vector<SocketPair> pairs;
        for (std::uint32_t i = 0; i < count; ++i) {
            pairs.push_back(stage.world.tcp_pair());
            BOOST_REQUIRE(poller.register_handle(pairs.back().local, IoInterest::read, i));
            stage.world.send(pairs.back().peer, 1);
        }
        BOOST_TEST(wait(poller).count() == count);
        stage.world.close(pairs[1].local);
        for (int waits = 0; waits < 3; ++waits) {
            BOOST_TEST(wait(poller).count() == count - 1);
        }
        BOOST_TEST(poller.registration_count() == count - 1);
        BOOST_TEST(poller.stats().registrations_dropped == 1U);
    });
}

BOOST_AUTO_TEST_CASE(a_slot_whose_request_is_still_in_flight_is_good_for_another_handle) {
    on_every_kernel(Backend::afd, seeds, [](Stage& stage) {
        OsPoller poller =
            OsPoller::create({.max_registrations = 1, .backend = Backend::afd}).value();
        for (int rounds = 0; rounds < 3; ++rounds) {
            const SocketPair pair = stage.world.tcp_pair();
            BOOST_REQUIRE(poller.register_handle(pair.local, IoInterest::read, 1));
            BOOST_TEST(wait(poller, 0ms).count() == 0U);
            BOOST_REQUIRE(poller.unregister_handle(pair.local));
            const Handle event = stage.world.thing(Thing::event);
            BOOST_REQUIRE(poller.register_handle(event, IoInterest::read, 2));
            stage.world.send(pair.peer, 1);
            BOOST_TEST(wait(poller, 0ms).count() == 0U);
            stage.world.signal(event);
            const auto waited = wait(poller);
            BOOST_TEST(waited.count() == 1U);
            BOOST_TEST(waited.mask_of(2) == mask::in);
            BOOST_REQUIRE(poller.unregister_handle(event));
        }
    });
}

BOOST_AUTO_TEST_CASE(a_number_that_became_a_handle_to_the_device_is_not_asked_about) {
    on_every_kernel(Backend::afd, seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        std::vector<SocketPair> pairs;
        for (std::uint32_t i = 0; i < 32; ++i) {
            pairs.push_back(stage.world.tcp_pair());
            BOOST_REQUIRE(poller.register_handle(pairs.back().local, IoInterest::read, i));
        }
        // The next registration opens a device handle, which gets the first free number.
        const Handle next = stage.world.udp_socket();
        for (const std::uint32_t i : {0U, 9U, 31U}) {
            stage.world.close(pairs[i].local);
        }
        BOOST_REQUIRE(poller.register_handle(next, IoInterest::write, 99));
        BOOST_TEST(wait(poller).mask_of(99) == mask::out);
        BOOST_TEST(wait(poller).mask_of(99) == mask::out);
        BOOST_TEST(poller.registration_count() == 30U);
        BOOST_TEST(poller.stats().registrations_dropped == 3U);
    });
}

BOOST_AUTO_TEST_CASE(packets_of_strangers_with_the_devices_key_are_dropped) {
    on_every_kernel(Backend::afd, seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(pair.local, IoInterest::read, 1));
        BOOST_TEST(wait(poller, 0ms).count() == 0U);
        std::uint64_t somewhere = 0;
        stage.world.post_packet(poller.handle(), 0xFFFFFFFB, 0, nullptr);
        stage.world.post_packet(poller.handle(), 0xFFFFFFFB, 0, &somewhere);
        BOOST_TEST(wait(poller, 1ms).count() == 0U);
        stage.world.send(pair.peer, 1);
        BOOST_TEST(wait(poller).mask_of(1) == mask::in);
    });
}

#if !defined(_WIN32)

BOOST_AUTO_TEST_CASE(a_number_that_became_the_devices_keeps_no_slot_though_a_duplicate_lives) {
    on_every_kernel(Backend::afd, seeds, [](Stage& stage) {
        OsPoller poller = make_poller({.max_registrations = 33});
        std::vector<SocketPair> pairs;
        for (std::uint32_t i = 0; i < 34; ++i) {
            pairs.push_back(stage.world.tcp_pair());
        }
        for (std::uint32_t i = 0; i < 32; ++i) {
            BOOST_REQUIRE(poller.register_handle(pairs[i].local, IoInterest::read, i));
        }
        BOOST_TEST(wait(poller, 0ms).count() == 0U);
        // The request for it stays in flight.
        const Handle duplicate = stage.world.duplicate(pairs[0].local);
        stage.world.close(pairs[0].local);
        BOOST_REQUIRE(poller.register_handle(pairs[32].local, IoInterest::read, 32));
        BOOST_REQUIRE(poller.stats().registrations_dropped == 1U);
        BOOST_TEST(poller.register_handle(pairs[33].local, IoInterest::read, 33));
        stage.world.send(pairs[33].peer, 1);
        BOOST_TEST(wait(poller).mask_of(33) == mask::in);
        stage.world.close(duplicate);
    });
}

BOOST_AUTO_TEST_CASE(sockets_of_layered_providers_are_asked_about_by_their_base) {
    for (const bool refuses : {false, true}) {
        for (const sim::Personality personality : sim::all_personalities) {
            if (refuses && personality == sim::Personality::wine_8) {
                continue;  // It cannot name the one below, either.
            }
            BOOST_TEST_CONTEXT(sim::traits_of(personality).name << " refuses=" << refuses) {
                Stage stage(sim::Options{.personality = personality,
                                         .layered_sockets = true,
                                         .layered_refuses_base = refuses});
                OsPoller poller = make(Backend::afd);
                std::vector<SocketPair> pairs;
                for (std::uint32_t i = 0; i < 20; ++i) {
                    pairs.push_back(stage.world.tcp_pair());
                    BOOST_REQUIRE(poller.register_handle(pairs.back().local, IoInterest::read, i));
                }
                BOOST_TEST(wait(poller, 0ms).count() == 0U);
                for (const std::uint32_t i : {3U, 4U, 19U}) {
                    stage.world.send(pairs[i].peer, 1);
                }
                const auto waited = wait(poller);
                BOOST_TEST(waited.count() == 3U);
                BOOST_TEST(waited.mask_of(19) == mask::in);
                stage.world.close(pairs[7].local);
                BOOST_TEST(wait(poller).count() == 3U);
                BOOST_TEST(poller.registration_count() == 19U);
            }
        }
    }
}

#endif

BOOST_AUTO_TEST_SUITE_END()
