// A number that was closed while it was registered, and is another object's by now, in every call
// that takes a handle.
#include <array>

#include "recycled_numbers.hpp"
#include "subject.hpp"

namespace wakepoll::test::recycled {
namespace {

BOOST_AUTO_TEST_SUITE(recycled_registrations)

/// Closed while it was registered. A socket that is another socket by now, and what is another
/// event, goes on as documented; every overlapped pipe is distinguished from others.
BOOST_AUTO_TEST_CASE(
    every_call_answers_as_for_a_handle_that_is_new_though_its_number_is_registered) {
    std::size_t rows = 0;
    const auto row = [&](Object before, Object after, Asked asked, int waits) {
        on_every_kernel(sanitized ? 1 : 2, [&](Stage& stage) {
            OsPoller poller = make_poller();
            OsPoller fresh = make_poller();
            Scene scene(stage, poller);
            const Handle old = scene.make(before);
            const Handle twin = scene.make(after);
            const Handle made = scene.make(after);
            if (!old || (after != Object::closed && (!twin || !made))) {
                return;
            }
            BOOST_REQUIRE(poller.register_handle(old, IoInterest::read, 6));
            for (int i = 0; i < waits; ++i) {
                (void)wait(poller, 0s);
            }
            scene.close(before, old);
            if (after != Object::closed) {
                scene.rename(after, made, old);
            }
            const Handle compared = twin ? twin : stage.world.never_a_handle();
            std::error_code right = ask(scene, fresh, asked, after, compared);
            // To unregister what was closed is right, and of a socket `modify` asks nothing.
            if (asked == Asked::remove || (asked == Asked::modify && is_socket(before))) {
                right = {};
            }
            const std::error_code answer = ask(scene, poller, asked, after, old);
            BOOST_TEST((answer == right ||
                        answer.default_error_condition() == right.default_error_condition()),
                       name_in(object_names, before)
                           << ", now " << name_in(object_names, after) << ", "
                           << name_in(asked_names, asked) << ", " << waits << " waits: " << answer
                           << " and not " << right);
            // A cancel ends no registration, nor does a new registration end itself.
            const bool goes_on = asked == Asked::cancel || (asked == Asked::add && !answer) ||
                                 (asked == Asked::modify && is_socket(before) && is_socket(after));
            BOOST_TEST((goes_on || wait(poller, 2ms).count() == 0U));
            BOOST_TEST((goes_on || poller.registration_count() == 0U));
            ++rows;
        });
    };
    constexpr std::array before_kinds = {Object::tcp,       Object::udp,   Object::listener,
                                         Object::byte_pipe, Object::event, Object::console};
    const auto is_told_apart = [](Object before, Object after) {
        const bool streams = before != Object::udp && after != Object::udp;
        return before != after && !(is_socket(before) && is_socket(after) && streams);
    };
    for (const Object before : before_kinds) {
        for_each_of(object_names.size(), [&](std::size_t after_index) {
            const auto after = static_cast<Object>(after_index);
            if (is_told_apart(before, after) || before == Object::byte_pipe) {
                for_each_of(asked_names.size(), [&](std::size_t asked) {
                    row(before, after, static_cast<Asked>(asked), 0);
                    row(before, after, static_cast<Asked>(asked), 1);
                });
            }
        });
    }
    BOOST_TEST(rows > 1'000U);
}

BOOST_AUTO_TEST_CASE(what_was_closed_while_registered_is_registered_as_another_kind) {
    const auto row = [&](Object before, Object after) {
        on_every_kernel(sanitized ? 2 : 6, [&](Stage& stage) {
            OsPoller poller = make_poller();
            Scene scene(stage, poller);
            const Handle old = scene.make(before);
            const Handle made = scene.make(after);
            BOOST_REQUIRE(poller.register_handle(old, IoInterest::read, 1));
            if (stage.kernel.options().seed % 2 == 0) {
                (void)wait(poller, 0s);
            }
            scene.close(before, old);
            scene.rename(after, made, old);
            BOOST_TEST(poller.register_handle(old, IoInterest::read, 2),
                       name_in(object_names, before) << ", now " << name_in(object_names, after));
            BOOST_TEST(poller.registration_count() == 1U);
            BOOST_TEST(poller.stats().registrations_dropped == 1U);
            BOOST_TEST(poller.modify_handle(old, IoInterest::read, 3));
            BOOST_TEST(wait(poller, 2ms).count() == 0U);
            BOOST_TEST(poller.unregister_handle(old));
            BOOST_TEST(poller.registration_count() == 0U);
        });
    };
    constexpr std::array kinds = {Object::tcp, Object::udp, Object::byte_pipe, Object::event};
    for (const Object before : kinds) {
        for (const Object after : kinds) {
            if (before != after) {
                row(before, after);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_submit_is_for_the_new_socket_where_afd_has_noticed_the_close) {
    on_prompt_kernels(Backend::afd, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair old = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(old.local, IoInterest::read, 1));
        BOOST_TEST(wait(poller, 0s).count() == 0U);
        stage.world.close(old.local);
        SocketPair pair;
        BOOST_REQUIRE(stage.world.recycle(old.local, pair));
        std::array<std::byte, 4> buffer{};
        (void)started(poller.submit_read(pair.local, buffer, 2));
        BOOST_TEST(poller.registration_count() == 0U);
        put_text(stage.world, pair.peer, "data");
        BOOST_TEST(report(poller).data == 2U);
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(a_submit_on_what_was_modified_before_it_was_closed_is_for_the_new_socket) {
    on_prompt_kernels(Backend::afd, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair old = stage.world.tcp_pair();
        BOOST_REQUIRE(
            poller.register_handle(old.local, IoInterest::read | IoInterest::priority, 1));
        BOOST_TEST(wait(poller, 0s).count() == 0U);
        BOOST_REQUIRE(poller.modify_handle(old.local, IoInterest::read, 1));
        stage.world.close(old.local);
        SocketPair pair;
        BOOST_REQUIRE(stage.world.recycle(old.local, pair));
        std::array<std::byte, 4> buffer{};
        (void)started(poller.submit_read(pair.local, buffer, 2));
        BOOST_TEST(poller.registration_count() == 0U);
        put_text(stage.world, pair.peer, "data");
        BOOST_TEST(report(poller).data == 2U);
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(a_modify_for_the_new_socket_goes_on_with_it) {
    on_every_kernel(Backend::afd, 60, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair old = stage.world.tcp_pair();
        BOOST_REQUIRE(
            poller.register_handle(old.local, IoInterest::read | IoInterest::priority, 1));
        BOOST_TEST(wait(poller, 0s).count() == 0U);
        stage.world.close(old.local);
        SocketPair pair;
        BOOST_REQUIRE(stage.world.recycle(old.local, pair));
        BOOST_REQUIRE(poller.modify_handle(pair.local, IoInterest::read, 2));
        BOOST_TEST(wait(poller, 1ms).count() == 0U);
        stage.world.send(pair.peer, 1);
        BOOST_TEST(wait(poller).mask_of(2) == mask::in);
        // It is the new one's now.
        BOOST_REQUIRE(poller.modify_handle(pair.local, IoInterest::read, 3));
        BOOST_TEST(
            (poller.register_handle(pair.local, IoInterest::read, 4) == std::errc::file_exists));
    });
}

BOOST_AUTO_TEST_CASE(a_close_of_an_earlier_registration_says_nothing_of_the_next) {
    on_every_kernel(Backend::afd, 60, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair old = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(old.local, IoInterest::read, 1));
        BOOST_TEST(wait(poller, 0s).count() == 0U);
        stage.world.close(old.local);
        SocketPair pair;
        BOOST_REQUIRE(stage.world.recycle(old.local, pair));
        BOOST_REQUIRE(poller.unregister_handle(pair.local));
        BOOST_REQUIRE(poller.register_handle(pair.local, IoInterest::read, 2));
        BOOST_TEST(wait(poller, 1ms).count() == 0U);
        BOOST_TEST(
            (poller.register_handle(pair.local, IoInterest::read, 3) == std::errc::file_exists));
        // A close of its own counts again.
        BOOST_REQUIRE(poller.modify_handle(pair.local, IoInterest::read, 4));
        stage.world.close(pair.local);
        SocketPair third;
        BOOST_REQUIRE(stage.world.recycle(pair.local, third));
        BOOST_TEST(wait(poller, 1ms).count() == 0U);
        BOOST_TEST(poller.register_handle(third.local, IoInterest::read, 5));
    });
}

BOOST_AUTO_TEST_CASE(a_number_that_an_accept_gets_is_a_new_socket) {
    on_every_kernel(60, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle listener = stage.world.listener();
        const SocketPair old = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(old.local, IoInterest::write, 1));
        BOOST_TEST(wait(poller).mask_of(1) == mask::out);
        stage.world.close(old.local);
        AcceptBuffer<> addresses{};
        (void)started(poller.submit_accept(listener, addresses, 7));
        BOOST_TEST(poller.registration_count() == 0U);
        BOOST_TEST(poller.stats().registrations_dropped == 1U);
        (void)stage.world.connecting(listener);
        const Report done = report(poller);
        BOOST_TEST(done.data == 7U);
        BOOST_REQUIRE(done.completion.accepted == old.local);
        BOOST_TEST(poller.register_handle(done.completion.accepted, IoInterest::write, 2));
        BOOST_TEST(wait(poller).mask_of(2) == mask::out);
    });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace wakepoll::test::recycled
