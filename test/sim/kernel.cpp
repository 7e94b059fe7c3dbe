// The kernel's lifetime and its interface for tests. Waiting and actors are in blocking.cpp.
#include "kernel.hpp"

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>

#include "inside.hpp"

namespace wakepoll::sim {

namespace {

Traits traits_from(const Options& options) {
    Traits traits = traits_of(options.personality);
    if (options.change != nullptr) {
        options.change(traits);
    }
    return with_seed(traits, options.seed);
}

}  // namespace

std::atomic<Kernel*> Kernel::current_ = nullptr;

Kernel::Kernel(const Options& options)
    : options_(options),
      traits_(traits_from(options)),
      previous_(current_.exchange(this)),
      model_(traits_, options.seed, options.packet_pool) {
    model_.operations.allow_lateness(options.late_completions);
    model_.afd.allow_lateness(options.late_completions);
}

Kernel::~Kernel() {
    {
        const Lock lock(mutex_);
        stopping_ = true;
        changed_.notify_all();
    }
    if (wait_thread_.joinable()) {
        wait_thread_.join();
    }
    // Peers hold references to each other; closing releases them.
    model_.handles.close_all(traits_);
    model_.afd.forget_closed();
    current_ = previous_;
}

Kernel& Kernel::current() noexcept {
    Kernel* const kernel = current_;
    if (kernel == nullptr) {
        std::fputs("no sim::Kernel exists: make one before what is tested\n", stderr);
        std::abort();
    }
    return *kernel;
}

std::chrono::nanoseconds Kernel::now() {
    const Lock lock(mutex_);
    return clock_now() + asleep_;
}

void Kernel::sleep(std::chrono::nanoseconds time) {
    const Lock lock(mutex_);
    asleep_ += time;
}

void Kernel::at(std::chrono::nanoseconds delay, Action action) {
    const Lock lock(mutex_);
    actors_.at(clock_now() + delay, std::move(action));
    changed_.notify_all();
}

void Kernel::when_blocked(Action action) {
    const Lock lock(mutex_);
    actors_.when_blocked(std::move(action));
    changed_.notify_all();
}

void Kernel::between_calls(Action action, double probability) {
    const Lock lock(mutex_);
    actors_.between_calls(std::move(action), probability);
    changed_.notify_all();
}

void Kernel::queue_apc(Action action) {
    const Lock lock(mutex_);
    apcs_.push_back(std::move(action));
    changed_.notify_all();
}

void Kernel::fail_next(Call call, std::uint32_t code) {
    const Lock lock(mutex_);
    model_.faults.fail_next(call, code);
}

void Kernel::fail_nth(std::uint64_t n, std::uint32_t code) {
    const Lock lock(mutex_);
    model_.faults.fail_nth(n, code);
}

void Kernel::fail_nth_with(std::uint64_t n, std::size_t place) {
    const Lock lock(mutex_);
    model_.faults.fail_nth_with(n, place);
}

void Kernel::fail_randomly(double probability) {
    const Lock lock(mutex_);
    model_.faults.fail_randomly(probability);
}

void Kernel::clear_faults() {
    const Lock lock(mutex_);
    model_.faults.clear();
}

std::uint64_t Kernel::calls(Call call) {
    const Lock lock(mutex_);
    return model_.log.counted(call);
}

std::uint64_t Kernel::calls() {
    const Lock lock(mutex_);
    return model_.log.counted();
}

std::uint64_t Kernel::blocked_calls() {
    const Lock lock(mutex_);
    return blocked_calls_;
}

void Kernel::reset_counts() {
    const Lock lock(mutex_);
    model_.log.reset_counts();
    blocked_calls_ = 0;
}

std::string Kernel::trace() {
    const Lock lock(mutex_);
    return model_.log.trace();
}

std::vector<PlannedFailure> Kernel::take_failures() {
    const Lock lock(mutex_);
    return model_.log.take_failures();
}

bool Kernel::hung() {
    const Lock lock(mutex_);
    return hangs_ != 0;
}

std::size_t Kernel::open_handles() {
    const Lock lock(mutex_);
    return model_.handles.size();
}

std::uint32_t Kernel::winsock_sessions() {
    const Lock lock(mutex_);
    return model_.winsock_sessions;
}

std::size_t Kernel::afd_requests() {
    const Lock lock(mutex_);
    return model_.afd.in_flight();
}

void Kernel::set_packet_pool(std::size_t packets) {
    const Lock lock(mutex_);
    model_.packet_pool = packets;
}

Handle Kernel::open(std::shared_ptr<Object> object) {
    const Lock lock(mutex_);
    return model_.handles.open(std::move(object));
}

Handle Kernel::open(Kind kind) { return open(std::make_shared<PlainObject>(kind)); }

void Kernel::a_thread_has_ended() {
    if (Kernel* const kernel = current_) {
        const Lock lock(kernel->mutex_);
        kernel->changed_.notify_all();
    }
}

bool Kernel::inside() noexcept { return Inside::now(); }

}  // namespace wakepoll::sim
