// A registration for readiness that ends by itself.
//
//     auto input = Registration::create(poller, socket, IoInterest::read, &connection).value();
#pragma once

#include <system_error>
#include <utility>

#include "wakepoll/error.hpp"
#include "wakepoll/events.hpp"
#include "wakepoll/export.h"
#include "wakepoll/handle.hpp"
#include "wakepoll/slot_holder.hpp"

namespace wakepoll {
inline namespace v0_1 {

class OsPoller;

/// Unregisters its handle when it is destroyed, and does not close it. It can be moved and may
/// outlive its poller. Any thread may call `modify`. To move, unregister, release or destroy it, no
/// other thread may use it at that time.
///
/// Destroy it before you close the handle. If you close the handle first, and a new handle gets its
/// number and is registered, that registration stays.
class WAKEPOLL_API Registration {
public:
    /// Registers a handle. Errors: those of `OsPoller::register_handle`.
    [[nodiscard]] static Result<Registration> create(OsPoller& poller, Handle handle,
                                                     IoInterest interest,
                                                     UserData user_data) noexcept;

    /// Refers to nothing.
    Registration() noexcept = default;
    Registration(Registration&& other) noexcept = default;
    Registration& operator=(Registration&& other) noexcept;
    Registration(const Registration&) = delete;
    Registration& operator=(const Registration&) = delete;
    ~Registration();

    /// Replaces interest and user data, like `OsPoller::modify_handle`; `no_such_file_or_directory`
    /// if the registration has ended.
    [[nodiscard]] Result<void> modify(IoInterest interest, UserData user_data) noexcept;

    /// Ends the registration, like the destructor. `no_such_file_or_directory` if it has ended.
    Result<void> unregister() noexcept;

    /// Leaves the handle registered, refers to nothing, and returns the handle.
    Handle release() noexcept { return std::exchange(holder_, {}).handle(); }

    /// Returns the handle; invalid if it refers to nothing.
    [[nodiscard]] Handle handle() const noexcept { return holder_.handle(); }

    /// True while it refers to a registration.
    [[nodiscard]] explicit operator bool() const noexcept { return holder_.poller() != nullptr; }

private:
    explicit Registration(SlotHolder&& holder) noexcept : holder_(std::move(holder)) {}

    SlotHolder holder_;
};

}  // namespace v0_1
}  // namespace wakepoll
