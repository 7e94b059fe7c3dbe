// sys: how overlapped reads and writes of pipes and files end.
#include <array>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "packets.hpp"
#include "sys/overlapped_io.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
using sys::Started;
namespace data = boost::unit_test::data;

namespace {

constexpr std::size_t file_size = 1000;

struct OverlappedFileFixture : PortFixture {
    PipePair pipe(PipeKind kind = PipeKind::bytes) {
        const PipePair pair = world.pipe_pair(kind);
        tied(pair.local);
        return pair;
    }

    Handle file() { return tied(world.file_of(file_size)); }

    Result<Started> read(Handle from) { return sys::read(from, whole_buffer(), overlapped); }
    Result<Started> read(Handle from, std::uint32_t size) {
        return sys::read(from, {size, buffer.data()}, overlapped);
    }
    Result<Started> write(Handle to, std::string_view what) {
        return sys::write(to,
                          {static_cast<std::uint32_t>(what.size()), const_cast<char*>(what.data())},
                          overlapped);
    }

    /// A write that pends because nothing fits any more.
    Result<Started> write_to_full(const PipePair& pair) {
        // Each is taken whole, until one pends.
        for (;;) {
            overlapped = {};
            const Result<Started> started = write(pair.local, piece);
            BOOST_REQUIRE(started.has_value());
            if (!started->at_once) {
                return started;
            }
            BOOST_REQUIRE(finished().bytes == piece.size());
        }
    }

    std::string piece = std::string(40000, 'x');
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sys_overlapped_file, OverlappedFileFixture)

BOOST_AUTO_TEST_CASE(a_read_of_a_pipe_pends_until_data_come) {
    const PipePair pair = pipe();
    BOOST_TEST(is_pending(read(pair.local)));
    put(pair.peer, "abc");
    BOOST_TEST(finished() == (Finished{0, 3}));
    BOOST_TEST(text(3) == "abc");
}

BOOST_AUTO_TEST_CASE(a_read_of_what_is_there_posts_too) {
    const PipePair pair = pipe();
    put(pair.peer, "abc");
    const Result<Started> started = read(pair.local);
    BOOST_REQUIRE(started.has_value());
    BOOST_TEST(started->at_once);
    BOOST_TEST(started->bytes == 3U);
    BOOST_TEST(finished() == (Finished{0, 3}));
    BOOST_TEST(is_silent());
}

BOOST_DATA_TEST_CASE(a_read_of_no_bytes_waits_and_takes_nothing,
                     data::make({0, 1}) ^ data::make({"bytes", "messages"}), messages, name) {
    BOOST_TEST_CONTEXT(name) {
        const PipePair pair = pipe(messages != 0 ? PipeKind::messages : PipeKind::bytes);
        BOOST_TEST(is_pending(sys::read(pair.local, {}, overlapped)));
        put(pair.peer, "abc");
        const Finished waited = finished();
        BOOST_TEST(waited.bytes == 0U);
        // A message that is not taken whole may be a warning.
        BOOST_TEST((waited.code == 0 || (messages != 0 && waited.code == 234)), waited);
        BOOST_TEST(taken(pair.local) == "abc");
    }
}

BOOST_AUTO_TEST_CASE(a_message_that_is_too_long_is_cut_and_posts_once) {
    const PipePair pair = pipe(PipeKind::messages);
    put(pair.peer, "abcdefgh");
    const Result<Started> started = read(pair.local, 3);
    BOOST_REQUIRE(started.has_value());
    BOOST_TEST(!started->at_once);
    BOOST_TEST(finished() == (Finished{234, 3}));
    BOOST_TEST(is_silent());
    // The rest is there for the next.
    BOOST_REQUIRE(read(pair.local).has_value());
    BOOST_TEST(finished() == (Finished{0, 5}));
    BOOST_TEST(text(5) == "defgh");
}

BOOST_AUTO_TEST_CASE(a_message_that_is_cut_later_posts_once) {
    const PipePair pair = pipe(PipeKind::messages);
    BOOST_TEST(is_pending(read(pair.local, 3)));
    put(pair.peer, "abcdefgh");
    BOOST_TEST(finished() == (Finished{234, 3}));
    BOOST_TEST(is_silent());
}

BOOST_AUTO_TEST_CASE(messages_come_one_by_one) {
    const PipePair pair = pipe(PipeKind::messages);
    put(pair.peer, "abc");
    put(pair.peer, "de");
    BOOST_REQUIRE(read(pair.local).has_value());
    BOOST_TEST(finished() == (Finished{0, 3}));
    BOOST_REQUIRE(read(pair.local).has_value());
    BOOST_TEST(finished() == (Finished{0, 2}));
}

BOOST_AUTO_TEST_CASE(a_read_ends_when_the_pipe_breaks) {
    const PipePair pair = pipe();
    BOOST_TEST(is_pending(read(pair.local)));
    world.close_handle(pair.peer);
    BOOST_TEST(finished() == (Finished{109, 0}));
    BOOST_TEST(refusal(read(pair.local)) == 109);
    BOOST_TEST(is_silent());
}

BOOST_AUTO_TEST_CASE(a_broken_pipe_gives_first_what_it_holds) {
    const PipePair pair = pipe();
    put(pair.peer, "abc");
    world.close_handle(pair.peer);
    BOOST_REQUIRE(read(pair.local).has_value());
    BOOST_TEST(finished() == (Finished{0, 3}));
    BOOST_TEST(refusal(read(pair.local)) == 109);
}

BOOST_AUTO_TEST_CASE(a_write_to_a_pipe_posts) {
    const PipePair pair = pipe();
    const Result<Started> started = write(pair.local, "abc");
    BOOST_REQUIRE(started.has_value());
    BOOST_TEST(finished() == (Finished{0, 3}));
    BOOST_TEST(taken(pair.peer) == "abc");
}

BOOST_AUTO_TEST_CASE(a_write_that_does_not_fit_pends_until_the_peer_has_read) {
    const PipePair pair = pipe();
    BOOST_TEST(is_pending(write_to_full(pair)));
    std::vector<std::byte> bytes(2 * piece.size());
    BOOST_REQUIRE(world.take(pair.peer, bytes).bytes > 0U);
    BOOST_TEST(finished() == (Finished{0, static_cast<std::uint32_t>(piece.size())}));
}

BOOST_AUTO_TEST_CASE(a_write_to_a_broken_pipe_is_refused) {
    const PipePair pair = pipe();
    world.close_handle(pair.peer);
    BOOST_TEST(refusal(write(pair.local, "abc")) == 232);
    BOOST_TEST(is_silent());
}

BOOST_AUTO_TEST_CASE(a_cancelled_read_of_a_pipe_reports_aborted) {
    const PipePair pair = pipe();
    BOOST_TEST(is_pending(read(pair.local)));
    BOOST_TEST(!sys::cancel(pair.local, overlapped));
    BOOST_TEST(finished() == aborted);
    BOOST_TEST(sys::cancel(pair.local, overlapped).value() == 1168);
    put(pair.peer, "abc");
    BOOST_TEST(taken(pair.local) == "abc");
}

BOOST_AUTO_TEST_CASE(a_cancelled_write_to_a_pipe_reports_aborted) {
    const PipePair pair = pipe();
    BOOST_TEST(is_pending(write_to_full(pair)));
    BOOST_TEST(!sys::cancel(pair.local, overlapped));
    BOOST_TEST(finished().code == 995U);
    BOOST_TEST(sys::cancel(pair.local, overlapped).value() == 1168);
}

BOOST_AUTO_TEST_CASE(a_file_is_read_at_the_offset) {
    const Handle from = file();
    overlapped.offset = 300;
    BOOST_REQUIRE(read(from, 4).has_value());
    BOOST_TEST(finished() == (Finished{0, 4}));
    for (std::size_t i = 0; i < 4; ++i) {
        BOOST_TEST(buffer[i] == static_cast<char>((300 + i) % 251));
    }
    BOOST_TEST(is_silent());
}

BOOST_AUTO_TEST_CASE(a_file_is_written_at_the_offset) {
    const Handle to = file();
    overlapped.offset = 999;
    BOOST_REQUIRE(write(to, "abc").has_value());
    BOOST_TEST(finished() == (Finished{0, 3}));
    const std::vector<std::byte> content = world.content_of(to);
    BOOST_REQUIRE(content.size() == 1002U);
    BOOST_TEST(std::memcmp(content.data() + 999, "abc", 3) == 0);
    BOOST_TEST((content[998] == static_cast<std::byte>(998 % 251)));
    BOOST_TEST(is_silent());  // What the World did is not reported.
}

BOOST_AUTO_TEST_CASE(a_read_over_the_end_of_a_file_is_short) {
    const Handle from = file();
    overlapped.offset = file_size - 3;
    BOOST_REQUIRE(read(from).has_value());
    BOOST_TEST(finished() == (Finished{0, 3}));
}

BOOST_AUTO_TEST_CASE(a_read_behind_the_end_of_a_file_says_so_at_once_or_later) {
    const Handle from = file();
    overlapped.offset = file_size;
    const Result<Started> started = read(from);
    if (started) {
        BOOST_TEST(finished() == (Finished{38, 0}));
    } else {
        BOOST_TEST(refusal(started) == 38);
        BOOST_TEST(is_silent());
    }
}

BOOST_AUTO_TEST_CASE(a_read_of_a_file_that_is_cancelled_posts_once_in_any_case) {
    const Handle from = file();
    BOOST_REQUIRE(read(from).has_value());
    const std::error_code error = sys::cancel(from, overlapped);
    BOOST_TEST((!error || error.value() == 1168), error.value());
    const Finished end = finished();
    BOOST_TEST((end == Finished{0, 16} || end == aborted), end);
    BOOST_TEST(is_silent());
}

BOOST_AUTO_TEST_CASE(what_is_no_file_is_refused) {
    for (const Handle handle : {world.thing(Thing::event), world.never_a_handle()}) {
        BOOST_TEST(refusal(read(handle)) == 6);
        BOOST_TEST(refusal(write(handle, "abc")) == 6);
        BOOST_TEST(sys::is_overlapped(handle).error().value() == 6);
    }
}

BOOST_AUTO_TEST_CASE(how_a_file_was_opened_can_be_asked) {
    for (const Thing kind : {Thing::disk_file, Thing::directory, Thing::named_pipe}) {
        BOOST_TEST_CONTEXT(kind) { BOOST_TEST(sys::is_overlapped(world.thing(kind)).value()); }
    }
    for (const Thing kind :
         {Thing::synchronous_file, Thing::synchronous_pipe, Thing::anonymous_pipe}) {
        BOOST_TEST_CONTEXT(kind) { BOOST_TEST(!sys::is_overlapped(world.thing(kind)).value()); }
    }
}

BOOST_AUTO_TEST_SUITE_END()
