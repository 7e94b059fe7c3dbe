// One call into the simulated kernel, from entry to exit, for the bodies of lib/sys.
//
// Made at the top of a body. Its constructor counts the call, lets actors act and takes the lock;
// `fault` says whether the call is to fail; `fail` and `answer` note the outcome for the trace; the
// destructor gives the lock back and lets actors act again.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <system_error>

#include "kernel.hpp"
#include "wakepoll/error.hpp"

namespace wakepoll::sim {

class Syscall {
public:
    explicit Syscall(Call call, std::uintptr_t subject = 0, std::uint64_t argument = 0);
    ~Syscall();
    Syscall(const Syscall&) = delete;
    Syscall& operator=(const Syscall&) = delete;

    /// The code that was planned for this call; 0 where it is to do its work.
    [[nodiscard]] std::uint32_t fault() const noexcept { return fault_; }

    /// The error, noted.
    [[nodiscard]] std::error_code fail(std::uint32_t code) noexcept;
    /// The answer, noted.
    template <class T>
    [[nodiscard]] T answer(T value) noexcept {
        record_.answer = static_cast<std::uint64_t>(value);
        return value;
    }

    [[nodiscard]] Model* operator->() noexcept { return &kernel_.model_; }
    [[nodiscard]] std::chrono::nanoseconds now() const { return kernel_.clock_now(); }

    /// Waits until `ready`, which is asked under the lock, at most `milliseconds`. 0 where the
    /// wait ended with `ready` or with the time; a code where nothing could have ended it.
    /// Where the call is `alertable`, APCs run meanwhile.
    [[nodiscard]] std::uint32_t block(std::uint32_t milliseconds,
                                      const std::function<bool()>& ready, bool alertable = false);

    /// Waits until no thread reads from the file, as calls on a synchronous one do for each other.
    /// 0, or a code where nothing could have ended it.
    [[nodiscard]] std::uint32_t wait_for_reads(const Object& file);

    Wait* arm(std::shared_ptr<Object> object, Wait::For what, Wait::Callback callback,
              void* context);
    void disarm(Wait* wait);

    /// Sets a timer to a time from now, which it keeps as well as the personality does.
    void set_timer(const std::shared_ptr<WaitableTimer>& timer, std::chrono::nanoseconds delay);

private:
    Inside inside_;
    Kernel& kernel_;
    Kernel::Lock lock_;
    CallRecord record_;
    std::uint32_t fault_ = 0;
};

}  // namespace wakepoll::sim
