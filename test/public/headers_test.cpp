// Each public header compiles alone and in any order (otherwise this program would not link), and
// includes neither <windows.h> nor <winsock2.h> nor, except format.hpp, fmt.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>
#include <string_view>

#include "header_probe.hpp"

namespace wakepoll::test {

// The probes' declarations and a table of them, from the list that meson wrote.
#define PROBE(name) Leaks probe_##name();
#include "header_probes.inc"
#undef PROBE

namespace {

struct Probe {
    std::string_view name;
    Leaks (*run)();

    friend std::ostream& operator<<(std::ostream& stream, const Probe& probe) {
        return stream << probe.name;
    }
};

const Probe probes[] = {
#define PROBE(name) {#name, probe_##name},
#include "header_probes.inc"
#undef PROBE
};

namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(headers)

BOOST_DATA_TEST_CASE(a_header_brings_no_windows_header, data::make(probes), probe) {
    const Leaks leaks = probe.run();
    BOOST_TEST(!leaks.windows);
    BOOST_TEST(!leaks.winsock);
}

BOOST_DATA_TEST_CASE(only_format_hpp_brings_fmt, data::make(probes), probe) {
    const bool has_format = probe.name == "format" || probe.name.substr(0, 3) == "in_";
    BOOST_TEST((has_format || !probe.run().fmt));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace wakepoll::test
