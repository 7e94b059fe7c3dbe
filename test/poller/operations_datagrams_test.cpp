// Datagrams with an address: received with the sender's address, sent to a given one.
//
// Nothing is registered for readiness here, so the backend does not matter.
#include "operation_support.hpp"

using namespace wakepoll;
using namespace wakepoll::test;

BOOST_AUTO_TEST_SUITE(operations_datagrams)

namespace {

constexpr int some_seeds = 50;

using AddressRoom = std::array<std::byte, OsPoller::address_size>;

/// Family, port and host, which a sockaddr_in begins with.
std::string name_of(std::span<const std::byte> address) {
    return text_of(address.first(std::min<std::size_t>(address.size(), 8)));
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_datagram_comes_with_its_senders_address) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle server = stage.world.bound_udp();
        const std::vector<std::byte> address = stage.world.address_of(server);
        const std::array clients = {stage.world.bound_udp(), stage.world.bound_udp()};
        for (std::uint64_t round = 0; round < 4; ++round) {
            const Handle client = clients[round % 2];
            std::array<std::byte, 8> buffer{};
            AddressRoom from{};
            (void)started(poller.submit_receive_from(server, buffer, from, 1));
            (void)started(poller.submit_send_to(client, bytes_of("hello"), address, 2));
            const std::vector<Report> all = reports(poller, 2);
            const Report& sent = find(all, 2);
            BOOST_TEST(sent.mask == mask::out);
            BOOST_TEST(sent.completion.bytes == 5U);
            BOOST_TEST((sent.completion.operation == IoOperation::write));
            BOOST_TEST(sent.completion.address.empty());
            const Report& received = find(all, 1);
            BOOST_TEST(received.mask == mask::in);
            BOOST_TEST(text_of(std::span(buffer).first(received.completion.bytes)) == "hello");
            BOOST_TEST((received.completion.address.data() == from.data()));
            BOOST_TEST(name_of(received.completion.address) ==
                       name_of(stage.world.address_of(client)));
        }
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(the_address_that_came_is_one_to_answer_to) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const AttachedHandle server = poller.attach(stage.world.bound_udp()).value();
        // Not bound: the first send does that.
        const AttachedHandle client = poller.attach(stage.world.udp_socket()).value();
        const std::vector<std::byte> address = stage.world.address_of(server.handle());
        std::array<std::byte, 8> buffer{};
        AddressRoom from{};
        (void)started(poller.submit_receive_from(server, buffer, from, 1));
        (void)started(poller.submit_send_to(client, bytes_of("ask"), address, 2));
        const std::vector<Report> all = reports(poller, 2);
        const std::span<const std::byte> sender = find(all, 1).completion.address;
        BOOST_REQUIRE(!sender.empty());
        std::array<std::byte, 8> answer{};
        AddressRoom server_address{};
        (void)started(poller.submit_receive_from(client, answer, server_address, 3));
        (void)started(poller.submit_send_to(server, bytes_of("answer"), sender, 4));
        const std::vector<Report> both = reports(poller, 2);
        BOOST_TEST(find(both, 3).completion.bytes == 6U);
        BOOST_TEST(name_of(find(both, 3).completion.address) == name_of(address));
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(the_address_is_needed_during_the_send_alone) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle server = stage.world.bound_udp();
        const Handle client = stage.world.bound_udp();
        std::vector<std::byte> address = stage.world.address_of(server);
        (void)started(poller.submit_send_to(client, bytes_of("x"), address, 1));
        std::ranges::fill(address, std::byte{0xFF});
        BOOST_TEST(report(poller).completion.bytes == 1U);
        BOOST_TEST(take_text(stage.world, server, 1) == "x");
    });
}

BOOST_AUTO_TEST_CASE(datagrams_are_reported_in_the_order_of_their_receives) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle server = stage.world.bound_udp();
        const Handle client = stage.world.bound_udp();
        const std::vector<std::byte> address = stage.world.address_of(server);
        std::array<std::array<std::byte, 4>, 5> buffers{};
        std::array<AddressRoom, 5> rooms{};
        for (std::uint64_t i = 0; i < 5; ++i) {
            (void)started(poller.submit_receive_from(server, buffers[i], rooms[i], i));
        }
        for (std::uint64_t i = 0; i < 5; ++i) {
            const std::string text = std::to_string(i);
            (void)started(poller.submit_send_to(client, bytes_of(text), address, 10 + i));
            const std::vector<Report> both = reports(poller, 2);
            BOOST_TEST(find(both, i).completion.bytes == 1U);
            BOOST_TEST(text_of(std::span(buffers[i]).first(1)) == text);
        }
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(an_empty_datagram_has_an_address_too) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle server = stage.world.bound_udp();
        const Handle client = stage.world.bound_udp();
        std::array<std::byte, 4> buffer{};
        AddressRoom from{};
        (void)started(poller.submit_receive_from(server, buffer, from, 1));
        (void)started(poller.submit_send_to(client, {}, stage.world.address_of(server), 2));
        const std::vector<Report> all = reports(poller, 2);
        BOOST_TEST(find(all, 1).mask == mask::in);
        BOOST_TEST(find(all, 1).completion.bytes == 0U);
        BOOST_TEST(!find(all, 1).completion.address.empty());
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(one_longer_than_the_buffer_is_message_size_with_its_address) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle server = stage.world.bound_udp();
        const Handle client = stage.world.bound_udp();
        std::array<std::byte, 4> buffer{};
        AddressRoom from{};
        (void)started(
            poller.submit_send_to(client, bytes_of("too long"), stage.world.address_of(server), 1));
        (void)started(poller.submit_receive_from(server, buffer, from, 2));
        const std::vector<Report> all = reports(poller, 2);
        BOOST_TEST(find(all, 2).completion.error == std::errc::message_size);
        BOOST_TEST(find(all, 2).mask == (mask::in | mask::err));
        BOOST_TEST(text_of(buffer) == "too ");
        BOOST_TEST(name_of(find(all, 2).completion.address) ==
                   name_of(stage.world.address_of(client)));
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(a_receive_that_ends_otherwise_has_no_address) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle server = stage.world.bound_udp();
        const Handle closed = stage.world.bound_udp();
        std::array<std::byte, 4> buffer{};
        std::array<std::byte, 4> other{};
        AddressRoom from{};
        AddressRoom other_from{};
        OverlappedEntry* const entry = started(poller.submit_receive_from(server, buffer, from, 1));
        (void)started(poller.submit_receive_from(closed, other, other_from, 2));
        BOOST_TEST(poller.cancel(entry));
        stage.world.close(closed);
        for (const Report& done : reports(poller, 2)) {
            BOOST_TEST(done.completion.error == std::errc::operation_canceled);
            BOOST_TEST(done.completion.address.empty());
        }
        // A plain read leaves the field empty as well.
        const Ends pair = ends(stage.world, Carrier::udp);
        (void)started(poller.submit_read(pair.local, buffer, 3));
        put_text(stage.world, pair.peer, "x");
        BOOST_TEST(report(poller).completion.address.empty());
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(what_cannot_be_is_refused_and_changes_nothing) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle server = stage.world.bound_udp();
        const std::vector<std::byte> address = stage.world.address_of(server);
        std::array<std::byte, 300> buffer{};
        const std::span<std::byte> all(buffer);
        AddressRoom from{};
        const auto receive = [&](Handle handle, std::span<std::byte> bytes,
                                 std::span<std::byte> room) {
            return poller.submit_receive_from(handle, bytes, room, 1).error();
        };
        const auto send = [&](Handle handle, std::span<const std::byte> bytes,
                              std::span<const std::byte> to) {
            return poller.submit_send_to(handle, bytes, to, 1).error();
        };
        for (const Handle handle :
             {stage.world.tcp_pair().local, stage.world.listener(), stage.world.file_of(9),
              stage.world.pipe_pair(PipeKind::messages).local}) {
            BOOST_TEST(receive(handle, all.first(4), from) == errc::operation_of_another_kind);
            BOOST_TEST(send(handle, all.first(4), address) == std::errc::not_supported);
        }
        BOOST_TEST(receive(server, {}, from) == errc::empty_buffer);
        BOOST_TEST(receive(server, all.first(4), std::span(from).first(127)) ==
                   errc::no_room_for_address);
        BOOST_TEST(receive(server, all.first(4), {}) == std::errc::invalid_argument);
        BOOST_TEST(receive(server, all.first(129), all.subspan(128)) == errc::buffer_in_use);
        BOOST_TEST(send(server, all.first(4), {}) == errc::bad_address);
        BOOST_TEST(send(server, all.first(4), all) == std::errc::invalid_argument);
        BOOST_TEST(receive(Handle{}, all.first(4), from) == std::errc::bad_file_descriptor);
        BOOST_TEST(send(stage.world.never_a_handle(), all.first(4), address) ==
                   std::errc::bad_file_descriptor);
        // What the kernel refuses: cut short, port 0, and a socket that nothing is sent to.
        BOOST_TEST(!!send(server, all.first(4), std::span(address).first(4)));
        if (!runs_on_wine()) {  // Wine lets a socket that is not bound wait for a datagram.
            BOOST_TEST(receive(stage.world.udp_socket(), all.first(4), from) ==
                       std::errc::invalid_argument);
        }
        BOOST_TEST(poller.overlapped_count() == 0U);
        BOOST_TEST(poller.stats().operations_started == 0U);
        // Both the buffer and the room for the address are the kernel's while it is in flight.
        (void)started(poller.submit_receive_from(server, all.first(4), all.subspan(100), 2));
        BOOST_TEST(receive(server, all.first(1), from) == errc::buffer_in_use);
        BOOST_TEST(receive(server, all.subspan(240, 4), all.first(128)) == errc::buffer_in_use);
        poller.dispose();
        BOOST_TEST(receive(server, all.first(4), from) == std::errc::operation_canceled);
        BOOST_TEST(send(server, all.first(4), address) == std::errc::operation_canceled);
    });
}

#if !defined(_WIN32)

BOOST_AUTO_TEST_CASE(a_call_that_fails_leaves_everything_as_it_was) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle server = stage.world.bound_udp();
        const Handle client = stage.world.bound_udp();
        const std::vector<std::byte> address = stage.world.address_of(server);
        std::array<std::byte, 4> buffer{};
        AddressRoom from{};
        stage.kernel.fail_next(sim::Call::receive_from, sim::code::no_buffer_space);
        stage.kernel.fail_next(sim::Call::send_to, sim::code::no_buffer_space);
        BOOST_TEST(poller.submit_receive_from(server, buffer, from, 1).error() ==
                   std::errc::no_buffer_space);
        BOOST_TEST(poller.submit_send_to(client, bytes_of("x"), address, 1).error() ==
                   std::errc::no_buffer_space);
        BOOST_TEST(poller.overlapped_count() == 0U);
        (void)started(poller.submit_receive_from(server, buffer, from, 1));
        (void)started(poller.submit_send_to(client, bytes_of("x"), address, 2));
        (void)reports(poller, 2);
        check_that_nothing_is_left(poller);
    });
}

#endif

#if !defined(_WIN32)

BOOST_AUTO_TEST_CASE(a_port_without_a_receiver_is_the_same_error_before_and_during_a_receive) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        if (!stage.kernel.traits().reports_unreachable) {
            return;
        }
        OsPoller poller = make_poller();
        for (const bool before : {true, false}) {
            const SocketPair pair = stage.world.udp_pair();
            stage.world.close(pair.peer);
            std::array<std::byte, 4> buffer{};
            if (before) {
                BOOST_TEST(stage.world.send(pair.local, 1).bytes == 1U);
            }
            (void)started(poller.submit_read(pair.local, buffer, 1));
            if (!before) {
                BOOST_TEST(stage.world.send(pair.local, 1).bytes == 1U);
            }
            const Report done = report(poller);
            BOOST_TEST(done.mask == (mask::in | mask::err));
            BOOST_TEST((done.completion.error == std::errc::connection_reset));
        }
        check_that_nothing_is_left(poller);
    });
}

#endif

BOOST_AUTO_TEST_SUITE_END()
