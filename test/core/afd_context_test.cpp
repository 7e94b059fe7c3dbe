// AfdContext: the cell and the tag of a request come back with its packet, also in 32 bits.
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <limits>
#include <set>

#include "core/afd_context.hpp"

namespace wakepoll::core::test {
namespace {

BOOST_AUTO_TEST_SUITE(afd_context)

constexpr std::uint32_t most_cells = 65536;  // The group's cell is one behind the slots'.

std::uintptr_t number_of(const AfdContext& context) {
    return reinterpret_cast<std::uintptr_t>(context.pointer());
}

BOOST_AUTO_TEST_CASE(a_packet_brings_back_what_the_request_carried) {
    constexpr std::array<std::uint32_t, 8> cells = {0, 1, 2, 63, 1024, 65534, 65535, most_cells};
    constexpr std::array<std::uint16_t, 5> tags = {0, 1, 255, 32766, 32767};
    for (const std::uint32_t cell : cells) {
        for (const std::uint16_t tag : tags) {
            const AfdContext sent(cell, tag);
            const AfdContext received(sent.pointer());
            BOOST_TEST(received.cell() == cell);
            BOOST_TEST(received.has_tag(tag));
            BOOST_TEST(sent.cell() == cell);
            BOOST_TEST(sent.has_tag(tag));
            for (const std::uint16_t other : tags) {
                BOOST_TEST(received.has_tag(other) == (other == tag));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(each_request_of_a_cell_has_another_tag_than_the_last_32767) {
    std::uint16_t tag = 0;
    const AfdContext first(5, tag);
    for (int requests = 1; requests < 32768; ++requests) {
        ++tag;
        BOOST_REQUIRE(!first.has_tag(tag));
        BOOST_REQUIRE(AfdContext(AfdContext(5, tag).pointer()).has_tag(tag));
    }
}

BOOST_AUTO_TEST_CASE(a_tag_that_runs_over_16_bits_is_still_its_own) {
    for (std::uint32_t counted = 32760; counted < 65550; ++counted) {
        const auto tag = static_cast<std::uint16_t>(counted);
        const auto next = static_cast<std::uint16_t>(counted + 1);
        const AfdContext received(AfdContext(most_cells, tag).pointer());
        BOOST_REQUIRE(received.cell() == most_cells);
        BOOST_REQUIRE(received.has_tag(tag));
        BOOST_REQUIRE(!received.has_tag(next));
    }
}

BOOST_AUTO_TEST_CASE(it_fits_into_a_pointer_of_32_bits_and_is_never_null) {
    std::set<std::uintptr_t> seen;
    for (const std::uint32_t cell : {0U, 1U, 65535U, most_cells}) {
        for (const unsigned tag : {0U, 1U, 32767U}) {
            const std::uintptr_t number =
                number_of(AfdContext(cell, static_cast<std::uint16_t>(tag)));
            BOOST_TEST(number != 0U);
            BOOST_TEST(number <= std::uintptr_t{std::numeric_limits<std::uint32_t>::max()});
            BOOST_TEST(seen.insert(number).second);
        }
    }
}

BOOST_AUTO_TEST_CASE(what_a_stranger_posts_is_of_no_cell) {
    BOOST_TEST(AfdContext(nullptr).cell() > most_cells);
    if constexpr (sizeof(void*) > 4) {
        // An address beyond 4 GB, as those of 64-bit programs are.
        std::uintptr_t number = number_of(AfdContext(3, 7));
        number |= std::uintptr_t{1} << (std::numeric_limits<std::uintptr_t>::digits / 2);
        const AfdContext stranger(reinterpret_cast<const void*>(number));
        BOOST_TEST(stranger.cell() > most_cells);
        BOOST_TEST(!stranger.has_tag(7));
        const int local = 0;
        BOOST_TEST(AfdContext(&local).cell() > most_cells);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace wakepoll::core::test
