// The model's pipes: bytes and messages, named and anonymous, overlapped and synchronous.
#include <set>
#include <string>

#include "pipe.hpp"
#include "port_fixture.hpp"
#include "sys/pipe.hpp"
#include "sys/waitable.hpp"

namespace wakepoll::sim {
namespace {

using test::PipeKind;
using test::PipePair;

/// The answer of readable_bytes, or minus its error.
int readable(Handle pipe) {
    const auto bytes = sys::readable_bytes(pipe);
    return bytes ? static_cast<int>(*bytes) : -bytes.error().value();
}

PipePair tied_pipe(PortFixture& fixture, PipeKind kind) {
    const PipePair pipe = fixture.world.pipe_pair(kind);
    fixture.tie(pipe.local);
    return pipe;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_pipes)

// Reading
// ------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_read_pends_until_something_is_written) {
    on_each_port([](PortFixture& fixture) {
        for (const PipeKind kind : {PipeKind::bytes, PipeKind::messages}) {
            const PipePair pipe = tied_pipe(fixture, kind);
            Attempt attempt;
            BOOST_TEST(!fixture.read(pipe.local, attempt)->at_once);
            BOOST_TEST(fixture.packet() == fixture.none);
            BOOST_TEST(fixture.put(pipe.peer, "hello").bytes == 5U);
            BOOST_TEST(fixture.packet_of(attempt) == 0);
            BOOST_TEST(attempt.text(fixture.last.bytes) == "hello");
        }
    });
}

BOOST_FIXTURE_TEST_CASE(bytes_forget_where_they_were_written, PromptFixture) {
    const PipePair pipe = tied_pipe(*this, PipeKind::bytes);
    put(pipe.peer, "ab");
    put(pipe.peer, "cdef");
    Attempt attempt(4);
    BOOST_TEST(read(pipe.local, attempt)->bytes == 4U);
    BOOST_TEST(attempt.text(4) == "abcd");
    BOOST_TEST(readable(pipe.local) == 2);
    BOOST_TEST(take(pipe.local) == "ef");
}

BOOST_AUTO_TEST_CASE(a_message_that_does_not_fit_is_more_data_and_its_rest_stays) {
    on_each_port([](PortFixture& fixture) {
        const PipePair pipe = tied_pipe(fixture, PipeKind::messages);
        fixture.put(pipe.peer, "abcdef");
        fixture.put(pipe.peer, "gh");
        Attempt first(4);
        // A warning fails and posts a packet; the call reports pending.
        BOOST_TEST(!fixture.read(pipe.local, first)->at_once);
        BOOST_TEST(fixture.packet_of(first) == 234);
        BOOST_TEST(fixture.last.bytes == 4U);
        BOOST_TEST(first.text(4) == "abcd");
        Attempt rest;
        BOOST_TEST(fixture.read(pipe.local, rest).has_value());
        BOOST_TEST(fixture.packet_of(rest) == 0);
        BOOST_TEST(rest.text(fixture.last.bytes) == "ef");
        BOOST_TEST(fixture.take(pipe.local) == "gh");
    });
}

BOOST_AUTO_TEST_CASE(a_message_that_does_not_fit_sends_a_packet_though_success_is_skipped) {
    on_each_port([](PortFixture& fixture) {
        const PipePair pipe = tied_pipe(fixture, PipeKind::messages);
        BOOST_TEST(!sys::skip_packets_on_success(pipe.local));
        fixture.put(pipe.peer, "abcdef");
        Attempt attempt(4);
        BOOST_TEST(!fixture.read(pipe.local, attempt)->at_once);
        BOOST_TEST(fixture.packet_of(attempt) == 234);
    });
}

BOOST_AUTO_TEST_CASE(a_read_of_nothing_pends_until_there_is_something_and_takes_nothing) {
    on_each_port([](PortFixture& fixture) {
        for (const PipeKind kind : {PipeKind::bytes, PipeKind::messages}) {
            const PipePair pipe = tied_pipe(fixture, kind);
            Attempt attempt(std::size_t{0});
            BOOST_TEST(!fixture.read(pipe.local, attempt)->at_once);
            BOOST_TEST(fixture.packet() == fixture.none);
            fixture.put(pipe.peer, "hello");
            // The message is longer than the zero bytes that were asked for.
            BOOST_TEST(fixture.packet_of(attempt) == (kind == PipeKind::bytes ? 0 : 234));
            BOOST_TEST(fixture.last.bytes == 0U);
            BOOST_TEST(readable(pipe.local) == 5);
            BOOST_TEST(fixture.take(pipe.local) == "hello");
        }
    });
}

BOOST_AUTO_TEST_CASE(a_broken_pipe_is_read_until_it_is_drained) {
    on_each_port([](PortFixture& fixture) {
        const PipePair pipe = tied_pipe(fixture, PipeKind::bytes);
        fixture.put(pipe.peer, "last");
        fixture.world.close_handle(pipe.peer);
        BOOST_TEST(readable(pipe.local) == 4);
        Attempt attempt;
        BOOST_TEST(fixture.read(pipe.local, attempt).has_value());
        BOOST_TEST(fixture.packet_of(attempt) == 0);
        BOOST_TEST(attempt.text(fixture.last.bytes) == "last");
        BOOST_TEST(readable(pipe.local) == -109);
        // An immediate error without a packet, or a pending operation with one.
        const auto begun = fixture.read(pipe.local, attempt);
        if (begun) {
            BOOST_TEST(fixture.packet_of(attempt) == 109);
        } else {
            BOOST_TEST(begun.error().value() == 109);
        }
        BOOST_TEST(fixture.packet() == fixture.none);
    });
}

BOOST_AUTO_TEST_CASE(closing_the_other_end_breaks_what_is_pending) {
    on_each_port([](PortFixture& fixture) {
        const PipePair pipe = tied_pipe(fixture, PipeKind::bytes);
        Attempt reading;
        Attempt writing(std::string(PipeQueue::capacity + 1, 'w'));
        BOOST_TEST(!fixture.read(pipe.local, reading)->at_once);
        BOOST_TEST(!fixture.write(pipe.local, writing)->at_once);
        fixture.world.close_handle(pipe.peer);
        std::set<void*> seen;
        for (int i = 0; i < 2; ++i) {
            BOOST_TEST(fixture.packet() == 109);
            seen.insert(fixture.last.overlapped);
        }
        BOOST_TEST(seen.size() == 2U);
        BOOST_TEST(fixture.packet() == fixture.none);
    });
}

// Writing
// ------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_write_pends_while_there_is_no_room) {
    on_each_port([](PortFixture& fixture) {
        const PipePair pipe = tied_pipe(fixture, PipeKind::bytes);
        Attempt full(std::string(PipeQueue::capacity, 'a'));
        Attempt more("more");
        BOOST_TEST(fixture.write(pipe.local, full).has_value());
        BOOST_TEST(fixture.packet_of(full) == 0);
        BOOST_TEST(!fixture.write(pipe.local, more)->at_once);
        BOOST_TEST(fixture.packet() == fixture.none);
        BOOST_TEST(fixture.take(pipe.peer, 2) == "aa");
        BOOST_TEST(fixture.packet() == fixture.none);
        BOOST_TEST(fixture.take(pipe.peer, 2) == "aa");
        BOOST_TEST(fixture.packet_of(more) == 0);
        BOOST_TEST(fixture.last.bytes == 4U);
    });
}

BOOST_AUTO_TEST_CASE(messages_go_in_as_a_whole) {
    on_each_port([](PortFixture& fixture) {
        const PipePair pipe = tied_pipe(fixture, PipeKind::messages);
        Attempt nearly_full(std::string(PipeQueue::capacity - 2, 'a'));
        Attempt more("more");
        BOOST_TEST(fixture.write(pipe.local, nearly_full).has_value());
        BOOST_TEST(fixture.packet_of(nearly_full) == 0);
        BOOST_TEST(!fixture.write(pipe.local, more)->at_once);
        BOOST_TEST(readable(pipe.peer) == static_cast<int>(PipeQueue::capacity) + 2);
        BOOST_TEST(fixture.take(pipe.peer, PipeQueue::capacity).size() == PipeQueue::capacity - 2);
        BOOST_TEST(fixture.packet_of(more) == 0);
        BOOST_TEST(fixture.take(pipe.peer) == "more");
    });
}

BOOST_AUTO_TEST_CASE(a_message_of_nothing_is_a_message) {
    on_each_port([](PortFixture& fixture) {
        const PipePair pipe = tied_pipe(fixture, PipeKind::messages);
        fixture.put(pipe.peer, "");
        Attempt attempt;
        BOOST_TEST(fixture.read(pipe.local, attempt).has_value());
        BOOST_TEST(fixture.packet_of(attempt) == 0);
        BOOST_TEST(fixture.last.bytes == 0U);
        BOOST_TEST(fixture.packet() == fixture.none);
    });
}

BOOST_FIXTURE_TEST_CASE(nobody_writes_to_a_closed_end, PortFixture) {
    const PipePair pipe = tied_pipe(*this, PipeKind::bytes);
    world.close_handle(pipe.peer);
    Attempt attempt("x");
    BOOST_TEST(write(pipe.local, attempt).error().value() == 232);
    BOOST_TEST(packet() == none);
    const PipePair other = world.pipe_pair(PipeKind::bytes);
    world.close_handle(other.local);
    BOOST_TEST((put(other.peer, "x").error == std::errc::broken_pipe));
    Attempt taken;
    BOOST_TEST((world.take(other.peer, taken.bytes).error == std::errc::broken_pipe));
}

BOOST_AUTO_TEST_CASE(both_directions_are_independent) {
    on_each_port([](PortFixture& fixture) {
        const PipePair pipe = tied_pipe(fixture, PipeKind::bytes);
        Attempt reading;
        Attempt writing("out");
        BOOST_TEST(!fixture.read(pipe.local, reading)->at_once);
        BOOST_TEST(fixture.write(pipe.local, writing).has_value());
        BOOST_TEST(fixture.packet_of(writing) == 0);
        BOOST_TEST(fixture.take(pipe.peer) == "out");
        fixture.put(pipe.peer, "in");
        BOOST_TEST(fixture.packet_of(reading) == 0);
        BOOST_TEST(reading.text(2) == "in");
    });
}

// The World's side, other ends, other pipes
// ------------------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(put_and_take_do_not_block, PortFixture) {
    const PipePair pipe = world.pipe_pair(PipeKind::bytes);
    BOOST_TEST(put(pipe.peer, std::string(PipeQueue::capacity + 9, 'x')).bytes ==
               PipeQueue::capacity);
    BOOST_TEST((put(pipe.peer, "x").error == std::errc::operation_would_block));
    const PipePair messages = world.pipe_pair(PipeKind::messages);
    BOOST_TEST(put(messages.peer, std::string(PipeQueue::capacity - 1, 'x')).bytes ==
               PipeQueue::capacity - 1);
    BOOST_TEST((put(messages.peer, "xx").error == std::errc::operation_would_block));
    Attempt taken;
    BOOST_TEST((world.take(messages.peer, taken.bytes).error == std::errc::operation_would_block));
    BOOST_TEST(world.take(messages.local, taken.bytes).error.value() == 234);
}

BOOST_FIXTURE_TEST_CASE(an_anonymous_pipe_has_one_direction, PortFixture) {
    const PipePair from_peer = world.pipe_pair(PipeKind::anonymous);
    const PipePair to_peer = world.pipe_pair(PipeKind::anonymous_to_peer);
    Attempt attempt("x");
    BOOST_TEST(write(from_peer.local, attempt).error().value() == 5);
    BOOST_TEST(read(to_peer.local, attempt).error().value() == 5);
    BOOST_TEST(readable(from_peer.local) == 0);
    BOOST_TEST(readable(to_peer.local) == -5);
    BOOST_TEST(put(from_peer.peer, "abc").bytes == 3U);
    BOOST_TEST(readable(from_peer.local) == 3);
    BOOST_TEST(write(to_peer.local, attempt)->bytes == 1U);
    BOOST_TEST(take(to_peer.peer) == "x");
    world.close_handle(from_peer.peer);
    BOOST_TEST(readable(from_peer.local) == 3);
    BOOST_TEST(take(from_peer.local) == "abc");
    BOOST_TEST(readable(from_peer.local) == -109);
}

BOOST_AUTO_TEST_CASE(a_synchronous_read_waits) {
    on_each_port([](PortFixture& fixture) {
        const PipePair pipe = fixture.world.pipe_pair(PipeKind::anonymous);
        fixture.kernel.when_blocked([&] { fixture.put(pipe.peer, "late"); });
        Attempt attempt;
        const auto begun = fixture.read(pipe.local, attempt);
        BOOST_REQUIRE(begun.has_value());
        BOOST_TEST(begun->at_once);
        BOOST_TEST(attempt.text(begun->bytes) == "late");
        fixture.kernel.when_blocked([&] { fixture.world.close_handle(pipe.peer); });
        BOOST_TEST(fixture.read(pipe.local, attempt).error().value() == 109);
        BOOST_TEST(!fixture.kernel.hung());
    });
}

BOOST_AUTO_TEST_CASE(calls_on_a_synchronous_pipe_wait_for_a_read_that_was_begun) {
    on_each_port([](PortFixture& fixture) {
        if (!fixture.kernel.traits().calls_wait_for_reads) {
            return;
        }
        const PipePair pipe = fixture.world.pipe_pair(PipeKind::anonymous);
        sys::ThreadPoolWait wait;
        int fired = 0;
        const auto count = [](void* context, const sys::ThreadPoolWait&) noexcept {
            ++*static_cast<int*>(context);
        };
        BOOST_TEST(!wait.arm_on_pipe(pipe.local, count, &fired));
        fixture.kernel.at(5ms, [&] { fixture.put(pipe.peer, "late"); });
        const auto before = fixture.kernel.now();
        BOOST_TEST(readable(pipe.local) == 4);
        BOOST_TEST((fixture.kernel.now() - before >= 5ms));
        Attempt attempt;
        BOOST_TEST(fixture.read(pipe.local, attempt)->bytes == 4U);
        wait.disarm();
        BOOST_TEST(fired <= 1);
        BOOST_TEST(!fixture.kernel.hung());
    });
}

BOOST_FIXTURE_TEST_CASE(a_synchronous_read_that_nobody_ends_is_a_hang, PortFixture) {
    const PipePair pipe = world.pipe_pair(PipeKind::anonymous);
    Attempt attempt;
    BOOST_TEST(read(pipe.local, attempt).error().value() == 10004);
    BOOST_TEST(kernel.hung());
    put(pipe.peer, "x");
    BOOST_TEST(attempt.is_untouched());
}

BOOST_FIXTURE_TEST_CASE(only_pipes_can_be_peeked_into, PortFixture) {
    BOOST_TEST(readable(world.never_a_handle()) == -6);
    BOOST_TEST(readable(world.thing(test::Thing::event)) == -6);
    BOOST_TEST(readable(world.file_of(1)) == -1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace wakepoll::sim
