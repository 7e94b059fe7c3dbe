// See patterns.hpp.
#include "patterns.hpp"

#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>

#include "request_each.hpp"
#include "rig.hpp"

namespace wakepoll::costs {
namespace {

constexpr std::size_t waits_to_warm_up = 40;
constexpr std::size_t waits_counted = 120;
/// On the simulated kernel the cost of a wait grows with the sockets that it polls.
constexpr std::size_t many_active = 5000;
constexpr std::size_t waits_to_warm_up_many = 8;
constexpr std::size_t waits_counted_many = 20;
/// More than a socket can have received.
constexpr std::size_t everything = 4096;

class Play {
public:
    explicit Play(const Pattern& pattern)
        : pattern_(pattern),
          turns_(pattern),
          rig_(PollerConfig{.max_registrations = static_cast<std::uint32_t>(pattern.sockets),
                            .backend = Backend::afd}),
          model_(pattern.sockets) {
        rig_.make_sockets(pattern.sockets);
        for (std::size_t i = 0; i < pattern.sockets; ++i) {
            expect(rig_.poller.register_handle(rig_.pairs[i].local, interest(), i),
                   "register_handle");
        }
    }

    Played play() {
        const bool many = pattern_.active >= many_active;
        for (std::size_t i = 0; i < (many ? waits_to_warm_up_many : waits_to_warm_up); ++i) {
            wait();
        }
        Played played;
        played.pattern = pattern_;
        played.waits = many ? waits_counted_many : waits_counted;
        model_.reset_counts();
        rig_.kernel.reset_counts();
        const std::uint64_t sockets = rig_.poller.stats().afd_sockets;
        for (std::size_t i = 0; i < played.waits; ++i) {
            played.events += wait();
        }
        using sim::Call;
        played.own = {rig_.kernel.calls(Call::afd_poll), rig_.kernel.calls(Call::afd_cancel),
                      rig_.kernel.calls(Call::port_dequeue),
                      rig_.poller.stats().afd_sockets - sockets};
        played.model = model_.asked();
        expect(played.own.calls() == rig_.kernel.calls(), "no calls of other kinds");
        return played;
    }

private:
    [[nodiscard]] IoInterest interest() const noexcept {
        return pattern_.one_shot ? IoInterest::read | IoInterest::one_shot : IoInterest::read;
    }

    /// Returns how many sockets it has reported.
    std::size_t wait() {
        bool has_blocked = false;
        const bool blocks = model_.would_block();
        if (blocks) {
            rig_.when_blocked([&] {
                has_blocked = true;
                for (const std::size_t index : turns_.next()) {
                    rig_.world.send(rig_.pairs[index].peer, 1);
                    model_.make_ready(index);
                }
            });
        }
        const WaitResult result = rig_.poller.wait(rig_.events, wait_forever);
        expect(result.error, "wait");
        expect(has_blocked == blocks, "a block where nothing is ready, and only there");
        expect(result.count == model_.wait(), "all that are ready are reported");
        for (std::size_t i = 0; i < result.count; ++i) {
            take(static_cast<std::size_t>(rig_.events[i].data.u64));
        }
        return result.count;
    }

    void take(std::size_t index) {
        if (!pattern_.half || ++reported_ % 2 == 1) {
            rig_.world.receive(rig_.pairs[index].local, everything);
            model_.calm(index);
        }
        if (pattern_.one_shot) {
            expect(rig_.poller.modify_handle(rig_.pairs[index].local, interest(), index),
                   "modify_handle");
        }
    }

    Pattern pattern_;
    Turns turns_;
    Rig rig_;
    RequestEach model_;
    std::size_t reported_ = 0;
};

void print_asked(const char* name, const Asked& asked) {
    std::printf("\"%s\": {\"calls\": %llu, \"polls\": %llu, \"sockets\": %llu}", name,
                static_cast<unsigned long long>(asked.calls()),
                static_cast<unsigned long long>(asked.polls),
                static_cast<unsigned long long>(asked.sockets));
}

}  // namespace

void Patterns::play(std::string_view filter) {
    for (const Pattern& pattern : all_patterns()) {
        const std::string name = "patterns/" + pattern.name() + '/' + pattern.use();
        if (name.find(filter) == std::string::npos) {
            continue;
        }
        try {
            played_.push_back(Play(pattern).play());
        } catch (const std::exception& failure) {
            throw std::runtime_error(name + ": " + failure.what());
        }
    }
}

void Patterns::print_text() const {
    std::printf("%-38s %10s %8s %8s %8s\n", "pattern", "events", "calls", "model", "sockets");
    for (const Played& played : played_) {
        const auto each = [&](std::uint64_t count) {
            return static_cast<double>(count) / static_cast<double>(played.events);
        };
        std::printf("%-38s %10zu %8.3f %8.3f %8.3f\n",
                    (played.pattern.name() + '/' + played.pattern.use()).c_str(), played.events,
                    each(played.own.calls()), each(played.model.calls()), each(played.own.sockets));
    }
}

void Patterns::print_json() const {
    const char* separator = "[";
    for (const Played& played : played_) {
        std::printf(
            "%s\n  {\"name\": \"%s\", \"use\": \"%s\", \"all\": %s, \"waits\": %zu, "
            "\"events\": %zu, ",
            separator, played.pattern.name().c_str(), played.pattern.use().c_str(),
            played.pattern.all() ? "true" : "false", played.waits, played.events);
        print_asked("own", played.own);
        std::printf(", ");
        print_asked("model", played.model);
        std::printf("}");
        separator = ",";
    }
    std::printf("%s]", played_.empty() ? "[" : "\n");
}

}  // namespace wakepoll::costs
