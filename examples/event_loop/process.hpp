// Starting a process with pipes for its three standard streams, the same on Windows and on Linux.
//
// What differs (how a program is started, what it inherits, which pipe can be waited for, where the
// exit code comes from) is settled in process.cpp and nowhere else. Nothing here knows the loop,
// and nothing blocks but `start`, which returns once the program runs or is known not to.
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
/// other handle. Any thread. On Linux, SIGPIPE is ignored by this process from the first call on,
/// so that writing to a child that has gone is an error and no signal.
[[nodiscard]] wakepoll::Result<Process> start(const std::vector<std::string>& command);

/// What a process that has ended returned; to be asked once. One that was ended by a signal gives
/// 128 and the signal's number, as a shell has it.
[[nodiscard]] int exit_code(const Process& process);

/// Ends a process by force. No error where it has ended already.
void kill(const Process& process);

/// Waits until a process has ended and forgets it. For one that was killed.
void reap(const Process& process);

/// The file of this program.
[[nodiscard]] std::string own_path();

}  // namespace example::process
