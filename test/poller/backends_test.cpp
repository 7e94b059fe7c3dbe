// How the tests of the poller are distributed over its backends: none is left out, and a test gets
// the one that it names.
#include <algorithm>
#include <array>
#include <numeric>

#include "stage.hpp"

using namespace wakepoll;
using namespace wakepoll::test;

BOOST_AUTO_TEST_SUITE(backends)

BOOST_AUTO_TEST_CASE(every_backend_has_its_share_of_the_seeds) {
    for (std::uint64_t seeds = 1; seeds <= 30; ++seeds) {
        std::array<std::uint64_t, all_backends.size()> shares{};
        for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
            for (const Backend backend : dealt_backends(all_backends, seeds, seed)) {
                const auto found = std::ranges::find(all_backends, backend);
                ++shares[static_cast<std::size_t>(found - all_backends.begin())];
            }
        }
        const auto [least, most] = std::ranges::minmax(shares);
        BOOST_TEST(least >= 1U);
        BOOST_TEST(most - least <= 1U);
        // Few seeds are played over all of them; of many, each is one run.
        const std::uint64_t runs = std::max<std::uint64_t>(seeds, 3 * all_backends.size());
        BOOST_TEST(std::accumulate(shares.begin(), shares.end(), std::uint64_t{0}) <= runs);
    }
}

BOOST_AUTO_TEST_CASE(the_backend_in_use_is_said) {
    on_every_kernel(1, [](Stage&) {
        // `automatic` begins with WSAPoll, and is never what is in use.
        const Backend wanted = BackendUnderTest::current();
        const Backend in_use = wanted == Backend::automatic ? Backend::wsapoll : wanted;
        BOOST_TEST(make_poller().backend() == in_use);
    });
}

BOOST_AUTO_TEST_CASE(a_test_about_one_backend_is_played_over_it_alone) {
    for (const Backend backend : wanted_backends()) {
        int runs = 0;
        on_every_kernel(backend, 10, [&](Stage&) {
            BOOST_TEST(BackendUnderTest::current() == backend);
            BOOST_TEST(under_test().backend == backend);
            ++runs;
        });
        BOOST_TEST(runs > 0);
    }
    on_every_kernel(Backend::automatic, 1, [](Stage&) {
        BOOST_TEST(make_poller({.backend = Backend::wsapoll}).backend() == Backend::wsapoll);
    });
}

BOOST_AUTO_TEST_CASE(what_is_no_backend_is_an_invalid_argument) {
    on_every_kernel(Backend::automatic, 1, [](Stage&) {
        for (const Backend backend :
             {Backend::automatic, Backend::wsapoll, Backend::afd, Backend{77}}) {
            const Result<OsPoller> poller = OsPoller::create({.backend = backend});
            BOOST_TEST_CONTEXT(name_of(backend)) {
                BOOST_TEST((is_tested(backend) ? poller.has_value()
                                               : poller.error() == std::errc::invalid_argument));
            }
        }
    });
}

BOOST_AUTO_TEST_SUITE_END()
