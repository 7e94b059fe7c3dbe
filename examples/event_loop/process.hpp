// Starts a process with pipes for its three standard streams, the same on Windows and on Linux.
//
// process.cpp contains all differences (how a program is started, what it inherits, which pipe can
// be waited for, where the exit code comes from). Nothing here depends on the loop, and only
// `start` blocks: it returns once the program runs or has failed to start.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "event_loop.hpp"
#include "wakepoll/error.hpp"

namespace example::process {

/// An owned handle (Windows) or file descriptor (Linux).
class OwnedHandle {
public:
    OwnedHandle() noexcept = default;
    explicit OwnedHandle(HandleNumber number) noexcept : number_(number) {}
    OwnedHandle(OwnedHandle&& other) noexcept : number_(std::exchange(other.number_, none)) {}
    OwnedHandle& operator=(OwnedHandle&& other) noexcept {
        if (this != &other) {
            close();
            number_ = std::exchange(other.number_, none);
        }
        return *this;
    }
    ~OwnedHandle() { close(); }

    void close() noexcept;
    [[nodiscard]] HandleNumber number() const noexcept { return number_; }
    [[nodiscard]] explicit operator bool() const noexcept { return number_ != none; }

private:
    static constexpr HandleNumber none = ~HandleNumber{0};
    HandleNumber number_ = none;
};

/// The parent's side of a process.
struct Process {
    OwnedHandle handle;  ///< For `EventLoop::add_process`.
    // For `EventLoop::start_write`, and twice for `start_read`.
    OwnedHandle input;
    OwnedHandle output;
    OwnedHandle errors;
};

/// Runs `command`, a program and its arguments, all in UTF-8. It inherits its three streams and no
/// other handle. Any thread. On Linux, the first call makes this process ignore SIGPIPE, so that
/// writing to a child that has exited is an error and not a signal.
[[nodiscard]] wakepoll::Result<Process> start(const std::vector<std::string>& command);

/// The exit code of an ended process; call it once. One that a signal ended gives 128 plus the
/// signal's number, as in a shell.
[[nodiscard]] int exit_code(const Process& process);

/// Kills a process. No error if it has ended already.
void kill(const Process& process);

/// Waits until a process has ended and releases it. For one that was killed.
void reap(const Process& process);

/// The path of this program.
[[nodiscard]] std::string own_path();

}  // namespace example::process
