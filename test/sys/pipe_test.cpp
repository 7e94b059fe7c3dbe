// sys::readable_bytes, and the pipes of the tests' World.
#include "sys/pipe.hpp"

#include <array>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "packets.hpp"
#include "sys/handle_info.hpp"
#include "sys/overlapped_io.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
namespace data = boost::unit_test::data;

namespace {

struct Row {
    PipeKind kind;
    const char* name;

    friend std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }
};

constexpr Row readable_kinds[] = {
    {PipeKind::bytes, "bytes"},
    {PipeKind::messages, "messages"},
    {PipeKind::anonymous, "anonymous"},
};
constexpr Row kinds_of_both_directions[] = {
    {PipeKind::bytes, "bytes"},
    {PipeKind::messages, "messages"},
};
constexpr Row byte_kinds[] = {
    {PipeKind::bytes, "bytes"},
    {PipeKind::anonymous, "anonymous"},
};

struct PipeFixture {
    World world;

    Transfer put(Handle handle, std::string_view text) { return world.put(handle, bytes_of(text)); }
    std::string take(Handle handle, std::size_t limit = 64) {
        std::vector<std::byte> bytes(limit);
        const Transfer transfer = world.take(handle, bytes);
        return transfer.error
                   ? "error " + std::to_string(transfer.error.value())
                   : std::string(reinterpret_cast<const char*>(bytes.data()), transfer.bytes);
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sys_pipe, PipeFixture)

BOOST_DATA_TEST_CASE(what_was_written_can_be_read, data::make(readable_kinds), row) {
    const PipePair pair = world.pipe_pair(row.kind);
    BOOST_TEST(sys::readable_bytes(pair.local).value() == 0U);
    BOOST_TEST(put(pair.peer, "abc").bytes == 3U);
    BOOST_TEST(sys::readable_bytes(pair.local).value() == 3U);
    BOOST_TEST(take(pair.local, 2) == "ab");
    BOOST_TEST(sys::readable_bytes(pair.local).value() == 1U);
    BOOST_TEST(take(pair.local, 2) == "c");
    BOOST_TEST(sys::readable_bytes(pair.local).value() == 0U);
    BOOST_TEST(take(pair.local) == "error 10035");
}

BOOST_DATA_TEST_CASE(a_broken_pipe_says_so_once_it_is_drained, data::make(readable_kinds), row) {
    const PipePair pair = world.pipe_pair(row.kind);
    BOOST_TEST(put(pair.peer, "abc").bytes == 3U);
    world.close_handle(pair.peer);
    BOOST_TEST(sys::readable_bytes(pair.local).value() == 3U);
    BOOST_TEST(take(pair.local) == "abc");
    BOOST_TEST(sys::readable_bytes(pair.local).error().value() == 109);
    BOOST_TEST(take(pair.local) == "error 109");
}

BOOST_AUTO_TEST_CASE(the_writing_end_can_not_be_asked) {
    const PipePair pair = world.pipe_pair(PipeKind::anonymous_to_peer);
    BOOST_TEST(sys::readable_bytes(pair.local).error().value() == 5);
}

BOOST_AUTO_TEST_CASE(what_is_no_pipe_is_a_bad_handle) {
    const Handle closed = world.pipe_pair(PipeKind::anonymous).local;
    world.close_handle(closed);
    BOOST_TEST(sys::readable_bytes(closed).error().value() == 6);
    BOOST_TEST(sys::readable_bytes(world.never_a_handle()).error().value() == 6);
    BOOST_TEST(sys::readable_bytes(world.thing(Thing::event)).error().value() == 6);
}

BOOST_DATA_TEST_CASE(pipes_in_both_directions_carry_both, data::make(kinds_of_both_directions),
                     row) {
    const PipePair pair = world.pipe_pair(row.kind);
    BOOST_TEST(put(pair.local, "abc").bytes == 3U);
    BOOST_TEST(put(pair.peer, "de").bytes == 2U);
    BOOST_TEST(take(pair.local) == "de");
    BOOST_TEST(take(pair.peer) == "abc");
    BOOST_TEST(take(pair.peer) == "error 10035");
    world.close_handle(pair.local);
    BOOST_TEST(take(pair.peer) == "error 109");
    BOOST_TEST(put(pair.peer, "f").error.value() == 232);
}

BOOST_AUTO_TEST_CASE(an_anonymous_pipe_to_the_peer_carries_that_way) {
    const PipePair pair = world.pipe_pair(PipeKind::anonymous_to_peer);
    BOOST_TEST(put(pair.local, "abc").bytes == 3U);
    BOOST_TEST(take(pair.peer) == "abc");
    world.close_handle(pair.local);
    BOOST_TEST(take(pair.peer) == "error 109");
}

BOOST_DATA_TEST_CASE(a_full_pipe_takes_no_more_and_loses_nothing, data::make(byte_kinds), row) {
    const PipePair pair = world.pipe_pair(row.kind);
    const std::string much(200000, 'x');
    const Transfer first = put(pair.peer, much);
    BOOST_TEST(!first.error);
    BOOST_TEST(first.bytes > 0U);
    BOOST_TEST(first.bytes < much.size());
    BOOST_TEST(put(pair.peer, much).error.value() == 10035);
    BOOST_TEST(sys::readable_bytes(pair.local).value() == first.bytes);
    std::vector<std::byte> bytes(much.size());
    BOOST_TEST(world.take(pair.local, bytes).bytes == first.bytes);
    BOOST_TEST(put(pair.peer, "abc").bytes == 3U);
    BOOST_TEST(take(pair.local) == "abc");
}

BOOST_AUTO_TEST_CASE(a_full_pipe_of_messages_takes_all_of_one_or_nothing) {
    const PipePair pair = world.pipe_pair(PipeKind::messages);
    const std::string message(40000, 'x');
    BOOST_TEST(put(pair.peer, message).bytes == message.size());
    BOOST_TEST(put(pair.peer, message).error.value() == 10035);
    std::vector<std::byte> bytes(2 * message.size());
    BOOST_TEST(world.take(pair.local, bytes).bytes == message.size());
    BOOST_TEST(take(pair.local) == "error 10035");
}

BOOST_AUTO_TEST_CASE(a_disconnected_pipe_is_a_pipe_that_says_so) {
    for (const PipeKind kind : {PipeKind::bytes, PipeKind::messages, PipeKind::both_overlapped}) {
        const PipePair pair = world.pipe_pair(kind);
        BOOST_TEST(put(pair.local, "lost").bytes == 4U);
        world.disconnect_pipe(pair.local);
        BOOST_TEST(sys::readable_bytes(pair.local).error().value() == 230);
        BOOST_TEST(sys::readable_bytes(pair.peer).error().value() == 233);
        BOOST_TEST(sys::is_pipe(pair.local));
        BOOST_TEST(sys::is_pipe(pair.peer));
        BOOST_TEST((sys::file_type(pair.peer).value() == sys::FileType::pipe));
        BOOST_TEST(sys::is_overlapped(pair.local).value());
        BOOST_TEST(sys::is_overlapped(pair.peer).value() == (kind == PipeKind::both_overlapped));
    }
}

BOOST_DATA_TEST_CASE(whether_a_read_waits_is_told, data::make(readable_kinds), row) {
    const PipePair pair = world.pipe_pair(row.kind);
    BOOST_TEST(sys::reads_wait(pair.local));
    world.set_nowait(pair.local);
    BOOST_TEST(!sys::reads_wait(pair.local));
    BOOST_TEST(sys::readable_bytes(pair.local).value() == 0U);
    BOOST_TEST(put(pair.peer, "abc").bytes == 3U);
    BOOST_TEST(sys::readable_bytes(pair.local).value() == 3U);
}

BOOST_AUTO_TEST_CASE(what_can_not_be_asked_is_said_to_wait) {
    BOOST_TEST(sys::reads_wait(world.never_a_handle()));
    BOOST_TEST(sys::reads_wait(world.thing(Thing::disk_file)));
}

BOOST_AUTO_TEST_SUITE_END()
