// Wakes a thread by Windows' own calls only.
#include <array>
#include <vector>

#include "contestants/parked_contestant.hpp"

namespace wakepoll::bench {
namespace {

class ParkedAtPort final : public ParkedContestant {
public:
    ParkedAtPort() : port_(::CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, 1)) {
        check(port_ != nullptr, "CreateIoCompletionPort");
    }
    ~ParkedAtPort() override { ::CloseHandle(port_); }
    ParkedAtPort(const ParkedAtPort&) = delete;
    ParkedAtPort& operator=(const ParkedAtPort&) = delete;

    std::size_t wait() override {
        ULONG count = 0;
        check(::GetQueuedCompletionStatusEx(port_, packets_.data(),
                                            static_cast<ULONG>(packets_.size()), &count,
                                            patience_milliseconds, FALSE) != FALSE,
              "GetQueuedCompletionStatusEx");
        return count;
    }

    void wake() override {
        check(::PostQueuedCompletionStatus(port_, 0, 1, nullptr) != FALSE,
              "PostQueuedCompletionStatus");
    }

private:
    HANDLE port_;
    std::array<OVERLAPPED_ENTRY, 64> packets_ = {};
};

class ParkedInWsapoll final : public ParkedContestant {
public:
    explicit ParkedInWsapoll(std::span<const SOCKET> sockets) : bell_(udp_socket_to_itself()) {
        entries_.push_back({bell_.get(), POLLRDNORM, 0});
        for (const SOCKET socket : sockets) {
            entries_.push_back({socket, POLLRDNORM, 0});
        }
    }

    std::size_t wait() override {
        check(::WSAPoll(entries_.data(), static_cast<ULONG>(entries_.size()),
                        static_cast<INT>(patience_milliseconds)) > 0,
              "WSAPoll");
        receive_byte(bell_.get());
        return 1;
    }

    void wake() override { check(::send(bell_.get(), "w", 1, 0) == 1, "send"); }

private:
    Socket bell_;
    std::vector<WSAPOLLFD> entries_;
};

}  // namespace

std::unique_ptr<ParkedContestant> make_parked_at_port() { return std::make_unique<ParkedAtPort>(); }

std::unique_ptr<ParkedContestant> make_parked_in_wsapoll(std::span<const SOCKET> sockets) {
    return std::make_unique<ParkedInWsapoll>(sockets);
}

}  // namespace wakepoll::bench
