// The owner of a wake word; waits as lib/poller/wait does.
//
// It waits at the port or, with sockets to watch, in the sockets with the port watched for it. A
// block ends by a signal if there is one, and otherwise by its timeout, at any moment.
#pragma once

#include <cstdint>
#include <utility>

#include "core/wake_state.hpp"
#include "wake_actors.hpp"

namespace wakepoll::core::test {

template <class Wake>
class Owner {
public:
    /// `signals`: there are some to look for. `lock`: others may take the lock while it blocks.
    /// (Without, the steps are left out, and many states.)
    Owner(int parks, bool signals, bool lock, Wake& wake, Kernel& kernel, Promises& promises)
        : phase_(signals ? Phase::notices : Phase::looks),
          signals_(signals),
          lock_(lock),
          parks_left_(parks),
          wake_(wake),
          kernel_(kernel),
          promises_(promises) {}

    /// Where it is parked or was last.
    [[nodiscard]] Park where() const { return where_; }

    [[nodiscard]] bool is_parked() const {
        return phase_ == Phase::arms || phase_ == Phase::armed || is_blocked() ||
               phase_ == Phase::unparks;
    }

    /// Others may take the lock: it is blocked, or has not taken it again yet.
    [[nodiscard]] bool has_given_lock() const {
        return is_blocked() || (lock_ && phase_ == Phase::unparks) || wants_lock();
    }
    [[nodiscard]] bool wants_lock() const { return phase_ == Phase::locks; }

    /// The holder of the lock is about to wake it. False if another has since the block began.
    bool note_roused() { return !std::exchange(roused_, true); }

    [[nodiscard]] bool is_blocked() const { return phase_ == Phase::blocks; }

    /// How many wakes it has reported.
    [[nodiscard]] int reports() const { return reports_; }

    template <class Add>
    void describe(const Add& add) const {
        add(phase_);
        add(where_);
        add(looked_);
        add(roused_);
        add(parks_left_);
    }

    /// In how many ways its next step may go.
    [[nodiscard]] int variants() const {
        switch (phase_) {
            case Phase::looks:
                return parks_left_ > 0 ? 2 : 0;  // With sockets to watch, or without.
            case Phase::blocks:
                return 1;  // Ends by a signal if there is one, else by its timeout.
            case Phase::gone:
                return 0;
            default:
                return 1;
        }
    }

    void step(int variant) {
        switch (phase_) {
            case Phase::notices:
                notice_signals();
                break;
            case Phase::takes:
                take_signals();
                break;
            case Phase::looks:
                if (variant == 0) {
                    where_ = Park::port;
                    phase_ = Phase::parks;
                } else {
                    where_ = Park::sockets;
                    kernel_.take_all_packets();
                    phase_ = Phase::consumes;
                }
                promises_.log("owner",
                              variant == 0 ? "waits at the port" : "takes packets, has sockets");
                break;
            case Phase::consumes:
                consume();
                break;
            case Phase::parks:
                park();
                break;
            case Phase::arms:
                // The signal may come between the two: the kernel watches only once armed.
                if (wake_.is_watch_armed()) {
                    phase_ = Phase::blocks;
                } else {
                    wake_.set_watch_armed(true);
                    phase_ = Phase::armed;
                }
                promises_.log("owner", "looks whether the port is watched");
                break;
            case Phase::armed:
                kernel_.watches_port = true;
                phase_ = Phase::blocks;
                promises_.log("owner", "has the port watched");
                break;
            case Phase::blocks:
                promises_.log("owner", kernel_.ends(where_) ? "is roused" : "times out");
                if (where_ == Park::port) {
                    kernel_.take_all_packets();
                }
                phase_ = Phase::unparks;
                break;
            case Phase::unparks:
                wake_.unpark();
                phase_ = lock_ ? Phase::locks : after_block();
                promises_.log("owner", "unparks");
                break;
            case Phase::locks:
                roused_ = roused_ && stays_roused;
                promises_.change_owed = false;  // Whatever it looks at now is as it is.
                phase_ = after_block();
                promises_.log("owner", "has the lock again");
                break;
            case Phase::settles:
                kernel_.doorbell = false;
                phase_ = start();
                promises_.log("owner", "drains the doorbell");
                break;
            case Phase::gone:
                break;
        }
    }

private:
    enum class Phase : std::uint8_t {
        notices,
        takes,
        looks,
        consumes,
        parks,
        arms,
        armed,
        blocks,
        unparks,
        locks,
        settles,
        gone
    };

    /// A protocol that looks at the handles first and consumes the signal then.
    static constexpr bool looks_first = requires { Wake::looks_first; };

    /// A protocol that never wakes the owner a second time.
    static constexpr bool stays_roused = requires { Wake::stays_roused; };

    /// What each round begins with.
    [[nodiscard]] Phase start() const { return signals_ ? Phase::notices : Phase::looks; }

    [[nodiscard]] Phase after_block() const {
        return where_ == Park::sockets ? Phase::settles : Phase::consumes;
    }

    void notice_signals() {
        if (looks_first && !looked_) {
            looked_ = true;
            take_signals();
            phase_ = Phase::notices;
            return;
        }
        looked_ = false;
        const bool noticed = wake_.consume_signal();
        promises_.log("owner", noticed ? "notices a signal" : "notices no signal");
        promises_.expect(noticed == promises_.signalled, "the owner was told wrongly of a signal");
        promises_.signalled = false;
        phase_ = noticed && !looks_first ? Phase::takes : Phase::looks;
    }

    void take_signals() {
        promises_.handle_noted = promises_.signal_owed = false;
        phase_ = Phase::looks;
        promises_.log("owner", "looks at the signalled handles");
    }

    void consume() {
        const bool woken = wake_.consume();
        promises_.log("owner", woken ? "reports a wake" : "finds no wake");
        promises_.expect(!woken || promises_.asked, "a wake was reported that was not requested");
        promises_.expect(woken || !promises_.asked, "a wake was asked for and not reported");
        if (woken) {
            promises_.asked = promises_.settled = promises_.owed = false;
            ++reports_;
        }
        promises_.expect(wake_.is_shut_down() == promises_.shut_down,
                         "the owner was told wrongly of a shutdown");
        phase_ = wake_.is_shut_down()            ? Phase::gone
                 : woken || where_ == Park::port ? start()
                                                 : Phase::parks;
    }

    void park() {
        --parks_left_;
        const bool parked = wake_.park(where_);
        promises_.log("owner", parked ? "parks" : "may not park");
        promises_.expect(parked == !(promises_.asked || promises_.shut_down || promises_.signalled),
                         "the owner parked over a wake, or may not park though nothing has come");
        if (!parked) {
            if (where_ == Park::port) {
                kernel_.take_all_packets();
            }
            phase_ = where_ == Park::port || !signals_ ? Phase::consumes : Phase::notices;
            return;
        }
        phase_ = where_ == Park::sockets ? Phase::arms : Phase::blocks;
    }

    Phase phase_;
    Park where_ = Park::port;
    bool signals_;
    bool lock_;
    bool looked_ = false;
    bool roused_ = false;  ///< By a thread that changed something, since the block began.
    int parks_left_;
    int reports_ = 0;
    Wake& wake_;
    Kernel& kernel_;
    Promises& promises_;
};

}  // namespace wakepoll::core::test
