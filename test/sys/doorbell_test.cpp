// sys::Doorbell: what one thread rings, another finds readable.
#include "sys/doorbell.hpp"

#include <boost/test/unit_test.hpp>
#include <utility>

#include "support/win32_objects.hpp"
#include "sys_test.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
using sys::Doorbell;

namespace {

struct DoorbellFixture {
    World world;
    Doorbell doorbell = Doorbell::create().value();

    [[nodiscard]] bool rings(const Doorbell& bell, std::uint32_t milliseconds = 0) const {
        return revents(Handle(bell.socket()), sys::poll_bits::rdnorm, milliseconds) ==
               sys::poll_bits::rdnorm;
    }
    [[nodiscard]] bool rings() const { return rings(doorbell); }
    [[nodiscard]] bool starts_to_ring() const { return rings(doorbell, patience_milliseconds); }
};

sockaddr_in address_of(const Doorbell& bell) {
    sockaddr_in address = {};
    int size = sizeof(address);
    BOOST_REQUIRE(::getsockname(bell.socket(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    return address;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sys_doorbell)

BOOST_FIXTURE_TEST_SUITE(in_the_world, DoorbellFixture)

BOOST_AUTO_TEST_CASE(it_is_silent_until_rung_and_after_being_drained) {
    BOOST_TEST(doorbell.is_open());
    BOOST_TEST(!rings());
    for (int round = 0; round < 3; ++round) {
        BOOST_TEST(!doorbell.ring());
        BOOST_TEST(starts_to_ring());
        BOOST_TEST(starts_to_ring());
        BOOST_TEST(!doorbell.drain());
        BOOST_TEST(!rings());
    }
}

BOOST_AUTO_TEST_CASE(its_port_is_shared_with_no_other_socket) {
    const sockaddr_in address = address_of(doorbell);
    const SOCKET other = ::socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
    const BOOL yes = TRUE;
    BOOST_TEST(::setsockopt(other, SOL_SOCKET, SO_REUSEADDR, reinterpret_cast<const char*>(&yes),
                            sizeof(yes)) == 0);
    BOOST_TEST(::bind(other, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) ==
               SOCKET_ERROR);
    ::closesocket(other);
}

BOOST_AUTO_TEST_CASE(one_drain_takes_one_ring) {
    BOOST_TEST(!doorbell.ring());
    BOOST_TEST(!doorbell.ring());
    BOOST_TEST(starts_to_ring());
    BOOST_TEST(!doorbell.drain());
    BOOST_TEST(starts_to_ring());
    BOOST_TEST(!doorbell.drain());
    BOOST_TEST(!rings());
}

BOOST_AUTO_TEST_CASE(draining_a_silent_doorbell_is_no_error) {
    BOOST_TEST(!doorbell.drain());
    BOOST_TEST(!doorbell.drain());
}

BOOST_AUTO_TEST_CASE(a_full_buffer_is_no_error) {
    // More than a small buffer takes; what does not fit is dropped or refused.
    const int small = 1024;
    BOOST_REQUIRE(::setsockopt(doorbell.socket(), SOL_SOCKET, SO_RCVBUF,
                               reinterpret_cast<const char*>(&small), sizeof(small)) == 0);
    constexpr int many = 2000;
    for (int i = 0; i < many; ++i) {
        BOOST_REQUIRE(!doorbell.ring());
    }
    BOOST_TEST(starts_to_ring());
    int drained = 0;
    while (rings() && drained <= many) {
        BOOST_REQUIRE(!doorbell.drain());
        ++drained;
    }
    BOOST_TEST(drained > 0);
    BOOST_TEST(drained < many);
    BOOST_TEST(!doorbell.ring());
    BOOST_TEST(starts_to_ring());
}

BOOST_AUTO_TEST_CASE(a_ring_from_another_thread_ends_a_blocked_poll) {
    for (int round = 0; round < 100; ++round) {
        world.beside([&] { BOOST_REQUIRE(!doorbell.ring()); });
        BOOST_REQUIRE(starts_to_ring());
        BOOST_REQUIRE(!doorbell.drain());
        world.join();
    }
    BOOST_TEST(!rings());
}

BOOST_AUTO_TEST_CASE(doorbells_do_not_hear_each_other) {
    const Doorbell other = Doorbell::create().value();
    BOOST_TEST(!other.ring());
    BOOST_TEST(rings(other, patience_milliseconds));
    BOOST_TEST(!rings());
}

BOOST_AUTO_TEST_CASE(it_does_not_hear_strangers) {
    const sockaddr_in address = address_of(doorbell);
    const Handle stranger = world.udp_socket();
    BOOST_REQUIRE(::sendto(stranger.value(), "x", 1, 0, reinterpret_cast<const sockaddr*>(&address),
                           sizeof(address)) == 1);
    // The stranger's datagram was sent before this one, so it would be found with it.
    BOOST_TEST(!doorbell.ring());
    BOOST_TEST(starts_to_ring());
    BOOST_TEST(!doorbell.drain());
    BOOST_TEST(!rings());
}

BOOST_AUTO_TEST_CASE(it_listens_on_loopback_only) {
    const sockaddr_in address = address_of(doorbell);
    BOOST_TEST(address.sin_addr.s_addr == ::htonl(INADDR_LOOPBACK));
    BOOST_TEST(address.sin_port != 0);
}

BOOST_AUTO_TEST_CASE(closed_by_someone_else_it_answers_with_a_bad_handle) {
    BOOST_REQUIRE(::closesocket(doorbell.socket()) == 0);
    BOOST_TEST(doorbell.is_open());
    BOOST_TEST(doorbell.ring().value() == 10038);
    BOOST_TEST(doorbell.drain().value() == 10038);
    doorbell.abandon();
    BOOST_TEST(!doorbell.is_open());
}

BOOST_AUTO_TEST_CASE(a_closed_doorbell_answers_with_a_bad_handle) {
    const Handle socket(doorbell.socket());
    doorbell.close();
    doorbell.close();
    BOOST_TEST(!doorbell.is_open());
    BOOST_TEST(doorbell.ring().value() == 10038);
    BOOST_TEST(doorbell.drain().value() == 10038);
    DWORD flags = 0;
    BOOST_TEST(::GetHandleInformation(socket.native(), &flags) == FALSE);
}

BOOST_AUTO_TEST_CASE(an_abandoned_doorbell_closes_nothing) {
    const SOCKET socket = doorbell.socket();
    doorbell.abandon();
    doorbell.close();
    BOOST_TEST(::closesocket(socket) == 0);
}

BOOST_AUTO_TEST_CASE(a_moved_doorbell_is_the_same_doorbell) {
    const std::uintptr_t socket = doorbell.socket();
    Doorbell moved(std::move(doorbell));
    BOOST_TEST(moved.socket() == socket);
    BOOST_TEST(!doorbell.is_open());  // NOLINT(bugprone-use-after-move): that is what is tested.
    doorbell = std::move(moved);
    BOOST_TEST(!doorbell.ring());
    BOOST_TEST(starts_to_ring());
}

BOOST_AUTO_TEST_CASE(it_is_not_inherited_by_child_processes) {
    DWORD flags = 0;
    BOOST_REQUIRE(::GetHandleInformation(Handle(doorbell.socket()).native(), &flags) != FALSE);
    BOOST_TEST((flags & HANDLE_FLAG_INHERIT) == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(it_can_not_be_made_before_winsock_is_started) {
    BOOST_TEST(Doorbell::create().error().value() == 10093);
}

BOOST_AUTO_TEST_SUITE_END()
