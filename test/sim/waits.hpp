// Thread-pool waits of the model: RegisterWaitForSingleObject, once, and threads of the pool that
// read no bytes from a synchronous pipe.
//
// A wait is *armed*, then *triggered* for good by the first moment its object is seen signalled
// (whatever becomes of the object afterwards, as on Windows where the pool's thread has been woken
// then), then *running*, then *done*. What triggers it takes the object's signal, and that is not
// given back where the wait is removed before its callback has run. When a triggered callback runs
// is the kernel's to choose.
//
// A wait keeps its object, as Windows does: closing the last handle ends no wait, and a timer that
// runs still fires. A read is different: it ends when the pipe is closed here.
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
        read,  ///< That a read which takes nothing returns, with or without an error.
    };

    std::shared_ptr<Object> object;  ///< Null where a read has no handle to read from.
    For what = For::signal;
    Callback callback = nullptr;
    void* context = nullptr;
    Stage stage = Stage::armed;

    /// What is waited for is the case now.
    [[nodiscard]] bool is_due() const noexcept;
};

class WaitList {
public:
    /// The address stays as it is until `remove`.
    Wait* add(std::shared_ptr<Object> object, Wait::For what, Wait::Callback callback,
              void* context);

    /// Not while the callback runs.
    void remove(const Wait* wait);

    /// Triggers what is armed and due, in the order it was armed. True where any was.
    bool trigger();

    /// A triggered wait; null where there is none.
    [[nodiscard]] Wait* triggered() noexcept;

    /// A thread of the pool is in a read from the pipe, so that other calls on its handle wait.
    [[nodiscard]] bool is_read(const Object& pipe) const noexcept;

    [[nodiscard]] bool empty() const noexcept { return waits_.empty(); }

private:
    std::list<Wait> waits_;
};

}  // namespace wakepoll::sim
