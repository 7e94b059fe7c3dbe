// Registration: it ends with its object, and ends nothing else.
#include <optional>
#include <utility>

#include "operation_support.hpp"

using namespace wakepoll;
using namespace wakepoll::test;

BOOST_AUTO_TEST_SUITE(scoped_registrations)

namespace {

constexpr int some_seeds = 60;

}  // namespace

BOOST_AUTO_TEST_CASE(it_registers_and_unregisters) {
    on_every_kernel(some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, Carrier::tcp);
        put_text(stage.world, pair.peer, "data");
        {
            const Registration input =
                Registration::create(poller, pair.local, IoInterest::read, 7).value();
            BOOST_TEST(static_cast<bool>(input));
            BOOST_TEST((input.handle() == pair.local));
            BOOST_TEST(poller.registration_count() == 1U);
            BOOST_TEST(wait(poller).mask_of(7) == mask::in);
        }
        BOOST_TEST(poller.registration_count() == 0U);
        BOOST_TEST(wait(poller, 2ms).count() == 0U);
        BOOST_TEST(poller.unregister_handle(pair.local) == errc::not_registered);
    });
}

BOOST_AUTO_TEST_CASE(it_is_of_any_handle_and_refused_as_any_registration) {
    on_every_kernel(some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle event = stage.world.thing(Thing::event);
        int connection = 0;
        {
            const auto signal =
                Registration::create(poller, event, IoInterest::read, &connection).value();
            stage.world.signal(event);
            const auto waited = wait(poller);
            BOOST_REQUIRE(waited.count() == 1U);
            BOOST_TEST(waited.events[0].ptr<int>() == &connection);
            BOOST_TEST(Registration::create(poller, event, IoInterest::read, 1).error() ==
                       errc::already_registered);
        }
        BOOST_TEST(
            Registration::create(poller, stage.world.file_of(1), IoInterest::read, 1).error() ==
            errc::nothing_to_wait_for);
        BOOST_TEST(Registration::create(poller, event, IoInterest::edge_triggered, 1).error() ==
                   errc::edge_triggered);
        BOOST_TEST(Registration::create(poller, Handle{}, IoInterest::read, 1).error() ==
                   errc::bad_handle);
        BOOST_TEST(poller.registration_count() == 0U);
        poller.dispose();
        BOOST_TEST(Registration::create(poller, event, IoInterest::read, 1).error() ==
                   std::errc::operation_canceled);
    });
}

BOOST_AUTO_TEST_CASE(it_can_be_modified) {
    on_every_kernel(some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, Carrier::tcp);
        Registration both = Registration::create(poller, pair.local, IoInterest::none, 1).value();
        BOOST_TEST(both.modify(IoInterest::write, 2));
        BOOST_TEST(wait(poller).mask_of(2) == mask::out);
        BOOST_TEST(both.modify(IoInterest::read | IoInterest::one_shot, &both));
        put_text(stage.world, pair.peer, "data");
        const auto waited = wait(poller);
        BOOST_REQUIRE(waited.count() == 1U);
        BOOST_TEST(waited.events[0].ptr<Registration>() == &both);
        BOOST_TEST(both.modify(IoInterest::edge_triggered, 3) == errc::edge_triggered);
        BOOST_TEST(both.unregister());
        BOOST_TEST(!static_cast<bool>(both));
        BOOST_TEST(both.modify(IoInterest::read, 3) == errc::not_registered);
        BOOST_TEST(both.unregister() == errc::not_registered);
    });
}

BOOST_AUTO_TEST_CASE(it_can_be_moved_and_released) {
    on_every_kernel(some_seeds, [](Stage& stage) {
        OsPoller first = make_poller();
        const Ends one = ends(stage.world, Carrier::tcp);
        const Ends two = ends(stage.world, Carrier::tcp);
        std::optional<Registration> kept;
        {
            Registration made = Registration::create(first, one.local, IoInterest::read, 1).value();
            kept = std::move(made);
        }
        OsPoller poller = std::move(first);
        put_text(stage.world, one.peer, "data");
        BOOST_TEST(wait(poller).mask_of(1) == mask::in);
        // What is replaced is unregistered.
        *kept = Registration::create(poller, two.local, IoInterest::read, 2).value();
        BOOST_TEST(poller.registration_count() == 1U);
        put_text(stage.world, two.peer, "data");
        BOOST_TEST(wait(poller).mask_of(2) == mask::in);
        BOOST_TEST((kept->release() == two.local));
        kept.reset();
        BOOST_TEST(poller.registration_count() == 1U);
        BOOST_TEST(wait(poller).mask_of(2) == mask::in);
    });
}

BOOST_AUTO_TEST_CASE(one_that_was_closed_leaves_the_next_of_its_number_alone) {
    on_every_kernel(some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair old = stage.world.tcp_pair();
        std::optional<Registration> late =
            Registration::create(poller, old.local, IoInterest::read, 1).value();
        // In the first wait that blocks, Wine 10 takes a handle for good: not the closed one's.
        BOOST_TEST(wait(poller, 2ms).count() == 0U);
        stage.world.close(old.local);
        BOOST_TEST(wait(poller, 2ms).count() == 0U);  // The poller finds it closed.
        BOOST_REQUIRE(poller.registration_count() == 0U);
        SocketPair pair;
        BOOST_REQUIRE(stage.world.recycle(old.local, pair));
        BOOST_REQUIRE(poller.register_handle(pair.local, IoInterest::read, 2));
        BOOST_TEST(late->modify(IoInterest::none, 3) == errc::not_registered);
        late.reset();
        BOOST_TEST(poller.registration_count() == 1U);
        put_text(stage.world, pair.peer, "data");
        BOOST_TEST(wait(poller).mask_of(2) == mask::in);
    });
}

BOOST_AUTO_TEST_CASE(one_that_was_unregistered_by_hand_leaves_the_next_alone) {
    on_every_kernel(some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, Carrier::tcp);
        std::optional<Registration> late =
            Registration::create(poller, pair.local, IoInterest::read, 1).value();
        BOOST_REQUIRE(poller.unregister_handle(pair.local));
        BOOST_REQUIRE(poller.register_handle(pair.local, IoInterest::read, 2));
        late.reset();
        BOOST_TEST(poller.registration_count() == 1U);
    });
}

BOOST_AUTO_TEST_CASE(it_may_outlive_its_poller) {
    on_every_kernel(some_seeds, [](Stage& stage) {
        std::optional<OsPoller> poller = make_poller();
        const Ends pair = ends(stage.world, Carrier::tcp);
        Registration late = Registration::create(*poller, pair.local, IoInterest::read, 1).value();
        poller->dispose();
        BOOST_TEST(late.modify(IoInterest::read, 1) == std::errc::operation_canceled);
        poller.reset();
        BOOST_TEST(late.unregister() == std::errc::operation_canceled);
    });
}

BOOST_AUTO_TEST_SUITE_END()
