// PortState, step by step on one thread, and under threads that use, close and open it again.
#include "core/port_state.hpp"

#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace wakepoll::core::test {
namespace {

using Word = PortState::Word;

BOOST_AUTO_TEST_SUITE(port_state)

BOOST_AUTO_TEST_CASE(a_new_one_is_shut_until_it_is_opened) {
    PortState port;
    BOOST_TEST(port.is_shut());
    BOOST_TEST(!port.try_enter(port.read()));
    BOOST_TEST(!port.try_enter_and_lead(port.read()));
    BOOST_TEST(!port.enter());
    port.open();
    BOOST_TEST(!port.is_shut());
    BOOST_TEST(port.try_enter(port.read()));
}

BOOST_AUTO_TEST_CASE(one_call_leads_and_others_enter_beside_it) {
    PortState port;
    port.open();
    BOOST_TEST(port.try_enter_and_lead(port.read()));
    BOOST_TEST(!port.try_enter_and_lead(port.read()));
    BOOST_TEST(port.try_enter(port.read()));
    BOOST_TEST(!port.try_lead());
    Word left = port.leave_leading();
    BOOST_TEST(PortState::was_open(left));
    BOOST_TEST(!PortState::had_followers(left));
    BOOST_TEST(port.try_lead());
    left = port.leave_leading();
    BOOST_TEST(!PortState::is_over(left));
    BOOST_TEST(port.try_enter_and_lead(port.read()));
}

BOOST_AUTO_TEST_CASE(whoever_gives_up_the_lead_learns_of_followers) {
    PortState port;
    port.open();
    BOOST_TEST(port.enter());
    BOOST_TEST(port.try_enter_and_lead(port.read()));
    port.begin_to_follow();
    const Word left = port.leave_leading();
    BOOST_TEST(PortState::was_open(left));
    BOOST_TEST(PortState::had_followers(left));
    BOOST_TEST(!PortState::is_over(left));
    BOOST_TEST(port.try_lead());
    port.end_to_follow();
    BOOST_TEST(!PortState::had_followers(port.leave_leading()));
}

BOOST_AUTO_TEST_CASE(a_word_that_is_not_what_it_was_is_not_entered) {
    PortState port;
    port.open();
    const Word seen = port.read();
    BOOST_TEST(port.enter());
    BOOST_TEST(!port.try_enter(seen));
    BOOST_TEST(!port.try_enter_and_lead(seen));
    BOOST_TEST(!PortState::is_over(port.leave()));
    BOOST_TEST(port.try_enter(seen));
}

BOOST_AUTO_TEST_CASE(one_that_is_shut_is_entered_no_more_and_the_last_to_leave_learns_it) {
    PortState port;
    port.open();
    BOOST_TEST(port.enter());
    BOOST_TEST(port.try_enter_and_lead(port.read()));
    BOOST_TEST(port.enter());
    BOOST_TEST(port.close());
    BOOST_TEST(!port.close());
    BOOST_TEST(port.is_shut());
    BOOST_TEST(!port.enter());
    BOOST_TEST(!port.try_enter(port.read()));
    BOOST_TEST(!PortState::is_over(port.leave()));
    const Word left = port.leave_leading();
    BOOST_TEST(!PortState::was_open(left));
    BOOST_TEST(!PortState::is_over(left));
    BOOST_TEST(!port.try_lead());
    BOOST_TEST(PortState::is_over(port.leave()));
}

BOOST_AUTO_TEST_CASE(the_one_that_led_may_be_the_last_to_leave) {
    PortState port;
    port.open();
    BOOST_TEST(port.try_enter_and_lead(port.read()));
    BOOST_TEST(port.close());
    BOOST_TEST(PortState::is_over(port.leave_leading()));
}

BOOST_AUTO_TEST_CASE(a_word_of_the_last_port_is_never_one_of_the_next) {
    PortState port;
    port.open();
    const Word before = port.read();
    BOOST_TEST(port.enter());
    BOOST_TEST(port.close());
    BOOST_TEST(PortState::is_over(port.leave()));
    port.open();
    BOOST_TEST(port.read() != before);
    BOOST_TEST(!port.try_enter(before));
    BOOST_TEST(!port.try_enter_and_lead(before));
    BOOST_TEST(port.enter());
}

/// A place of the table, and what is in it while it is open.
class Place {
public:
    struct Contents {
        std::uint64_t number;
        std::uint64_t waits = 0;  ///< By those that lead, with no lock.
    };

    /// Opens it with the next number.
    void open() {
        contents_ = new Contents{++last_};
        number_ = last_;
        state_.open();
    }
    [[nodiscard]] std::uint64_t number() const { return number_; }

    /// A wait at the port with this number; false if that is closed.
    bool wait(std::uint64_t number) {
        const Word seen = state_.read();
        if (number_ != number) {
            return false;
        }
        if (state_.try_enter_and_lead(seen)) {
            lead(number);
        } else if (state_.try_enter(seen)) {
            follow(number);
        }
        return true;
    }
    void use(std::uint64_t number) {
        const Word seen = state_.read();
        if (number_ == number && state_.try_enter(seen)) {
            look(number);
            leave(PortState::is_over(state_.leave()));
        }
    }
    void close() {
        if (state_.enter()) {
            if (state_.close()) {
                const std::lock_guard guard(mutex_);
                lead_is_free_.notify_all();
                number_ = 0;
            }
            leave(PortState::is_over(state_.leave()));
        }
    }
    /// Whether it may be opened.
    [[nodiscard]] bool is_vacant() const { return contents_.load() == nullptr; }
    [[nodiscard]] std::uint64_t faults() const { return faults_; }
    [[nodiscard]] std::uint64_t waits() const { return waits_; }

private:
    void lead(std::uint64_t number) {
        look(number);
        ++contents_.load()->waits;
        const Word left = state_.leave_leading();
        if (PortState::had_followers(left)) {
            const std::lock_guard guard(mutex_);
            lead_is_free_.notify_one();
        }
        leave(PortState::is_over(left));
    }
    void follow(std::uint64_t number) {
        bool leads = false;
        {
            std::unique_lock guard(mutex_);
            state_.begin_to_follow();
            lead_is_free_.wait(guard,
                               [&] { return (leads = state_.try_lead()) || state_.is_shut(); });
            state_.end_to_follow();
        }
        leads ? lead(number) : leave(PortState::is_over(state_.leave()));
    }
    void look(std::uint64_t number) {
        const Contents* const contents = contents_;
        faults_ += contents == nullptr || contents->number != number ? 1 : 0;
    }
    void leave(bool over) {
        if (over) {
            const Contents* const contents = contents_.exchange(nullptr);
            waits_ += contents->waits;
            delete contents;
        }
    }

    PortState state_;
    std::atomic<std::uint64_t> number_ = 0;
    std::atomic<Contents*> contents_ = nullptr;
    std::mutex mutex_;
    std::condition_variable lead_is_free_;
    std::uint64_t last_ = 0;  ///< Of the thread that opens.
    std::atomic<std::uint64_t> faults_ = 0;
    std::atomic<std::uint64_t> waits_ = 0;
};

// A wake that is lost hangs it; what is used after it was given up is a fault, or the sanitizer's.
BOOST_AUTO_TEST_CASE(it_is_used_by_threads_while_it_is_closed_and_opened_again) {
    Place place;
    std::atomic<bool> over = false;
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back([&] {
            while (!over) {
                const std::uint64_t number = place.number();
                for (int j = 0; j < 20 && place.wait(number); ++j) {
                }
                place.use(number);
            }
        });
    }
    constexpr int ports = 3000;
    for (int i = 0; i < ports; ++i) {
        place.open();
        std::this_thread::yield();
        place.close();
        while (!place.is_vacant()) {
            std::this_thread::yield();
        }
    }
    over = true;
    for (std::thread& thread : threads) {
        thread.join();
    }
    BOOST_TEST(place.faults() == 0U);
    BOOST_TEST(place.waits() > 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace wakepoll::core::test
