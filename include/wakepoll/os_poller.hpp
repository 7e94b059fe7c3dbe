// OsPoller: register sockets, wait once, receive epoll-compatible events.
//
// One thread owns a poller and waits on it. Other threads reach it through `post_wakeup`,
// `post_shutdown` and `waker()`; `dispose` too may come from anywhere. Every other call belongs to
// the owner: one that comes while another thread is inside the poller is refused with
// `std::errc::device_or_resource_busy` and changes nothing.
//
// All memory is allocated by `create`, in one piece. No call throws; a call that fails leaves the
// tables as they were. After `dispose` or a shutdown every call answers
// `std::errc::operation_canceled`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>

#include "wakepoll/config.hpp"
#include "wakepoll/error.hpp"
#include "wakepoll/events.hpp"
#include "wakepoll/handle.hpp"
#include "wakepoll/overlapped.hpp"
#include "wakepoll/stats.hpp"
#include "wakepoll/timeout.hpp"
#include "wakepoll/waker.hpp"

namespace wakepoll {

/// What a wait came back with. Events and an error can come together: the events were taken before
/// the error was met, and are valid.
struct WaitResult {
    std::size_t count = 0;  ///< Events written to the front of the span.
    bool woken = false;     ///< A wakeup was asked for since the last wait that said so.
    std::error_code error;
};

class OsPoller {
public:
    /// A poller, ready to use. Errors: `invalid_argument` for a configuration out of range,
    /// `not_supported` for a backend this version does not have, `not_enough_memory`, or what the
    /// kernel answered when Winsock or the completion port could not be had.
    [[nodiscard]] static Result<OsPoller> create(const PollerConfig& config = {}) noexcept;

    OsPoller(OsPoller&& other) noexcept;
    OsPoller& operator=(OsPoller&& other) noexcept;
    OsPoller(const OsPoller&) = delete;
    OsPoller& operator=(const OsPoller&) = delete;
    ~OsPoller();

    /// Closes the port and everything else the poller owns; registered handles are the user's and
    /// stay open. A wait in progress on another thread ends with `operation_canceled` first. Any
    /// thread, any number of times.
    void dispose() noexcept;

    /// False after `dispose` and for a poller that was moved from.
    [[nodiscard]] bool is_valid() const noexcept;

    /// The completion port, for packets of one's own; invalid after `dispose`. Asking for it makes
    /// every later wait look at the port as well, because such packets may come from now on.
    [[nodiscard]] Handle handle() const noexcept;

    /// Registered handles; 0 after `dispose`.
    [[nodiscard]] std::size_t registration_count() const noexcept;

    /// Entries of the overlapped pool that are in use; 0 after `dispose`.
    [[nodiscard]] std::size_t overlapped_count() const noexcept;

    /// The pool of OVERLAPPED entries; one without entries after `dispose` and for a poller that
    /// was moved from.
    [[nodiscard]] OverlappedPool& overlapped_pool() noexcept;

    /// The counters, as they are now.
    [[nodiscard]] PollerStats stats() const noexcept;

    /// The backend in use; never `automatic`.
    [[nodiscard]] Backend backend() const noexcept;

    /// Starts to report readiness of `handle`, level-triggered, with `user_data` in each event.
    ///
    /// Errors follow epoll_ctl: `file_exists` (registered already), `no_space_on_device` (all slots
    /// taken), `bad_file_descriptor` (closed, or never a handle), `operation_not_permitted` (a disk
    /// file, a directory, NUL: nothing to wait for), `invalid_argument` (unknown bits, or
    /// edge-triggered), `not_supported` (a kind of handle this version can not wait for).
    [[nodiscard]] std::error_code register_handle(Handle handle, IoInterest interest,
                                                  std::uint64_t user_data) noexcept;

    /// Replaces interest and user data, and arms a one-shot registration again. Errors:
    /// `no_such_file_or_directory` (not registered), `invalid_argument`.
    [[nodiscard]] std::error_code modify_handle(Handle handle, IoInterest interest,
                                                std::uint64_t user_data) noexcept;

    /// Forgets a handle. Do it before closing the handle: Windows reuses the numbers at once, and
    /// WSAPoll can not tell the new socket from the old. `no_such_file_or_directory` where the
    /// handle is not registered.
    [[nodiscard]] std::error_code unregister_handle(Handle handle) noexcept;

    /// Ties a handle to the port for its life, so that the packets of overlapped calls made on it
    /// come back as events with `data.u64 == key` and `completion` set. `invalid_argument` for one
    /// of the poller's own keys (0xFFFFFFFC to 0xFFFFFFFE), for a handle that was not opened for
    /// overlapped use, and for one that belongs to a port already.
    [[nodiscard]] std::error_code associate_handle(Handle handle, std::uint64_t key) noexcept;

    /// Waits until something is ready, a wakeup is asked for, or `timeout` is over, and fills
    /// `events` from the front. A finite timeout never ends early. An empty span is
    /// `invalid_argument`. A wakeup alone is `count` 0 with `woken`; a timeout is all empty.
    ///
    /// Where more is ready than fits, the next wait goes on where this one stopped.
    [[nodiscard]] WaitResult wait(std::span<NativeEvent> events,
                                  Timeout timeout = wait_forever) noexcept;

    /// As `Waker::wake`. The poller must outlive the call; where it may not, use `waker()`.
    [[nodiscard]] bool post_wakeup() noexcept;

    /// Ends the poller's life from any thread: the wait in progress, and every call after it,
    /// answers `operation_canceled`. `dispose` is still the owner's to call. False where the poller
    /// is disposed already or the kernel refuses to end the wait (call again).
    [[nodiscard]] bool post_shutdown() noexcept;

    /// A handle for other threads, which may outlive the poller.
    [[nodiscard]] Waker waker() const noexcept;

    /// What kind of kernel object a handle refers to, found out as registration does; `unknown` for
    /// a kind that has no name here (NUL, a mutex). `bad_file_descriptor` for what is no open
    /// handle, pseudo-handles included. Any thread.
    [[nodiscard]] static Result<HandleType> classify(Handle handle) noexcept;

    [[nodiscard]] static constexpr OsEvent translate(const NativeEvent& event) noexcept {
        return {translate_ready(event.events), event.data.u64, event.completion};
    }

    [[nodiscard]] static constexpr IoReady translate_ready(std::uint32_t events) noexcept {
        IoReady ready = IoReady::none;
        const auto add = [&](std::uint32_t bits, IoReady flag) {
            if ((events & bits) != 0) {
                ready |= flag;
            }
        };
        add(mask::in | mask::rdnorm, IoReady::readable);
        add(mask::out | mask::wrnorm, IoReady::writable);
        add(mask::err, IoReady::error);
        add(mask::hup, IoReady::hangup);
        add(mask::pri | mask::rdband, IoReady::priority);
        add(mask::rdhup, IoReady::read_hangup);
        return ready;
    }

private:
    explicit OsPoller(PollerState* state) noexcept : state_(state) {}

    PollerState* state_ = nullptr;
};

}  // namespace wakepoll
