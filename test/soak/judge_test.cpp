// Checks the soak's rules with figures that a healthy run never has.
#include "judge.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

using namespace soak;
using namespace std::chrono_literals;

namespace {

/// A line with which nothing is wrong.
Line good_line() {
    Line line;
    line.events = 10'000;
    line.waits = 5'000;
    line.waits_for_nothing = 100;
    line.quiet_waits = 1;
    line.quiet_processor_time = 1ms;
    line.work = {{"wakes", 100}, {"files", 1}};
    line.server = {40, 1'000'000, 20'000'000};
    line.clients = {30, 800'000, 0};
    return line;
}

bool begins(const std::string& text, const std::string& word) { return text.starts_with(word); }

/// The verdict after this many lines, each modified by `change`.
template <class Change>
std::string growth_of(int lines, Change&& change) {
    Judge judge;
    for (int i = 0; i < lines; ++i) {
        Line line = good_line();
        change(line, static_cast<std::uint64_t>(i));
        BOOST_TEST(judge.look_at(line) == "");
    }
    return judge.look_at_growth();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(soak_judge)

BOOST_AUTO_TEST_CASE(a_good_line_is_good) { BOOST_TEST(Judge().look_at(good_line()) == ""); }

BOOST_AUTO_TEST_CASE(waits_that_come_back_with_nothing_are_a_spin) {
    Line line = good_line();
    line.waits_for_nothing = 501;
    BOOST_TEST(begins(Judge().look_at(line), "spin: 501 of 5000 waits"));
}

BOOST_AUTO_TEST_CASE(a_few_of_few_waits_may_come_back_with_nothing) {
    Line line = good_line();
    line.waits = 200;
    BOOST_TEST(Judge().look_at(line) == "");
}

BOOST_AUTO_TEST_CASE(waiting_over_and_over_while_nothing_happens_is_a_spin) {
    Line line = good_line();
    line.quiet_waits = 6;
    BOOST_TEST(begins(Judge().look_at(line), "spin: 6 waits"));
}

BOOST_AUTO_TEST_CASE(computing_while_nothing_happens_is_a_spin) {
    Line line = good_line();
    line.quiet_processor_time = 101ms;
    BOOST_TEST(begins(Judge().look_at(line), "spin: 101 ms"));
}

BOOST_AUTO_TEST_CASE(a_load_that_does_nothing_is_a_stall) {
    Line line = good_line();
    line.work.back().done = 0;
    BOOST_TEST(Judge().look_at(line) == "stall: no progress in files");
}

BOOST_AUTO_TEST_CASE(handles_that_become_more_and_more_are_growth) {
    constexpr std::uint64_t more = Judge::handle_bound + 1;
    for (const int lines : {4, 5, 6, 7, 60}) {
        BOOST_TEST_CONTEXT(lines << " lines") {
            BOOST_TEST(begins(
                growth_of(lines,
                          [](Line& line, std::uint64_t i) { line.server.handles += more * i; }),
                "growth: handles from"));
            BOOST_TEST(begins(
                growth_of(lines,
                          [](Line& line, std::uint64_t i) { line.clients.handles += more * i; }),
                "growth: handles of the clients"));
        }
    }
}

BOOST_AUTO_TEST_CASE(one_handle_more_in_each_line_is_growth_after_ten_minutes) {
    BOOST_TEST(begins(growth_of(60, [](Line& line, std::uint64_t i) { line.server.handles += i; }),
                      "growth: handles from"));
}

BOOST_AUTO_TEST_CASE(a_few_handles_more_for_good_are_not) {
    BOOST_TEST(growth_of(6, [](Line& line, std::uint64_t i) {
                   line.server.handles += i > 3 ? Judge::handle_bound : 0U;
               }) == "");
}

BOOST_AUTO_TEST_CASE(memory_that_grows_beyond_its_bound_is_growth) {
    constexpr int lines = 6;
    BOOST_TEST(begins(
        growth_of(lines, [](Line& line,
                            std::uint64_t i) { line.server.heap_bytes += i * Judge::heap_bound; }),
        "growth: bytes in the heaps from"));
    BOOST_TEST(begins(
        growth_of(lines, [](Line& line,
                            std::uint64_t i) { line.clients.heap_bytes += i * Judge::heap_bound; }),
        "growth: bytes in the clients' heaps"));
    BOOST_TEST(begins(growth_of(lines,
                                [](Line& line, std::uint64_t i) {
                                    line.server.private_bytes += i * Judge::private_bound;
                                }),
                      "growth: private bytes"));
}

BOOST_AUTO_TEST_CASE(what_moves_up_and_down_has_not_grown) {
    BOOST_TEST(growth_of(60, [](Line& line, std::uint64_t i) {
                   line.server.handles += i % 3;
                   line.server.heap_bytes += i % 2 * 10 * Judge::heap_bound;
               }) == "");
}

BOOST_AUTO_TEST_CASE(what_is_made_once_in_the_first_line_has_not_grown) {
    BOOST_TEST(growth_of(6, [](Line& line, std::uint64_t i) {
                   line.server.handles += i > 0 ? 10U : 0U;
                   line.server.heap_bytes += i > 0 ? 1'000'000U : 0U;
               }) == "");
}

BOOST_AUTO_TEST_CASE(three_lines_are_too_few_to_see_growth) {
    Judge judge;
    for (int i = 0; i < 3; ++i) {
        BOOST_TEST(!judge.can_see_growth());
        BOOST_TEST(judge.look_at(good_line()) == "");
    }
    BOOST_TEST(!judge.can_see_growth());
    BOOST_TEST(judge.look_at(good_line()) == "");
    BOOST_TEST(judge.can_see_growth());
}

BOOST_AUTO_TEST_SUITE_END()
