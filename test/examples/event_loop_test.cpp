// What the example's loop promises its users: timers, posted functions, sockets.
//
// The same tests run over epoll and, in the Windows build, over OsPoller.
#include "event_loop.hpp"

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <stdexcept>
#include <thread>
#include <vector>

#include "loop_fixture.hpp"
#include "net.hpp"
#include "wakepoll/events.hpp"

namespace example {
namespace {

namespace mask = wakepoll::mask;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(event_loop_timers, LoopFixture)

BOOST_AUTO_TEST_CASE(timers_fire_in_the_order_of_their_deadlines) {
    const auto start = EventLoop::Clock::now();
    std::vector<int> fired;
    for (const int at : {20, 5, 15, -10, 0, 10}) {
        loop.add_timer_at(start + std::chrono::milliseconds(at),
                          [&fired, at] { fired.push_back(at); });
    }
    loop.add_timer_at(start + 21ms, [&] { loop.stop(); });
    run();
    const std::vector<int> in_order = {-10, 0, 5, 10, 15, 20};
    BOOST_TEST(fired == in_order, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(timers_with_one_deadline_fire_in_the_order_they_were_added) {
    const auto deadline = EventLoop::Clock::now() + 2ms;
    std::vector<int> fired;
    for (int i = 0; i < 100; ++i) {
        loop.add_timer_at(deadline, [&fired, i] { fired.push_back(i); });
    }
    loop.add_timer_at(deadline, [&] { loop.stop(); });
    run();
    BOOST_TEST(fired.size() == 100U);
    BOOST_TEST(std::is_sorted(fired.begin(), fired.end()));
}

BOOST_AUTO_TEST_CASE(a_timer_never_fires_early) {
    for (const auto delay : {1us, 300us, 1000us, 1700us, 20'000us}) {
        const auto start = EventLoop::Clock::now();
        auto fired = start;
        loop.add_timer(delay, [&] {
            fired = EventLoop::Clock::now();
            loop.stop();
        });
        run();
        BOOST_TEST((fired - start >= delay));
    }
}

BOOST_AUTO_TEST_CASE(a_cancelled_timer_does_not_fire) {
    bool fired = false;
    const TimerId cancelled = loop.add_timer(5ms, [&] { fired = true; });
    const TimerId last = loop.add_timer(10ms, [&] { loop.stop(); });
    BOOST_TEST(loop.cancel_timer(cancelled));
    BOOST_TEST(!loop.cancel_timer(cancelled));
    run();
    BOOST_TEST(!fired);
    BOOST_TEST(!loop.cancel_timer(last));
    BOOST_TEST(!loop.cancel_timer(TimerId::none));
}

BOOST_AUTO_TEST_CASE(a_timer_can_cancel_one_that_is_due_in_the_same_turn) {
    bool fired = false;
    TimerId second = TimerId::none;
    loop.add_timer(0ms, [&] { BOOST_TEST(loop.cancel_timer(second)); });
    second = loop.add_timer(0ms, [&] { fired = true; });
    loop.add_timer(0ms, [&] { loop.stop(); });
    run();
    BOOST_TEST(!fired);
}

BOOST_AUTO_TEST_CASE(cancelling_most_of_many_timers_leaves_the_others_in_order) {
    const auto start = EventLoop::Clock::now();
    std::vector<int> fired;
    std::vector<TimerId> ids;
    for (int i = 0; i < 1000; ++i) {
        // 389 and 1000 have no common factor, so every rank is used once.
        const int rank = i * 389 % 1000;
        ids.push_back(
            loop.add_timer_at(start + rank * 10us, [&fired, rank] { fired.push_back(rank); }));
    }
    for (std::size_t i = 0; i < ids.size(); ++i) {
        if (i % 10 != 0) {
            BOOST_TEST_REQUIRE(loop.cancel_timer(ids[i]));
        }
    }
    loop.add_timer_at(start + 11ms, [&] { loop.stop(); });
    run();
    BOOST_TEST(fired.size() == 100U);
    BOOST_TEST(std::is_sorted(fired.begin(), fired.end()));
}

BOOST_AUTO_TEST_CASE(a_timer_that_adds_itself_at_once_does_not_keep_others_waiting) {
    std::uint64_t turns = 0;
    const std::function<void()> again = [&] {
        ++turns;
        loop.add_timer(0ms, again);
    };
    again();
    loop.add_timer(5ms, [&] { loop.post([&] { loop.stop(); }); });
    run();
    BOOST_TEST(turns > 1U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(event_loop_posts, LoopFixture)

BOOST_AUTO_TEST_CASE(each_function_posted_by_other_threads_runs_exactly_once_and_in_order) {
    constexpr std::size_t threads = 4;
    constexpr std::size_t posts = 5000;
    std::array<std::vector<std::size_t>, threads> ran;
    std::vector<std::thread> posters;
    std::size_t left = threads * posts;
    for (std::size_t thread = 0; thread < threads; ++thread) {
        ran[thread].reserve(posts);
        posters.emplace_back([&, thread] {
            for (std::size_t i = 0; i < posts; ++i) {
                loop.post([&, thread, i] {
                    ran[thread].push_back(i);
                    if (--left == 0) {
                        loop.stop();
                    }
                });
            }
        });
    }
    run();
    for (std::thread& poster : posters) {
        poster.join();
    }
    for (const std::vector<std::size_t>& numbers : ran) {
        BOOST_TEST_REQUIRE(numbers.size() == posts);
        for (std::size_t i = 0; i < posts; ++i) {
            BOOST_TEST_REQUIRE(numbers[i] == i);
        }
    }
    const LoopStats stats = loop.stats();
    BOOST_TEST(stats.functions_run == threads * posts + 1);
    BOOST_TEST(stats.wakes_posted == threads * posts + 1);
}

BOOST_AUTO_TEST_CASE(posts_that_find_a_wake_pending_are_coalesced) {
    std::size_t ran = 0;
    loop.add_timer(0ms, [&] {
        for (int i = 0; i < 100; ++i) {
            loop.post([&] { ++ran; });
        }
        loop.stop();
    });
    run();
    BOOST_TEST(ran == 100U);
    BOOST_TEST(loop.stats().wakes_posted == 101U);
    BOOST_TEST(loop.stats().wakes_coalesced == 100U);
}

BOOST_AUTO_TEST_CASE(stop_from_another_thread_ends_a_loop_that_has_nothing_to_do) {
    std::thread stopper([&] { loop.stop(); });
    run();
    stopper.join();
    BOOST_TEST(loop.stats().functions_run == 1U);
}

BOOST_AUTO_TEST_CASE(a_stop_before_run_is_not_lost_and_the_loop_can_run_again) {
    loop.stop();
    run();
    bool ran = false;
    loop.post([&] {
        ran = true;
        loop.stop();
    });
    run();
    BOOST_TEST(ran);
}

BOOST_AUTO_TEST_CASE(everything_posted_before_stop_runs_first) {
    std::size_t ran = 0;
    std::thread stopper([&] {
        for (int i = 0; i < 1000; ++i) {
            loop.post([&] { ++ran; });
        }
        loop.stop();
    });
    run();
    stopper.join();
    BOOST_TEST(ran == 1000U);
}

BOOST_AUTO_TEST_CASE(a_posted_function_may_post_again) {
    int left = 50;
    const std::function<void()> step = [&] {
        if (--left == 0) {
            loop.stop();
        } else {
            loop.post(step);
        }
    };
    loop.post(step);
    run();
    BOOST_TEST(left == 0);
}

BOOST_AUTO_TEST_CASE(an_exception_leaves_run_and_costs_no_other_function) {
    int ran = 0;
    loop.post([&] { ++ran; });
    loop.post([] { throw std::runtime_error("from a callback"); });
    loop.post([&] { ++ran; });
    loop.stop();
    BOOST_CHECK_THROW((void)loop.run(), std::runtime_error);
    BOOST_TEST(ran == 1);
    run();
    BOOST_TEST(ran == 2);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(event_loop_sockets, LoopFixture)

BOOST_AUTO_TEST_CASE(data_is_reported_in_every_wait_until_it_is_read) {
    const ConnectedPair pair;
    send_all(pair.peer, "x");
    int reports = 0;
    BOOST_TEST(!loop.add_socket(pair.local.number(), mask::in, [&](std::uint32_t events) {
        BOOST_TEST(events == mask::in);
        if (++reports == 3) {
            loop.stop();
        }
    }));
    run();
    BOOST_TEST(reports >= 3);
    BOOST_TEST(loop.stats().in == static_cast<std::uint64_t>(reports));
    BOOST_TEST(loop.stats().out == 0U);
}

BOOST_AUTO_TEST_CASE(interest_can_be_changed_while_its_event_is_served) {
    const ConnectedPair pair;
    std::vector<std::uint32_t> seen;
    BOOST_TEST(!loop.add_socket(pair.local.number(), mask::out, [&](std::uint32_t events) {
        seen.push_back(events);
        if (events == mask::out) {
            BOOST_TEST(!loop.modify_socket(pair.local.number(), mask::in));
            send_all(pair.peer, "x");
        } else {
            BOOST_TEST(!loop.remove_socket(pair.local.number()));
            loop.stop();
        }
    }));
    run();
    const std::vector<std::uint32_t> expected = {mask::out, mask::in};
    BOOST_TEST(seen == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_half_close_is_reported_as_in_and_rdhup) {
    const ConnectedPair pair;
    BOOST_TEST(!net::shut_down_sending(pair.peer));
    BOOST_TEST(!loop.add_socket(pair.local.number(), mask::in | mask::rdhup, [&](std::uint32_t ev) {
        BOOST_TEST(ev == (mask::in | mask::rdhup));
        BOOST_TEST(!loop.remove_socket(pair.local.number()));
        loop.stop();
    }));
    run();
    BOOST_TEST(loop.stats().rdhup == 1U);
}

BOOST_AUTO_TEST_CASE(a_socket_removed_by_another_callback_of_the_same_wait_is_not_called) {
    const std::array<ConnectedPair, 2> pairs;
    int calls = 0;
    for (const ConnectedPair& pair : pairs) {
        send_all(pair.peer, "x");
        BOOST_TEST(!loop.add_socket(pair.local.number(), mask::in, [&](std::uint32_t) {
            ++calls;
            for (const ConnectedPair& each : pairs) {
                BOOST_TEST(!loop.remove_socket(each.local.number()));
            }
            loop.stop();
        }));
    }
    run();
    BOOST_TEST(calls == 1);
}

BOOST_AUTO_TEST_CASE(an_exception_of_a_socket_does_not_lose_the_wake_of_the_same_wait) {
    const ConnectedPair pair;
    send_all(pair.peer, "x");
    bool ran = false;
    BOOST_TEST(!loop.add_socket(pair.local.number(), mask::in, [&](std::uint32_t) {
        loop.remove_socket(pair.local.number());
        throw std::runtime_error("from a callback");
    }));
    loop.post([&] {
        ran = true;
        loop.stop();
    });
    BOOST_CHECK_THROW((void)loop.run(), std::runtime_error);
    BOOST_TEST(!ran);
    run();
    BOOST_TEST(ran);
}

BOOST_AUTO_TEST_CASE(strangers_and_duplicates_are_refused_as_epoll_does) {
    const ConnectedPair pair;
    const SocketNumber number = pair.local.number();
    BOOST_TEST((loop.modify_socket(number, mask::in) == std::errc::no_such_file_or_directory));
    BOOST_TEST((loop.remove_socket(number) == std::errc::no_such_file_or_directory));
    BOOST_TEST(!loop.add_socket(number, mask::in, [](std::uint32_t) {}));
    BOOST_TEST((loop.add_socket(number, mask::in, [](std::uint32_t) {}) == std::errc::file_exists));
    BOOST_TEST(!loop.remove_socket(number));
    BOOST_TEST(!loop.add_socket(number, mask::in, [](std::uint32_t) {}));
    const SocketNumber none = net::Socket().number();
    BOOST_TEST((loop.add_socket(none, mask::in, {}) == std::errc::bad_file_descriptor));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace example
