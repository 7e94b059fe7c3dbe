// The scenarios on Linux's epoll: it still reports what epoll.txt says.
//
// With CONFORMANCE_WRITE in the environment it writes what epoll reports now to that file, and then
// the document; only tools/conformance uses this.
#include <cstdlib>
#include <fstream>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "comparison.hpp"
#include "epoll_readiness.hpp"

using namespace wakepoll;
using namespace wakepoll::test;

namespace {

std::vector<Observation> play(const Scenario& scenario) {
    Scene scene(make_epoll_readiness);
    scenario.play(scene);
    return scene.observed();
}

void write(const std::string& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary);
    file << text;
    BOOST_REQUIRE_MESSAGE(file.flush(), "cannot be written: " << path);
}

bool is_writing() { return std::getenv("CONFORMANCE_WRITE") != nullptr; }

/// Runs before any case, so that all of them see the new files.
struct WritesFirst {
    WritesFirst() {
        if (is_writing()) {
            std::vector<std::pair<std::string, std::vector<Observation>>> played;
            for (const Scenario& scenario : all_scenarios()) {
                played.emplace_back(scenario.name, play(scenario));
            }
            write(conformance_path("epoll.txt"), epoll_text(played));
            write(conformance_path("../../doc/internals/conformance.md"),
                  document(Conformance::from_files()));
        }
    }
};

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(WritesFirst);

BOOST_AUTO_TEST_SUITE(conformance_epoll)

BOOST_DATA_TEST_CASE(epoll_reports_what_the_file_says,
                     boost::unit_test::data::make(all_scenarios()), scenario) {
    const Conformance& known = conformance();
    BOOST_REQUIRE_MESSAGE(known.knows(scenario.name),
                          scenario.name << " is not in epoll.txt: run tools/conformance");
    compare(scenario.name, known.epoll(scenario.name), play(scenario));
}

BOOST_AUTO_TEST_CASE(the_file_has_no_other_scenario) {
    BOOST_TEST(conformance().scenarios().size() == all_scenarios().size());
}

BOOST_AUTO_TEST_CASE(every_difference_has_a_reason_and_every_reason_a_difference) {
    const std::vector<std::string> complaints = conformance().complaints();
    for (const std::string& complaint : complaints) {
        BOOST_ERROR(complaint);
    }
    BOOST_TEST(complaints.empty());
}

BOOST_AUTO_TEST_CASE(the_document_is_what_follows_from_the_files) {
    BOOST_TEST((conformance_file("../../doc/internals/conformance.md") == document(conformance())),
               "doc/internals/conformance.md is out of date: run tools/conformance");
}

BOOST_AUTO_TEST_SUITE_END()
