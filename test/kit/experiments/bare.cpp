#include "bare.hpp"

#include <algorithm>
#include <cstdio>
#include <limits>

namespace wakepoll::experiments {
namespace {

constexpr ULONG ioctl_poll = 0x00012024;

template <typename Function>
Function* in_ntdll(const char* name) {
    const HMODULE ntdll = ::GetModuleHandleW(L"ntdll.dll");
    auto* const found =
        reinterpret_cast<void*>(ntdll == nullptr ? nullptr : ::GetProcAddress(ntdll, name));
    if (found == nullptr) {
        throw Failure(name, ERROR_PROC_NOT_FOUND);
    }
    return reinterpret_cast<Function*>(found);
}

using CancelIoFile = NTSTATUS WINAPI(HANDLE, IO_STATUS_BLOCK*, IO_STATUS_BLOCK*);

void require(bool good, const char* call) {
    if (!good) {
        throw Failure(call, ::GetLastError());
    }
}

Socket new_socket(int type) {
    Socket socket(::socket(AF_INET, type, 0));
    require(socket.get() != INVALID_SOCKET, "socket");
    return socket;
}

/// Binds to a free port of loopback and says which.
sockaddr_in bind_to_loopback(const Socket& socket) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int size = sizeof(address);
    require(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size) == 0, "bind");
    require(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0,
            "getsockname");
    return address;
}

}  // namespace

Failure::Failure(const char* call, unsigned long code)
    : std::runtime_error(std::string(call) + " failed with " + std::to_string(code)) {}

std::string names_of(ULONG bits) {
    constexpr const char* names[] = {"RECEIVE",     "RECEIVE_EXPEDITED", "SEND",    "DISCONNECT",
                                     "ABORT",       "LOCAL_CLOSE",       "CONNECT", "ACCEPT",
                                     "CONNECT_FAIL"};
    std::string text;
    ULONG bit = 1;
    for (const char* name : names) {
        if ((bits & bit) != 0) {
            text += (text.empty() ? "" : ", ") + std::string(name);
        }
        bit <<= 1;
    }
    if (const ULONG rest = bits & ~(bit - 1); rest != 0) {
        text += (text.empty() ? "" : ", ") + hexadecimal(rest);
    }
    return text.empty() ? "nothing" : text;
}

std::string hexadecimal(std::uint32_t number) {
    char text[16];
    std::snprintf(text, sizeof(text), "0x%08X", static_cast<unsigned>(number));
    return text;
}

Owned::~Owned() {
    if (handle_ != nullptr) {
        ::CloseHandle(handle_);
    }
}

void Socket::close() noexcept {
    if (socket_ != INVALID_SOCKET) {
        ::closesocket(std::exchange(socket_, INVALID_SOCKET));
    }
}

Connection connect_pair() {
    const Socket listener = new_socket(SOCK_STREAM);
    const sockaddr_in address = bind_to_loopback(listener);
    require(::listen(listener.get(), 1) == 0, "listen");
    Connection connection;
    connection.there = new_socket(SOCK_STREAM);
    require(::connect(connection.there.get(), reinterpret_cast<const sockaddr*>(&address),
                      sizeof(address)) == 0,
            "connect");
    connection.here = Socket(::accept(listener.get(), nullptr, nullptr));
    require(connection.here.get() != INVALID_SOCKET, "accept");
    return connection;
}

Socket loopback_datagrams() {
    Socket socket = new_socket(SOCK_DGRAM);
    const BOOL on = TRUE;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_EXCLUSIVEADDRUSE, reinterpret_cast<const char*>(&on),
                 sizeof(on));
    const sockaddr_in address = bind_to_loopback(socket);
    require(
        ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0,
        "connect");
    u_long yes = 1;
    require(::ioctlsocket(socket.get(), static_cast<long>(FIONBIO), &yes) == 0, "ioctlsocket");
    return socket;
}

void send_byte(const Socket& socket) { require(::send(socket.get(), "x", 1, 0) == 1, "send"); }

// The layout of AFD_POLL_HANDLE_INFO and AFD_POLL_INFO, which no header of the SDK has.
namespace {
struct AfdItem {
    HANDLE socket;
    ULONG events;
    NTSTATUS status;
};
struct AfdHead {
    LONGLONG timeout;
    ULONG count;
    ULONG exclusive;
};
static_assert(sizeof(AfdHead) == 16);
static_assert(sizeof(AfdItem) == sizeof(HANDLE) + 8);
}  // namespace

struct Request::Memory {
    IO_STATUS_BLOCK block = {};
    // Of 8 bytes each, as the head has to be aligned.
    std::vector<LONGLONG> bytes;

    [[nodiscard]] AfdHead& head() noexcept { return *reinterpret_cast<AfdHead*>(bytes.data()); }
    [[nodiscard]] AfdItem* items() noexcept { return reinterpret_cast<AfdItem*>(&head() + 1); }
};

Request::Request(std::size_t capacity) : memory_(std::make_unique<Memory>()) {
    const std::size_t size = sizeof(AfdHead) + capacity * sizeof(AfdItem);
    memory_->bytes.resize((size + sizeof(LONGLONG) - 1) / sizeof(LONGLONG));
    memory_->head().timeout = std::numeric_limits<LONGLONG>::max();
}

Request::Request(Request&& other) noexcept
    : memory_(std::move(other.memory_)), in_flight_(std::exchange(other.in_flight_, false)) {}

Request::~Request() {
    if (in_flight_) {
        static_cast<void>(memory_.release());
    }
}

void Request::add(SOCKET socket, ULONG events) {
    AfdHead& head = memory_->head();
    memory_->items()[head.count++] = {reinterpret_cast<HANDLE>(socket), events, 0};
}

void Request::set_timeout(LONGLONG timeout) noexcept { memory_->head().timeout = timeout; }

NTSTATUS Request::submit(HANDLE device) {
    using DeviceIoControl = NTSTATUS WINAPI(HANDLE, HANDLE, void*, void*, IO_STATUS_BLOCK*, ULONG,
                                            void*, ULONG, void*, ULONG);
    static auto* const control = in_ntdll<DeviceIoControl>("NtDeviceIoControlFile");
    const auto size = static_cast<ULONG>(sizeof(AfdHead) + memory_->head().count * sizeof(AfdItem));
    memory_->block.Status = in_flight;
    const NTSTATUS status =
        control(device, nullptr, nullptr, &memory_->block, &memory_->block, ioctl_poll,
                memory_->bytes.data(), size, memory_->bytes.data(), size);
    in_flight_ = status == in_flight;
    return status;
}

NTSTATUS Request::cancel(HANDLE device) noexcept {
    static auto* const cancel_file = in_ntdll<CancelIoFile>("NtCancelIoFileEx");
    IO_STATUS_BLOCK block = {};
    return cancel_file(device, &memory_->block, &block);
}

bool Request::owns(const OVERLAPPED* packet) const noexcept {
    return static_cast<const void*>(packet) == static_cast<const void*>(&memory_->block);
}

NTSTATUS Request::status() const noexcept { return memory_->block.Status; }

std::vector<Request::Item> Request::answer() const {
    std::vector<Item> items;
    for (ULONG i = 0; i < memory_->head().count; ++i) {
        const AfdItem& item = memory_->items()[i];
        items.push_back({reinterpret_cast<SOCKET>(item.socket), item.events});
    }
    return items;
}

Port::Port(DWORD concurrency)
    : handle_(::CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, concurrency)) {
    require(handle_.get() != nullptr, "CreateIoCompletionPort");
}

Owned Port::open_device(bool skip_packets_on_success) const {
    using CreateFile = NTSTATUS WINAPI(HANDLE*, ACCESS_MASK, OBJECT_ATTRIBUTES*, IO_STATUS_BLOCK*,
                                       LARGE_INTEGER*, ULONG, ULONG, ULONG, ULONG, void*, ULONG);
    static auto* const create = in_ntdll<CreateFile>("NtCreateFile");
    wchar_t path[] = L"\\Device\\Afd\\experiment";
    UNICODE_STRING name = {};
    name.Buffer = path;
    name.Length = sizeof(path) - sizeof(path[0]);
    name.MaximumLength = sizeof(path);
    OBJECT_ATTRIBUTES attributes = {};
    attributes.Length = sizeof(attributes);
    attributes.ObjectName = &name;
    HANDLE handle = nullptr;
    IO_STATUS_BLOCK block = {};
    const NTSTATUS status =
        create(&handle, SYNCHRONIZE, &attributes, &block, nullptr, 0,
               FILE_SHARE_READ | FILE_SHARE_WRITE, 1 /* FILE_OPEN */, 0, nullptr, 0);
    if (status != 0) {
        throw Failure("NtCreateFile", static_cast<std::uint32_t>(status));
    }
    Owned device(handle);
    require(::CreateIoCompletionPort(handle, handle_.get(), 0, 0) != nullptr,
            "CreateIoCompletionPort");
    const auto modes =
        static_cast<UCHAR>(FILE_SKIP_SET_EVENT_ON_HANDLE |
                           (skip_packets_on_success ? FILE_SKIP_COMPLETION_PORT_ON_SUCCESS : 0));
    require(::SetFileCompletionNotificationModes(handle, modes) != 0,
            "SetFileCompletionNotificationModes");
    return device;
}

bool Port::take(DWORD ms, OVERLAPPED*& packet) const {
    OVERLAPPED_ENTRY entry = {};
    ULONG count = 0;
    if (!::GetQueuedCompletionStatusEx(handle_.get(), &entry, 1, &count, ms, FALSE)) {
        if (::GetLastError() != WAIT_TIMEOUT) {
            throw Failure("GetQueuedCompletionStatusEx", ::GetLastError());
        }
        return false;
    }
    packet = entry.lpOverlapped;
    return true;
}

void Port::post(OVERLAPPED* packet) const {
    require(::PostQueuedCompletionStatus(handle_.get(), 0, 0, packet) != 0,
            "PostQueuedCompletionStatus");
}

double median(std::vector<double> values) {
    if (values.empty()) {
        return 0;
    }
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

std::string decimal(double value) {
    char text[48];
    std::snprintf(text, sizeof(text), "%.1f", value);
    return text;
}

}  // namespace wakepoll::experiments
