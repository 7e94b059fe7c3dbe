// A selector in the manner of mio: one thread selects, any thread registers, tokens identify what
// is ready.
//
// It adds little to `wakepoll::OsPoller`: any thread may register while another waits, so a
// `Registrator` is a shared poller. Closing is the poller's own shutdown: the select in progress,
// and every later call, returns `operation_canceled`.
//
// Registrators may be copied and may outlive their selector. Handles are borrowed.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "wakepoll/wakepoll.hpp"

namespace example {

/// Chosen by the user; events return it as their user data.
enum class Token : std::uint64_t {};

/// Every call may come from any thread and returns what OsPoller returns; `operation_canceled` once
/// the selector is closed.
class Registrator {
public:
    /// Reports `handle` under `token` while one of `interest` is ready.
    [[nodiscard]] wakepoll::Result<void> add(wakepoll::Handle handle, Token token,
                                             wakepoll::IoInterest interest) const {
        return shared_->poller.register_handle(handle, interest, std::uint64_t(token));
    }

    /// Replaces token and interest.
    [[nodiscard]] wakepoll::Result<void> change(wakepoll::Handle handle, Token token,
                                                wakepoll::IoInterest interest) const {
        return shared_->poller.modify_handle(handle, interest, std::uint64_t(token));
    }

    [[nodiscard]] wakepoll::Result<void> remove(wakepoll::Handle handle) const {
        return shared_->poller.unregister_handle(handle);
    }

    /// Receives once into `buffer`, which must stay valid until the completion is reported under
    /// `token`. For handles that were not added.
    [[nodiscard]] wakepoll::Result<void> receive(wakepoll::Handle handle, Token token,
                                                 std::span<std::byte> buffer) const {
        return shared_->poller.submit_read(handle, buffer, std::uint64_t(token)).error();
    }

    /// Ends the select in progress, and all later ones. Once.
    [[nodiscard]] wakepoll::Result<void> close() const {
        if (shared_->closed.exchange(true)) {
            return wakepoll::errc::poller_is_closed;
        }
        shared_->closed = shared_->poller.post_shutdown();
        return shared_->closed ? wakepoll::Result<void>()
                               : std::make_error_code(std::errc::resource_unavailable_try_again);
    }

private:
    friend class Selector;

    struct Shared {
        wakepoll::OsPoller poller;
        std::atomic<bool> closed = false;
    };

    explicit Registrator(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

    std::shared_ptr<Shared> shared_;
};

class Selector {
public:
    /// Throws std::system_error if the poller cannot be created.
    Selector() : shared_(new Registrator::Shared{wakepoll::OsPoller::create().value()}) {}
    Selector(const Selector&) = delete;
    Selector& operator=(const Selector&) = delete;
    ~Selector() { (void)shared_->poller.post_shutdown(); }

    /// Replaces `events` by what is ready; waits until something is or the timeout expires. One
    /// thread at a time. A completion is valid until the next select.
    [[nodiscard]] wakepoll::Result<void> select(
        std::vector<wakepoll::OsEvent>& events,
        wakepoll::Timeout timeout = wakepoll::wait_forever) {
        std::array<wakepoll::NativeEvent, 64> ready;
        const wakepoll::WaitResult result = shared_->poller.wait(ready, timeout);
        events.clear();
        for (const wakepoll::NativeEvent& event : result.events()) {
            events.push_back(wakepoll::OsPoller::translate(event));
        }
        return result.error;
    }

    [[nodiscard]] Registrator registrator() const { return Registrator(shared_); }

private:
    std::shared_ptr<Registrator::Shared> shared_;
};

}  // namespace example
