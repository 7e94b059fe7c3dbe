// The outside world of a test: sockets with peers, and every other kind of handle.
//
// The poller's tests are written once against this class and linked twice: with world_win32.cpp
// (Winsock under Wine or Windows) and with world_sim.cpp (the simulated kernel); world_posix.cpp
// implements what the conformance scenarios need on Linux. All sockets are non-blocking and on
// loopback; the kernel chooses the ports. The World closes what the test did not close. A call that
// fails throws std::runtime_error and so fails the test.
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

/// Whether this is Wine instead of Windows.
#if defined(_WIN32)
[[nodiscard]] bool runs_on_wine();
#else
[[nodiscard]] constexpr bool runs_on_wine() { return false; }
#endif

/// The result of a non-blocking send or receive. `error` is a win32_category() code:
/// `operation_would_block` if nothing could be done; `bytes` 0 without an error from `receive`
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
    bytes,              ///< A named pipe in both directions, `local` overlapped.
    messages,           ///< The same in message mode.
    both_overlapped,    ///< As `bytes`, with `peer` overlapped too.
    anonymous,          ///< From `peer` to `local`, synchronous.
    anonymous_to_peer,  ///< From `local` to `peer`, synchronous.
};

/// What happened at a console.
enum class ConsoleInput {
    key,            ///< A key that yields a character is pressed.
    key_release,    ///< It is released.
    shift,          ///< A key that yields no character is pressed.
    alt_character,  ///< The Alt key is released after a number, which yields a character.
    mouse,
    focus,
    window,  ///< Its size.
};

/// Kinds of handle that are not sockets.
enum class Thing {
    disk_file,  ///< Overlapped.
    directory,
    null_device,
    event,           ///< Manual-reset.
    anonymous_pipe,  ///< The read end; the World keeps the write end open.
    named_pipe,      ///< A server end, overlapped.
    process,         ///< Of a child or of this process: a real handle, not the pseudo-handle.
    thread,
    semaphore,
    timer,  ///< Manual-reset.
    auto_reset_event,
    auto_reset_timer,
    child_process,     ///< A process that lives until it is signalled.
    child_thread,      ///< A thread that lives until it is signalled.
    synchronous_file,  ///< A disk file that is not overlapped.
    synchronous_pipe,  ///< A server end of a named pipe that is not overlapped.
};

class World {
public:
    World();
    ~World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    [[nodiscard]] Handle tcp_socket();  ///< Neither bound nor connected.
    [[nodiscard]] Handle udp_socket();  ///< Neither bound nor connected.
    /// A TCP socket that is not opened for overlapped use.
    [[nodiscard]] Handle synchronous_socket();
    [[nodiscard]] Handle listener();
    [[nodiscard]] SocketPair tcp_pair();
    [[nodiscard]] SocketPair udp_pair();  ///< Bound, and connected to each other.
    [[nodiscard]] Handle udp_loop();      ///< Bound, and connected to itself.
    [[nodiscard]] Handle bound_udp();     ///< Bound, and not connected.

    /// Starts to connect an unconnected TCP socket; its last connect may have failed.
    void connect(Handle socket, Handle listener);
    /// The same to a port without a listener.
    void connect_refused(Handle socket);
    /// Makes an unconnected TCP socket listen. Binds it if it is not bound.
    void listen(Handle socket);
    /// A socket whose connect to `listener` has been started.
    [[nodiscard]] Handle connecting(Handle listener);
    /// A socket whose connect to a port without a listener has been started.
    [[nodiscard]] Handle connecting_refused();
    /// A socket whose connect has been started and stays unanswered: neither accepted nor refused.
    /// (Real Windows refuses it after some seconds.)
    [[nodiscard]] Handle connecting_to_silence();
    /// The accepted socket, or an invalid handle if no connection is pending.
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
    /// if the kernel does not give out that value again in many tries.
    [[nodiscard]] bool recycle(Handle wanted, SocketPair& pair);

    [[nodiscard]] Handle thing(Thing kind);
    [[nodiscard]] Handle never_a_handle();  ///< A number that was never a handle.
    /// Within this process: WSADuplicateSocket for a socket, DuplicateHandle for another handle.
    [[nodiscard]] Handle duplicate(Handle handle);

    /// A UDP socket of this process that is connected to itself, as a poller's doorbell is; an
    /// invalid handle if there is none.
    [[nodiscard]] Handle find_doorbell();

    /// The address of a listener or a bound socket on loopback, as a sockaddr.
    [[nodiscard]] std::vector<std::byte> address_of(Handle socket);
    /// An address on loopback without a listener.
    [[nodiscard]] std::vector<std::byte> refused_address();

    [[nodiscard]] PipePair pipe_pair(PipeKind kind);
    /// A server's end of a named pipe of bytes, opened for overlapped use, that has no client.
    [[nodiscard]] Handle pipe_server();
    /// A client opens such an end; an invalid handle if it is not listening.
    [[nodiscard]] Handle open_pipe(Handle server);
    /// DisconnectNamedPipe on the `local` end of a named pipe.
    void disconnect_pipe(Handle server);
    /// SetNamedPipeHandleState: puts the end of a named byte pipe into the mode PIPE_NOWAIT.
    void set_nowait(Handle pipe);
    /// A file of that many bytes, open for overlapped reads and writes; byte i is i modulo 251.
    [[nodiscard]] Handle file_of(std::size_t bytes);
    /// The current content of the file.
    [[nodiscard]] std::vector<std::byte> content_of(Handle file);

    /// A non-blocking send or WriteFile of these bytes, on a socket or on the `peer` end of a pipe.
    /// `operation_would_block` if there is no room; `broken_pipe` or similar if the reader is
    /// gone. A message pipe takes all as one message or nothing.
    Transfer put(Handle handle, std::span<const std::byte> bytes);
    /// A non-blocking recv or ReadFile, as above. 0 bytes without an error is the end of a socket's
    /// stream; for a pipe the end is `broken_pipe`.
    Transfer take(Handle handle, std::span<std::byte> bytes);

    /// Sets an event, releases one of a semaphore's count, makes a timer due, ends a child process
    /// or thread.
    void signal(Handle thing);
    /// Resets an event or a timer.
    void reset_signal(Handle thing);

    /// The console's input, emptied; an invalid handle if this process has no console.
    [[nodiscard]] Handle console();
    void console_input(Handle console, ConsoleInput input);
    /// Takes all records from the console; returns how many were key presses and releases.
    [[nodiscard]] std::size_t drain_console(Handle console);

    /// A second port, not the poller's. Its packets are ignored.
    [[nodiscard]] Handle foreign_port();
    void associate(Handle handle, Handle port);

    /// Starts an overlapped WSARecv, or ReadFile of a pipe. Success if it completed at once or
    /// is pending.
    [[nodiscard]] std::error_code start_receive(Handle handle, void* overlapped, void* buffer,
                                                std::size_t size);
    /// CancelIoEx; null for all calls on the handle.
    void cancel(Handle handle, void* overlapped);
    /// PostQueuedCompletionStatus by the user.
    void post_packet(Handle port, std::uintptr_t key, std::uint32_t bytes, void* overlapped);

    /// QueueUserAPC to the calling thread, which must not be one of `beside`.
    void queue_apc(std::function<void()> action);

    /// Runs `action` concurrently with the waiting thread: on a real kernel on its own thread, at
    /// once; on the simulated kernel's virtual clock while the waiting thread is inside a kernel
    /// call, at the latest when that thread blocks.
    void beside(std::function<void()> action);
    /// Returns when all actions started by `beside` are done.
    void join();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace wakepoll::test
