// See epoll_readiness.hpp.
#include "epoll_readiness.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace wakepoll::test {
namespace {

static_assert(mask::in == EPOLLIN && mask::pri == EPOLLPRI && mask::out == EPOLLOUT);
static_assert(mask::err == EPOLLERR && mask::hup == EPOLLHUP && mask::rdhup == EPOLLRDHUP);
static_assert(mask::rdnorm == EPOLLRDNORM && mask::rdband == EPOLLRDBAND);
static_assert(mask::wrnorm == EPOLLWRNORM && mask::wrband == EPOLLWRBAND);
static_assert(mask::oneshot == EPOLLONESHOT && mask::et == EPOLLET);

/// The eventfd's user data; no scenario uses it.
constexpr std::uint64_t wake_data = 0xFFFF'FFFF'0000'0000;

std::error_code last_error() { return {errno, std::generic_category()}; }

class EpollReadiness final : public Readiness {
public:
    EpollReadiness() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
        event_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        if (epoll_ < 0 || event_ < 0 ||
            control(EPOLL_CTL_ADD, Handle(static_cast<std::uintptr_t>(event_)), IoInterest::read,
                    wake_data)) {
            throw std::system_error(last_error(), "epoll");
        }
    }

    ~EpollReadiness() override {
        ::close(event_);
        ::close(epoll_);
    }

    std::error_code add(Handle handle, IoInterest interest, std::uint64_t data) override {
        return control(EPOLL_CTL_ADD, handle, interest, data);
    }

    std::error_code modify(Handle handle, IoInterest interest, std::uint64_t data) override {
        return control(EPOLL_CTL_MOD, handle, interest, data);
    }

    std::error_code remove(Handle handle) override {
        return control(EPOLL_CTL_DEL, handle, IoInterest::none, 0);
    }

    Batch wait(Timeout timeout, std::size_t room) override {
        Batch batch;
        // At least one: epoll_wait refuses a null pointer even with no room.
        std::vector<epoll_event> events(std::max<std::size_t>(room, 1));
        const int milliseconds = timeout.is_forever()
                                     ? -1
                                     : static_cast<int>(to_kernel_milliseconds(timeout.duration()));
        const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(room), milliseconds);
        if (count < 0) {
            batch.error = last_error();
            return batch;
        }
        for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
            if (events[i].data.u64 == wake_data) {
                std::uint64_t times = 0;
                batch.woken = ::read(event_, &times, sizeof(times)) == sizeof(times);
            } else {
                batch.events.push_back({events[i].data.u64, events[i].events});
            }
        }
        return batch;
    }

    bool wake() override {
        const std::uint64_t once = 1;
        return ::write(event_, &once, sizeof(once)) == sizeof(once);
    }

    std::chrono::nanoseconds now() override {
        return std::chrono::steady_clock::now().time_since_epoch();
    }

private:
    std::error_code control(int operation, Handle handle, IoInterest interest, std::uint64_t data) {
        epoll_event event = {};
        event.events = bits(interest);
        event.data.u64 = data;
        const int failed = ::epoll_ctl(epoll_, operation, static_cast<int>(handle.value()), &event);
        return failed != 0 ? last_error() : std::error_code();
    }

    int epoll_ = -1;
    int event_ = -1;
};

}  // namespace

std::unique_ptr<Readiness> make_epoll_readiness() { return std::make_unique<EpollReadiness>(); }

}  // namespace wakepoll::test
