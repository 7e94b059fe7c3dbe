// Shared by the tests of lib/sys: limits for waits, a fixture, names for kinds of handle.
#pragma once

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <ostream>
#include <span>

#include "support/win32_objects.hpp"
#include "support/world.hpp"
#include "sys/socket_poll.hpp"

namespace wakepoll::test {

/// How long a test waits for what must come, before it fails.
inline constexpr std::uint32_t patience_milliseconds = 300'000;

/// How long it waits if nothing must come.
inline constexpr std::uint32_t quiet_milliseconds = 20;

/// What most of them start from.
struct WorldFixture {
    World world;
};

inline constexpr Thing all_things[] = {
    Thing::disk_file,      Thing::directory,    Thing::null_device,      Thing::event,
    Thing::anonymous_pipe, Thing::named_pipe,   Thing::process,          Thing::thread,
    Thing::semaphore,      Thing::timer,        Thing::auto_reset_event, Thing::auto_reset_timer,
    Thing::child_process,  Thing::child_thread, Thing::synchronous_file, Thing::synchronous_pipe,
};

inline const char* name_of(Thing thing) {
    switch (thing) {
        case Thing::disk_file:
            return "disk_file";
        case Thing::directory:
            return "directory";
        case Thing::null_device:
            return "null_device";
        case Thing::event:
            return "event";
        case Thing::anonymous_pipe:
            return "anonymous_pipe";
        case Thing::named_pipe:
            return "named_pipe";
        case Thing::process:
            return "process";
        case Thing::thread:
            return "thread";
        case Thing::semaphore:
            return "semaphore";
        case Thing::timer:
            return "timer";
        case Thing::auto_reset_event:
            return "auto_reset_event";
        case Thing::auto_reset_timer:
            return "auto_reset_timer";
        case Thing::child_process:
            return "child_process";
        case Thing::child_thread:
            return "child_thread";
        case Thing::synchronous_file:
            return "synchronous_file";
        case Thing::synchronous_pipe:
            return "synchronous_pipe";
    }
    return "?";
}

inline std::ostream& operator<<(std::ostream& out, Thing thing) { return out << name_of(thing); }

/// For the tests of consoles. A test runner's child has none, and Wine gives it none; a program
/// started in a terminal (or by `script -qc`) has one.
inline boost::test_tools::assertion_result has_console(boost::unit_test::test_unit_id /*unit*/) {
    const HANDLE input = open_console(L"CONIN$");
    DWORD mode = 0;
    const bool found = ::GetConsoleMode(input, &mode) != FALSE;
    if (input != INVALID_HANDLE_VALUE) {
        ::CloseHandle(input);
    }
    boost::test_tools::assertion_result result(found);
    result.message() << "this process has no console";
    return result;
}

/// WSAPoll of one socket: its revents. Throws if the call fails.
inline int revents(Handle socket, int events, std::uint32_t milliseconds) {
    sys::PollEntry entry{socket.value(), static_cast<std::int16_t>(events), 0};
    static_cast<void>(sys::poll_sockets({&entry, 1}, milliseconds).value());
    return entry.revents;
}

/// Waits until the socket has something to report for `events`; true if it did.
inline bool becomes_ready(Handle socket, int events) {
    return revents(socket, events, patience_milliseconds) != 0;
}

}  // namespace wakepoll::test

namespace wakepoll {

inline std::ostream& operator<<(std::ostream& out, HandleType type) {
    return out << "HandleType " << static_cast<int>(type);
}

}  // namespace wakepoll
