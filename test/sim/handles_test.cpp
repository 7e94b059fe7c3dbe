// The model's handle table, the types of handles, and what the World does with them.
#include <set>

#include "fixture.hpp"
#include "sys/handle_info.hpp"
#include "sys/system.hpp"

namespace wakepoll::sim {
namespace {

using sys::FileType;
using test::Thing;

/// The answer of file_type as a number, or minus the error.
int file_type_of(Handle handle) {
    const auto type = sys::file_type(handle);
    return type ? static_cast<int>(*type) : -type.error().value();
}

int object_type_of(Handle handle) {
    const auto type = sys::object_type(handle);
    return type ? static_cast<int>(*type) : -type.error().value();
}

constexpr int number(FileType type) { return static_cast<int>(type); }
constexpr int number(HandleType type) { return static_cast<int>(type); }

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_handles)

BOOST_FIXTURE_TEST_CASE(numbers_are_multiples_of_four_and_never_null, Fixture) {
    std::set<std::uintptr_t> seen;
    for (int i = 0; i < 100; ++i) {
        const Handle handle = world.tcp_socket();
        BOOST_TEST(static_cast<bool>(handle));
        BOOST_TEST(handle.value() % 4 == 0U);
        BOOST_TEST(seen.insert(handle.value()).second);
    }
}

BOOST_FIXTURE_TEST_CASE(the_lowest_free_number_is_given_out_next, Fixture) {
    const Handle first = world.tcp_socket();
    const Handle second = world.thing(Thing::event);
    const Handle third = world.tcp_socket();
    world.close(third);
    world.close(first);
    world.close_handle(second);
    BOOST_TEST((world.thing(Thing::event) == first));
    BOOST_TEST((world.tcp_socket() == second));
    BOOST_TEST((world.tcp_socket() == third));
}

BOOST_FIXTURE_TEST_CASE(a_value_can_be_recycled_on_demand, Fixture) {
    const auto pair = world.tcp_pair();
    const Handle in_the_way = world.tcp_socket();
    world.close(in_the_way);
    world.close(pair.peer);
    test::SocketPair next;
    BOOST_TEST(!world.recycle(world.never_a_handle(), next));
    BOOST_TEST(world.recycle(in_the_way, next));
    BOOST_TEST((next.local == in_the_way));
    BOOST_TEST(world.send(next.peer, 1).bytes == 1U);
    BOOST_TEST(poll(next.local, bits::rdnorm) == bits::rdnorm);
}

BOOST_FIXTURE_TEST_CASE(an_object_lives_as_long_as_it_has_a_handle, Fixture) {
    const auto pair = world.tcp_pair();
    const Handle duplicate = world.duplicate(pair.local);
    BOOST_TEST((duplicate != pair.local));
    world.close(pair.local);
    BOOST_TEST(poll(pair.peer, 0) == 0);
    BOOST_TEST(world.send(duplicate, 1).bytes == 1U);
    world.receive(pair.peer, 1);
    world.close(duplicate);
    BOOST_TEST(poll(pair.peer, 0) == bits::hup);
}

BOOST_AUTO_TEST_CASE(a_world_closes_what_it_opened_and_nothing_else) {
    Kernel kernel;
    const Handle event = kernel.open(Kind::event);
    {
        test::World world;
        const auto pair = world.tcp_pair();
        world.close(pair.local);
        // Not the World's handle, though it has the same number.
        BOOST_TEST((kernel.open(Kind::event) == pair.local));
        BOOST_TEST(kernel.open_handles() == 3U);
    }
    BOOST_TEST(kernel.open_handles() == 2U);
    BOOST_TEST(object_type_of(event) == number(HandleType::event));
}

BOOST_FIXTURE_TEST_CASE(every_kind_of_handle_answers_as_on_windows, Fixture) {
    const Handle socket = world.tcp_socket();
    BOOST_TEST(file_type_of(socket) == number(FileType::pipe));
    BOOST_TEST(!sys::is_pipe(socket));
    BOOST_TEST(file_type_of(world.thing(Thing::disk_file)) == number(FileType::disk));
    BOOST_TEST(file_type_of(world.thing(Thing::directory)) == number(FileType::disk));
    const Handle null_device = world.thing(Thing::null_device);
    BOOST_TEST(file_type_of(null_device) == number(FileType::character));
    BOOST_TEST(!sys::is_console(null_device));
    const Handle console = kernel.open(Kind::console);
    BOOST_TEST(file_type_of(console) == number(FileType::character));
    BOOST_TEST(sys::is_console(console));
    for (const Thing thing : {Thing::anonymous_pipe, Thing::named_pipe}) {
        const Handle pipe = world.thing(thing);
        BOOST_TEST(file_type_of(pipe) == number(FileType::pipe));
        BOOST_TEST(sys::is_pipe(pipe));
        BOOST_TEST(sys::socket_kind(pipe).error().value() == 10038);
        BOOST_TEST(object_type_of(pipe) == number(HandleType::unknown));
    }
}

BOOST_FIXTURE_TEST_CASE(what_is_no_file_is_told_by_the_name_of_its_type, Fixture) {
    const std::pair<Thing, HandleType> expected[] = {{Thing::event, HandleType::event},
                                                     {Thing::process, HandleType::process},
                                                     {Thing::thread, HandleType::thread},
                                                     {Thing::semaphore, HandleType::semaphore},
                                                     {Thing::timer, HandleType::timer}};
    for (const auto& [thing, type] : expected) {
        const Handle handle = world.thing(thing);
        BOOST_TEST(file_type_of(handle) == -6);
        BOOST_TEST(object_type_of(handle) == number(type));
    }
    const sys::CompletionPort port = sys::CompletionPort::create().value();
    BOOST_TEST(file_type_of(port.handle()) == -6);
    BOOST_TEST(object_type_of(port.handle()) == number(HandleType::unknown));
    // INVALID_HANDLE_VALUE is the pseudo-handle of this process.
    BOOST_TEST(object_type_of(Handle{}) == number(HandleType::process));
}

BOOST_FIXTURE_TEST_CASE(a_number_that_is_no_handle_is_invalid, Fixture) {
    const Handle closed = world.thing(Thing::event);
    world.close_handle(closed);
    for (const Handle handle :
         {world.never_a_handle(), closed, Handle(std::uintptr_t{0}), Handle(std::uintptr_t{5})}) {
        BOOST_TEST(file_type_of(handle) == -6);
        BOOST_TEST(object_type_of(handle) == -6);
        BOOST_TEST(!sys::is_pipe(handle));
        BOOST_TEST(!sys::is_console(handle));
        BOOST_TEST(sys::socket_kind(handle).error().value() == 10038);
    }
}

BOOST_FIXTURE_TEST_CASE(sockets_say_what_they_are, Fixture) {
    const auto tcp = world.tcp_pair();
    const auto udp = world.udp_pair();
    const Handle listener = world.listener();
    BOOST_TEST((sys::socket_kind(tcp.local).value() == sys::SocketKind::stream));
    BOOST_TEST((sys::socket_kind(udp.local).value() == sys::SocketKind::datagram));
    BOOST_TEST(sys::is_connected(tcp.local).value());
    BOOST_TEST(!sys::is_connected(udp.local).value());
    BOOST_TEST(!sys::is_connected(world.tcp_socket()).value());
    BOOST_TEST(!sys::is_listening(tcp.local).value());
    BOOST_TEST(sys::is_listening(listener).value());
}

BOOST_FIXTURE_TEST_CASE(winsock_sessions_are_counted, Fixture) {
    BOOST_TEST(kernel.winsock_sessions() == 1U);
    {
        sys::WinsockSession second = sys::WinsockSession::start().value();
        const sys::WinsockSession moved = std::move(second);
        BOOST_TEST(kernel.winsock_sessions() == 2U);
    }
    BOOST_TEST(kernel.winsock_sessions() == 1U);
    winsock.end();
    winsock.end();
    BOOST_TEST(kernel.winsock_sessions() == 0U);
}

BOOST_AUTO_TEST_CASE(each_personality_has_its_build) {
    const std::uint32_t builds[] = {22631, 17763, 19043};
    std::size_t i = 0;
    on_each([&](Fixture&) { BOOST_TEST(sys::windows_build() == builds[i++]); });
}

BOOST_AUTO_TEST_CASE(the_newest_kernel_is_current_and_the_older_one_comes_back) {
    Kernel older;
    {
        Kernel newer;
        BOOST_TEST(&Kernel::current() == &newer);
    }
    BOOST_TEST(&Kernel::current() == &older);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace wakepoll::sim
