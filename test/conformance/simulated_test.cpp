// The scenarios on OsPoller over the simulated kernel: every personality, every backend.
//
// windows_11 and windows_server_2019 model what is known of Windows, so this shows that a
// difference seen on Wine only does not exist on Windows.
#include <string>
#include <string_view>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "backends.hpp"
#include "comparison.hpp"
#include "epoll_face_differences.hpp"
#include "epoll_face_readiness.hpp"
#include "kernel.hpp"
#include "os_poller_readiness.hpp"
#include "personality.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
namespace data = boost::unit_test::data;

namespace {

/// The seed decides when peers act and how early waits end; the observations must not depend on it.
#if defined(__SANITIZE_ADDRESS__)
constexpr std::uint64_t seeds = 1;  // Many times slower; the plain run tries more seeds.
#else
constexpr std::uint64_t seeds = 5;
#endif

void play(const Scenario& scenario, sim::Personality personality, Backend backend,
          std::uint64_t seed, bool in_c) {
    // Events are reported in the order in which they happen; late answers to AFD requests are a
    // matter for the poller's tests. Deaf requests are why a socket belongs to one poller; what
    // each of two pollers would report is compared all the same.
    const bool two_pollers = std::string_view(scenario.name).starts_with("two pollers/");
    sim::Options options{.personality = personality, .seed = seed, .late_completions = false};
    if (two_pollers) {
        options.change = [](sim::Traits& traits) { traits.deaf_polls = sim::Seeded::no; };
    }
    sim::Kernel kernel(options);
    const Place place = {sim::traits_of(personality).name, std::string(name_of(backend))};
    {
        Scene scene(
            [&] { return in_c ? make_epoll_face_readiness() : make_os_poller_readiness(backend); });
        try {
            scenario.play(scene);
        } catch (const std::exception& exception) {
            BOOST_ERROR('[' << scenario.name << "] @ " << place.name() << ": " << exception.what());
        }
        std::vector<Observation> observed = scene.observed();
        if (in_c) {
            take_what_the_face_reports(place, scenario.name, observed);
        }
        compare_in(place, scenario, observed);
    }
    BOOST_TEST(!kernel.hung(), kernel.trace());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(conformance_simulated)

BOOST_DATA_TEST_CASE(every_kernel_and_backend_reports_what_epoll_does, data::make(all_scenarios()),
                     scenario) {
    for (const sim::Personality personality : sim::all_personalities) {
        for (const Backend backend : wanted_backends()) {
            for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
                play(scenario, personality, backend, seed, false);
            }
        }
    }
}

// The C face, whose backend is AFD: its expectations are those of AFD.
BOOST_DATA_TEST_CASE(epoll_for_c_reports_what_epoll_does, data::make(all_scenarios()), scenario) {
    for (const sim::Personality personality : sim::all_personalities) {
        for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
            play(scenario, personality, Backend::afd, seed, true);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
