// The loop, and under it the one class that differs between the two systems.
//
// `SystemPoller` has five functions: add, modify and remove a socket, wait (the loop's thread), and
// wake (any thread). The Windows one hands each of them to `wakepoll::OsPoller`; the Linux one is
// epoll and an eventfd, with the flag that spares a kernel call when a wake is pending already,
// which OsPoller has built in. Everything below the #endif is the same on both.
#include "event_loop.hpp"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <span>
#include <utility>

#ifdef _WIN32
#include "wakepoll/os_poller.hpp"
#else
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#endif

namespace example {

namespace mask = wakepoll::mask;
using wakepoll::NativeEvent;
using wakepoll::Timeout;

struct WaitOutcome {
    std::size_t count = 0;
    bool woken = false;
    std::error_code error;
};

#ifdef _WIN32

using wakepoll::Handle;
using wakepoll::IoInterest;

class SystemPoller {
public:
    SystemPoller() : poller_(wakepoll::OsPoller::create().value()), waker_(poller_.waker()) {}

    std::error_code add(SocketNumber socket, std::uint32_t interest, std::uint64_t user_data) {
        ++registrations_;
        return poller_.register_handle(Handle(socket), IoInterest{interest}, user_data);
    }
    std::error_code modify(SocketNumber socket, std::uint32_t interest, std::uint64_t user_data) {
        return poller_.modify_handle(Handle(socket), IoInterest{interest}, user_data);
    }
    std::error_code remove(SocketNumber socket) {
        return poller_.unregister_handle(Handle(socket));
    }
    WaitOutcome wait(std::span<NativeEvent> events, Timeout timeout) {
        const wakepoll::WaitResult result = poller_.wait(events, timeout);
        return {result.count, result.woken, result.error};
    }
    bool wake() { return waker_.wake(); }

    void add_counters(LoopStats& stats) const {
        const wakepoll::PollerStats counted = poller_.stats();
        stats.waits = counted.waits;
        stats.wakes_posted = counted.wakes_requested;
        stats.wakes_coalesced = counted.wakes_coalesced();
        // At most: registering asks up to four questions about the handle, and a wake that was not
        // coalesced is one packet, one ring of the doorbell, or nothing.
        stats.kernel_calls = counted.socket_polls + counted.port_dequeues + counted.rechecks +
                             counted.doorbells_drained + counted.wakes_reported +
                             4 * registrations_;
    }

private:
    wakepoll::OsPoller poller_;
    wakepoll::Waker waker_;
    std::uint64_t registrations_ = 0;
};

#else

static_assert(mask::in == EPOLLIN && mask::out == EPOLLOUT && mask::err == EPOLLERR &&
              mask::hup == EPOLLHUP && mask::rdhup == EPOLLRDHUP);

class SystemPoller {
public:
    SystemPoller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), wake_(::eventfd(0, wake_flags)) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = wake_data;
        if (epoll_ < 0 || wake_ < 0 || ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event) != 0) {
            const std::error_code error = last_error();
            close_all();
            throw std::system_error(error, "event loop");
        }
    }
    SystemPoller(const SystemPoller&) = delete;
    SystemPoller& operator=(const SystemPoller&) = delete;
    ~SystemPoller() { close_all(); }

    std::error_code add(SocketNumber socket, std::uint32_t interest, std::uint64_t user_data) {
        return control(EPOLL_CTL_ADD, socket, interest, user_data);
    }
    std::error_code modify(SocketNumber socket, std::uint32_t interest, std::uint64_t user_data) {
        return control(EPOLL_CTL_MOD, socket, interest, user_data);
    }
    std::error_code remove(SocketNumber socket) { return control(EPOLL_CTL_DEL, socket, 0, 0); }

    WaitOutcome wait(std::span<NativeEvent> events, Timeout timeout) {
        const int milliseconds =
            timeout.is_forever()
                ? -1
                : static_cast<int>(wakepoll::to_kernel_milliseconds(timeout.duration()));
        const int room = static_cast<int>(std::min(events.size(), ready_.size()));
        ++waits_;
        const int count = ::epoll_wait(epoll_, ready_.data(), room, milliseconds);
        if (count < 0) {
            // A signal ends the wait early; the loop looks at its timers and waits again.
            return {0, false, errno == EINTR ? std::error_code{} : last_error()};
        }
        WaitOutcome outcome;
        for (const epoll_event& ready : std::span(ready_).first(static_cast<std::size_t>(count))) {
            if (ready.data.u64 == wake_data) {
                outcome.woken = true;
                clear_wake();
                continue;
            }
            NativeEvent& event = events[outcome.count++];
            event.events = ready.events;
            event.data.u64 = ready.data.u64;
        }
        return outcome;
    }

    bool wake() {
        wakes_requested_.fetch_add(1, std::memory_order_relaxed);
        if (wake_pending_.exchange(true)) {
            return true;
        }
        wakes_written_.fetch_add(1, std::memory_order_relaxed);
        const bool written = ::eventfd_write(wake_, 1) == 0;
        if (!written) {
            wake_pending_.store(false);
        }
        return written;
    }

    void add_counters(LoopStats& stats) const {
        stats.waits = waits_;
        stats.wakes_posted = wakes_requested_.load();
        stats.wakes_coalesced = stats.wakes_posted - wakes_written_.load();
        stats.kernel_calls = waits_ + controls_ + wakes_read_ + wakes_written_.load();
    }

private:
    static constexpr int wake_flags = EFD_NONBLOCK | EFD_CLOEXEC;
    static constexpr std::uint64_t wake_data = 0;  // registrations are counted from 1

    static std::error_code last_error() { return {errno, std::generic_category()}; }

    std::error_code control(int operation, SocketNumber socket, std::uint32_t interest,
                            std::uint64_t user_data) {
        epoll_event event{};
        event.events = interest;
        event.data.u64 = user_data;
        ++controls_;
        const int result = ::epoll_ctl(epoll_, operation, static_cast<int>(socket), &event);
        return result == 0 ? std::error_code{} : last_error();
    }

    void clear_wake() {
        ++wakes_read_;
        eventfd_t count = 0;
        // The flag goes down after the descriptor is emptied and before the loop looks at what was
        // posted: a wake that still finds it up posted something that this look will find.
        (void)::eventfd_read(wake_, &count);
        wake_pending_.exchange(false);
    }

    void close_all() {
        if (wake_ >= 0) {
            ::close(wake_);
        }
        if (epoll_ >= 0) {
            ::close(epoll_);
        }
    }

    int epoll_;
    int wake_;
    std::array<epoll_event, 128> ready_{};
    std::uint64_t waits_ = 0;
    std::uint64_t controls_ = 0;
    std::uint64_t wakes_read_ = 0;
    std::atomic<bool> wake_pending_ = false;
    std::atomic<std::uint64_t> wakes_requested_ = 0;
    std::atomic<std::uint64_t> wakes_written_ = 0;
};

#endif

EventLoop::EventLoop() : poller_(std::make_unique<SystemPoller>()) {}

EventLoop::~EventLoop() = default;

std::error_code EventLoop::add_socket(SocketNumber socket, std::uint32_t interest,
                                      SocketCallback callback) {
    const std::uint64_t registration = next_registration_;
    if (const std::error_code error = poller_->add(socket, interest, registration)) {
        return error;
    }
    ++next_registration_;
    registrations_[socket] = registration;
    callbacks_.emplace(registration, std::make_shared<SocketCallback>(std::move(callback)));
    return {};
}

std::error_code EventLoop::modify_socket(SocketNumber socket, std::uint32_t interest) {
    const auto found = registrations_.find(socket);
    if (found == registrations_.end()) {
        return std::make_error_code(std::errc::no_such_file_or_directory);
    }
    return poller_->modify(socket, interest, found->second);
}

std::error_code EventLoop::remove_socket(SocketNumber socket) {
    const auto found = registrations_.find(socket);
    if (found == registrations_.end()) {
        return std::make_error_code(std::errc::no_such_file_or_directory);
    }
    callbacks_.erase(found->second);
    registrations_.erase(found);
    return poller_->remove(socket);
}

bool EventLoop::later(const Timer& a, const Timer& b) noexcept {
    return a.deadline != b.deadline ? a.deadline > b.deadline : a.id > b.id;
}

TimerId EventLoop::add_timer_at(Clock::time_point deadline, Function function) {
    const TimerId id{next_timer_++};
    timer_functions_.emplace(id, std::move(function));
    timers_.push_back({deadline, id});
    std::push_heap(timers_.begin(), timers_.end(), later);
    return id;
}

TimerId EventLoop::add_timer(Clock::duration delay, Function function) {
    // A century is as good as never, and can be added to the time without overflow.
    constexpr Clock::duration longest = std::chrono::hours(24 * 36500);
    return add_timer_at(Clock::now() + std::min(delay, longest), std::move(function));
}

bool EventLoop::cancel_timer(TimerId id) {
    const bool cancelled = timer_functions_.erase(id) != 0;
    if (timers_.size() > 2 * timer_functions_.size() + 16) {
        std::erase_if(timers_, [this](const Timer& t) { return !timer_functions_.contains(t.id); });
        std::make_heap(timers_.begin(), timers_.end(), later);
    }
    return cancelled;
}

void EventLoop::drop_cancelled_timers() {
    while (!timers_.empty() && !timer_functions_.contains(timers_.front().id)) {
        std::pop_heap(timers_.begin(), timers_.end(), later);
        timers_.pop_back();
    }
}

Timeout EventLoop::until_next_timer() {
    drop_cancelled_timers();
    return timers_.empty() ? wakepoll::wait_forever
                           : Timeout(timers_.front().deadline - Clock::now());
}

void EventLoop::run_due_timers() {
    const Clock::time_point now = Clock::now();
    // Timers that are added from here on wait for the next turn, so a timer that adds itself again
    // without a delay does not keep the sockets waiting.
    const TimerId first_new{next_timer_};
    for (drop_cancelled_timers();
         !timers_.empty() && timers_.front().deadline <= now && timers_.front().id < first_new;
         drop_cancelled_timers()) {
        auto node = timer_functions_.extract(timers_.front().id);
        ++stats_.timers_fired;
        node.mapped()();
    }
}

void EventLoop::post(Function function) {
    {
        const std::lock_guard lock(posted_mutex_);
        posted_.push_back(std::move(function));
    }
    if (!poller_->wake()) {
        throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again),
                                "event loop: wake");
    }
}

void EventLoop::stop() {
    post([this] { stopping_ = true; });
}

void EventLoop::take_posted() {
    const std::lock_guard lock(posted_mutex_);
    std::move(posted_.begin(), posted_.end(), std::back_inserter(ready_));
    posted_.clear();
}

void EventLoop::run_ready() {
    while (!ready_.empty()) {
        const Function function = std::move(ready_.front());
        ready_.pop_front();
        ++stats_.functions_run;
        function();
    }
}

void EventLoop::dispatch(const NativeEvent& event) {
    ++stats_.events;
    const auto count = [&](std::uint32_t bit) { return (event.events & bit) != 0 ? 1U : 0U; };
    stats_.in += count(mask::in);
    stats_.out += count(mask::out);
    stats_.err += count(mask::err);
    stats_.hup += count(mask::hup);
    stats_.rdhup += count(mask::rdhup);

    const auto found = callbacks_.find(event.data.u64);
    if (found != callbacks_.end()) {
        const std::shared_ptr<SocketCallback> callback = found->second;
        (*callback)(event.events);
    }
}

std::error_code EventLoop::run() {
    // First of all what a callback's exception kept from running, if there was one.
    for (run_ready(); !stopping_; run_ready()) {
        run_due_timers();
        const WaitOutcome outcome = poller_->wait(batch_, until_next_timer());
        // Posted functions are looked for when the poller says so and at no other time: a wake that
        // got lost would show.
        if (outcome.woken) {
            take_posted();
        }
        for (const NativeEvent& event : std::span(batch_).first(outcome.count)) {
            dispatch(event);
        }
        if (outcome.error) {
            return outcome.error;
        }
    }
    stopping_ = false;
    return {};
}

LoopStats EventLoop::stats() const {
    LoopStats stats = stats_;
    poller_->add_counters(stats);
    return stats;
}

}  // namespace example
