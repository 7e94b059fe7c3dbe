// A small world around a wake word: an owner that waits, threads that wake it and shut it down, one
// that changes something meanwhile, packets that arrive, a kernel that may refuse any call.
//
// Everything happens in one thread, step by step. Each step is one method of the wake word or one
// kernel call, because a method takes effect in a single exchange of the word: whatever threads do
// to it at the same time, the outcome is that of some order of these steps. `wake_explorer.hpp`
// plays them in every order.
//
// After each step the world checks the promise: the owner is never left blocked over an accepted
// wake, a shutdown, a packet, a signalled handle or a change unless something pending ends the
// block. It also checks that exactly the requested wakes are reported, and that no kernel call is
// made in vain.
//
// `Wake` is core::WakeState or something with the same methods.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "core/wake_state.hpp"
#include "wake_actors.hpp"
#include "wake_changer.hpp"
#include "wake_owner.hpp"

namespace wakepoll::core::test {

/// The bytes of the word, to recognise a state by. All that a WakeState knows is in it.
inline std::uint64_t fingerprint(const WakeState& wake) {
    static_assert(sizeof(WakeState) == sizeof(std::uint64_t));
    std::uint64_t word = 0;
    std::memcpy(&word, static_cast<const void*>(&wake), sizeof(word));
    return word;
}

template <class Wake>
class World {
public:
    /// `recording` keeps a history, which costs more than the rest of the world.
    explicit World(const Bounds& bounds, bool recording = false)
        : promises_(recording),
          owner_(bounds.parks, bounds.signals + bounds.changes > 0, bounds.changes > 0, wake_,
                 kernel_, promises_),
          changer_(bounds.changes, wake_, kernel_, promises_, owner_),
          wakers_(static_cast<std::size_t>(bounds.wakers)),
          packets_left_(bounds.packets),
          signals_left_(bounds.signals),
          failed_rings_left_(bounds.failed_rings) {
        for (Caller& waker : wakers_) {
            waker.calls_left = bounds.wakes_each;
        }
        shutdown_.calls_left = bounds.shutdown ? 2 : 0;
    }

    World(const World&) = delete;
    World& operator=(const World&) = delete;

    [[nodiscard]] std::vector<Step> possible() const {
        std::vector<Step> steps;
        const auto add = [&](Step::Actor actor, int number, int variants) {
            for (int variant = 0; variant < variants; ++variant) {
                steps.push_back({actor, number, variant});
            }
        };
        const auto variants_of = [](const Caller& caller) {
            return caller.phase == Phase::idle      ? (caller.calls_left > 0 ? 1 : 0)
                   : caller.phase == Phase::calling ? 2
                                                    : 1;
        };
        const bool waits_for_lock = owner_.wants_lock() && changer_.has_lock();
        add(Step::Actor::owner, 0, waits_for_lock ? 0 : owner_.variants());
        for (std::size_t i = 0; i < wakers_.size(); ++i) {
            add(Step::Actor::waker, static_cast<int>(i), variants_of(wakers_[i]));
        }
        add(Step::Actor::shutdown, 0, variants_of(shutdown_));
        add(Step::Actor::packet, 0, packets_left_ > 0 ? 1 : 0);
        add(Step::Actor::watch, 0, watch_variants());
        add(Step::Actor::signaller, 0, signaller_variants());
        add(Step::Actor::changer, 0, changer_.variants(failed_rings_left_));
        return steps;
    }

    void take(const Step& step) {
        switch (step.actor) {
            case Step::Actor::owner:
                owner_.step(step.variant);
                break;
            case Step::Actor::waker:
                step_waker(wakers_[static_cast<std::size_t>(step.number)], step);
                break;
            case Step::Actor::shutdown:
                step_shutdown(step.variant);
                break;
            case Step::Actor::packet:
                --packets_left_;
                ++kernel_.packets;
                promises_.log("packet", "arrives");
                break;
            case Step::Actor::watch:
                step_watch(step.variant);
                break;
            case Step::Actor::signaller:
                step_signaller(step.variant);
                break;
            case Step::Actor::changer:
                failed_rings_left_ -= changer_.step(step.variant) ? 1 : 0;
                break;
        }
        check_promises();
    }

    /// What was broken first; empty if nothing was.
    [[nodiscard]] const std::string& broken() const { return promises_.broken; }

    /// The steps so far, one a line.
    [[nodiscard]] const std::string& history() const { return promises_.history; }

    /// The whole state, for recognising it: two worlds with the same key have the same future.
    [[nodiscard]] std::string key() const {
        std::string key;
        const auto add = [&](auto value) { key.push_back(static_cast<char>(value)); };
        const auto add_caller = [&](const Caller& caller) {
            add(caller.phase);
            add(caller.calls_left);
            add(caller.succeeded);
            add(caller.reports_before == owner_.reports());
            add(caller.delivery.where);
            add(caller.delivery.generation);
        };
        for (const Caller& waker : wakers_) {
            add_caller(waker);
        }
        add_caller(shutdown_);
        add_caller(watch_);
        add_caller(signaller_);
        for (const int count :
             {packets_left_, signals_left_, failed_rings_left_, kernel_.packets}) {
            add(count);
        }
        for (const bool flag :
             {kernel_.port_signal, kernel_.doorbell, kernel_.watches_port, promises_.asked,
              promises_.settled, promises_.owed, promises_.shut_down, promises_.shutdown_owed,
              promises_.handle_noted, promises_.signal_owed, promises_.change_owed,
              promises_.signalled}) {
            add(flag);
        }
        owner_.describe(add);
        changer_.describe(add);
        const std::uint64_t word = fingerprint(wake_);
        for (unsigned shift = 0; shift < 64; shift += 8) {
            add(word >> shift & 0xFFU);
        }
        return key;
    }

private:
    using Delivery = WakeState::Delivery;

    // Callers that wake it.

    /// Checks that no delivery calls the kernel in vain. (That it does if necessary is not
    /// checked here: the promises are, after every step.)
    void expect_no_needless_call(const Delivery& delivery, bool needed) {
        promises_.expect(needed || delivery.kind != Delivery::Kind::needed,
                         "a needless kernel call");
    }

    /// The kernel call and the end of a delivery. True when it has ended.
    bool run_delivery(Caller& caller, int variant, std::string_view name) {
        if (caller.phase == Phase::calling) {
            caller.succeeded = variant == 0;
            if (caller.succeeded) {
                kernel_.rouse(caller.delivery.where);
            }
            caller.phase = Phase::called;
            promises_.log(name,
                          caller.succeeded ? "the kernel call succeeds" : "the kernel call fails");
            return false;
        }
        wake_.finish(caller.delivery, caller.succeeded);
        caller.phase = Phase::idle;
        promises_.log(name, "finishes");
        return true;
    }

    void step_waker(Caller& waker, const Step& step) {
        constexpr std::array<std::string_view, 4> names{"waker 0", "waker 1", "waker 2", "waker 3"};
        const std::string_view name = names[static_cast<std::size_t>(step.number)];
        if (waker.phase == Phase::idle) {
            --waker.calls_left;
            waker.delivery = wake_.begin_wake();
            waker.reports_before = owner_.reports();
            promises_.log(name, "begins");
            if (promises_.shut_down) {
                promises_.expect(waker.delivery.kind == Delivery::Kind::refused,
                                 "a wake after the shutdown");
                return;
            }
            expect_no_needless_call(waker.delivery, owner_.is_parked() && !promises_.settled);
            promises_.asked = true;
            if (waker.delivery.kind == Delivery::Kind::needed) {
                waker.phase = Phase::calling;
            } else {
                promises_.owed = promises_.settled = true;
            }
            return;
        }
        const bool ended = run_delivery(waker, step.variant, name);
        if (waker.succeeded && waker.reports_before == owner_.reports()) {
            promises_.owed = true;
            promises_.settled = promises_.settled || ended;
        }
    }

    void step_shutdown(int variant) {
        if (shutdown_.phase == Phase::idle) {
            --shutdown_.calls_left;
            shutdown_.delivery = wake_.begin_shutdown();
            promises_.log("shutdown", "begins");
            expect_no_needless_call(shutdown_.delivery, owner_.is_parked());
            promises_.shut_down = true;
            if (shutdown_.delivery.kind == Delivery::Kind::needed) {
                shutdown_.phase = Phase::calling;
            } else {
                promises_.shutdown_owed = true;
            }
            return;
        }
        (void)run_delivery(shutdown_, variant, "shutdown");
        promises_.shutdown_owed = promises_.shutdown_owed || shutdown_.succeeded;
    }

    // The watch on the port: it fires once each time it is armed, and insists until it gets
    // through.

    [[nodiscard]] int watch_variants() const {
        if (watch_.phase == Phase::calling) {
            return failed_rings_left_ > 0 ? 2 : 1;
        }
        return watch_.phase == Phase::called || watch_.calls_left > 0 ||
                       (kernel_.watches_port && kernel_.is_port_signalled())
                   ? 1
                   : 0;
    }

    void step_watch(int variant) {
        if (watch_.phase == Phase::idle && watch_.calls_left == 0) {
            kernel_.watches_port = false;
            watch_.calls_left = 1;
            promises_.log("watch", "fires");
            return;
        }
        if (watch_.phase == Phase::idle) {
            watch_.delivery = wake_.begin_port_signal();
            promises_.log("watch", "begins");
            expect_no_needless_call(watch_.delivery,
                                    owner_.is_parked() && owner_.where() == Park::sockets);
            if (watch_.delivery.kind == Delivery::Kind::needed) {
                watch_.phase = Phase::calling;
            } else {
                watch_.calls_left = 0;
            }
            return;
        }
        if (watch_.phase == Phase::calling && variant == 1) {
            --failed_rings_left_;
        }
        if (run_delivery(watch_, variant, "watch")) {
            watch_.calls_left = watch_.succeeded ? 0 : 1;
        }
    }

    // The thread of the system's pool that sees handles signalled: it notes each, then rouses the
    // owner and insists until it gets through.

    [[nodiscard]] int signaller_variants() const {
        if (signaller_.phase == Phase::calling) {
            return failed_rings_left_ > 0 ? 2 : 1;
        }
        return signaller_.phase == Phase::called || signaller_.calls_left > 0 || signals_left_ > 0
                   ? 1
                   : 0;
    }

    void step_signaller(int variant) {
        if (signaller_.phase == Phase::idle && signaller_.calls_left == 0) {
            --signals_left_;
            signaller_.calls_left = 1;
            // What was owed and looked at already is nothing that is owed of this one.
            promises_.signal_owed = promises_.signal_owed && promises_.handle_noted;
            promises_.handle_noted = true;
            promises_.log("signaller", "notes a handle");
            return;
        }
        if (signaller_.phase == Phase::idle) {
            signaller_.delivery = wake_.begin_signal();
            promises_.log("signaller", "begins");
            expect_no_needless_call(signaller_.delivery, owner_.is_parked());
            promises_.signalled = true;
            if (signaller_.delivery.kind == Delivery::Kind::needed) {
                signaller_.phase = Phase::calling;
            } else {
                signaller_.calls_left = 0;
                promises_.signal_owed = promises_.handle_noted;
            }
            return;
        }
        if (signaller_.phase == Phase::calling && variant == 1) {
            --failed_rings_left_;
        }
        if (run_delivery(signaller_, variant, "signaller")) {
            signaller_.calls_left = signaller_.succeeded ? 0 : 1;
        } else if (signaller_.succeeded) {
            promises_.signal_owed = promises_.handle_noted;
        }
    }

    void check_promises() {
        if (!owner_.is_blocked() || kernel_.ends(owner_.where())) {
            return;
        }
        promises_.expect(!promises_.owed, "an accepted wake is lost: the owner is blocked");
        promises_.expect(!promises_.shutdown_owed,
                         "an accepted shutdown is lost: the owner is blocked");
        const bool watched = kernel_.watches_port || watch_.calls_left > 0;
        promises_.expect(kernel_.packets == 0 || watched, "a packet is slept over");
        promises_.expect(!promises_.signal_owed, "a signalled handle is slept over");
        promises_.expect(!promises_.change_owed, "a change is slept over");
    }

    Promises promises_;
    Kernel kernel_;
    Wake wake_;
    Owner<Wake> owner_;
    Changer<Wake> changer_;
    std::vector<Caller> wakers_;
    Caller shutdown_;
    Caller watch_;      ///< `calls_left` says that it has fired and has not got through yet.
    Caller signaller_;  ///< `calls_left` says that it has noted a handle and has to rouse.
    int packets_left_;
    int signals_left_;
    int failed_rings_left_;
};

}  // namespace wakepoll::core::test
