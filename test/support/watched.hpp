// One registrable handle of any kind that is not a socket, with a way to make it ready.
//
// A test that holds for every kind is written once against a `Subject`. Subjects differ in two
// ways: whether reporting takes the signal (`takes`), and whether a test can end the readiness
// (`can_calm`), which is impossible for a process that has ended.
#pragma once

#include <array>
#include <cstddef>
#include <ostream>

#include "world.hpp"

namespace wakepoll::test {

enum class Watched {
    event,
    auto_reset_event,
    process,
    thread,
    semaphore,
    timer,
    auto_reset_timer,
    byte_pipe,
    message_pipe,
    anonymous_pipe,
    console,  ///< Only a program that was started from a terminal has one.
};

inline std::ostream& operator<<(std::ostream& out, Watched kind) {
    constexpr std::array names = {
        "event",  "auto_reset_event", "process",   "thread",       "semaphore",
        "timer",  "auto_reset_timer", "byte_pipe", "message_pipe", "anonymous_pipe",
        "console"};
    return out << names[static_cast<std::size_t>(kind)];
}

/// Those that every process can have.
inline constexpr std::array all_watched = {Watched::event,
                                           Watched::auto_reset_event,
                                           Watched::process,
                                           Watched::thread,
                                           Watched::semaphore,
                                           Watched::timer,
                                           Watched::auto_reset_timer,
                                           Watched::byte_pipe,
                                           Watched::message_pipe,
                                           Watched::anonymous_pipe};

/// True if reporting such a handle takes its signal.
[[nodiscard]] constexpr bool takes(Watched kind) noexcept {
    return kind == Watched::auto_reset_event || kind == Watched::semaphore ||
           kind == Watched::auto_reset_timer;
}

[[nodiscard]] constexpr bool is_pipe(Watched kind) noexcept {
    return kind == Watched::byte_pipe || kind == Watched::message_pipe ||
           kind == Watched::anonymous_pipe;
}

/// Those that take the signal, and those that stay ready.
inline constexpr std::array taken_watched = {Watched::auto_reset_event, Watched::semaphore,
                                             Watched::auto_reset_timer};
inline constexpr std::array lasting_watched = {
    Watched::event,     Watched::process,      Watched::thread,        Watched::timer,
    Watched::byte_pipe, Watched::message_pipe, Watched::anonymous_pipe};

/// An overlapped pipe.
[[nodiscard]] constexpr bool is_overlapped_pipe(Watched kind) noexcept {
    return kind == Watched::byte_pipe || kind == Watched::message_pipe;
}

/// True if the test can end the readiness.
[[nodiscard]] constexpr bool can_calm(Watched kind) noexcept {
    return !takes(kind) && kind != Watched::process && kind != Watched::thread;
}

class Subject {
public:
    Subject(World& world, Watched kind) : world_(&world), kind_(kind) {
        switch (kind) {
            case Watched::event:
                handle_ = world.thing(Thing::event);
                break;
            case Watched::auto_reset_event:
                handle_ = world.thing(Thing::auto_reset_event);
                break;
            case Watched::process:
                handle_ = world.thing(Thing::child_process);
                break;
            case Watched::thread:
                handle_ = world.thing(Thing::child_thread);
                break;
            case Watched::semaphore:
                handle_ = world.thing(Thing::semaphore);
                break;
            case Watched::timer:
                handle_ = world.thing(Thing::timer);
                break;
            case Watched::auto_reset_timer:
                handle_ = world.thing(Thing::auto_reset_timer);
                break;
            case Watched::byte_pipe:
                take(world.pipe_pair(PipeKind::bytes));
                break;
            case Watched::message_pipe:
                take(world.pipe_pair(PipeKind::messages));
                break;
            case Watched::anonymous_pipe:
                take(world.pipe_pair(PipeKind::anonymous));
                break;
            case Watched::console:
                handle_ = world.console();
                break;
        }
    }

    [[nodiscard]] Watched kind() const { return kind_; }
    [[nodiscard]] Handle handle() const { return handle_; }
    /// The write end of a pipe.
    [[nodiscard]] Handle peer() const { return peer_; }

    /// Makes it ready. Any thread. False if a pipe is full.
    bool signal() const {
        if (is_pipe(kind_)) {
            constexpr std::array one = {std::byte{'s'}};
            return !world_->put(peer_, one).error;
        }
        if (kind_ == Watched::console) {
            world_->console_input(handle_, ConsoleInput::key);
        } else {
            world_->signal(handle_);
        }
        return true;
    }

    /// Ends the readiness of one that `can_calm`.
    void calm() const {
        if (is_pipe(kind_)) {
            std::array<std::byte, 512> bytes;
            while (!world_->take(handle_, bytes).error) {
            }
        } else if (kind_ == Watched::console) {
            (void)world_->drain_console(handle_);
        } else {
            world_->reset_signal(handle_);
        }
    }

private:
    void take(const PipePair& pair) {
        handle_ = pair.local;
        peer_ = pair.peer;
    }

    World* world_;
    Watched kind_;
    Handle handle_;
    Handle peer_;
};

}  // namespace wakepoll::test
