// sys::CompletionPort: packets in and out, and how overlapped calls end.
#include "sys/completion_port.hpp"

#include <array>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <numeric>
#include <vector>

#include "support/win32_objects.hpp"
#include "sys_test.hpp"
#include "wakepoll/overlapped.hpp"
#include "wakepoll/timeout.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
using sys::CompletionPort;
using sys::Packet;
namespace data = boost::unit_test::data;

namespace {

constexpr std::uintptr_t key = 42;

struct CompletionPortFixture {
    World world;
    CompletionPort port = CompletionPort::create().value();
    NativeOverlapped overlapped;
    std::array<char, 8> buffer = {};

    /// A connected socket whose packets come to `port`, with a receive pending on it.
    SocketPair receiving_pair() {
        const SocketPair pair = world.tcp_pair();
        BOOST_REQUIRE(!port.associate(pair.local, key));
        start_receive(pair.local);
        return pair;
    }

    void start_receive(Handle socket) {
        BOOST_REQUIRE(!world.start_receive(socket, &overlapped, buffer.data(), buffer.size()));
    }

    /// The one packet that must come. Its fields are filled with rubbish first.
    Packet next_packet() const {
        std::array<Packet, 2> packets;
        packets.fill({~std::uintptr_t{0}, &packets, ~std::uintptr_t{0}, ~std::uint32_t{0}});
        const Result<std::size_t> count = port.dequeue(packets, patience_milliseconds);
        BOOST_REQUIRE(count.value() == 1U);
        return packets[0];
    }

    /// The packet of the pending receive.
    Packet receive_packet() const {
        const Packet packet = next_packet();
        BOOST_TEST(packet.key == key);
        BOOST_TEST(packet.overlapped == &overlapped);
        // The same as in the structure of the call, which is certain.
        BOOST_TEST(packet.status() == static_cast<std::uint32_t>(overlapped.internal));
        return packet;
    }
};

bool is_inherited(Handle handle) {
    DWORD flags = 0;
    BOOST_REQUIRE(::GetHandleInformation(handle.native(), &flags) != FALSE);
    return (flags & HANDLE_FLAG_INHERIT) != 0;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sys_completion_port, CompletionPortFixture)

BOOST_AUTO_TEST_CASE(a_posted_packet_carries_its_key_and_nothing_else) {
    BOOST_TEST(!port.post(key));
    const Packet packet = next_packet();
    BOOST_TEST(packet.key == key);
    BOOST_TEST(packet.overlapped == static_cast<void*>(nullptr));
    BOOST_TEST(packet.bytes == 0U);
    BOOST_TEST(packet.status() == 0U);
}

BOOST_AUTO_TEST_CASE(a_packet_of_the_users_own_comes_as_it_was_posted) {
    world.post_packet(port.handle(), 7, 1234, &overlapped);
    const Packet packet = next_packet();
    BOOST_TEST(packet.key == 7U);
    BOOST_TEST(packet.overlapped == &overlapped);
    BOOST_TEST(packet.bytes == 1234U);
}

BOOST_DATA_TEST_CASE(packets_come_in_order_as_many_as_fit,
                     data::make(std::vector<std::size_t>{1, 63, 64, 65, 200}), posted) {
    for (std::size_t i = 0; i < posted; ++i) {
        BOOST_REQUIRE(!port.post(i));
    }
    std::vector<std::uintptr_t> keys;
    std::array<Packet, 64> packets;
    while (keys.size() < posted) {
        const std::size_t expected = std::min(packets.size(), posted - keys.size());
        const std::size_t count = port.dequeue(packets, 0).value();
        BOOST_REQUIRE(count == expected);
        for (std::size_t i = 0; i < count; ++i) {
            keys.push_back(packets[i].key);
        }
    }
    std::vector<std::uintptr_t> in_order(posted);
    std::iota(in_order.begin(), in_order.end(), std::uintptr_t{0});
    BOOST_TEST(keys == in_order, boost::test_tools::per_element());
    BOOST_TEST(port.dequeue(packets, 0).value() == 0U);
}

BOOST_DATA_TEST_CASE(an_empty_port_is_no_error, data::make({0U, 1U, 20U}), milliseconds) {
    std::array<Packet, 64> packets;
    const Result<std::size_t> count = port.dequeue(packets, milliseconds);
    BOOST_TEST(count.value() == 0U);
}

BOOST_DATA_TEST_CASE(a_waiting_packet_ends_any_timeout_at_once,
                     data::make({0U, 1U, kernel_wait_cap, kernel_infinite}), milliseconds) {
    BOOST_REQUIRE(!port.post(key));
    std::array<Packet, 1> packets;
    BOOST_TEST(port.dequeue(packets, milliseconds).value() == 1U);
}

BOOST_AUTO_TEST_CASE(a_post_from_another_thread_ends_a_blocked_dequeue) {
    for (int round = 0; round < 100; ++round) {
        world.beside([&] { BOOST_REQUIRE(!port.post(key)); });
        BOOST_TEST(next_packet().key == key);
        world.join();
    }
}

BOOST_AUTO_TEST_CASE(a_receive_that_completes_later_posts_its_packet) {
    const SocketPair pair = receiving_pair();
    BOOST_REQUIRE(world.send(pair.peer, 3).bytes == 3U);
    const Packet packet = receive_packet();
    BOOST_TEST(packet.bytes == 3U);
    BOOST_TEST(packet.status() == 0U);
}

BOOST_AUTO_TEST_CASE(a_receive_that_completes_at_once_posts_its_packet_too) {
    const SocketPair pair = world.tcp_pair();
    BOOST_REQUIRE(!port.associate(pair.local, key));
    BOOST_REQUIRE(world.send(pair.peer, 3).bytes == 3U);
    BOOST_REQUIRE(becomes_ready(pair.local, sys::poll_bits::rdnorm));
    start_receive(pair.local);
    const Packet packet = receive_packet();
    BOOST_TEST(packet.bytes == 3U);
    BOOST_TEST(packet.status() == 0U);
}

BOOST_AUTO_TEST_CASE(the_end_of_the_stream_is_success_with_no_bytes) {
    const SocketPair pair = receiving_pair();
    world.shutdown_send(pair.peer);
    const Packet packet = receive_packet();
    BOOST_TEST(packet.bytes == 0U);
    BOOST_TEST(packet.status() == 0U);
}

BOOST_AUTO_TEST_CASE(a_cancelled_receive_ends_with_operation_aborted) {
    const SocketPair pair = receiving_pair();
    world.cancel(pair.local, &overlapped);
    const Packet packet = receive_packet();
    BOOST_TEST(packet.bytes == 0U);
    BOOST_TEST(packet.status() == 0xC0000120U);
    BOOST_TEST(sys::win32_code_of_status(packet.status()) == 995U);
}

BOOST_AUTO_TEST_CASE(a_reset_ends_a_receive_with_netname_deleted) {
    const SocketPair pair = receiving_pair();
    world.reset(pair.peer);
    BOOST_TEST(sys::win32_code_of_status(receive_packet().status()) == 64U);
}

BOOST_AUTO_TEST_CASE(closing_the_socket_ends_a_receive_as_aborted_or_cancelled) {
    const SocketPair pair = receiving_pair();
    world.close(pair.local);
    // 1236 on Windows; Wine 8 says 676 (ERROR_NOTIFY_CLEANUP).
    const std::uint32_t code = sys::win32_code_of_status(receive_packet().status());
    BOOST_TEST((code == 1236U || code == 676U), "code " << code);
}

BOOST_AUTO_TEST_CASE(a_handle_belongs_to_one_port_for_its_life) {
    const SocketPair pair = world.tcp_pair();
    const CompletionPort other = CompletionPort::create().value();
    BOOST_TEST(!port.associate(pair.local, key));
    BOOST_TEST(port.associate(pair.local, key).value() == 87);
    BOOST_TEST(port.associate(pair.local, key + 1).value() == 87);
    BOOST_TEST(other.associate(pair.local, key).value() == 87);
    // Neither attempt changed anything.
    start_receive(pair.local);
    BOOST_REQUIRE(world.send(pair.peer, 1).bytes == 1U);
    BOOST_TEST(receive_packet().bytes == 1U);
}

BOOST_DATA_TEST_CASE(what_was_opened_for_overlapped_use_can_be_associated,
                     data::make({Thing::disk_file, Thing::directory, Thing::named_pipe}), kind) {
    BOOST_TEST(!port.associate(world.thing(kind), key));
}

BOOST_DATA_TEST_CASE(a_synchronous_handle_is_an_invalid_argument,
                     data::make({Thing::anonymous_pipe, Thing::null_device, Thing::synchronous_file,
                                 Thing::synchronous_pipe}),
                     kind) {
    BOOST_TEST(port.associate(world.thing(kind), key).value() == 87);
}

BOOST_DATA_TEST_CASE(a_handle_that_is_not_file_like_is_a_bad_handle,
                     data::make({Thing::event, Thing::process, Thing::thread, Thing::semaphore,
                                 Thing::timer}),
                     kind) {
    BOOST_TEST(port.associate(world.thing(kind), key).value() == 6);
}

BOOST_AUTO_TEST_CASE(what_is_no_handle_can_not_be_associated) {
    const Handle closed = world.tcp_socket();
    world.close(closed);
    BOOST_TEST(port.associate(closed, key).value() == 6);
    BOOST_TEST(port.associate(world.never_a_handle(), key).value() == 6);
    BOOST_TEST(port.associate(Handle(0), key).value() == 6);
    // INVALID_HANDLE_VALUE asks for a new port, which is refused if there is one already.
    BOOST_TEST(port.associate(Handle(), key).value() == 87);
}

BOOST_AUTO_TEST_CASE(a_handle_of_another_port_is_an_invalid_argument) {
    const SocketPair pair = world.tcp_pair();
    world.associate(pair.local, world.foreign_port());
    BOOST_TEST(port.associate(pair.local, key).value() == 87);
}

BOOST_AUTO_TEST_CASE(a_closed_port_answers_every_call_with_a_bad_handle) {
    const Handle socket = world.tcp_socket();
    std::array<Packet, 1> packets;
    port.close();
    for (int times_closed = 1; times_closed <= 2; ++times_closed) {
        BOOST_TEST(!port.handle());
        BOOST_TEST(port.post(key).value() == 6);
        BOOST_TEST(port.dequeue(packets, 0).error().value() == 6);
        BOOST_TEST(port.associate(socket, key).value() == 6);
        port.close();
    }
}

BOOST_AUTO_TEST_CASE(a_port_closed_by_someone_else_is_a_bad_handle) {
    world.close_handle(port.handle());
    std::array<Packet, 1> packets;
    BOOST_TEST(port.post(key).value() == 6);
    BOOST_TEST(port.dequeue(packets, 0).error().value() == 6);
}

BOOST_AUTO_TEST_CASE(closing_a_port_closes_its_handle) {
    const Handle handle = port.handle();
    port.close();
    DWORD flags = 0;
    BOOST_TEST(::GetHandleInformation(handle.native(), &flags) == FALSE);
    BOOST_TEST(::GetLastError() == static_cast<DWORD>(ERROR_INVALID_HANDLE));
}

BOOST_AUTO_TEST_CASE(a_moved_port_is_the_same_port) {
    const Handle handle = port.handle();
    BOOST_REQUIRE(!port.post(key));
    CompletionPort moved(std::move(port));
    BOOST_TEST((moved.handle() == handle));
    BOOST_TEST(!port.handle());  // NOLINT(bugprone-use-after-move): that is what is tested.
    port = std::move(moved);
    BOOST_TEST((port.handle() == handle));
    BOOST_TEST(next_packet().key == key);
}

BOOST_AUTO_TEST_CASE(a_port_is_not_inherited_by_child_processes) {
    BOOST_TEST(!is_inherited(port.handle()));
}

struct StatusCase {
    std::uint32_t status;
    std::uint32_t code;

    friend std::ostream& operator<<(std::ostream& out, const StatusCase& row) {
        return out << std::hex << row.status << std::dec << " is " << row.code;
    }
};

constexpr StatusCase status_cases[] = {
    {0x00000000, 0},    // STATUS_SUCCESS
    {0x00000103, 997},  // STATUS_PENDING
    {0x80000005, 234},  // STATUS_BUFFER_OVERFLOW: ERROR_MORE_DATA
    {0xC0000008, 6},    // STATUS_INVALID_HANDLE
    {0xC0000011, 38},   // STATUS_END_OF_FILE
    {0xC0000120, 995},  // STATUS_CANCELLED
    {0xC000014B, 109},  // STATUS_PIPE_BROKEN
    {0xC000020D, 64},   // STATUS_CONNECTION_RESET
    {0xC0000236, 1225}  // STATUS_CONNECTION_REFUSED
};

BOOST_DATA_TEST_CASE(a_status_becomes_the_win32_code_of_the_same_thing, data::make(status_cases),
                     row) {
    BOOST_TEST(sys::win32_code_of_status(row.status) == row.code);
}

BOOST_AUTO_TEST_CASE(the_upper_half_of_internal_is_not_part_of_the_status) {
    // What Wine leaves there is whatever the caller's memory held.
    constexpr std::uintptr_t rubbish = ~std::uintptr_t{0xFFFFFFFF};
    const Packet packet{key, nullptr, rubbish | 0xC0000120, 0};
    BOOST_TEST(packet.status() == 0xC0000120U);
}

BOOST_AUTO_TEST_SUITE_END()
