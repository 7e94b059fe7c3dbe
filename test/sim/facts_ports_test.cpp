// What Wine's own tests assert about ports as objects, waits and handles on real Windows, fact by
// fact.
#include <array>

#include "fixture.hpp"
#include "sys/overlapped_io.hpp"
#include "sys/waitable.hpp"

namespace wakepoll::sim {
namespace {

using sys::CompletionPort;
using test::Thing;

/// A wait that counts its callbacks.
struct CountingWait {
    [[nodiscard]] std::error_code arm(Handle object) {
        return wait.arm(
            object,
            [](void* count, const sys::ThreadPoolWait&) noexcept { ++*static_cast<int*>(count); },
            &fired);
    }

    int fired = 0;
    sys::ThreadPoolWait wait;
};

void block_briefly(Fixture& fixture) {
    BOOST_TEST(fixture.poll(fixture.world.tcp_socket(), bits::rdnorm, 20) == 0);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_facts_ports)

BOOST_AUTO_TEST_CASE(k2_a_packet_goes_to_a_blocked_dequeue_and_wakes_no_other_wait) {
    Fixture fixture(Personality::windows_11);
    const CompletionPort port = CompletionPort::create().value();
    CountingWait wait;
    BOOST_TEST(!wait.arm(port.handle()));
    fixture.kernel.when_blocked([&] { BOOST_TEST(!port.post(1)); });
    std::array<sys::Packet, 1> packets;
    BOOST_TEST(port.dequeue(packets, kernel_infinite).value() == 1U);
    block_briefly(fixture);
    BOOST_TEST(wait.fired == 0);
    // With more packets than dequeues it is signalled.
    fixture.kernel.when_blocked([&] {
        BOOST_TEST(!port.post(2));
        BOOST_TEST(!port.post(3));
    });
    BOOST_TEST(port.dequeue(packets, kernel_infinite).value() == 1U);
    block_briefly(fixture);
    BOOST_TEST(wait.fired == 1);
}

BOOST_AUTO_TEST_CASE(k5_closing_a_port_ends_a_wait_for_it) {
    on_each([](Fixture& fixture) {
        const Handle port = fixture.world.foreign_port();
        CountingWait wait;
        BOOST_TEST(!wait.arm(port));
        block_briefly(fixture);
        BOOST_TEST(wait.fired == 0);
        fixture.world.close_handle(port);
        block_briefly(fixture);
        const bool wine = fixture.kernel.options().personality == Personality::wine_8;
        BOOST_TEST(wait.fired == (wine ? 0 : 1));
    });
}

BOOST_AUTO_TEST_CASE(k9_the_two_low_bits_of_a_handle_do_not_count_in_a_wait) {
    on_each([](Fixture& fixture) {
        const Handle event = fixture.world.thing(Thing::event);
        const Handle same(event.value() + 3);
        fixture.world.signal(event);
        BOOST_TEST(sys::take_signal(same).value());
        CountingWait wait;
        BOOST_TEST(!wait.arm(same));
        block_briefly(fixture);
        BOOST_TEST(wait.fired == 1);
        BOOST_TEST(sys::take_signal(Handle(~std::uintptr_t{0})).value() == false);
    });
}

BOOST_AUTO_TEST_CASE(o5_packets_of_a_synchronous_handle_cannot_be_skipped) {
    on_each([](Fixture& fixture) {
        BOOST_TEST(
            sys::skip_packets_on_success(fixture.world.thing(Thing::synchronous_file)).value() ==
            87);
        BOOST_TEST(!sys::skip_packets_on_success(fixture.world.thing(Thing::disk_file)));
    });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace wakepoll::sim
