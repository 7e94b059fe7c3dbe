// A number that was one object's and is another's by now, in every call that takes a handle: what
// the poller knew of the old object does not affect the new one. Each call behaves as for a handle
// that the poller has never seen, and what it starts is reported.
//
// The table is every kind of old object, and how the poller came to know it, by every kind of new
// object, by every call. A second poller, which has seen nothing, gives the expected results.
#include <algorithm>
#include <array>
#include <ostream>
#include <utility>

#include "operation_support.hpp"

using namespace wakepoll;
using namespace wakepoll::test;

namespace {

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

constexpr std::array object_names = {"tcp",
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

constexpr std::array known_names = {"operated", "operating", "associated", "was_registered"};

enum class Asked {
    add,
    modify,
    remove,
    associate,
    read,
    write,
    accept,
    connect,
    cancel,
};

constexpr std::array asked_names = {"register",      "modify",         "unregister",
                                    "associate",     "submit_read",    "submit_write",
                                    "submit_accept", "submit_connect", "cancel"};

template <class Enum, class Names>
const char* name_in(const Names& names, Enum value) {
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

    /// Moves the object, whose number is `handle`, to the free number `wanted`.
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

/// The result of the call, in a word; and whether what it starts is reported once the handle is
/// closed, or can be undone.
std::error_code ask(Scene& scene, OsPoller& poller, Asked asked, Object object, Handle handle) {
    std::array<std::byte, 8> buffer{};
    AcceptBuffer<> addresses{};
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
        case Asked::accept:
            return submitted(poller.submit_accept(handle, addresses, 9));
        case Asked::connect:
            return submitted(poller.submit_connect(handle, scene.world.address_of_nobody(), 9));
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

}  // namespace

BOOST_AUTO_TEST_SUITE(recycled_numbers)

BOOST_AUTO_TEST_CASE(every_call_answers_as_for_a_handle_that_is_new) {
    std::size_t rows = 0;
    const auto row = [&](Known known, Object before, Object after, Asked asked) {
        on_every_kernel(sanitized ? 1 : 2, [&](Stage& stage) {
            OsPoller poller = make_poller();
            OsPoller fresh = make_poller();
            Scene scene(stage, poller);
            const Handle old = scene.make(before);
            const Handle twin = scene.make(after);
            const Handle made = scene.make(after);
            if (after != Object::closed && (!twin || !made)) {
                return;
            }
            if (!scene.know(known, before, old)) {
                return;
            }
            scene.close(before, old);
            if (after != Object::closed) {
                scene.rename(after, made, old);
            }
            const Handle compared = twin ? twin : stage.world.never_a_handle();
            std::error_code right = ask(scene, fresh, asked, after, compared);
            if (known == Known::operating && after == Object::closed && asked == Asked::cancel) {
                right = std::make_error_code(std::errc::bad_file_descriptor);
                if (before == Object::listener) {
                    right = {};  // An accept is ended without its handle.
                }
            }
            const std::error_code answer = ask(scene, poller, asked, after, old);
            BOOST_TEST((answer == right ||
                        answer.default_error_condition() == right.default_error_condition()),
                       name_in(known_names, known)
                           << ' ' << name_in(object_names, before) << ", now "
                           << name_in(object_names, after) << ", " << name_in(asked_names, asked)
                           << ": " << answer << " and not " << right);
            ++rows;
        });
    };
    for_each_of(known_names.size(), [&](std::size_t known) {
        for_each_of(static_cast<std::size_t>(Object::event), [&](std::size_t before) {
            for_each_of(object_names.size(), [&](std::size_t after) {
                for_each_of(asked_names.size(), [&](std::size_t asked) {
                    row(static_cast<Known>(known), static_cast<Object>(before),
                        static_cast<Object>(after), static_cast<Asked>(asked));
                });
            });
        });
    });
    BOOST_TEST(rows > 5'000U);
}

/// Closed while it was registered. If the number belongs to another socket or event by now, the
/// registration continues as documented; every overlapped pipe is distinguished from others.
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
            // Unregistering a closed handle succeeds, and `modify` does not check a socket.
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

BOOST_AUTO_TEST_SUITE_END()
