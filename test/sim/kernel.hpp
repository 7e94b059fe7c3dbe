// The simulated kernel: what implements every header of lib/sys in a native test.
//
// A test creates one `Kernel` before anything that it tests; it is the current one of the process
// while it lives, and the functions of lib/sys (bodies/) use it. The world outside, such as peers
// of sockets, is support/world_sim.cpp. A personality and a seed determine the behaviour: the same
// two give the same run.
//
// There are two modes. On the *virtual clock* there is one thread; a call that would block runs
// actors and moves the clock to the next thing due or to its own timeout. An infinite block with
// nothing left to happen is a hang, which is recorded and ends the call with an error. In
// *threaded* mode the clock is real and any number of threads may be inside at once; they share one
// lock.
//
// Actors (see actors.hpp) run without the lock on the thread that is inside the kernel, never
// nested, and must not throw. Any thread may call any function here.
//
// A new kind of object needs a class derived from Object, the names of its functions in `Call`, and
// a body for the header of lib/sys that uses `Syscall` and, if it blocks, `Syscall::block`.
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

/// What happens to datagrams on loopback.
enum class Loopback : std::uint8_t {
    works,
    drops,  ///< A filter driver drops them.
    none,   ///< There is no such interface.
};

/// The value of GetLastError. Only the library sets it; the calls of the model return codes.
inline thread_local std::uint32_t last_error = 0;

struct Options {
    Personality personality = Personality::windows_11;
    std::uint64_t seed = 1;
    Mode mode = Mode::virtual_clock;
    /// Finite waits of Windows may end up to 15 ms early. Off: they end on time.
    bool early_waits = true;
    /// Overlapped operations may pend although they could complete at once, end a moment later than
    /// they could, and win against a cancel. AFD requests likewise, except that they never pend
    /// without need, and that an answer may have several sockets in another order than the request.
    /// Off: what can happen happens at once, and in order.
    bool late_completions = true;
    /// Sockets come from a layered provider: they are no file handles, and AFD knows them only by
    /// their base.
    bool layered_sockets = false;
    /// That provider does not report the base, only the socket of the next lower layer.
    bool layered_refuses_base = false;
    /// The AFD device can be opened.
    bool afd_opens = true;
    Loopback loopback = Loopback::works;
    /// Posted packets that a port holds before a post fails.
    std::size_t packet_pool = 65536;
    /// What a call costs on the virtual clock.
    std::chrono::nanoseconds call_cost = std::chrono::microseconds(1);
    /// Threaded: an infinite block that lasts this long is a hang.
    std::chrono::nanoseconds hang_limit = std::chrono::seconds(30);
    /// Changes the personality's traits, for a test of one of them.
    void (*change)(Traits& traits) = nullptr;
};

class Kernel {
public:
    explicit Kernel(const Options& options = {});
    ~Kernel();
    Kernel(const Kernel&) = delete;
    Kernel& operator=(const Kernel&) = delete;

    /// The newest living kernel; ends the program if there is none.
    [[nodiscard]] static Kernel& current() noexcept;

    [[nodiscard]] const Options& options() const noexcept { return options_; }
    [[nodiscard]] const Traits& traits() const noexcept { return traits_; }

    /// The performance counter, which continues while the system sleeps.
    [[nodiscard]] std::chrono::nanoseconds now();
    /// Puts the system to sleep and resumes it: waits, timers, operations and actors do not count
    /// that time.
    void sleep(std::chrono::nanoseconds time);
    /// Virtual clock: lets time pass, and runs the actors that are due meanwhile.
    void advance(std::chrono::nanoseconds time);

    /// Runs `action` after `delay`, as soon as a thread is inside the kernel.
    void at(std::chrono::nanoseconds delay, Action action);
    /// Runs `action` when a call is about to block. Several run in order, and no more in one block
    /// than it takes to end it.
    void when_blocked(Action action);
    /// Runs `action` with this probability at each entry and exit of a call, and at the latest when
    /// a call is about to block.
    void between_calls(Action action, double probability = 0.25);

    /// QueueUserAPC to the test's thread: `action` runs when that is blocked in an alertable call.
    void queue_apc(Action action);

    void fail_next(Call call, std::uint32_t code);
    /// Fails the n-th call from now that can fail; 1 is the next. Code 0: the first of its possible
    /// codes.
    void fail_nth(std::uint64_t n, std::uint32_t code = 0);
    /// The same with the possible code at this index.
    void fail_nth_with(std::uint64_t n, std::size_t place);
    void fail_randomly(double probability);
    void clear_faults();

    [[nodiscard]] std::uint64_t calls(Call call);
    [[nodiscard]] std::uint64_t calls();
    /// Calls that had to block.
    [[nodiscard]] std::uint64_t blocked_calls();
    void reset_counts();
    /// The last 256 calls, oldest first, one per line.
    [[nodiscard]] std::string trace();
    /// The calls that failed by planned faults since the last call of this.
    [[nodiscard]] std::vector<PlannedFailure> take_failures();

    /// A call blocked without a limit, and nothing was left that could end it.
    [[nodiscard]] bool hung();

    [[nodiscard]] std::size_t open_handles();
    [[nodiscard]] std::uint32_t winsock_sessions();
    /// AFD requests in flight.
    [[nodiscard]] std::size_t afd_requests();
    void set_packet_pool(std::size_t packets);

    /// Opens a handle that does not belong to a World, to an object or to a new `PlainObject`.
    [[nodiscard]] Handle open(std::shared_ptr<Object> object);
    [[nodiscard]] Handle open(Kind kind);

    /// Simulates ExitProcess, which has ended all threads but the calling one; that one runs the
    /// destructors of static objects. Call it from an actor, whose interrupted thread is the one
    /// that is gone.
    void end_process() noexcept { process_ends_ = true; }
    /// False if no kernel exists.
    [[nodiscard]] static bool process_is_ending() noexcept {
        const Kernel* const kernel = current_;
        return kernel != nullptr && kernel->process_ends_;
    }

    /// Makes those that wait for what a thread held check again. Not under the lock.
    static void a_thread_has_ended();

    /// True if this thread is inside the kernel (and not in an actor): what it allocates belongs to
    /// the model, not to the code under test.
    [[nodiscard]] static bool inside() noexcept;

private:
    friend class Syscall;
    friend class ModelLock;

    using Lock = std::unique_lock<std::mutex>;

    enum class Blocked : std::uint8_t { ready, timed_out, hung };

    [[nodiscard]] std::chrono::nanoseconds clock_now() const;
    [[nodiscard]] std::chrono::nanoseconds end_of_wait(std::uint32_t milliseconds);

    /// Fires the timers that are due and ends the operations that can end. Every new holder of the
    /// lock that could see one calls it, and so does a block when time passes.
    void tell_time();
    /// Processes what a change of the model has made ready. Every holder of the lock calls it
    /// before releasing the lock.
    void settle();
    /// Runs the actors that are drawn at the entry or exit of a call.
    void let_actors_act(Lock& lock);
    /// Runs one actor that waited for a block. False if there is none.
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

/// Holds the kernel's lock outside of kernel calls.
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
