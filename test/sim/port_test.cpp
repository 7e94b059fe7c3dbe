// The model's completion port: packets, associations, and the port as a waitable object.
#include <array>
#include <vector>

#include "fixture.hpp"
#include "sys/handle_info.hpp"
#include "sys/waitable.hpp"

namespace wakepoll::sim {

BOOST_AUTO_TEST_SUITE(sim_port)

namespace {

using sys::CompletionPort;
using test::Thing;

struct PortFixture : Fixture {
    using Fixture::Fixture;

    CompletionPort port = CompletionPort::create().value();

    std::vector<std::uintptr_t> keys(std::size_t room = 16, std::uint32_t milliseconds = 0) {
        std::vector<sys::Packet> packets(room);
        packets.resize(port.dequeue(packets, milliseconds).value());
        std::vector<std::uintptr_t> keys;
        for (const sys::Packet& packet : packets) {
            keys.push_back(packet.key);
        }
        return keys;
    }
};

using Keys = std::vector<std::uintptr_t>;

}  // namespace

BOOST_FIXTURE_TEST_CASE(packets_come_in_the_order_they_were_posted, PortFixture) {
    for (const std::uintptr_t key : {3U, 1U, 2U}) {
        BOOST_TEST(!port.post(key));
    }
    BOOST_TEST(keys(2) == (Keys{3, 1}), boost::test_tools::per_element());
    BOOST_TEST(keys() == Keys{2}, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(an_empty_port_gives_nothing_at_timeout_zero, PortFixture) {
    BOOST_TEST(keys().empty());
    BOOST_TEST(kernel.blocked_calls() == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_post_fails_while_the_pool_is_used_up, PortFixture) {
    kernel.set_packet_pool(2);
    BOOST_TEST(!port.post(1));
    BOOST_TEST(!port.post(2));
    BOOST_TEST(port.post(3).value() == 1450);
    BOOST_TEST(keys(1) == Keys{1}, boost::test_tools::per_element());
    BOOST_TEST(!port.post(4));
    BOOST_TEST(keys() == (Keys{2, 4}), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_closed_port_refuses_every_call, PortFixture) {
    world.close_handle(port.handle());
    std::array<sys::Packet, 1> packets;
    BOOST_TEST(port.post(1).value() == 6);
    BOOST_TEST(port.dequeue(packets, 0).error().value() == 6);
    BOOST_TEST(port.associate(world.tcp_socket(), 1).value() == 6);
}

// As CloseHandle does: it closes what has the number.
BOOST_FIXTURE_TEST_CASE(a_port_closes_its_number_and_only_once, PortFixture) {
    const Handle number = port.handle();
    world.close_handle(number);
    const Handle stranger = world.thing(Thing::event);
    BOOST_TEST((stranger == number));
    port.close();
    BOOST_TEST(sys::object_type(stranger).error().value() == 6);
    const Handle another = world.thing(Thing::event);
    BOOST_TEST((another == number));
    port.close();
    BOOST_TEST(!sys::object_type(another).error());
    BOOST_TEST(kernel.calls(Call::port_close) == 1U);
}

BOOST_FIXTURE_TEST_CASE(only_files_that_are_open_for_overlapped_use_can_be_associated,
                        PortFixture) {
    BOOST_TEST(!port.associate(world.tcp_socket(), 1));
    BOOST_TEST(!port.associate(world.udp_socket(), 1));
    BOOST_TEST(!port.associate(world.thing(Thing::disk_file), 1));
    BOOST_TEST(!port.associate(world.thing(Thing::named_pipe), 1));
    BOOST_TEST(port.associate(world.thing(Thing::anonymous_pipe), 1).value() == 87);
    BOOST_TEST(port.associate(world.thing(Thing::null_device), 1).value() == 87);
    BOOST_TEST(port.associate(world.thing(Thing::directory), 1).value() == 87);
    BOOST_TEST(port.associate(world.thing(Thing::event), 1).value() == 6);
    BOOST_TEST(port.associate(world.thing(Thing::process), 1).value() == 6);
    BOOST_TEST(port.associate(port.handle(), 1).value() == 6);
    BOOST_TEST(port.associate(world.never_a_handle(), 1).value() == 6);
    BOOST_TEST(port.associate(Handle{}, 1).value() == 6);
}

BOOST_FIXTURE_TEST_CASE(a_handle_belongs_to_one_port_for_its_life, PortFixture) {
    const CompletionPort other = CompletionPort::create().value();
    const Handle socket = world.tcp_socket();
    const Handle duplicate = world.duplicate(socket);
    BOOST_TEST(!port.associate(socket, 1));
    BOOST_TEST(port.associate(socket, 1).value() == 87);
    BOOST_TEST(other.associate(socket, 1).value() == 87);
    BOOST_TEST(other.associate(duplicate, 1).value() == 87);
    // A later socket with the same number is another one.
    world.close(socket);
    const Handle next = world.tcp_socket();
    BOOST_TEST((next == socket));
    BOOST_TEST(!other.associate(next, 1));
}

BOOST_AUTO_TEST_CASE(closing_a_port_ends_a_wait_on_windows_and_not_on_wine) {
    on_each([](Fixture& fixture) {
        const CompletionPort port = CompletionPort::create().value();
        fixture.kernel.when_blocked([&] { fixture.world.close_handle(port.handle()); });
        std::array<sys::Packet, 1> packets;
        const auto answer = port.dequeue(packets, kernel_infinite);
        const bool sleeps_on = fixture.kernel.options().personality == Personality::wine_8;
        BOOST_TEST(answer.error().value() == (sleeps_on ? 10004 : 735));
        BOOST_TEST(fixture.kernel.hung() == sleeps_on);
    });
}

BOOST_FIXTURE_TEST_CASE(a_packet_ends_a_wait_and_carries_what_was_posted, PortFixture) {
    int context = 0;
    kernel.when_blocked([&] { world.post_packet(port.handle(), 7, 42, &context); });
    std::array<sys::Packet, 4> packets;
    BOOST_TEST(port.dequeue(packets, kernel_infinite).value() == 1U);
    BOOST_TEST(packets[0].key == 7U);
    BOOST_TEST(packets[0].bytes == 42U);
    BOOST_TEST(packets[0].overlapped == &context);
    BOOST_TEST(packets[0].status() == 0U);
    BOOST_TEST(!kernel.hung());
}

BOOST_AUTO_TEST_CASE(only_wine_leaves_rubbish_above_the_status) {
    on_each([](Fixture& fixture) {
        const CompletionPort port = CompletionPort::create().value();
        BOOST_TEST(!port.post(1));
        std::array<sys::Packet, 1> packets;
        BOOST_TEST(port.dequeue(packets, 0).value() == 1U);
        const bool wine = fixture.kernel.options().personality == Personality::wine_8;
        BOOST_TEST((packets[0].internal != 0) == wine);
        BOOST_TEST(packets[0].status() == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_port_is_signalled_while_packets_are_queued, PortFixture) {
    int fired = 0;
    sys::ThreadPoolWait wait;
    const auto count = [](void* context, const sys::ThreadPoolWait&) noexcept {
        ++*static_cast<int*>(context);
    };
    const auto block_briefly = [&] {
        test::SocketPair pair = world.tcp_pair();
        BOOST_TEST(poll(pair.local, bits::rdnorm, 20) == 0);
    };
    BOOST_TEST(!wait.arm(port.handle(), count, &fired));
    block_briefly();
    BOOST_TEST(fired == 0);
    BOOST_TEST(!port.post(1));
    block_briefly();
    BOOST_TEST(fired == 1);
    // A wait fires once, and takes no packet.
    block_briefly();
    BOOST_TEST(fired == 1);
    BOOST_TEST(!wait.arm(port.handle(), count, &fired));
    block_briefly();
    BOOST_TEST(fired == 2);
    BOOST_TEST(keys().size() == 1U);
    BOOST_TEST(!wait.arm(port.handle(), count, &fired));
    block_briefly();
    BOOST_TEST(fired == 2);
}

BOOST_FIXTURE_TEST_CASE(a_disarmed_wait_never_fires, PortFixture) {
    int fired = 0;
    sys::ThreadPoolWait wait;
    BOOST_TEST(!wait.arm(
        port.handle(),
        [](void* context, const sys::ThreadPoolWait&) noexcept { ++*static_cast<int*>(context); },
        &fired));
    wait.disarm();
    wait.disarm();
    BOOST_TEST(kernel.calls(Call::wait_disarm) == 1U);
    BOOST_TEST(!port.post(1));
    BOOST_TEST(poll(world.tcp_socket(), bits::rdnorm, 20) == 0);
    BOOST_TEST(fired == 0);
}

BOOST_FIXTURE_TEST_CASE(a_wait_on_no_handle_is_refused, PortFixture) {
    sys::ThreadPoolWait wait;
    BOOST_TEST(
        wait.arm(
                world.never_a_handle(), [](void*, const sys::ThreadPoolWait&) noexcept {}, nullptr)
            .value() == 6);
}

BOOST_AUTO_TEST_CASE(statuses_have_the_codes_of_windows) {
    using sys::win32_code_of_status;
    BOOST_TEST(win32_code_of_status(0) == 0U);
    BOOST_TEST(win32_code_of_status(0xC0000120) == 995U);
    BOOST_TEST(win32_code_of_status(0xC000020D) == 64U);
    BOOST_TEST(win32_code_of_status(0xC0000236) == 1225U);
    BOOST_TEST(win32_code_of_status(0xC0000011) == 38U);
    BOOST_TEST(win32_code_of_status(0xC000014B) == 109U);
    BOOST_TEST(win32_code_of_status(0x8000000A) == 676U);
    BOOST_TEST(win32_code_of_status(0xC0FFEE00) == 317U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace wakepoll::sim
