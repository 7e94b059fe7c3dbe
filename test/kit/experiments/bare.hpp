// experiments: Winsock and the device behind it, called directly, without the library.
//
// A failed call that an experiment depends on throws Failure. A call that an experiment is about
// returns the system's result.
#pragma once

// The order matters.
// clang-format off
#include <winsock2.h>
#include <windows.h>
#include <winternl.h>
// clang-format on

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace wakepoll::experiments {

/// A call failed that an experiment depends on.
class Failure : public std::runtime_error {
public:
    Failure(const char* call, unsigned long code);
};

constexpr ULONG receive_bit = 0x1;
constexpr ULONG send_bit = 0x4;
constexpr ULONG disconnect_bit = 0x8;
constexpr ULONG abort_bit = 0x10;
constexpr ULONG local_close_bit = 0x20;

constexpr NTSTATUS answered = 0;
constexpr auto in_flight = static_cast<NTSTATUS>(0x103);
constexpr auto cancelled = static_cast<NTSTATUS>(0xC0000120);

/// "RECEIVE, SEND"; "nothing" for 0.
[[nodiscard]] std::string names_of(ULONG bits);

/// "0xC0000120".
[[nodiscard]] std::string hexadecimal(std::uint32_t number);

/// Owns a kernel object.
class Owned {
public:
    Owned() noexcept = default;
    explicit Owned(HANDLE handle) noexcept : handle_(handle) {}
    Owned(Owned&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Owned& operator=(Owned&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~Owned();

    [[nodiscard]] HANDLE get() const noexcept { return handle_; }

private:
    HANDLE handle_ = nullptr;
};

/// Owns a socket.
class Socket {
public:
    Socket() noexcept = default;
    explicit Socket(SOCKET socket) noexcept : socket_(socket) {}
    Socket(Socket&& other) noexcept : socket_(std::exchange(other.socket_, INVALID_SOCKET)) {}
    Socket& operator=(Socket&& other) noexcept {
        std::swap(socket_, other.socket_);
        return *this;
    }
    ~Socket() { close(); }

    void close() noexcept;
    [[nodiscard]] SOCKET get() const noexcept { return socket_; }

private:
    SOCKET socket_ = INVALID_SOCKET;
};

/// Two ends of a TCP connection over loopback.
struct Connection {
    Socket here;
    Socket there;
};
[[nodiscard]] Connection connect_pair();

/// A UDP socket on loopback, connected to its own address: what it sends, it receives.
[[nodiscard]] Socket loopback_datagrams();

void send_byte(const Socket& socket);

/// One request, with its memory. If it is destroyed in flight its memory stays behind, for the
/// system may still write to it.
class Request {
public:
    explicit Request(std::size_t capacity);
    Request(Request&& other) noexcept;
    Request& operator=(Request&&) = delete;
    ~Request();

    void add(SOCKET socket, ULONG events);
    /// 0 for an immediate answer; without a limit by default.
    void set_timeout(LONGLONG timeout) noexcept;

    /// NtDeviceIoControlFile, with the status block as the packet's OVERLAPPED.
    [[nodiscard]] NTSTATUS submit(HANDLE device);
    /// NtCancelIoFileEx.
    [[nodiscard]] NTSTATUS cancel(HANDLE device) noexcept;
    /// Its packet was taken.
    void end() noexcept { in_flight_ = false; }

    [[nodiscard]] bool owns(const OVERLAPPED* packet) const noexcept;
    [[nodiscard]] NTSTATUS status() const noexcept;

    struct Item {
        SOCKET socket;
        ULONG events;
    };
    /// What it was answered.
    [[nodiscard]] std::vector<Item> answer() const;

private:
    struct Memory;
    std::unique_ptr<Memory> memory_;
    bool in_flight_ = false;
};

/// A completion port.
class Port {
public:
    explicit Port(DWORD concurrency = 0);

    /// A handle to \Device\Afd that is associated with the port.
    [[nodiscard]] Owned open_device(bool skip_packets_on_success = true) const;
    /// The OVERLAPPED of the next packet; false if none comes in this time.
    [[nodiscard]] bool take(DWORD ms, OVERLAPPED*& packet) const;
    void post(OVERLAPPED* packet) const;

private:
    Owned handle_;
};

[[nodiscard]] inline double microseconds_since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin)
        .count();
}

/// The one in the middle, 0 if there is none.
[[nodiscard]] double median(std::vector<double> values);

/// "12.3".
[[nodiscard]] std::string decimal(double value);

}  // namespace wakepoll::experiments
