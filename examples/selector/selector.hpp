// A selector in the manner of mio: one thread selects, any thread registers, tokens tell who is
// ready.
//
// It shows how little has to be put on top of `wakepoll::OsPoller` for that. A poller belongs to
// the thread that waits and refuses calls that come from others meanwhile; so a `Registrator` hands
// its change to the selecting thread, wakes it, and waits for the answer. Where nobody selects, it
// makes the change itself. Closing is the poller's own shutdown: the select in progress, and every
// call after it, answers `operation_canceled`.
//
// Registrators may be copied and may outlive their selector. Handles are borrowed.
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "wakepoll/wakepoll.hpp"

namespace example {

/// Chosen by the user; comes back as the user data of events.
enum class Token : std::uint64_t {};

class Registrator;

class Selector {
public:
    /// Throws std::system_error where the system refuses what a poller needs.
    Selector() : shared_(std::make_shared<Shared>(wakepoll::OsPoller::create().value())) {}
    Selector(const Selector&) = delete;
    Selector& operator=(const Selector&) = delete;
    ~Selector() { (void)shared_->poller.post_shutdown(); }

    /// Replaces `events` by what is ready, and waits until something is or the time is over. One
    /// thread at a time. A completion among them is valid until the next select.
    [[nodiscard]] std::error_code select(std::vector<wakepoll::OsEvent>& events,
                                         wakepoll::Timeout timeout = wakepoll::wait_forever) {
        const auto start = wakepoll::Clock::now();
        const auto deadline = wakepoll::Clock::after(start, timeout.duration());
        std::array<wakepoll::NativeEvent, 64> ready;
        events.clear();
        for (wakepoll::Timeout left = timeout;; left = deadline - wakepoll::Clock::now()) {
            left = timeout.is_forever() ? timeout : left;
            shared_->begin_select();
            const wakepoll::WaitResult result = shared_->poller.wait(ready, left);
            shared_->end_select();
            for (const wakepoll::NativeEvent& event : std::span(ready).first(result.count)) {
                events.push_back(wakepoll::OsPoller::translate(event));
            }
            // Woken for a change, it selects on for the rest of the time.
            if (result.error || !events.empty() || !result.woken) {
                return result.error;
            }
        }
    }

    [[nodiscard]] Registrator registrator() const;

private:
    friend class Registrator;

    using Change = std::function<std::error_code(wakepoll::OsPoller&)>;

    // On the stack of the thread that waits for its answer.
    struct Pending {
        const Change& change;
        std::error_code answer;
        bool answered = false;
    };

    struct Shared {
        explicit Shared(wakepoll::OsPoller made) : poller(std::move(made)) {}

        void begin_select() {
            const std::lock_guard lock(mutex);
            selecting = true;
        }

        void end_select() {
            const std::lock_guard lock(mutex);
            selecting = false;
            for (Pending* pending : std::exchange(changes, {})) {
                pending->answer = pending->change(poller);
                pending->answered = true;
            }
            answered.notify_all();
        }

        std::error_code apply(const Change& change) {
            std::unique_lock lock(mutex);
            if (!selecting) {
                return change(poller);
            }
            Pending pending{change, {}, false};
            changes.push_back(&pending);
            if (!poller.post_wakeup() && !closed) {
                changes.pop_back();
                return std::make_error_code(std::errc::resource_unavailable_try_again);
            }
            // A selector that is closed ends its select, and answers this on its way out.
            answered.wait(lock, [&] { return pending.answered; });
            return pending.answer;
        }

        wakepoll::OsPoller poller;
        std::mutex mutex;
        std::condition_variable answered;
        bool selecting = false;
        bool closed = false;
        std::vector<Pending*> changes;
    };

    std::shared_ptr<Shared> shared_;
};

/// Every call may come from any thread, and answers as OsPoller does; `operation_canceled` once the
/// selector is closed.
class Registrator {
public:
    /// Reports `handle` under `token` while one of `interest` is ready.
    [[nodiscard]] std::error_code add(wakepoll::Handle handle, Token token,
                                      wakepoll::IoInterest interest) const {
        return shared_->apply([=](wakepoll::OsPoller& poller) {
            return poller.register_handle(handle, interest, std::uint64_t(token));
        });
    }

    /// Replaces token and interest.
    [[nodiscard]] std::error_code change(wakepoll::Handle handle, Token token,
                                         wakepoll::IoInterest interest) const {
        return shared_->apply([=](wakepoll::OsPoller& poller) {
            return poller.modify_handle(handle, interest, std::uint64_t(token));
        });
    }

    [[nodiscard]] std::error_code remove(wakepoll::Handle handle) const {
        return shared_->apply(
            [=](wakepoll::OsPoller& poller) { return poller.unregister_handle(handle); });
    }

    /// Receives once into `buffer`, which must stay until the completion is reported under `token`.
    /// For handles that were not added.
    [[nodiscard]] std::error_code receive(wakepoll::Handle handle, Token token,
                                          std::span<std::byte> buffer) const {
        return shared_->apply([=](wakepoll::OsPoller& poller) {
            return poller.submit_read(handle, buffer, std::uint64_t(token)).error();
        });
    }

    /// Ends the select in progress, and everything after it. Once.
    [[nodiscard]] std::error_code close() const {
        const std::lock_guard lock(shared_->mutex);
        if (std::exchange(shared_->closed, true)) {
            return std::make_error_code(std::errc::operation_canceled);
        }
        shared_->closed = shared_->poller.post_shutdown();
        return shared_->closed ? std::error_code{}
                               : std::make_error_code(std::errc::resource_unavailable_try_again);
    }

private:
    friend class Selector;
    explicit Registrator(std::shared_ptr<Selector::Shared> shared) : shared_(std::move(shared)) {}

    std::shared_ptr<Selector::Shared> shared_;
};

inline Registrator Selector::registrator() const { return Registrator(shared_); }

}  // namespace example
