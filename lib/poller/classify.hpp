// What kind of kernel object stands behind a handle: the questions of sys/handle_info put in order.
//
// Called once a registration, from the thread that registers. It changes nothing and keeps nothing.
// Winsock must have been started, because a socket looks like a pipe to every call but Winsock's.
#pragma once

#include "wakepoll/error.hpp"
#include "wakepoll/handle.hpp"

namespace wakepoll {

/// The kind of `handle`; `HandleType::unknown` for an object that is none of them (NUL, a mutex).
///
/// `bad_file_descriptor` for what is not an open handle, and for the pseudo-handles (-1, the
/// current process, to -16), which mean something else on every thread. An error of Winsock's that
/// says nothing about the handle (not started, network down) is returned as it is.
[[nodiscard]] Result<HandleType> classify(Handle handle) noexcept;

/// `handle` is an open handle, of whatever kind; pseudo-handles are not. One call, which waits
/// behind no read of a synchronous file, as those of `classify` do.
[[nodiscard]] bool is_open(Handle handle) noexcept;

}  // namespace wakepoll
