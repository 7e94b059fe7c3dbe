// The waits of a random program, and their checks. See program.hpp.
#include <algorithm>
#include <chrono>
#include <span>

#include "program.hpp"

namespace wakepoll::test {

namespace {

/// The most by which a wait may exceed its timeout.
constexpr auto slack = 20ms;

}  // namespace

Program::Reported Program::wait(std::size_t room, Timeout timeout, bool alone) {
    OsPoller& poller = *scene_.poller;
    const bool must_move = !scene_.planned && scene_.backend == Backend::automatic && sockets_ &&
                           sockets_->registered() > 0 && operations_ && operations_->is_in_flight();
    if (sockets_) {
        sockets_->begin_wait(alone);
    }
    if (operations_) {
        operations_->begin_wait();
    }
    ++scene_.tally.waits;
    const std::chrono::nanoseconds begun = scene_.kernel.now();
    const WaitResult result = poller.wait(std::span(room_).first(room), timeout);
    const bool something = result.count > 0 || result.woken || result.timer || result.error;
    if (something || !quiet_) {
        scene_.note("  wait, room for ", room,
                    timeout.is_forever() ? ", no timeout"
                    : timeout.is_zero()  ? ", a look"
                                         : ", a while",
                    " -> ", result.count, " events", result.woken ? ", woken" : "",
                    result.timer ? ", timer" : "", result.error ? ", error " : "",
                    result.error ? std::to_string(result.error.value()) : "");
    }
    hold(!scene_.kernel.hung(), "a wait hung");
    hold(result.count <= room, "more events than there is room for");
    // A socket closed by CloseHandle fails WSAPoll; if its number is another socket's a moment
    // later, the culprit is not found.
    const bool blameless =
        !alone && !scene_.ghosts.empty() && result.error == std::errc::bad_file_descriptor;
    hold(!result.error || scene_.faulty() || blameless, "a wait failed: ", result.error.message());
    hold(something || (!timeout.is_forever() && scene_.kernel.now() - begun >= timeout.duration()),
         "a wait ended early with nothing");
    // An answer that was requested from the kernel may take a moment, unless the request failed.
    hold(timeout.is_forever() || scene_.faulty() || scene_.cancel_failed ||
             scene_.kernel.now() - begun <= timeout.duration() + slack,
         "a wait lasts too long: ", (scene_.kernel.now() - begun).count() / 1'000'000, " ms");
    hold(!must_move || poller.backend() == Backend::afd,
         "an operation beside sockets, and still WSAPoll");
    Reported reported;
    for (std::size_t i = 0; i < result.count; ++i) {
        take(room_[i], reported);
    }
    if (sockets_) {
        sockets_->end_wait();
    }
    signals_->end_wait(result);
    return reported;
}

void Program::take(const NativeEvent& event, Reported& reported) {
    ++scene_.tally.events;
    const std::uint64_t user_data = event.data.u64;
    constexpr std::array letters = {'?', 's', 'h', 'o', 'p', 'c'};
    const auto owner = static_cast<std::size_t>(owner_of(user_data));
    scene_.note("    ", owner < letters.size() ? letters[owner] : '?', serial_of(user_data), ' ',
                words_of_mask(event.events));
    hold(reported.insert(user_data).second, "reported twice in one wait");
    switch (owner_of(user_data)) {
        case Owner::socket:
            hold(sockets_.has_value(), "an event without a source");
            sockets_->take(event);
            return;
        case Owner::handle:
            hold(handles_.has_value(), "an event without a source");
            handles_->take(event);
            return;
        case Owner::operation:
            hold(operations_.has_value(), "an event without a source");
            operations_->take(event);
            return;
        case Owner::packet:
            signals_->take(event);
            return;
        case Owner::own_call:
            signals_->take_own_call(event);
            return;
    }
    hold(false, "an event without a source");
}

void Program::settle() {
    if (scene_.planned) {
        scene_.end_failures();
    }
    scene_.world->join();
    const bool afd = scene_.poller->backend() == Backend::afd;
    if (!afd || scene_.options.late_completions || scene_.one_in(2)) {
        scene_.kernel.advance(afd ? 100us : 60ms);
    }
}

void Program::wait_somehow() {
    const bool alone = !scene_.one_in(2);
    if (!alone) {
        for (std::uint32_t acts = 1 + scene_.below(3); acts > 0; --acts) {
            act_beside();
        }
    }
    const std::size_t room = scene_.one_in(2) ? 1 + scene_.below(5) : most_events;
    constexpr std::array timeouts = {0us, 1000us, 2000us, 300us};
    (void)wait(room, timeouts[scene_.below(timeouts.size())], alone);
    scene_.world->join();
}

void Program::wait_exactly() {
    settle();
    // With more packets than a wait takes, sockets may be behind them.
    const std::size_t packets = scene_.packets + (operations_ ? operations_->running() : 0) +
                                2 * (handles_ ? handles_->registered() : 0);
    const Reported reported = wait(most_events, scene_.one_in(2) ? 2ms : 0ms, true);
    if (sockets_ && packets < most_packets) {
        sockets_->check_all_reported(reported);
    }
}

void Program::wait_fairly() {
    settle();
    if (!sockets_ || scene_.packets > 0 || (operations_ && operations_->running() > 0)) {
        return;
    }
    const std::size_t many = sockets_->remember() + scene_.ghosts.size() +
                             (handles_ ? handles_->registered() : 0) +
                             (signals_->has_own_call() ? 1 : 0);
    const std::size_t room = 1 + scene_.below(8);
    Reported reported;
    for (std::size_t left = (many + room - 1) / room; left > 0; --left) {
        reported.merge(wait(room, 0ms, true));
    }
    sockets_->check_remembered(reported, room, many);
}

void Program::wait_until_settled() {
    settle();
    Reported reported;
    quiet_ = true;
    for (int waits = 0; waits < 15; ++waits) {
        reported.merge(wait(most_events, waits % 5 == 4 ? 2ms : 0ms, true));
        scene_.kernel.advance(waits % 5 == 4 ? 3ms : 200us);
    }
    quiet_ = false;
    scene_.skip_calls();
    // What WSAPoll cannot wait for is due for a poll, and the requests to AFD have ended.
    scene_.kernel.advance(60ms);
    scene_.kernel.advance(100us);
    reported = wait(most_events, 0ms, true);
    if (sockets_) {
        sockets_->check_all_reported(reported);
    }
    if (handles_) {
        handles_->check_settled(reported);
    }
    signals_->check_settled();
}

void Program::wait_idly() {
    wait_until_settled();
    // One more wait: what the last one reported first may only now be requested.
    const Reported reported = wait(most_events, 0ms, true);
    const bool looked_at_again = scene_.poller->backend() == Backend::wsapoll &&
                                 (!scene_.ghosts.empty() || (sockets_ && sockets_->has_refused()));
    if (!reported.empty() || looked_at_again || scene_.cancel_failed) {
        return;
    }
    const std::uint64_t rechecks = scene_.poller->stats().rechecks;
    const std::uint64_t blocks = scene_.kernel.blocked_calls();
    const std::uint64_t calls = scene_.kernel.calls();
    signals_->wake_when_blocked();
    const Reported late = wait(most_events, wait_forever, true);
    if (!late.empty() || scene_.poller->stats().rechecks != rechecks) {
        return;  // An operation has ended meanwhile, or a socket is polled again.
    }
    const std::uint64_t blocked = scene_.kernel.blocked_calls() - blocks;
    hold(blocked <= 1, "an idle wait has blocked more than once: ", blocked);
    // A poll of the port and of the sockets, the renewal of the port watch, the block, and the
    // doorbell rung and drained.
    hold(scene_.kernel.calls() - calls <= 7,
         "an idle wait has made many calls: ", scene_.kernel.calls() - calls);
}

}  // namespace wakepoll::test
