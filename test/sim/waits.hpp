// Thread-pool waits of the model (RegisterWaitForSingleObject, once).
//
// A wait is *armed*, then *triggered* for good by the first moment its object is seen signalled
// (whatever becomes of the object afterwards, as on Windows where the pool's thread has been woken
// then), then *running*, then *done*. When a triggered callback runs is the kernel's to choose.
// Used under the kernel's lock, except that a callback itself runs without it.
#pragma once

#include <list>
#include <memory>

#include "object.hpp"

namespace wakepoll::sim {

struct Wait {
    using Callback = void (*)(void* context) noexcept;
    enum class Stage : std::uint8_t { armed, triggered, running, done };

    std::shared_ptr<Object> object;
    Callback callback = nullptr;
    void* context = nullptr;
    Stage stage = Stage::armed;
};

class WaitList {
public:
    /// The address stays as it is until `remove`.
    Wait* add(std::shared_ptr<Object> object, Wait::Callback callback, void* context);

    /// Not while the callback runs.
    void remove(const Wait* wait);

    /// Triggers what is armed on a signalled object. True where any was.
    bool trigger();

    /// A triggered wait; null where there is none.
    [[nodiscard]] Wait* triggered() noexcept;

    [[nodiscard]] bool empty() const noexcept { return waits_.empty(); }

private:
    std::list<Wait> waits_;
};

}  // namespace wakepoll::sim
