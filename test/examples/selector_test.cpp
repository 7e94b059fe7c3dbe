// The selector on OsPoller: tokens, interests, and what remains once it is closed.
#include "selector.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "../support/printing.hpp"
#include "loop_fixture.hpp"
#include "net.hpp"

namespace example {
namespace {

using wakepoll::Handle;
using wakepoll::IoInterest;
using wakepoll::IoReady;
using wakepoll::OsEvent;
using namespace std::chrono_literals;

Handle handle_of(const net::Socket& socket) { return Handle(socket.number()); }

bool is(IoReady ready, IoReady wanted) {
    return (static_cast<std::uint32_t>(ready) & static_cast<std::uint32_t>(wanted)) != 0;
}

struct SelectorFixture {
    // The one event that there is within the limit.
    OsEvent select_one() {
        const wakepoll::Result<void> done = selector.select(events, LoopFixture::limit);
        BOOST_TEST_REQUIRE(done.has_value(), net::describe(done.error()));
        BOOST_TEST_REQUIRE(events.size() == 1U);
        return events.front();
    }
    bool is_silent() {
        const wakepoll::Result<void> done = selector.select(events, 0ms);
        BOOST_TEST_REQUIRE(done.has_value(), net::describe(done.error()));
        return events.empty();
    }

    net::Network network;
    ConnectedPair pair;
    Selector selector;
    Registrator registrator = selector.registrator();
    std::vector<OsEvent> events;
};

BOOST_FIXTURE_TEST_SUITE(selector, SelectorFixture)

BOOST_AUTO_TEST_CASE(a_readable_socket_is_told_by_its_token) {
    BOOST_TEST(registrator.add(handle_of(pair.local), Token{11}, IoInterest::read));
    BOOST_TEST(is_silent());
    send_all(pair.peer, "x");
    const OsEvent event = select_one();
    BOOST_TEST(event.user_data == 11U);
    BOOST_TEST(is(event.ready, IoReady::readable));
    BOOST_TEST(!is(event.ready, IoReady::writable));
}

BOOST_AUTO_TEST_CASE(what_came_before_the_registration_is_told_too) {
    // Another selector sees that it has arrived, and leaves it where it is.
    Selector other;
    send_all(pair.peer, "x");
    BOOST_TEST(other.registrator().add(handle_of(pair.local), Token{1}, IoInterest::read));
    BOOST_TEST(other.select(events, LoopFixture::limit));
    BOOST_TEST(events.size() == 1U);
    BOOST_TEST(other.registrator().remove(handle_of(pair.local)));

    BOOST_TEST(registrator.add(handle_of(pair.local), Token{12}, IoInterest::read));
    BOOST_TEST(select_one().user_data == 12U);
}

BOOST_AUTO_TEST_CASE(write_interest_tells_of_room_until_it_is_changed) {
    BOOST_TEST(registrator.add(handle_of(pair.local), Token{1}, IoInterest::write));
    const OsEvent event = select_one();
    BOOST_TEST(event.user_data == 1U);
    BOOST_TEST(is(event.ready, IoReady::writable));
    BOOST_TEST(registrator.change(handle_of(pair.local), Token{2}, IoInterest::read));
    BOOST_TEST(is_silent());
    send_all(pair.peer, "x");
    BOOST_TEST(select_one().user_data == 2U);
}

BOOST_AUTO_TEST_CASE(a_removed_socket_is_silent_and_can_be_added_again) {
    const Handle local = handle_of(pair.local);
    BOOST_TEST((registrator.change(local, Token{1}, IoInterest::write) ==
                std::errc::no_such_file_or_directory));
    BOOST_TEST(registrator.add(local, Token{1}, IoInterest::write));
    BOOST_TEST((registrator.add(local, Token{2}, IoInterest::write) == std::errc::file_exists));
    BOOST_TEST(registrator.remove(local));
    BOOST_TEST((registrator.remove(local) == std::errc::no_such_file_or_directory));
    BOOST_TEST(is_silent());
    BOOST_TEST(registrator.add(local, Token{3}, IoInterest::write));
    BOOST_TEST(select_one().user_data == 3U);
}

BOOST_AUTO_TEST_CASE(data_larger_than_the_buffer_is_told_until_all_is_read) {
    std::string text(50'000, '?');
    for (std::size_t i = 0; i < text.size(); ++i) {
        text[i] = static_cast<char>('a' + i % 23);
    }
    send_all(pair.peer, text);
    BOOST_TEST(!net::shut_down_sending(pair.peer));
    BOOST_TEST(registrator.add(handle_of(pair.local), Token{1}, IoInterest::read));
    std::string received;
    std::array<char, 1000> buffer{};
    for (bool ended = false; !ended;) {
        (void)select_one();
        const net::Transfer transfer = net::receive(pair.local, buffer);
        BOOST_TEST_REQUIRE(!transfer.error);
        BOOST_TEST_REQUIRE(!transfer.would_block);
        received.append(buffer.data(), transfer.bytes);
        ended = transfer.ended;
    }
    BOOST_TEST((received == text));
}

BOOST_AUTO_TEST_CASE(a_receive_that_completes_at_once_is_delivered) {
    std::array<std::byte, 8> first{};
    std::array<std::byte, 8> second{};
    send_all(pair.peer, "ab");
    // The first one waits or not; once it is delivered, one more byte is known to be there.
    BOOST_TEST(registrator.receive(handle_of(pair.local), Token{7}, std::span(first).first(1)));
    BOOST_TEST(select_one().user_data == 7U);
    BOOST_TEST(std::to_integer<char>(first[0]) == 'a');
    BOOST_TEST(registrator.receive(handle_of(pair.local), Token{8}, second));
    const OsEvent event = select_one();
    BOOST_TEST(event.user_data == 8U);
    BOOST_TEST_REQUIRE((event.completion != nullptr));
    BOOST_TEST(!event.completion->error);
    BOOST_TEST(event.completion->bytes == 1U);
    BOOST_TEST(std::to_integer<char>(second[0]) == 'b');
    BOOST_TEST(is_silent());
}

BOOST_AUTO_TEST_CASE(closing_wakes_the_waiter_and_every_later_call_is_refused) {
    const Handle local = handle_of(pair.local);
    const Handle peer = handle_of(pair.peer);
    BOOST_TEST(registrator.add(local, Token{1}, IoInterest::read));
    auto selected = std::async(std::launch::async, [this] {
        std::vector<OsEvent> nothing;
        return selector.select(nothing, LoopFixture::limit);
    });
    BOOST_TEST(registrator.close());
    const wakepoll::Result<void> done = selected.get();
    BOOST_TEST((done == std::errc::operation_canceled), net::describe(done.error()));

    const auto canceled = std::errc::operation_canceled;
    std::array<std::byte, 8> buffer{};
    BOOST_TEST((registrator.close() == canceled));
    BOOST_TEST((registrator.add(peer, Token{2}, IoInterest::read) == canceled));
    BOOST_TEST((registrator.change(local, Token{2}, IoInterest::read) == canceled));
    BOOST_TEST((registrator.remove(local) == canceled));
    BOOST_TEST((registrator.receive(peer, Token{2}, buffer) == canceled));
    BOOST_TEST((selector.select(events, LoopFixture::limit) == canceled));
}

BOOST_AUTO_TEST_CASE(registrators_of_other_threads_reach_the_waiting_one) {
    // It selects for all the time that the others make their changes.
    std::atomic<unsigned> told = 0;
    auto selecting = std::async(std::launch::async, [&] {
        std::vector<OsEvent> ready;
        wakepoll::Result<void> done;
        while (done) {
            done = selector.select(ready, LoopFixture::limit);
            told += static_cast<unsigned>(ready.size());
            if (done && ready.empty()) {
                done = std::make_error_code(std::errc::timed_out);
            }
        }
        return done;
    });
    const auto toggle = [this](const net::Socket& socket) {
        unsigned failures = 0;
        for (int i = 0; i < 200; ++i) {
            failures += registrator.add(handle_of(socket), Token{1}, IoInterest::read) ? 0U : 1U;
            failures += registrator.remove(handle_of(socket)) ? 0U : 1U;
        }
        return failures;
    };
    auto one = std::async(std::launch::async, toggle, std::cref(pair.local));
    auto other = std::async(std::launch::async, toggle, std::cref(pair.peer));
    BOOST_TEST(one.get() == 0U);
    BOOST_TEST(other.get() == 0U);
    BOOST_TEST(told == 0U);  // there was nothing to read
    BOOST_TEST(registrator.close());
    BOOST_TEST((selecting.get() == std::errc::operation_canceled));
}

BOOST_AUTO_TEST_CASE(a_registrator_that_outlives_its_selector_is_refused) {
    auto short_lived = std::make_unique<Selector>();
    const Registrator kept = short_lived->registrator();
    short_lived.reset();
    BOOST_TEST((kept.add(handle_of(pair.local), Token{1}, IoInterest::read) ==
                std::errc::operation_canceled));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace example
