// One kind of work that the soak puts on its loop; how a loop is prepared for it, and how the soak
// ends if something is lost.
//
// A load works from `go` to `rest`, repeatedly. After `rest` it starts nothing new and completes
// what it has started: then it is at rest, and holds no more of the system than at earlier rests.
// Everything except `fail` belongs to the loop's thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

namespace example {
class EventLoop;
}  // namespace example

namespace soak {

class Load {
public:
    Load() = default;
    Load(const Load&) = delete;
    Load& operator=(const Load&) = delete;
    virtual ~Load() = default;

    [[nodiscard]] virtual std::string_view name() const = 0;
    virtual void go() = 0;
    virtual void rest() = 0;
    [[nodiscard]] virtual bool is_at_rest() const = 0;
    /// What was done and verified since the beginning.
    [[nodiscard]] virtual std::uint64_t done() const = 0;
};

/// Registers more sockets at once than the loads ever do, and unregisters them: what the poller
/// opens and keeps for so many (over AFD, a device handle for each 32) then exists from the
/// beginning, and the numbers of handles at rest are exactly comparable.
void warm_up(example::EventLoop& loop);

/// Prints what is wrong and ends the program with exit code 1, at once: after a loss it makes no
/// sense to wait. Any thread. The programs that it has started end with their input.
[[noreturn]] void fail(const std::string& what);
/// The same with the system's error.
[[noreturn]] void fail(const std::string& what, const std::error_code& error);

}  // namespace soak
