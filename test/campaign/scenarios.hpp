// Scripted uses of a poller in which any one kernel call may fail.
//
// A script says what a user does; the `Script` it is given holds what must be true of each step: an
// error comes only where a call was made to fail, at most one for one failure, and with its code;
// what has failed succeeds when it is done again; and the poller goes on, so that what the script
// waits for comes in the end.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "kernel.hpp"
#include "scene.hpp"
#include "wakepoll/wakepoll.hpp"
#include "world.hpp"

namespace wakepoll::test {

class Script {
public:
    Script(sim::Kernel& kernel, World& outside, Backend backend)
        : world(outside), kernel_(kernel), backend_(backend) {}

    World& world;

    /// Makes the poller.
    void create(std::uint32_t entries = 8);
    [[nodiscard]] OsPoller& poller() { return *poller_; }

    void add(Handle handle, IoInterest interest, std::uint64_t user_data);
    void modify(Handle handle, IoInterest interest, std::uint64_t user_data);
    void remove(Handle handle);

    /// Does it again where it failed.
    void call(const char* what, const std::function<std::error_code()>& make);
    /// The same for an operation. What it was told of, if it is not to be reported.
    void submit(const char* what, const std::function<Result<OverlappedEntry*>()>& make);

    /// Waits until this is reported as ready.
    void expect(std::uint64_t user_data);
    /// Waits until an operation or a packet is reported, unless it was already.
    Completion expect_completion(std::uint64_t user_data);
    /// The same of one that succeeds, or says that a call which it needed was the one that failed.
    void expect_done(std::uint64_t user_data);
    void expect_woken();
    void expect_timer();
    /// Some waits that report nothing.
    void expect_silence();
    /// Wakes from another thread while this one waits.
    void wake_beside();

    void dispose();
    /// The same where AFD cancels nothing.
    void dispose_without_cancels();

    // What came of it

    /// Failures that met a call, and the errors that were reported for them.
    std::vector<sim::PlannedFailure> failures;
    std::uint64_t reported = 0;

private:
    [[nodiscard]] WaitResult wait(Timeout timeout);
    /// An error was reported.
    void explain(const char* what, std::error_code error);
    void note_failures();

    sim::Kernel& kernel_;
    Backend backend_;
    std::optional<OsPoller> poller_;
    std::array<NativeEvent, 64> events_{};
    std::set<std::uint64_t> ready_;                  ///< Told by the last wait.
    std::map<std::uint64_t, Completion> completed_;  ///< Told, and not expected until now.
};

struct Scenario {
    const char* name;
    void (*play)(Script& script);
};

/// Those that meet what real Windows does and a kinder kernel would not, and all.
[[nodiscard]] std::span<const Scenario> windows_scenarios();
[[nodiscard]] std::vector<Scenario> all_scenarios();

}  // namespace wakepoll::test
