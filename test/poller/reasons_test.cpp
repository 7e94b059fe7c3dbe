// Why wakepoll refuses a call: each mistake has an errc of its own, so that the message fits.
//
// Beside these: usage, attached, scoped_registrations, operations_datagrams,
// operations_pipe_servers and pipes have the reasons of what they are about.
#include "operation_support.hpp"

using namespace wakepoll;
using namespace wakepoll::test;

BOOST_AUTO_TEST_SUITE(reasons)

BOOST_AUTO_TEST_CASE(a_registration_is_refused_with_its_reason) {
    on_every_kernel(10, [](Stage& stage) {
        OsPoller poller = make_poller({.max_registrations = 1});
        const Handle event = stage.world.thing(Thing::event);
        const Handle socket = stage.world.tcp_pair().local;
        const auto refused = [&](Handle handle, IoInterest interest) {
            return poller.register_handle(handle, interest, 1).error();
        };
        BOOST_TEST(refused(Handle(0), IoInterest::read) == errc::bad_handle);
        BOOST_TEST(refused(socket, IoInterest{1U << 20U}) == errc::unknown_interest);
        BOOST_TEST(refused(socket, IoInterest::edge_triggered) == errc::edge_triggered);
        BOOST_TEST(refused(event, IoInterest::write) == errc::only_sockets_become_writable);
        BOOST_TEST(refused(stage.world.file_of(1), IoInterest::read) == errc::nothing_to_wait_for);
        BOOST_TEST(poller.modify_handle(event, IoInterest::read, 1) == errc::not_registered);
        BOOST_TEST(poller.unregister_handle(event) == errc::not_registered);
        BOOST_TEST(poller.associate_handle(socket, 0xFFFFFFFE) == errc::reserved_key);
        BOOST_TEST(poller.wait({}).error == errc::no_room_for_events);
        BOOST_REQUIRE(poller.register_handle(event, IoInterest::read, 1));
        BOOST_TEST(refused(event, IoInterest::read) == errc::already_registered);
        BOOST_TEST(refused(stage.world.thing(Thing::event), IoInterest::read) ==
                   errc::no_free_slot);
        poller.dispose();
        BOOST_TEST(refused(event, IoInterest::read) == errc::poller_is_closed);
        BOOST_TEST(poller.set_timer(Clock::now()) == errc::poller_is_closed);
        BOOST_TEST(wait(poller).result.error == errc::poller_is_closed);
    });
}

BOOST_AUTO_TEST_CASE(an_operation_is_refused_with_its_reason) {
    on_every_kernel(Backend::automatic, 10, [](Stage& stage) {
        OsPoller poller = make_poller({.max_overlapped_entries = 1});
        OverlappedPool& pool = poller.overlapped_pool();
        const Handle stream = ends(stage.world, Carrier::tcp).local;
        const Handle pipe = ends(stage.world, Carrier::byte_pipe).local;
        std::array<std::byte, 8> bytes{};
        const auto refused = [&](Handle handle, const auto& buffers) {
            return poller.submit_read(handle, buffers, 1).error();
        };
        const IoBuffer one{4, bytes.data()};
        BOOST_TEST(refused(stream, std::array{IoBuffer{4, nullptr}}) ==
                   errc::buffer_without_memory);
        BOOST_TEST(refused(stream, std::array{one, one}) == errc::buffer_in_use);
        BOOST_TEST(refused(pipe, std::array{one, one}) == errc::several_buffers);
        BOOST_TEST(refused(pipe, std::array<IoBuffer, 0>{}) == errc::empty_buffer);
        BOOST_TEST(poller.submit_write(stream, too_long_a_buffer(bytes.data()), 1).error() ==
                   (can_be_too_long ? errc::buffer_too_long : errc::empty_buffer));
        BOOST_TEST(poller.submit_read(stream, bytes, 1, 9).error() == errc::offset_without_file);
        BOOST_TEST(poller.cancel(stream) == errc::not_in_flight);
        BOOST_TEST(poller.cancel(nullptr) == errc::foreign_entry);
        BOOST_TEST(pool.release(nullptr) == errc::foreign_entry);

        OverlappedEntry* const entry = started(poller.submit_read(stream, bytes, 1));
        BOOST_TEST(pool.release(entry) == errc::entry_in_flight);
        BOOST_TEST(poller.register_handle(stream, IoInterest::read, 1) ==
                   errc::operations_in_flight);
        std::array<std::byte, 8> others{};
        BOOST_TEST(poller.submit_read(pipe, others, 1).error() == errc::pool_exhausted);
        BOOST_REQUIRE(poller.cancel(entry));
        (void)report(poller);
        BOOST_TEST(poller.cancel(entry) == errc::not_in_flight);
        BOOST_REQUIRE(pool.release(entry));
        BOOST_TEST(pool.release(entry) == errc::entry_not_in_use);

        stage.world.set_nowait(pipe);
        BOOST_TEST(poller.submit_read(pipe, others, 1).error() == errc::nothing_to_read);
        BOOST_REQUIRE(poller.register_handle(stream, IoInterest::read, 1));
        BOOST_TEST(poller.submit_read(stream, bytes, 1).error() == errc::registered_for_readiness);
        poller.dispose();
        BOOST_TEST(poller.submit_read(stream, bytes, 1).error() == errc::poller_is_closed);
        BOOST_TEST(poller.cancel(stream) == errc::poller_is_closed);
    });
}

BOOST_AUTO_TEST_SUITE_END()
