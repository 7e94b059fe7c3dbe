// Cancel: by entry and by handle, before and after the end, raced with it. One report each time.
//
// Nothing is registered for readiness here, so the backend does not matter.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "operation_support.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(operations_cancel)

namespace {

constexpr int some_seeds = 200;

enum class Way { by_entry, by_handle };

std::ostream& operator<<(std::ostream& out, Way way) {
    return out << (way == Way::by_entry ? "by_entry" : "by_handle");
}

enum class Pending { receive, datagram, accept, first_data, connect, pipe_read, pipe_write, send };

constexpr std::array all_pending = {Pending::receive,    Pending::datagram, Pending::accept,
                                    Pending::first_data, Pending::connect,  Pending::pipe_read,
                                    Pending::pipe_write, Pending::send};

std::ostream& operator<<(std::ostream& out, Pending pending) {
    constexpr std::array names = {"receive", "datagram",  "accept",     "first_data",
                                  "connect", "pipe_read", "pipe_write", "send"};
    return out << names.at(static_cast<std::size_t>(pending));
}

/// An operation that is in flight and, but for a connect, stays so.
class InFlight {
public:
    InFlight(Stage& stage, OsPoller& poller, Pending pending) {
        World& world = stage.world;
        switch (pending) {
            case Pending::receive:
            case Pending::datagram:
            case Pending::pipe_read:
                handle = ends(world, carrier_of(pending)).local;
                entry = started(poller.submit_read(handle, std::span(memory_).first(10), 1));
                break;
            case Pending::accept:
            case Pending::first_data:
                handle = world.listener();
                entry = started(poller.submit_accept(
                    handle,
                    std::span(memory_).first(OsPoller::accept_address_size +
                                             (pending == Pending::accept ? 0 : 10)),
                    1));
                if (pending == Pending::first_data) {
                    (void)world.connecting(handle);
                }
                break;
            case Pending::connect:
                handle = world.tcp_socket();
                entry = started(poller.submit_connect(handle, world.refused_address(), 1));
                break;
            case Pending::pipe_write:
            case Pending::send:
                handle = ends(world, carrier_of(pending)).local;
                memory_.resize(8'000'000);
                entry = started(poller.submit_write(handle, memory_, 1));
                break;
        }
    }

    Handle handle;
    OverlappedEntry* entry = nullptr;

private:
    static Carrier carrier_of(Pending pending) {
        return pending == Pending::datagram                              ? Carrier::udp
               : pending == Pending::receive || pending == Pending::send ? Carrier::tcp
                                                                         : Carrier::byte_pipe;
    }

    std::vector<std::byte> memory_ = std::vector<std::byte>(1000);
};

Result<void> cancel(OsPoller& poller, const InFlight& operation, Way way) {
    return way == Way::by_entry ? poller.cancel(operation.entry) : poller.cancel(operation.handle);
}

/// Cancelled, or over in some other way in the same moment.
void check_end(const Report& done, Pending pending) {
    const bool out =
        pending == Pending::connect || pending == Pending::send || pending == Pending::pipe_write;
    BOOST_TEST((done.mask & (mask::in | mask::out)) == (out ? mask::out : mask::in));
    BOOST_TEST(done.data == 1U);
    if (done.completion.error == std::errc::operation_canceled) {
        BOOST_TEST((done.mask & mask::err) != 0U);
        BOOST_TEST((done.mask & mask::hup) == 0U);
        // Wine 8 reports how much of a send was sent already.
        BOOST_TEST((done.completion.bytes == 0U || pending == Pending::send));
        BOOST_TEST(!static_cast<bool>(done.completion.accepted));
    }
}

}  // namespace

BOOST_DATA_TEST_CASE(each_kind_can_be_cancelled,
                     data::make(all_pending) * data::make({Way::by_entry, Way::by_handle}), pending,
                     way) {
    on_every_kernel(Backend::automatic, 20, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const InFlight operation(stage, poller, pending);
        BOOST_TEST(poller.overlapped_count() == 1U);
        BOOST_REQUIRE(cancel(poller, operation, way));
        // The kernel may have done it just before; then its packet is on the way.
        BOOST_TEST((operation.entry->state() == OverlappedState::cancelling ||
                    poller.stats().operations_canceled == 0));
        BOOST_TEST(cancel(poller, operation, way));  // Twice is once.
        BOOST_TEST(poller.overlapped_count() == 1U);
        const Report done = report(poller);
        check_end(done, pending);
        if (pending != Pending::connect) {  // Which Wine refuses at once.
            BOOST_TEST(done.completion.error == std::errc::operation_canceled);
            BOOST_TEST(poller.stats().operations_canceled == 1U);
        }
        // Reported, but not given back yet.
        BOOST_TEST(cancel(poller, operation, way) == std::errc::no_such_file_or_directory);
        check_that_nothing_is_left(poller);
        BOOST_TEST(cancel(poller, operation, way) == std::errc::no_such_file_or_directory);
    });
}

BOOST_AUTO_TEST_CASE(an_operation_that_is_done_is_reported_as_done) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, Carrier::tcp);
        put_text(stage.world, pair.peer, "data");
        std::array<std::byte, 4> buffer{};
        OverlappedEntry* const entry = started(poller.submit_read(pair.local, buffer, 1));
        const std::error_code error = poller.cancel(entry).error();
        // Done without a packet, it is not in flight; else its packet may be on the way.
        BOOST_TEST((!error || error == std::errc::no_such_file_or_directory));
        const Report done = report(poller);
        if (error || !done.completion.error) {
            BOOST_TEST(!done.completion.error);
            BOOST_TEST(done.completion.bytes == 4U);
            BOOST_TEST(text_of(buffer) == "data");
        } else {
            BOOST_TEST(done.completion.error == std::errc::operation_canceled);
            BOOST_TEST(take_text(stage.world, pair.local, 4) == "data");  // Not lost.
        }
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(a_file_operation_may_be_cancelled_or_done) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle file = stage.world.file_of(100);
        std::array<std::byte, 50> buffer{};
        OverlappedEntry* const read = started(poller.submit_read(file, buffer, 1, 10));
        OverlappedEntry* const write = started(poller.submit_write(file, bytes_of("new"), 2, 0));
        BOOST_TEST(poller.cancel(read));
        BOOST_TEST(poller.cancel(write));
        for (const Report& done : reports(poller, 2)) {
            BOOST_TEST((done.completion.error == std::errc::operation_canceled ||
                        done.completion.bytes == (done.data == 1 ? 50U : 3U)));
        }
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(by_handle_all_of_that_handle_and_no_others) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends one = ends(stage.world, Carrier::tcp);
        const Ends other = ends(stage.world, Carrier::tcp);
        std::array<std::array<std::byte, 4>, 6> buffers{};
        for (std::uint64_t i = 0; i < 6; ++i) {
            (void)started(poller.submit_read(i % 2 == 0 ? one.local : other.local, buffers[i], i));
        }
        BOOST_TEST(poller.cancel(one.local));
        for (const Report& done : reports(poller, 3)) {
            BOOST_TEST(done.data % 2 == 0U);
            BOOST_TEST(done.completion.error == std::errc::operation_canceled);
        }
        BOOST_TEST(poller.cancel(one.local) == std::errc::no_such_file_or_directory);
        put_text(stage.world, other.peer, "xxxxxxxxxxxx");
        for (const Report& done : reports(poller, 3)) {
            BOOST_TEST(done.data % 2 == 1U);
            BOOST_TEST(done.completion.bytes == 4U);
        }
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(what_is_not_in_flight_can_not_be_cancelled) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        OsPoller other = make_poller();
        const Ends pair = ends(stage.world, Carrier::tcp);
        std::array<std::byte, 4> buffer{};
        OverlappedEntry* const entry = started(poller.submit_read(pair.local, buffer, 1));
        OverlappedEntry* const own = poller.overlapped_pool().acquire();
        OverlappedEntry stranger;
        BOOST_TEST(poller.cancel(nullptr) == std::errc::invalid_argument);
        BOOST_TEST(poller.cancel(&stranger) == std::errc::invalid_argument);
        BOOST_TEST(other.cancel(entry) == std::errc::invalid_argument);
        auto* const inside =
            reinterpret_cast<OverlappedEntry*>(reinterpret_cast<std::byte*>(entry) + sizeof(void*));
        BOOST_TEST(poller.cancel(inside) == std::errc::invalid_argument);
        BOOST_TEST(poller.cancel(own) == std::errc::no_such_file_or_directory);
        BOOST_TEST(other.cancel(pair.local) == std::errc::no_such_file_or_directory);
        BOOST_TEST(poller.overlapped_pool().release(own));
        BOOST_TEST(poller.cancel(own) == std::errc::no_such_file_or_directory);
        // None of it has touched the one in flight.
        BOOST_TEST((entry->state() == OverlappedState::in_flight));
        put_text(stage.world, pair.peer, "data");
        BOOST_TEST(report(poller).completion.bytes == 4U);
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(a_cancel_that_races_with_the_end_is_reported_once_and_loses_no_bytes) {
    on_every_kernel(Backend::automatic, many_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, Carrier::tcp);
        std::string received;
        for (std::uint64_t round = 0; round < 5; ++round) {
            std::array<std::byte, 4> buffer{};
            OverlappedEntry* const entry = started(poller.submit_read(pair.local, buffer, round));
            stage.world.beside([&] { stage.world.put(pair.peer, bytes_of("data")); });
            const std::error_code error = poller.cancel(entry).error();
            BOOST_TEST((!error || error == std::errc::no_such_file_or_directory));
            const Report done = report(poller);
            BOOST_TEST(done.data == round);
            if (!done.completion.error) {
                received += text_of(std::span(buffer).first(done.completion.bytes));
            } else {
                BOOST_TEST(done.completion.error == std::errc::operation_canceled);
            }
            stage.world.join();
        }
        received += take_text(stage.world, pair.local, 20 - received.size());
        BOOST_TEST(received == "datadatadatadatadata");
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(a_cancelled_handle_carries_the_next_operation) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller({.max_overlapped_entries = 2});
        for (const Carrier carrier : {Carrier::udp, Carrier::byte_pipe, Carrier::message_pipe}) {
            const Ends pair = ends(stage.world, carrier);
            std::array<std::byte, 4> buffer{};
            for (std::uint64_t round = 0; round < 4; ++round) {
                (void)started(poller.submit_read(pair.local, buffer, round));
                BOOST_TEST(poller.cancel(pair.local));
                BOOST_TEST(report(poller).completion.error == std::errc::operation_canceled);
            }
            (void)started(poller.submit_read(pair.local, buffer, 9));
            put_text(stage.world, pair.peer, "data");
            BOOST_TEST(report(poller).completion.bytes == 4U);
            check_that_nothing_is_left(poller);
        }
    });
}

BOOST_AUTO_TEST_SUITE_END()
