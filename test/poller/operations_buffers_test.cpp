// The buffers of operations: several at once, empty ones, and memory that writes share.
//
// Nothing is registered for readiness here, so the backend does not matter.
#include "operation_support.hpp"

using namespace wakepoll;
using namespace wakepoll::test;

BOOST_AUTO_TEST_SUITE(operations_buffers)

namespace {

constexpr int some_seeds = 50;

/// Several buffers can be given by their container; `{}` is one empty buffer.
template <class Buffers>
concept HoldsBuffers = requires(OsPoller& poller, const Buffers& buffers) {
    poller.submit_read(Handle{}, buffers, 1);
    poller.submit_write(Handle{}, buffers, 1);
};
static_assert(HoldsBuffers<std::array<IoBuffer, 2>> && HoldsBuffers<std::vector<IoBuffer>> &&
              HoldsBuffers<IoBuffer[2]> && HoldsBuffers<std::span<IoBuffer>> &&
              HoldsBuffers<std::span<const IoBuffer>>);
static_assert(!HoldsBuffers<std::array<int, 2>>);
static_assert(requires(OsPoller & poller) {
    poller.submit_read(Handle{}, {}, 1);
    poller.submit_write(Handle{}, {}, 1);
    poller.submit_write(Handle{}, {}, 1, 0);
});

}  // namespace

BOOST_AUTO_TEST_CASE(an_empty_datagram_can_be_written) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, Carrier::udp);
        (void)started(poller.submit_write(pair.local, std::span<const std::byte>{}, 1));
        const Report done = report(poller);
        BOOST_TEST(done.mask == mask::out);
        BOOST_TEST(done.completion.bytes == 0U);
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(a_read_of_no_bytes_waits_for_a_stream_and_takes_nothing) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, Carrier::tcp);
        std::array<std::byte, 8> buffer{};
        for (std::uint64_t round = 0; round < 3; ++round) {
            (void)started(poller.submit_read(pair.local, {}, round));
            // No memory is held, so none is in use.
            (void)started(poller.submit_write(pair.peer, std::span(buffer).first(3), 10));
            const std::vector<Report> both = reports(poller, 2);
            const Report& ready = find(both, round);
            BOOST_TEST(ready.mask == mask::in);
            BOOST_TEST(!ready.completion.error);
            BOOST_TEST(ready.completion.bytes == 0U);
            BOOST_TEST(ready.completion.entry->buffer == nullptr);
            BOOST_TEST(stage.world.take(pair.local, buffer).bytes == 3U);
        }
        // Of what is there already, and of the end: a read that takes something tells the two
        // apart.
        put_text(stage.world, pair.peer, "x");
        (void)started(poller.submit_read(pair.local, {}, 4));
        BOOST_TEST(report(poller).completion.bytes == 0U);
        BOOST_TEST(take_text(stage.world, pair.local, 1) == "x");
        (void)started(poller.submit_read(pair.local, std::span(buffer).first(0), 5));
        stage.world.shutdown_send(pair.peer);
        BOOST_TEST(report(poller).mask == mask::in);
        (void)started(poller.submit_read(pair.local, buffer, 6));
        const Report end = report(poller);
        BOOST_TEST(end.completion.bytes == 0U);
        BOOST_TEST(!end.completion.error);
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(reads_of_no_bytes_keep_their_place_and_end_as_others) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, Carrier::tcp);
        const Ends reset = ends(stage.world, Carrier::tcp);
        const Ends closed = ends(stage.world, Carrier::tcp);
        std::array<std::byte, 4> buffer{};
        OverlappedEntry* const canceled = started(poller.submit_read(pair.local, {}, 1));
        BOOST_TEST(poller.cancel(canceled));
        BOOST_TEST(report(poller).completion.error == std::errc::operation_canceled);
        (void)started(poller.submit_read(pair.local, {}, 2));
        (void)started(poller.submit_read(pair.local, buffer, 3));
        put_text(stage.world, pair.peer, "data");
        const std::vector<Report> all = reports(poller, 2);
        BOOST_TEST(all[0].data == 2U);
        BOOST_TEST(all[1].data == 3U);
        BOOST_TEST(all[1].completion.bytes == 4U);
        (void)started(poller.submit_read(reset.local, {}, 4));
        stage.world.reset(reset.peer);
        BOOST_TEST(report(poller).completion.error == std::errc::connection_reset);
        (void)started(poller.submit_read(closed.local, {}, 5));
        stage.world.close(closed.local);
        BOOST_TEST(report(poller).completion.error == std::errc::operation_canceled);
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(a_message_of_no_bytes_can_be_written) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const PipePair pair = stage.world.pipe_pair(PipeKind::messages);
        (void)started(poller.submit_write(pair.local, {}, 1));
        (void)started(poller.submit_write(pair.local, bytes_of("x"), 2));
        for (const std::uint64_t each : {1U, 2U}) {
            const Report done = report(poller);
            BOOST_TEST(done.data == each);
            BOOST_TEST(done.mask == mask::out);
            BOOST_TEST(done.completion.bytes == each - 1);
        }
        OsPoller reader = make_poller();
        const PipePair other = stage.world.pipe_pair(PipeKind::messages);
        std::array<std::byte, 4> bytes{};
        (void)started(reader.submit_read(other.local, bytes, 3));
        BOOST_TEST(!stage.world.put(other.peer, {}).error);
        const Report read = report(reader);
        BOOST_TEST(read.mask == mask::in);
        BOOST_TEST(read.completion.bytes == 0U);
        check_that_nothing_is_left(poller);
        check_that_nothing_is_left(reader);
    });
}

BOOST_AUTO_TEST_CASE(writes_may_share_their_memory) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const std::string text = "for everybody";
        std::vector<Ends> all;
        for (std::uint64_t i = 0; i < 5; ++i) {
            all.push_back(ends(stage.world, i % 2 == 0 ? Carrier::tcp : Carrier::message_pipe));
            (void)started(poller.submit_write(all.back().local, bytes_of(text), i));
        }
        for (const Report& done : reports(poller, all.size())) {
            BOOST_TEST(done.completion.bytes == text.size());
        }
        for (const Ends& pair : all) {
            BOOST_TEST(take_text(stage.world, pair.peer, text.size()) == text);
        }
    });
}

BOOST_AUTO_TEST_SUITE_END()
