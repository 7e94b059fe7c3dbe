// Invalid calls of operations: each is refused with its error, and nothing changes.
//
// Nothing is registered for readiness here, so the backend does not matter.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "operation_support.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(operations_bad_input)

namespace {

constexpr int some_seeds = 50;

/// Everything that a refused submit must leave alone.
struct Counts {
    explicit Counts(OsPoller& poller)
        : entries(poller.overlapped_count()),
          registrations(poller.registration_count()),
          started(poller.stats().operations_started) {}

    friend bool operator==(const Counts&, const Counts&) = default;

    std::size_t entries;
    std::size_t registrations;
    std::uint64_t started;
};

/// Each of the four operations on a handle that can carry none of them.
void check_that_all_are_refused(OsPoller& poller, Handle handle, std::errc error) {
    const Counts before(poller);
    AcceptBuffer<> buffer{};
    const std::array<std::byte, 16> address{std::byte{2}};
    BOOST_TEST(poller.submit_read(handle, buffer, 1).error() == error);
    BOOST_TEST(poller.submit_write(handle, buffer, 1).error() == error);
    BOOST_TEST(poller.submit_accept(handle, buffer, 1).error() == error);
    BOOST_TEST(poller.submit_connect(handle, address, 1).error() == error);
    BOOST_TEST((Counts(poller) == before));
}

/// The poller does its work.
void check_that_it_works(Stage& stage, OsPoller& poller) {
    const Ends pair = ends(stage.world, Carrier::tcp);
    std::array<std::byte, 4> buffer{};
    (void)started(poller.submit_read(pair.local, buffer, 0xABC));
    put_text(stage.world, pair.peer, "work");
    const Report done = report(poller);
    BOOST_TEST(done.data == 0xABCU);
    BOOST_TEST(done.completion.bytes == 4U);
    check_that_nothing_is_left(poller);
}

}  // namespace

BOOST_AUTO_TEST_CASE(handles_that_carry_no_operation_are_not_supported) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        for (const Thing kind :
             {Thing::event, Thing::null_device, Thing::anonymous_pipe, Thing::process,
              Thing::semaphore, Thing::timer, Thing::synchronous_file, Thing::synchronous_pipe}) {
            BOOST_TEST_CONTEXT("thing " << static_cast<int>(kind)) {
                check_that_all_are_refused(poller, stage.world.thing(kind),
                                           std::errc::not_supported);
            }
        }
        if (const Handle console = stage.world.console()) {
            check_that_all_are_refused(poller, console, std::errc::not_supported);
        }
        // Each says what to do instead.
        const auto reason = [&](Handle handle) {
            std::array<std::byte, 4> buffer{};
            return poller.submit_read(handle, buffer, 1).error();
        };
        BOOST_TEST(reason(stage.world.thing(Thing::anonymous_pipe)) == errc::register_instead);
        BOOST_TEST(reason(stage.world.thing(Thing::event)) == errc::register_instead);
        BOOST_TEST(reason(stage.world.synchronous_socket()) == errc::register_instead);
        BOOST_TEST(reason(stage.world.thing(Thing::synchronous_file)) == errc::not_overlapped);
        BOOST_TEST(reason(stage.world.thing(Thing::null_device)) ==
                   errc::operation_of_another_kind);
        check_that_it_works(stage, poller);
    });
}

BOOST_AUTO_TEST_CASE(what_is_no_handle_is_a_bad_descriptor) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends closed = ends(stage.world, Carrier::tcp);
        stage.world.close(closed.local);
        for (const Handle handle : {Handle{}, Handle(std::uintptr_t{0}), closed.local,
                                    stage.world.never_a_handle(), Handle(~std::uintptr_t{1})}) {
            check_that_all_are_refused(poller, handle, std::errc::bad_file_descriptor);
            BOOST_TEST(poller.cancel(handle) == std::errc::no_such_file_or_directory);
        }
        check_that_it_works(stage, poller);
    });
}

BOOST_AUTO_TEST_CASE(accept_and_connect_need_a_stream_socket) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        AcceptBuffer<> buffer{};
        const std::vector<std::byte> address = stage.world.refused_address();
        for (const Handle handle :
             {stage.world.udp_pair().local, stage.world.pipe_pair(PipeKind::bytes).local,
              stage.world.file_of(10)}) {
            const Counts before(poller);
            BOOST_TEST(poller.submit_accept(handle, buffer, 1).error() == std::errc::not_supported);
            BOOST_TEST(poller.submit_connect(handle, address, 1).error() ==
                       std::errc::not_supported);
            BOOST_TEST((Counts(poller) == before));
        }
        // A stream socket in the wrong state is refused by the kernel, and no socket is left over.
        const Ends pair = ends(stage.world, Carrier::tcp);
        BOOST_TEST(poller.submit_connect(pair.local, address, 1).error() ==
                   std::errc::already_connected);
#if !defined(_WIN32)  // Wine 8 begins an accept on anything that is a stream socket.
        BOOST_TEST(poller.submit_accept(pair.local, buffer, 1).error() ==
                   std::errc::invalid_argument);
#endif
        const Handle fresh = stage.world.tcp_socket();
        for (const auto& entry :
             {poller.submit_read(fresh, buffer, 1), poller.submit_write(fresh, buffer, 1)}) {
            if (entry) {  // Wine 8 begins it, and then it fails.
                const Report failed = report(poller);
                BOOST_TEST((failed.mask & mask::err) == mask::err);
            } else {
                BOOST_TEST(entry.error() == std::errc::not_connected);
            }
        }
        // Classification takes a directory for a file; the kernel's error is passed on.
        const Handle directory = stage.world.thing(Thing::directory);
        BOOST_TEST(!poller.submit_read(directory, buffer, 1));
        BOOST_TEST(!poller.submit_write(directory, buffer, 1));
        check_that_nothing_is_left(poller);
        check_that_it_works(stage, poller);
    });
}

BOOST_AUTO_TEST_CASE(a_handle_of_another_port_is_invalid) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        OsPoller other = make_poller();
        const Handle foreign = stage.world.tcp_pair().local;
        stage.world.associate(foreign, stage.world.foreign_port());
        const Ends pair = ends(stage.world, Carrier::byte_pipe);
        (void)started(other.submit_write(pair.local, bytes_of("x"), 1));
        BOOST_TEST(report(other).completion.bytes == 1U);
        std::array<std::byte, 8> buffer{};
        for (const Handle handle : {foreign, pair.local}) {
            const Counts before(poller);
            for (int tries = 0; tries < 2; ++tries) {
                BOOST_TEST(poller.submit_read(handle, buffer, 1).error() ==
                           std::errc::invalid_argument);
            }
            BOOST_TEST((Counts(poller) == before));
        }
        check_that_it_works(stage, poller);
        check_that_it_works(stage, other);
    });
}

BOOST_DATA_TEST_CASE(buffers_that_can_not_be_are_invalid, data::make(all_carriers), carrier) {
    on_every_kernel(Backend::automatic, some_seeds, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, carrier);
        std::array<std::byte, 64> buffer{};
        const Counts before(poller);
        const auto refused = [](const Result<OverlappedEntry*>& entry) {
            return entry.error() == std::errc::invalid_argument;
        };
        BOOST_TEST(refused(poller.submit_read(pair.local, std::span<const IoBuffer>{}, 1)));
        BOOST_TEST(refused(poller.submit_write(pair.local, std::span<const IoBuffer>{}, 1)));
        const std::array hollow = {IoBuffer{4, nullptr}};
        BOOST_TEST(refused(poller.submit_read(pair.local, hollow, 1)));
        if (carrier != Carrier::tcp) {
            BOOST_TEST(refused(poller.submit_read(pair.local, std::span<std::byte>{}, 1)));
            BOOST_TEST(refused(poller.submit_read(pair.local, std::span(buffer).first(0), 1)));
            BOOST_TEST(refused(poller.submit_read(pair.local, {}, 1)));
        }
        if (carrier != Carrier::udp && carrier != Carrier::message_pipe) {
            BOOST_TEST(refused(poller.submit_write(pair.local, std::span<const std::byte>{}, 1)));
            BOOST_TEST(refused(poller.submit_write(pair.local, {}, 1)));
        }
        if (can_be_too_long) {
            const std::span too_long = too_long_a_buffer(buffer.data());
            BOOST_TEST(refused(poller.submit_read(pair.local, too_long, 1)));
            BOOST_TEST(refused(poller.submit_write(pair.local, too_long, 1)));
        }
        BOOST_TEST(refused(poller.submit_read(pair.local, buffer, 1, 10)));  // An offset.
        BOOST_TEST(refused(poller.submit_write(pair.local, buffer, 1, 10)));
        BOOST_TEST((Counts(poller) == before));
        check_that_it_works(stage, poller);
    });
}

BOOST_AUTO_TEST_CASE(lists_of_buffers_are_checked_together) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends tcp = ends(stage.world, Carrier::tcp);
        std::array<std::byte, 64> buffer{};
        const IoBuffer low{10, buffer.data()};
        const IoBuffer high{10, buffer.data() + 9};
        const IoBuffer apart{10, buffer.data() + 30};
        const IoBuffer huge{0xFFFFFFFF, buffer.data()};
        const IoBuffer one_more{1, buffer.data()};
        const Counts before(poller);
        for (const auto& list : {std::array{low, high}, std::array{high, low}, std::array{low, low},
                                 std::array{low, IoBuffer{0, nullptr}}}) {
            BOOST_TEST(poller.submit_read(tcp.local, list, 1).error() ==
                       std::errc::invalid_argument);
        }
        const std::array too_long = {huge, one_more};
        BOOST_TEST(poller.submit_write(tcp.local, too_long, 1).error() ==
                   std::errc::invalid_argument);
        const std::array two = {low, apart};
        for (const Handle handle :
             {stage.world.pipe_pair(PipeKind::bytes).local, stage.world.file_of(10)}) {
            BOOST_TEST(poller.submit_read(handle, two, 1).error() == std::errc::not_supported);
            BOOST_TEST(poller.submit_write(handle, two, 1).error() == std::errc::not_supported);
        }
        BOOST_TEST((Counts(poller) == before));
        // A write may send the same bytes twice; one buffer alone is good for any handle.
        (void)started(poller.submit_write(tcp.local, std::array{low, high}, 1));
        BOOST_TEST(report(poller).completion.bytes == 20U);
        (void)started(poller.submit_read(stage.world.file_of(10), std::array{low}, 1));
        BOOST_TEST(report(poller).completion.bytes == 10U);
        check_that_it_works(stage, poller);
    });
}

BOOST_AUTO_TEST_CASE(memory_of_an_operation_in_flight_is_not_shared) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends first = ends(stage.world, Carrier::tcp);
        const Ends second = ends(stage.world, Carrier::byte_pipe);
        const Handle listener = stage.world.listener();
        AcceptBuffer<100> buffer{};
        const std::span<std::byte> all(buffer);
        (void)started(poller.submit_read(first.local, all.subspan(10, 10), 1));
        const Counts before(poller);
        for (const auto& part : {all.subspan(10, 10), all.subspan(0, 11), all.subspan(19, 1),
                                 all.subspan(12, 2), all}) {
            BOOST_TEST(poller.submit_read(second.local, part, 2).error() ==
                       std::errc::invalid_argument);
            BOOST_TEST(poller.submit_write(second.local, part, 2).error() ==
                       std::errc::invalid_argument);
        }
        BOOST_TEST(poller.submit_accept(listener, all, 2).error() == std::errc::invalid_argument);
        BOOST_TEST((Counts(poller) == before));
        // The memory next to it is free.
        (void)started(poller.submit_read(second.local, all.subspan(0, 10), 3));
        (void)started(poller.submit_read(second.local, all.subspan(20, 10), 4));
        // Once reported, so is the memory.
        put_text(stage.world, first.peer, "x");
        BOOST_TEST(report(poller).data == 1U);
        (void)started(poller.submit_read(first.local, all.subspan(10, 10), 5));
        BOOST_TEST(poller.overlapped_count() == 4U);  // One of them was reported.
        poller.dispose();                             // Before the buffer goes.
    });
}

BOOST_AUTO_TEST_CASE(an_accept_needs_room_for_two_addresses_and_a_connect_an_address) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle listener = stage.world.listener();
        AcceptBuffer<> buffer{};
        const Counts before(poller);
        for (const std::size_t size : {std::size_t{0}, std::size_t{1}, buffer.size() - 1}) {
            BOOST_TEST(poller.submit_accept(listener, std::span(buffer).first(size), 1).error() ==
                       std::errc::invalid_argument);
        }
        const Handle socket = stage.world.tcp_socket();
        const std::array<std::byte, 145> long_address{};
        for (const std::size_t size : {std::size_t{0}, std::size_t{1}, long_address.size()}) {
            BOOST_TEST(
                poller.submit_connect(socket, std::span(long_address).first(size), 1).error() ==
                std::errc::invalid_argument);
        }
        // Of no family, or cut short: the kernel says so.
        BOOST_TEST(!poller.submit_connect(socket, std::span(long_address).first(16), 1));
        BOOST_TEST(!poller.submit_connect(socket, std::span(long_address).first(2), 1));
        BOOST_TEST((Counts(poller) == before));
        check_that_it_works(stage, poller);
    });
}

BOOST_AUTO_TEST_CASE(the_pool_carries_64_operations_and_no_more) {
    on_every_kernel(Backend::automatic, 10, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, Carrier::message_pipe);
        std::array<std::array<std::byte, 2>, 65> buffers{};
        for (std::uint64_t i = 0; i < 64; ++i) {
            (void)started(poller.submit_read(pair.local, buffers[i], i));
        }
        const Counts before(poller);
        AcceptBuffer<> accept_buffer{};
        const Handle listener = stage.world.listener();
        const Handle socket = stage.world.tcp_socket();
        constexpr auto again = std::errc::resource_unavailable_try_again;
        BOOST_TEST(poller.submit_read(pair.local, buffers[64], 64).error() == again);
        BOOST_TEST(poller.submit_write(pair.local, buffers[64], 64).error() == again);
        BOOST_TEST(poller.submit_accept(listener, accept_buffer, 64).error() == again);
        BOOST_TEST(poller.submit_connect(socket, stage.world.address_of(listener), 64).error() ==
                   again);
        BOOST_TEST((Counts(poller) == before));
        // Nothing was started: nothing arrives, and there is no connection.
        std::array<std::byte, 2> taken{};
        BOOST_TEST(stage.world.take(pair.peer, taken).error == std::errc::operation_would_block);
        BOOST_TEST(!static_cast<bool>(stage.world.accept(listener)));
        // One report makes room for one, once it is given back.
        put_text(stage.world, pair.peer, "0");
        const Report done = report(poller);
        BOOST_TEST(done.data == 0U);
        BOOST_TEST(poller.submit_read(pair.local, buffers[64], 64).error() == again);
        BOOST_TEST(poller.overlapped_pool().release(done.completion.entry));
        (void)started(poller.submit_read(pair.local, buffers[64], 64));
        for (std::uint64_t i = 1; i <= 64; ++i) {
            put_text(stage.world, pair.peer, "1");
            BOOST_TEST(report(poller).data == i);
        }
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(after_dispose_everything_is_canceled) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, Carrier::tcp);
        AcceptBuffer<> buffer{};
        OverlappedEntry* const entry = started(poller.submit_read(pair.local, buffer, 1));
        poller.dispose();
        constexpr auto ended = std::errc::operation_canceled;
        BOOST_TEST(poller.submit_read(pair.local, buffer, 1).error() == ended);
        BOOST_TEST(poller.submit_write(pair.local, buffer, 1).error() == ended);
        const std::array list = {IoBuffer{4, buffer.data()}};
        BOOST_TEST(poller.submit_read(pair.local, list, 1).error() == ended);
        BOOST_TEST(poller.submit_write(pair.local, list, 1).error() == ended);
        BOOST_TEST(poller.submit_accept(pair.local, buffer, 1).error() == ended);
        BOOST_TEST(poller.submit_connect(pair.local, buffer, 1).error() == ended);
        BOOST_TEST(poller.cancel(entry) == ended);
        BOOST_TEST(poller.cancel(pair.local) == ended);
        BOOST_TEST(poller.overlapped_count() == 0U);
    });
}

BOOST_AUTO_TEST_SUITE_END()
