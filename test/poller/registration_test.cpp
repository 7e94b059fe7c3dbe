// Bad input to register, modify, unregister, associate, wait and create: a clear error, and nothing
// is lost.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <vector>

#include "stage.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
namespace data = boost::unit_test::data;

namespace {

/// A poller with one registration that must survive whatever the test does.
struct Witness {
    explicit Witness(World& world) : pair(world.tcp_pair()) {
        BOOST_REQUIRE(poller.register_handle(pair.local, IoInterest::write, 42));
    }
    ~Witness() {
        BOOST_TEST(poller.registration_count() == 1U);
        BOOST_TEST(test::wait(poller).mask_of(42) == mask::out);
    }

    OsPoller poller = make_poller();
    SocketPair pair;
};

struct Refused {
    Thing thing;
    std::errc error;
    const char* name;
};

std::ostream& operator<<(std::ostream& out, const Refused& refused) { return out << refused.name; }

constexpr Refused refused_things[] = {
    {Thing::disk_file, std::errc::operation_not_permitted, "disk file"},
    {Thing::directory, std::errc::operation_not_permitted, "directory"},
    {Thing::null_device, std::errc::operation_not_permitted, "null device"},
    {Thing::synchronous_file, std::errc::operation_not_permitted, "synchronous file"},
    {Thing::named_pipe, std::errc::not_connected, "named pipe without another end"},
    {Thing::synchronous_pipe, std::errc::not_connected, "synchronous pipe without another end"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(registration)

BOOST_AUTO_TEST_CASE(handles_that_are_none_are_bad_file_descriptors) {
    on_every_kernel(1, [](Stage& stage) {
        Witness witness(stage.world);
        const Handle closed = stage.world.tcp_socket();
        stage.world.close(closed);
        for (const Handle bad : {Handle{}, Handle{std::uintptr_t{0}}, Handle{~std::uintptr_t{0}},
                                 closed, stage.world.never_a_handle()}) {
            BOOST_TEST(witness.poller.register_handle(bad, IoInterest::read, 1) ==
                       std::errc::bad_file_descriptor);
        }
    });
}

BOOST_AUTO_TEST_CASE(a_number_with_a_low_bit_is_no_handle) {
    // The kernel takes it for the object's, so one object could be registered four times.
    on_every_kernel(1, [](Stage& stage) {
        Witness witness(stage.world);
        OsPoller& poller = witness.poller;
        std::array<std::byte, 4> buffer{};
        for (const Handle handle : {stage.world.thing(Thing::event), stage.world.udp_socket(),
                                    stage.world.pipe_pair(PipeKind::bytes).local}) {
            for (const std::uintptr_t bits : {1U, 2U, 3U}) {
                const Handle bad(handle.value() + bits);
                constexpr auto error = std::errc::bad_file_descriptor;
                BOOST_TEST(poller.register_handle(bad, IoInterest::read, 1) == error);
                BOOST_TEST(poller.modify_handle(bad, IoInterest::read, 1) == error);
                BOOST_TEST(poller.unregister_handle(bad) == error);
                BOOST_TEST(poller.associate_handle(bad, 1) == error);
                BOOST_TEST(poller.submit_read(bad, buffer, 1).error() == error);
            }
            BOOST_TEST(poller.register_handle(handle, IoInterest::read, 1));
            BOOST_TEST(poller.unregister_handle(handle));
        }
    });
}

BOOST_DATA_TEST_CASE(other_handles_are_refused_by_kind, data::make(refused_things), refused) {
    on_every_kernel(1, [&](Stage& stage) {
        Witness witness(stage.world);
        BOOST_TEST(witness.poller.register_handle(stage.world.thing(refused.thing),
                                                  IoInterest::read, 1) == refused.error);
    });
}

BOOST_AUTO_TEST_CASE(a_second_registration_of_a_handle_is_file_exists) {
    on_every_kernel(1, [](Stage& stage) {
        Witness witness(stage.world);
        BOOST_TEST(witness.poller.register_handle(witness.pair.local, IoInterest::read, 1) ==
                   std::errc::file_exists);
    });
}

BOOST_AUTO_TEST_CASE(a_duplicate_of_a_registered_handle_is_another_handle) {
    on_every_kernel(1, [](Stage& stage) {
        Witness witness(stage.world);
        const Handle duplicate = stage.world.duplicate(witness.pair.local);
        BOOST_TEST(witness.poller.register_handle(duplicate, IoInterest::write, 2));
        const auto waited = wait(witness.poller);
        BOOST_TEST(waited.mask_of(42) == mask::out);
        BOOST_TEST(waited.mask_of(2) == mask::out);
        BOOST_TEST(witness.poller.unregister_handle(duplicate));
    });
}

BOOST_DATA_TEST_CASE(unknown_interest_and_edges_are_invalid,
                     data::make({mask::et, mask::et | mask::in, 1U << 28U, 1U << 29U, 0x20U, 0x400U,
                                 0x1000U, 0x4000U}),
                     bits) {
    on_every_kernel(1, [&](Stage& stage) {
        Witness witness(stage.world);
        const Handle socket = stage.world.tcp_socket();
        BOOST_TEST(witness.poller.register_handle(socket, IoInterest{bits}, 1) ==
                   std::errc::invalid_argument);
        BOOST_TEST(witness.poller.modify_handle(witness.pair.local, IoInterest{bits}, 1) ==
                   std::errc::invalid_argument);
    });
}

BOOST_AUTO_TEST_CASE(err_and_hup_may_be_asked_for) {
    on_every_kernel(1, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_TEST(
            poller.register_handle(pair.local, IoInterest{mask::err | mask::hup | mask::out}, 1));
        BOOST_TEST(wait(poller).mask_of(1) == mask::out);
    });
}

BOOST_AUTO_TEST_CASE(empty_interest_is_told_of_errors_only) {
    on_every_kernel(50, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_TEST(poller.register_handle(pair.local, IoInterest::none, 1));
        BOOST_TEST(stage.world.send(pair.peer, 1).bytes == 1U);
        BOOST_TEST(wait(poller, 1ms).count() == 0U);
        stage.world.reset(pair.peer);
        BOOST_TEST(wait(poller).mask_of(1) == (mask::err | mask::hup));
    });
}

BOOST_AUTO_TEST_CASE(modify_and_unregister_of_a_stranger_are_not_found) {
    on_every_kernel(1, [](Stage& stage) {
        Witness witness(stage.world);
        for (const Handle stranger : {stage.world.tcp_socket(), witness.pair.peer}) {
            BOOST_TEST(witness.poller.modify_handle(stranger, IoInterest::read, 1) ==
                       std::errc::no_such_file_or_directory);
            BOOST_TEST(witness.poller.unregister_handle(stranger) ==
                       std::errc::no_such_file_or_directory);
        }
    });
}

BOOST_AUTO_TEST_CASE(modify_and_unregister_of_what_is_closed_say_so) {
    on_every_kernel(1, [](Stage& stage) {
        Witness witness(stage.world);
        const Handle stream = stage.world.tcp_socket();
        const Handle datagram = stage.world.udp_socket();
        stage.world.close(stream);
        stage.world.close(datagram);
        for (const Handle closed : {Handle{}, stream, datagram}) {
            BOOST_TEST(witness.poller.modify_handle(closed, IoInterest::read, 1) ==
                       std::errc::bad_file_descriptor);
            BOOST_TEST(witness.poller.unregister_handle(closed) == std::errc::bad_file_descriptor);
        }
    });
}

BOOST_AUTO_TEST_CASE(unregister_twice_is_not_found) {
    on_every_kernel(1, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_TEST(poller.register_handle(pair.local, IoInterest::write, 1));
        BOOST_TEST(poller.unregister_handle(pair.local));
        BOOST_TEST(poller.unregister_handle(pair.local) == std::errc::no_such_file_or_directory);
        BOOST_TEST(poller.registration_count() == 0U);
        BOOST_TEST(wait(poller, 1ms).count() == 0U);
        BOOST_TEST(poller.register_handle(pair.local, IoInterest::write, 2));
        BOOST_TEST(wait(poller).mask_of(2) == mask::out);
    });
}

BOOST_AUTO_TEST_CASE(the_1025th_registration_finds_no_space) {
    on_every_kernel(1, [](Stage& stage) {
        OsPoller poller = make_poller();
        std::vector<Handle> sockets;
        for (std::uint64_t i = 0; i < 1024; ++i) {
            sockets.push_back(stage.world.udp_socket());
            BOOST_REQUIRE(poller.register_handle(sockets.back(), IoInterest::read, i));
        }
        BOOST_TEST(poller.registration_count() == 1024U);
        const Handle late = stage.world.udp_socket();
        BOOST_TEST(poller.register_handle(late, IoInterest::write, 1024) ==
                   std::errc::no_space_on_device);
        BOOST_TEST(poller.registration_count() == 1024U);
        BOOST_TEST(wait(poller, 0ms).count() == 0U);
        BOOST_TEST(poller.unregister_handle(sockets[500]));
        BOOST_TEST(poller.register_handle(late, IoInterest::write, 1024));
        BOOST_TEST(wait(poller).mask_of(1024) == mask::out);
        BOOST_TEST(poller.register_handle(sockets[500], IoInterest::read, 0) ==
                   std::errc::no_space_on_device);
    });
}

BOOST_AUTO_TEST_CASE(a_small_poller_is_full_where_it_says) {
    on_every_kernel(1, [](Stage& stage) {
        OsPoller poller = make_poller({.max_registrations = 1, .max_overlapped_entries = 2});
        BOOST_TEST(poller.register_handle(stage.world.udp_socket(), IoInterest::write, 1));
        BOOST_TEST(poller.register_handle(stage.world.udp_socket(), IoInterest::write, 2) ==
                   std::errc::no_space_on_device);
        BOOST_TEST(wait(poller).mask_of(1) == mask::out);
        BOOST_TEST(poller.overlapped_pool().capacity() == 2U);
    });
}

BOOST_AUTO_TEST_CASE(an_empty_span_is_invalid) {
    on_every_kernel(1, [](Stage& stage) {
        Witness witness(stage.world);
        BOOST_TEST(witness.poller.post_wakeup());
        const WaitResult result = witness.poller.wait({}, patience);
        BOOST_TEST(result.error == std::errc::invalid_argument);
        BOOST_TEST(!result.woken);
        BOOST_TEST(wait(witness.poller).result.woken);  // The wake was not lost to it.
    });
}

BOOST_AUTO_TEST_CASE(a_configuration_out_of_range_is_invalid) {
    on_every_kernel(1, [](Stage&) {
        for (const PollerConfig& config :
             {PollerConfig{.max_registrations = 0}, PollerConfig{.max_registrations = 65537},
              PollerConfig{.max_overlapped_entries = 0},
              PollerConfig{.max_overlapped_entries = 65537},
              PollerConfig{.max_registrations = 0xFFFFFFFF},
              PollerConfig{.backend = static_cast<Backend>(3)}}) {
            BOOST_TEST(OsPoller::create(under_test(config)).error() == std::errc::invalid_argument);
        }
        BOOST_TEST(
            make_poller({.max_registrations = 65536, .max_overlapped_entries = 65536}).is_valid());
    });
}

BOOST_AUTO_TEST_CASE(handles_are_classified) {
    on_every_kernel(1, [](Stage& stage) {
        const OsPoller poller = make_poller();  // Classification needs Winsock to be started.
        BOOST_TEST((*OsPoller::classify(stage.world.tcp_socket()) == HandleType::socket));
        BOOST_TEST((*OsPoller::classify(stage.world.thing(Thing::event)) == HandleType::event));
        BOOST_TEST((*OsPoller::classify(stage.world.thing(Thing::disk_file)) == HandleType::file));
        BOOST_TEST(
            (*OsPoller::classify(stage.world.thing(Thing::null_device)) == HandleType::unknown));
        BOOST_TEST(OsPoller::classify(Handle{}).error() == std::errc::bad_file_descriptor);
    });
}

BOOST_AUTO_TEST_SUITE_END()
