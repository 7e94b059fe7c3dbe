// P6: with k ready and room for m, each is reported within ceil(k/m) waits.
#include <map>
#include <set>
#include <vector>

#include "stage.hpp"

using namespace wakepoll;
using namespace wakepoll::test;

BOOST_AUTO_TEST_SUITE(fairness)

BOOST_AUTO_TEST_CASE(a_thousand_ready_sockets_and_room_for_seven) {
    on_every_kernel(3, [](Stage& stage) {
        OsPoller poller = make_poller();
        constexpr std::uint64_t ready = 1000;
        for (std::uint64_t i = 0; i < ready; ++i) {
            BOOST_REQUIRE(poller.register_handle(stage.world.udp_socket(), IoInterest::write, i));
        }
        for (int round = 0; round < 2; ++round) {
            std::map<std::uint64_t, int> reports;
            for (std::uint64_t waits = 0; waits < (ready + 6) / 7; ++waits) {
                const auto waited = wait<7>(poller);
                BOOST_REQUIRE(waited.count() == 7U);
                for (const NativeEvent& event : waited.events) {
                    ++reports[event.data.u64];
                }
            }
            BOOST_TEST(reports.size() == ready);
        }
    });
}

BOOST_AUTO_TEST_CASE(every_combination_of_few) {
    on_every_kernel(2, [](Stage& stage) {
        for (std::uint64_t ready = 1; ready <= 9; ++ready) {
            OsPoller poller = make_poller();
            for (std::uint64_t i = 0; i < ready; ++i) {
                BOOST_REQUIRE(
                    poller.register_handle(stage.world.udp_socket(), IoInterest::write, i));
            }
            for (std::size_t room = 1; room <= 10; ++room) {
                std::set<std::uint64_t> reported;
                std::vector<NativeEvent> events(room);
                for (std::size_t waits = 0; waits < (ready + room - 1) / room; ++waits) {
                    const WaitResult result = poller.wait(events, patience);
                    BOOST_TEST(result.count == std::min<std::size_t>(room, ready));
                    for (std::size_t i = 0; i < result.count; ++i) {
                        reported.insert(events[i].data.u64);
                    }
                }
                BOOST_TEST(reported.size() == ready);
            }
        }
    });
}

BOOST_AUTO_TEST_CASE(sockets_and_packets_share_a_narrow_span) {
    on_every_kernel(5, [](Stage& stage) {
        for (std::size_t room = 1; room <= 5; ++room) {
            for (const std::uint64_t packets : {1U, 7U, 40U}) {
                OsPoller poller = make_poller();
                constexpr std::uint64_t sockets = 10;
                constexpr std::uint64_t first_packet = 1000;
                for (std::uint64_t i = 0; i < sockets; ++i) {
                    BOOST_REQUIRE(
                        poller.register_handle(stage.world.udp_socket(), IoInterest::write, i));
                }
                for (std::uint64_t i = 0; i < packets; ++i) {
                    stage.world.post_packet(
                        poller.handle(), static_cast<std::uintptr_t>(first_packet + i), 0, nullptr);
                }
                std::set<std::uint64_t> reported;
                std::vector<NativeEvent> events(room);
                const std::size_t all = sockets + packets;
                for (std::size_t waits = 0; waits < (all + room - 1) / room; ++waits) {
                    const WaitResult result = poller.wait(events, patience);
                    BOOST_REQUIRE(!result.error);
                    for (std::size_t i = 0; i < result.count; ++i) {
                        reported.insert(events[i].data.u64);
                    }
                }
                BOOST_TEST(reported.size() == all);
            }
        }
    });
}

BOOST_AUTO_TEST_CASE(endless_packets_do_not_starve_sockets) {
    on_every_kernel(5, [](Stage& stage) {
        OsPoller poller = make_poller();
        BOOST_REQUIRE(poller.register_handle(stage.world.udp_socket(), IoInterest::write, 1));
        int reports = 0;
        for (int waits = 0; waits < 200; ++waits) {
            for (int i = 0; i < 3; ++i) {
                stage.world.post_packet(poller.handle(), 99, 0, nullptr);
            }
            reports += wait<2>(poller).mask_of(1) != 0 ? 1 : 0;
        }
        // One in each round, and a round is at most 64 packets long.
        BOOST_TEST(reports >= 200 * 2 / 65);
    });
}

BOOST_AUTO_TEST_CASE(ready_sockets_do_not_starve_packets) {
    on_every_kernel(5, [](Stage& stage) {
        OsPoller poller = make_poller();
        for (std::uint64_t i = 0; i < 100; ++i) {
            BOOST_REQUIRE(poller.register_handle(stage.world.udp_socket(), IoInterest::write, i));
        }
        stage.world.post_packet(poller.handle(), 12345, 0, nullptr);
        bool reported = false;
        for (int waits = 0; waits < 101 / 4 + 1 && !reported; ++waits) {
            const auto waited = wait<4>(poller);
            for (std::size_t i = 0; i < waited.count(); ++i) {
                reported = reported || waited.events[i].data.u64 == 12345;
            }
        }
        BOOST_TEST(reported);
    });
}

BOOST_AUTO_TEST_CASE(one_shots_that_are_armed_again_at_once_starve_nobody) {
    on_every_kernel(3, [](Stage& stage) {
        for (std::size_t room = 1; room <= 3; ++room) {
            OsPoller poller = make_poller();
            std::vector<Handle> sockets;
            constexpr std::uint64_t ready = 10;
            for (std::uint64_t i = 0; i < ready; ++i) {
                const IoInterest once = i % 2 == 0 ? IoInterest::one_shot : IoInterest::none;
                sockets.push_back(stage.world.udp_socket());
                BOOST_REQUIRE(poller.register_handle(sockets.back(), IoInterest::write | once, i));
            }
            std::vector<NativeEvent> events(room);
            for (int round = 0; round < 5; ++round) {
                std::set<std::uint64_t> reported;
                for (std::size_t waits = 0; waits < (ready + room - 1) / room; ++waits) {
                    const WaitResult result = poller.wait(events, patience);
                    for (std::size_t i = 0; i < result.count; ++i) {
                        const std::uint64_t who = events[i].data.u64;
                        reported.insert(who);
                        if (who % 2 == 0) {
                            BOOST_REQUIRE(poller.modify_handle(
                                sockets[who], IoInterest::write | IoInterest::one_shot, who));
                        }
                    }
                }
                BOOST_TEST(reported.size() == ready);
            }
        }
    });
}

BOOST_AUTO_TEST_CASE(sockets_that_come_and_go_starve_nobody) {
    on_every_kernel(20, [](Stage& stage) {
        OsPoller poller = make_poller();
        std::vector<Handle> fickle;
        constexpr std::uint64_t steady = 20;
        for (std::uint64_t i = 0; i < steady; ++i) {
            BOOST_REQUIRE(poller.register_handle(stage.world.udp_socket(), IoInterest::write, i));
            fickle.push_back(stage.world.udp_socket());
            BOOST_REQUIRE(poller.register_handle(fickle.back(), IoInterest::write, 1000));
        }
        std::map<std::uint64_t, int> since;
        for (std::uint64_t i = 0; i < steady; ++i) {
            since[i] = 0;
        }
        for (std::size_t waits = 0; waits < 300; ++waits) {
            const auto waited = wait<3>(poller);
            for (auto& [socket, count] : since) {
                ++count;
            }
            for (const NativeEvent& event : waited.events) {
                if (event.data.u64 < steady) {
                    since[event.data.u64] = 0;
                }
            }
            // One of the fickle ones leaves and comes back, each time another.
            const Handle moved = fickle[waits * 7 % fickle.size()];
            BOOST_REQUIRE(poller.unregister_handle(moved));
            BOOST_REQUIRE(poller.register_handle(moved, IoInterest::write, 1000));
            for (const auto& [socket, count] : since) {
                // 40 sockets, room for 3: 14 waits; one more each for those that return.
                BOOST_TEST(count <= 28);
            }
        }
    });
}

BOOST_AUTO_TEST_SUITE_END()
