// P13 under load: three threads change registrations while another waits, and a model checks each
// event.
//
// Each changing thread has its own sockets. It arms one as one-shot with a new number, in one of
// several ways (modify; first to something else and back; unregister and register), sends a byte,
// and continues once that was reported. The waiter compares each event with what the socket was
// armed with: a number that was never armed, or is not armed any more, is stale; a second report is
// doubled; one that does not come is lost.
//
// CHANGES in the environment sets the total number of changes.
#include <array>
#include <atomic>
#include <cstdlib>
#include <thread>
#include <vector>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "stage.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
namespace data = boost::unit_test::data;

namespace {

constexpr std::size_t threads = 3;
constexpr std::size_t sockets_each = 8;
constexpr IoInterest armed_interest = IoInterest::read | IoInterest::one_shot;

std::uint64_t changes_in_all() {
    const char* const number = std::getenv("CHANGES");
    const std::uint64_t wanted = number != nullptr ? std::strtoull(number, nullptr, 10) : 0;
    return wanted > 0 ? wanted : sanitized ? 6'000U : 30'000U;
}

/// A socket that one thread changes.
struct Subject {
    SocketPair pair;
    std::atomic<std::uint32_t> armed = 0;     ///< The number that it is armed with, 0 for none.
    std::atomic<std::uint32_t> reported = 0;  ///< The number that was reported last.
    std::uint32_t next = 1;
    bool registered = false;
};

class Game {
public:
    Game(Stage& stage, OsPoller& poller) : stage_(stage), poller_(poller) {
        for (Subject& subject : subjects_) {
            subject.pair = stage.world.tcp_pair();
        }
    }

    void change(std::size_t thread, std::uint64_t changes) {
        std::uint64_t made = 0;
        while (made < changes && !failed_) {
            for (std::size_t i = 0; i < sockets_each; ++i) {
                made += arm(thread * sockets_each + i, made + i);
            }
            for (std::size_t i = 0; i < sockets_each; ++i) {
                await(subjects_[thread * sockets_each + i]);
            }
        }
        made_ += made;
        ++ended_;
        static_cast<void>(poller_.post_wakeup());
    }

    void wait_for_all() {
        std::array<NativeEvent, 16> events;
        while (ended_ < threads) {
            const WaitResult result = poller_.wait(events, 1min);
            expect(!result.error && (result.count > 0 || result.woken), "nothing for a minute");
            for (const NativeEvent& event : std::span(events).first(result.count)) {
                take(event);
            }
            if (failed_) {
                return;
            }
        }
    }

    [[nodiscard]] std::uint64_t made() const { return made_; }
    [[nodiscard]] const char* fault() const { return fault_; }

private:
    void expect(bool held, const char* fault) {
        if (!held && !failed_.exchange(true)) {
            fault_ = fault;
        }
    }

    void expect(const Result<void>& done, const char* fault) { expect(done.has_value(), fault); }

    std::uint64_t arm(std::size_t index, std::uint64_t way) {
        Subject& subject = subjects_[index];
        const std::uint32_t number = subject.next++;
        const std::uint64_t user_data = std::uint64_t{index} << 32U | number;
        std::uint64_t changes = 1;
        if (subject.registered && way % 3 == 0) {
            expect(poller_.unregister_handle(subject.pair.local), "unregister");
            subject.registered = false;
            ++changes;
        } else if (subject.registered && way % 3 == 1) {
            expect(poller_.modify_handle(subject.pair.local, IoInterest::none, 0), "modify");
            ++changes;
        }
        if (way % 2 == 0) {
            stage_.world.send(subject.pair.peer, 1);
        }
        subject.armed = number;
        expect(subject.registered
                   ? poller_.modify_handle(subject.pair.local, armed_interest, user_data)
                   : poller_.register_handle(subject.pair.local, armed_interest, user_data),
               "arm");
        subject.registered = true;
        if (way % 2 != 0) {
            stage_.world.send(subject.pair.peer, 1);
        }
        return changes;
    }

    void await(const Subject& subject) {
        const auto limit = std::chrono::steady_clock::now() + 1min;
        while (subject.reported != subject.next - 1 && !failed_) {
            expect(std::chrono::steady_clock::now() < limit, "a report is lost");
            std::this_thread::yield();
        }
    }

    void take(const NativeEvent& event) {
        const auto index = static_cast<std::size_t>(event.data.u64 >> 32U);
        const auto number = static_cast<std::uint32_t>(event.data.u64);
        expect(index < subjects_.size() && event.completion == nullptr, "an event of no one");
        Subject& subject = subjects_[index];
        std::uint32_t armed = number;
        expect(subject.armed.compare_exchange_strong(armed, 0),
               "an event that is stale, or doubled");
        expect(event.events == mask::in, "another mask");
        expect(stage_.world.receive(subject.pair.local, 1).bytes == 1, "no byte");
        subject.reported = number;
    }

    Stage& stage_;
    OsPoller& poller_;
    std::array<Subject, threads * sockets_each> subjects_;
    std::atomic<std::uint64_t> made_ = 0;
    std::atomic<std::size_t> ended_ = 0;
    std::atomic<bool> failed_ = false;
    std::atomic<const char*> fault_ = "none";
};

}  // namespace

BOOST_AUTO_TEST_SUITE(changes)

BOOST_DATA_TEST_CASE(three_threads_change_beside_a_waiter, data::make(wanted_backends()), backend) {
    ThreadedStage stage(backend);
    OsPoller poller = make_poller();
    Game game(stage, poller);
    std::vector<std::thread> changing;
    for (std::size_t i = 0; i < threads; ++i) {
        changing.emplace_back([&game, i] { game.change(i, changes_in_all() / threads); });
    }
    game.wait_for_all();
    for (std::thread& thread : changing) {
        thread.join();
    }
    BOOST_TEST(std::string(game.fault()) == "none");
    const PollerStats stats = poller.stats();
    BOOST_TEST_MESSAGE(game.made() << " changes, " << stats.changes_beside
                                   << " of them beside a blocked wait, which "
                                   << stats.changes_that_roused << " roused; " << stats.waits
                                   << " waits, " << stats.readiness_events << " events");
    BOOST_TEST(game.made() + 3 * threads * sockets_each >= changes_in_all());
}

BOOST_AUTO_TEST_SUITE_END()
