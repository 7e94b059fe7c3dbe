// The mask tables: what is requested from WSAPoll, what its answer means, and what an interest lets
// through.
//
// Wine accepts bits in a WSAPoll request that Windows refuses, so a run under Wine cannot catch
// them; instead every possible interest goes through `to_native_mask` here. The rows follow
// doc/internals/design.md (what is reported) and doc/internals/windows-facts.md (what WSAPoll
// answers).
#include "core/event_mask.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <iterator>
#include <ostream>
#include <string_view>

#if defined(__linux__)
#include <poll.h>
#include <sys/epoll.h>
#endif

namespace wakepoll::core::test {
namespace {

using namespace poll_bits;

#if defined(__linux__)
static_assert(mask::in == EPOLLIN);
static_assert(mask::pri == EPOLLPRI);
static_assert(mask::out == EPOLLOUT);
static_assert(mask::err == EPOLLERR);
static_assert(mask::hup == EPOLLHUP);
static_assert(mask::rdnorm == EPOLLRDNORM);
static_assert(mask::rdband == EPOLLRDBAND);
static_assert(mask::wrnorm == EPOLLWRNORM);
static_assert(mask::wrband == EPOLLWRBAND);
static_assert(mask::rdhup == EPOLLRDHUP);
static_assert(mask::oneshot == EPOLLONESHOT);
static_assert(mask::et == EPOLLET);

// Windows' numbers: mixing up the two headers gets every one of these wrong.
static_assert(err != POLLERR && hup != POLLHUP && nval != POLLNVAL);
static_assert(rdnorm != POLLRDNORM && rdband != POLLRDBAND && wrnorm != POLLWRNORM);
static_assert(err == POLLIN && hup == POLLPRI && nval == POLLOUT, "the traps themselves");
#endif

/// All that a registration may ask for, one bit each.
constexpr std::uint32_t legal_interests[] = {mask::in,     mask::pri,    mask::out,    mask::err,
                                             mask::hup,    mask::rdnorm, mask::rdband, mask::wrnorm,
                                             mask::wrband, mask::rdhup,  mask::oneshot};

/// All that WSAPoll may answer, one bit each.
constexpr std::int16_t answers[] = {err, hup, nval, wrnorm, rdnorm, rdband};

/// The i-th of the 2^n subsets of `bits`, or'ed together.
template <class T, std::size_t n>
constexpr std::uint32_t subset(const T (&bits)[n], std::uint32_t i) {
    std::uint32_t all = 0;
    for (std::uint32_t bit = 0; bit < n; ++bit) {
        all |= (i >> bit & 1U) != 0 ? static_cast<std::uint32_t>(bits[bit]) : 0;
    }
    return all;
}

constexpr std::int16_t answer(int revents) { return static_cast<std::int16_t>(revents); }

struct Request {
    std::string_view name;
    std::uint32_t interest;
    int native;

    friend std::ostream& operator<<(std::ostream& stream, const Request& row) {
        return stream << row.name;
    }
};

const Request requests[] = {
    {"nothing: errors and hang-ups come anyway", mask::none, 0},
    {"in: not POLLIN, which is RDNORM and RDBAND on Windows", mask::in, rdnorm},
    {"rdnorm is in", mask::rdnorm, rdnorm},
    {"pri: RDBAND, for POLLPRI is refused", mask::pri, rdband},
    {"out", mask::out, wrnorm},
    {"wrnorm is out", mask::wrnorm, wrnorm},
    {"in and out", mask::in | mask::out, rdnorm | wrnorm},
    {"in and pri", mask::in | mask::pri, rdnorm | rdband},
    {"all three", mask::in | mask::pri | mask::out, rdnorm | rdband | wrnorm},
    {"rdhup: WSAPoll's HUP cannot be requested", mask::rdhup, 0},
    {"err and hup change nothing", mask::err | mask::hup, 0},
    {"one-shot is the poller's own affair", mask::oneshot, 0},
    {"one-shot in", mask::in | mask::oneshot, rdnorm},
    // No socket ever reports these two. Asking WSAPoll on their behalf would end every wait for a
    // condition that the filter then drops.
    {"rdband asks for nothing", mask::rdband, 0},
    {"wrband asks for nothing", mask::wrband, 0},
};

constexpr std::uint32_t reset = mask::in | mask::out | mask::rdhup | mask::err | mask::hup;
constexpr std::uint32_t everything = mask::in | mask::pri | mask::out | mask::rdhup;

struct Answer {
    std::string_view name;
    int revents;
    bool stream;
    std::uint32_t interest;
    std::uint32_t reported;

    friend std::ostream& operator<<(std::ostream& out, const Answer& row) {
        return out << row.name;
    }
};

const Answer answers_of_wsapoll[] = {
    {"nothing, as of a never-connected TCP socket", 0, true, everything, 0},
    {"data or a pending accept", rdnorm, true, everything, mask::in},
    {"data, in the older vocabulary", rdnorm, true, mask::rdnorm, mask::rdnorm},
    {"room to send or a connect that succeeded", wrnorm, true, everything, mask::out},
    {"room to send, in the older vocabulary", wrnorm, true, mask::wrnorm, mask::wrnorm},
    {"data and room", rdnorm | wrnorm, true, everything, mask::in | mask::out},
    {"an out-of-band byte", rdband, true, everything, mask::pri},
    {"an out-of-band byte, inline", rdnorm | rdband, true, everything, mask::in | mask::pri},
    {"an out-of-band byte is not data", rdband, true, mask::in, 0},
    {"FIN, drained", hup, true, everything, mask::in | mask::rdhup},
    {"FIN, drained, room asked for", hup | wrnorm, true, everything,
     mask::in | mask::out | mask::rdhup},
    {"FIN, rdhup not asked for", hup, true, mask::in, mask::in},
    {"FIN, only rdhup asked for", hup, true, mask::rdhup, mask::rdhup},
    {"FIN, under a write-only interest with room", hup | wrnorm, true, mask::out, mask::out},
    {"FIN, under a write-only interest without room", hup, true, mask::out, 0},
    {"FIN, under an empty interest", hup, true, mask::none, 0},
    {"data and FIN on Windows", rdnorm | hup, true, everything, mask::in | mask::rdhup},
    {"data and FIN on Wine, not yet drained", rdnorm, true, everything, mask::in},
    {"reset on Windows", err | hup, true, everything, reset},
    {"reset on Wine", err | hup | wrnorm, true, everything, reset},
    {"reset, under an empty interest", err | hup, true, mask::none, mask::err | mask::hup},
    {"reset, under a read interest", err | hup, true, mask::in, mask::in | mask::err | mask::hup},
    {"refused on Windows from 19041 on", wrnorm | hup | err, true, everything, reset},
    {"refused on Wine", err, true, everything, reset},
    {"refused, under a write interest", err, true, mask::out, mask::out | mask::err | mask::hup},
    {"unbound UDP", wrnorm, false, everything, mask::out},
    {"an error of a datagram socket ends nothing", err, false, everything, mask::err},
    {"an error of a datagram socket, with data", err | rdnorm, false, everything,
     mask::in | mask::err},
    {"a closed handle has nothing to report", nval, true, everything, 0},
};

namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(event_mask)

BOOST_DATA_TEST_CASE(an_interest_becomes_a_request, data::make(requests), row) {
    BOOST_TEST(to_native_mask(IoInterest{row.interest}) == row.native);
    BOOST_TEST(is_valid_interest(IoInterest{row.interest}));
}

BOOST_AUTO_TEST_CASE(no_interest_at_all_asks_wsapoll_for_what_windows_refuses) {
    constexpr int accepted = rdnorm | rdband | wrnorm;
    constexpr std::uint32_t combinations = 1U << std::size(legal_interests);
    for (std::uint32_t i = 0; i < combinations; ++i) {
        const std::uint32_t interest = subset(legal_interests, i);
        BOOST_TEST_REQUIRE(is_valid_interest(IoInterest{interest}));
        const int native = to_native_mask(IoInterest{interest});
        BOOST_TEST_REQUIRE((native & ~accepted) == 0, "interest " << interest);
    }
    // Nor a mask that was never checked.
    for (unsigned bit = 0; bit < 32; ++bit) {
        BOOST_TEST((to_native_mask(IoInterest{1U << bit}) & ~accepted) == 0);
    }
    BOOST_TEST((to_native_mask(IoInterest{0xFFFFFFFF}) & ~accepted) == 0);
}

BOOST_AUTO_TEST_CASE(edge_triggered_and_unknown_bits_are_refused_in_every_company) {
    constexpr std::uint32_t combinations = 1U << std::size(legal_interests);
    constexpr std::uint32_t legal = subset(legal_interests, combinations - 1);
    static_assert(legal == interest_bits);
    for (unsigned bit = 0; bit < 32; ++bit) {
        const std::uint32_t one = 1U << bit;
        BOOST_TEST(is_valid_interest(IoInterest{one}) == ((legal & one) != 0));
        BOOST_TEST(is_valid_interest(IoInterest{legal | one}) == ((legal & one) != 0));
    }
    BOOST_TEST(!is_valid_interest(IoInterest::edge_triggered));
    BOOST_TEST(!is_valid_interest(IoInterest::read | IoInterest::edge_triggered));
    BOOST_TEST(is_valid_interest(IoInterest::none));
}

BOOST_AUTO_TEST_CASE(only_the_one_shot_bit_makes_a_one_shot) {
    for (unsigned bit = 0; bit < 32; ++bit) {
        BOOST_TEST(is_one_shot(IoInterest{1U << bit}) == (1U << bit == mask::oneshot));
    }
    BOOST_TEST(is_one_shot(IoInterest::read | IoInterest::one_shot));
    BOOST_TEST(!is_one_shot(IoInterest::none));
}

BOOST_DATA_TEST_CASE(an_answer_becomes_what_linux_reports, data::make(answers_of_wsapoll), row) {
    const std::uint32_t epoll = to_epoll_mask(answer(row.revents), row.stream);
    BOOST_TEST(filter_mask(epoll, IoInterest{row.interest}) == row.reported);
}

BOOST_AUTO_TEST_CASE(every_answer_gives_bits_that_epoll_could_report) {
    constexpr std::uint32_t reportable = mask::in | mask::pri | mask::out | mask::err | mask::hup |
                                         mask::rdnorm | mask::wrnorm | mask::rdhup;
    for (std::uint32_t i = 0; i < 1U << std::size(answers); ++i) {
        const std::int16_t revents = answer(static_cast<int>(subset(answers, i)));
        for (const bool stream : {false, true}) {
            const std::uint32_t epoll = to_epoll_mask(revents, stream);
            BOOST_TEST((epoll & ~reportable) == 0U);
            // in and rdnorm, out and wrnorm are one condition each.
            BOOST_TEST(((epoll & mask::in) != 0) == ((epoll & mask::rdnorm) != 0));
            BOOST_TEST(((epoll & mask::out) != 0) == ((epoll & mask::wrnorm) != 0));
            // A peer that sends no more leaves an end of stream to read.
            BOOST_TEST(((epoll & mask::rdhup) == 0 || (epoll & mask::in) != 0));
            // Silence means silence, and nothing but a closed handle is swallowed.
            BOOST_TEST((epoll == 0) == ((revents & ~nval) == 0));
            // An error is never turned into something harmless.
            BOOST_TEST(((revents & err) != 0) == ((epoll & mask::err) != 0));
        }
    }
}

BOOST_AUTO_TEST_CASE(an_answer_with_more_bits_never_reports_less) {
    constexpr std::uint32_t combinations = 1U << std::size(answers);
    for (std::uint32_t few = 0; few < combinations; ++few) {
        for (std::uint32_t more = 0; more < combinations; ++more) {
            if ((few & more) != few) {
                continue;
            }
            for (const bool stream : {false, true}) {
                const auto small =
                    to_epoll_mask(answer(static_cast<int>(subset(answers, few))), stream);
                const auto large =
                    to_epoll_mask(answer(static_cast<int>(subset(answers, more))), stream);
                BOOST_TEST_REQUIRE((small & ~large) == 0U);
            }
        }
    }
}

// What is requested from WSAPoll and answered must be something that the interest lets through, or
// the wait ends at once, every time, with nothing to report.
BOOST_AUTO_TEST_CASE(whatever_is_asked_for_can_be_reported) {
    for (std::uint32_t i = 0; i < 1U << std::size(legal_interests); ++i) {
        const IoInterest interest{subset(legal_interests, i)};
        for (const std::int16_t bit : {rdnorm, rdband, wrnorm}) {
            if ((to_native_mask(interest) & bit) != 0) {
                BOOST_TEST_REQUIRE(filter_mask(to_epoll_mask(bit, true), interest) != 0U,
                                   "interest " << bits(interest) << ", answer " << bit);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(the_filter_lets_through_what_was_asked_for_and_err_and_hup) {
    constexpr std::uint32_t always = mask::err | mask::hup;
    for (std::uint32_t i = 0; i < 1U << std::size(legal_interests); ++i) {
        const std::uint32_t interest = subset(legal_interests, i);
        for (std::uint32_t j = 0; j < 1U << std::size(answers); ++j) {
            const std::int16_t revents = answer(static_cast<int>(subset(answers, j)));
            const std::uint32_t epoll = to_epoll_mask(revents, true);
            const std::uint32_t reported = filter_mask(epoll, IoInterest{interest});
            const bool nothing_else = (reported & ~(epoll & (interest | always))) == 0;
            const bool all_of_it = (epoll & (interest | always) & ~reported) == 0;
            BOOST_REQUIRE((nothing_else && all_of_it));
        }
    }
}

BOOST_AUTO_TEST_CASE(pollin_as_windows_defines_it_is_never_sent_nor_misread) {
    constexpr int windows_pollin = 0x300;
    static_assert(windows_pollin == (rdnorm | rdband));
    for (std::uint32_t i = 0; i < 1U << std::size(legal_interests); ++i) {
        const std::uint32_t interest = subset(legal_interests, i);
        if ((interest & mask::pri) == 0) {
            BOOST_REQUIRE((to_native_mask(IoInterest{interest}) & rdband) == 0);
        }
    }
    // Data alone is no out-of-band byte, although POLLIN has that bit too.
    BOOST_TEST((to_epoll_mask(rdnorm, true) & mask::pri) == 0U);
    BOOST_TEST((to_epoll_mask(rdnorm & windows_pollin, true) & mask::in) == mask::in);
}

BOOST_AUTO_TEST_CASE(the_bits_are_those_of_winsock) {
    BOOST_TEST(err == 0x0001);
    BOOST_TEST(hup == 0x0002);
    BOOST_TEST(nval == 0x0004);
    BOOST_TEST(wrnorm == 0x0010);
    BOOST_TEST(rdnorm == 0x0100);
    BOOST_TEST(rdband == 0x0200);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace wakepoll::core::test
