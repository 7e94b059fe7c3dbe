// sys::file_type, is_console, is_pipe and object_type, each called for every kind of handle; and
// is_protected.
#include "sys/handle_info.hpp"

#include <array>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "support/win32_objects.hpp"
#include "sys_test.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
using sys::FileType;
namespace data = boost::unit_test::data;

BOOST_FIXTURE_TEST_SUITE(sys_handle_info, WorldFixture)

namespace {

struct Row {
    Thing kind;
    int file_type;  ///< A FileType, or minus an error.
    bool pipe;
    HandleType object;

    friend std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.kind; }
};

constexpr int disk = static_cast<int>(FileType::disk);
constexpr int character = static_cast<int>(FileType::character);
constexpr int pipe = static_cast<int>(FileType::pipe);
constexpr int not_file_like = -6;

constexpr Row rows[] = {
    {Thing::disk_file, disk, false, HandleType::unknown},
    {Thing::directory, disk, false, HandleType::unknown},
    {Thing::null_device, character, false, HandleType::unknown},
    {Thing::event, not_file_like, false, HandleType::event},
    {Thing::anonymous_pipe, pipe, true, HandleType::unknown},
    {Thing::named_pipe, pipe, true, HandleType::unknown},
    {Thing::process, not_file_like, false, HandleType::process},
    {Thing::thread, not_file_like, false, HandleType::thread},
    {Thing::semaphore, not_file_like, false, HandleType::semaphore},
    {Thing::timer, not_file_like, false, HandleType::timer},
    {Thing::auto_reset_event, not_file_like, false, HandleType::event},
    {Thing::auto_reset_timer, not_file_like, false, HandleType::timer},
    {Thing::child_process, not_file_like, false, HandleType::process},
    {Thing::child_thread, not_file_like, false, HandleType::thread},
    {Thing::synchronous_file, disk, false, HandleType::unknown},
    {Thing::synchronous_pipe, pipe, true, HandleType::unknown},
};
static_assert(std::size(rows) == std::size(all_things));

int file_type_or_error(Handle handle) {
    const Result<FileType> type = sys::file_type(handle);
    return type ? static_cast<int>(*type) : -type.error().value();
}

/// Closes a handle made by a bare call when the test ends.
class Owned {
public:
    explicit Owned(HANDLE handle) : handle_(handle) { BOOST_REQUIRE(handle != nullptr); }
    Owned(const Owned&) = delete;
    Owned& operator=(const Owned&) = delete;
    ~Owned() { ::CloseHandle(handle_); }

    [[nodiscard]] Handle get() const { return Handle(handle_); }

private:
    HANDLE handle_;
};

}  // namespace

BOOST_DATA_TEST_CASE(every_question_has_its_answer, data::make(rows), row) {
    const Handle thing = world.thing(row.kind);
    BOOST_TEST(file_type_or_error(thing) == row.file_type);
    BOOST_TEST(sys::is_pipe(thing) == row.pipe);
    BOOST_TEST(!sys::is_console(thing));
    BOOST_TEST(sys::object_type(thing).value() == row.object);
}

BOOST_DATA_TEST_CASE(a_duplicate_is_what_the_original_is, data::make(rows), row) {
    const Handle thing = world.thing(row.kind);
    const Handle copy = world.duplicate(thing);
    world.close_handle(thing);
    BOOST_TEST(file_type_or_error(copy) == row.file_type);
    BOOST_TEST(sys::is_pipe(copy) == row.pipe);
    BOOST_TEST(sys::object_type(copy).value() == row.object);
}

BOOST_DATA_TEST_CASE(a_closed_handle_is_none, data::make(rows), row) {
    const Handle thing = world.thing(row.kind);
    world.close_handle(thing);
    BOOST_TEST(sys::file_type(thing).error().value() == 6);
    BOOST_TEST(!sys::is_pipe(thing));
    BOOST_TEST(!sys::is_console(thing));
    BOOST_TEST(sys::object_type(thing).error().value() == 6);
}

BOOST_AUTO_TEST_CASE(what_was_never_a_handle_is_none) {
    for (const Handle handle : {world.never_a_handle(), Handle(0)}) {
        BOOST_TEST(sys::file_type(handle).error().value() == 6);
        BOOST_TEST(!sys::is_pipe(handle));
        BOOST_TEST(!sys::is_console(handle));
        BOOST_TEST(sys::object_type(handle).error().value() == 6);
    }
}

BOOST_AUTO_TEST_CASE(a_socket_looks_like_a_pipe_and_is_none) {
    const std::array<Handle, 3> sockets = {world.tcp_socket(), world.listener(),
                                           world.udp_socket()};
    for (const Handle socket : sockets) {
        BOOST_TEST(file_type_or_error(socket) == pipe);
        BOOST_TEST(!sys::is_pipe(socket));
        BOOST_TEST(sys::object_type(socket).value() == HandleType::unknown);
    }
}

BOOST_AUTO_TEST_CASE(both_ends_of_an_anonymous_pipe_are_pipes) {
    HANDLE reading = nullptr;
    HANDLE writing = nullptr;
    BOOST_REQUIRE(::CreatePipe(&reading, &writing, nullptr, 0) != FALSE);
    const Owned reader(reading);
    const Owned writer(writing);
    BOOST_TEST(sys::is_pipe(reader.get()));
    BOOST_TEST(sys::is_pipe(writer.get()));
}

BOOST_AUTO_TEST_CASE(an_end_that_may_only_be_written_is_a_pipe) {
    // GetNamedPipeInfo is refused on both: they lack the right to read attributes.
    const std::wstring name = new_pipe_name();
    const Owned server(::CreateNamedPipeW(name.c_str(), PIPE_ACCESS_OUTBOUND | FILE_FLAG_OVERLAPPED,
                                          PIPE_TYPE_BYTE, 1, pipe_room, pipe_room, 0, nullptr));
    BOOST_TEST(sys::is_pipe(server.get()));
    const std::wstring other_name = new_pipe_name();
    const Owned reader(create_named_pipe(other_name, FILE_FLAG_OVERLAPPED, PIPE_TYPE_BYTE));
    const Owned client(::CreateFileW(other_name.c_str(), FILE_WRITE_DATA, 0, nullptr, OPEN_EXISTING,
                                     FILE_FLAG_OVERLAPPED, nullptr));
    BOOST_TEST(sys::is_pipe(client.get()));
}

BOOST_AUTO_TEST_CASE(a_console_is_a_character_device_and_a_console,
                     *boost::unit_test::precondition(&has_console)) {
    const Owned console(open_console(L"CONIN$"));
    BOOST_TEST(file_type_or_error(console.get()) == character);
    BOOST_TEST(sys::is_console(console.get()));
    BOOST_TEST(!sys::is_pipe(console.get()));
}

BOOST_AUTO_TEST_CASE(a_pseudo_handle_is_taken_for_what_it_names) {
    // The reason why classify() refuses these numbers before it asks.
    BOOST_TEST(sys::object_type(Handle(::GetCurrentProcess())).value() == HandleType::process);
    BOOST_TEST(sys::object_type(Handle(::GetCurrentThread())).value() == HandleType::thread);
}

BOOST_AUTO_TEST_CASE(a_high_resolution_timer_is_a_timer) {
    // Windows has a type of its own for these.
    constexpr DWORD high_resolution = 2;  // CREATE_WAITABLE_TIMER_HIGH_RESOLUTION
    const Owned timer(
        ::CreateWaitableTimerExW(nullptr, nullptr, high_resolution, TIMER_ALL_ACCESS));
    BOOST_TEST(sys::object_type(timer.get()).value() == HandleType::timer);
}

BOOST_AUTO_TEST_CASE(objects_of_other_types_are_unknown_and_no_error) {
    const Owned mutex(::CreateMutexW(nullptr, FALSE, nullptr));
    BOOST_TEST(sys::object_type(mutex.get()).value() == HandleType::unknown);
    const Owned section(
        ::CreateFileMappingW(INVALID_HANDLE_VALUE, nullptr, PAGE_READWRITE, 0, 4096, nullptr));
    BOOST_TEST(sys::object_type(section.get()).value() == HandleType::unknown);
}

BOOST_AUTO_TEST_CASE(a_handle_is_protected_until_the_protection_is_removed) {
    const Handle event = world.thing(Thing::event);
    BOOST_TEST(!sys::is_protected(event));
    BOOST_REQUIRE(::SetHandleInformation(event.native(), HANDLE_FLAG_PROTECT_FROM_CLOSE,
                                         HANDLE_FLAG_PROTECT_FROM_CLOSE) != FALSE);
    BOOST_TEST(sys::is_protected(event));
    BOOST_REQUIRE(::SetHandleInformation(event.native(), HANDLE_FLAG_PROTECT_FROM_CLOSE, 0) !=
                  FALSE);
    BOOST_TEST(!sys::is_protected(event));
    BOOST_TEST(!sys::is_protected(world.never_a_handle()));
}

BOOST_AUTO_TEST_CASE(an_auto_reset_event_is_an_event) {
    const Owned event(::CreateEventW(nullptr, FALSE, TRUE, nullptr));
    BOOST_TEST(sys::object_type(event.get()).value() == HandleType::event);
    // Asking did not take the signal. (On a busy machine a wait that may not block missed it twice
    // in 600 runs [wine 8].)
    constexpr DWORD a_minute = 60'000;
    BOOST_TEST(::WaitForSingleObject(event.get().native(), a_minute) == WAIT_OBJECT_0);
}

BOOST_AUTO_TEST_SUITE_END()
