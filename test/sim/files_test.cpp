// The model's disk files: offsets, ends, and operations that end in any order.
#include <array>
#include <set>
#include <string>
#include <vector>

#include "port_fixture.hpp"

namespace wakepoll::sim {
namespace {

using test::Thing;

void at(Attempt& attempt, std::uint64_t offset) {
    attempt.overlapped.offset = static_cast<std::uint32_t>(offset);
    attempt.overlapped.offset_high = static_cast<std::uint32_t>(offset >> 32U);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_files)

BOOST_AUTO_TEST_CASE(a_read_is_at_its_offset) {
    on_each_port([](PortFixture& fixture) {
        const Handle file = fixture.tie(fixture.world.file_of(1000));
        Attempt attempt(4);
        at(attempt, 249);
        BOOST_TEST(fixture.read(file, attempt).has_value());
        BOOST_TEST(fixture.packet_of(attempt) == 0);
        BOOST_TEST(fixture.last.bytes == 4U);
        const std::vector expected = {std::byte{249}, std::byte{250}, std::byte{0}, std::byte{1}};
        BOOST_TEST((attempt.bytes == expected));
    });
}

BOOST_AUTO_TEST_CASE(a_read_gets_what_there_is_before_the_end) {
    on_each_port([](PortFixture& fixture) {
        const Handle file = fixture.tie(fixture.world.file_of(10));
        Attempt attempt(16);
        at(attempt, 7);
        BOOST_TEST(fixture.read(file, attempt).has_value());
        BOOST_TEST(fixture.packet_of(attempt) == 0);
        BOOST_TEST(fixture.last.bytes == 3U);
        BOOST_TEST((attempt.bytes[3] == Attempt::untouched));
    });
}

BOOST_AUTO_TEST_CASE(the_end_is_an_error_at_once_or_a_packet) {
    std::set<bool> seen;
    on_each_port([&](PortFixture& fixture) {
        const Handle file = fixture.tie(fixture.world.file_of(10));
        Attempt attempt;
        for (const std::uint64_t offset : {std::uint64_t{10}, std::uint64_t{5} << 32U}) {
            at(attempt, offset);
            const auto begun = fixture.read(file, attempt);
            if (begun) {
                BOOST_TEST(!begun->at_once);
                BOOST_TEST(fixture.packet_of(attempt) == 38);
            } else {
                BOOST_TEST(begun.error().value() == 38);
                BOOST_TEST(!fixture.is_wine());
            }
            seen.insert(begun.has_value());
            BOOST_TEST(fixture.packet() == fixture.none);
            BOOST_TEST(attempt.is_untouched());
        }
    });
    BOOST_TEST(seen.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_write_changes_the_content_and_extends_it) {
    on_each_port([](PortFixture& fixture) {
        const Handle file = fixture.tie(fixture.world.file_of(4));
        Attempt inside("x");
        at(inside, 1);
        Attempt beyond("yz");
        at(beyond, 6);
        BOOST_TEST(fixture.write(file, inside).has_value());
        BOOST_TEST(fixture.packet_of(inside) == 0);
        BOOST_TEST(fixture.write(file, beyond).has_value());
        BOOST_TEST(fixture.packet_of(beyond) == 0);
        BOOST_TEST(fixture.last.bytes == 2U);
        const std::vector expected = {std::byte{0}, std::byte{'x'}, std::byte{2},   std::byte{3},
                                      std::byte{0}, std::byte{0},   std::byte{'y'}, std::byte{'z'}};
        BOOST_TEST((fixture.world.content_of(file) == expected));
    });
}

BOOST_AUTO_TEST_CASE(only_wine_never_ends_at_once) {
    std::set<bool> on_windows;
    on_each_port([&](PortFixture& fixture) {
        const Handle file = fixture.tie(fixture.world.file_of(4));
        BOOST_TEST(!sys::skip_packets_on_success(file));
        Attempt attempt;
        const bool at_once = fixture.read(file, attempt)->at_once;
        if (fixture.is_wine()) {
            BOOST_TEST(!at_once);
        } else {
            on_windows.insert(at_once);
        }
        BOOST_TEST(fixture.packet() == (at_once ? fixture.none : 0));
    });
    BOOST_TEST(on_windows.size() == 2U);
}

BOOST_AUTO_TEST_CASE(operations_on_a_file_end_in_any_order) {
    std::set<std::vector<void*>> orders;
    on_each_port([&](PortFixture& fixture) {
        const Handle file = fixture.tie(fixture.world.file_of(100));
        std::array<Attempt, 4> reads;
        for (Attempt& read : reads) {
            BOOST_TEST(fixture.read(file, read).has_value());
        }
        std::vector<std::size_t> order;
        std::vector<void*> packets;
        for (std::size_t i = 0; i != reads.size(); ++i) {
            BOOST_TEST(fixture.packet() == 0);
            const auto* const base = reads.data();
            for (std::size_t j = 0; j != reads.size(); ++j) {
                if (fixture.last.overlapped == &base[j].overlapped) {
                    order.push_back(j);
                }
            }
        }
        BOOST_TEST(std::set(order.begin(), order.end()).size() == reads.size());
        for (const std::size_t number : order) {
            packets.push_back(reinterpret_cast<void*>(number));
        }
        orders.insert(packets);
    });
    BOOST_TEST(orders.size() > 4U);
}

BOOST_AUTO_TEST_CASE(a_pending_operation_on_a_file_can_be_cancelled) {
    std::set<int> seen;
    on_each_port([&](PortFixture& fixture) {
        const Handle file = fixture.tie(fixture.world.file_of(4));
        Attempt attempt("new");
        const bool at_once = fixture.write(file, attempt)->at_once;
        const std::error_code error = sys::cancel(file, attempt.overlapped);
        const int code = fixture.packet_of(attempt);
        // It may have ended before the cancel.
        BOOST_TEST((!error || (error.value() == 1168 && code == 0)));
        BOOST_TEST((!at_once || error));
        seen.insert(code);
        const std::byte first = fixture.world.content_of(file)[0];
        BOOST_TEST((first == (code == 0 ? std::byte{'n'} : std::byte{0})));
    });
    BOOST_TEST(seen == (std::set<int>{0, 995}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_synchronous_file_is_done_at_once) {
    on_each_port([](PortFixture& fixture) {
        const Handle file = fixture.world.thing(Thing::synchronous_file);
        Attempt writing("abc");
        BOOST_TEST(fixture.write(file, writing)->at_once);
        Attempt reading;
        const auto begun = fixture.read(file, reading);
        BOOST_TEST(begun->at_once);
        BOOST_TEST(reading.text(begun->bytes) == "abc");
        at(reading, 3);
        BOOST_TEST(fixture.read(file, reading).error().value() == 38);
    });
}

BOOST_FIXTURE_TEST_CASE(what_is_no_disk_file_nor_pipe_can_not_be_read, PortFixture) {
    Attempt attempt;
    BOOST_TEST(read(world.thing(Thing::directory), attempt).error().value() == 1);
    BOOST_TEST(read(world.thing(Thing::event), attempt).error().value() == 6);
    BOOST_TEST(read(world.thing(Thing::process), attempt).error().value() == 6);
}

BOOST_FIXTURE_TEST_CASE(a_socket_can_be_read_as_a_file, PromptFixture) {
    const auto pair = tcp_pair();
    put(pair.peer, "x");
    Attempt attempt;
    BOOST_TEST(read(pair.local, attempt)->bytes == 1U);
    BOOST_TEST(packet_of(attempt) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace wakepoll::sim
