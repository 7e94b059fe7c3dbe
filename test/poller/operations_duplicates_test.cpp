// A handle that is closed with operations in flight, while a duplicate of it lives: to Windows
// nothing has been closed, so the operations continue. The duplicate can cancel them; an accept can
// always be canceled, because the poller has the socket that it accepts into.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <memory>

#include "operation_support.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(operations_duplicates)

namespace {

constexpr int some_seeds = 50;

struct Read {
    Read(Stage& stage, OsPoller& poller, Carrier kind)
        : carrier(kind), pair(ends(stage.world, kind)), world(stage.world) {
        entry = started(poller.submit_read(pair.local, buffer, 1));
        duplicate = world.duplicate(pair.local);
        close(world, kind, pair.local);
    }

    Carrier carrier;
    Ends pair;
    World& world;
    std::array<std::byte, 4> buffer{};
    OverlappedEntry* entry = nullptr;
    Handle duplicate;
};

}  // namespace

BOOST_DATA_TEST_CASE(an_operation_goes_on_until_its_duplicate_is_closed, data::make(all_carriers),
                     carrier) {
    on_every_kernel(some_seeds, [&](Stage& stage) {
        OsPoller poller = make_poller();
        {
            const Read read(stage, poller, carrier);
            BOOST_TEST(wait(poller, 2ms).count() == 0U);
            BOOST_TEST(poller.overlapped_count() == 1U);
            close(stage.world, carrier, read.duplicate);
            BOOST_TEST(report(poller).completion.error == std::errc::operation_canceled);
            check_that_nothing_is_left(poller);
        }
        const Read read(stage, poller, carrier);
        put_text(stage.world, read.pair.peer, "data");
        const Report done = report(poller);
        if (runs_on_wine() && is_socket(carrier)) {
            // Wine receives by the number, when the bytes are there, and finds it closed.
            BOOST_TEST(static_cast<bool>(done.completion.error));
        } else {
            BOOST_TEST(done.completion.bytes == 4U);
            BOOST_TEST(text_of(read.buffer) == "data");
        }
        check_that_nothing_is_left(poller);
    });
}

BOOST_DATA_TEST_CASE(it_is_canceled_by_its_duplicate_and_not_by_its_old_number,
                     data::make(all_carriers), carrier) {
    on_every_kernel(some_seeds, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Read read(stage, poller, carrier);
        BOOST_TEST(poller.cancel(read.entry) == std::errc::bad_file_descriptor);
        BOOST_TEST(poller.cancel(read.pair.local) == std::errc::bad_file_descriptor);
        BOOST_TEST((read.entry->state() == OverlappedState::in_flight));
        BOOST_TEST(poller.cancel(read.entry, read.duplicate));
        BOOST_TEST((read.entry->state() == OverlappedState::cancelling));
        BOOST_TEST(report(poller).completion.error == std::errc::operation_canceled);
        BOOST_TEST(poller.cancel(read.entry, read.duplicate) ==
                   std::errc::no_such_file_or_directory);
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(a_cancel_by_a_duplicate_is_refused_where_it_can_not_be) {
    on_every_kernel(some_seeds, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair other = stage.world.tcp_pair();
        const Read read(stage, poller, Carrier::tcp);
        constexpr auto unknown = std::errc::no_such_file_or_directory;
        constexpr auto closed = std::errc::bad_file_descriptor;
        BOOST_TEST(poller.cancel(read.entry, other.local) == unknown);
        BOOST_TEST(poller.cancel(read.entry, read.pair.peer) == unknown);
        BOOST_TEST(poller.cancel(read.entry, Handle{}) == closed);
        BOOST_TEST(poller.cancel(read.entry, stage.world.never_a_handle()) == closed);
        BOOST_TEST(poller.cancel(read.entry, read.pair.local) == closed);
        BOOST_TEST(poller.cancel(nullptr, read.duplicate) == std::errc::invalid_argument);
        BOOST_TEST((read.entry->state() == OverlappedState::in_flight));
        BOOST_TEST(poller.cancel(read.entry, read.duplicate));
        BOOST_TEST(poller.cancel(read.entry, read.duplicate));
        BOOST_TEST(report(poller).completion.error == std::errc::operation_canceled);
        BOOST_TEST(poller.stats().operations_canceled == 1U);
        poller.dispose();
        BOOST_TEST(poller.cancel(read.entry, read.duplicate) == std::errc::operation_canceled);
    });
}

BOOST_AUTO_TEST_CASE(an_accept_is_canceled_though_its_listener_is_closed) {
    on_every_kernel(some_seeds, [&](Stage& stage) {
        OsPoller poller = make_poller();
        for (const std::size_t room : {0U, 8U}) {
            const Handle listener = stage.world.listener();
            AcceptBuffer<8> buffer{};
            OverlappedEntry* const entry = started(poller.submit_accept(
                listener, std::span(buffer).first(OsPoller::accept_address_size + room), 1));
            const Handle duplicate = stage.world.duplicate(listener);
            stage.world.close(listener);
            if (room != 0) {
                (void)stage.world.connecting(duplicate);  // Taken, and its data is waited for.
            }
            BOOST_TEST(wait(poller, 2ms).count() == 0U);
            BOOST_TEST(poller.cancel(entry));
            BOOST_TEST(poller.cancel(entry));
            const Report done = report(poller);
            BOOST_TEST(done.completion.error == std::errc::operation_canceled);
            BOOST_TEST(done.mask == (mask::in | mask::err));
            BOOST_TEST(!static_cast<bool>(done.completion.accepted));
            check_that_nothing_is_left(poller);
        }
    });
}

BOOST_AUTO_TEST_CASE(dispose_ends_an_accept_whose_listener_lives_on) {
    on_every_kernel(some_seeds, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle listener = stage.world.listener();
        AcceptBuffer<> buffer{};
        OverlappedEntry* const entry = started(poller.submit_accept(listener, buffer, 1));
        const Handle duplicate = stage.world.duplicate(listener);
        stage.world.close(listener);
        poller.dispose();
        BOOST_TEST(!entry->in_use());
        // The connection is left for others.
        const Handle connecting = stage.world.connecting(duplicate);
        BOOST_TEST(static_cast<bool>(accept_by_hand(stage.world, duplicate)));
        stage.world.close(connecting);
    });
}

#if !defined(_WIN32)

namespace {

/// A new pipe whose number is `wanted`, which is free.
void take_number(World& world, Handle wanted) {
    for (int tries = 0; tries < 100; ++tries) {
        if (world.thing(Thing::named_pipe) == wanted) {
            return;
        }
    }
    BOOST_FAIL("the number is not dealt out again");
}

}  // namespace

BOOST_DATA_TEST_CASE(a_cancel_by_a_number_that_is_another_objects_is_no_success,
                     data::make(all_carriers), carrier) {
    on_every_kernel(some_seeds, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Read read(stage, poller, carrier);
        take_number(stage.world, read.pair.local);
        BOOST_TEST(poller.cancel(read.entry) == std::errc::bad_file_descriptor);
        BOOST_TEST(poller.cancel(read.entry, read.duplicate));
        BOOST_TEST(report(poller).completion.error == std::errc::operation_canceled);
        check_that_nothing_is_left(poller);
    });
}

BOOST_DATA_TEST_CASE(it_is_canceled_though_its_number_is_another_objects_by_then,
                     data::make(all_carriers), carrier) {
    on_every_kernel(some_seeds, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Read read(stage, poller, carrier);
        take_number(stage.world, read.pair.local);
        close(stage.world, carrier, read.duplicate);
        BOOST_TEST(report(poller).completion.error == std::errc::operation_canceled);
        check_that_nothing_is_left(poller);
    });
}

BOOST_DATA_TEST_CASE(dispose_waits_a_moment_and_keeps_the_memory, data::make(all_carriers),
                     carrier) {
    for (const bool recycled : {false, true}) {
        on_every_kernel(some_seeds, [&](Stage& stage) {
            auto poller = std::make_unique<OsPoller>(make_poller());
            Read read(stage, *poller, carrier);
            if (recycled) {
                take_number(stage.world, read.pair.local);
            }
            const auto before = stage.kernel.now();
            poller.reset();
            BOOST_TEST((stage.kernel.now() - before < 100ms));
            // It ends in memory that is still there (AddressSanitizer would tell).
            put_text(stage.world, read.pair.peer, "late");
            stage.kernel.advance(1s);
            BOOST_TEST(text_of(read.buffer) == "late");
            BOOST_TEST(read.entry->overlapped.internal == 0U);
        });
    }
}

BOOST_AUTO_TEST_CASE(packets_of_others_do_not_prolong_dispose) {
    on_every_kernel(some_seeds, [&](Stage& stage) {
        auto poller = std::make_unique<OsPoller>(make_poller());
        const Read read(stage, *poller, Carrier::tcp);
        const Handle port = poller->handle();
        bool is_open = true;
        for (int i = 0; i < 1000; ++i) {
            stage.kernel.at(i * 10ms + 5ms, [&] {
                if (is_open) {
                    stage.world.post_packet(port, 77, 0, nullptr);
                }
            });
        }
        const auto before = stage.kernel.now();
        poller->dispose();
        is_open = false;
        BOOST_TEST((stage.kernel.now() - before < 200ms));
        poller.reset();
        close(stage.world, Carrier::tcp, read.duplicate);
        stage.kernel.advance(11s);
    });
}

BOOST_AUTO_TEST_CASE(dispose_waits_a_moment_for_the_read_of_a_registered_pipe) {
    for (const bool unregistered : {false, true}) {
        on_every_kernel(some_seeds, [&](Stage& stage) {
            auto poller = std::make_unique<OsPoller>(make_poller());
            const PipePair pair = stage.world.pipe_pair(PipeKind::bytes);
            BOOST_REQUIRE(poller->register_handle(pair.local, IoInterest::read, 1));
            BOOST_TEST(wait(*poller, 2ms).count() == 0U);
            const Handle duplicate = stage.world.duplicate(pair.local);
            stage.world.close_handle(pair.local);
            if (unregistered) {
                BOOST_TEST(poller->unregister_handle(pair.local));
            }
            const auto before = stage.kernel.now();
            poller.reset();
            BOOST_TEST((stage.kernel.now() - before < 100ms));
            stage.world.close_handle(duplicate);
            stage.kernel.advance(1s);
        });
    }
}

BOOST_AUTO_TEST_CASE(dispose_ends_an_accept_whose_number_is_a_duplicates_of_another_listener) {
    on_every_kernel(some_seeds, [&](Stage& stage) {
        auto poller = std::make_unique<OsPoller>(make_poller());
        const std::array listeners = {stage.world.listener(), stage.world.listener()};
        std::array<AcceptBuffer<>, 2> addresses{};
        std::array<OverlappedEntry*, 2> entries{};
        for (std::size_t i = 0; i < 2; ++i) {
            entries[i] = started(poller->submit_accept(listeners[i], addresses[i], i));
        }
        const Handle lives_on = stage.world.duplicate(listeners[0]);
        stage.world.close(listeners[0]);
        BOOST_REQUIRE((stage.world.duplicate(listeners[1]) == listeners[0]));
        const auto before = stage.kernel.now();
        poller->dispose();
        BOOST_TEST((stage.kernel.now() - before < 100ms));
        BOOST_TEST(!entries[0]->in_use());
        BOOST_TEST(!entries[1]->in_use());
        stage.world.close(lives_on);
    });
}

BOOST_AUTO_TEST_CASE(dispose_waits_for_what_can_be_canceled_beside_what_cannot) {
    on_every_kernel(some_seeds, [&](Stage& stage) {
        auto poller = std::make_unique<OsPoller>(make_poller());
        const Read read(stage, *poller, Carrier::tcp);
        const Ends other = ends(stage.world, Carrier::byte_pipe);
        std::array<std::byte, 4> buffer{};
        OverlappedEntry* const entry = started(poller->submit_read(other.local, buffer, 2));
        poller->dispose();
        BOOST_TEST(!entry->in_use());
        BOOST_TEST(read.entry->in_use());
        poller.reset();
        close(stage.world, Carrier::tcp, read.duplicate);
        stage.kernel.advance(1s);
    });
}

#endif

BOOST_AUTO_TEST_SUITE_END()
