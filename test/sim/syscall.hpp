// One call into the simulated kernel, from entry to exit, for the bodies of lib/sys.
//
// Created at the top of a body. The constructor counts the call, runs actors and takes the lock;
// `fault` returns a planned error; `fail` and `answer` record the outcome in the trace; the
// destructor releases the lock and runs actors again.
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

    /// The error that was planned for this call; 0 if it does its work.
    [[nodiscard]] std::uint32_t fault() const noexcept { return fault_; }

    /// The error, recorded in the trace.
    [[nodiscard]] std::error_code fail(std::uint32_t code) noexcept;
    /// The answer, recorded in the trace.
    template <class T>
    [[nodiscard]] T answer(T value) noexcept {
        record_.answer = static_cast<std::uint64_t>(value);
        return value;
    }

    [[nodiscard]] Model* operator->() noexcept { return &kernel_.model_; }
    [[nodiscard]] std::chrono::nanoseconds now() const { return kernel_.clock_now(); }

    /// Blocks until `ready`, which is called under the lock, for `milliseconds` at most. 0 if the
    /// wait ended with `ready` or by its timeout; an error if nothing could have ended it. If the
    /// call is `alertable`, APCs run meanwhile.
    [[nodiscard]] std::uint32_t block(std::uint32_t milliseconds,
                                      const std::function<bool()>& ready, bool alertable = false);

    /// Blocks until no thread reads from the file, as calls on a synchronous file do. 0, or an
    /// error if nothing could have ended it.
    [[nodiscard]] std::uint32_t wait_for_reads(const Object& file);

    Wait* arm(std::shared_ptr<Object> object, Wait::For what, Wait::Callback callback,
              void* context);
    void disarm(Wait* wait);

    /// Sets a timer to a time from now, with the precision of the personality.
    void set_timer(const std::shared_ptr<WaitableTimer>& timer, std::chrono::nanoseconds delay);

private:
    Inside inside_;
    Kernel& kernel_;
    Kernel::Lock lock_;
    CallRecord record_;
    std::uint32_t fault_ = 0;
};

}  // namespace wakepoll::sim
