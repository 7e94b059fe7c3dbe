// Registering, unregistering, and registrations whose handle was closed.
//
// When a handle is closed while registered, a few waits come before the next observation, so that
// every backend that can notice the close has noticed it.
#include <array>

#include "scene.hpp"

namespace wakepoll::test {
namespace {

using namespace std::chrono_literals;

/// Gives a backend that polls at intervals enough time to notice that a handle was closed.
void notice(Scene& scene, Readiness& poller) {
    const auto end = poller.now() + 60ms;
    while (poller.now() < end) {
        static_cast<void>(poller.wait(60ms));
    }
    scene.settle(0);
}

void errors_of_add_modify_and_remove(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    Readiness& poller = scene.poller();
    scene.note("modify before add", poller.modify(pair.local, IoInterest::read, 1));
    scene.note("remove before add", poller.remove(pair.local));
    scene.note("add", poller.add(pair.local, IoInterest::read, 1));
    scene.note("add again", poller.add(pair.local, IoInterest::write, 2));
    scene.world.send(pair.peer, 1);
    scene.settled("the refused add changes nothing", 1, mask::in);
    scene.note("remove", poller.remove(pair.local));
    scene.note("remove again", poller.remove(pair.local));
    scene.settled("removed", 1);
    scene.note("add after remove", poller.add(pair.local, IoInterest::read, 3));
    scene.settled("added after remove", 3, mask::in);
}

void handles_that_cannot_be_polled(Scene& scene) {
    Readiness& poller = scene.poller();
    scene.note("a disk file", poller.add(scene.world.thing(Thing::disk_file), IoInterest::read, 1));
    scene.note("a directory", poller.add(scene.world.thing(Thing::directory), IoInterest::read, 1));
    scene.note("the null device",
               poller.add(scene.world.thing(Thing::null_device), IoInterest::read, 1));
}

void numbers_that_are_no_handle(Scene& scene) {
    Readiness& poller = scene.poller();
    const Handle never = scene.world.never_a_handle();
    const Handle closed = scene.world.tcp_socket();
    scene.world.close(closed);
    scene.note("add a closed handle", poller.add(closed, IoInterest::read, 1));
    scene.note("add a number that was never a handle", poller.add(never, IoInterest::read, 1));
    scene.note("add an invalid handle", poller.add(Handle{}, IoInterest::read, 1));
    scene.note("modify a closed handle", poller.modify(closed, IoInterest::read, 1));
    scene.note("modify a number that was never a handle",
               poller.modify(never, IoInterest::read, 1));
    scene.note("modify an invalid handle", poller.modify(Handle{}, IoInterest::read, 1));
    scene.note("remove a closed handle", poller.remove(closed));
    scene.note("remove a number that was never a handle", poller.remove(never));
    scene.note("remove an invalid handle", poller.remove(Handle{}));
}

void closed_while_registered(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    const SocketPair other = scene.world.tcp_pair();
    scene.add(pair.local, all_interest, 1);
    scene.add(other.local, IoInterest::read, 2);
    scene.settle(1, mask::out);
    scene.world.close(pair.local);
    notice(scene, scene.poller());
    scene.nothing_more("the closed socket", 1);
    scene.note("modify", scene.poller().modify(pair.local, IoInterest::read, 3));
    scene.note("remove", scene.poller().remove(pair.local));
    scene.world.send(other.peer, 1);
    scene.settled("the other socket", 2, mask::in);
}

void closed_during_the_wait(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    const SocketPair other = scene.world.tcp_pair();
    scene.add(pair.local, IoInterest::read, 1);
    scene.add(other.local, IoInterest::read, 2);
    scene.during(
        [&] {
            scene.world.close(pair.local);
            scene.world.send(other.peer, 1);
        },
        [&] { scene.next_report("the other socket", 2); });
    scene.nothing_more("the closed socket", 1);
}

void closed_with_data_unread(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, IoInterest::read, 1);
    scene.world.send(pair.peer, 1);
    scene.settled("data", 1, mask::in);
    scene.world.close(pair.local);
    scene.settled("closed", 1);
}

void one_shot_closed_after_its_report(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.settle(0);  // Creates the marker, which must not get the number.
    scene.add(pair.local, IoInterest::write | IoInterest::one_shot, 1);
    scene.next_report("once", 1);
    scene.world.close(pair.local);
    scene.nothing_more("closed", 1);
    SocketPair made;
    scene.note("the number is reused", scene.world.recycle(pair.local, made));
    scene.note("add", scene.poller().add(made.local, IoInterest::write, 2));
    static_cast<void>(scene.poller().remove(made.local));
    scene.note("add after a remove", scene.poller().add(made.local, IoInterest::write, 3));
    scene.settled("the new socket", 3, mask::out);
}

void a_duplicate_and_the_original(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    const Handle copy = scene.world.duplicate(pair.local);
    scene.note("add", scene.poller().add(pair.local, IoInterest::read, 1));
    scene.note("add the duplicate", scene.poller().add(copy, IoInterest::write, 2));
    scene.world.send(pair.peer, 1);
    scene.settled("the original", 1, mask::in);
    scene.settled("the duplicate", 2, mask::out);
    scene.note("remove", scene.poller().remove(pair.local));
    scene.settled("the duplicate alone", 2, mask::out);
}

void a_duplicate_is_closed(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    const Handle copy = scene.world.duplicate(pair.local);
    scene.add(pair.local, IoInterest::read, 1);
    scene.settled("idle", 1);
    scene.world.close(copy);
    scene.world.send(pair.peer, 1);
    scene.settled("data", 1, mask::in);
}

void the_original_is_closed_a_duplicate_stays_open(Scene& scene) {
    notice(scene, scene.poller());  // As in a_number_reused_after_the_close_was_noticed.
    const SocketPair pair = scene.world.tcp_pair();
    const Handle copy = scene.world.duplicate(pair.local);
    scene.add(pair.local, IoInterest::read, 1);
    scene.world.send(pair.peer, 1);
    scene.settled("data", 1, mask::in);
    scene.world.close(pair.local);
    notice(scene, scene.poller());
    scene.settled("the original is closed", 1);
    scene.note("remove the original", scene.poller().remove(pair.local));
    scene.note("add the duplicate", scene.poller().add(copy, IoInterest::read, 2));
    scene.settled("the duplicate", 2, mask::in);
}

/// A new pair whose `local` has the number of a closed socket.
SocketPair recycled(Scene& scene, Handle old) {
    SocketPair pair;
    scene.note("the number is reused", scene.world.recycle(old, pair));
    return pair;
}

void a_number_reused_after_remove(Scene& scene) {
    const SocketPair old = scene.world.tcp_pair();
    scene.add(old.local, IoInterest::read, 1);
    scene.world.send(old.peer, 1);
    scene.settle(1, mask::in);
    scene.note("remove", scene.poller().remove(old.local));
    scene.world.close(old.local);
    const SocketPair made = recycled(scene, old.local);
    scene.note("add", scene.poller().add(made.local, IoInterest::read, 2));
    scene.settled("the new socket", 2);
    scene.world.send(made.peer, 1);
    scene.settled("the new socket has data", 2, mask::in);
    scene.settled("the old socket", 1);
}

void a_number_reused_after_the_close_was_noticed(Scene& scene) {
    // A wait without sockets first: on Wine 10 the first such wait opens a handle for good, which
    // would get the number.
    notice(scene, scene.poller());
    const SocketPair old = scene.world.tcp_pair();
    scene.add(old.local, IoInterest::read, 1);
    scene.settled("idle", 1);
    scene.world.close(old.local);
    notice(scene, scene.poller());
    const SocketPair made = recycled(scene, old.local);
    scene.world.send(made.peer, 1);
    scene.settled("the new socket is not registered", 1);
    scene.note("add", scene.poller().add(made.local, IoInterest::read, 2));
    scene.settled("added", 2, mask::in);
}

void a_number_reused_between_two_waits(Scene& scene) {
    const SocketPair old = scene.world.tcp_pair();
    scene.add(old.local, IoInterest::read, 1);
    static_cast<void>(scene.poller().wait(1ms));
    scene.world.close(old.local);
    const SocketPair made = recycled(scene, old.local);
    scene.world.send(made.peer, 1);
    scene.settled("the new socket", 1);
}

}  // namespace

std::span<const Scenario> lifetime_scenarios() {
    static constexpr std::array scenarios = {
        Scenario{"lifetimes/errors of add, modify and remove", errors_of_add_modify_and_remove},
        Scenario{"lifetimes/handles that cannot be polled", handles_that_cannot_be_polled},
        Scenario{"lifetimes/numbers that are no handle", numbers_that_are_no_handle},
        Scenario{"lifetimes/closed while registered", closed_while_registered},
        Scenario{"lifetimes/closed during the wait", closed_during_the_wait},
        Scenario{"lifetimes/closed with data unread", closed_with_data_unread},
        Scenario{"lifetimes/one-shot, closed after its report", one_shot_closed_after_its_report},
        Scenario{"lifetimes/a duplicate and the original", a_duplicate_and_the_original},
        Scenario{"lifetimes/a duplicate is closed", a_duplicate_is_closed},
        Scenario{"lifetimes/the original is closed, a duplicate stays open",
                 the_original_is_closed_a_duplicate_stays_open},
        Scenario{"lifetimes/a number reused after remove", a_number_reused_after_remove},
        Scenario{"lifetimes/a number reused after the close was noticed",
                 a_number_reused_after_the_close_was_noticed},
        Scenario{"lifetimes/a number reused between two waits", a_number_reused_between_two_waits},
    };
    return scenarios;
}

}  // namespace wakepoll::test
