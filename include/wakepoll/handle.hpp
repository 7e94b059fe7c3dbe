// A borrowed system handle: a SOCKET or a HANDLE, without Windows' headers.
//
// Windows keeps both in one number space, so one type carries both; registration queries once what
// kind of object it is (`HandleType`). A `Handle` owns nothing and closes nothing. Any thread may
// copy and compare it.
#pragma once

#include <compare>
#include <concepts>
#include <cstdint>

namespace wakepoll {
inline namespace v0_1 {

class Handle {
public:
    /// Refers to nothing; every call refuses it with `std::errc::bad_file_descriptor`.
    constexpr Handle() noexcept = default;

    // NOLINTBEGIN(google-explicit-constructor): `register_handle(socket, ...)` needs no cast.
    /// From a SOCKET, which is a std::uintptr_t. Other numbers do not convert implicitly.
    constexpr Handle(std::same_as<std::uintptr_t> auto value) noexcept : value_(value) {}
    /// From a HANDLE, which is a void*, and from no other pointer.
    Handle(std::same_as<void*> auto native) noexcept
        : value_(reinterpret_cast<std::uintptr_t>(native)) {}
    // NOLINTEND(google-explicit-constructor)

    /// From any other number that holds a handle.
    template <std::integral Number>
    requires(!std::same_as<Number, std::uintptr_t> &&
             !std::same_as<Number, bool>) constexpr explicit Handle(Number value) noexcept
        : value_(static_cast<std::uintptr_t>(value)) {}

    /// Returns the number: a SOCKET if the handle is a socket.
    [[nodiscard]] constexpr std::uintptr_t value() const noexcept { return value_; }

    /// Returns the number as a HANDLE.
    [[nodiscard]] void* native() const noexcept { return reinterpret_cast<void*>(value_); }

    /// False for null and for INVALID_SOCKET / INVALID_HANDLE_VALUE (which is also the
    /// pseudo-handle of the current process). True only means that the number could be a handle.
    [[nodiscard]] constexpr explicit operator bool() const noexcept {
        return value_ != 0 && value_ != ~std::uintptr_t{0};
    }

    friend constexpr auto operator<=>(Handle, Handle) noexcept = default;

private:
    std::uintptr_t value_ = ~std::uintptr_t{0};
};

/// The kind of kernel object that a handle refers to, and what it reports when registered.
enum class HandleType : std::uint8_t {
    /// Any other kind (NUL, a mutex): it cannot be registered.
    unknown = 0,
    /// Readiness in both directions, by the backend. With AFD, a socket of a provider that AFD
    /// cannot poll reports `err`.
    socket = 1,
    /// The input of a console: `in` while a key that yields a character is queued, because a read
    /// blocks on other records. Records before it (key releases, keys that yield no character, the
    /// mouse, the focus, the window) are removed. In line mode a character means that a line has
    /// been started, not that it is complete.
    console = 2,
    /// `in` while it can be read; with `hup`, whatever the interest, once the other end is closed
    /// and all data is read, or the server has disconnected it. While it holds data that the
    /// interest excludes, only the start of a wait detects the end.
    ///
    /// A pipe opened for overlapped use takes an entry of the pool; a synchronous one (an anonymous
    /// pipe) takes a thread while there is nothing to read. While any thread reads from a
    /// synchronous pipe, Windows blocks all other calls on it, in every process that has it; so
    /// unregister it before you read from it elsewhere, close it or let a child inherit it. During
    /// a read elsewhere `register_handle`, a `wait` that polls the pipe, `unregister_handle` and
    /// `dispose` block until that read returns: with data, when the other end is closed, or by
    /// CancelSynchronousIo of the reading thread.
    ///
    /// Waiting takes an empty message: it is `in` once, and a read does not find it. A pipe that is
    /// set to PIPE_NOWAIT while registered cannot be waited for and reports `err`.
    pipe = 3,
    /// A disk file or a directory, which is always ready: it cannot be registered.
    file = 4,
    /// This and the following: `in` while it is signalled. Like any wait, each report takes the
    /// signal of an auto-reset event or timer, and decrements a semaphore.
    event = 5,
    process = 6,
    thread = 7,
    semaphore = 8,
    timer = 9,
};

/// How the poller waits for a registered handle.
enum class IoModel : std::uint8_t {
    poll = 0,        ///< A readiness backend polls it (sockets).
    overlapped = 1,  ///< Its operations complete at the port.
    waitable = 2,    ///< The object itself becomes signalled.
};

}  // namespace v0_1
}  // namespace wakepoll
