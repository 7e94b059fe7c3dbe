// The shared state of a random program's parts: its kernel, its poller, its choices and its trace.
//
// A program has parts (sockets, other handles, operations, signals), each with its own model of
// what may and must be reported. They share one poller, and three things that are kept here: the
// numbers of handles that were closed while registered, because the kernel may reuse them for any
// part; whether calls are being made to fail; and the user data, which names the part that owns an
// event.
//
// `hold` ends the program when a promise is broken. Actors, which must not throw, do not call it.
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

/// Throws `what`, followed by `details`, which are formatted only then.
template <class... Details>
void hold(bool condition, const char* what, const Details&... details) {
    if (!condition) {
        throw Broken(text_of(what, details...));
    }
}
inline void hold(const Result<void>& done, const char* what) { hold(done.has_value(), what); }

/// The part that owns an event, by its user data.
enum class Owner : std::uint8_t { socket = 1, handle, operation, packet, own_call };

/// The high half is the owner.
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
    /// Traces the kernel calls since the last time, one per line.
    void note_calls();
    /// Leaves those since the last time out of the trace.
    void skip_calls() { calls_noted = trace ? kernel.calls() : 0; }

    // Failures

    /// Plans failures of some of the next calls.
    void plan_failures();
    void end_failures();
    /// True if a call has failed since failures were planned, which excuses an error.
    [[nodiscard]] bool faulty();
    void count_failures();

    // Numbers

    /// The user has a new handle. A registration of a closed handle with the same number is
    /// unregistered now.
    void adopt(Handle handle);
    /// Unregisters a number that was closed while it was registered.
    void lay(std::uintptr_t number);
    [[nodiscard]] bool is_ghost(Handle handle) const { return ghosts.contains(handle.value()); }
    [[nodiscard]] bool is_ghosts(std::uint64_t user_data) const;
    /// True if a handle with this number was closed after operations on it.
    [[nodiscard]] bool was_operated(Handle handle) const {
        return operated.contains(handle.value());
    }
    /// True if all slots may be taken, by registrations and handles with operations.
    [[nodiscard]] bool may_be_full() const { return slots + ghosts.size() >= registrations; }

    /// True if a packet may be behind others, or never come.
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
    Backend backend = Backend::automatic;  ///< As requested.
    std::uint32_t registrations = 0;       ///< Capacity.
    std::uint32_t entries = 0;             ///< Capacity.
    std::size_t slots = 0;                 ///< The most that can be taken, apart from ghosts.
    /// Closed while registered: number and user data.
    std::map<std::uintptr_t, std::uint64_t> ghosts;
    std::set<std::uintptr_t> operated;  ///< Numbers that were closed after operations on them.
    std::uint64_t next_serial = 1;
    std::size_t packets = 0;     ///< Posted by the user and not reported.
    bool may_fail = false;       ///< Kernel calls of this program fail on purpose,
    bool cancels_fail = false;   ///< AFD's cancels, too, which fail only in theory.
    bool cancel_failed = false;  ///< One has.
    bool planned = false;        ///< A call is to fail, or has failed, in this step.
    std::size_t hits = 0;        ///< Calls that have failed.
    std::uint64_t calls_noted = 0;
};

}  // namespace wakepoll::test
