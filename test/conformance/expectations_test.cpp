// The comparison itself: what passes and what fails.
#include <boost/test/unit_test.hpp>

#include "expectations.hpp"

using namespace wakepoll::test;

namespace {

constexpr const char* epoll = R"(
[a/b]
quiet: nothing
after: in|hup
add: success
)";

std::string with_reason(const std::string& kind, const std::string& entries) {
    return "reason why\nkind " + kind + "\ntitle T\ntext X\nsource S\n[a/b]\n" + entries;
}

const Place windows = {"windows_11", "afd"};
const Place wine = {"wine", "wsapoll"};

std::string expected(const Conformance& conformance, std::size_t observation, const Place& place) {
    return conformance.expected("a/b", conformance.epoll("a/b").at(observation), place).seen;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(conformance_expectations)

BOOST_AUTO_TEST_CASE(a_change_is_made_to_masks_alone) {
    BOOST_TEST(changed("in|hup", "-hup") == "in");
    BOOST_TEST(changed("hup", "-hup") == "nothing");
    BOOST_TEST(changed("nothing", "+in") == "in");
    BOOST_TEST(changed("in|hup", "-hup +err") == "in|err");
    BOOST_TEST(changed("in", "-hup") == "in");
    BOOST_TEST(changed("7", "-hup") == "7");
    BOOST_TEST(changed("in", "nothing") == "nothing");
    BOOST_CHECK_THROW(static_cast<void>(changed("in", "-huup")), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(a_list_of_places_covers_what_it_names) {
    BOOST_TEST(covers("all", windows));
    BOOST_TEST(covers("windows", windows));
    BOOST_TEST(covers("wine", wine));
    BOOST_TEST(covers("wine", (Place{"wine_8", "afd"})));
    BOOST_TEST(covers("wine_8, windows/afd", windows));
    BOOST_TEST(!covers("windows", wine));
    BOOST_TEST(!covers("wine_8", wine));
    BOOST_TEST(!covers("all/automatic", windows));
}

BOOST_AUTO_TEST_CASE(what_is_not_named_is_epolls_own) {
    const Conformance known(epoll, with_reason("windows", "after @ all/afd @ -hup @ why"));
    BOOST_TEST(known.complaints().empty());
    BOOST_TEST(expected(known, 0, windows) == "nothing");
    BOOST_TEST(expected(known, 1, windows) == "in");
    BOOST_TEST(expected(known, 1, wine) == "in|hup");
}

BOOST_AUTO_TEST_CASE(an_entry_that_changes_nothing_is_a_complaint) {
    BOOST_TEST(Conformance(epoll, with_reason("windows", "quiet @ all @ -hup @ why"))
                   .complaints()
                   .size() == 2U);  // The entry, and its unused reason.
    BOOST_TEST(Conformance(epoll, with_reason("windows", "after @ all @ in|hup @ why"))
                   .complaints()
                   .size() == 2U);
    BOOST_TEST(
        !Conformance(epoll, with_reason("windows", "gone @ all @ in @ why")).complaints().empty());
}

BOOST_AUTO_TEST_CASE(an_entry_needs_a_reason_of_the_right_kind) {
    const auto complaints = [](const std::string& kind, const std::string& entry) {
        return Conformance(epoll, with_reason(kind, entry)).complaints().size();
    };
    BOOST_TEST(complaints("wine", "after @ wine @ -hup @ why") == 0U);
    BOOST_TEST(complaints("wine", "after @ all @ -hup @ why") != 0U);
    BOOST_TEST(complaints("windows", "after @ all @ -hup @ why") == 0U);
    BOOST_TEST(complaints("windows", "after @ wine @ -hup @ why") != 0U);
    BOOST_TEST(complaints("unknown", "after @ wine @ -hup @ why") != 0U);
    BOOST_TEST(complaints("windows", "after @ all @ -hup @ unknown") != 0U);
    BOOST_CHECK_THROW(Conformance(epoll, "reason why\nkind whim\n"), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(two_entries_for_one_observation_are_refused) {
    const Conformance known(
        epoll, with_reason("windows", "after @ all @ -hup @ why\n* @ windows @ -in @ why"));
    BOOST_TEST(expected(known, 1, wine) == "in");
    BOOST_CHECK_THROW(static_cast<void>(expected(known, 1, windows)), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(what_is_written_is_what_is_read) {
    const std::vector<Observation> observations = {{"a: b", "in|out"}, {"c", "success"}};
    const Conformance known(epoll_text({{"x/y", observations}}), "");
    BOOST_TEST(known.scenarios().size() == 1U);
    BOOST_TEST(known.epoll("x/y").at(0).label == "a: b");
    BOOST_TEST(known.epoll("x/y").at(0).seen == "in|out");
    BOOST_TEST(known.epoll("x/y").at(1).label == "c");
}

BOOST_AUTO_TEST_SUITE_END()
