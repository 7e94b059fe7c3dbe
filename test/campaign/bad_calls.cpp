// See bad_calls.hpp.
#include "bad_calls.hpp"

#include <array>

namespace wakepoll::test {
namespace {

constexpr std::uint64_t unreported = 0;  ///< User data that is never reported.

struct BadCall {
    const char* words;
    std::errc answer;
    std::error_code (*make)(Scene&);
};

/// Tries to register a new handle that cannot be registered, and closes it.
std::error_code register_thing(Scene& scene, Thing kind, IoInterest interest) {
    const Handle thing = scene.world->thing(kind);
    scene.adopt(thing);
    const std::error_code error =
        scene.poller->register_handle(thing, interest, unreported).error();
    scene.world->close_handle(thing);
    return error;
}

/// The number of a closed handle; use it before anything is opened.
Handle closed_thing(Scene& scene) {
    const Handle thing = scene.world->thing(Thing::event);
    scene.adopt(thing);
    scene.world->close_handle(thing);
    return thing;
}

/// A handle's number with a low bit set, which waits take for that handle.
std::error_code register_number_beside(Scene& scene) {
    const Handle thing = scene.world->thing(Thing::event);
    scene.adopt(thing);
    const Handle beside(thing.value() | (1U + scene.below(3)));
    const std::error_code error =
        scene.poller->register_handle(beside, IoInterest::read, unreported).error();
    scene.world->close_handle(thing);
    return error;
}

std::error_code unregister_thing(Scene& scene) {
    const Handle thing = scene.world->thing(Thing::event);
    scene.adopt(thing);
    const std::error_code error = scene.poller->unregister_handle(thing).error();
    scene.world->close_handle(thing);
    return error;
}

std::array<std::byte, 16> buffer;

constexpr std::array bad_calls = {
    BadCall{"wait with no room", std::errc::invalid_argument,
            [](Scene& scene) { return scene.poller->wait({}, 0ms).error; }},
    BadCall{
        "register nothing", std::errc::bad_file_descriptor,
        [](Scene& scene) {
            return scene.poller->register_handle(Handle{}, IoInterest::read, unreported).error();
        }},
    BadCall{"register what never was a handle", std::errc::bad_file_descriptor,
            [](Scene& scene) {
                return scene.poller
                    ->register_handle(scene.world->never_a_handle(), IoInterest::read, unreported)
                    .error();
            }},
    BadCall{"register a number with a low bit", std::errc::bad_file_descriptor,
            register_number_beside},
    BadCall{"register for edges", std::errc::invalid_argument,
            [](Scene& scene) {
                return register_thing(scene, Thing::event,
                                      IoInterest::read | IoInterest::edge_triggered);
            }},
    BadCall{"register an event for writing", std::errc::invalid_argument,
            [](Scene& scene) {
                return register_thing(scene, Thing::event, IoInterest::read | IoInterest::write);
            }},
    BadCall{"register a disk file", std::errc::operation_not_permitted,
            [](Scene& scene) { return register_thing(scene, Thing::disk_file, IoInterest::read); }},
    BadCall{"modify what never was a handle", std::errc::bad_file_descriptor,
            [](Scene& scene) {
                return scene.poller
                    ->modify_handle(scene.world->never_a_handle(), IoInterest::read, unreported)
                    .error();
            }},
    BadCall{
        "unregister what was closed", std::errc::bad_file_descriptor,
        [](Scene& scene) { return scene.poller->unregister_handle(closed_thing(scene)).error(); }},
    BadCall{"unregister what is not registered", std::errc::no_such_file_or_directory,
            unregister_thing},
    BadCall{"associate with a key of the poller's own", std::errc::invalid_argument,
            [](Scene& scene) {
                return scene.poller->associate_handle(scene.world->never_a_handle(), 0xFFFFFFFE)
                    .error();
            }},
    BadCall{"read from nothing", std::errc::bad_file_descriptor,
            [](Scene& scene) {
                return scene.poller->submit_read(Handle{}, std::span(buffer), unreported).error();
            }},
    BadCall{"attach nothing", std::errc::bad_file_descriptor,
            [](Scene& scene) { return scene.poller->attach(Handle{}).error(); }},
    BadCall{"read from what is attached to nothing", std::errc::bad_file_descriptor,
            [](Scene& scene) {
                return scene.poller->submit_read(AttachedHandle(), std::span(buffer), unreported)
                    .error();
            }},
    BadCall{"wait for the client of what never was a handle", std::errc::bad_file_descriptor,
            [](Scene& scene) {
                return scene.poller->submit_connect_pipe(scene.world->never_a_handle(), unreported)
                    .error();
            }},
    BadCall{"write to what never was a handle", std::errc::bad_file_descriptor,
            [](Scene& scene) {
                return scene.poller
                    ->submit_write(scene.world->never_a_handle(), std::span(buffer), unreported)
                    .error();
            }},
    BadCall{"cancel nothing", std::errc::invalid_argument,
            [](Scene& scene) {
                return scene.poller->cancel(static_cast<OverlappedEntry*>(nullptr)).error();
            }},
    BadCall{"release nothing", std::errc::invalid_argument,
            [](Scene& scene) { return scene.poller->overlapped_pool().release(nullptr).error(); }},
};

}  // namespace

void call_badly(Scene& scene) {
    const BadCall& call = bad_calls[scene.below(bad_calls.size())];
    const std::size_t registrations = scene.poller->registration_count();
    const std::size_t entries = scene.poller->overlapped_count();
    const bool haunted = !scene.ghosts.empty();
    const std::error_code error = call.make(scene);
    scene.note("  ", call.words, " -> ", error.value());
    // The new handle may have the number of one that was closed with operations in flight.
    const bool busy = error == std::errc::device_or_resource_busy && !scene.operated.empty();
    hold(error && (error == call.answer || scene.faulty() || busy),
         "a wrong call gave another answer: ", call.words, ": ", error.message());
    // Handles that were closed while registered may be dropped at any time.
    hold(scene.poller->registration_count() == registrations ||
             (haunted && scene.poller->registration_count() < registrations),
         "a wrong call changed the registrations: ", call.words);
    hold(scene.poller->overlapped_count() == entries ||
             (haunted && scene.poller->overlapped_count() < entries),
         "a wrong call changed the pool: ", call.words);
}

void check_everything_is_refused(Scene& scene) {
    OsPoller& poller = *scene.poller;
    std::array<NativeEvent, 1> room;
    const Handle socket = scene.world->udp_socket();
    const std::array answers = {
        poller.wait(room, 0ms).error,
        poller.register_handle(socket, IoInterest::read, unreported).error(),
        poller.modify_handle(socket, IoInterest::read, unreported).error(),
        poller.unregister_handle(socket).error(),
        poller.associate_handle(socket, 1).error(),
        poller.submit_read(socket, std::span(buffer), unreported).error(),
        poller.submit_write(socket, std::span(buffer), unreported).error(),
        poller.submit_accept(socket, buffer, unreported).error(),
        poller.submit_connect(socket, buffer, unreported).error(),
        poller.cancel(socket).error(),
        poller.cancel(static_cast<OverlappedEntry*>(nullptr)).error(),
        poller.set_timer(Clock::now()).error(),
        poller.clear_timer().error()};
    scene.world->close(socket);
    for (const std::error_code& answer : answers) {
        hold(answer == std::errc::operation_canceled,
             "a poller that is gone answers: ", answer.message());
    }
    hold(!poller.post_wakeup(), "a poller that is gone can be woken");
}

}  // namespace wakepoll::test
