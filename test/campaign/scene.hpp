// What the parts of a random program share: its kernel, its poller, its choices and its trace.
//
// A program is made of parts (sockets, other handles, operations, signals), each with a model of
// its own of what may and must be reported. They meet on one poller, and in three things that are
// kept here: the numbers of handles that were closed while they were registered, because the kernel
// deals them out again to any part; whether calls are being made to fail just now; and user data,
// which says whose an event is.
//
// `hold` ends the program with what is broken. Actors, which must not throw, do not call it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>

#include "choices.hpp"
#include "engine.hpp"
#include "kernel.hpp"
#include "wakepoll/wakepoll.hpp"
#include "world.hpp"

namespace wakepoll::test {

using namespace std::chrono_literals;

struct Broken : std::runtime_error {
    using std::runtime_error::runtime_error;
};

template <class... Parts>
[[nodiscard]] std::string text_of(const Parts&... parts) {
    std::ostringstream out;
    (out << ... << parts);
    return out.str();
}

/// What is broken is `what`, followed by `details`; they are put into words only then.
template <class... Details>
void hold(bool condition, const char* what, const Details&... details) {
    if (!condition) {
        throw Broken(text_of(what, details...));
    }
}

/// Whose an event is, by its user data.
enum class Owner : std::uint8_t { socket = 1, handle, operation, packet, own_call };

/// The highest byte is the owner's.
inline constexpr unsigned owner_shift = 32;
inline constexpr std::uint64_t serial_mask = (std::uint64_t{1} << owner_shift) - 1;

[[nodiscard]] constexpr std::uint64_t user_data_of(Owner owner, std::uint64_t serial) noexcept {
    return (static_cast<std::uint64_t>(owner) << owner_shift) | serial;
}
[[nodiscard]] constexpr Owner owner_of(std::uint64_t user_data) noexcept {
    return static_cast<Owner>(user_data >> owner_shift);
}
[[nodiscard]] constexpr std::uint64_t serial_of(std::uint64_t user_data) noexcept {
    return user_data & serial_mask;
}

/// The most events that a program has room for, and the most packets that a wait takes.
inline constexpr std::size_t most_events = 256;
inline constexpr std::size_t most_packets = 64;

[[nodiscard]] std::string words_of(IoInterest interest);
[[nodiscard]] std::string words_of_mask(std::uint32_t mask);

struct Scene {
    Scene(Choices& from, Tally& to, const Trace& into);
    ~Scene() = default;
    Scene(const Scene&) = delete;
    Scene& operator=(const Scene&) = delete;

    // Choices

    [[nodiscard]] std::uint32_t below(std::size_t bound) {
        return choices.draw(static_cast<std::uint32_t>(bound));
    }
    [[nodiscard]] bool one_in(std::uint32_t n) { return choices.one_in(n); }

    // The trace

    template <class... Parts>
    void note(const Parts&... parts) {
        if (trace) {
            trace(text_of(parts...) + '\n');
        }
    }
    /// The kernel calls since the last time, a line each.
    void note_calls();
    /// Those since the last time are not worth a line.
    void skip_calls() { calls_noted = trace ? kernel.calls() : 0; }

    // Failures

    /// Makes some of the next calls fail.
    void plan_failures();
    void end_failures();
    /// A call has failed since failures were planned, which excuses an error.
    [[nodiscard]] bool faulty();
    void count_failures();

    // Numbers

    /// The user has a new handle. Whatever had its number before and was closed while it was
    /// registered should have been unregistered, and is now.
    void adopt(Handle handle);
    /// Unregisters a number that was closed while it was registered.
    void lay(std::uintptr_t number);
    [[nodiscard]] bool is_ghost(Handle handle) const { return ghosts.contains(handle.value()); }
    [[nodiscard]] bool is_ghosts(std::uint64_t user_data) const;
    /// Operations were begun on the handle that had this number, and it was closed.
    [[nodiscard]] bool was_operated(Handle handle) const {
        return operated.contains(handle.value());
    }
    /// The slots that may be taken: registrations, and handles that were operated on.
    [[nodiscard]] bool may_be_full() const { return slots + ghosts.size() >= registrations; }

    /// A packet that has come may be behind others, or never come.
    [[nodiscard]] bool may_have_late_packets() const {
        return cancel_failed || packets >= most_packets;
    }

    Choices& choices;
    Tally& tally;
    const Trace& trace;
    const sim::Options options;
    sim::Kernel kernel;
    std::optional<World> world;
    std::optional<OsPoller> poller;
    Backend backend = Backend::automatic;  ///< The one asked for.
    std::uint32_t registrations = 0;       ///< Capacity.
    std::uint32_t entries = 0;             ///< Capacity.
    std::size_t slots = 0;                 ///< The most that can be taken, beside ghosts.
    /// Closed while registered: number and user data.
    std::map<std::uintptr_t, std::uint64_t> ghosts;
    std::set<std::uintptr_t> operated;  ///< Numbers that were closed after operations on them.
    std::uint64_t next_serial = 1;
    std::size_t packets = 0;     ///< Posted by the user and not reported.
    bool may_fail = false;       ///< Calls of this program are made to fail.
    bool cancels_fail = false;   ///< AFD's cancels too, which they do but in theory.
    bool cancel_failed = false;  ///< One has.
    bool planned = false;        ///< Some call is to fail, or has failed, in this step.
    std::size_t hits = 0;        ///< Calls that have.
    std::uint64_t calls_noted = 0;
};

}  // namespace wakepoll::test
