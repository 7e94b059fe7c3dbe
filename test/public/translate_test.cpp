// OsPoller::translate and translate_ready: from epoll's mask to a loop's events.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <ostream>
#include <string_view>

#include "wakepoll/os_poller.hpp"

namespace wakepoll::test {
namespace {

BOOST_AUTO_TEST_SUITE(translate)

struct Case {
    std::string_view name;
    std::uint32_t events;
    IoReady expected;

    friend std::ostream& operator<<(std::ostream& stream, const Case& c) {
        return stream << c.name;
    }
};

const Case cases[] = {
    {"nothing", mask::none, IoReady::none},
    {"in", mask::in, IoReady::readable},
    {"rdnorm", mask::rdnorm, IoReady::readable},
    {"in and rdnorm are one", mask::in | mask::rdnorm, IoReady::readable},
    {"pri", mask::pri, IoReady::priority},
    {"rdband", mask::rdband, IoReady::priority},
    {"out", mask::out, IoReady::writable},
    {"wrnorm", mask::wrnorm, IoReady::writable},
    {"err", mask::err, IoReady::error},
    {"hup", mask::hup, IoReady::hangup},
    {"rdhup", mask::rdhup, IoReady::read_hangup},
    {"interest-only bits say nothing", mask::oneshot | mask::et, IoReady::none},
    {"an unknown bit says nothing", 1U << 20, IoReady::none},
    {"end of stream", mask::in | mask::rdhup, IoReady::readable | IoReady::read_hangup},
    {"both directions shut down", mask::in | mask::out | mask::rdhup | mask::hup,
     IoReady::readable | IoReady::writable | IoReady::read_hangup | IoReady::hangup},
    {"reset", mask::in | mask::out | mask::rdhup | mask::err | mask::hup,
     IoReady::readable | IoReady::writable | IoReady::read_hangup | IoReady::error |
         IoReady::hangup},
    // A translator that drops a hang-up which comes alone makes its loop spin.
    {"a hang-up alone is kept", mask::hup, IoReady::hangup},
};

namespace data = boost::unit_test::data;

BOOST_DATA_TEST_CASE(a_mask_becomes_readiness, data::make(cases), c) {
    BOOST_TEST(bits(OsPoller::translate_ready(c.events)) == bits(c.expected));
}

BOOST_AUTO_TEST_CASE(every_bit_that_a_wait_reports_is_translated_on_its_own_and_in_company) {
    constexpr std::uint32_t reported[] = {mask::in,  mask::pri, mask::out,
                                          mask::err, mask::hup, mask::rdhup};
    for (std::uint32_t subset = 0; subset < 64; ++subset) {
        std::uint32_t events = 0;
        IoReady expected = IoReady::none;
        for (std::uint32_t i = 0; i < 6; ++i) {
            if ((subset >> i & 1U) != 0) {
                events |= reported[i];
                expected |= OsPoller::translate_ready(reported[i]);
            }
        }
        BOOST_TEST(bits(OsPoller::translate_ready(events)) == bits(expected));
        BOOST_TEST(any(expected) == (subset != 0));
    }
}

BOOST_AUTO_TEST_CASE(an_event_keeps_its_user_data_and_its_completion) {
    Completion completion;
    NativeEvent event;
    event.events = mask::in;
    event.data.u64 = 0x123456789ABCDEF0;
    event.completion = &completion;
    const OsEvent translated = OsPoller::translate(event);
    BOOST_TEST(bits(translated.ready) == bits(IoReady::readable));
    BOOST_TEST(translated.user_data == 0x123456789ABCDEF0U);
    BOOST_TEST(translated.completion == &completion);
}

BOOST_AUTO_TEST_CASE(translation_works_at_compile_time) {
    constexpr NativeEvent event{mask::out, {7}, nullptr};
    constexpr OsEvent translated = OsPoller::translate(event);
    static_assert(translated.ready == IoReady::writable);
    static_assert(translated.user_data == 7);
    BOOST_TEST(translated.completion == nullptr);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace wakepoll::test
