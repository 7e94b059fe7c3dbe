// The two bodies: each function calls OsPoller, or uses epoll and an eventfd.
//
// The Linux one has a flag that saves a kernel call when a wake is pending already, and turns
// readiness into transfers; OsPoller has both built in.
#include "system_poller.hpp"

#ifdef _WIN32
#include "wakepoll/os_poller.hpp"
#else
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <unordered_map>
#include <vector>

#include "wakepoll/overlapped.hpp"
#endif

namespace example {

namespace {

namespace mask = wakepoll::mask;
using wakepoll::NativeEvent;
using wakepoll::Timeout;

#ifdef _WIN32

using wakepoll::IoInterest;

wakepoll::OsPoller make_poller(wakepoll::Backend backend) {
    wakepoll::PollerConfig config;
    config.backend = backend;
    // One entry per handle, so that no transfer waits for another one's entry.
    config.max_overlapped_entries = config.max_registrations;
    return wakepoll::OsPoller::create(config).value();
}

class Poller final : public SystemPoller {
public:
    explicit Poller(wakepoll::Backend backend)
        : poller_(make_poller(backend)), waker_(poller_.waker()) {}

    std::error_code add(HandleNumber handle, std::uint32_t interest,
                        std::uint64_t user_data) override {
        ++registrations_;
        return poller_.register_handle(handle, IoInterest{interest}, user_data).error();
    }
    std::error_code modify(HandleNumber handle, std::uint32_t interest,
                           std::uint64_t user_data) override {
        return poller_.modify_handle(handle, IoInterest{interest}, user_data).error();
    }
    std::error_code remove(HandleNumber handle) override {
        return poller_.unregister_handle(handle).error();
    }

    std::error_code start_read(HandleNumber pipe, std::span<char> buffer,
                               std::uint64_t user_data) override {
        return poller_.submit_read(pipe, std::as_writable_bytes(buffer), user_data).error();
    }
    std::error_code start_write(HandleNumber pipe, std::span<const char> data,
                                std::uint64_t user_data) override {
        return poller_.submit_write(pipe, std::as_bytes(data), user_data).error();
    }
    void forget_pipe(HandleNumber pipe) override {
        (void)poller_.cancel(pipe);
        (void)poller_.unregister_handle(pipe);
    }

    WaitOutcome wait(std::span<NativeEvent> events, Timeout timeout) override {
        const wakepoll::WaitResult result = poller_.wait(events, timeout);
        return {result.count, result.woken, result.error};
    }
    bool wake() override { return waker_.wake(); }

    void add_counters(LoopStats& stats) const override {
        const wakepoll::PollerStats counted = poller_.stats();
        stats.waits = counted.waits;
        stats.wakes_posted = counted.wakes_requested;
        stats.wakes_coalesced = counted.wakes_coalesced();
        // An upper bound: registering queries the handle up to four times, so does the first
        // transfer of a pipe, and a wake that was not coalesced is one packet, one ring of the
        // doorbell, or nothing.
        stats.kernel_calls = counted.socket_polls + counted.port_dequeues + counted.rechecks +
                             counted.doorbells_drained + counted.wakes_reported +
                             4 * registrations_ + 5 * counted.operations_started;
    }

private:
    wakepoll::OsPoller poller_;
    wakepoll::Waker waker_;
    std::uint64_t registrations_ = 0;
};

#else

static_assert(mask::in == EPOLLIN && mask::out == EPOLLOUT && mask::err == EPOLLERR &&
              mask::hup == EPOLLHUP && mask::rdhup == EPOLLRDHUP);

class Poller final : public SystemPoller {
public:
    explicit Poller(wakepoll::Backend /*backend*/)
        : epoll_(::epoll_create1(EPOLL_CLOEXEC)), wake_(::eventfd(0, wake_flags)) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = wake_data;
        if (epoll_ < 0 || wake_ < 0 || ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event) != 0) {
            const std::error_code error = last_error();
            close_all();
            throw std::system_error(error, "event loop");
        }
    }
    Poller(const Poller&) = delete;
    Poller& operator=(const Poller&) = delete;
    ~Poller() override { close_all(); }

    std::error_code add(HandleNumber handle, std::uint32_t interest,
                        std::uint64_t user_data) override {
        return control(EPOLL_CTL_ADD, handle, interest, user_data);
    }
    std::error_code modify(HandleNumber handle, std::uint32_t interest,
                           std::uint64_t user_data) override {
        return control(EPOLL_CTL_MOD, handle, interest, user_data);
    }
    std::error_code remove(HandleNumber handle) override {
        return control(EPOLL_CTL_DEL, handle, 0, 0);
    }

    std::error_code start_read(HandleNumber pipe, std::span<char> buffer,
                               std::uint64_t user_data) override {
        return start({static_cast<int>(pipe), buffer.data(), nullptr, buffer.size()}, user_data);
    }
    std::error_code start_write(HandleNumber pipe, std::span<const char> data,
                                std::uint64_t user_data) override {
        return start({static_cast<int>(pipe), nullptr, data.data(), data.size()}, user_data);
    }
    void forget_pipe(HandleNumber pipe) override {
        for (auto& [user_data, transfer] : transfers_) {
            if (transfer.pipe == static_cast<int>(pipe)) {
                (void)control(EPOLL_CTL_DEL, pipe, 0, 0);
                transfer.pipe = -1;
                canceled_.push_back(user_data);
            }
        }
    }

    WaitOutcome wait(std::span<NativeEvent> events, Timeout timeout) override {
        if (!canceled_.empty()) {
            return report_canceled(events);
        }
        const int milliseconds =
            timeout.is_forever()
                ? -1
                : static_cast<int>(wakepoll::to_kernel_milliseconds(timeout.duration()));
        const int room = static_cast<int>(std::min(events.size(), ready_.size()));
        ++waits_;
        const int count = ::epoll_wait(epoll_, ready_.data(), room, milliseconds);
        if (count < 0) {
            // A signal ends the wait early; the loop checks its timers and waits again.
            return {0, false, errno == EINTR ? std::error_code{} : last_error()};
        }
        WaitOutcome outcome;
        for (const epoll_event& ready : std::span(ready_).first(static_cast<std::size_t>(count))) {
            if (ready.data.u64 == wake_data) {
                outcome.woken = true;
                clear_wake();
                continue;
            }
            NativeEvent& event = events[outcome.count];
            event = {};
            event.events = ready.events;
            event.data.u64 = ready.data.u64;
            // epoll's event is packed, so no reference to a member may be formed.
            const auto transfer = transfers_.find(event.data.u64);
            if (transfer != transfers_.end()) {
                if (!carry_out(transfer->second, completions_[outcome.count])) {
                    continue;  // another reader was faster; epoll reports it again
                }
                event.completion = &completions_[outcome.count];
                (void)remove(static_cast<HandleNumber>(transfer->second.pipe));
                transfers_.erase(transfer);
            }
            ++outcome.count;
        }
        return outcome;
    }

    bool wake() override {
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

    void add_counters(LoopStats& stats) const override {
        stats.waits = waits_;
        stats.wakes_posted = wakes_requested_.load();
        stats.wakes_coalesced = stats.wakes_posted - wakes_written_.load();
        stats.kernel_calls =
            waits_ + controls_ + transfer_calls_ + wakes_read_ + wakes_written_.load();
    }

private:
    // One of the two pointers is set and gives the direction.
    struct Transfer {
        int pipe = -1;
        char* to = nullptr;
        const char* from = nullptr;
        std::size_t size = 0;
    };

    static constexpr int wake_flags = EFD_NONBLOCK | EFD_CLOEXEC;
    static constexpr std::uint64_t wake_data = 0;  // registrations are counted from 1

    std::error_code start(const Transfer& transfer, std::uint64_t user_data) {
        const std::error_code error = add(static_cast<HandleNumber>(transfer.pipe),
                                          transfer.to != nullptr ? mask::in : mask::out, user_data);
        if (!error) {
            transfers_.emplace(user_data, transfer);
        }
        return error;
    }

    // False if nothing could be moved yet.
    bool carry_out(const Transfer& transfer, wakepoll::Completion& completion) {
        const bool reads = transfer.to != nullptr;
        const ssize_t moved = reads ? ::read(transfer.pipe, transfer.to, transfer.size)
                                    : ::write(transfer.pipe, transfer.from, transfer.size);
        completion = {};
        ++transfer_calls_;
        if (moved < 0) {
            completion.error = last_error();
            return errno != EAGAIN && errno != EINTR;
        }
        completion.bytes = static_cast<std::uint32_t>(moved);
        if (reads && moved == 0) {
            completion.error = std::make_error_code(std::errc::broken_pipe);
        }
        return true;
    }

    WaitOutcome report_canceled(std::span<NativeEvent> events) {
        WaitOutcome outcome;
        while (!canceled_.empty() && outcome.count < std::min(events.size(), completions_.size())) {
            wakepoll::Completion& completion = completions_[outcome.count];
            completion = {};
            completion.error = std::make_error_code(std::errc::operation_canceled);
            NativeEvent& event = events[outcome.count++];
            event = {};
            event.data.u64 = canceled_.back();
            event.completion = &completion;
            transfers_.erase(canceled_.back());
            canceled_.pop_back();
        }
        return outcome;
    }

    static std::error_code last_error() { return {errno, std::generic_category()}; }

    std::error_code control(int operation, HandleNumber handle, std::uint32_t interest,
                            std::uint64_t user_data) {
        epoll_event event{};
        event.events = interest;
        event.data.u64 = user_data;
        ++controls_;
        const int result = ::epoll_ctl(epoll_, operation, static_cast<int>(handle), &event);
        return result == 0 ? std::error_code{} : last_error();
    }

    void clear_wake() {
        ++wakes_read_;
        eventfd_t count = 0;
        // The flag is cleared after the descriptor is emptied and before the loop takes what was
        // posted: a wake that still finds it set has posted something that the loop will take now.
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
    std::array<wakepoll::Completion, 128> completions_{};
    std::unordered_map<std::uint64_t, Transfer> transfers_;
    std::vector<std::uint64_t> canceled_;
    std::uint64_t transfer_calls_ = 0;
    std::uint64_t waits_ = 0;
    std::uint64_t controls_ = 0;
    std::uint64_t wakes_read_ = 0;
    std::atomic<bool> wake_pending_ = false;
    std::atomic<std::uint64_t> wakes_requested_ = 0;
    std::atomic<std::uint64_t> wakes_written_ = 0;
};

#endif

}  // namespace

std::unique_ptr<SystemPoller> make_system_poller(wakepoll::Backend backend) {
    return std::make_unique<Poller>(backend);
}

}  // namespace example
