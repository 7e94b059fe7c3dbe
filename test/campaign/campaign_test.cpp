// The campaign's engine, in short runs and under the sanitizers; and the replay and shrinking of
// runs.
//
// The program `campaign` runs many more programs, and shows more of one that fails: `campaign
// --replay SEED --trace`.
#include <boost/test/unit_test.hpp>
#include <numeric>
#include <string>
#include <vector>

#include "engine.hpp"
#include "exhaustive.hpp"
#include "meetings.hpp"
#include "sanitizers.hpp"
#include "shrink.hpp"

using namespace wakepoll::test;

namespace {

constexpr std::uint64_t programs = sanitized ? 800 : enough_programs;
constexpr std::uint32_t steps = 40;

/// A run of a program that fails if it drew these numbers, one per step, in this order.
Run run_of(const std::vector<std::uint32_t>& list, const std::vector<std::uint32_t>& culprits) {
    Choices choices = Choices::from_list(list);
    std::size_t met = 0;
    while (choices.more()) {
        const std::uint32_t number = choices.draw(100);
        (void)choices.draw(1000);
        met += met < culprits.size() && number >= culprits[met] ? 1U : 0U;
    }
    Run run{choices.drawn(), choices.steps(), {}};
    if (met == culprits.size()) {
        run.broken = "broken: after " + std::to_string(run.steps.size()) + " steps";
    }
    return run;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(campaign)

BOOST_AUTO_TEST_CASE(random_programs_hold_all_promises) {
    Tally tally;
    for (std::uint64_t seed = 1; seed <= programs; ++seed) {
        Choices choices = Choices::from_seed(seed, steps);
        const auto broken = run_program(choices, tally);
        BOOST_REQUIRE_MESSAGE(!broken, "SEED=" << seed << ": " << broken.value_or(""));
    }
    BOOST_TEST(tally.steps > programs * steps / 2);
    BOOST_TEST(tally.events > programs);
    BOOST_TEST(tally.operations > programs / 2);
    BOOST_TEST(tally.failures > programs / 10);
    BOOST_TEST((sanitized || wrong_meetings(tally.met) == ""), wrong_meetings(tally.met));
}

BOOST_AUTO_TEST_CASE(every_call_of_the_scenarios_fails_with_every_error) {
    const Exhausted sum = exhaust_scenarios();
    BOOST_TEST(!sum.broken, sum.broken.value_or(""));
    BOOST_TEST(sum.failures > 5'000U);
    BOOST_TEST(sum.reported > sum.failures / 2);
    BOOST_TEST(wrong_meetings(sum.met) == "");
}

BOOST_AUTO_TEST_CASE(a_run_is_replayed_from_its_choices) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        Tally tally;
        std::string first;
        std::string second;
        Choices choices = Choices::from_seed(seed, steps);
        BOOST_TEST(!run_program(choices, tally, [&](const std::string& lines) { first += lines; }));
        Choices again = Choices::from_list(choices.drawn());
        BOOST_TEST(!run_program(again, tally, [&](const std::string& lines) { second += lines; }));
        BOOST_REQUIRE(again.drawn() == choices.drawn());
        BOOST_REQUIRE(again.steps() == choices.steps());
        BOOST_REQUIRE(first == second);
    }
}

BOOST_AUTO_TEST_CASE(any_bytes_are_a_program) {
    Tally tally;
    std::vector<std::uint8_t> bytes(400);
    for (unsigned first = 0; first < 200; ++first) {
        std::iota(bytes.begin(), bytes.end(), static_cast<std::uint8_t>(first));
        Choices choices = Choices::from_bytes(bytes);
        const auto broken = run_program(choices, tally);
        BOOST_REQUIRE_MESSAGE(!broken, first << ": " << broken.value_or(""));
    }
    Choices empty = Choices::from_bytes({});
    BOOST_TEST(!run_program(empty, tally));
}

BOOST_AUTO_TEST_CASE(a_failing_run_is_cut_down_to_what_it_takes) {
    const std::vector<std::uint32_t> culprits = {30, 70, 90};
    const Runner runner = [&](const std::vector<std::uint32_t>& list) {
        return run_of(list, culprits);
    };
    Choices choices = Choices::from_seed(1, 1);
    std::vector<std::uint32_t> list;
    for (int i = 0; i < 100; ++i) {
        list.insert(list.end(), {1, choices.draw(100), choices.draw(1000)});
    }
    const Run failing = runner(list);
    BOOST_REQUIRE(failing.broken.has_value());
    const Run shrunk = shrink(failing, runner, 5'000);
    const std::vector<std::uint32_t> expected = {1, 30, 0, 1, 70, 0, 1, 90};
    BOOST_TEST(shrunk.drawn == expected, boost::test_tools::per_element());
    BOOST_TEST(shrunk.steps.size() == 3U);
    BOOST_TEST(*shrunk.broken == "broken: after 3 steps");
}

BOOST_AUTO_TEST_SUITE_END()
