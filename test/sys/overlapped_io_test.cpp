// sys: how overlapped receives and sends end.
#include "sys/overlapped_io.hpp"

#include <array>
#include <boost/test/unit_test.hpp>
#include <vector>

#include "packets.hpp"
#include "support/win32_objects.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
using sys::Started;

namespace {

struct OverlappedIoFixture : PortFixture {
    SocketPair pair = world.tcp_pair();
    Handle local = tied(pair.local);

    Result<Started> receive(Handle socket, IoBuffer into) {
        return sys::receive(socket, {&into, 1}, overlapped);
    }
    Result<Started> receive() { return receive(local, whole_buffer()); }

    Result<Started> send(std::string_view what) {
        const IoBuffer from{static_cast<std::uint32_t>(what.size()),
                            const_cast<char*>(what.data())};
        return sys::send(local, {&from, 1}, overlapped);
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sys_overlapped_io, OverlappedIoFixture)

BOOST_AUTO_TEST_CASE(a_receive_pends_until_data_come) {
    BOOST_TEST(is_pending(receive()));
    put(pair.peer, "abc");
    BOOST_TEST(finished() == (Finished{0, 3}));
    BOOST_TEST(text(3) == "abc");
    BOOST_TEST(is_silent());
}

BOOST_AUTO_TEST_CASE(a_receive_done_at_once_posts_all_the_same) {
    put(pair.peer, local, "abc");
    const Result<Started> started = receive();
    BOOST_REQUIRE(started.has_value());
    BOOST_TEST(started->at_once);
    BOOST_TEST(started->bytes == 3U);
    BOOST_TEST(finished() == (Finished{0, 3}));
    BOOST_TEST(is_silent());
}

BOOST_AUTO_TEST_CASE(a_receive_done_at_once_posts_nothing_where_packets_are_skipped) {
    BOOST_REQUIRE(!sys::skip_packets_on_success(local));
    put(pair.peer, local, "abc");
    const Result<Started> started = receive();
    BOOST_REQUIRE(started.has_value());
    BOOST_TEST(started->at_once);
    BOOST_TEST(started->bytes == 3U);
    BOOST_TEST(text(3) == "abc");
    BOOST_TEST(is_silent());

    // One that pends is reported as before.
    overlapped = {};
    BOOST_TEST(is_pending(receive()));
    put(pair.peer, "d");
    BOOST_TEST(finished() == (Finished{0, 1}));
}

BOOST_AUTO_TEST_CASE(a_receive_fills_its_buffers_in_turn) {
    const std::array<IoBuffer, 2> parts = {IoBuffer{2, buffer.data() + 8},
                                           IoBuffer{4, buffer.data()}};
    BOOST_TEST(is_pending(sys::receive(local, parts, overlapped)));
    put(pair.peer, "abcde");
    BOOST_TEST(finished() == (Finished{0, 5}));
    BOOST_TEST(text(3) == "cde");
    BOOST_TEST(buffer[8] == 'a');
    BOOST_TEST(buffer[9] == 'b');
}

BOOST_AUTO_TEST_CASE(the_array_of_buffers_is_free_once_the_call_returns) {
    std::array<IoBuffer, 1> parts = {whole_buffer()};
    BOOST_TEST(is_pending(sys::receive(local, parts, overlapped)));
    parts[0] = {0, nullptr};
    put(pair.peer, "abc");
    BOOST_TEST(finished() == (Finished{0, 3}));
    BOOST_TEST(text(3) == "abc");
}

BOOST_AUTO_TEST_CASE(the_end_of_the_stream_is_a_receive_of_no_bytes) {
    BOOST_TEST(is_pending(receive()));
    world.shutdown_send(pair.peer);
    BOOST_TEST(finished() == (Finished{0, 0}));

    overlapped = {};
    const Result<Started> again = receive();
    BOOST_REQUIRE(again.has_value());
    BOOST_TEST(again->bytes == 0U);
    BOOST_TEST(finished() == (Finished{0, 0}));
}

BOOST_AUTO_TEST_CASE(a_cancelled_receive_reports_aborted) {
    BOOST_TEST(is_pending(receive()));
    BOOST_TEST(!sys::cancel(local, overlapped));
    BOOST_TEST(finished() == aborted);
    BOOST_TEST(sys::cancel(local, overlapped).value() == 1168);
    BOOST_TEST(is_silent());
    // The socket is as good as before.
    overlapped = {};
    BOOST_TEST(is_pending(receive()));
    put(pair.peer, "abc");
    BOOST_TEST(finished() == (Finished{0, 3}));
}

BOOST_AUTO_TEST_CASE(a_receive_that_is_done_is_not_found_by_cancel_and_posts_all_the_same) {
    put(pair.peer, local, "abc");
    BOOST_REQUIRE(receive().has_value());
    BOOST_TEST(sys::cancel(local, overlapped).value() == 1168);
    BOOST_TEST(finished() == (Finished{0, 3}));
}

BOOST_AUTO_TEST_CASE(cancel_ends_the_one_call_it_is_asked_to) {
    NativeOverlapped other;
    const IoBuffer into{8, buffer.data() + 8};
    BOOST_TEST(is_pending(receive(local, {8, buffer.data()})));
    BOOST_TEST(is_pending(sys::receive(local, {&into, 1}, other)));
    BOOST_TEST(!sys::cancel(local, other));
    BOOST_TEST(finished(other) == aborted);
    put(pair.peer, "abc");
    BOOST_TEST(finished() == (Finished{0, 3}));
}

BOOST_AUTO_TEST_CASE(a_reset_ends_a_receive_with_a_deleted_name) {
    BOOST_TEST(is_pending(receive()));
    world.reset(pair.peer);
    BOOST_TEST(finished() == (Finished{64, 0}));
}

BOOST_AUTO_TEST_CASE(a_closed_socket_ends_its_receive) {
    BOOST_TEST(is_pending(receive()));
    world.close(local);
    // Windows says aborted, Wine 8 that the port was closed.
    const Finished end = finished();
    BOOST_TEST((end == aborted || end == Finished{676, 0}), end);
}

BOOST_AUTO_TEST_CASE(a_socket_can_be_closed) {
    const Result<Handle> socket = sys::socket_like(local);
    BOOST_REQUIRE(socket.has_value());
    sys::close_socket(*socket);
    BOOST_TEST(sys::has_file_handles(*socket).error().value() == 10038);
    sys::close_socket(*socket);  // Which says nothing and does nothing.
}

BOOST_AUTO_TEST_CASE(a_send_gathers_its_buffers_in_turn) {
    std::string_view text = "abcdefgh";
    char* const data = const_cast<char*>(text.data());
    const std::array<IoBuffer, 2> parts = {IoBuffer{3, data + 4}, IoBuffer{2, data}};
    const Result<Started> started = sys::send(local, parts, overlapped);
    BOOST_REQUIRE(started.has_value());
    BOOST_TEST(finished() == (Finished{0, 5}));
    BOOST_TEST(revents(pair.peer, sys::poll_bits::rdnorm, patience_milliseconds) ==
               sys::poll_bits::rdnorm);
    BOOST_TEST(taken(pair.peer) == "efgab");
}

BOOST_AUTO_TEST_CASE(a_send_that_does_not_fit_pends_until_the_peer_has_read) {
    // Far more than both buffers of the connection hold.
    std::vector<char> much(16U << 20U, 'x');
    const Result<Started> started = send({much.data(), much.size()});
    BOOST_TEST(is_pending(started));
    std::size_t received = 0;
    while (received < much.size()) {
        BOOST_REQUIRE(revents(pair.peer, sys::poll_bits::rdnorm, patience_milliseconds) ==
                      sys::poll_bits::rdnorm);
        received += world.receive(pair.peer, much.size() - received).bytes;
    }
    BOOST_TEST(finished() == (Finished{0, static_cast<std::uint32_t>(much.size())}));
}

BOOST_AUTO_TEST_CASE(a_cancelled_send_reports_aborted) {
    std::vector<char> much(16U << 20U, 'x');
    BOOST_TEST(is_pending(send({much.data(), much.size()})));
    BOOST_TEST(!sys::cancel(local, overlapped));
    BOOST_TEST(finished().code == 995U);
}

BOOST_AUTO_TEST_CASE(a_call_that_fails_posts_nothing) {
    const Handle stranger = tied(world.tcp_socket());
    BOOST_TEST(refusal(receive(stranger, whole_buffer())) == 10057);
    BOOST_TEST(is_silent());
}

BOOST_AUTO_TEST_CASE(after_a_reset_a_send_is_refused) {
    world.reset(pair.peer);
    constexpr int hup = sys::poll_bits::hup;
    BOOST_REQUIRE((revents(local, sys::poll_bits::rdnorm, patience_milliseconds) & hup) != 0);
    // The first call after a reset may report it, or that the stream has been shut down.
    const int code = refusal(send("abc"));
    BOOST_TEST((code == 10054 || code == 10053 || code == 10058), code);
    BOOST_TEST(is_silent());
}

BOOST_AUTO_TEST_CASE(what_is_no_socket_is_refused) {
    for (const Handle handle : {world.thing(Thing::event), world.never_a_handle()}) {
        IoBuffer into = whole_buffer();
        BOOST_TEST(refusal(sys::receive(handle, {&into, 1}, overlapped)) == 10038);
        BOOST_TEST(refusal(sys::send(handle, {&into, 1}, overlapped)) == 10038);
        BOOST_TEST(sys::has_file_handles(handle).error().value() == 10038);
        BOOST_TEST(sys::socket_like(handle).error().value() == 10038);
    }
    BOOST_TEST(sys::cancel(world.never_a_handle(), overlapped).value() == 6);
    BOOST_TEST(sys::skip_packets_on_success(world.never_a_handle()).value() == 6);
}

BOOST_AUTO_TEST_CASE(a_mark_is_the_objects_and_not_the_numbers) {
    for (const Handle handle : {local, world.udp_socket(), world.listener(),
                                world.thing(Thing::named_pipe), world.thing(Thing::disk_file)}) {
        BOOST_TEST(!sys::modes_of(handle).value().is_marked);
        BOOST_TEST(!sys::mark(handle));
        BOOST_TEST(sys::modes_of(handle).value().is_marked);
        const Handle duplicate = world.duplicate(handle);
        BOOST_TEST(sys::modes_of(duplicate).value().is_marked);
    }
    // To skip packets is another flag, as other libraries set it.
    const Handle socket = world.tcp_socket();
    BOOST_REQUIRE(!sys::skip_packets_on_success(socket));
    BOOST_TEST(!sys::modes_of(socket).value().is_marked);
    BOOST_TEST(!sys::mark(socket));
    BOOST_TEST(sys::modes_of(socket).value().is_marked);
}

BOOST_AUTO_TEST_CASE(what_is_no_overlapped_file_has_no_mark) {
    const Handle file = world.thing(Thing::synchronous_file);
    BOOST_TEST(sys::mark(file).value() == 87);
    BOOST_TEST(!sys::modes_of(file).value().is_marked);
    for (const Handle handle : {world.thing(Thing::event), world.never_a_handle()}) {
        BOOST_TEST(sys::mark(handle).value() == 6);
        BOOST_TEST(sys::modes_of(handle).error().value() == 6);
    }
}

BOOST_AUTO_TEST_CASE(sockets_of_the_system_are_file_handles) {
    BOOST_TEST(sys::has_file_handles(local).value());
    BOOST_TEST(sys::has_file_handles(world.udp_socket()).value());
}

BOOST_AUTO_TEST_CASE(a_datagram_cut_at_once_posts_once) {
    const SocketPair udp = world.udp_pair();
    put(udp.peer, tied(udp.local), "abcdefgh");
    const Result<Started> started = receive(udp.local, {4, buffer.data()});
    BOOST_REQUIRE(started.has_value());
    BOOST_TEST(!started->at_once);
    BOOST_TEST(finished() == (Finished{234, 4}));
    BOOST_TEST(text(5) == std::string("abcd\0", 5));
    BOOST_TEST(is_silent());
}

BOOST_AUTO_TEST_CASE(a_datagram_cut_later_posts_once) {
    const SocketPair udp = world.udp_pair();
    BOOST_TEST(is_pending(receive(tied(udp.local), {4, buffer.data()})));
    put(udp.peer, "abcdefgh");
    BOOST_TEST(finished() == (Finished{234, 4}));
    BOOST_TEST(is_silent());
}

BOOST_AUTO_TEST_CASE(a_datagram_with_an_address_comes_with_that_of_its_sender) {
    const Handle server = tied(world.bound_udp());
    const Handle client = tied(world.udp_socket());
    const auto address = world.address_of(server);
    std::array<std::byte, 128> from = {};
    std::int32_t size = from.size();
    NativeOverlapped sending;
    std::array<char, 3> letters = {'a', 'b', 'c'};
    BOOST_TEST(
        is_pending(sys::receive_from(server, whole_buffer(), from.data(), size, overlapped)));
    BOOST_REQUIRE(sys::send_to(client, {3, letters.data()}, address, sending).has_value());
    std::array<sys::Packet, 1> packet;
    bool received = false;
    for (int i = 0; i < 2; ++i) {
        BOOST_REQUIRE(port.dequeue(packet, patience_milliseconds).value() == 1U);
        BOOST_TEST(packet[0].bytes == 3U);
        BOOST_TEST(sys::win32_code_of_status(packet[0].status()) == 0U);
        received = received || packet[0].overlapped == &overlapped;
    }
    BOOST_TEST(received);
    BOOST_TEST(text(3) == "abc");
    BOOST_TEST(size == 16);
    // The send has bound the socket: the receiver got its port.
    const auto senders = world.address_of(client);
    BOOST_TEST((senders[2] == from[2] && senders[3] == from[3]));
}

BOOST_AUTO_TEST_CASE(a_datagram_cut_has_its_senders_address) {
    const Handle server = tied(world.bound_udp());
    const Handle client = tied(world.bound_udp());
    std::array<std::byte, 128> from = {};
    std::int32_t size = from.size();
    NativeOverlapped sending;
    std::array<char, 8> letters = {'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'};
    BOOST_REQUIRE(
        sys::receive_from(server, {4, buffer.data()}, from.data(), size, overlapped).has_value());
    BOOST_REQUIRE(
        sys::send_to(client, {8, letters.data()}, world.address_of(server), sending).has_value());
    std::array<sys::Packet, 1> packet;
    for (int i = 0; i < 2; ++i) {
        BOOST_REQUIRE(port.dequeue(packet, patience_milliseconds).value() == 1U);
        if (packet[0].overlapped == &overlapped) {
            BOOST_TEST(sys::win32_code_of_status(packet[0].status()) == 234U);
        }
    }
    BOOST_TEST(size == 16);
    const auto senders = world.address_of(client);
    BOOST_TEST((senders[2] == from[2] && senders[3] == from[3]));
}

BOOST_AUTO_TEST_CASE(a_pipe_server_waits_for_a_client_and_finds_one_that_is_there) {
    const Handle server = tied(world.pipe_server());
    BOOST_TEST(is_pending(sys::connect_pipe(server, overlapped)));
    const Handle client = world.open_pipe(server);
    BOOST_TEST(finished() == (Finished{0, 0}));
    const Result<Started> again = sys::connect_pipe(server, overlapped);
    BOOST_REQUIRE(again.has_value());
    BOOST_TEST(again->at_once);
    BOOST_TEST(again->without_packet);
    BOOST_TEST(is_silent());
    world.close_handle(client);
    BOOST_TEST(refusal(sys::connect_pipe(server, overlapped)) == 232);
    world.disconnect_pipe(server);
    overlapped = {};
    BOOST_TEST(is_pending(sys::connect_pipe(server, overlapped)));
    BOOST_TEST(static_cast<bool>(world.open_pipe(server)));
    BOOST_TEST(finished() == (Finished{0, 0}));
}

BOOST_AUTO_TEST_CASE(a_pipe_server_that_waits_can_be_canceled) {
    const Handle server = tied(world.pipe_server());
    BOOST_TEST(is_pending(sys::connect_pipe(server, overlapped)));
    BOOST_TEST(!sys::cancel(server, overlapped));
    BOOST_TEST(finished() == aborted);
}

BOOST_AUTO_TEST_CASE(only_a_servers_end_waits_for_a_client) {
    BOOST_TEST(refusal(sys::connect_pipe(world.pipe_pair(PipeKind::both_overlapped).peer,
                                         overlapped)) == 1);
    BOOST_TEST(refusal(sys::connect_pipe(world.never_a_handle(), overlapped)) == 6);
}

BOOST_AUTO_TEST_SUITE_END()
