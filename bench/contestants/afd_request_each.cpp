// One AFD request for each socket, as wepoll does it: 32 sockets to a handle of the device, every
// answer by a packet (also one that is given at once), and each socket that was reported asked
// again at the begin of the next wait.
#include "contestants/readiness_contestant.hpp"

// Behind <windows.h>, which the above includes.
#include <winternl.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

// Documented for drivers; <winternl.h> leaves it out.
extern "C" __declspec(dllimport) NTSTATUS NTAPI
    NtCancelIoFileEx(HANDLE file, PIO_STATUS_BLOCK call, PIO_STATUS_BLOCK status_block);

namespace wakepoll::bench {
namespace {

constexpr std::size_t sockets_per_device = 32;
constexpr ULONG ioctl_poll = 0x00012024;
constexpr auto pending = static_cast<NTSTATUS>(0x103);
/// Receive, disconnect, abort, local close, accept, connect failed: what wepoll asks for EPOLLIN.
constexpr ULONG readable_events = 0x1 | 0x8 | 0x10 | 0x20 | 0x80 | 0x100;

struct PollInfo {
    LARGE_INTEGER timeout;
    ULONG count;
    ULONG exclusive;
    HANDLE socket;
    ULONG events;
    NTSTATUS status;
};
static_assert(sizeof(PollInfo) == 32);

void check_status(NTSTATUS status, const char* call) {
    if (!NT_SUCCESS(status)) {
        fail(call, ::RtlNtStatusToDosError(status));
    }
}

struct Watched {
    SOCKET socket = INVALID_SOCKET;
    HANDLE device = nullptr;
    PollInfo info = {};
    IO_STATUS_BLOCK status = {};
    bool in_flight = false;
};

class AfdRequestEach final : public ReadinessContestant {
public:
    AfdRequestEach()
        : port_(::CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, 1)),
          packets_(events_per_wait) {
        check(port_ != nullptr, "CreateIoCompletionPort");
    }
    ~AfdRequestEach() override { ::CloseHandle(port_); }
    AfdRequestEach(const AfdRequestEach&) = delete;
    AfdRequestEach& operator=(const AfdRequestEach&) = delete;

    void watch(std::span<const SOCKET> sockets) override {
        for (const SOCKET socket : sockets) {
            if (watched_.size() % sockets_per_device == 0) {
                devices_.push_back(open_device());
            }
            Watched& watched = watched_.emplace_back();
            watched.socket = base_of(socket);
            watched.device = devices_.back();
            to_ask_.push_back(&watched);
        }
    }

    void receive_from(std::size_t expected) override {
        while (expected > 0) {
            ask();
            for (const OVERLAPPED_ENTRY& packet : dequeue()) {
                Watched& watched = ended(packet);
                to_ask_.push_back(&watched);
                if (watched.info.count != 0 && watched.info.events != 0) {
                    receive_byte(watched.socket);
                    --expected;
                }
            }
        }
    }

    void forget() override {
        std::size_t left = 0;
        for (Watched& watched : watched_) {
            if (watched.in_flight) {
                IO_STATUS_BLOCK status = {};
                ::NtCancelIoFileEx(watched.device, &watched.status, &status);
                ++left;
            }
        }
        while (left > 0) {
            for (const OVERLAPPED_ENTRY& packet : dequeue()) {
                ended(packet);
                --left;
            }
        }
        for (const HANDLE device : devices_) {
            ::CloseHandle(device);
        }
        devices_.clear();
        to_ask_.clear();
        watched_.clear();
    }

private:
    HANDLE open_device() const {
        wchar_t path[] = L"\\Device\\Afd\\bench";
        UNICODE_STRING name = {};
        name.Buffer = path;
        name.Length = sizeof(path) - sizeof(path[0]);
        name.MaximumLength = sizeof(path);
        OBJECT_ATTRIBUTES attributes = {};
        attributes.Length = sizeof(attributes);
        attributes.ObjectName = &name;
        HANDLE device = nullptr;
        IO_STATUS_BLOCK status = {};
        check_status(::NtCreateFile(&device, SYNCHRONIZE, &attributes, &status, nullptr, 0,
                                    FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_OPEN, 0, nullptr, 0),
                     "NtCreateFile");
        check(::CreateIoCompletionPort(device, port_, 0, 0) != nullptr, "CreateIoCompletionPort");
        check(::SetFileCompletionNotificationModes(device, FILE_SKIP_SET_EVENT_ON_HANDLE) != FALSE,
              "SetFileCompletionNotificationModes");
        return device;
    }

    void ask() {
        for (Watched* watched : to_ask_) {
            PollInfo& info = watched->info;
            info.timeout.QuadPart = INT64_MAX;
            info.count = 1;
            info.exclusive = 0;
            info.socket = reinterpret_cast<HANDLE>(watched->socket);
            info.events = readable_events;
            info.status = 0;
            watched->status.Status = pending;
            check_status(::NtDeviceIoControlFile(watched->device, nullptr, nullptr,
                                                 &watched->status, &watched->status, ioctl_poll,
                                                 &info, sizeof(info), &info, sizeof(info)),
                         "NtDeviceIoControlFile");
            watched->in_flight = true;
        }
        to_ask_.clear();
    }

    std::span<const OVERLAPPED_ENTRY> dequeue() {
        ULONG count = 0;
        check(::GetQueuedCompletionStatusEx(port_, packets_.data(),
                                            static_cast<ULONG>(packets_.size()), &count,
                                            patience_milliseconds, FALSE) != FALSE,
              "GetQueuedCompletionStatusEx");
        return {packets_.data(), count};
    }

    /// The socket whose request this packet ends: its context was its own status block.
    static Watched& ended(const OVERLAPPED_ENTRY& packet) {
        Watched& watched = *CONTAINING_RECORD(packet.lpOverlapped, Watched, status);
        watched.in_flight = false;
        return watched;
    }

    HANDLE port_;
    std::vector<OVERLAPPED_ENTRY> packets_;
    std::vector<HANDLE> devices_;
    std::deque<Watched> watched_;
    std::vector<Watched*> to_ask_;
};

}  // namespace

std::unique_ptr<ReadinessContestant> make_afd_request_each() {
    return std::make_unique<AfdRequestEach>();
}

}  // namespace wakepoll::bench
