// Scripted uses of a poller in which any kernel call may fail, one per run.
//
// A script is what a user does; its `Script` checks each step: an error is reported only for a call
// that was made to fail, at most one for each failure, and with its code; what has failed succeeds
// when it is repeated; and the poller keeps working, so that what the script waits for comes in the
// end.
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

    /// Creates the poller.
    void create(std::uint32_t entries = 8);
    [[nodiscard]] OsPoller& poller() { return *poller_; }

    void add(Handle handle, IoInterest interest, std::uint64_t user_data);
    void modify(Handle handle, IoInterest interest, std::uint64_t user_data);
    void remove(Handle handle);

    /// Makes a call, and repeats it if it failed.
    void call(const char* what, const std::function<Result<void>()>& make);
    /// The same for an operation.
    void submit(const char* what, const std::function<Result<OverlappedEntry*>()>& make);

    /// Waits until this user data is reported as ready.
    void expect(std::uint64_t user_data);
    /// Waits until an operation or a packet is reported, unless it was before.
    Completion expect_completion(std::uint64_t user_data);
    /// The same for one that succeeds, or reports the failure of a call that it needed.
    void expect_done(std::uint64_t user_data);
    void expect_woken();
    void expect_timer();
    /// Makes some waits that must report nothing.
    void expect_silence();
    /// Wakes from another thread while this one waits.
    void wake_beside();

    void dispose();
    /// The same while AFD cancels nothing.
    void dispose_without_cancels();

    // The result

    /// The planned failures that hit a call, and the errors that were reported for them.
    std::vector<sim::PlannedFailure> failures;
    std::uint64_t reported = 0;

private:
    [[nodiscard]] WaitResult wait(Timeout timeout);
    /// Matches a reported error with a failure.
    void explain(const char* what, std::error_code error);
    void note_failures();

    sim::Kernel& kernel_;
    Backend backend_;
    std::optional<OsPoller> poller_;
    std::array<NativeEvent, 64> events_{};
    std::set<std::uint64_t> ready_;                  ///< Reported by the last wait.
    std::map<std::uint64_t, Completion> completed_;  ///< Reported, and not expected yet.
};

struct Scenario {
    const char* name;
    void (*play)(Script& script);
};

/// The scenarios that meet odd behaviour of real Windows, and all scenarios.
[[nodiscard]] std::span<const Scenario> windows_scenarios();
[[nodiscard]] std::vector<Scenario> all_scenarios();

}  // namespace wakepoll::test
