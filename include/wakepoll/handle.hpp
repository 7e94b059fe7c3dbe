// A borrowed system handle: a SOCKET or a HANDLE, without the header that defines either.
//
// Windows keeps both in one number space, so one type carries both; registration finds out once
// what kind of object it is (`HandleType`). A `Handle` owns nothing and closes nothing. It may be
// copied and compared on any thread.
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

    // NOLINTBEGIN(google-explicit-constructor): `register_handle(socket, ...)` is how it is meant.
    /// From a SOCKET, which is a std::uintptr_t, and from no other number by itself.
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

    /// The number itself: a SOCKET where the handle is a socket.
    [[nodiscard]] constexpr std::uintptr_t value() const noexcept { return value_; }

    /// The number as a HANDLE.
    [[nodiscard]] void* native() const noexcept { return reinterpret_cast<void*>(value_); }

    /// False for null and for INVALID_SOCKET / INVALID_HANDLE_VALUE (which is also the
    /// pseudo-handle of the current process). True says only that the number could be a handle.
    [[nodiscard]] constexpr explicit operator bool() const noexcept {
        return value_ != 0 && value_ != ~std::uintptr_t{0};
    }

    friend constexpr auto operator<=>(Handle, Handle) noexcept = default;

private:
    std::uintptr_t value_ = ~std::uintptr_t{0};
};

/// What kind of kernel object a handle refers to, and what it reports when it is registered.
enum class HandleType : std::uint8_t {
    /// Nothing: it cannot be registered.
    unknown = 0,
    /// Readiness in both directions, by the backend. One that AFD cannot poll, because its provider
    /// is another's, reports `err` where AFD serves.
    socket = 1,
    /// The input of a console: `in` while a key that yields a character is waiting, for a read
    /// blocks on the other records. What comes before it (keys that are let go or yield no
    /// character, the mouse, the focus, the window) is taken away. In line mode a character
    /// promises a line to come, not that it is there.
    console = 2,
    /// `in` while it can be read, and `hup` with it, whatever the interest, once the other end is
    /// gone and all was read, or the server has disconnected it. While it holds what the interest
    /// does not want, only a wait that begins looks for the end.
    ///
    /// One opened for overlapped use takes an entry of the pool; a synchronous one (an anonymous
    /// pipe) a thread of its own while there is nothing to read. While any thread reads from a
    /// synchronous pipe, all other calls on it wait on Windows, in every process that has it; so
    /// unregister one before you read elsewhere, close it or let a child inherit it. Behind a read
    /// elsewhere `register_handle`, a `wait` that looks at the pipe, `unregister_handle` and
    /// `dispose` hang until that read returns: for data, for the end of the other end, or for
    /// CancelSynchronousIo with the thread that reads.
    ///
    /// A message of no bytes is taken by the waiting: it is `in` once, and a read does not find it.
    /// A pipe that is set to PIPE_NOWAIT while registered cannot be waited for and is `err`.
    pipe = 3,
    /// A disk file or a directory, which is always ready: it cannot be registered.
    file = 4,
    /// This and the following: `in` while it is signalled. As any wait does, each report takes the
    /// signal of an auto-reset event or timer, and one of a semaphore's count.
    event = 5,
    process = 6,
    thread = 7,
    semaphore = 8,
    timer = 9,
};

/// How the poller waits for a registered handle.
enum class IoModel : std::uint8_t {
    poll = 0,        ///< A readiness backend asks for its state (sockets).
    overlapped = 1,  ///< Its operations complete at the port.
    waitable = 2,    ///< The object itself is signalled.
};

}  // namespace v0_1
}  // namespace wakepoll
