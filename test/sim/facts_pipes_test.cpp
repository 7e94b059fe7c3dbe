// What Wine's own tests assert about pipes on real Windows, fact by fact. A fact that the
// personality lacks is switched on here.
#include <string>

#include "pipe.hpp"
#include "port_fixture.hpp"
#include "sys/handle_info.hpp"
#include "sys/pipe.hpp"
#include "sys/waitable.hpp"

namespace wakepoll::sim {
namespace {

using test::PipeKind;
using test::PipePair;

struct FactsOfPipes : PromptFixture {
    PipePair pipe = world.pipe_pair(PipeKind::both_overlapped);

    FactsOfPipes() {
        tie(pipe.local);
        tie(pipe.peer);
    }

    /// The answer of PeekNamedPipe, or minus its error.
    int readable(Handle end) {
        const auto bytes = sys::readable_bytes(end);
        return bytes ? static_cast<int>(*bytes) : -bytes.error().value();
    }
    static std::string full(std::size_t more = 0) {
        return std::string(PipeQueue::capacity + more, 'w');
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_facts_pipes)

BOOST_AUTO_TEST_CASE(p2_a_read_of_a_pipe_that_is_closed_ends_as_broken) {
    PortFixture fixture(
        Options{.change = [](Traits& traits) { traits.closed_pipe_status = status::pipe_broken; }});
    const PipePair pipe = fixture.world.pipe_pair(PipeKind::bytes);
    fixture.tie(pipe.local);
    Attempt attempt;
    BOOST_TEST(fixture.read(pipe.local, attempt).has_value());
    fixture.world.close_handle(pipe.local);
    BOOST_TEST(fixture.packet_of(attempt) == 109);
}

BOOST_FIXTURE_TEST_CASE(p6_a_client_that_was_disconnected_is_not_connected, FactsOfPipes) {
    put(pipe.local, "lost");
    world.disconnect_pipe(pipe.local);
    BOOST_TEST(readable(pipe.local) == -230);
    BOOST_TEST(readable(pipe.peer) == -233);
    for (const Handle end : {pipe.local, pipe.peer}) {
        Attempt attempt("x");
        BOOST_TEST(read(end, attempt).error().value() == 233);
        BOOST_TEST(write(end, attempt).error().value() == 233);
    }
    BOOST_TEST(packet() == none);
    // GetNamedPipeInfo fails with 233 for the client, too.
    BOOST_TEST(sys::is_pipe(pipe.local));
    BOOST_TEST(sys::is_pipe(pipe.peer));
}

BOOST_FIXTURE_TEST_CASE(p10_a_pending_write_counts_as_a_whole, FactsOfPipes) {
    Attempt attempt(full(100));
    BOOST_TEST(!write(pipe.local, attempt)->at_once);
    BOOST_TEST(readable(pipe.peer) == static_cast<int>(PipeQueue::capacity) + 100);
    BOOST_TEST(packet() == none);
    BOOST_TEST(take(pipe.peer, 100).size() == 100U);
    BOOST_TEST(packet_of(attempt) == 0);
    BOOST_TEST(last.bytes == PipeQueue::capacity + 100);
}

BOOST_FIXTURE_TEST_CASE(p11_a_cancelled_write_is_withdrawn_even_if_partly_read, FactsOfPipes) {
    Attempt attempt(full(100));
    BOOST_TEST(!write(pipe.local, attempt)->at_once);
    BOOST_TEST(take(pipe.peer, 10).size() == 10U);
    BOOST_TEST(!sys::cancel(pipe.local, attempt.overlapped));
    BOOST_TEST(packet_of(attempt) == 995);
    BOOST_TEST(readable(pipe.peer) == 0);
    BOOST_TEST((world.take(pipe.peer, attempt.bytes).error == std::errc::operation_would_block));
}

BOOST_FIXTURE_TEST_CASE(p12_an_empty_write_never_waits, FactsOfPipes) {
    Attempt pending(full(1));
    Attempt empty(std::size_t{0});
    BOOST_TEST(!write(pipe.local, pending)->at_once);
    BOOST_TEST(write(pipe.local, empty)->at_once);
    BOOST_TEST(packet_of(empty) == 0);
    BOOST_TEST(packet() == none);
}

BOOST_FIXTURE_TEST_CASE(p14_disconnecting_ends_what_is_pending, FactsOfPipes) {
    Attempt reading;
    Attempt writing(full(1));
    BOOST_TEST(!read(pipe.peer, reading)->at_once);
    BOOST_TEST(!write(pipe.peer, writing)->at_once);
    world.disconnect_pipe(pipe.local);
    BOOST_TEST(packet_of(reading) == 233);
    BOOST_TEST(packet_of(writing) == 233);
}

BOOST_FIXTURE_TEST_CASE(p15_a_pipe_is_not_signalled_while_an_operation_is_pending, FactsOfPipes) {
    BOOST_TEST(sys::take_signal(pipe.local).value());
    Attempt attempt;
    BOOST_TEST(!read(pipe.local, attempt)->at_once);
    BOOST_TEST(!sys::take_signal(pipe.local).value());
    put(pipe.peer, "x");
    BOOST_TEST(packet_of(attempt) == 0);
    BOOST_TEST(sys::take_signal(pipe.local).value());
}

BOOST_FIXTURE_TEST_CASE(p19_without_waiting_an_empty_pipe_has_no_data, FactsOfPipes) {
    world.set_nowait(pipe.local);
    Attempt nothing(std::size_t{0});
    BOOST_TEST(read(pipe.local, nothing).error().value() == 232);
    put(pipe.peer, "x");
    Attempt one;
    BOOST_TEST(read(pipe.local, one)->bytes == 1U);
    BOOST_TEST(packet_of(one) == 0);
    // A write takes what fits, which may be nothing.
    Attempt much(full(1));
    BOOST_TEST(write(pipe.local, much)->bytes == PipeQueue::capacity);
    BOOST_TEST(packet_of(much) == 0);
    BOOST_TEST(write(pipe.local, much)->bytes == 0U);
    BOOST_TEST(packet_of(much) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace wakepoll::sim
