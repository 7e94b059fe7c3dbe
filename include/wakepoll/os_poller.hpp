// OsPoller: register handles, submit operations, wait once, receive epoll-compatible events.
//
// Any thread may make any call at any time; a poller has a lock. One thread waits at a time: a
// second `wait` is refused with `std::errc::device_or_resource_busy`. A change made while a thread
// is blocked in `wait` is in force when the call returns. Move or destroy the poller object when no
// other thread uses it; a `Waker` may outlive it.
//
// `create` allocates all memory, in one block. No call throws. A call that can fail returns a
// `Result`, which is true on success; one that fails leaves the tables as they were. After
// `dispose` or a shutdown every call fails with `std::errc::operation_canceled`.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>

#include "wakepoll/attached_handle.hpp"
#include "wakepoll/clock.hpp"
#include "wakepoll/config.hpp"
#include "wakepoll/error.hpp"
#include "wakepoll/events.hpp"
#include "wakepoll/export.h"
#include "wakepoll/handle.hpp"
#include "wakepoll/overlapped.hpp"
#include "wakepoll/stats.hpp"
#include "wakepoll/timeout.hpp"
#include "wakepoll/wait_result.hpp"
#include "wakepoll/waker.hpp"

namespace wakepoll {
struct OperationTarget;

inline namespace v0_1 {

class WAKEPOLL_API OsPoller {
public:
    /// The bytes that `submit_accept` needs in its buffer for the addresses of both ends.
    static constexpr std::size_t accept_address_size = 288;
    /// The bytes that `submit_receive_from` needs for the sender's address: a sockaddr_storage.
    static constexpr std::size_t address_size = 128;

    /// Creates a poller. Errors: `invalid_argument` for a configuration out of range,
    /// `not_supported` for `Backend::afd` if the system has no such device, `not_enough_memory`, or
    /// the kernel's if Winsock, the completion port or that device fails to open.
    [[nodiscard]] static Result<OsPoller> create(const PollerConfig& config = {}) noexcept;

    OsPoller(OsPoller&& other) noexcept;
    OsPoller& operator=(OsPoller&& other) noexcept;
    OsPoller(const OsPoller&) = delete;
    OsPoller& operator=(const OsPoller&) = delete;
    /// Calls `dispose`. While the process ends, as when the static objects of a DLL are destroyed,
    /// it waits for nothing. No other thread may start a call meanwhile.
    ~OsPoller();

    /// Closes the port and everything else that the poller owns; a second call does nothing.
    /// Registered handles are yours and stay open. First ends a wait in progress on another thread,
    /// with `operation_canceled`. An operation that does not end within a second of its cancel, or
    /// that cannot be cancelled (see overlapped.hpp), keeps the poller's memory; `dispose` does not
    /// wait longer.
    void dispose() noexcept;

    /// True until `dispose`. False for a poller that was moved from.
    [[nodiscard]] bool is_valid() const noexcept;

    /// Returns the completion port, for your own packets; invalid after `dispose`. From this call
    /// on every wait polls the port, too, because such packets may come.
    [[nodiscard]] Handle handle() const noexcept;

    /// Returns the number of handles registered for readiness; 0 after `dispose`.
    [[nodiscard]] std::size_t registration_count() const noexcept;

    /// Returns the number of entries of the overlapped pool in use; 0 after `dispose`.
    [[nodiscard]] std::size_t overlapped_count() const noexcept;

    /// Returns the pool of OVERLAPPED entries. After `dispose`, and for a poller that was moved
    /// from, it has no entries.
    [[nodiscard]] OverlappedPool& overlapped_pool() noexcept;

    /// Returns a copy of the counters.
    [[nodiscard]] PollerStats stats() const noexcept;

    /// Returns the backend in use; never `automatic`. A poller created with `automatic` starts with
    /// `wsapoll` and may switch to `afd` later.
    [[nodiscard]] Backend backend() const noexcept;

    /// Registers a handle: each wait reports its readiness, level-triggered, with `user_data`, a
    /// number or a pointer.
    ///
    /// `HandleType` says what each kind of handle reports.
    ///
    /// Errors follow epoll_ctl: `file_exists` (registered already), `no_space_on_device` (all slots
    /// taken), `bad_file_descriptor` (closed, or never a handle), `operation_not_permitted` (a disk
    /// file, a directory, NUL, a mutex, a pipe in PIPE_NOWAIT mode: nothing to wait for),
    /// `invalid_argument` (unknown bits, edge-triggered, or write interest in a handle that is no
    /// socket; an overlapped pipe of another port), `device_or_resource_busy` (operations are in
    /// flight on it), `resource_unavailable_try_again` (no entry of the pool is free),
    /// `permission_denied` (the handle lacks the right to be waited for or read, like the writing
    /// end of a pipe, `errc::write_only_pipe`: only a write detects that its reader is closed),
    /// `not_connected` (a pipe without another end).
    [[nodiscard]] Result<void> register_handle(Handle handle, IoInterest interest,
                                               UserData user_data) noexcept;

    /// Replaces interest and user data, and arms a one-shot registration again. Errors:
    /// `no_such_file_or_directory` (not registered), `bad_file_descriptor` (not registered, and
    /// closed or never a handle), `invalid_argument` as above; with AFD, any error of cancelling a
    /// request.
    [[nodiscard]] Result<void> modify_handle(Handle handle, IoInterest interest,
                                             UserData user_data) noexcept;

    /// Ends the registration of a handle. Call it before you close the handle, because Windows may
    /// reuse the number immediately. The next wait drops a socket that was closed while registered.
    /// With AFD, if a request in flight covered that socket, a new socket with its number can be
    /// registered before that wait. Errors: `no_such_file_or_directory` if the handle is not
    /// registered, `bad_file_descriptor` if it is no open handle either.
    [[nodiscard]] Result<void> unregister_handle(Handle handle) noexcept;

    /// Associates a handle with the port for its life, so that the packets of overlapped calls made
    /// on it come back as events with `data.u64 == key` and `completion` set. Errors:
    /// `invalid_argument` for one of the poller's own keys (0xFFFFFFFA to 0xFFFFFFFE), for a handle
    /// that was not opened for overlapped use, and for one that belongs to a port already;
    /// `no_space_on_device` if all slots are taken.
    ///
    /// The poller itself associates registered pipes and handles with submitted operations. Your
    /// own overlapped calls on such a handle are reported only if their OVERLAPPED is from the
    /// pool: wait for others by their event.
    ///
    /// Each handle that belongs to the port, by this call, a registration or an operation, has
    /// FILE_SKIP_SET_USER_EVENT_ON_FAST_IO: if your own call succeeds immediately, the event in its
    /// OVERLAPPED may stay unset.
    [[nodiscard]] Result<void> associate_handle(Handle handle, UserData key) noexcept;

    /// Attaches a handle, so that each operation submitted on it costs one kernel call instead of
    /// two. You guarantee that the handle stays open while it is attached (attached_handle.hpp).
    /// Errors: those of the operations below, and `file_exists` if it is attached already.
    [[nodiscard]] Result<AttachedHandle> attach(Handle handle) noexcept;

    // Operations: each starts one overlapped call, which a later wait reports in exactly one event.
    // Buffers and errors: see overlapped.hpp. `target` is a handle, or an attached one.

    /// Reads into `buffer`; from a file, at `offset` in bytes. The end of the stream is success
    /// with 0 bytes on a socket, `std::errc::no_message_available` on a file, `broken_pipe` on a
    /// pipe. A message or datagram longer than the buffer is `message_size`, with the buffer
    /// filled. An empty buffer, `{}`, is for a stream socket: the read completes with 0 bytes when
    /// there is data or the end of the stream, and takes nothing, so no buffer is held meanwhile.
    [[nodiscard]] Result<OverlappedEntry*> submit_read(const SubmitTarget& target,
                                                       std::span<std::byte> buffer,
                                                       UserData user_data,
                                                       std::uint64_t offset = 0) noexcept;

    /// Reads from a socket into several buffers, one after the other. `not_supported` for several
    /// buffers on any other handle: pipes and files have no such call. Only the first buffer is
    /// kept in the entry and compared with those of later operations.
    template <class Buffers>
    requires std::convertible_to<const Buffers&, std::span<const IoBuffer>>
    [[nodiscard]] Result<OverlappedEntry*> submit_read(const SubmitTarget& target,
                                                       const Buffers& buffers,
                                                       UserData user_data) noexcept {
        return submit_buffers(target, IoOperation::read, buffers, user_data.number());
    }

    /// Writes `buffer`; to a file, at `offset` in bytes. An empty buffer, `{}`, is allowed only on
    /// a datagram socket and a message pipe. The event has the number of bytes written: all, unless
    /// there was an error.
    [[nodiscard]] Result<OverlappedEntry*> submit_write(const SubmitTarget& target,
                                                        std::span<const std::byte> buffer,
                                                        UserData user_data,
                                                        std::uint64_t offset = 0) noexcept;

    /// Writes several buffers to a socket, like the read above.
    template <class Buffers>
    requires std::convertible_to<const Buffers&, std::span<const IoBuffer>>
    [[nodiscard]] Result<OverlappedEntry*> submit_write(const SubmitTarget& target,
                                                        const Buffers& buffers,
                                                        UserData user_data) noexcept {
        return submit_buffers(target, IoOperation::write, buffers, user_data.number());
    }

    /// Receives a datagram and its sender: `completion->address` is the sender's sockaddr, at the
    /// front of `address`, which has at least `address_size` bytes and belongs to the kernel like
    /// the buffer. Only the buffer is compared with those of later operations. The socket must be
    /// bound.
    [[nodiscard]] Result<OverlappedEntry*> submit_receive_from(const SubmitTarget& target,
                                                               std::span<std::byte> buffer,
                                                               std::span<std::byte> address,
                                                               UserData user_data) noexcept;

    /// Sends a datagram, which may be empty, to `address`, a sockaddr that is needed only during
    /// the call. Binds an unbound socket to a free port.
    [[nodiscard]] Result<OverlappedEntry*> submit_send_to(const SubmitTarget& target,
                                                          std::span<const std::byte> buffer,
                                                          std::span<const std::byte> address,
                                                          UserData user_data) noexcept;

    /// Accepts one connection of a listener. `completion->accepted` is its socket, opened for
    /// overlapped use, not inheritable and in blocking mode; you own it from then on.
    ///
    /// `buffer` receives the addresses of both ends and must have at least `accept_address_size`
    /// bytes (else `invalid_argument`). If it has more, the accept completes only when the first
    /// data has come, which is at the front of the buffer, `completion->bytes` of it.
    [[nodiscard]] Result<OverlappedEntry*> submit_accept(const SubmitTarget& listener,
                                                         std::span<std::byte> buffer,
                                                         UserData user_data) noexcept;

    /// Connects a stream socket to `address`, a sockaddr. Binds an unbound socket to a free port.
    /// The event has `out`.
    [[nodiscard]] Result<OverlappedEntry*> submit_connect(const SubmitTarget& socket,
                                                          std::span<const std::byte> address,
                                                          UserData user_data) noexcept;

    /// Waits until a client has opened this server's end of a named pipe; it may have done so
    /// already. The event has `in`, with `broken_pipe` if the handle is disconnected or the client
    /// has closed its end before: call DisconnectNamedPipe before you wait for the next client.
    [[nodiscard]] Result<OverlappedEntry*> submit_connect_pipe(const SubmitTarget& server,
                                                               UserData user_data) noexcept;

    /// Returns the addresses of a connection, from the completion of its accept and the buffer of
    /// that; both are empty if it failed.
    [[nodiscard]] static AcceptedAddresses accepted_addresses(
        const Completion& completion, std::span<const std::byte> buffer) noexcept;

    /// Cancels an operation in flight. A wait still reports it: as `operation_canceled`, or with
    /// its result if it had completed. A second cancel changes nothing.
    ///
    /// Errors: `invalid_argument` for null and for an entry of another poller,
    /// `no_such_file_or_directory` for one without an operation in flight, because it is idle, done
    /// or released; `bad_file_descriptor` if the handle has been closed. Then the operation ends
    /// when the last handle of the object is closed; if that is a duplicate, cancel by the
    /// duplicate, or close it.
    [[nodiscard]] Result<void> cancel(OverlappedEntry* entry) noexcept;

    /// The same by another handle of the same object. `no_such_file_or_directory` also if the
    /// operation belongs to another object.
    [[nodiscard]] Result<void> cancel(OverlappedEntry* entry, Handle duplicate) noexcept;

    /// Cancels every submitted operation of a handle; `no_such_file_or_directory` if there is none.
    [[nodiscard]] Result<void> cancel(Handle handle) noexcept;

    /// Sets the poller's one timer, and replaces an earlier deadline. The wait in progress at
    /// `deadline`, or else the next one, reports `timer`, once. It is never early, and late by a
    /// fraction of a millisecond if Windows has high-resolution timers (10 1803 and later); the
    /// system's tick is not changed. One kernel call, three for the first and after it has fired.
    /// If it fails, the earlier deadline stays.
    [[nodiscard]] Result<void> set_timer(Clock::time_point deadline) noexcept;

    /// The same for a moment of any other clock, such as std::chrono::steady_clock. One that is
    /// more than a hundred years ahead never comes.
    template <class OtherClock, class Duration>
    [[nodiscard]] Result<void> set_timer(
        std::chrono::time_point<OtherClock, Duration> deadline) noexcept {
        return set_timer(Clock::at(deadline));
    }

    /// Clears the timer; no error if none is set.
    [[nodiscard]] Result<void> clear_timer() noexcept;

    /// Waits until something is ready, a wakeup or the timer comes, or `timeout` expires, and fills
    /// `events` from the front. A finite timeout never ends early. Errors: `invalid_argument` for
    /// an empty span, `device_or_resource_busy` while another thread waits.
    ///
    /// Reports are level-triggered. An event is what the kernel reported of the socket in this wait
    /// or since the last one: if you have taken the data meanwhile, without a report, one report of
    /// it may still come, so use non-blocking sockets. What was reported, modified or unregistered
    /// is never stale. A wakeup alone returns `count` 0 and `woken`; a timeout returns an empty
    /// result.
    ///
    /// The time for which the system sleeps does not count: after a resume a wait in progress
    /// continues for what was left of it, and so does the timer. If that is too late, let the
    /// system notify you (PowerRegisterSuspendResumeNotification) and wake the poller: a wait that
    /// starts then counts the time that has passed.
    ///
    /// If more is ready than fits, the next wait continues where this one stopped.
    [[nodiscard]] WaitResult wait(std::span<NativeEvent> events,
                                  Timeout timeout = wait_forever) noexcept;

    /// Wakes the poller, like `Waker::wake`. The poller must outlive the call; if it may not, use
    /// `waker()`.
    [[nodiscard]] bool post_wakeup() noexcept;

    /// Shuts the poller down from any thread: the wait in progress, and every call after it, fails
    /// with `operation_canceled`. The owner still calls `dispose`. False if the poller is disposed
    /// already or the kernel refuses to end the wait (call again).
    [[nodiscard]] bool post_shutdown() noexcept;

    /// Makes a `Waker` for other threads, which may outlive the poller.
    [[nodiscard]] Waker waker() const noexcept;

    /// Returns the kind of kernel object that a handle refers to, as registration finds it;
    /// `unknown` for any other kind (NUL, a mutex). Error: `bad_file_descriptor` if it is not an
    /// open handle, or a pseudo-handle. Any thread, while Winsock is started, as it is while a
    /// poller exists.
    [[nodiscard]] static Result<HandleType> classify(Handle handle) noexcept;

    /// Translates an event for the portable layer of a loop.
    [[nodiscard]] static constexpr OsEvent translate(const NativeEvent& event) noexcept {
        return {translate_ready(event.events), event.data.u64, event.completion};
    }

    /// Translates a mask into the terms of a loop.
    [[nodiscard]] static constexpr IoReady translate_ready(std::uint32_t events) noexcept {
        return ready_of(events);
    }

private:
    friend class Registration;

    explicit OsPoller(Poller* poller) noexcept : poller_(poller) {}

    [[nodiscard]] Result<OverlappedEntry*> submit_buffer(const SubmitTarget& target,
                                                         IoOperation operation,
                                                         std::span<const std::byte> buffer,
                                                         std::uint64_t user_data,
                                                         std::uint64_t offset) noexcept;
    [[nodiscard]] Result<OverlappedEntry*> submit_buffers(const SubmitTarget& target,
                                                          IoOperation operation,
                                                          std::span<const IoBuffer> buffers,
                                                          std::uint64_t user_data) noexcept;
    /// Why the poller refuses an operation of so many bytes on the target; 0 if it does not.
    [[nodiscard]] errc refuses(const SubmitTarget& target, std::size_t size = 0) const noexcept;
    [[nodiscard]] static OperationTarget resolve(const SubmitTarget& target) noexcept;

    Poller* poller_ = nullptr;
};

}  // namespace v0_1
}  // namespace wakepoll
