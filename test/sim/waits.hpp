// Thread-pool waits of the model: one-shot RegisterWaitForSingleObject, and threads of the pool
// that read no bytes from a synchronous pipe.
//
// A wait is *armed*, then *triggered* when its object is first seen signalled (for good, as on
// Windows, where the pool's thread is awake by then), then *running*, then *done*. Triggering takes
// the object's signal, which is lost if the wait is removed before its callback has run. The kernel
// chooses when a triggered callback runs.
//
// A wait refers to its object, as on Windows: closing the last handle ends no wait, and a running
// timer still fires. A read is different: it ends when the pipe is closed on this side.
//
// Used under the kernel's lock, except that a callback itself runs without it.
#pragma once

#include <cstdint>
#include <list>
#include <memory>

#include "object.hpp"

namespace wakepoll::sim {

struct Wait {
    using Callback = void (*)(void* context) noexcept;
    enum class Stage : std::uint8_t { armed, triggered, running, done };
    enum class For : std::uint8_t {
        signal,
        read,  ///< The return of a read of no bytes, with or without an error.
    };

    std::shared_ptr<Object> object;  ///< Null if a read has no valid handle.
    For what = For::signal;
    Callback callback = nullptr;
    void* context = nullptr;
    Stage stage = Stage::armed;

    /// True if the condition holds now.
    [[nodiscard]] bool is_due() const noexcept;
};

class WaitList {
public:
    /// Adds a wait. Its address is stable until `remove`.
    Wait* add(std::shared_ptr<Object> object, Wait::For what, Wait::Callback callback,
              void* context);

    /// Removes a wait. Not while its callback runs.
    void remove(const Wait* wait);

    /// Triggers what is armed and due, in the order of arming. True if anything was.
    bool trigger();

    /// A triggered wait; null if there is none.
    [[nodiscard]] Wait* triggered() noexcept;

    /// True if a thread of the pool reads from the pipe, so that other calls on its handle wait.
    [[nodiscard]] bool is_read(const Object& pipe) const noexcept;

    [[nodiscard]] bool empty() const noexcept { return waits_.empty(); }

private:
    std::list<Wait> waits_;
};

}  // namespace wakepoll::sim
