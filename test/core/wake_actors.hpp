// The parts of a world around a wake word: its bounds, its steps, its kernel, the actors that wake
// the owner, and the account of what was promised. `wake_world.hpp` combines them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/wake_state.hpp"

namespace wakepoll::core::test {

/// How much happens in a world.
struct Bounds {
    int wakers = 0;
    int wakes_each = 0;  ///< By each waker, one after the other.
    int parks = 0;       ///< By the owner, at the port or in the sockets as it likes.
    int packets = 0;     ///< Of the user's own overlapped calls.
    int signals = 0;     ///< Of handles, seen by one thread of the system's pool.
    int changes = 0;     ///< Beside the owner, while it is blocked.
    int failed_rings = 0;
    bool shutdown = false;
};

/// A step that some actor could take next.
struct Step {
    enum class Actor : std::uint8_t { owner, waker, shutdown, packet, watch, signaller, changer };
    Actor actor = Actor::owner;
    int number = 0;   ///< Which waker.
    int variant = 0;  ///< Which of the things that may happen in this step.
};

/// As much of a kernel as the wake protocol sees.
struct Kernel {
    bool port_signal = false;   ///< A wake's or the shutdown's packet is queued at the port.
    int packets = 0;            ///< So many of the user's are.
    bool doorbell = false;      ///< The doorbell was rung and not drained.
    bool watches_port = false;  ///< The next packet at the port fires the watch.

    [[nodiscard]] bool is_port_signalled() const { return port_signal || packets > 0; }

    /// Whether a thread that is blocked there does not stay blocked.
    [[nodiscard]] bool ends(Park where) const {
        return where == Park::sockets ? doorbell : is_port_signalled();
    }

    void take_all_packets() {
        port_signal = false;
        packets = 0;
    }

    void rouse(Park where) { (where == Park::sockets ? doorbell : port_signal) = true; }
};

/// How far a delivery is.
enum class Phase : std::uint8_t { idle, calling, called };

/// Wakes the owner: begins, makes the kernel call, finishes.
struct Caller {
    Phase phase = Phase::idle;
    int calls_left = 0;
    bool succeeded = false;  ///< The kernel call.
    int reports_before = 0;  ///< The wakes that the owner had reported when this one began.
    WakeState::Delivery delivery;
};

/// What was promised to whom, whether it was kept, and how it came to that.
struct Promises {
    explicit Promises(bool recording_history) : recording(recording_history) {}

    bool asked = false;    ///< A wake began since the last one was reported.
    bool owed = false;     ///< Such a wake was accepted: done, or its kernel call succeeded.
    bool settled = false;  ///< And that is known: the next one needs no call of its own.
    bool shut_down = false;
    bool shutdown_owed = false;

    bool handle_noted = false;  ///< In the set of signalled handles, and not looked at yet.
    bool signal_owed = false;   ///< And the owner knows: it is awake, or a kernel call succeeded.
    bool change_owed = false;   ///< A change is in force that the blocked owner has not seen.
    bool signalled = false;     ///< A signal began since the owner consumed one.

    bool recording;
    std::string history;  ///< One step a line.
    std::string broken;   ///< What was broken first.

    void log(std::string_view who, std::string_view what) {
        if (recording) {
            history.append(who).append(": ").append(what).append("\n");
        }
    }

    void expect(bool holds, const char* what) {
        if (!holds && broken.empty()) {
            broken = what;
        }
    }
};

}  // namespace wakepoll::core::test
