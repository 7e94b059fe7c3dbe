// The rounds. The functions run on the loop's thread, everything else on the wakers' own.
#include "wakers.hpp"

#include <random>
#include <string>

namespace soak {
namespace {

using namespace std::chrono_literals;

constexpr auto wake_patience = 3min;

}  // namespace

Wakers::Wakers(example::EventLoop& loop, std::uint64_t threads) : loop_(loop), posting_(threads) {
    for (std::uint64_t i = 0; i < threads; ++i) {
        threads_.emplace_back([this, i] { work(i); });
    }
}

Wakers::~Wakers() {
    {
        const std::scoped_lock lock(mutex_);
        over_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) {
        thread.join();
    }
}

void Wakers::go() {
    const std::scoped_lock lock(mutex_);
    running_ = true;
    changed_.notify_all();
}

void Wakers::rest() {
    const std::scoped_lock lock(mutex_);
    running_ = false;
}

bool Wakers::is_at_rest() const {
    const std::scoped_lock lock(mutex_);
    return resting_ == threads_.size();
}

std::uint64_t Wakers::done() const {
    const std::scoped_lock lock(mutex_);
    return run_;
}

void Wakers::end_round_if_over() {
    if (posting_ == 0 && run_ == posted_) {
        ++round_;
        begun_ = false;
        posting_ = threads_.size();
        changed_.notify_all();
    }
}

void Wakers::work(std::uint64_t thread) {
    std::mt19937 random(static_cast<std::uint32_t>(thread));
    std::unique_lock lock(mutex_);
    for (;;) {
        // The thread that begins a round takes the others along: all of them rest, or none.
        ++resting_;
        const std::uint64_t round = round_;
        changed_.wait(lock, [&] { return over_ || running_ || begun_; });
        --resting_;
        if (over_) {
            return;
        }
        begun_ = true;
        changed_.notify_all();
        // Half of the rounds are a single wake, which only its own delivery can complete.
        const bool single = round % 2 == 0;
        const std::uint64_t count =
            single ? (round / 2 % threads_.size() == thread ? 1U : 0U) : 1 + random() % 8;
        posted_ += count;
        lock.unlock();
        for (std::uint64_t i = 0; i < count; ++i) {
            loop_.post([this] {
                const std::scoped_lock running(mutex_);
                ++run_;
                end_round_if_over();
            });
        }
        const auto pause = std::chrono::microseconds(random() % 4000);
        lock.lock();
        --posting_;
        end_round_if_over();
        if (!changed_.wait_for(lock, wake_patience, [&] { return over_ || round_ != round; })) {
            fail("loss: " + std::to_string(posted_ - run_) + " of " + std::to_string(posted_) +
                 " functions that were posted have not run after 3 min: a wake was lost");
        }
        // So that the loop is not always in the same state.
        changed_.wait_for(lock, pause, [&] { return over_; });
    }
}

}  // namespace soak
