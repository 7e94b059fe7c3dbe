// See signals_part.hpp.
#include "signals_part.hpp"

#include <algorithm>

namespace wakepoll::test {

void SignalsPart::step() {
    switch (scene_.below(9)) {
        case 0:
        case 1:
        case 2:
            wake();
            break;
        case 3:
        case 4:
            set_timer();
            break;
        case 5:
            release_entry();
            break;
        case 6:
            go_on_with_own_call();
            break;
        case 7:
            queue_apc();
            break;
        default: {
            if (!scene_.one_in(3)) {
                break;
            }
            // From now on each wait polls the port as well.
            const std::uint32_t many = scene_.one_in(8) ? 100 : 1 + scene_.below(3);
            scene_.note("  post ", many, " packets");
            for (std::uint32_t i = 0; i < many; ++i) {
                post(scene_.one_in(4));
            }
            break;
        }
    }
}

void SignalsPart::wake() {
    const std::uint64_t before = scene_.kernel.calls();
    const bool promised = scene_.poller->post_wakeup();
    const std::uint64_t calls = scene_.kernel.calls() - before;
    scene_.note("  wake -> ", promised);
    ++scene_.tally.wakes;
    hold(promised || scene_.faulty(), "the poller could not be woken");
    hold(calls <= (woken_ ? 0U : 1U), "a wake made ", calls, " kernel calls");
    woken_ = woken_ || promised;
}

void SignalsPart::act_beside() {
    scene_.note("  beside it, a wake");
    ++scene_.tally.wakes;
    scene_.world->beside([this] {
        if (waker_.wake()) {
            woken_ = true;
        } else {
            refused_ = true;
        }
    });
}

void SignalsPart::wake_when_blocked() {
    ++scene_.tally.wakes;
    scene_.kernel.when_blocked([this] { woken_ = waker_.wake() || woken_; });
}

/// The APC runs when the thread next blocks in WSAPoll, if it ever does.
void SignalsPart::queue_apc() {
    scene_.note("  queue an APC that wakes");
    ++scene_.tally.wakes;
    scene_.world->queue_apc([this] { woken_ = waker_.wake() || woken_; });
}

void SignalsPart::set_timer() {
    if (scene_.one_in(5)) {
        const std::error_code error = scene_.poller->clear_timer().error();
        scene_.note("  clear the timer -> ", error.value());
        hold(!error, "the timer could not be cleared");
        timer_set_ = false;
        return;
    }
    const Clock::time_point due = Clock::now() + std::chrono::microseconds(scene_.below(3000));
    const std::error_code error = scene_.poller->set_timer(due).error();
    scene_.note("  set the timer -> ", error.value());
    hold(!error || scene_.faulty(), "the timer could not be set: ", error.message());
    if (!error) {
        due_ = due;
        timer_set_ = true;
    }
}

void SignalsPart::post(bool with_entry) {
    Posted posted;
    if (with_entry) {
        posted.entry = scene_.poller->overlapped_pool().acquire();
    }
    const std::uint64_t key = user_data_of(Owner::packet, scene_.next_serial++);
    posted.user_data = key;
    if (posted.entry != nullptr) {
        posted.entry->user_data = key;
        posted.entry->operation = IoOperation::write;
        entries_.push_back(posted.entry);
    }
    scene_.world->post_packet(scene_.poller->handle(), key, 5,
                              posted.entry != nullptr ? posted.entry->native() : nullptr);
    posted_.push_back(posted);
    ++scene_.packets;
}

void SignalsPart::release_entry() {
    if (entries_.empty()) {
        return;
    }
    const std::size_t index = scene_.below(entries_.size());
    OverlappedEntry* const entry = entries_[index];
    if (std::ranges::any_of(posted_, [&](const Posted& one) { return one.entry == entry; })) {
        return;  // A call of the user is in flight; releasing its entry would be a mistake.
    }
    OverlappedPool& pool = scene_.poller->overlapped_pool();
    hold(pool.find_by_overlapped(entry->native()) == entry, "an entry in use is not found");
    hold(pool.release(entry), "an entry of the user's own cannot be released");
    hold(pool.find_by_overlapped(entry->native()) == nullptr,
         "an entry that was released is found");
    hold(pool.release(entry) == std::errc::no_such_file_or_directory, "released twice");
    scene_.note("  release an entry of the user's own");
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(index));
}

void SignalsPart::take(const NativeEvent& event) {
    hold(event.completion != nullptr, "a packet without a completion");
    hold(!posted_.empty() && posted_.front().user_data == event.data.u64,
         "packets out of their order");
    const Posted posted = posted_.front();
    posted_.pop_front();
    --scene_.packets;
    ++reported_;
    hold(event.completion->entry == posted.entry, "a packet with another entry");
    hold(event.completion->bytes == 5 && !event.completion->error, "a packet says something else");
    hold(posted.entry == nullptr || posted.entry->in_use(), "the poller took an entry of the user");
}

/// Associates a socket, starts a receive, or sends data to it, whichever is next.
void SignalsPart::go_on_with_own_call() {
    World& world = *scene_.world;
    if (!pair_.local) {
        pair_ = world.tcp_pair();
        scene_.adopt(pair_.local);
        scene_.adopt(pair_.peer);
        ++scene_.slots;
    }
    if (!associated_) {
        const std::uint64_t key = user_data_of(Owner::own_call, 1);
        const std::error_code error = scene_.poller->associate_handle(pair_.local, key).error();
        scene_.note("  associate ", pair_.local.value(), " -> ", error.value());
        const bool full = error == std::errc::no_space_on_device && scene_.may_be_full();
        hold(!error || scene_.faulty() || full, "a socket was not associated: ", error.message());
        associated_ = !error;
    } else if (!receiving_) {
        overlapped_ = {};
        const std::error_code error =
            world.start_receive(pair_.local, &overlapped_, into_.data(), into_.size());
        scene_.note("  receive by a call of the user's own -> ", error.value());
        receiving_ = !error;
    } else {
        scene_.note("  data comes for the user's own call");
        world.send(pair_.peer, 1);
    }
}

void SignalsPart::take_own_call(const NativeEvent& event) {
    hold(event.completion != nullptr, "a call of the user's own without a completion");
    hold(receiving_, "a call of the user's own is reported twice");
    hold(event.completion->entry == nullptr && event.completion->overlapped == &overlapped_,
         "a call of the user's own with another OVERLAPPED");
    hold(!event.completion->error && event.completion->bytes > 0,
         "a call of the user's own has failed");
    receiving_ = false;
    ++reported_;
}

void SignalsPart::end_wait(const WaitResult& result) {
    hold(!result.timer || (timer_set_ && Clock::now() >= due_), "a timer too early or twice");
    timer_set_ = timer_set_ && !result.timer;
    hold(!refused_ || scene_.faulty(), "a waker was refused");
    refused_ = false;
    hold(!woken_ || result.woken || result.error, "a wake was lost");
    woken_ = woken_ && !result.woken;
}

void SignalsPart::check_settled() const {
    hold(!timer_set_, "a timer was not said");
    hold(posted_.empty(), "a packet was lost");
}

void SignalsPart::check_gone() const {
    hold(!waker_.wake(), "a waker promises something for a poller that is gone");
    hold(!waker_.shutdown(), "a waker shuts down a poller that is gone");
}

}  // namespace wakepoll::test
