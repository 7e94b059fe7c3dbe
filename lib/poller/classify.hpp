// What kind of kernel object stands behind a handle: the questions of sys/handle_info put in order.
//
// Called once a registration, from the thread that registers. It changes nothing and keeps nothing.
// Winsock must have been started, because a socket looks like a pipe to every call but Winsock's.
#pragma once

#include <cstdint>

#include "wakepoll/error.hpp"
#include "wakepoll/handle.hpp"

namespace wakepoll {

/// The kernel may have dealt this number. It deals in multiples of four and leaves the two low bits
/// out of account, so an object would have four numbers otherwise. And it deals none of the pseudo-
/// handles: GetCurrentProcess() is -1, GetCurrentThread() -2, the tokens are -4 to -6, and some
/// calls take -10 to -12 for the standard handles.
[[nodiscard]] constexpr bool can_be_dealt(Handle handle) noexcept {
    return handle && handle.value() % 4 == 0 && handle.value() < ~std::uintptr_t{15};
}

/// The kind of `handle`; `HandleType::unknown` for an object that is none of them (NUL, a mutex).
///
/// `bad_file_descriptor` for what is not an open handle or cannot be one. An error of Winsock's
/// that says nothing about the handle (not started, network down) is returned as it is.
[[nodiscard]] Result<HandleType> classify(Handle handle) noexcept;

/// `handle` is an open handle, of whatever kind; pseudo-handles are not. One call, which waits
/// behind no read of a synchronous file, as those of `classify` do.
[[nodiscard]] bool is_open(Handle handle) noexcept;

}  // namespace wakepoll
