// The event mask is epoll's, and the flag types behave as sets of bits.
#include "wakepoll/events.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string_view>
#include <type_traits>

#if defined(__linux__)
#include <sys/epoll.h>

// The kernel's own header is the reference. EPOLLET and EPOLLONESHOT are signed there.
static_assert(wakepoll::mask::in == EPOLLIN);
static_assert(wakepoll::mask::pri == EPOLLPRI);
static_assert(wakepoll::mask::out == EPOLLOUT);
static_assert(wakepoll::mask::err == EPOLLERR);
static_assert(wakepoll::mask::hup == EPOLLHUP);
static_assert(wakepoll::mask::rdnorm == EPOLLRDNORM);
static_assert(wakepoll::mask::rdband == EPOLLRDBAND);
static_assert(wakepoll::mask::wrnorm == EPOLLWRNORM);
static_assert(wakepoll::mask::wrband == EPOLLWRBAND);
static_assert(wakepoll::mask::rdhup == EPOLLRDHUP);
static_assert(wakepoll::mask::oneshot == static_cast<std::uint32_t>(EPOLLONESHOT));
static_assert(wakepoll::mask::et == static_cast<std::uint32_t>(EPOLLET));
static_assert(sizeof(wakepoll::NativeEvent::Data) == sizeof(epoll_data_t));
static_assert(std::is_same_v<decltype(epoll_event::events), std::uint32_t>);
#endif

namespace wakepoll::test {
namespace {

struct Bit {
    std::string_view name;
    std::uint32_t value;
    std::uint32_t expected;

    friend std::ostream& operator<<(std::ostream& stream, const Bit& bit) {
        return stream << bit.name;
    }
};

// Written out once more, so that the Windows build is held to the same numbers.
const Bit mask_bits[] = {
    {"in", mask::in, 0x001},
    {"pri", mask::pri, 0x002},
    {"out", mask::out, 0x004},
    {"err", mask::err, 0x008},
    {"hup", mask::hup, 0x010},
    {"rdnorm", mask::rdnorm, 0x040},
    {"rdband", mask::rdband, 0x080},
    {"wrnorm", mask::wrnorm, 0x100},
    {"wrband", mask::wrband, 0x200},
    {"rdhup", mask::rdhup, 0x2000},
    {"oneshot", mask::oneshot, 0x40000000},
    {"et", mask::et, 0x80000000},
};

const Bit interests[] = {
    {"none", bits(IoInterest::none), 0},
    {"read", bits(IoInterest::read), mask::in},
    {"priority", bits(IoInterest::priority), mask::pri},
    {"write", bits(IoInterest::write), mask::out},
    {"read_hangup", bits(IoInterest::read_hangup), mask::rdhup},
    {"one_shot", bits(IoInterest::one_shot), mask::oneshot},
    {"edge_triggered", bits(IoInterest::edge_triggered), mask::et},
};

namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(events)

BOOST_DATA_TEST_CASE(a_mask_bit_has_epolls_value, data::make(mask_bits), bit) {
    BOOST_TEST(bit.value == bit.expected);
}

BOOST_DATA_TEST_CASE(an_interest_is_its_mask_bit, data::make(interests), bit) {
    BOOST_TEST(bit.value == bit.expected);
}

BOOST_AUTO_TEST_CASE(interests_combine_as_bits_do) {
    constexpr IoInterest both = IoInterest::read | IoInterest::write;
    static_assert(bits(both) == (mask::in | mask::out));
    static_assert((both & IoInterest::write) == IoInterest::write);
    static_assert((both & ~IoInterest::write) == IoInterest::read);
    static_assert(any(both) && !any(IoInterest::none) && !any(both & IoInterest::priority));

    IoInterest interest = IoInterest::none;
    interest |= IoInterest::read;
    interest |= IoInterest::one_shot;
    BOOST_TEST(bits(interest) == (mask::in | mask::oneshot));
    interest &= ~IoInterest::read;
    BOOST_TEST(bits(interest) == mask::oneshot);
}

BOOST_AUTO_TEST_CASE(an_interest_takes_epoll_bits_as_they_are) {
    constexpr std::uint32_t epoll_bits = mask::in | mask::rdhup | mask::rdnorm;
    BOOST_TEST(bits(IoInterest{epoll_bits}) == epoll_bits);
}

BOOST_AUTO_TEST_CASE(ready_flags_combine_as_bits_do) {
    constexpr IoReady both = IoReady::readable | IoReady::hangup;
    static_assert((both & IoReady::hangup) == IoReady::hangup);
    static_assert(any(both) && !any(IoReady::none) && !any(both & IoReady::writable));

    IoReady ready = IoReady::none;
    ready |= both;
    BOOST_TEST(bits(ready) == bits(both));
    ready &= IoReady::readable;
    BOOST_TEST(bits(ready) == bits(IoReady::readable));
}

BOOST_AUTO_TEST_CASE(ready_flags_are_distinct_bits) {
    constexpr IoReady all[] = {IoReady::readable, IoReady::writable, IoReady::error,
                               IoReady::hangup,   IoReady::priority, IoReady::read_hangup};
    IoReady seen = IoReady::none;
    for (const IoReady flag : all) {
        BOOST_TEST(any(flag));
        BOOST_TEST(!any(seen & flag));
        seen |= flag;
    }
}

BOOST_AUTO_TEST_CASE(interests_and_masks_combine) {
    static_assert((IoInterest::read | mask::rdhup) == (IoInterest::read | IoInterest::read_hangup));
    static_assert(bits(IoInterest::read | mask::wrnorm) == (mask::in | mask::wrnorm));
    static_assert((mask::rdhup | IoInterest::read) == (IoInterest::read | mask::rdhup));
    static_assert(any(IoInterest::read & mask::in) && !any(IoInterest::read & mask::out));
    IoInterest interest = IoInterest::read;
    interest |= mask::rdhup;
    BOOST_TEST(bits(interest) == (mask::in | mask::rdhup));
    const std::uint32_t events = mask::in | mask::hup;
    static_assert(any(mask::in | mask::hup));
    if (any(events & IoInterest::read)) {
        BOOST_TEST(any(events & (mask::hup | mask::err)));
    } else {
        BOOST_ERROR("a mask has the bits of an interest");
    }
    BOOST_TEST(!any(events & IoInterest::write));
    BOOST_TEST(!any(events & mask::out));
    BOOST_TEST(!any(mask::none));
    BOOST_TEST(bits(IoReady::readable & ~IoReady::readable) == 0U);
}

BOOST_AUTO_TEST_CASE(an_event_is_asked_for_its_bits) {
    NativeEvent event;
    event.events = mask::in | mask::rdhup;
    BOOST_TEST(event.has(mask::in));
    BOOST_TEST(event.has(mask::out | mask::rdhup));
    BOOST_TEST(!event.has(mask::out | mask::err));
    BOOST_TEST(event.has(IoInterest::read));
    BOOST_TEST(!event.has(IoInterest::write));
    static_assert(ready_of(mask::in | mask::hup) == (IoReady::readable | IoReady::hangup));
}

BOOST_AUTO_TEST_CASE(user_data_is_a_number_or_a_pointer) {
    const auto carried = [](UserData data) {
        NativeEvent event;
        event.data.u64 = data.number();
        return event;
    };
    const int things[] = {1, 2};
    BOOST_TEST(carried(0xFEDCBA9876543210).data.u64 == 0xFEDCBA9876543210);
    BOOST_TEST(carried(0).data.u64 == 0U);
    BOOST_TEST(carried(&things[1]).ptr<const int>() == &things[1]);
    BOOST_TEST(carried(static_cast<void*>(nullptr)).data.u64 == 0U);
    BOOST_TEST(carried(nullptr).data.ptr == nullptr);
    static_assert(UserData(7).number() == 7 && UserData(nullptr).number() == 0);
    static_assert(std::is_trivially_copyable_v<UserData> && sizeof(UserData) == 8);
    static_assert(!std::is_default_constructible_v<UserData>);
}

BOOST_AUTO_TEST_CASE(a_new_event_says_nothing) {
    const NativeEvent event;
    BOOST_TEST(event.events == mask::none);
    BOOST_TEST(event.data.u64 == 0U);
    BOOST_TEST(event.completion == nullptr);
    const OsEvent translated;
    BOOST_TEST(!any(translated.ready));
    BOOST_TEST(translated.user_data == 0U);
    BOOST_TEST(translated.completion == nullptr);
}

BOOST_AUTO_TEST_CASE(event_data_holds_a_whole_pointer_or_number) {
    static_assert(sizeof(NativeEvent::Data) == 8);
    NativeEvent event;
    event.data.u64 = 0xFEDCBA9876543210;
    BOOST_TEST(event.data.u64 == 0xFEDCBA9876543210);
    event.data.ptr = &event;
    BOOST_TEST(event.data.ptr == &event);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace wakepoll::test
