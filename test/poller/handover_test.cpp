// A poller that another thread continues to use while the first one computes. Windows counts the
// running threads of a port, and a port with a low concurrency withholds its packets from others.
#include <atomic>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <chrono>
#include <thread>

#include "operation_support.hpp"
#include "stage.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
namespace data = boost::unit_test::data;

namespace {

/// Busy, and never blocked, until `condition`.
template <class Condition>
void compute_until(Condition condition) {
    const auto limit = std::chrono::steady_clock::now() + patience;
    while (!condition() && std::chrono::steady_clock::now() < limit) {
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(handover)

BOOST_DATA_TEST_CASE(a_poller_serves_the_next_thread_while_the_last_computes,
                     data::make(wanted_backends()), backend) {
    ThreadedStage stage(backend);
    OsPoller poller = make_poller();
    const Ends pair = ends(stage.world, Carrier::tcp);
    std::array<std::byte, 4> buffer{};
    BOOST_TEST(poller.post_wakeup());
    BOOST_TEST(wait(poller).result.woken);
    std::atomic<bool> over = false;
    std::jthread next([&] {
        constexpr auto soon = 2s;
        stage.expect(poller.post_wakeup());
        stage.expect(wait(poller, soon).result.woken);
        stage.expect(static_cast<bool>(poller.submit_read(pair.local, buffer, 1)));
        put_text(stage.world, pair.peer, "data");
        stage.expect(wait(poller, soon).count() == 1);
        over = true;
    });
    compute_until([&] { return over.load(); });
    BOOST_TEST(over);
}

#if !defined(_WIN32)

BOOST_AUTO_TEST_CASE(a_slot_is_free_once_the_packet_of_its_request_has_come_to_either_thread) {
    // The blocked thread may have taken the packet for which the other one waits.
    sim::Options options{.mode = sim::Mode::threaded};
    for (options.seed = 1; options.seed <= 4; ++options.seed) {
        Stage stage(options);
        OsPoller poller =
            OsPoller::create({.max_registrations = 2, .backend = Backend::afd}).value();
        const std::array pairs = {stage.world.tcp_pair(), stage.world.tcp_pair(),
                                  stage.world.tcp_pair()};
        BOOST_REQUIRE(poller.register_handle(pairs[2].local, IoInterest::read, 9));
        std::jthread waiting([&] { stage.expect(wait(poller).result.woken); });
        int refused = 0;
        for (std::size_t i = 0; i < 200; ++i) {
            const Handle socket = pairs[i % 2].local;
            refused += poller.register_handle(socket, IoInterest::read, i) ? 0 : 1;
            refused += poller.unregister_handle(socket) ? 0 : 1;
        }
        BOOST_TEST(refused == 0);
        BOOST_TEST(poller.post_wakeup());
    }
}

BOOST_AUTO_TEST_CASE(a_call_that_waits_for_such_a_packet_is_ended_by_dispose) {
    sim::Options options{.mode = sim::Mode::threaded};
    for (options.seed = 1; options.seed <= 60; ++options.seed) {
        Stage stage(options);
        OsPoller poller =
            OsPoller::create({.max_registrations = 2, .backend = Backend::afd}).value();
        const std::array pairs = {stage.world.tcp_pair(), stage.world.tcp_pair(),
                                  stage.world.tcp_pair()};
        BOOST_REQUIRE(poller.register_handle(pairs[2].local, IoInterest::read, 9));
        std::jthread waiting([&] { (void)wait(poller); });
        std::jthread changing([&] {
            Result<void> done;
            for (std::size_t i = 0; done; ++i) {
                const Handle socket = pairs[i % 2].local;
                done = poller.register_handle(socket, IoInterest::read, i);
                done = done ? poller.unregister_handle(socket) : done;
            }
            stage.expect(done.error() == errc::poller_is_closed);
        });
        std::this_thread::sleep_for(std::chrono::microseconds(20 * options.seed));
        poller.dispose();
    }
}

BOOST_AUTO_TEST_CASE(a_poller_is_drained_by_another_thread_while_the_last_computes) {
    on_every_kernel(50, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, Carrier::tcp);
        std::array<std::byte, 4> buffer{};
        (void)started(poller.submit_read(pair.local, buffer, 1));
        BOOST_TEST(poller.post_wakeup());
        BOOST_TEST(wait(poller).result.woken);
        const auto before = stage.kernel.now();
        stage.kernel.between_calls([&] { poller.dispose(); }, 1.0);
        const OsPoller another = make_poller();  // Calls of this thread's, which is not blocked.
        BOOST_TEST(!poller.is_valid());
        BOOST_TEST((stage.kernel.now() - before < 50ms));
    });
}

#endif

BOOST_AUTO_TEST_SUITE_END()
