// The loop itself, the same on both systems: what differs is in system_poller.cpp.
#include "event_loop.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "system_poller.hpp"
#include "wakepoll/overlapped.hpp"

namespace example {

namespace mask = wakepoll::mask;
using wakepoll::NativeEvent;
using wakepoll::Timeout;

EventLoop::EventLoop(wakepoll::Backend backend) : poller_(make_system_poller(backend)) {}

EventLoop::~EventLoop() {
    // First, because it ends the transfers in flight, whose buffers belong to their callbacks.
    poller_.reset();
}

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

std::error_code EventLoop::add_process(HandleNumber process, Function exited) {
    return add_socket(process, mask::in,
                      [this, process, exited = std::move(exited)](std::uint32_t) {
                          remove_socket(process);
                          exited();
                      });
}

std::error_code EventLoop::start_read(HandleNumber pipe, std::span<char> buffer,
                                      TransferCallback done) {
    return note_transfer(poller_->start_read(pipe, buffer, next_registration_), std::move(done));
}

std::error_code EventLoop::start_write(HandleNumber pipe, std::span<const char> data,
                                       TransferCallback done) {
    return note_transfer(poller_->start_write(pipe, data, next_registration_), std::move(done));
}

std::error_code EventLoop::note_transfer(std::error_code started, TransferCallback done) {
    if (!started) {
        transfers_.emplace(next_registration_++, std::move(done));
    }
    return started;
}

void EventLoop::forget_pipe(HandleNumber pipe) { poller_->forget_pipe(pipe); }

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
    // A century is practically never, and can be added to the time without overflow.
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
    // Timers that are added from here on wait for the next turn, so a timer that re-adds itself
    // without a delay does not starve the sockets.
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
    if (event.completion != nullptr) {
        ++stats_.transfers;
        const auto node = transfers_.extract(event.data.u64);
        node.mapped()(event.completion->bytes, event.completion->error);
        return;
    }
    ++stats_.events;
    const auto count = [&](std::uint32_t bit) { return event.has(bit) ? 1U : 0U; };
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

void EventLoop::dispatch_batch() {
    while (batch_next_ < batch_count_) {
        dispatch(batch_[batch_next_++]);
    }
}

std::error_code EventLoop::run() {
    // First dispatches what an exception of a callback has left, if there was one.
    dispatch_batch();
    for (run_ready(); !stopping_; run_ready()) {
        run_due_timers();
        const WaitOutcome outcome = poller_->wait(batch_, until_next_timer());
        if (outcome.count == 0 && !outcome.woken && until_next_timer().duration().count() > 0) {
            ++stats_.waits_for_nothing;
        }
        // Posted functions are taken only when the poller reports a wake, so that a lost wake would
        // show.
        if (outcome.woken) {
            take_posted();
        }
        batch_next_ = 0;
        batch_count_ = outcome.count;
        dispatch_batch();
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
