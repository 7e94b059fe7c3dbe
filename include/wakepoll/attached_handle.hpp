// A handle that is attached to a poller: each operation submitted on it costs one kernel call.
//
//     AttachedHandle file = poller.attach(handle).value();
//     poller.submit_read(file, buffer, user_data, offset);
//
// A closed handle's number is dealt out anew at once. So a submit on a plain `Handle` first asks
// the port whether the number is still the object that it knows, which is a kernel call of its own.
// Who attaches a handle answers for that instead: the handle stays open while it is attached.
//
// Where it is closed all the same, what is in flight ends as it does for any closed handle, and a
// submit is refused as soon as the poller knows (`errc::attachment_is_over`) or the kernel says
// that nothing has the number. Until then an operation goes to the object that has the number by
// now: it takes or sends bytes there, and is reported only if that object belongs to the same port.
#pragma once

#include <concepts>
#include <utility>

#include "wakepoll/export.h"
#include "wakepoll/handle.hpp"
#include "wakepoll/slot_holder.hpp"

namespace wakepoll {
inline namespace v0_1 {

/// Made by `OsPoller::attach`. It may be moved, may outlive its poller, and is one thread's to move
/// and destroy, as any object is. A handle is attached once at a time, and is not registered while
/// it is attached.
class WAKEPOLL_API AttachedHandle {
public:
    /// Attached to nothing: a submit on it is refused with `std::errc::bad_file_descriptor`.
    AttachedHandle() noexcept = default;
    AttachedHandle(AttachedHandle&& other) noexcept = default;
    AttachedHandle& operator=(AttachedHandle&& other) noexcept;
    AttachedHandle(const AttachedHandle&) = delete;
    AttachedHandle& operator=(const AttachedHandle&) = delete;
    /// As `detach`.
    ~AttachedHandle();

    /// Ends the attachment, without a kernel call. The handle stays open and of the port;
    /// operations in flight go on. Any number of times.
    void detach() noexcept;

    /// The handle; invalid where it is attached to nothing.
    [[nodiscard]] Handle handle() const noexcept { return holder_.handle(); }

    /// It was attached and not detached since.
    [[nodiscard]] explicit operator bool() const noexcept { return holder_.poller() != nullptr; }

private:
    friend class OsPoller;

    explicit AttachedHandle(SlotHolder&& holder) noexcept : holder_(std::move(holder)) {}

    SlotHolder holder_;
};

/// What an operation is submitted on: a handle, or an attached one.
class SubmitTarget {
public:
    // NOLINTBEGIN(google-explicit-constructor): a submit is given either one as it is.
    template <std::convertible_to<Handle> Plain>
    SubmitTarget(const Plain& handle) noexcept : handle_(handle) {}
    SubmitTarget(const AttachedHandle& attached) noexcept
        : handle_(attached.handle()), attached_(&attached) {}
    // NOLINTEND(google-explicit-constructor)

private:
    friend class OsPoller;

    Handle handle_;
    const AttachedHandle* attached_ = nullptr;
};

}  // namespace v0_1
}  // namespace wakepoll
