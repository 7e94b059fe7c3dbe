// Random programs over every kind of handle, with random failures of the kernel's, against a model.
//
// A program registers, changes, signals, drains, unregisters, closes and waits as chance has it.
// The model knows what may be reported at any time, so nothing else ever is (P5, P9, P10); and
// where the program pauses and all callbacks and packets had their chance, one wait that may not
// block must report exactly what is ready then. The seeds are dealt out among the
// backends. A failing one is named, and SEED in the environment plays it again, over the same
// backend where BACKEND names it or nothing does.
#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "parking.hpp"
#include "random.hpp"
#include "subject.hpp"

using namespace wakepoll;
using namespace wakepoll::test;

namespace {

constexpr int steps_of_a_program = 40;
constexpr std::size_t subjects_of_a_program = 8;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t programs = 6'000;
#else
constexpr std::uint64_t programs = 20'000;
#endif

/// A subject and what the model knows of it.
struct Known {
    Subject subject;
    std::size_t bytes = 0;     ///< In a pipe.
    bool peer_closed = false;  ///< Of a pipe.
    bool signalled = false;    ///< Of what stays signalled.
    int least = 0, most = 0;   ///< Reports that must, and can, come of signals that are taken.
    bool ghost = false;        ///< One report of a signal that was taken and reset since.
    std::uint64_t serial = 0;  ///< The user data of its registration; 0 where there is none.
    bool asked = false;        ///< It is registered, and to be reported where it is ready.
    bool one_shot = false;

    [[nodiscard]] Watched kind() const { return subject.kind(); }
    [[nodiscard]] bool is_ready() const { return signalled || bytes > 0 || peer_closed; }
    [[nodiscard]] std::uint32_t mask() const {
        return peer_closed && bytes == 0 ? mask::in | mask::hup : mask::in;
    }
    /// A signal that a wait of the pool has taken may go with it.
    void may_lose_one() {
        least = std::max(least - 1, 0);
        if (kind() == Watched::auto_reset_event || kind() == Watched::auto_reset_timer) {
            least = 0;
        }
    }
};

class Program {
public:
    Program(Stage& stage, std::uint64_t seed)
        : stage_(stage), random_(seed), parked_(stage.world, poller_, draw_parking()) {
        for (std::size_t i = 0; i < subjects_of_a_program; ++i) {
            known_.push_back(make());
        }
    }

    /// What the model says is wrong; empty where nothing is.
    [[nodiscard]] const std::string& wrong() const { return wrong_; }

    void run() {
        for (int step = 0; step < steps_of_a_program && wrong_.empty(); ++step) {
            if (random_.chance(0.2)) {
                faults_ = !faults_;
                faults_ ? stage_.kernel.fail_randomly(0.15) : stage_.kernel.clear_faults();
            }
            take_step(known_[random_.below(known_.size())]);
            if (step % 20 == 19) {
                pause();
            }
        }
    }

private:
    [[nodiscard]] Parking draw_parking() {
        return all_parkings[random_.below(all_parkings.size())];
    }

    [[nodiscard]] Known make() {
        const auto kind = all_watched[random_.below(all_watched.size())];
        Known known{Subject(stage_.world, kind)};
        // A number of one that was closed while registered comes again. Unregistering is what the
        // user should have done.
        for (const Handle handle : {known.subject.handle(), known.subject.peer()}) {
            if (closed_.erase(handle.value()) != 0) {
                (void)poller_.unregister_handle(handle);
            }
        }
        return known;
    }

    void expect(bool held, const char* what) {
        if (!held && wrong_.empty()) {
            wrong_ = what;
        }
    }

    void take_step(Known& known) {
        switch (random_.below(10)) {
            case 0:
            case 1:
                signal(known);
                break;
            case 2:
                calm(known);
                break;
            case 3:
                known.serial == 0 ? register_it(known) : modify(known);
                break;
            case 4:
                known.serial == 0 ? register_it(known) : unregister(known);
                break;
            case 5:
                if (random_.chance(0.3)) {
                    close(known);
                }
                break;
            case 6:
                if (is_pipe(known.kind()) && !known.peer_closed && random_.chance(0.3)) {
                    stage_.world.close_handle(known.subject.peer());
                    known.peer_closed = true;
                }
                break;
            case 7:
                set_timer();
                break;
            default:
                wait_a_while();
                break;
        }
    }

    void signal(Known& known) {
        if (known.peer_closed || !known.subject.signal()) {
            return;
        }
        if (is_pipe(known.kind())) {
            ++known.bytes;
        } else if (takes(known.kind())) {
            ++known.most;
            known.least = known.kind() == Watched::semaphore ? known.least + 1 : 1;
        } else {
            known.signalled = true;
        }
    }

    void calm(Known& known) {
        if (!can_calm(known.kind())) {
            return;
        }
        if (is_pipe(known.kind())) {
            // While a read of nothing is in flight still, the bytes stay.
            std::array<std::byte, 1> byte;
            while (stage_.world.take(known.subject.handle(), byte).bytes == 1) {
                --known.bytes;
            }
            return;
        }
        known.ghost = known.ghost || (known.signalled && known.serial != 0 && keeps_ghosts(known));
        known.signalled = false;
        known.subject.calm();
    }

    /// The kernel does not tell whether a wait takes the signal of a timer, nor, where it fails, of
    /// an event.
    [[nodiscard]] static bool keeps_ghosts(const Known& known) {
        return known.kind() == Watched::timer || known.kind() == Watched::event;
    }

    [[nodiscard]] IoInterest draw_interest(Known& known) {
        known.asked = !random_.chance(0.25);
        known.one_shot = random_.chance(0.3);
        return (known.asked ? IoInterest::read : IoInterest::none) |
               (known.one_shot ? IoInterest::one_shot : IoInterest::none);
    }

    void register_it(Known& known) {
        const IoInterest interest = draw_interest(known);
        if (poller_.register_handle(known.subject.handle(), interest, next_serial_)) {
            expect(faults_, "a registration failed without a fault");
            known.asked = false;
            // It may have taken a signal before.
            known.may_lose_one();
            return;
        }
        known.serial = next_serial_++;
    }

    void modify(Known& known) {
        const IoInterest interest = draw_interest(known);
        expect(!poller_.modify_handle(known.subject.handle(), interest, next_serial_),
               "modify failed");
        known.serial = next_serial_++;
        if (!known.asked) {
            known.may_lose_one();
        }
    }

    void unregister(Known& known) {
        expect(!poller_.unregister_handle(known.subject.handle()), "unregister failed");
        known.serial = 0;
        known.asked = false;
        known.ghost = false;
        known.may_lose_one();
    }

    void close(Known& known) {
        if (known.serial != 0 && random_.chance(0.5)) {
            closed_serials_.insert(known.serial);
            closed_.insert(known.subject.handle().value());
        } else if (known.serial != 0) {
            unregister(known);
        }
        stage_.world.close_handle(known.subject.handle());
        known = make();
    }

    void set_timer() {
        if (random_.chance(0.2)) {
            expect(!poller_.clear_timer(), "clear_timer failed");
            timer_set_ = false;
            return;
        }
        due_ = Clock::now() + std::chrono::microseconds(random_.below(3000));
        timer_set_ = !poller_.set_timer(due_);
        expect(timer_set_ || faults_, "set_timer failed without a fault");
    }

    void wait_a_while() {
        std::array<NativeEvent, 3> few;
        take(few, std::chrono::milliseconds(random_.below(3)));
    }

    /// Waits, and checks that everything that is reported may be. The serials that were.
    std::map<std::uint64_t, std::uint32_t> take(std::span<NativeEvent> room, Timeout timeout) {
        std::map<std::uint64_t, std::uint32_t> reported;
        const WaitResult result = poller_.wait(room, timeout);
        expect(faults_ || !result.error, "a wait failed without a fault");
        expect(!result.timer || (timer_set_ && Clock::now() >= due_), "a timer too early or twice");
        timer_set_ = timer_set_ && !result.timer;
        for (const NativeEvent& event : room.first(result.count)) {
            expect(reported.emplace(event.data.u64, event.events).second, "an event came twice");
            check(event);
        }
        return reported;
    }

    void check(const NativeEvent& event) {
        const auto found = std::ranges::find_if(
            known_, [&](const Known& known) { return known.serial == event.data.u64; });
        if (found == known_.end()) {
            expect(closed_serials_.contains(event.data.u64), "an event of no registration");
            return;
        }
        expect(found->asked, "an event that nobody asked for");
        found->asked = !found->one_shot;
        if (takes(found->kind())) {
            expect(found->most > 0, "more reports than signals");
            --found->most;
            found->least = std::max(found->least - 1, 0);
        } else if (found->is_ready()) {
            expect(event.events == found->mask(), "another mask");
        } else {
            expect(found->ghost, "an event of what is not ready");
        }
        found->ghost = false;
    }

    /// Lets everything come to an end, then compares what one wait reports with what is ready.
    void pause() {
        faults_ = false;
        stage_.kernel.clear_faults();
        std::array<NativeEvent, 64> room;
        for (int waits = 0; waits < 30; ++waits) {
            take(room, waits % 10 == 9 ? 2ms : 0ms);
            stage_.kernel.advance(200us);
        }
        const auto reported = take(room, 0ms);
        expect(!timer_set_, "a timer was not said");
        for (const Known& known : known_) {
            const bool told = reported.contains(known.serial);
            if (takes(known.kind())) {
                expect(!known.asked || known.least == 0, "a signal was lost");
                continue;
            }
            // One-shots have been told while everything came to an end.
            expect(!(known.asked && known.is_ready()) || told, "what is ready was not reported");
            expect(!told || known.is_ready() || known.ghost, "what is not ready was reported");
        }
    }

    Stage& stage_;
    sim::Random random_;
    OsPoller poller_ = make_poller();
    Parked parked_;
    std::vector<Known> known_;
    std::set<std::uintptr_t> closed_;         ///< Numbers that were closed while registered,
    std::set<std::uint64_t> closed_serials_;  ///< and the user data of those registrations.
    std::uint64_t next_serial_ = 1;
    Clock::time_point due_;
    bool timer_set_ = false;
    bool faults_ = false;
    std::string wrong_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(handles_campaign)

BOOST_AUTO_TEST_CASE(random_programs_report_what_is_ready_and_nothing_else) {
    const char* const only = std::getenv("SEED");
    const std::uint64_t first = only != nullptr ? std::strtoull(only, nullptr, 10) : 1;
    const std::uint64_t last = only != nullptr ? first : programs;
    for (std::uint64_t seed = first; seed <= last; ++seed) {
        Stage stage(sim::Options{.personality = sim::all_personalities[seed % 3],
                                 .seed = seed,
                                 .late_completions = seed % 2 == 0});
        // The personality is its remainder by three, and the completions' lateness that by two.
        const BackendUnderTest under_test(dealt_backend(seed / 6));
        Program program(stage, seed);
        program.run();
        BOOST_REQUIRE_MESSAGE(program.wrong().empty(),
                              "BACKEND=" << name_of(BackendUnderTest::current()) << " SEED=" << seed
                                         << ": " << program.wrong() << "\n"
                                         << stage.kernel.trace());
    }
}

BOOST_AUTO_TEST_SUITE_END()
