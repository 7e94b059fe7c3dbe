// The outside world as a test sees it: sockets with peers, and every other kind of handle.
//
// The poller's tests are written once against this class and linked twice: with world_win32.cpp
// (Winsock under Wine or Windows) and with world_sim.cpp (the simulated kernel); world_posix.cpp
// has as much of it as the conformance scenarios need on Linux itself. All sockets are non-blocking
// and on loopback; ports are chosen by the kernel. What a World handed out and the test did not
// close is closed with the World. A call that can not do what it says fails the test by throwing
// std::runtime_error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <system_error>
#include <vector>

#include "wakepoll/handle.hpp"

namespace wakepoll::test {

/// Whether Wine takes the place of Windows here.
#if defined(_WIN32)
[[nodiscard]] bool runs_on_wine();
#else
[[nodiscard]] constexpr bool runs_on_wine() { return false; }
#endif

/// What a non-blocking send or receive did. `error` is a win32_category() code:
/// `operation_would_block` where there was nothing to do; `bytes` 0 without an error from `receive`
/// is the end of the stream.
struct Transfer {
    std::size_t bytes = 0;
    std::error_code error;
};

/// Two connected sockets: `local` is registered by the test, `peer` plays the peer.
struct SocketPair {
    Handle local;
    Handle peer;
};

/// Two ends of a pipe: `local` is the test's, `peer` plays the other side.
struct PipePair {
    Handle local;
    Handle peer;
};

enum class PipeKind {
    bytes,              ///< A named pipe in both directions, `local` opened for overlapped use.
    messages,           ///< The same in message mode.
    both_overlapped,    ///< As `bytes`, with `peer` opened for overlapped use too.
    anonymous,          ///< From `peer` to `local`, synchronous.
    anonymous_to_peer,  ///< From `local` to `peer`, synchronous.
};

/// What happened at a console.
enum class ConsoleInput {
    key,            ///< One that yields a character is pressed,
    key_release,    ///< and let go.
    shift,          ///< A key that yields none is pressed.
    alt_character,  ///< The Alt key is let go after a number, which yields a character.
    mouse,
    focus,
    window,  ///< Its size.
};

/// Kinds of handle that are not sockets.
enum class Thing {
    disk_file,  ///< Opened for overlapped use.
    directory,
    null_device,
    event,           ///< Manual-reset.
    anonymous_pipe,  ///< The reading end; the writing end is kept open by the World.
    named_pipe,      ///< A server end, opened for overlapped use.
    process,         ///< Of a child or of this process: a real handle, not the pseudo-handle.
    thread,
    semaphore,
    timer,  ///< Manual-reset.
    auto_reset_event,
    auto_reset_timer,
    child_process,     ///< A process that lives until it is signalled.
    child_thread,      ///< A thread that lives until it is signalled.
    synchronous_file,  ///< A disk file not opened for overlapped use.
    synchronous_pipe,  ///< A server end of a named pipe, not opened for overlapped use.
};

class World {
public:
    World();
    ~World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    [[nodiscard]] Handle tcp_socket();  ///< Neither bound nor connected.
    [[nodiscard]] Handle udp_socket();  ///< Neither bound nor connected.
    [[nodiscard]] Handle listener();
    [[nodiscard]] SocketPair tcp_pair();
    [[nodiscard]] SocketPair udp_pair();  ///< Bound, and connected to each other.
    [[nodiscard]] Handle udp_loop();      ///< Bound, and connected to itself.

    /// Starts to connect a TCP socket that is not connected; its last connect may have failed.
    void connect(Handle socket, Handle listener);
    /// The same towards a port that nobody listens at.
    void connect_to_nobody(Handle socket);
    /// A TCP socket that is not connected listens. It is bound where it was not.
    void listen(Handle socket);
    /// A socket whose connect to `listener` has been started.
    [[nodiscard]] Handle connecting(Handle listener);
    /// A socket whose connect has been started towards a port that nobody listens at.
    [[nodiscard]] Handle connecting_to_nobody();
    /// A socket whose connect has been started and stays unanswered: neither accepted nor refused.
    /// (Real Windows refuses it in the end, after some seconds.)
    [[nodiscard]] Handle connecting_to_silence();
    /// The accepted socket, or an invalid handle where no connection is pending.
    [[nodiscard]] Handle accept(Handle listener);

    Transfer send(Handle socket, std::size_t bytes);
    Transfer receive(Handle socket, std::size_t bytes);
    void send_urgent(Handle socket);         ///< One out-of-band byte.
    Transfer receive_urgent(Handle socket);  ///< One out-of-band byte, of which there may be more.
    void keep_urgent_inline(Handle socket);  ///< SO_OOBINLINE.
    void shutdown_send(Handle socket);       ///< FIN.
    void shutdown_receive(Handle socket);    ///< SD_RECEIVE: nothing is sent.
    void reset(Handle socket);               ///< Linger zero, then closesocket: RST.
    void close(Handle socket);               ///< closesocket.
    void close_handle(Handle handle);        ///< CloseHandle, whatever the handle is.
    /// Makes a new TCP pair whose `local` has the handle value `wanted`, which is closed. False
    /// where the kernel would not give that value again after many tries.
    [[nodiscard]] bool recycle(Handle wanted, SocketPair& pair);

    [[nodiscard]] Handle thing(Thing kind);
    [[nodiscard]] Handle never_a_handle();  ///< A number that was never a handle.
    /// Within this process: WSADuplicateSocket for a socket, DuplicateHandle for another handle.
    [[nodiscard]] Handle duplicate(Handle handle);

    /// A UDP socket of this process that is connected to itself, which is what a poller's doorbell
    /// is; an invalid handle where there is none.
    [[nodiscard]] Handle find_doorbell();

    /// The address of a listener or a bound socket on loopback, as a sockaddr.
    [[nodiscard]] std::vector<std::byte> address_of(Handle socket);
    /// An address on loopback where nobody listens.
    [[nodiscard]] std::vector<std::byte> address_of_nobody();

    [[nodiscard]] PipePair pipe_pair(PipeKind kind);
    /// DisconnectNamedPipe, by the `local` end of a named pipe.
    void disconnect_pipe(Handle server);
    /// SetNamedPipeHandleState: the end of a named byte pipe is in the mode PIPE_NOWAIT.
    void set_nowait(Handle pipe);
    /// A file of that many bytes, opened for overlapped reading and writing; byte i is i modulo
    /// 251.
    [[nodiscard]] Handle file_of(std::size_t bytes);
    /// What the file holds now.
    [[nodiscard]] std::vector<std::byte> content_of(Handle file);

    /// What a non-blocking send or WriteFile takes of these bytes, by a socket or by the `peer` end
    /// of a pipe. `operation_would_block` where there is no room; `broken_pipe` and the like where
    /// nobody reads any more. A message pipe takes all as one message or nothing.
    Transfer put(Handle handle, std::span<const std::byte> bytes);
    /// What a non-blocking recv or ReadFile gives, as above. 0 bytes without an error is the end,
    /// of a socket; of a pipe it is `broken_pipe`.
    Transfer take(Handle handle, std::span<std::byte> bytes);

    /// Sets an event, releases one of a semaphore's count, makes a timer due, ends a child process
    /// or thread.
    void signal(Handle thing);
    /// Resets an event or a timer.
    void reset_signal(Handle thing);

    /// The input of a console; an invalid handle where this process has none. It is empty then.
    [[nodiscard]] Handle console();
    void console_input(Handle console, ConsoleInput input);
    /// Takes all records from the console; how many of them were keys, pressed or released.
    [[nodiscard]] std::size_t drain_console(Handle console);

    /// A second port, not the poller's. Packets that come there are nobody's.
    [[nodiscard]] Handle foreign_port();
    void associate(Handle handle, Handle port);

    /// Starts an overlapped WSARecv, or ReadFile of a pipe. Success where it completed at once or
    /// is pending.
    [[nodiscard]] std::error_code start_receive(Handle handle, void* overlapped, void* buffer,
                                                std::size_t size);
    /// CancelIoEx.
    void cancel(Handle socket, void* overlapped);
    /// PostQueuedCompletionStatus by the user.
    void post_packet(Handle port, std::uintptr_t key, std::uint32_t bytes, void* overlapped);

    /// QueueUserAPC to the calling thread, which must not be one of `beside`.
    void queue_apc(std::function<void()> action);

    /// Runs `action` beside the thread that waits: on a real kernel on a thread of its own, at
    /// once; on the simulated kernel's virtual clock while the waiting thread is inside a kernel
    /// call, at the latest when that thread blocks.
    void beside(std::function<void()> action);
    /// Returns when all actions begun by `beside` are done.
    void join();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace wakepoll::test
