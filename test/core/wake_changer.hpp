// A thread that changes something while the owner waits, like lib/poller/changes: under the lock,
// which the owner releases only while it blocks; and wakes it, unless another has done so since the
// block began.
#pragma once

#include "wake_actors.hpp"
#include "wake_owner.hpp"

namespace wakepoll::core::test {

template <class Wake>
class Changer {
public:
    Changer(int changes, Wake& wake, Kernel& kernel, Promises& promises, Owner<Wake>& owner)
        : changes_left_(changes),
          wake_(wake),
          kernel_(kernel),
          promises_(promises),
          owner_(owner) {}

    [[nodiscard]] bool has_lock() const { return has_lock_; }

    /// In how many ways its next step may go, if the kernel may still refuse so many calls.
    [[nodiscard]] int variants(int failures_left) const {
        if (!has_lock_) {
            return changes_left_ > 0 && owner_.has_given_lock() ? 1 : 0;
        }
        return phase_ == Phase::calling && failures_left > 0 ? 2 : 1;
    }

    /// True if the kernel call has failed.
    bool step(int variant) {
        if (!has_lock_) {
            --changes_left_;
            has_lock_ = true;
            promises_.log("changer", "takes the lock and changes something");
            if (!owner_.note_roused()) {
                leave();
            }
            return false;
        }
        switch (phase_) {
            case Phase::idle:
                begin();
                return false;
            case Phase::calling:
                succeeded_ = variant == 0;
                if (succeeded_) {
                    kernel_.rouse(delivery_.where);
                }
                phase_ = Phase::called;
                promises_.log("changer",
                              succeeded_ ? "the kernel call succeeds" : "the kernel call fails");
                return !succeeded_;
            case Phase::called:
                wake_.finish(delivery_, succeeded_);
                phase_ = Phase::idle;
                promises_.log("changer", "finishes");
                if (succeeded_ || gives_up) {
                    leave();
                }
                return false;
        }
        return false;
    }

    template <class Add>
    void describe(const Add& add) const {
        add(changes_left_);
        add(has_lock_);
        add(phase_);
        add(succeeded_);
        add(delivery_.where);
        add(delivery_.generation);
    }

private:
    /// A protocol that does not insist.
    static constexpr bool gives_up = requires { Wake::gives_up; };

    void begin() {
        delivery_ = wake_.begin_signal();
        promises_.signalled = true;
        promises_.log("changer", "begins to rouse");
        const bool needed = delivery_.kind == WakeState::Delivery::Kind::needed;
        promises_.expect(owner_.is_parked() || !needed, "a needless kernel call");
        if (needed) {
            phase_ = Phase::calling;
        } else {
            leave();
        }
    }

    /// Gives the lock back: the change is in force from now on.
    void leave() {
        has_lock_ = false;
        promises_.change_owed = true;
    }

    int changes_left_;
    bool has_lock_ = false;
    bool succeeded_ = false;  ///< The kernel call.
    Phase phase_ = Phase::idle;
    WakeState::Delivery delivery_;
    Wake& wake_;
    Kernel& kernel_;
    Promises& promises_;
    Owner<Wake>& owner_;
};

}  // namespace wakepoll::core::test
