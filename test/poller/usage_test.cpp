// What a new user writes, as it is written. Each of these did not compile, or lost something, or
// was refused without a word about what to do.
#include <string>

#include "operation_support.hpp"

using namespace wakepoll;
using namespace wakepoll::test;

BOOST_AUTO_TEST_SUITE(usage)

namespace {

struct Connection {
    std::string name;
};

std::string words_of(const Result<OsPoller>& poller) { return poller.error().message(); }

}  // namespace

BOOST_AUTO_TEST_CASE(a_number_and_a_native_handle_are_handles) {
    on_every_kernel(Backend::automatic, 1, [](Stage& stage) {
        OsPoller poller = make_poller();
        const std::uintptr_t socket = stage.world.udp_pair().local.value();
        void* const event = stage.world.thing(Thing::event).native();
        BOOST_TEST(poller.register_handle(socket, IoInterest::read, socket));
        BOOST_TEST(poller.register_handle(event, IoInterest::read, 0));
        BOOST_TEST(poller.unregister_handle(socket));
        std::array<char, 4> bytes{};
        BOOST_TEST(
            poller.submit_read(socket, std::as_writable_bytes(std::span(bytes)), 1).has_value());
        BOOST_TEST(poller.cancel(socket));
        (void)report(poller);
    });
}

BOOST_AUTO_TEST_CASE(every_call_is_true_where_it_succeeded) {
    on_every_kernel(Backend::automatic, 1, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle socket = stage.world.tcp_pair().local;
        if (!poller.register_handle(socket, IoInterest::read, 1)) {
            BOOST_ERROR("a socket was not registered");
        }
        if (const Result<void> again = poller.register_handle(socket, IoInterest::read, 1)) {
            BOOST_ERROR("a socket was registered twice");
        } else {
            BOOST_TEST(again == errc::already_registered);
            BOOST_TEST(again == std::errc::file_exists);
            BOOST_CHECK_THROW(again.value(), std::system_error);
        }
        std::array<std::byte, 4> bytes{};
        const Result<OverlappedEntry*> read = poller.unregister_handle(socket).and_then(
            [&] { return poller.submit_read(socket, bytes, 2); });
        BOOST_REQUIRE(read.has_value());
        poller.cancel(*read).value();
        BOOST_TEST(report(poller).completion.error == std::errc::operation_canceled);
        BOOST_TEST(poller.overlapped_pool().release(*read));
        BOOST_TEST(!poller.overlapped_pool().release(*read));
        BOOST_TEST(poller.set_timer(Clock::now()));
        BOOST_TEST(poller.clear_timer());
        Registration own = Registration::create(poller, socket, IoInterest::read, 3).value();
        BOOST_TEST(own.modify(IoInterest::write, 3));
        BOOST_TEST(own.unregister());
        BOOST_TEST(!own.unregister());
        BOOST_TEST(!poller.associate_handle(stage.world.never_a_handle(), 1));
    });
}

BOOST_AUTO_TEST_CASE(user_data_is_a_pointer_and_masks_read_naturally) {
    on_every_kernel(Backend::automatic, 1, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, Carrier::tcp);
        Connection connection{"first"};
        const auto registration =
            Registration::create(poller, pair.local, IoInterest::read | mask::rdhup, &connection);
        BOOST_REQUIRE(registration.has_value());
        stage.world.shutdown_send(pair.peer);
        std::array<NativeEvent, 16> events;
        int seen = 0;
        for (const NativeEvent& event : poller.wait(events, 100ms).events()) {
            if (any(event.events & mask::in)) {
                ++seen;
            }
            if (event.has(mask::rdhup)) {
                ++seen;
            }
            if (any(OsPoller::translate(event).ready & IoReady::read_hangup)) {
                ++seen;
            }
            BOOST_TEST(event.ptr<Connection>()->name == "first");
        }
        BOOST_TEST(seen == 3);
    });
}

BOOST_AUTO_TEST_CASE(an_operation_carries_a_pointer_too) {
    on_every_kernel(Backend::automatic, 1, [](Stage& stage) {
        OsPoller poller = *OsPoller::create();
        const Ends pair = ends(stage.world, Carrier::tcp);
        Connection connection{"first"};
        std::array<std::byte, 4> bytes{};
        const AttachedHandle stream = *poller.attach(pair.local);
        BOOST_REQUIRE(poller.submit_read(stream, bytes, &connection).has_value());
        put_text(stage.world, pair.peer, "x");
        const auto waited = wait(poller);
        BOOST_REQUIRE(waited.count() == 1U);
        BOOST_TEST(waited.events[0].ptr<Connection>() == &connection);
        BOOST_TEST(poller.submit_write(stream, bytes, nullptr).has_value());
        (void)report(poller);
    });
}

BOOST_AUTO_TEST_CASE(a_bad_configuration_throws_what_to_do) {
    on_every_kernel(Backend::automatic, 1, [](Stage&) {
        const auto bad = OsPoller::create({.max_registrations = 0});
        BOOST_TEST(bad.error() == errc::capacity_out_of_range);
        BOOST_TEST(bad.error() == std::errc::invalid_argument);
        BOOST_CHECK_EXCEPTION((void)OsPoller::create({.max_overlapped_entries = 0}).value(),
                              std::system_error, [](const std::system_error& thrown) {
                                  return thrown.code() == std::errc::invalid_argument &&
                                         std::string(thrown.what()).find("go from 1 to 65536") !=
                                             std::string::npos;
                              });
        BOOST_TEST(words_of(OsPoller::create({.backend = static_cast<Backend>(9)})) ==
                   make_error_code(errc::unknown_backend).message());
    });
}

BOOST_AUTO_TEST_CASE(an_anonymous_pipe_is_to_be_registered_instead) {
    on_every_kernel(Backend::automatic, 1, [](Stage& stage) {
        OsPoller poller = make_poller();
        const PipePair pipe = stage.world.pipe_pair(PipeKind::anonymous);
        std::array<std::byte, 4> buffer{};
        const std::error_code error = poller.submit_read(pipe.local, buffer, 1).error();
        BOOST_TEST(error == std::errc::not_supported);
        BOOST_TEST(error.message().find("register it instead") != std::string::npos);
        const auto input = Registration::create(poller, pipe.local, IoInterest::read, 1);
        BOOST_REQUIRE(input.has_value());
        put_text(stage.world, pipe.peer, "x");
        BOOST_TEST(wait(poller).mask_of(1) == mask::in);
    });
}

#if !defined(_WIN32)

BOOST_AUTO_TEST_CASE(a_loop_that_looks_at_its_events_first_loses_none) {
    int both = 0;
    on_every_kernel(20, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, Carrier::tcp);
        (void)poller.handle();  // From now on every wait polls the port.
        std::array<NativeEvent, 8> events;
        std::size_t seen = 0;
        constexpr std::size_t rounds = 30;
        for (std::size_t round = 0; round < rounds; ++round) {
            (void)started(poller.submit_write(pair.local, bytes_of("x"), round));
            stage.kernel.fail_next(sim::Call::port_dequeue, sim::code::no_system_resources);
            const WaitResult result = poller.wait(events, 0ms);
            for (const NativeEvent& event : result.events()) {
                BOOST_TEST(event.has(mask::out));
                ++seen;
            }
            both += result.error && result.count > 0 ? 1 : 0;
        }
        stage.kernel.clear_faults();
        while (const std::size_t late = wait(poller, 2ms).count()) {
            seen += late;
        }
        BOOST_TEST(seen == rounds);
    });
    BOOST_TEST(both > 0);
}

#endif

BOOST_AUTO_TEST_SUITE_END()
