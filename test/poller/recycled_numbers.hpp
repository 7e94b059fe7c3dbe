// A number that was one object's and is another's by now: the kinds of object, and every call that
// takes a handle.
//
// What the poller knew of the old object does not affect the new one: each call behaves as for a
// handle that the poller has never seen, and what it starts is reported. A second poller, which has
// seen nothing, gives the expected results.
#pragma once

#include <array>
#include <cstddef>
#include <system_error>
#include <utility>
#include <vector>

#include "operation_support.hpp"

namespace wakepoll::test::recycled {

enum class Object {
    tcp,
    udp,
    listener,
    byte_pipe,
    anonymous_pipe,
    file,
    event,
    console,
    tcp_of_another_port,
    pipe_of_another_port,
    file_of_another_port,
    closed,
};

inline constexpr std::array object_names = {"tcp",
                                            "udp",
                                            "listener",
                                            "byte_pipe",
                                            "anonymous_pipe",
                                            "file",
                                            "event",
                                            "console",
                                            "tcp_of_another_port",
                                            "pipe_of_another_port",
                                            "file_of_another_port",
                                            "closed"};

constexpr bool is_socket(Object object) {
    return object <= Object::listener || object == Object::tcp_of_another_port;
}

/// How the poller knows the old object.
enum class Known { operated, operating, associated, was_registered };

inline constexpr std::array known_names = {"operated", "operating", "associated", "was_registered"};

enum class Asked {
    add,
    modify,
    remove,
    associate,
    read,
    write,
    receive_from,
    send_to,
    accept,
    connect,
    connect_pipe,
    attach,
    cancel,
};

inline constexpr std::array asked_names = {
    "register",      "modify",         "unregister",          "associate",
    "submit_read",   "submit_write",   "submit_receive_from", "submit_send_to",
    "submit_accept", "submit_connect", "submit_connect_pipe", "attach",
    "cancel"};

template <class Enum, class Names>
[[nodiscard]] const char* name_in(const Names& names, Enum value) {
    return names.at(static_cast<std::size_t>(value));
}

class Scene {
public:
    Scene(Stage& stage, OsPoller& poller) : world(stage.world), poller_(poller) {}

    Handle make(Object object) {
        switch (object) {
            case Object::tcp:
                return world.tcp_pair().local;
            case Object::udp:
                return world.udp_pair().local;
            case Object::listener:
                return world.listener();
            case Object::byte_pipe:
                return world.pipe_pair(PipeKind::bytes).local;
            case Object::anonymous_pipe:
                return world.pipe_pair(PipeKind::anonymous).local;
            case Object::file:
                return world.file_of(100);
            case Object::event:
                return world.thing(Thing::event);
            case Object::console:
                return world.console();
            case Object::tcp_of_another_port:
                return elsewhere(make(Object::tcp));
            case Object::pipe_of_another_port:
                return elsewhere(make(Object::byte_pipe));
            case Object::file_of_another_port:
                return elsewhere(make(Object::file));
            case Object::closed:
                break;
        }
        return {};
    }

    void close(Object object, Handle handle) {
        is_socket(object) ? world.close(handle) : world.close_handle(handle);
    }

    /// Lets the poller know the handle. False if it cannot know such an object in this way.
    bool know(Known known, Object object, Handle handle) {
        switch (known) {
            case Known::associated:
                return poller_.associate_handle(handle, 5).has_value();
            case Known::was_registered:
                return poller_.register_handle(handle, IoInterest::read, 6) &&
                       wait(poller_, 0s).count() <= 1 && poller_.unregister_handle(handle);
            case Known::operating:
            case Known::operated:
                break;
        }
        if (object == Object::file && known == Known::operating) {
            return false;
        }
        const Result<OverlappedEntry*> entry = object == Object::listener
                                                   ? poller_.submit_accept(handle, addresses_, 7)
                                                   : poller_.submit_read(handle, old_buffer_, 7);
        if (!entry) {
            return false;
        }
        if (known == Known::operated) {
            (void)poller_.cancel(*entry);
            (void)report(poller_);
        }
        return true;
    }

    /// The number `wanted`, which is free, becomes the object's, whose number was `handle`.
    void rename(Object object, Handle handle, Handle wanted) {
        std::vector<Handle> others;
        for (Handle copy = world.duplicate(handle); copy != wanted;
             copy = world.duplicate(handle)) {
            BOOST_REQUIRE(others.size() < 100U);
            others.push_back(copy);
        }
        close(object, handle);
        for (const Handle other : others) {
            close(object, other);
        }
    }

    World& world;

private:
    Handle elsewhere(Handle handle) {
        world.associate(handle, world.foreign_port());
        return handle;
    }

    OsPoller& poller_;
    std::array<std::byte, 8> old_buffer_{};
    AcceptBuffer<> addresses_{};
};

/// What the call answers, in a word; and whether what it starts is reported once the handle is
/// closed, or can be undone.
inline std::error_code ask(Scene& scene, OsPoller& poller, Asked asked, Object object,
                           Handle handle) {
    std::array<std::byte, 8> buffer{};
    std::array<std::byte, OsPoller::address_size> sender{};
    AcceptBuffer<> addresses{};
    const std::vector<std::byte> refused = scene.world.refused_address();
    const auto submitted = [&](const Result<OverlappedEntry*>& entry) -> std::error_code {
        if (!entry) {
            return entry.error();
        }
        scene.close(object, handle);
        std::array<NativeEvent, 8> events;
        for (int i = 0; i < 4; ++i) {
            const WaitResult waited = poller.wait(events, 1s);
            for (const Report& one : copies(std::span(events).first(waited.count))) {
                if (one.data == 9) {
                    return {};
                }
            }
        }
        BOOST_ERROR("a submitted operation is not reported");
        return {};
    };
    switch (asked) {
        case Asked::add:
            return poller.register_handle(handle, IoInterest::read, 9).error();
        case Asked::modify:
            return poller.modify_handle(handle, IoInterest::read, 9).error();
        case Asked::remove:
            return poller.unregister_handle(handle).error();
        case Asked::associate:
            return poller.associate_handle(handle, 9).error();
        case Asked::read:
            return submitted(poller.submit_read(handle, buffer, 9));
        case Asked::write:
            return submitted(poller.submit_write(handle, bytes_of("x"), 9));
        case Asked::receive_from:
            return submitted(poller.submit_receive_from(handle, buffer, sender, 9));
        case Asked::send_to:
            return submitted(poller.submit_send_to(handle, bytes_of("x"), refused, 9));
        case Asked::accept:
            return submitted(poller.submit_accept(handle, addresses, 9));
        case Asked::connect:
            return submitted(poller.submit_connect(handle, refused, 9));
        case Asked::connect_pipe:
            return submitted(poller.submit_connect_pipe(handle, 9));
        case Asked::attach:
            return poller.attach(handle).error();
        case Asked::cancel:
            break;
    }
    return poller.cancel(handle).error();
}

template <class Body>
void for_each_of(std::size_t count, Body&& body) {
    for (std::size_t i = 0; i < count; ++i) {
        body(i);
    }
}

}  // namespace wakepoll::test::recycled
