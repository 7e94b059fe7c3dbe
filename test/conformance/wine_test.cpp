// The scenarios on OsPoller with the system's sockets, on Wine, over every backend.
//
// On Windows, where this has not run yet, the expectations are those of windows_11.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "backends.hpp"
#include "comparison.hpp"
#include "epoll_face_differences.hpp"
#include "epoll_face_readiness.hpp"
#include "os_poller_readiness.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
namespace data = boost::unit_test::data;

namespace {

const char* kernel_name() { return runs_on_wine() ? "wine" : "windows_11"; }

/// What Wine 10 reports where it differs from Wine 8, which reports what the files say. Both pass.
struct Tolerated {
    std::string_view scenario;
    std::string_view label;
    std::string_view seen;
};

constexpr Tolerated tolerated[] = {
    // Wine 10 sends in the background what the full buffer has not taken, and then the FIN. After
    // the shutdown it does not report `out`; nor does the simulated Windows.
    {"tcp end/this side's FIN while the send buffer is full", "FIN", "nothing"},
};

void take_what_is_tolerated(const Place& place, std::string_view scenario,
                            std::vector<Observation>& observed) {
    if (!is_wine(place)) {
        return;
    }
    const std::vector<Observation>& epoll = conformance().epoll(std::string(scenario));
    for (std::size_t i = 0; i < std::min(epoll.size(), observed.size()); ++i) {
        for (const Tolerated& one : tolerated) {
            if (one.scenario == scenario && one.label == observed[i].label &&
                one.seen == observed[i].seen) {
                observed[i].seen =
                    conformance().expected(std::string(scenario), epoll[i], place).seen;
            }
        }
    }
}

void play(const Scenario& scenario, Backend backend, bool in_c) {
    const Place place = {kernel_name(), std::string(name_of(backend))};
    Scene scene(
        [&] { return in_c ? make_epoll_face_readiness() : make_os_poller_readiness(backend); });
    try {
        scenario.play(scene);
    } catch (const std::exception& exception) {
        BOOST_ERROR('[' << scenario.name << "] @ " << place.name() << ": " << exception.what());
    }
    std::vector<Observation> observed = scene.observed();
    take_what_is_tolerated(place, scenario.name, observed);
    if (in_c) {
        take_what_the_face_reports(place, scenario.name, observed);
    }
    compare_in(place, scenario, observed);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(conformance_wine)

BOOST_DATA_TEST_CASE(every_backend_reports_what_epoll_does, data::make(all_scenarios()), scenario) {
    for (const Backend backend : wanted_backends()) {
        play(scenario, backend, false);
    }
}

// The C face, whose backend is AFD: its expectations are those of AFD.
BOOST_DATA_TEST_CASE(epoll_for_c_reports_what_epoll_does, data::make(all_scenarios()), scenario) {
    play(scenario, Backend::afd, true);
}

BOOST_AUTO_TEST_SUITE_END()
