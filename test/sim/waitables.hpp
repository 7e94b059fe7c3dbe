// Kernel objects of the model that can only be waited for: events, semaphores, processes and
// threads.
//
// Each becomes signalled in its own way, which the world outside (support/world.hpp) or a test
// uses, and decides what a successful wait takes of the signal. Timers, which need the clock, are
// in waitable_timer.hpp; consoles, which have content, in console.hpp. Used under the kernel's
// lock, through a `Syscall` or a `ModelLock`, which trigger the waits after a change.
#pragma once

#include <cstdint>

#include "object.hpp"

namespace wakepoll::sim {

/// What resets an event or a timer.
enum class Reset : std::uint8_t {
    manual,     ///< The program.
    automatic,  ///< The wait that ends.
};

/// An object that is no file, and so cannot belong to a port.
class Waitable : public Object {
public:
    using Object::Object;

    [[nodiscard]] bool is_file() const noexcept final { return false; }
    [[nodiscard]] bool is_overlapped() const noexcept final { return false; }
};

class Event final : public Waitable {
public:
    explicit Event(Reset reset) noexcept : Waitable(Kind::event), reset_(reset) {}

    /// SetEvent.
    void set() noexcept { set_ = true; }
    /// ResetEvent.
    void reset() noexcept { set_ = false; }
    [[nodiscard]] bool is_auto_reset() const noexcept { return reset_ == Reset::automatic; }

    [[nodiscard]] bool signalled() const noexcept override { return set_; }
    void take_signal() noexcept override { set_ = set_ && !is_auto_reset(); }

private:
    Reset reset_;
    bool set_ = false;
};

class Semaphore final : public Waitable {
public:
    Semaphore(std::uint32_t count, std::uint32_t maximum) noexcept
        : Waitable(Kind::semaphore), count_(count), maximum_(maximum) {}

    /// ReleaseSemaphore by one. False if that exceeds the maximum.
    [[nodiscard]] bool release() noexcept {
        if (count_ == maximum_) {
            return false;
        }
        ++count_;
        return true;
    }

    [[nodiscard]] bool signalled() const noexcept override { return count_ != 0; }
    void take_signal() noexcept override { --count_; }

private:
    std::uint32_t count_;
    std::uint32_t maximum_;
};

/// A process or a thread: signalled for good once it has ended.
class Task final : public Waitable {
public:
    explicit Task(Kind kind) noexcept : Waitable(kind) {}

    void end() noexcept { ended_ = true; }

    [[nodiscard]] bool signalled() const noexcept override { return ended_; }

private:
    bool ended_ = false;
};

}  // namespace wakepoll::sim
