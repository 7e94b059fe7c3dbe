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
