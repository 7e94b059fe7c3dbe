// See epoll_face_readiness.hpp.
#include "epoll_face_readiness.hpp"

#include <cerrno>
#include <limits>
#include <stdexcept>

#include "wakepoll/clock.hpp"
#include "wakepoll/epoll.h"

namespace wakepoll::test {
namespace {

std::error_code outcome(int answer) {
    return answer < 0 ? std::error_code(errno, std::generic_category()) : std::error_code();
}

int milliseconds_of(Timeout timeout) {
    using std::chrono::milliseconds;
    constexpr milliseconds longest(std::numeric_limits<int>::max());
    return timeout.is_forever() ? -1
           : timeout.duration() >= longest
               ? std::numeric_limits<int>::max()
               : static_cast<int>(std::chrono::ceil<milliseconds>(timeout.duration()).count());
}

class EpollFaceReadiness final : public Readiness {
public:
    EpollFaceReadiness() {
        if (port_ == nullptr) {
            throw std::runtime_error("epoll_create1");
        }
    }
    ~EpollFaceReadiness() override { epoll_close(port_); }

    std::error_code add(Handle handle, IoInterest interest, std::uint64_t data) override {
        return control(EPOLL_CTL_ADD, handle, interest, data);
    }

    std::error_code modify(Handle handle, IoInterest interest, std::uint64_t data) override {
        return control(EPOLL_CTL_MOD, handle, interest, data);
    }

    std::error_code remove(Handle handle) override {
        return outcome(epoll_ctl(port_, EPOLL_CTL_DEL, handle.value(), nullptr));
    }

    Batch wait(Timeout timeout, std::size_t room) override {
        std::vector<epoll_event> events(room + 1);
        const auto before = now();
        const int count =
            epoll_wait(port_, events.data(), static_cast<int>(room), milliseconds_of(timeout));
        Batch batch;
        batch.error = outcome(count);
        // A wait does not report a wake, but without events only a wake ends it before its time.
        batch.woken = count == 0 && (timeout.is_forever() || now() - before < timeout.duration());
        for (int i = 0; i < count; ++i) {
            const epoll_event& event = events[static_cast<std::size_t>(i)];
            batch.events.push_back({event.data.u64, event.events});
        }
        return batch;
    }

    bool wake() override { return epoll_wake(port_) == 0; }

    std::chrono::nanoseconds now() override { return Clock::now().time_since_epoch(); }

private:
    std::error_code control(int op, Handle handle, IoInterest interest, std::uint64_t data) {
        epoll_event event{.events = bits(interest), .data = {.u64 = data}};
        return outcome(epoll_ctl(port_, op, handle.value(), &event));
    }

    void* const port_ = epoll_create1(0);
};

}  // namespace

std::unique_ptr<Readiness> make_epoll_face_readiness() {
    return std::make_unique<EpollFaceReadiness>();
}

}  // namespace wakepoll::test
