// The scenarios on OsPoller over the system's own sockets, on Wine, over every backend.
//
// On Windows itself, where nobody has run it yet, what is said of windows_11 is expected.
#include <string>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "backends.hpp"
#include "comparison.hpp"
#include "os_poller_readiness.hpp"
// Last, because of its macros.
#include "support/win32_objects.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
namespace data = boost::unit_test::data;

namespace {

const char* kernel_name() {
    const HMODULE ntdll = ::GetModuleHandleW(L"ntdll.dll");
    return ::GetProcAddress(ntdll, "wine_get_version") != nullptr ? "wine" : "windows_11";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(conformance_wine)

BOOST_DATA_TEST_CASE(every_backend_reports_what_epoll_does, data::make(all_scenarios()), scenario) {
    for (const Backend backend : wanted_backends()) {
        const Place place = {kernel_name(), std::string(name_of(backend))};
        Scene scene([backend] { return make_os_poller_readiness(backend); });
        try {
            scenario.play(scene);
        } catch (const std::exception& exception) {
            BOOST_ERROR('[' << scenario.name << "] @ " << place.name() << ": " << exception.what());
        }
        compare_in(place, scenario, scene.observed());
    }
}

BOOST_AUTO_TEST_SUITE_END()
