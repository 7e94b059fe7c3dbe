// Attached handles: an attachment saves each submit a query, lasts as long as its user says, and
// ends by itself if the number is found to be another object's.
//
// Nothing is registered for readiness here, so one backend is as good as another.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <optional>
#include <utility>

#include "operation_support.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(attached)

namespace {

constexpr int some_seeds = 50;

/// A byte each way, on an attached end.
void check_both_directions(Stage& stage, OsPoller& poller, const AttachedHandle& attached,
                           Handle peer) {
    std::array<std::byte, 4> buffer{};
    (void)started(poller.submit_read(attached, buffer, 1));
    put_text(stage.world, peer, "data");
    const Report read = report(poller);
    BOOST_TEST(read.data == 1U);
    BOOST_TEST(text_of(std::span(buffer).first(read.completion.bytes)) == "data");
    (void)started(poller.submit_write(attached, bytes_of("back"), 2));
    BOOST_TEST(report(poller).completion.bytes == 4U);
    BOOST_TEST(take_text(stage.world, peer, 4) == "back");
}

}  // namespace

BOOST_DATA_TEST_CASE(it_carries_operations_as_its_handle_does, data::make(all_carriers), carrier) {
    on_every_kernel(Backend::automatic, some_seeds, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, carrier);
        const AttachedHandle attached = poller.attach(pair.local).value();
        BOOST_TEST(static_cast<bool>(attached));
        BOOST_TEST((attached.handle() == pair.local));
        BOOST_TEST(poller.registration_count() == 0U);
        for (int round = 0; round < 3; ++round) {
            check_both_directions(stage, poller, attached, pair.peer);
        }
        // Operations on the plain handle still work, too.
        (void)started(poller.submit_write(pair.local, bytes_of("x"), 3));
        BOOST_TEST(report(poller).data == 3U);
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(every_operation_takes_one) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle listener = stage.world.listener();
        const Handle file = stage.world.file_of(600);
        const AttachedHandle listening = poller.attach(listener).value();
        const AttachedHandle connecting = poller.attach(stage.world.tcp_socket()).value();
        const AttachedHandle reading = poller.attach(file).value();
        AcceptBuffer<> addresses{};
        (void)started(poller.submit_accept(listening, addresses, 1));
        (void)started(poller.submit_connect(connecting, stage.world.address_of(listener), 2));
        std::array<std::byte, 4> block{};
        (void)started(poller.submit_read(reading, block, 3, 251 * 2));
        const std::vector<Report> all = reports(poller, 3);
        BOOST_TEST(!find(all, 1).completion.error);
        BOOST_TEST(!find(all, 2).completion.error);
        BOOST_TEST(find(all, 3).completion.bytes == 4U);
        BOOST_TEST((block[3] == std::byte{3}));
        const Handle accepted = find(all, 1).completion.accepted;
        std::array<std::byte, 2> first{};
        std::array<std::byte, 2> second{};
        const std::array parts = {IoBuffer{2, first.data()}, IoBuffer{2, second.data()}};
        (void)started(poller.submit_read(connecting, parts, 4));
        (void)started(poller.submit_write(accepted, bytes_of("abcd"), 5));
        const std::vector<Report> both = reports(poller, 2);
        BOOST_TEST(find(both, 4).completion.bytes == 4U);
        BOOST_TEST(text_of(second) == "cd");
        stage.world.close(accepted);
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(what_cannot_carry_operations_cannot_be_attached) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller({.max_registrations = 2});
        OsPoller other = make_poller();
        BOOST_TEST(poller.attach(stage.world.thing(Thing::event)).error() ==
                   std::errc::not_supported);
        BOOST_TEST(poller.attach(stage.world.thing(Thing::anonymous_pipe)).error() ==
                   errc::register_instead);
        BOOST_TEST(poller.attach(stage.world.thing(Thing::synchronous_file)).error() ==
                   errc::not_overlapped);
        BOOST_TEST(poller.attach(Handle{}).error() == std::errc::bad_file_descriptor);
        BOOST_TEST(poller.attach(stage.world.never_a_handle()).error() ==
                   std::errc::bad_file_descriptor);
        const Ends registered = ends(stage.world, Carrier::tcp);
        BOOST_REQUIRE(poller.register_handle(registered.local, IoInterest::read, 1));
        BOOST_TEST(poller.attach(registered.local).error() == errc::registered_for_readiness);
        const Ends pair = ends(stage.world, Carrier::tcp);
        const AttachedHandle attached = poller.attach(pair.local).value();
        BOOST_TEST(poller.attach(pair.local).error() == errc::already_attached);
        BOOST_TEST(poller.attach(pair.local).error() == std::errc::file_exists);
        BOOST_TEST(other.attach(pair.local).error() == std::errc::invalid_argument);
        BOOST_TEST(poller.attach(ends(stage.world, Carrier::udp).local).error() ==
                   std::errc::no_space_on_device);
        check_both_directions(stage, poller, attached, pair.peer);
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(an_attached_handle_is_not_registered_and_a_detached_one_is) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, Carrier::tcp);
        AttachedHandle attached = poller.attach(pair.local).value();
        BOOST_TEST(poller.register_handle(pair.local, IoInterest::read, 1) ==
                   errc::attached_for_operations);
        BOOST_TEST(poller.registration_count() == 0U);
        check_both_directions(stage, poller, attached, pair.peer);
        attached.detach();
        attached.detach();
        BOOST_TEST(!static_cast<bool>(attached));
        std::array<std::byte, 4> buffer{};
        BOOST_TEST(poller.submit_read(attached, buffer, 1).error() == errc::attachment_is_over);
        BOOST_REQUIRE(poller.register_handle(pair.local, IoInterest::read, 1));
        put_text(stage.world, pair.peer, "data");
        BOOST_TEST(wait(poller).mask_of(1) == mask::in);
        BOOST_REQUIRE(poller.unregister_handle(pair.local));
        BOOST_TEST(take_text(stage.world, pair.local, 4) == "data");
        attached = poller.attach(pair.local).value();
        check_both_directions(stage, poller, attached, pair.peer);
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(operations_in_flight_outlive_it) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, Carrier::tcp);
        std::array<std::byte, 4> buffer{};
        {
            const AttachedHandle attached = poller.attach(pair.local).value();
            (void)started(poller.submit_read(attached, buffer, 1));
        }
        put_text(stage.world, pair.peer, "data");
        BOOST_TEST(report(poller).completion.bytes == 4U);
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(it_can_be_moved_and_its_poller_too) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller first = make_poller();
        const Ends pair = ends(stage.world, Carrier::tcp);
        const Ends more = ends(stage.world, Carrier::tcp);
        AttachedHandle made = first.attach(pair.local).value();
        AttachedHandle attached = std::move(made);
        OsPoller poller = std::move(first);
        check_both_directions(stage, poller, attached, pair.peer);
        std::array<std::byte, 4> buffer{};
        // NOLINTNEXTLINE(bugprone-use-after-move): what was moved from is attached to nothing.
        BOOST_TEST(poller.submit_read(made, buffer, 1).error() == std::errc::bad_file_descriptor);
        BOOST_TEST(poller.submit_read(AttachedHandle(), buffer, 1).error() ==
                   std::errc::bad_file_descriptor);
        // What is replaced is detached.
        attached = poller.attach(more.local).value();
        BOOST_TEST(poller.register_handle(pair.local, IoInterest::read, 1));
        BOOST_TEST(poller.register_handle(more.local, IoInterest::read, 1) ==
                   errc::attached_for_operations);
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(another_poller_refuses_it) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        OsPoller other = make_poller();
        const Ends pair = ends(stage.world, Carrier::tcp);
        const AttachedHandle attached = poller.attach(pair.local).value();
        std::array<std::byte, 4> buffer{};
        BOOST_TEST(other.submit_read(attached, buffer, 1).error() == errc::attached_elsewhere);
        BOOST_TEST(other.submit_write(attached, buffer, 1).error() == std::errc::invalid_argument);
        BOOST_TEST(other.overlapped_count() == 0U);
        check_both_directions(stage, poller, attached, pair.peer);
    });
}

BOOST_AUTO_TEST_CASE(it_may_outlive_its_poller) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        std::optional<OsPoller> poller = make_poller();
        const Ends pair = ends(stage.world, Carrier::tcp);
        AttachedHandle attached = poller->attach(pair.local).value();
        poller->dispose();
        std::array<std::byte, 4> buffer{};
        BOOST_TEST(poller->submit_read(attached, buffer, 1).error() ==
                   std::errc::operation_canceled);
        BOOST_TEST(poller->attach(pair.peer).error() == std::errc::operation_canceled);
        AttachedHandle kept = std::move(attached);
        poller.reset();
        BOOST_TEST(static_cast<bool>(kept));
        kept.detach();
        OsPoller moved_from = make_poller();
        const OsPoller taken = std::move(moved_from);
        // NOLINTNEXTLINE(bugprone-use-after-move): that is what is tried.
        BOOST_TEST(moved_from.attach(pair.peer).error() == std::errc::operation_canceled);
    });
}

BOOST_DATA_TEST_CASE(a_handle_closed_while_attached_is_a_bad_descriptor, data::make(all_carriers),
                     carrier) {
    on_every_kernel(Backend::automatic, some_seeds, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, carrier);
        AttachedHandle attached = poller.attach(pair.local).value();
        std::array<std::byte, 4> buffer{};
        (void)started(poller.submit_read(attached, buffer, 1));
        close(stage.world, carrier, pair.local);
        BOOST_TEST(report(poller).completion.error == std::errc::operation_canceled);
        BOOST_TEST(poller.submit_read(attached, buffer, 2).error() ==
                   std::errc::bad_file_descriptor);
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(once_the_number_is_known_to_be_anothers_the_attachment_is_over) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair old = stage.world.tcp_pair();
        AttachedHandle attached = poller.attach(old.local).value();
        stage.world.close(old.local);
        SocketPair pair;
        BOOST_REQUIRE(stage.world.recycle(old.local, pair));
        // A submit on the plain handle queries it, so the poller learns it.
        (void)started(poller.submit_write(pair.local, bytes_of("x"), 1));
        BOOST_TEST(report(poller).data == 1U);
        BOOST_TEST(take_text(stage.world, pair.peer, 1) == "x");
        std::array<std::byte, 4> buffer{};
        BOOST_TEST(poller.submit_read(attached, buffer, 2).error() == errc::attachment_is_over);
        // The new socket's attachment is not the old one's to end.
        const AttachedHandle second = poller.attach(pair.local).value();
        attached.detach();
        BOOST_TEST(poller.attach(pair.local).error() == errc::already_attached);
        check_both_directions(stage, poller, second, pair.peer);
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(a_number_closed_while_attached_can_be_registered_as_a_new_handle) {
    on_every_kernel(some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair old = stage.world.tcp_pair();
        const AttachedHandle attached = poller.attach(old.local).value();
        stage.world.close(old.local);
        SocketPair pair;
        BOOST_REQUIRE(stage.world.recycle(old.local, pair));
        BOOST_REQUIRE(poller.register_handle(pair.local, IoInterest::read, 1));
        std::array<std::byte, 4> buffer{};
        BOOST_TEST(poller.submit_read(attached, buffer, 2).error() == errc::attachment_is_over);
        put_text(stage.world, pair.peer, "data");
        BOOST_TEST(wait(poller).mask_of(1) == mask::in);
    });
}

BOOST_AUTO_TEST_CASE(a_closed_one_keeps_no_slot) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller({.max_registrations = 2});
        std::vector<AttachedHandle> all;
        for (int i = 0; i < 6; ++i) {
            const Ends pair = ends(stage.world, Carrier::tcp);
            all.push_back(poller.attach(pair.local).value());
            check_both_directions(stage, poller, all.back(), pair.peer);
            stage.world.close(pair.local);
        }
        all.clear();
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(dispose_takes_back_what_is_in_flight_on_it) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, Carrier::tcp);
        const AttachedHandle attached = poller.attach(pair.local).value();
        std::array<std::byte, 4> buffer{};
        (void)started(poller.submit_read(attached, buffer, 1));
        BOOST_TEST(poller.cancel(attached.handle()));
        poller.dispose();
        put_text(stage.world, pair.peer, "data");
        BOOST_TEST((buffer == std::array<std::byte, 4>{}));
    });
}

BOOST_AUTO_TEST_SUITE_END()
