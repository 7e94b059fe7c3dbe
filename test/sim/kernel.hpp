// The simulated kernel: what stands behind every header of lib/sys in a native test.
//
// A test makes one `Kernel` before anything that it tests; it is the process-wide current one for
// as long as it lives, and the functions of lib/sys (bodies/) go to it. The world outside, such as
// peers of sockets, is support/world_sim.cpp. What the kernel is like is a personality and a seed:
// the same two give the same run.
//
// Two modes. On the *virtual clock* there is one thread; a call that would block lets the actors
// run, moves the clock to the next thing due or to its own timeout, and an endless block with
// nothing left to happen is a hang, which is recorded and ends the call with an error. *Threaded*,
// the clock is real and any number of threads may be inside at once; they meet at one lock.
//
// Actors (see actors.hpp) run without the lock on the thread that is inside the kernel, never
// inside one another, and must not throw. Every function here may be called from any thread.
//
// To add a room: a class derived from Object, its functions' names in `Call`, and a body for the
// header of lib/sys that uses `Syscall` and, where it blocks, `Syscall::block`.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "actors.hpp"
#include "inside.hpp"
#include "model.hpp"
#include "wakepoll/handle.hpp"

namespace wakepoll::sim {

enum class Mode : std::uint8_t { virtual_clock, threaded };

/// What becomes of datagrams on loopback.
enum class Loopback : std::uint8_t {
    works,
    drops,  ///< A filter driver drops them.
    none,   ///< There is no such interface.
};

/// What GetLastError would say. Only what the library sets is there, for its own calls return
/// codes.
inline thread_local std::uint32_t last_error = 0;

struct Options {
    Personality personality = Personality::windows_11;
    std::uint64_t seed = 1;
    Mode mode = Mode::virtual_clock;
    /// Windows' finite waits may end up to 15 ms early. Off: they end on time.
    bool early_waits = true;
    /// Overlapped operations may pend although they could be done at once, end a moment later than
    /// they could, and win against a cancel; requests of AFD's likewise, except that they never
    /// pend without need, and that they may tell of several sockets in another order than they were
    /// asked in. Off: whatever can happen happens at once, and in order.
    bool late_completions = true;
    /// Sockets come from a layered provider: they are no file handles, and AFD knows them only by
    /// their base.
    bool layered_sockets = false;
    /// That provider does not tell the base, only the next socket below.
    bool layered_refuses_base = false;
    /// The AFD device can be opened.
    bool afd_opens = true;
    Loopback loopback = Loopback::works;
    /// Packets that a port takes from posts before a post fails.
    std::size_t packet_pool = 65536;
    /// What a call costs on the virtual clock.
    std::chrono::nanoseconds call_cost = std::chrono::microseconds(1);
    /// Threaded: an endless block that lasts this long is a hang.
    std::chrono::nanoseconds hang_limit = std::chrono::seconds(30);
    /// Changes the personality's traits, where a test is about one of them.
    void (*change)(Traits& traits) = nullptr;
};

class Kernel {
public:
    explicit Kernel(const Options& options = {});
    ~Kernel();
    Kernel(const Kernel&) = delete;
    Kernel& operator=(const Kernel&) = delete;

    /// The kernel made last of those that live; ends the program where there is none.
    [[nodiscard]] static Kernel& current() noexcept;

    [[nodiscard]] const Options& options() const noexcept { return options_; }
    [[nodiscard]] const Traits& traits() const noexcept { return traits_; }

    /// The performance counter, which goes on while the system sleeps.
    [[nodiscard]] std::chrono::nanoseconds now();
    /// The system sleeps and resumes: no wait, timer or operation of the kernel counts that time,
    /// nor do actors.
    void sleep(std::chrono::nanoseconds time);
    /// Virtual clock: lets time pass, and the actors that are due meanwhile act.
    void advance(std::chrono::nanoseconds time);

    /// Runs `action` when `delay` from now is over and some thread is inside the kernel.
    void at(std::chrono::nanoseconds delay, Action action);
    /// Runs `action` when some call is about to block; several in the order they were given, one
    /// a block where one is enough to end it.
    void when_blocked(Action action);
    /// Runs `action` with this probability at each entry and exit of a call, and when a call is
    /// about to block at the latest.
    void between_calls(Action action, double probability = 0.25);

    /// QueueUserAPC, to the test's own thread: `action` runs on it when it is blocked in a call
    /// that runs such.
    void queue_apc(Action action);

    void fail_next(Call call, std::uint32_t code);
    /// The n-th call from now that can fail; 1 is the next. Code 0: one that it can fail with.
    void fail_nth(std::uint64_t n, std::uint32_t code = 0);
    /// The same with one of the codes that it can fail with, by its place among them.
    void fail_nth_with(std::uint64_t n, std::size_t place);
    void fail_randomly(double probability);
    void clear_faults();

    [[nodiscard]] std::uint64_t calls(Call call);
    [[nodiscard]] std::uint64_t calls();
    /// Calls that had to block.
    [[nodiscard]] std::uint64_t blocked_calls();
    void reset_counts();
    /// The last 256 calls, oldest first, a line each.
    [[nodiscard]] std::string trace();
    /// The calls that were made to fail since this was asked last.
    [[nodiscard]] std::vector<PlannedFailure> take_failures();

    /// Some call blocked for ever with nothing left that could end it.
    [[nodiscard]] bool hung();

    [[nodiscard]] std::size_t open_handles();
    [[nodiscard]] std::uint32_t winsock_sessions();
    /// Requests of AFD's that are in flight.
    [[nodiscard]] std::size_t afd_requests();
    void set_packet_pool(std::size_t packets);

    /// A handle that is no World's to an object, and to a new `PlainObject` of some kind.
    [[nodiscard]] Handle open(std::shared_ptr<Object> object);
    [[nodiscard]] Handle open(Kind kind);

    /// ExitProcess has ended all threads but the calling one, which runs the destructors of static
    /// objects. To be called by an actor: the thread that it acts beside is then as good as gone.
    void end_process() noexcept { process_ends_ = true; }
    /// False where no kernel exists.
    [[nodiscard]] static bool process_is_ending() noexcept {
        const Kernel* const kernel = current_;
        return kernel != nullptr && kernel->process_ends_;
    }

    /// Whoever waits for what a thread held looks again. Not under the lock.
    static void a_thread_has_ended();

    /// This thread is inside the kernel (and not in an actor): what it allocates now is the
    /// model's, not that of the code under test.
    [[nodiscard]] static bool inside() noexcept;

private:
    friend class Syscall;
    friend class ModelLock;

    using Lock = std::unique_lock<std::mutex>;

    enum class Blocked : std::uint8_t { ready, timed_out, hung };

    [[nodiscard]] std::chrono::nanoseconds clock_now() const;
    [[nodiscard]] std::chrono::nanoseconds end_of_wait(std::uint32_t milliseconds);

    /// Fires the timers that are due and ends the operations that can end. Called by every new
    /// holder of the lock that could see one, and where time passes in a block.
    void tell_time();
    /// Notices what a change of the model has made ready. Every holder of the lock calls it before
    /// letting go.
    void settle();
    /// Lets actors have their chance at the entry or exit of a call.
    void let_actors_act(Lock& lock);
    /// Runs one actor that was waiting for a block. False where there is none.
    bool act_while_blocked(Lock& lock);
    bool act_due(Lock& lock);
    bool act_on_wait(Lock& lock);
    void run_callback(Lock& lock, Wait& wait);
    void run_outside(Lock& lock, const Action& action);

    bool run_apc(Lock& lock);
    Blocked block(Lock& lock, std::uint32_t milliseconds, const std::function<bool()>& ready,
                  bool alertable);
    Blocked pass_time(Lock& lock, std::chrono::nanoseconds end, std::chrono::nanoseconds hang,
                      bool endless);
    Blocked hang();

    void arm_wait_thread();
    void serve_waits();

    const Options options_;
    const Traits traits_;
    Kernel* const previous_;
    std::mutex mutex_;
    std::condition_variable changed_;
    Model model_;
    Actors actors_;
    std::deque<Action> apcs_;
    std::chrono::nanoseconds clock_ = std::chrono::seconds(1);
    std::chrono::nanoseconds asleep_{0};
    std::uint64_t blocked_calls_ = 0;
    std::uint32_t hangs_ = 0;
    bool stopping_ = false;
    std::thread wait_thread_;

    static std::atomic<Kernel*> current_;
    std::atomic<bool> process_ends_ = false;
};

/// Holds the kernel's lock for what happens outside of any kernel call.
class ModelLock {
public:
    explicit ModelLock(Kernel& kernel);
    ~ModelLock();
    ModelLock(const ModelLock&) = delete;
    ModelLock& operator=(const ModelLock&) = delete;

    [[nodiscard]] Model* operator->() const noexcept { return &kernel_.model_; }
    [[nodiscard]] std::chrono::nanoseconds now() const { return kernel_.clock_now(); }

private:
    Inside inside_;
    Kernel& kernel_;
    Kernel::Lock lock_;
};

}  // namespace wakepoll::sim
