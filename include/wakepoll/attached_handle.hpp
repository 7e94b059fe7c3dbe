// A handle that is attached to a poller: each operation submitted on it costs one kernel call.
//
//     AttachedHandle file = poller.attach(handle).value();
//     poller.submit_read(file, buffer, user_data, offset);
//
// Windows may give the number of a closed handle to the next object. So a submit on a plain
// `Handle` first checks that the number still means the object that the poller knows, which is one
// more kernel call. For an attached handle you guarantee that instead: it stays open while it is
// attached.
//
// If it is closed nevertheless, operations in flight end as for any closed handle, and a submit is
// refused as soon as the poller knows (`errc::attachment_is_over`) or the kernel says that no
// object has the number. Until then an operation goes to the object that has the number now: it
// takes or sends bytes there, and is reported only if that object belongs to the same port.
#pragma once

#include <concepts>
#include <utility>

#include "wakepoll/export.h"
#include "wakepoll/handle.hpp"
#include "wakepoll/slot_holder.hpp"

namespace wakepoll {
inline namespace v0_1 {

/// A handle that is attached by `OsPoller::attach`. It can be moved and may outlive its poller; one
/// thread at a time moves or destroys it. A handle has one attachment at a time, and cannot be
/// registered meanwhile.
class WAKEPOLL_API AttachedHandle {
public:
    /// Attached to nothing: a submit on it is refused with `std::errc::bad_file_descriptor`.
    AttachedHandle() noexcept = default;
    AttachedHandle(AttachedHandle&& other) noexcept = default;
    AttachedHandle& operator=(AttachedHandle&& other) noexcept;
    AttachedHandle(const AttachedHandle&) = delete;
    AttachedHandle& operator=(const AttachedHandle&) = delete;
    /// Calls `detach`.
    ~AttachedHandle();

    /// Ends the attachment, without a kernel call; a second call does nothing. The handle stays
    /// open and associated with the port; operations in flight continue.
    void detach() noexcept;

    /// Returns the handle; invalid if it is attached to nothing.
    [[nodiscard]] Handle handle() const noexcept { return holder_.handle(); }

    /// True while it is attached.
    [[nodiscard]] explicit operator bool() const noexcept { return holder_.poller() != nullptr; }

private:
    friend class OsPoller;

    explicit AttachedHandle(SlotHolder&& holder) noexcept : holder_(std::move(holder)) {}

    SlotHolder holder_;
};

/// The target of an operation: a handle, or an attached one.
class SubmitTarget {
public:
    // NOLINTBEGIN(google-explicit-constructor): a submit takes either one without a cast.
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
