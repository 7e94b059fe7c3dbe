// One kind of work that the soak puts on its loop; how a loop is made ready for them, and how the
// soak ends where something is lost.
//
// A load works from `go` to `rest`, over and over. After `rest` it begins nothing new, and sees
// what it has begun to its end: then it is at rest, and holds no more of the system than it did
// when it was at rest before. All of it belongs to the loop's thread, but `fail`.
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
    /// What was done and found right since the beginning.
    [[nodiscard]] virtual std::uint64_t done() const = 0;
};

/// Registers more sockets at once than the loads ever do, and forgets them: what the poller opens
/// and keeps for so many (over AFD, a handle to the device for each 32) is there from the beginning
/// then, and the number of handles at rest can be compared to the one.
void warm_up(example::EventLoop& loop);

/// Says what is wrong and ends the program with exit code 1, at once: what has lost something can
/// not be waited for. Any thread. The programs that it has started end with their input.
[[noreturn]] void fail(const std::string& what);
/// The same with what the system says of it.
[[noreturn]] void fail(const std::string& what, const std::error_code& error);

}  // namespace soak
