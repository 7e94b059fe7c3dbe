// A connection that is shut down both ways: `hup`, if the system can report it, at the cost of
// one call for a socket whose peer has sent FIN.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "stage.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(hang_ups)

namespace {

constexpr IoInterest ends = IoInterest::read | IoInterest::read_hangup;
constexpr std::uint32_t end = mask::in | mask::rdhup;

/// `hup` if this kernel reports a connection that is shut down both ways.
std::uint32_t told([[maybe_unused]] const Stage& stage) {
#if defined(_WIN32)
    return runs_on_wine() ? mask::none : mask::hup;
#else
    return stage.kernel.traits().tells_tcp_state ? mask::hup : mask::none;
#endif
}

/// The first mask reported of `data` that has all of `until` in it.
std::uint32_t wait_for(OsPoller& poller, std::uint64_t data, std::uint32_t until) {
    for (int waits = 0; waits < 10000; ++waits) {
        const std::uint32_t seen = wait(poller).mask_of(data);
        if ((seen & until) == until) {
            return seen;
        }
    }
    return mask::none;
}

}  // namespace

BOOST_AUTO_TEST_CASE(its_own_fin_and_then_the_peers_are_a_hang_up) {
    on_every_kernel(many_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(pair.local, ends, 1));
        stage.world.shutdown_send(pair.local);
        BOOST_TEST(wait(poller, 1ms).count() == 0U);
        stage.world.beside([&] { stage.world.shutdown_send(pair.peer); });
        BOOST_TEST(wait_for(poller, 1, end | told(stage)) == (end | told(stage)));
        for (int again = 0; again < 3; ++again) {
            BOOST_TEST(wait(poller).mask_of(1) == (end | told(stage)));
        }
        stage.world.join();
    });
}

BOOST_AUTO_TEST_CASE(the_peers_fin_and_then_its_own_are_a_hang_up) {
    on_every_kernel(many_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(pair.local, ends, 1));
        stage.world.shutdown_send(pair.peer);
        BOOST_TEST(wait_for(poller, 1, end) == end);
        BOOST_TEST(wait(poller).mask_of(1) == end);
        stage.world.shutdown_send(pair.local);
        BOOST_TEST(wait_for(poller, 1, end | told(stage)) == (end | told(stage)));
    });
}

BOOST_AUTO_TEST_CASE(a_hang_up_under_no_interest_ends_a_wait) {
    on_every_kernel(many_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(pair.local, IoInterest::none, 1));
        stage.world.shutdown_send(pair.local);
        stage.world.beside([&] { stage.world.shutdown_send(pair.peer); });
        const Timeout timeout = told(stage) != 0 ? Timeout(patience) : Timeout(50ms);
        for (int again = 0; again < 3; ++again) {
            BOOST_TEST(wait(poller, timeout).mask_of(1) == told(stage));
        }
        stage.world.join();
    });
}

BOOST_AUTO_TEST_CASE(a_half_close_under_no_interest_is_looked_at_again_once_it_is_modified) {
    on_every_kernel(100, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(pair.local, IoInterest::none, 1));
        stage.world.shutdown_send(pair.peer);
        BOOST_TEST(wait(poller, 100ms).count() == 0U);
        stage.world.shutdown_send(pair.local);
        BOOST_REQUIRE(poller.modify_handle(pair.local, IoInterest::none, 2));
        const Timeout timeout = told(stage) != 0 ? Timeout(patience) : Timeout(50ms);
        BOOST_TEST(wait(poller, timeout).mask_of(2) == told(stage));
    });
}

BOOST_AUTO_TEST_CASE(a_one_shot_that_has_reported_hears_of_no_hang_up_until_it_is_armed) {
    on_every_kernel(100, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(pair.local, ends | IoInterest::one_shot, 1));
        stage.world.shutdown_send(pair.peer);
        BOOST_TEST(wait(poller).mask_of(1) == end);
        stage.world.shutdown_send(pair.local);
        BOOST_TEST(wait(poller, 20ms).count() == 0U);
        for (std::uint64_t data = 2; data < 4; ++data) {
            BOOST_REQUIRE(poller.modify_handle(pair.local, ends | IoInterest::one_shot, data));
            BOOST_TEST(wait(poller).mask_of(data) == (end | told(stage)));
            BOOST_TEST(wait(poller, 1ms).count() == 0U);
        }
    });
}

BOOST_AUTO_TEST_CASE(many_that_hang_up_together_are_reported_each) {
    on_every_kernel(100, [](Stage& stage) {
        constexpr std::uint64_t count = 24;
        OsPoller poller = make_poller();
        std::vector<SocketPair> pairs;
        for (std::uint64_t i = 1; i <= count; ++i) {
            pairs.push_back(stage.world.tcp_pair());
            const IoInterest interest = i % 2 == 0 ? ends : IoInterest::write;
            BOOST_REQUIRE(poller.register_handle(pairs.back().local, interest, i));
        }
        for (const SocketPair& pair : pairs) {
            stage.world.shutdown_send(pair.local);
        }
        BOOST_TEST(wait_for(poller, 1, mask::out) == mask::out);
        for (const SocketPair& pair : pairs) {
            stage.world.shutdown_send(pair.peer);
        }
        for (std::uint64_t i = 1; i <= count; ++i) {
            const std::uint32_t expected = (i % 2 == 0 ? end : mask::out) | told(stage);
            BOOST_TEST(wait_for(poller, i, expected) == expected);
        }
    });
}

BOOST_AUTO_TEST_CASE(a_new_socket_with_the_number_of_one_that_hung_up_has_not) {
    on_every_kernel(100, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(pair.local, ends, 1));
        stage.world.shutdown_send(pair.local);
        stage.world.shutdown_send(pair.peer);
        BOOST_TEST(wait_for(poller, 1, end | told(stage)) == (end | told(stage)));
        BOOST_REQUIRE(poller.unregister_handle(pair.local));
        stage.world.close(pair.local);
        SocketPair next;
        if (!stage.world.recycle(pair.local, next)) {
            return;
        }
        BOOST_REQUIRE(poller.register_handle(next.local, ends, 2));
        stage.world.shutdown_send(next.peer);
        BOOST_TEST(wait_for(poller, 2, end) == end);
        BOOST_TEST(wait(poller).mask_of(2) == end);
    });
}

#if !defined(_WIN32)

namespace {

using sim::Call;

constexpr Call asked = Call::is_shut_both_ways;

/// On a Windows version that reports it, over both backends; everything happens as soon as it can.
template <class Body>
void where_it_is_told(Body&& body, void (*change)(sim::Traits&) = nullptr) {
    for (const Backend backend : {Backend::wsapoll, Backend::afd}) {
        BOOST_TEST_CONTEXT(name_of(backend)) {
            const BackendUnderTest under_test(backend);
            Stage stage(
                sim::Options{.early_waits = false, .late_completions = false, .change = change});
            body(stage);
        }
    }
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_socket_whose_peer_has_not_sent_fin_is_never_asked) {
    where_it_is_told([](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(pair.local, ends | IoInterest::write, 1));
        stage.world.shutdown_send(pair.local);
        stage.world.send(pair.peer, 1);
        for (int waits = 0; waits < 5; ++waits) {
            BOOST_TEST(wait(poller).mask_of(1) == (mask::in | mask::out));
        }
        stage.world.reset(pair.peer);
        BOOST_TEST((wait(poller).mask_of(1) & mask::hup) == mask::hup);
        BOOST_TEST(stage.kernel.calls(asked) == 0U);
    });
}

BOOST_AUTO_TEST_CASE(a_socket_that_has_hung_up_is_asked_once) {
    where_it_is_told([](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(pair.local, ends, 1));
        stage.world.shutdown_send(pair.local);
        stage.world.shutdown_send(pair.peer);
        for (int waits = 0; waits < 10; ++waits) {
            BOOST_TEST(wait(poller).mask_of(1) == (end | mask::hup));
        }
        BOOST_TEST(stage.kernel.calls(asked) == 1U);
    });
}

BOOST_AUTO_TEST_CASE(a_half_closed_socket_is_asked_once_a_report) {
    where_it_is_told([](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(pair.local, ends, 1));
        stage.world.shutdown_send(pair.peer);
        for (std::uint64_t waits = 1; waits <= 10; ++waits) {
            BOOST_TEST(wait(poller).mask_of(1) == end);
            BOOST_TEST(stage.kernel.calls(asked) == waits);
        }
    });
}

BOOST_DATA_TEST_CASE(a_half_close_that_is_filtered_out_is_asked_once,
                     data::make({mask::none, mask::out}), interest) {
    where_it_is_told([&](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(pair.local, IoInterest{interest}, 1));
        stage.world.shutdown_send(pair.peer);
        for (int waits = 0; waits < 10; ++waits) {
            BOOST_TEST(wait(poller, 20ms).mask_of(1) == interest);
        }
        BOOST_TEST(stage.kernel.calls(asked) == 1U);
    });
}

BOOST_AUTO_TEST_CASE(a_system_that_does_not_tell_is_asked_once_a_socket) {
    where_it_is_told(
        [](Stage& stage) {
            OsPoller poller = make_poller();
            const SocketPair pair = stage.world.tcp_pair();
            BOOST_REQUIRE(poller.register_handle(pair.local, ends, 1));
            stage.world.shutdown_send(pair.local);
            stage.world.shutdown_send(pair.peer);
            for (int waits = 0; waits < 10; ++waits) {
                BOOST_TEST(wait(poller).mask_of(1) == end);
            }
            BOOST_TEST(stage.kernel.calls(asked) == 1U);
        },
        [](sim::Traits& traits) { traits.tells_tcp_state = false; });
}

BOOST_AUTO_TEST_CASE(a_build_that_is_too_old_to_tell_is_not_asked) {
    where_it_is_told(
        [](Stage& stage) {
            OsPoller poller = make_poller();
            const SocketPair pair = stage.world.tcp_pair();
            BOOST_REQUIRE(poller.register_handle(pair.local, ends, 1));
            stage.world.shutdown_send(pair.local);
            stage.world.shutdown_send(pair.peer);
            BOOST_TEST(wait(poller).mask_of(1) == end);
            BOOST_TEST(stage.kernel.calls(asked) == 0U);
        },
        [](sim::Traits& traits) { traits.build = 10586; });
}

BOOST_AUTO_TEST_CASE(a_question_that_fails_is_asked_again_with_the_next_report) {
    where_it_is_told([](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(pair.local, ends, 1));
        stage.world.shutdown_send(pair.local);
        stage.world.shutdown_send(pair.peer);
        stage.kernel.fail_next(asked, 10050);  // WSAENETDOWN
        BOOST_TEST(wait(poller).mask_of(1) == end);
        BOOST_TEST(wait(poller).mask_of(1) == (end | mask::hup));
    });
}

BOOST_AUTO_TEST_CASE(a_connection_that_is_known_no_more_has_hung_up) {
    where_it_is_told(
        [](Stage& stage) {
            OsPoller poller = make_poller();
            const SocketPair pair = stage.world.tcp_pair();
            BOOST_REQUIRE(poller.register_handle(pair.local, ends, 1));
            stage.world.shutdown_send(pair.local);
            stage.world.shutdown_send(pair.peer);
            BOOST_TEST(wait(poller).mask_of(1) == (end | mask::hup));
        },
        [](sim::Traits& traits) { traits.forgets_what_is_shut = sim::Seeded::yes; });
}

#endif

BOOST_AUTO_TEST_SUITE_END()
