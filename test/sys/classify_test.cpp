// classify: every kind of handle, and what is not a handle.
#include "poller/classify.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "support/win32_objects.hpp"
#include "sys/handle_info.hpp"
#include "sys_test.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(sys_classify)

namespace {

struct Row {
    Thing kind;
    HandleType type;

    friend std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.kind; }
};

constexpr Row rows[] = {
    {Thing::disk_file, HandleType::file},         {Thing::directory, HandleType::file},
    {Thing::null_device, HandleType::unknown},    {Thing::event, HandleType::event},
    {Thing::anonymous_pipe, HandleType::pipe},    {Thing::named_pipe, HandleType::pipe},
    {Thing::process, HandleType::process},        {Thing::thread, HandleType::thread},
    {Thing::semaphore, HandleType::semaphore},    {Thing::timer, HandleType::timer},
    {Thing::auto_reset_event, HandleType::event}, {Thing::auto_reset_timer, HandleType::timer},
    {Thing::child_process, HandleType::process},  {Thing::child_thread, HandleType::thread},
    {Thing::synchronous_file, HandleType::file},  {Thing::synchronous_pipe, HandleType::pipe},
};
static_assert(std::size(rows) == std::size(all_things));

}  // namespace

BOOST_FIXTURE_TEST_SUITE(in_the_world, WorldFixture)

BOOST_DATA_TEST_CASE(a_handle_is_what_it_was_made_as, data::make(rows), row) {
    BOOST_TEST(classify(world.thing(row.kind)).value() == row.type);
}

BOOST_DATA_TEST_CASE(a_duplicate_is_what_the_original_is, data::make(rows), row) {
    const Handle thing = world.thing(row.kind);
    const Handle copy = world.duplicate(thing);
    world.close_handle(thing);
    BOOST_TEST(classify(copy).value() == row.type);
}

BOOST_DATA_TEST_CASE(a_closed_handle_is_a_bad_handle, data::make(rows), row) {
    const Handle thing = world.thing(row.kind);
    world.close_handle(thing);
    BOOST_TEST(classify(thing).error().value() == 6);
}

BOOST_AUTO_TEST_CASE(every_socket_is_a_socket) {
    const Handle listener = world.listener();
    BOOST_TEST(classify(listener).value() == HandleType::socket);
    for (const Handle socket : {world.tcp_socket(), world.udp_socket(), world.connecting(listener),
                                world.connecting_refused(), world.tcp_pair().local,
                                world.tcp_pair().peer, world.udp_pair().local}) {
        BOOST_TEST(classify(socket).value() == HandleType::socket);
    }
}

BOOST_AUTO_TEST_CASE(a_socket_duplicated_by_winsock_is_a_socket) {
    const Handle socket = world.tcp_socket();
    const Handle copy = world.duplicate(socket);
    world.close(socket);
    BOOST_TEST(classify(copy).value() == HandleType::socket);
}

BOOST_AUTO_TEST_CASE(a_socket_duplicated_as_a_handle_is_one_where_winsock_takes_it) {
    const HANDLE copy = duplicate_native(world.tcp_socket().native());
    const HandleType type = classify(Handle(copy)).value();
    ::CloseHandle(copy);
    // Wine 8 knows only the handles that its own Winsock gave out. To its kernel the duplicate is
    // pipe-like and not a pipe.
    BOOST_TEST((type == HandleType::socket || type == HandleType::unknown), "got " << type);
}

BOOST_AUTO_TEST_CASE(both_directions_of_a_console_are_consoles,
                     *boost::unit_test::precondition(&has_console)) {
    for (const wchar_t* const name : {L"CONIN$", L"CONOUT$"}) {
        const HANDLE console = open_console(name);
        BOOST_REQUIRE(console != INVALID_HANDLE_VALUE);
        BOOST_TEST(classify(Handle(console)).value() == HandleType::console);
        ::CloseHandle(console);
    }
}

BOOST_AUTO_TEST_CASE(a_closed_socket_is_a_bad_handle) {
    const Handle socket = world.tcp_socket();
    world.close(socket);
    BOOST_TEST(classify(socket).error().value() == 6);
}

BOOST_AUTO_TEST_CASE(a_socket_closed_as_a_handle_is_a_bad_handle) {
    const Handle socket = world.tcp_socket();
    world.close_handle(socket);
    BOOST_TEST(classify(socket).error().value() == 6);
    // So that Wine does not take the next socket with this number for two. Fails everywhere.
    ::closesocket(socket.value());
}

BOOST_AUTO_TEST_CASE(null_and_invalid_are_bad_handles) {
    BOOST_TEST(classify(Handle()).error().value() == 6);
    BOOST_TEST(classify(Handle(0)).error().value() == 6);
    BOOST_TEST(classify(Handle(INVALID_HANDLE_VALUE)).error().value() == 6);
    BOOST_TEST(classify(Handle(INVALID_SOCKET)).error().value() == 6);
}

BOOST_DATA_TEST_CASE(a_number_that_was_never_a_handle_is_a_bad_handle,
                     data::make({std::uintptr_t{1}, std::uintptr_t{2}, std::uintptr_t{3},
                                 std::uintptr_t{0x7FFFFFF0}}),
                     number) {
    BOOST_TEST(classify(Handle(number)).error().value() == 6);
}

BOOST_AUTO_TEST_CASE(a_number_with_a_low_bit_is_a_bad_handle) {
    // To the kernel it is the object's: the low bits do not count.
    const Handle event = world.thing(Thing::event);
    BOOST_TEST(sys::object_type(Handle(event.value() + 3)).value() == HandleType::event);
    for (const Handle handle : {event, world.tcp_socket(), world.thing(Thing::named_pipe)}) {
        for (const std::uintptr_t bits : {1U, 2U, 3U}) {
            BOOST_TEST(classify(Handle(handle.value() + bits)).error().value() == 6);
        }
    }
}

BOOST_DATA_TEST_CASE(a_pseudo_handle_is_a_bad_handle, data::xrange(1, 17), negative) {
    // From -1, the current process, and -2, the current thread, to the last that is kept for them.
    const Handle pseudo(static_cast<std::uintptr_t>(-std::intptr_t{negative}));
    BOOST_TEST(classify(pseudo).error().value() == 6);
}

BOOST_AUTO_TEST_CASE(a_mutex_is_unknown_and_no_error) {
    const HANDLE mutex = ::CreateMutexW(nullptr, FALSE, nullptr);
    BOOST_REQUIRE(mutex != nullptr);
    BOOST_TEST(classify(Handle(mutex)).value() == HandleType::unknown);
    ::CloseHandle(mutex);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(without_winsock_nothing_wrong_is_said_of_a_handle) {
    const HANDLE event = ::CreateEventW(nullptr, FALSE, FALSE, nullptr);
    BOOST_REQUIRE(event != nullptr);
    const Result<HandleType> type = classify(Handle(event));
    if (type) {
        // Wine 8 answers getsockopt with "not a socket", started or not.
        BOOST_TEST(*type == HandleType::event);
    } else {
        BOOST_TEST(type.error().value() == 10093);
    }
    ::CloseHandle(event);
}

BOOST_AUTO_TEST_SUITE_END()
