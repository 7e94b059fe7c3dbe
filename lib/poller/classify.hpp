// The kind of kernel object of a handle: combines the queries of sys/handle_info.
//
// Called once per registration, on the registering thread. Changes nothing and keeps nothing.
// Winsock must have been started, because a socket looks like a pipe to every call except
// Winsock's.
#pragma once

#include <cstdint>

#include "wakepoll/error.hpp"
#include "wakepoll/handle.hpp"

namespace wakepoll {

/// True if the kernel may have given out this number. It uses multiples of four and ignores the
/// two low bits, so an object would otherwise have four numbers. And it never gives out the
/// pseudo-handles: GetCurrentProcess() is -1, GetCurrentThread() -2, the tokens are -4 to -6, and
/// some calls take -10 to -12 for the standard handles.
[[nodiscard]] constexpr bool can_be_dealt(Handle handle) noexcept {
    return handle && handle.value() % 4 == 0 && handle.value() < ~std::uintptr_t{15};
}

/// The kind of `handle`; `HandleType::unknown` for an object that is none of them (NUL, a mutex).
///
/// `bad_file_descriptor` for what is not an open handle or cannot be one. A Winsock error that does
/// not concern the handle (not started, network down) is returned as it is.
[[nodiscard]] Result<HandleType> classify(Handle handle) noexcept;

/// True if `handle` is an open handle, of any kind; false for pseudo-handles. One call, which
/// unlike those of `classify` does not wait for a read of a synchronous file.
[[nodiscard]] bool is_open(Handle handle) noexcept;

}  // namespace wakepoll
