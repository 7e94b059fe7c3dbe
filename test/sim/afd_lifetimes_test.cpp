// The model's AFD device: how requests in flight end, and when their answers can be read. What the
// answers say is in afd_test.cpp.
#include <array>
#include <set>
#include <thread>
#include <vector>

#include "afd_fixture.hpp"

namespace wakepoll::sim {

BOOST_AUTO_TEST_SUITE(sim_afd_lifetimes)

// The answer
// ------------------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(promptly_one_socket_ends_a_request_and_is_told_of_alone, PromptAfdFixture) {
    const auto first = world.tcp_pair();
    const auto second = world.tcp_pair();
    Request& request = park({{first.local, afd::receive}, {second.local, afd::receive}});
    BOOST_TEST(kernel.afd_requests() == 1U);
    BOOST_TEST(request.status.status == status::pending);
    world.send(second.peer, 1);
    BOOST_TEST(kernel.afd_requests() == 0U);
    world.send(first.peer, 1);
    answered(request);
    BOOST_TEST(request.head().count == 1U);
    BOOST_TEST(request.told_of(second.local) == afd::receive);
    BOOST_TEST(packet() == none);
}

BOOST_AUTO_TEST_CASE(the_first_is_told_of_and_by_chance_others_and_never_none) {
    std::set<std::uint32_t> counts;
    on_each_device([&](AfdFixture& fixture) {
        std::vector<test::SocketPair> pairs;
        std::vector<Request::Asked> asked;
        for (std::size_t i = 0; i != 4; ++i) {
            pairs.push_back(fixture.world.tcp_pair());
            asked.emplace_back(pairs[i].local, afd::receive | afd::disconnect);
        }
        Request& request = fixture.park(asked);
        fixture.world.shutdown_send(pairs[2].peer);
        for (const test::SocketPair& pair : pairs) {
            // A socket that is shut down cannot send.
            fixture.world.send(pair.peer, 1);
        }
        fixture.answered(request);
        BOOST_TEST(request.told_of(pairs[2].local) == afd::disconnect);
        counts.insert(request.head().count);
    });
    BOOST_TEST(counts.contains(1));
    BOOST_TEST(counts.size() > 1U);
}

BOOST_AUTO_TEST_CASE(ones_own_fin_ends_a_request_for_room_on_wine) {
    on_each_device([](AfdFixture& fixture) {
        const auto pair = fixture.world.tcp_pair();
        while (!fixture.world.send(pair.local, 10'000).error) {
        }
        Request& request = fixture.park({{pair.local, afd::send}});
        fixture.world.shutdown_send(pair.local);
        if (!fixture.is_wine()) {
            BOOST_TEST(fixture.now(pair.local) == 0U);
            fixture.world.receive(pair.peer, 10'000);
        }
        fixture.answered(request);
        BOOST_TEST(request.told_of(pair.local) == afd::send);
    });
}

BOOST_AUTO_TEST_CASE(the_memory_is_the_kernels_until_the_packet_is_dequeued) {
    bool early = false;
    bool late = false;
    on_each_device([&](AfdFixture& fixture) {
        const auto pair = fixture.world.tcp_pair();
        Request& request = fixture.park({{pair.local, afd::receive | afd::disconnect}});
        fixture.world.send(pair.peer, 1);
        fixture.kernel.advance(1ms);
        BOOST_TEST(fixture.kernel.afd_requests() == 0U);
        (request.status.status == status::pending ? late : early) = true;
        fixture.answered(request);
    });
    BOOST_TEST(early);
    BOOST_TEST(late);
}

BOOST_AUTO_TEST_CASE(what_was_taken_meanwhile_may_be_told_or_not_but_the_request_stays_good) {
    bool told = false;
    bool kept = false;
    on_each_device([&](AfdFixture& fixture) {
        const auto pair = fixture.world.tcp_pair();
        Request& request = fixture.park({{pair.local, afd::receive}});
        fixture.world.send(pair.peer, 1);
        fixture.world.receive(pair.local, 1);
        const bool came = fixture.packet() != PortFixture::none;
        (came ? told : kept) = true;
        if (!came) {
            BOOST_TEST(fixture.kernel.afd_requests() == 1U);
            fixture.world.send(pair.peer, 1);
            fixture.answered(request);
        }
        BOOST_TEST(request.told_of(pair.local) == afd::receive);
    });
    BOOST_TEST(told);
    BOOST_TEST(kept);
}

BOOST_AUTO_TEST_CASE(two_requests_may_cover_one_socket_and_one_request_may_twice) {
    on_each_device([](AfdFixture& fixture) {
        const auto pair = fixture.world.tcp_pair();
        Request& one = fixture.park({{pair.local, afd::receive}, {pair.local, afd::abort}});
        Request& other = fixture.park({{pair.local, afd::receive}});
        fixture.world.send(pair.peer, 1);
        std::set<void*> ended;
        for (int i = 0; i != 2; ++i) {
            BOOST_TEST(fixture.packet() == 0);
            ended.insert(fixture.last.overlapped);
        }
        BOOST_TEST(ended.contains(&one.status));
        BOOST_TEST(ended.contains(&other.status));
        BOOST_TEST(one.head().count == 1U);
        BOOST_TEST(fixture.packet() == PortFixture::none);
    });
}

BOOST_FIXTURE_TEST_CASE(a_wait_blocks_once_and_lasts_until_a_socket_is_ready, AfdFixture) {
    const auto pair = world.tcp_pair();
    Request& request = park({{pair.local, afd::receive}});
    kernel.at(50ms, [&] { world.send(pair.peer, 1); });
    kernel.reset_counts();
    const auto before = kernel.now();
    std::array<sys::Packet, 4> packets;
    BOOST_TEST(port.dequeue(packets, kernel_infinite).value() == 1U);
    BOOST_TEST((kernel.now() - before >= 49ms));
    BOOST_TEST(packets[0].overlapped == &request.status);
    BOOST_TEST(kernel.blocked_calls() == 1U);
    BOOST_TEST(kernel.calls() == 1U);
}

// Sockets that are closed
// ------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_socket_closed_by_anybody_is_told_under_its_old_number) {
    on_each_device([](AfdFixture& fixture) {
        for (const bool by_close_handle : {false, true}) {
            const auto quiet = fixture.world.tcp_pair();
            const auto pair = fixture.world.tcp_pair();
            Request& request =
                fixture.park({{quiet.local, afd::receive}, {pair.local, afd::receive}});
            by_close_handle ? fixture.world.close_handle(pair.local)
                            : fixture.world.close(pair.local);
            test::SocketPair next;
            BOOST_TEST(fixture.world.recycle(pair.local, next));
            fixture.world.send(next.peer, 1);
            fixture.answered(request);
            BOOST_TEST(request.head().count == 1U);
            BOOST_TEST(request.told_of(pair.local) == afd::local_close);
            BOOST_TEST(fixture.now(pair.local) == (afd::receive | afd::send));
        }
    });
}

BOOST_AUTO_TEST_CASE(closing_one_of_two_handles_ends_nothing) {
    on_each_device([](AfdFixture& fixture) {
        const auto pair = fixture.world.tcp_pair();
        const Handle other = fixture.world.duplicate(pair.local);
        Request& request = fixture.park({{pair.local, afd::receive}});
        fixture.world.close(pair.local);
        BOOST_TEST(fixture.packet() == PortFixture::none);
        fixture.world.send(pair.peer, 1);
        fixture.answered(request);
        BOOST_TEST(request.told_of(pair.local) == afd::receive);
        fixture.world.close(other);
    });
}

// Cancelling and closing the device
// --------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_cancelled_request_has_a_packet_and_no_answer) {
    on_each_device([](AfdFixture& fixture) {
        const auto pair = fixture.world.tcp_pair();
        Request& request = fixture.park({{pair.local, afd::receive}});
        BOOST_TEST(!fixture.device.cancel(request.status));
        BOOST_TEST(fixture.kernel.afd_requests() == 0U);
        BOOST_TEST(fixture.device.cancel(request.status).value() == 1168);
        fixture.cancelled(request);
        BOOST_TEST(request.head().count == 1U);
        BOOST_TEST(request.head().items()[0].events == afd::receive);
        BOOST_TEST(fixture.packet() == PortFixture::none);
        // Its memory is free again.
        BOOST_TEST(!fixture.ask(request));
    });
}

BOOST_AUTO_TEST_CASE(a_cancel_may_come_too_late_or_lose_or_win) {
    std::set<int> outcomes;
    on_each_device([&](AfdFixture& fixture) {
        const auto pair = fixture.world.tcp_pair();
        Request& request = fixture.park({{pair.local, afd::receive}});
        fixture.world.send(pair.peer, 1);
        const int refused = fixture.device.cancel(request.status).value();
        const int code = fixture.packet();
        BOOST_TEST(fixture.last.overlapped == &request.status);
        BOOST_TEST((refused == 0 || refused == 1168));
        BOOST_TEST((code == 0 || (code == 995 && refused == 0)));
        BOOST_TEST(fixture.packet() == PortFixture::none);
        outcomes.insert(refused + code);
    });
    BOOST_TEST(outcomes.contains(1168));  // It had been answered.
    BOOST_TEST(outcomes.contains(0));     // The answer won.
    BOOST_TEST(outcomes.contains(995));   // The cancel won.
}

BOOST_AUTO_TEST_CASE(the_packet_of_a_cancelled_request_may_come_a_moment_later) {
    bool at_once = false;
    bool later = false;
    on_each_device([&](AfdFixture& fixture) {
        const auto pair = fixture.world.tcp_pair();
        Request& request = fixture.park({{pair.local, afd::receive}});
        BOOST_TEST(!fixture.device.cancel(request.status));
        std::array<sys::Packet, 1> packets;
        const bool there = fixture.port.dequeue(packets, 0).value() == 1;
        (there ? at_once : later) = true;
        BOOST_TEST((there || fixture.packet() == 995));
    });
    BOOST_TEST(at_once);
    BOOST_TEST(later);
}

BOOST_FIXTURE_TEST_CASE(a_device_cancels_its_own_requests_only, AfdFixture) {
    const auto pair = world.tcp_pair();
    Request& request = park({{pair.local, afd::receive}});
    const auto other = sys::AfdDevice::open().value();
    BOOST_TEST(other.cancel(request.status).value() == 1168);
    BOOST_TEST(kernel.afd_requests() == 1U);
    BOOST_TEST(sys::AfdDevice().cancel(request.status).value() == 6);
    BOOST_TEST(sys::AfdDevice().poll(request.head(), request.status).error().value() == 6);
}

BOOST_AUTO_TEST_CASE(closing_the_device_cancels_and_the_packets_still_come) {
    on_each_device([](AfdFixture& fixture) {
        const auto pair = fixture.world.tcp_pair();
        Request& one = fixture.park({{pair.local, afd::receive}});
        Request& other = fixture.park({{pair.local, afd::abort}});
        fixture.device.close();
        BOOST_TEST(fixture.kernel.afd_requests() == 0U);
        std::set<void*> ended;
        for (int i = 0; i != 2; ++i) {
            BOOST_TEST(fixture.packet() == (fixture.is_wine() ? 676 : 995));
            ended.insert(fixture.last.overlapped);
        }
        BOOST_TEST(ended.contains(&one.status));
        BOOST_TEST(ended.contains(&other.status));
        BOOST_TEST(one.status.status == fixture.kernel.traits().closed_status);
        BOOST_TEST(one.head().count == 1U);
        BOOST_TEST(one.head().items()[0].events == afd::receive);
    });
}

BOOST_FIXTURE_TEST_CASE(without_a_port_a_request_ends_silently, Fixture) {
    const auto pair = world.tcp_pair();
    Request request({{pair.local, afd::receive}});
    auto device = sys::AfdDevice::open().value();
    BOOST_TEST(!device.poll(request.head(), request.status).value());
    device.close();
    BOOST_TEST(request.status.status == status::cancelled);
    BOOST_TEST(kernel.afd_requests() == 0U);
}

BOOST_AUTO_TEST_CASE(a_kernel_may_end_with_requests_in_flight_and_packets_queued) {
    on_each([](Fixture& fixture) {
        std::vector<Request> requests;
        const auto pair = fixture.world.tcp_pair();
        for (int i = 0; i != 8; ++i) {
            requests.emplace_back(std::vector<Request::Asked>{{pair.local, afd::receive}});
        }
        const auto port = sys::CompletionPort::create().value();
        auto device = sys::AfdDevice::open().value();
        BOOST_TEST(!port.associate(device.handle(), 1));
        for (Request& request : requests) {
            BOOST_TEST(!device.poll(request.head(), request.status).value());
            BOOST_TEST((&request - requests.data() >= 4 || !device.cancel(request.status)));
        }
        BOOST_TEST(fixture.kernel.afd_requests() == 4U);
    });
}

// Many, and threads
// ------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(of_many_requests_in_flight_only_those_of_the_changed_socket_are_looked_at) {
    // Checking each of 20,000 at every call would take minutes.
    constexpr std::size_t count = 20'000;
    AfdFixture fixture;
    std::vector<test::SocketPair> pairs;
    std::vector<Request*> parked;
    for (std::size_t i = 0; i != count; ++i) {
        pairs.push_back(fixture.world.tcp_pair());
        parked.push_back(&fixture.park({{pairs[i].local, afd::receive}}));
    }
    BOOST_TEST(fixture.kernel.afd_requests() == count);
    for (std::size_t i = 0; i < count; i += 4) {
        fixture.world.send(pairs[i].peer, 1);
        fixture.answered(*parked[i]);
        fixture.world.receive(pairs[i].local, 1);
        BOOST_TEST(!fixture.ask(*parked[i]));
    }
    BOOST_TEST(fixture.kernel.afd_requests() == count);
}

BOOST_AUTO_TEST_CASE(threaded_every_change_by_another_thread_is_told) {
    AfdFixture fixture(Options{.mode = Mode::threaded});
    const auto pair = fixture.world.tcp_pair();
    Request& request = fixture.park({{pair.local, afd::receive}});
    constexpr int rounds = 200;
    std::thread sender([&] {
        for (int i = 0; i != rounds; ++i) {
            fixture.world.send(pair.peer, 1);
            std::this_thread::yield();
        }
    });
    std::size_t received = 0;
    std::array<sys::Packet, 4> packets;
    while (received != rounds) {
        const auto count = fixture.port.dequeue(packets, kernel_infinite);
        if (!count || fixture.kernel.hung()) {
            break;
        }
        BOOST_TEST(*count == 1U);
        do {
            received += fixture.world.receive(pair.local, rounds).bytes;
            request.head().count = 1;
            request.head().items()[0] = {.socket = pair.local.value(), .events = afd::receive};
        } while (received != rounds && fixture.ask(request));
    }
    sender.join();
    BOOST_TEST(received == rounds);
    BOOST_TEST(!fixture.kernel.hung());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace wakepoll::sim
