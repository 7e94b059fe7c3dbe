// Random programs over the readiness of sockets, with random failures of the kernel's, against a
// model (sockets_model.hpp).
//
// A program registers, changes, unregisters and closes sockets of every kind, some dozens of them
// now and then, lets things happen to them, also while it waits, and posts packets, begins
// operations and registers events beside them. Whatever is reported has to be true, whoever acts;
// where nobody does, one wait with enough room has to report exactly what is ready (P5, P10), one
// with little room each of it in its turn (P6), and an endless one where nothing is ready blocks
// once (P3). A call that fails changes nothing, and what it could not do is done by a later one
// (P12). In the end no request is in flight and no handle open (P8). The backends share the seeds.
// A failing one is named; SEED in the environment plays it again, over the same backend where
// BACKEND names it or nothing does, and RUNS is how many there are.
#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "sockets_model.hpp"
#include "stage.hpp"

using namespace wakepoll;
using namespace wakepoll::test;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t usual_runs = 3'000;
#else
constexpr std::uint64_t usual_runs = 20'000;
#endif

constexpr std::size_t most_packets = 64;        // Taken from the port in one wait.
constexpr std::uint64_t packets = 1U << 20;     // The keys of packets begin here,
constexpr std::uint64_t operations = 1U << 21;  // and the user data of operations here.

/// What a kernel is like for a seed.
sim::Options options_for(std::uint64_t seed) {
    return {.personality = sim::all_personalities[seed % 3],
            .seed = seed,
            .early_waits = seed % 5 != 0,
            .late_completions = seed / 3 % 2 == 0,
            .layered_sockets = seed % 7 == 0};
}

class Program {
public:
    Program(Stage& stage, std::uint64_t seed)
        : stage_(stage), kernel_(stage.kernel), world_(stage.world), random_(seed * 31 + 7) {
        const std::uint64_t crowd = below(20);
        const std::size_t count = crowd < 12   ? 1 + below(8)
                                  : crowd < 17 ? 14 + below(8)
                                               : 30 + below(20);
        poller_.emplace(
            make_poller({.max_registrations = static_cast<std::uint32_t>(count + 5 + below(3)),
                         .max_overlapped_entries = 4}));
        may_fail_ = below(4) == 0;
        cancels_fail_ = below(8) == 0;
        const bool registered = below(3) != 0;
        for (std::size_t i = 0; i < count; ++i) {
            sockets_.push_back(make());
            if (registered) {
                add(sockets_.back());
            }
        }
    }

    [[nodiscard]] const std::string& wrong() const { return wrong_; }

    void run() {
        const std::uint64_t steps = 20 + below(50);
        for (std::uint64_t i = 0; i < steps && wrong_.empty(); ++i) {
            if (may_fail_ && below(8) == 0) {
                begin_faults();
            } else if (faults_ && below(3) == 0) {
                end_faults();
            }
            step();
        }
        if (wrong_.empty() && below(3) != 0) {
            finish();
        }
        dispose();
    }

private:
    struct Beside {
        Handle event;
        std::uint64_t serial = 0;
        bool signalled = false;
    };

    [[nodiscard]] std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }

    void expect(bool held, const std::string& what) {
        if (!held && wrong_.empty()) {
            wrong_ = what;
        }
    }

    void begin_faults() {
        faults_ = true;
        kernel_.fail_randomly(0.1);
    }

    /// Random failures pass by what usually can not fail.
    void fail_cancel() {
        if (cancels_fail_ && below(3) == 0) {
            kernel_.fail_next(sim::Call::afd_cancel, 1450);
            cancel_failed_ = true;
        }
    }

    void fail_no_cancel() {
        if (!faults_) {
            kernel_.clear_faults();
        }
    }

    void end_faults() {
        faults_ = false;
        kernel_.clear_faults();
    }

    void step() {
        ModelSocket& socket = sockets_[below(sockets_.size())];
        switch (below(20)) {
            case 0:
            case 1:
            case 2:
            case 3:
                for (std::uint64_t i = 1 + below(sockets_.size()); i > 0; --i) {
                    sockets_[below(sockets_.size())].happen(world_, random_.next());
                }
                break;
            case 4:
            case 5:
                for (std::uint64_t i = 1 + below(3); i > 0; --i) {
                    ModelSocket& one = sockets_[below(sockets_.size())];
                    one.serial == 0 ? add(one) : modify(one);
                }
                break;
            case 6:
                socket.serial == 0 ? add(socket) : remove(socket);
                break;
            case 7:
                if (below(2) == 0) {
                    close(socket);
                }
                break;
            case 8:
                step_beside();
                break;
            case 9:
                if (below(3) == 0) {
                    operate();
                }
                break;
            case 10:
                if (below(8) == 0) {
                    (void)poller_->handle();
                    for (std::uint64_t left = below(4) == 0 ? 100 : 3; left > 0; --left) {
                        post();
                    }
                }
                break;
            case 11:
                wake();
                break;
            case 12:
                wait_fairly();
                break;
            case 13:
                wait_idly();
                break;
            case 14:
            case 15:
                wait_exactly();
                break;
            default:
                wait_somehow();
                break;
        }
    }

    // Sockets

    [[nodiscard]] ModelSocket make() {
        ModelSocket made = ModelSocket::make(world_, random_);
        // The user should have unregistered whatever had the number before, and may do so now.
        for (const Handle handle : {made.handle(), made.peer()}) {
            if (ghosts_.contains(handle.value()) && below(2) == 0) {
                lay(handle.value());
            }
        }
        return made;
    }

    /// Unregisters a number that was closed while it was registered.
    void lay(std::uintptr_t number) {
        const std::error_code error = poller_->unregister_handle(Handle(number));
        expect(!error || error == std::errc::no_such_file_or_directory, "a ghost stays");
        ghosts_.erase(number);
    }

    [[nodiscard]] bool is_haunted(const ModelSocket& socket) const {
        return ghosts_.contains(socket.handle().value());
    }

    [[nodiscard]] IoInterest draw_interest() {
        constexpr IoInterest bits[] = {IoInterest::read,         IoInterest::write,
                                       IoInterest::priority,     IoInterest::read_hangup,
                                       IoInterest{mask::rdnorm}, IoInterest{mask::wrnorm}};
        constexpr double chances[] = {0.7, 0.25, 0.2, 0.2, 0.05, 0.05};
        IoInterest interest = random_.chance(0.25) ? IoInterest::one_shot : IoInterest::none;
        for (std::size_t i = 0; i < std::size(bits); ++i) {
            if (random_.chance(chances[i])) {
                interest |= bits[i];
            }
        }
        return interest;
    }

    void add(ModelSocket& socket) {
        const IoInterest interest = draw_interest();
        const std::uint64_t serial = next_serial_++;
        if (const std::error_code error =
                poller_->register_handle(socket.handle(), interest, serial)) {
            const bool haunted = error == std::errc::file_exists && is_haunted(socket);
            const bool full = error == std::errc::no_space_on_device && !ghosts_.empty();
            expect(faults_ || haunted || full, "not registered: " + error.message());
            return;
        }
        ghosts_.erase(socket.handle().value());
        socket.serial = serial;
        socket.interest = interest;
        socket.armed = true;
        expect(under_test().backend != Backend::automatic || registered() <= 16 ||
                   poller_->backend() == Backend::afd,
               "many sockets, and still WSAPoll");
    }

    void modify(ModelSocket& socket) {
        const IoInterest interest = draw_interest();
        const std::uint64_t serial = next_serial_++;
        fail_cancel();
        const std::error_code error = poller_->modify_handle(socket.handle(), interest, serial);
        fail_no_cancel();
        if (error) {
            expect(faults_ || cancel_failed_, "not modified");
            return;
        }
        socket.serial = serial;
        socket.interest = interest;
        socket.armed = true;
    }

    void remove(ModelSocket& socket) {
        fail_cancel();
        expect(!poller_->unregister_handle(socket.handle()), "not unregistered");
        fail_no_cancel();
        socket.serial = 0;
        socket.armed = false;
    }

    void close(ModelSocket& socket) {
        // That a base is another socket's by now can not be seen here.
        if (socket.serial != 0 && !kernel_.options().layered_sockets && below(2) == 0) {
            ghosts_[socket.handle().value()] = socket.serial;
        } else if (socket.serial != 0) {
            remove(socket);
        }
        socket.close(world_, below(8) == 0);
        socket = make();
    }

    [[nodiscard]] std::size_t registered() const {
        return static_cast<std::size_t>(
            std::ranges::count_if(sockets_, [](const ModelSocket& s) { return s.serial != 0; }));
    }

    // What is beside them

    void step_beside() {
        if (events_.size() < 3) {
            events_.push_back({world_.thing(Thing::event)});
            lay_if_haunted(events_.back().event);
        }
        Beside& one = events_[below(events_.size())];
        if (one.serial == 0) {
            const std::uint64_t serial = next_serial_++;
            const std::error_code error =
                poller_->register_handle(one.event, IoInterest::read, serial);
            // Its slot's request may have ended, but the packet be behind too many others.
            const bool behind = error == std::errc::resource_unavailable_try_again &&
                                (cancel_failed_ || posted_.size() >= most_packets);
            expect(!error || faults_ || behind ||
                       (error == std::errc::no_space_on_device && !ghosts_.empty()),
                   "an event was not registered: " + error.message());
            one.serial = error ? 0 : serial;
        } else if (below(2) == 0) {
            world_.signal(one.event);
            one.signalled = true;
        } else {
            expect(!poller_->unregister_handle(one.event), "an event was not unregistered");
            world_.close_handle(one.event);
            one = {world_.thing(Thing::event)};
            lay_if_haunted(one.event);
        }
    }

    void lay_if_haunted(Handle handle) {
        if (ghosts_.contains(handle.value())) {
            lay(handle.value());
        }
    }

    void operate() {
        if (!operated_.local) {
            operated_ = world_.tcp_pair();
            lay_if_haunted(operated_.local);
            lay_if_haunted(operated_.peer);
        }
        if (below(2) == 0 && !running_.empty()) {
            (void)world_.send(operated_.peer, 1);
            return;
        }
        const std::uint64_t serial = operations + next_serial_++;
        const Result<OverlappedEntry*> entry =
            poller_->submit_read(operated_.local, std::span(buffers_[running_.size() % 4]), serial);
        if (entry) {
            running_.insert(serial);
        }
    }

    void post() {
        const std::uint64_t key = packets + next_serial_++;
        world_.post_packet(poller_->handle(), key, 0, nullptr);
        posted_.push_back(key);
    }

    void wake() {
        const bool promised = poller_->post_wakeup();
        expect(promised || faults_, "not woken");
        woken_ = woken_ || promised;
    }

    // Waiting

    /// What is ready now, by serial.
    [[nodiscard]] std::map<std::uint64_t, std::uint32_t> ready() {
        std::map<std::uint64_t, std::uint32_t> masks;
        for (const ModelSocket& socket : sockets_) {
            const std::uint32_t mask = socket.armed ? socket.ready(kernel_, poller_->backend()) : 0;
            if (mask != 0) {
                masks[socket.serial] = mask;
            }
        }
        return masks;
    }

    /// Waits, and checks all that is reported. `alone`: nobody acts beside. What sockets reported.
    std::set<std::uint64_t> take(std::span<NativeEvent> room, Timeout timeout, bool alone) {
        const auto before = ready();
        const bool must_move = !faults_ && registered() > 0 && !running_.empty();
        const WaitResult result = poller_->wait(room, timeout);
        const auto after = ready();
        expect(!kernel_.hung(), "hung");
        // One closed by CloseHandle fails WSAPoll; where its number is another's a moment later,
        // nobody is found who is to blame.
        const bool blameless =
            !alone && !ghosts_.empty() && result.error == std::errc::bad_file_descriptor;
        expect(faults_ || !result.error || blameless, "a wait failed: " + result.error.message());
        expect(!must_move || under_test().backend != Backend::automatic ||
                   poller_->backend() == Backend::afd,
               "an operation beside sockets, and still WSAPoll");
        expect(!woken_ || result.woken || result.error, "a wake was lost");
        woken_ = woken_ && !result.woken;
        std::set<std::uint64_t> reported;
        for (const NativeEvent& event : room.first(result.count)) {
            const std::uint64_t serial = event.data.u64;
            if (event.completion != nullptr) {
                take_completion(event);
                continue;
            }
            expect(reported.insert(serial).second, "reported twice in one wait");
            const auto found = std::ranges::find_if(
                sockets_, [&](const ModelSocket& socket) { return socket.serial == serial; });
            if (found == sockets_.end()) {
                check_other(serial);
                continue;
            }
            expect(found->armed, "a one-shot was reported twice");
            found->armed = found->armed && !any(found->interest & IoInterest::one_shot);
            const auto is_told = [&](const auto& masks) {
                const auto it = masks.find(serial);
                return it != masks.end() && it->second == event.events;
            };
            expect(!alone || is_told(before) || is_told(after), "it is not as was reported");
            expect((event.events & ~(bits(found->interest) | mask::err | mask::hup)) == 0 &&
                       event.events != 0,
                   "a bit that nobody asked for");
        }
        return reported;
    }

    void check_other(std::uint64_t serial) {
        const bool ghost =
            std::ranges::any_of(ghosts_, [&](const auto& one) { return one.second == serial; });
        const bool event = std::ranges::any_of(
            events_, [&](const Beside& one) { return one.serial == serial && one.signalled; });
        expect(ghost || event, "an event of no registration, or of an event that is not signalled");
    }

    void take_completion(const NativeEvent& event) {
        const std::uint64_t serial = event.data.u64;
        if (serial < operations) {
            expect(!posted_.empty() && posted_.front() == serial, "packets out of their order");
            if (!posted_.empty()) {
                posted_.pop_front();
            }
            return;
        }
        expect(running_.erase(serial) == 1, "a completion of nothing, or twice");
    }

    /// Nothing is on its way to the poller any more, and whatever it looks at again is due.
    void settle() {
        end_faults();
        world_.join();
        const bool must = poller_->backend() != Backend::afd || kernel_.options().late_completions;
        if (must || below(2) == 0) {
            kernel_.advance(poller_->backend() == Backend::afd ? 100us : 60ms);
        }
    }

    void wait_somehow() {
        std::array<NativeEvent, 256> room;
        const bool alone = below(2) == 0;
        if (!alone) {
            for (std::uint64_t acts = 1 + below(3); acts > 0; --acts) {
                const std::size_t index = below(sockets_.size());
                world_.beside(
                    [this, index, what = random_.next()] { sockets_[index].happen(world_, what); });
            }
        }
        const std::size_t size = below(2) == 0 ? 1 + below(5) : room.size();
        take(std::span(room).first(size), std::chrono::milliseconds(below(4)), alone);
        world_.join();
    }

    void wait_exactly() {
        settle();
        std::array<NativeEvent, 256> room;
        const bool crowded = posted_.size() + running_.size() >= most_packets;
        const auto before = ready();
        const auto reported = take(room, below(2) == 0 ? 0ms : 2ms, true);
        check_all(before, reported, crowded);
        const std::size_t count = poller_->registration_count();
        const std::size_t others = static_cast<std::size_t>(
            std::ranges::count_if(events_, [](const Beside& one) { return one.serial != 0; }));
        expect(count >= registered() + others && count <= registered() + others + ghosts_.size(),
               "another number of registrations");
    }

    /// What was ready all the time was reported; unless it was behind too many packets.
    void check_all(const std::map<std::uint64_t, std::uint32_t>& before,
                   const std::set<std::uint64_t>& reported, bool crowded) {
        for (const auto& [serial, mask] : before) {
            expect(crowded || reported.contains(serial),
                   "what is ready was not reported: " + std::to_string(serial));
        }
    }

    void wait_fairly() {
        settle();
        if (!posted_.empty() || !running_.empty()) {
            return;
        }
        const auto before = ready();
        std::size_t many = before.size() + ghosts_.size();
        for (const Beside& one : events_) {
            many += one.signalled && one.serial != 0 ? 1 : 0;
        }
        std::array<NativeEvent, 8> room;
        const std::size_t size = 1 + below(room.size());
        std::set<std::uint64_t> reported;
        for (std::size_t left = (many + size - 1) / size; left > 0; --left) {
            reported.merge(take(std::span(room).first(size), 0ms, true));
        }
        for (const auto& [serial, mask] : before) {
            std::string said;
            for (const std::uint64_t one : reported) {
                said += " " + std::to_string(one);
            }
            expect(reported.contains(serial), "the turn of " + std::to_string(serial) +
                                                  " did not come: room for " +
                                                  std::to_string(size) + ", " +
                                                  std::to_string(many) + " ready, reported" + said);
        }
    }

    void wait_idly() {
        settle();
        // Lets the requests get where they stay.
        std::array<NativeEvent, 256> room;
        for (int waits = 0; waits < 3; ++waits) {
            take(room, 0ms, true);
            kernel_.advance(100us);
        }
        if (!ready().empty() || !posted_.empty() || !running_.empty() || !ghosts_.empty() ||
            !events_.empty() || poller_->backend() != Backend::afd || refusals() > 0) {
            return;
        }
        kernel_.when_blocked([this] { wake(); });
        kernel_.reset_counts();
        take(room, wait_forever, true);
        expect(kernel_.calls() <= 3, "an idle wait is more than one block");
    }

    [[nodiscard]] std::size_t refusals() const {
        return static_cast<std::size_t>(std::ranges::count_if(
            sockets_, [](const ModelSocket& s) { return s.kind() == ModelSocket::Kind::refused; }));
    }

    // The end

    void finish() {
        settle();
        std::array<NativeEvent, 256> room;
        std::set<std::uint64_t> reported;
        for (int waits = 0; waits < 8; ++waits) {
            reported.merge(take(room, waits % 4 == 3 ? 2ms : 0ms, true));
            kernel_.advance(1ms);
        }
        expect(posted_.empty(), "a packet was lost");
        for (const Beside& one : events_) {
            expect(one.serial == 0 || !one.signalled || reported.contains(one.serial),
                   "an event that is signalled was not reported");
        }
        for (ModelSocket& socket : sockets_) {
            if (socket.serial != 0) {
                remove(socket);
            }
        }
        while (!ghosts_.empty()) {
            lay(ghosts_.begin()->first);
        }
        for (int waits = 0; waits < 4; ++waits) {
            const auto rest = take(room, 0ms, true);
            kernel_.advance(100us);
        }
        // The group's request is not cancelled for those who leave it.
        expect(cancel_failed_ || kernel_.afd_requests() <= 1, "a request is in flight for ever");
        expect(poller_->stats().late_packets == 0, "a packet that nobody knew");
    }

    void dispose() {
        end_faults();
        if (cancels_fail_) {
            for (std::uint64_t i = below(3); i > 0; --i) {
                kernel_.fail_next(sim::Call::afd_cancel, 1450);
            }
        }
        const auto begun = kernel_.now();
        poller_->dispose();
        expect(cancels_fail_ || kernel_.now() - begun < 500ms, "dispose waits for what ends");
        kernel_.clear_faults();
        expect(!kernel_.hung(), "dispose hung");
        expect(kernel_.afd_requests() == 0, "a request outlives dispose");
        expect(kernel_.winsock_sessions() == 0, "Winsock is still in use");
        expect(!has_handles(), "a handle is still open");
    }

    /// There are handles such as the poller alone has.
    [[nodiscard]] bool has_handles() {
        if (world_.find_doorbell()) {
            return true;
        }
        const sim::ModelLock model(kernel_);
        for (std::uintptr_t value = 4; value < 0x1000; value += 4) {
            const auto object = model->handles.find(Handle(value));
            if (dynamic_cast<const sim::AfdFile*>(object.get()) != nullptr ||
                dynamic_cast<const sim::Port*>(object.get()) != nullptr) {
                return true;
            }
        }
        return false;
    }

    Stage& stage_;
    sim::Kernel& kernel_;
    World& world_;
    sim::Random random_;
    std::array<std::array<std::byte, 16>, 4> buffers_{};
    std::optional<OsPoller> poller_;
    std::vector<ModelSocket> sockets_;
    std::map<std::uintptr_t, std::uint64_t> ghosts_;  ///< Closed while registered: number, serial.
    std::vector<Beside> events_;
    SocketPair operated_;
    std::set<std::uint64_t> running_;
    std::deque<std::uint64_t> posted_;
    std::uint64_t next_serial_ = 1;
    bool woken_ = false;
    bool faults_ = false;
    bool may_fail_ = false;
    bool cancels_fail_ = false;
    bool cancel_failed_ = false;
    std::string wrong_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(sockets_campaign)

BOOST_AUTO_TEST_CASE(random_programs_report_what_is_ready_and_nothing_else) {
    const char* const only = std::getenv("SEED");
    const char* const runs = std::getenv("RUNS");
    const std::uint64_t first = only != nullptr ? std::strtoull(only, nullptr, 10) : 1;
    const std::uint64_t many = runs != nullptr ? std::strtoull(runs, nullptr, 10) : usual_runs;
    const std::uint64_t last = only != nullptr ? first : many;
    for (std::uint64_t seed = first; seed <= last; ++seed) {
        Stage stage(options_for(seed));
        // The personality is its remainder by three, and the lateness that by two of the rest.
        const BackendUnderTest under_test(dealt_backend(seed / 6));
        Program program(stage, seed);
        program.run();
        BOOST_REQUIRE_MESSAGE(program.wrong().empty(),
                              "BACKEND=" << name_of(BackendUnderTest::current())
                                         << " PERSONALITY=" << stage.kernel.traits().name
                                         << " SEED=" << seed << ": " << program.wrong() << "\n"
                                         << stage.kernel.trace());
    }
}

BOOST_AUTO_TEST_SUITE_END()
