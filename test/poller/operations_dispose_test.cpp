// Dispose with operations in flight: they are ended first, their buffers are not used afterwards,
// their sockets are closed; and what does not end is abandoned after a while, with its memory.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <memory>
#include <optional>

#include "operation_support.hpp"
#include "parking.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
namespace data = boost::unit_test::data;

namespace {

/// One operation of each kind in flight, with memory that can be looked at afterwards.
class Everything {
public:
    Everything(Stage& stage, OsPoller& poller) : world_(stage.world) {
        std::uint64_t number = 0;
        for (const Carrier carrier : all_carriers) {
            const Ends pair = ends(world_, carrier);
            peers_.push_back(pair.peer);
            (void)started(poller.submit_read(pair.local, memory(8), ++number));
        }
        for (const Carrier carrier : {Carrier::tcp, Carrier::byte_pipe}) {
            (void)started(
                poller.submit_write(ends(world_, carrier).local, memory(3'000'000), ++number));
        }
        listener_ = world_.listener();
        (void)started(
            poller.submit_accept(listener_, memory(OsPoller::accept_address_size), ++number));
        const Handle second = world_.listener();
        (void)started(
            poller.submit_accept(second, memory(OsPoller::accept_address_size + 20), ++number));
        (void)world_.connecting(second);  // Taken, and its data is waited for.
        (void)started(
            poller.submit_connect(world_.tcp_socket(), world_.refused_address(), ++number));
        file_ = world_.file_of(100);
        (void)started(poller.submit_read(file_, memory(8), ++number));
    }

    /// What the memory holds now, it holds for good.
    void check_that_it_is_left_alone() {
        const std::vector<std::vector<std::byte>> before = memory_;
        for (const Handle peer : peers_) {
            (void)world_.put(peer, bytes_of("too late"));
        }
        (void)world_.connecting(listener_);
#if !defined(_WIN32)
        sim::Kernel::current().advance(5s);
#endif
        BOOST_TEST((memory_ == before));
    }

private:
    std::span<std::byte> memory(std::size_t size) {
        return memory_.emplace_back(size, std::byte{0xCC});
    }

    World& world_;
    std::vector<std::vector<std::byte>> memory_;
    std::vector<Handle> peers_;
    Handle listener_;
    Handle file_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(operations_dispose)

BOOST_DATA_TEST_CASE(everything_in_flight_is_ended, data::make(all_parkings), parking) {
    on_every_kernel(30, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Waker waker = poller.waker();
        Everything everything(stage, poller);
        BOOST_TEST(poller.overlapped_count() == 10U);
        poller.dispose();
        BOOST_TEST(poller.overlapped_count() == 0U);
        everything.check_that_it_is_left_alone();
        BOOST_TEST(!waker.wake());
        const PollerStats stats = poller.stats();
        BOOST_TEST(stats.operations_started == 10U);
        BOOST_TEST(stats.completions == 0U);
        BOOST_TEST(stats.operations_canceled <= 10U);
    });
}

BOOST_AUTO_TEST_CASE(what_is_done_and_not_reported_goes_too) {
    on_every_kernel(100, [](Stage& stage) {
        std::optional<OsPoller> poller = make_poller();
        const Ends pair = ends(stage.world, Carrier::tcp);
        std::array<std::byte, 4> buffer{};
        (void)started(poller->submit_read(pair.local, buffer, 1));
        put_text(stage.world, pair.peer, "data");
        (void)started(poller->submit_write(pair.local, bytes_of("x"), 2));
        (void)started(poller->submit_write(pair.local, bytes_of("y"), 3));
        BOOST_TEST(reports(*poller, 1).size() == 1U);  // One was reported, two will be.
        poller.reset();
    });
}

BOOST_AUTO_TEST_CASE(a_wait_on_another_thread_ends_first) {
    for (std::uint64_t round = 0; round < 24; ++round) {
        ThreadedStage stage(dealt_backend(round / 2));
        OsPoller poller = make_poller();
        if (round % 2 == 0) {
            BOOST_REQUIRE(
                poller.register_handle(stage.world.tcp_pair().local, IoInterest::read, 99));
        }
        Everything everything(stage, poller);
        stage.world.beside([&] { poller.dispose(); });
        for (;;) {
            const auto waited = wait(poller, wait_forever);
            if (waited.result.error) {
                BOOST_TEST(waited.result.error == std::errc::operation_canceled);
                break;
            }
        }
        stage.world.join();
        BOOST_TEST(!poller.is_valid());
        everything.check_that_it_is_left_alone();
    }
}

#if !defined(_WIN32)

BOOST_AUTO_TEST_CASE(every_handle_is_closed_again) {
    on_every_kernel(50, [](Stage& stage) {
        const Handle listener = stage.world.listener();
        (void)stage.world.connecting(listener);
        const std::size_t before = stage.kernel.open_handles();
        {
            OsPoller poller = make_poller();
            const std::size_t with_poller = stage.kernel.open_handles();
            std::array<AcceptBuffer<8>, 5> buffers{};
            for (std::uint64_t i = 0; i < buffers.size(); ++i) {
                (void)started(poller.submit_accept(
                    listener,
                    std::span(buffers[i]).first(OsPoller::accept_address_size + (i % 2) * 8), i));
            }
            BOOST_TEST(stage.kernel.open_handles() == with_poller + 5);
            poller.dispose();
        }
        BOOST_TEST(stage.kernel.open_handles() == before);
        BOOST_TEST(stage.kernel.winsock_sessions() == 0U);
    });
}

BOOST_AUTO_TEST_CASE(a_drain_takes_no_longer_than_its_operations) {
    on_every_kernel(50, [](Stage& stage) {
        OsPoller poller = make_poller();
        Everything everything(stage, poller);
        const auto before = stage.kernel.now();
        poller.dispose();
        BOOST_TEST((stage.kernel.now() - before < 50ms));
    });
}

BOOST_AUTO_TEST_CASE(dequeues_that_fail_are_tried_again) {
    on_every_kernel(50, [](Stage& stage) {
        OsPoller poller = make_poller();
        Everything everything(stage, poller);
        for (int i = 0; i < 5; ++i) {
            stage.kernel.fail_next(sim::Call::port_dequeue, 1450);
        }
        stage.kernel.fail_randomly(0.3);
        poller.dispose();
        stage.kernel.clear_faults();
        everything.check_that_it_is_left_alone();
    });
}

BOOST_AUTO_TEST_CASE(an_operation_that_never_ends_keeps_memory_and_not_the_caller) {
    // Its cancel fails, and nothing else ends it: a driver that takes its time.
    on_every_kernel(20, [](Stage& stage) {
        auto poller = std::make_unique<OsPoller>(make_poller());
        const Ends stuck = ends(stage.world, Carrier::tcp);
        const Ends other = ends(stage.world, Carrier::tcp);
        std::array<std::byte, 4> first{};
        std::array<std::byte, 4> second{};
        OverlappedEntry* const entry = started(poller->submit_read(stuck.local, first, 1));
        (void)started(poller->submit_read(other.local, second, 2));
        stage.kernel.fail_next(sim::Call::cancel, 1450);
        const auto before = stage.kernel.now();
        poller.reset();
        BOOST_TEST((stage.kernel.now() - before < 3s));
        // It ends now, in memory that is still there (AddressSanitizer would tell).
        put_text(stage.world, stuck.peer, "late");
        stage.kernel.advance(1s);
        BOOST_TEST(text_of(first) == "late");
        BOOST_TEST(entry->overlapped.internal == 0U);
    });
}

BOOST_AUTO_TEST_CASE(a_port_that_is_never_heard_of_again_keeps_memory_and_not_the_caller) {
    on_every_kernel(5, [](Stage& stage) {
        auto poller = std::make_unique<OsPoller>(make_poller());
        const Ends pair = ends(stage.world, Carrier::byte_pipe);
        std::array<std::byte, 4> buffer{};
        (void)started(poller->submit_read(pair.local, buffer, 1));
        stage.kernel.fail_randomly(1.0);
        poller.reset();
        stage.kernel.clear_faults();
    });
}

#endif

BOOST_AUTO_TEST_SUITE_END()
