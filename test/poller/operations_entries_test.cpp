// The entries of operations: when each can be released, and whose packets are theirs.
#include "operation_support.hpp"

using namespace wakepoll;
using namespace wakepoll::test;

BOOST_AUTO_TEST_SUITE(operations_entries)

namespace {

constexpr int some_seeds = 100;

}  // namespace

BOOST_AUTO_TEST_CASE(an_entry_in_flight_can_not_be_released) {
    on_every_kernel(some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        OverlappedPool& pool = poller.overlapped_pool();
        std::array<std::byte, 4> buffer{};
        OverlappedEntry* const entry = started(poller.submit_read(pair.local, buffer, 1));
        BOOST_TEST(pool.release(entry) == std::errc::device_or_resource_busy);
        BOOST_TEST(poller.cancel(entry));
        BOOST_TEST(pool.release(entry) == std::errc::device_or_resource_busy);
        BOOST_TEST(poller.overlapped_count() == 1U);
        const Report done = report(poller);
        BOOST_TEST(done.completion.entry == entry);
        BOOST_TEST(pool.release(entry));
        BOOST_TEST(pool.release(entry) == std::errc::no_such_file_or_directory);
        BOOST_TEST(poller.overlapped_count() == 0U);
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(an_operation_that_is_done_and_not_reported_can_not_be_released) {
    on_every_kernel(some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        OverlappedEntry* const entry =
            started(poller.submit_write(pair.local, bytes_of("at once, perhaps"), 1));
        BOOST_TEST(poller.overlapped_pool().release(entry) == std::errc::device_or_resource_busy);
        BOOST_TEST(report(poller).data == 1U);
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(an_entry_released_early_carries_the_next_operation) {
    on_every_kernel(some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller({.max_overlapped_entries = 1});
        const SocketPair pair = stage.world.tcp_pair();
        std::array<std::byte, 4> buffer{};
        OverlappedEntry* previous = nullptr;
        for (std::uint64_t round = 0; round < 6; ++round) {
            OverlappedEntry* const entry = started(poller.submit_read(pair.local, buffer, round));
            BOOST_TEST((previous == nullptr || previous == entry));
            previous = entry;
            put_text(stage.world, pair.peer, "data");
            const Report done = report(poller);
            BOOST_TEST(done.data == round);
            BOOST_TEST(poller.overlapped_pool().release(entry));
        }
        // In flight again, in the entry that the last wait reported: the next wait must not
        // release it.
        (void)started(poller.submit_read(pair.local, buffer, 10));
        BOOST_TEST(wait(poller, 2ms).count() == 0U);
        BOOST_TEST(poller.overlapped_count() == 1U);
        put_text(stage.world, pair.peer, "data");
        BOOST_TEST(report(poller).data == 10U);
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(an_entry_released_early_may_become_the_users_own) {
    on_every_kernel(some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller({.max_overlapped_entries = 1});
        const SocketPair pair = stage.world.tcp_pair();
        (void)started(poller.submit_write(pair.local, bytes_of("x"), 1));
        OverlappedEntry* const entry = report(poller).completion.entry;
        BOOST_TEST(poller.overlapped_pool().release(entry));
        BOOST_REQUIRE(poller.overlapped_pool().acquire() == entry);
        BOOST_TEST(wait(poller, 2ms).count() == 0U);
        BOOST_TEST(entry->in_use());
        BOOST_TEST(poller.overlapped_count() == 1U);
        BOOST_TEST(poller.overlapped_pool().release(entry));
    });
}

BOOST_AUTO_TEST_CASE(a_packet_in_the_name_of_an_operation_is_no_second_report) {
    // The port's users can post anything.
    on_every_kernel(some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        OverlappedEntry* const entry = started(poller.submit_write(pair.local, bytes_of("x"), 1));
        stage.world.post_packet(poller.handle(), 0, 1, entry->native());
        std::size_t reports = 0;
        for (int i = 0; i < 3; ++i) {
            const auto waited = wait(poller, 2ms);
            BOOST_TEST(!waited.result.error);
            for (std::size_t event = 0; event < waited.count(); ++event) {
                reports += waited.events[event].data.u64 == 1 ? 1U : 0U;
            }
        }
        BOOST_TEST(reports == 1U);
        BOOST_TEST(poller.overlapped_count() == 0U);
    });
}

BOOST_AUTO_TEST_SUITE_END()
