// One run of a scenario: the outside world, up to two pollers, and the observations.
//
// A scenario is a function over a Scene. An observation is a label and a value, both in words
// (`in|rdhup`, `file_exists`) and never in numbers, so that those of Linux and of Windows can be
// compared as texts. A scenario that cannot continue throws, and fails its test.
//
// No observation may depend on timing. A mask is recorded once it has settled: the Scene first
// waits for the bits that must come on every system and then sends a byte to a socket of its own.
// When that is reported, and the mask was the same in several waits in a row, everything that
// happened before has been reported, too. So "nothing" never depends on waiting long enough.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include "readiness.hpp"
#include "world.hpp"

namespace wakepoll::test {

struct Observation {
    std::string label;
    std::string seen;
};

/// `in|out`; `nothing` for no bits at all.
[[nodiscard]] std::string words_of(std::uint32_t mask);
/// The enumerator of std::errc, or `success`.
[[nodiscard]] std::string words_of(const std::error_code& error);
[[nodiscard]] inline std::string words_of(bool yes) { return yes ? "yes" : "no"; }

/// The limit for what must come: far longer than anything here takes, so that a lost wake is seen.
inline constexpr auto wait_limit = std::chrono::minutes(5);

inline constexpr IoInterest all_interest =
    IoInterest::read | IoInterest::write | IoInterest::priority | IoInterest::read_hangup;

class Scene {
public:
    using MakeReadiness = std::function<std::unique_ptr<Readiness>()>;

    explicit Scene(MakeReadiness make);
    ~Scene();
    Scene(const Scene&) = delete;
    Scene& operator=(const Scene&) = delete;

    World world;

    [[nodiscard]] Readiness& poller() { return *poller_.readiness; }
    /// A second poller, created when first used.
    [[nodiscard]] Readiness& second_poller();

    [[nodiscard]] const std::vector<Observation>& observed() const { return observed_; }
    void note(std::string label, std::string seen);
    void note(std::string label, const std::error_code& error) { note(label, words_of(error)); }
    void note(std::string label, bool yes) { note(label, words_of(yes)); }

    /// Adds a handle to the first poller; must succeed.
    void add(Handle handle, IoInterest interest, std::uint64_t data);
    void modify(Handle handle, IoInterest interest, std::uint64_t data);

    /// Records the settled mask of `data`. `until`: the bits that must come on every system, for
    /// which it waits first.
    void settled(std::string label, std::uint64_t data, std::uint32_t until = mask::none);
    void settled_on_second(std::string label, std::uint64_t data, std::uint32_t until = mask::none);
    /// Waits until the mask has settled, and records nothing.
    void settle(std::uint64_t data, std::uint32_t until = mask::none);
    /// Records everything that is reported of `data` until it has settled, even if only once.
    void nothing_more(std::string label, std::uint64_t data);
    /// Records the mask of the next event of `data`.
    void next_report(std::string label, std::uint64_t data);

    /// Records what is reported of a registered handle under each kind of interest. Its state must
    /// have settled.
    void under_every_interest(Handle handle, std::uint64_t data);
    /// Adds a handle, lets its state settle under an interest in everything, and does the above.
    /// `until` as for `settled`.
    void add_under_every_interest(Handle handle, std::uint32_t until = mask::none);

    /// Sends until the send buffer stays full; the handle is registered for room, with `data`.
    void fill(Handle socket, std::uint64_t data);
    /// Receives until nothing is left.
    void drain(Handle socket);

    /// Runs `body`, and `action` in parallel; waits for both.
    template <class Body>
    void during(std::function<void()> action, Body&& body) {
        world.beside(std::move(action));
        try {
            body();
        } catch (...) {
            world.join();  // What the action refers to is about to be destroyed.
            throw;
        }
        world.join();
    }

private:
    struct Seat {
        std::unique_ptr<Readiness> readiness;
        SocketPair marker;  ///< What is sent to it is reported last.
    };

    struct Settled {
        std::uint32_t mask = mask::none;
        std::uint32_t ever = mask::none;  ///< All bits reported meanwhile.
    };

    [[nodiscard]] Settled settle(Seat& seat, std::uint64_t data, std::uint32_t until);

    MakeReadiness make_;
    Seat poller_;
    Seat second_;
    std::vector<Observation> observed_;
};

struct Scenario {
    const char* name;  ///< `group/name`
    void (*play)(Scene&);
};

/// Every scenario, by group.
[[nodiscard]] const std::vector<Scenario>& all_scenarios();

// The groups, each in the file with its name.
[[nodiscard]] std::span<const Scenario> tcp_data_scenarios();
[[nodiscard]] std::span<const Scenario> tcp_end_scenarios();
[[nodiscard]] std::span<const Scenario> tcp_reset_scenarios();
[[nodiscard]] std::span<const Scenario> connect_scenarios();
[[nodiscard]] std::span<const Scenario> listener_scenarios();
[[nodiscard]] std::span<const Scenario> urgent_scenarios();
[[nodiscard]] std::span<const Scenario> udp_scenarios();
[[nodiscard]] std::span<const Scenario> interest_scenarios();
[[nodiscard]] std::span<const Scenario> one_shot_scenarios();
[[nodiscard]] std::span<const Scenario> lifetime_scenarios();
[[nodiscard]] std::span<const Scenario> two_poller_scenarios();
[[nodiscard]] std::span<const Scenario> wait_scenarios();

}  // namespace wakepoll::test
