// The checks of each step of a script. See scenarios.hpp.
#include <algorithm>
#include <string>

#include "scenarios.hpp"

namespace wakepoll::test {
namespace {

constexpr int most_waits = 40;

}  // namespace

void Script::note_failures() {
    for (const sim::PlannedFailure& failure : kernel_.take_failures()) {
        failures.push_back(failure);
    }
}

void Script::explain(const char* what, std::error_code error) {
    note_failures();
    hold(!failures.empty(), "an error and no call has failed: ", what, ": ", error.message());
    ++reported;
    hold(reported <= failures.size(), "one failure is reported twice: ", what, ": ",
         error.message());
    // If no provider reports the next lower layer, the first has reported that before.
    const bool of_the_first = failures.back().call == sim::Call::next_socket &&
                              error == std::errc::operation_not_supported;
    hold(win32_code(error) == failures.back().code || of_the_first,
         "a failure is reported as another: ", what, ": ", win32_code(error), " instead of ",
         failures.back().code);
}

void Script::create(std::uint32_t entries) {
    const PollerConfig config{
        .max_registrations = 64, .max_overlapped_entries = entries, .backend = backend_};
    call("create", [&] {
        Result<OsPoller> made = OsPoller::create(config);
        if (made) {
            poller_.emplace(std::move(*made));
        }
        return made.error();
    });
}

void Script::call(const char* what, const std::function<Result<void>()>& make) {
    const Result<void> done = make();
    if (done) {
        return;
    }
    explain(what, done.error());
    const Result<void> again = make();
    hold(again.has_value(), "it fails again: ", what, ": ", again.error().message());
}

void Script::submit(const char* what, const std::function<Result<OverlappedEntry*>()>& make) {
    const std::size_t before = poller_->overlapped_count();
    call(what, [&] {
        const Result<OverlappedEntry*> entry = make();
        hold(entry || poller_->overlapped_count() == before, "a refused submit keeps an entry");
        return entry.error();
    });
}

void Script::add(Handle handle, IoInterest interest, std::uint64_t user_data) {
    const std::size_t before = poller_->registration_count();
    call("register", [&] {
        const Result<void> done = poller_->register_handle(handle, interest, user_data);
        hold(poller_->registration_count() == before + (done ? 1 : 0),
             "register counts the wrong number");
        return done;
    });
}

void Script::modify(Handle handle, IoInterest interest, std::uint64_t user_data) {
    call("modify", [&] { return poller_->modify_handle(handle, interest, user_data); });
}

void Script::remove(Handle handle) {
    call("unregister", [&] { return poller_->unregister_handle(handle); });
}

WaitResult Script::wait(Timeout timeout) {
    const WaitResult result = poller_->wait(events_, timeout);
    hold(!kernel_.hung(), "a wait hung");
    ready_.clear();
    for (const NativeEvent& event : std::span(events_).first(result.count)) {
        const bool first = event.completion != nullptr
                               ? completed_.emplace(event.data.u64, *event.completion).second
                               : ready_.insert(event.data.u64).second;
        hold(first, "reported twice: ", event.data.u64);
    }
    if (result.error) {
        explain("wait", result.error);
    }
    return result;
}

void Script::expect(std::uint64_t user_data) {
    for (int waits = 0; waits < most_waits; ++waits) {
        (void)wait(100ms);
        if (ready_.contains(user_data)) {
            return;
        }
        kernel_.advance(100ms);
    }
    throw Broken(text_of("what is ready was not reported: ", user_data));
}

Completion Script::expect_completion(std::uint64_t user_data) {
    for (int waits = 0; waits < most_waits && !completed_.contains(user_data); ++waits) {
        (void)wait(100ms);
    }
    const auto found = completed_.find(user_data);
    hold(found != completed_.end(), "what has completed was not reported: ", user_data);
    return completed_.extract(found).mapped();
}

void Script::expect_done(std::uint64_t user_data) {
    const Completion completion = expect_completion(user_data);
    if (completion.error) {
        explain("an operation", completion.error);
    }
    if (completion.accepted) {
        world.close(completion.accepted);
    }
}

void Script::expect_woken() {
    for (int waits = 0; waits < most_waits; ++waits) {
        if (wait(20ms).woken) {
            return;
        }
    }
    throw Broken("a wake was lost");
}

void Script::expect_timer() {
    for (int waits = 0; waits < most_waits; ++waits) {
        if (wait(20ms).timer) {
            return;
        }
    }
    throw Broken("a timer was not said");
}

void Script::expect_silence() {
    for (const Timeout timeout : {Timeout{}, Timeout{2ms}, Timeout{}}) {
        const WaitResult result = wait(timeout);
        hold(result.count == 0 && !result.woken && !result.timer, "a report of nothing");
    }
}

void Script::wake_beside() {
    world.beside([waker = poller_->waker()] {
        // Repeats a wake that failed.
        static_cast<void>(waker.wake() || waker.wake());
    });
}

void Script::dispose() {
    world.join();
    poller_->dispose();
    hold(!kernel_.hung(), "dispose hung");
    poller_.reset();
    note_failures();
}

void Script::dispose_without_cancels() {
    constexpr std::uint32_t no_resources = 1450;
    note_failures();
    kernel_.clear_faults();
    for (int i = 0; i < 8; ++i) {
        kernel_.fail_next(sim::Call::afd_cancel, no_resources);
    }
    poller_->dispose();
    hold(!kernel_.hung(), "dispose hung");
    poller_.reset();
    static_cast<void>(kernel_.take_failures());
}

}  // namespace wakepoll::test
