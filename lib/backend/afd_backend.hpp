// Readiness by the device behind Winsock: waiting costs what is ready, not what is registered.
//
// core/poll_schedule decides which sockets are polled together and which alone, core/poll_requests
// records what is in flight; here are the requests themselves. The poller's port receives every
// answer to a request in flight, and that is where the waiting thread blocks, so wakes, completions
// and sockets end the same block.
//
// The device takes only base sockets; the registration holds that number. One device handle is for
// the group's request, and one more for each 32 slots, opened when one of them is first registered:
// the cost of a cancel grows with the requests in flight on its handle.
//
// A socket of a provider other than AFD makes every request fail, as a closed one does, though it
// is open. So before a registration is dropped the socket itself is queried. One that is open
// reports `err` in each wait, and is left out of requests: its registration has no base.
//
// The kernel owns the memory of a request until its packet was taken, also after the registration
// has ended; the slot is kept until then (`Registration::polled`).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>
#include <utility>

#include "backend/hang_ups.hpp"
#include "backend/readiness_backend.hpp"
#include "core/afd_bits.hpp"
#include "core/deadline.hpp"
#include "core/poll_requests.hpp"
#include "core/poll_schedule.hpp"
#include "core/registration_table.hpp"
#include "sys/afd_device.hpp"
#include "sys/completion_port.hpp"
#include "wakepoll/stats.hpp"

namespace wakepoll::backend {

class AfdBackend {
public:
    /// A request for one socket.
    struct Cell {
        sys::AfdStatus status;
        sys::AfdRequest request;
        sys::AfdItem item;
    };

    /// A socket in the group's request.
    struct GroupMember {
        core::Slot slot;
        std::uint32_t socket;  ///< Its base; 0 if its answer no longer counts.
        std::uint32_t events;  ///< The requested events.
    };

    /// Zeroed arrays that outlive every request, each by slot except `devices`.
    struct Memory {
        Cell* cells;
        sys::AfdRequest* group;  ///< with room for an item for each slot
        GroupMember* group_members;
        core::PollSchedule::Member* members;
        core::PollRequests::Cover* covers;
        core::SlotRing::Link* links;  ///< shared with the rings of other backends
        sys::AfdDevice* devices;      ///< `devices_for` of them
    };

    /// How many device handles this many slots need.
    [[nodiscard]] static constexpr std::size_t devices_for(std::size_t slots) noexcept {
        return 1 + (slots + requests_per_device - 1) / requests_per_device;
    }

    /// Opens a device handle whose answers come to the port.
    [[nodiscard]] static Result<sys::AfdDevice> open(const sys::CompletionPort& port) noexcept;

    AfdBackend(const Memory& memory, core::RegistrationTable& table,
               const sys::CompletionPort& port, PollerStats& stats,
               const HangUps& hang_ups) noexcept;

    AfdBackend(const AfdBackend&) = delete;
    AfdBackend& operator=(const AfdBackend&) = delete;

    /// Takes the first handle, without which nothing can be polled.
    void start(sys::AfdDevice device) noexcept { devices_[0] = std::move(device); }

    /// Opens the handle for the slot's requests, and finds the base socket. `closed` is a socket
    /// that was found closed by that, else `no_slot`.
    [[nodiscard]] std::error_code prepare(core::Slot slot, core::Slot& closed) noexcept;
    /// Submits a request for no events on a prepared socket. `bad_file_descriptor` if the socket
    /// is closed, `operation_not_supported` if it is open and not AFD's.
    [[nodiscard]] std::error_code try_out(core::Slot slot) noexcept;
    /// Starts the watch of a prepared socket; `silent` if it is one-shot and has reported.
    void watch(core::Slot slot, bool silent) noexcept;

    // As RequestingBackend has them.
    [[nodiscard]] std::error_code add(core::Slot slot) noexcept;
    [[nodiscard]] std::error_code modify(core::Slot slot) noexcept;
    void remove(core::Slot slot) noexcept;
    void begin_wait(std::size_t room) noexcept { schedule_.begin_wait(room); }
    [[nodiscard]] std::error_code look(core::nanoseconds /*now*/) noexcept { return submit_due(); }
    [[nodiscard]] std::error_code submit_due() noexcept {
        return schedule_.due() == 0 && !requests_.has_orphans() ? std::error_code{} : poll_due();
    }
    [[nodiscard]] std::size_t due() const noexcept { return schedule_.due(); }
    [[nodiscard]] std::size_t size() const noexcept {
        return schedule_.ready() > 0 ? schedule_.awake() : 0;
    }
    [[nodiscard]] Scan collect(std::span<NativeEvent> events, std::size_t visits,
                               core::nanoseconds now) noexcept;
    [[nodiscard]] bool take_packet(const void* context, std::uint32_t status) noexcept;
    [[nodiscard]] Outstanding outstanding() const noexcept {
        // In this order, because each wait asks for `polls`, and most for `nothing`.
        return requests_.is_waiting(schedule_.due())   ? Outstanding::polls
               : requests_.in_flight() == 0            ? Outstanding::nothing
               : requests_.is_held_up(schedule_.due()) ? Outstanding::registrations
                                                       : Outstanding::answers;
    }
    void retry_cancels() noexcept { static_cast<void>(cancel_orphans()); }
    void cancel_all() noexcept;
    void close() noexcept;

private:
    using Request = core::PollRequests::Request;

    static constexpr std::size_t requests_per_device = 32;

    [[nodiscard]] Cell& cell_of(core::Slot slot) noexcept {
        return memory_.cells[core::index_of(slot)];
    }
    /// The handle for the slot's own request.
    [[nodiscard]] sys::AfdDevice& device_of(core::Slot slot) const noexcept {
        return devices_[1 + core::index_of(slot) / requests_per_device];
    }
    [[nodiscard]] std::error_code open_device_for(core::Slot slot, core::Slot& closed) noexcept;
    [[nodiscard]] std::error_code find_base(core::Slot slot) noexcept;
    /// The events to request for a registration.
    [[nodiscard]] std::uint32_t wanted(core::Slot slot) const noexcept {
        const core::Registration& registration = table_[slot];
        const std::uint32_t unwanted =
            std::uint32_t{registration.listens} * core::afd_bits::connect_fail;
        return (core::to_afd_mask(registration.interest) & ~unwanted) |
               hang_ups_.bits_for(registration);
    }
    /// A registered socket of a layered provider with the same base as this one; else `no_slot`.
    [[nodiscard]] core::Slot same_base(core::Slot slot) const noexcept;

    // Polling

    [[nodiscard]] std::error_code poll_due() noexcept;
    /// Polls the due sockets that do not join the group, and collects those that do; returns how
    /// many.
    [[nodiscard]] std::uint32_t gather_group(std::error_code& first) noexcept;
    [[nodiscard]] std::error_code poll_alone(core::Slot slot) noexcept;
    /// A request for the socket alone has failed as if it were closed. Drops it if it is closed.
    [[nodiscard]] std::error_code settle_refused(core::Slot slot) noexcept;
    /// Reports a socket that is not AFD's; drops it if it was closed.
    [[nodiscard]] std::error_code settle_foreign(core::Slot slot) noexcept;
    /// Makes one request for the first `count` members of the group, whose items are in it. Sets
    /// `again` if some are still due.
    [[nodiscard]] std::error_code poll_together(std::uint32_t count, bool& again) noexcept;
    [[nodiscard]] std::error_code poll_each_alone(std::uint32_t count) noexcept;
    /// Takes the answer to the group's request of `count` sockets. True if some socket has
    /// something to report, or was found closed.
    bool take_group_answer(std::uint32_t count) noexcept;
    /// Takes the answer for a due socket that was polled for `wanted`. False if the answer is
    /// empty; if nothing of it is reported, the socket stays due.
    bool take_answer(core::Slot slot, std::uint32_t events, std::uint32_t wanted) noexcept {
        constexpr std::uint32_t ends =
            core::afd_bits::local_close | core::afd_bits::disconnect | core::afd_bits::connect_fail;
        if ((events & ends) != 0) {
            return take_end(slot, events, wanted);
        }
        const std::uint32_t answer = events & wanted;
        if (answer == 0) {
            return false;
        }
        schedule_.note_answer(slot, answer);
        return true;
    }
    /// The same of a socket that is closed, whose peer has sent FIN, or whose connect was refused.
    /// If that is nothing to report, it is wanted no more.
    bool take_end(core::Slot slot, std::uint32_t events, std::uint32_t wanted) noexcept;

    // Cancelling and packets

    [[nodiscard]] std::error_code cancel(Request request, core::Slot slot) noexcept;
    /// The same; if it fails, it is retried before the slot is polled again.
    void cancel_or_keep_trying(Request request, core::Slot slot) noexcept;
    /// Retries failed cancels; fails if a socket cannot be polled because of one.
    [[nodiscard]] std::error_code cancel_orphans() noexcept;
    void group_ended(std::uint32_t status) noexcept;
    void own_ended(core::Slot slot, std::uint32_t status) noexcept;
    /// The request over the slot, for `wanted`, has ended. False if its answer does not count; if
    /// the registration was modified since, only a close does, and `wanted` is `outdated`. Releases
    /// a slot that was kept for it.
    [[nodiscard]] bool note_ended(core::Slot slot, std::uint32_t& wanted) noexcept;
    /// Ends the registration of a socket that was found closed.
    void drop(core::Slot slot) noexcept;

    Memory memory_;
    sys::AfdDevice* devices_;
    core::PollRequests requests_;
    core::PollSchedule schedule_;
    sys::AfdStatus group_status_;
    std::uint32_t group_count_ = 0;
    /// This many sockets were polled together and all were ready, so that their items are in the
    /// request in the same order.
    std::uint32_t repeatable_ = 0;
    std::uint16_t group_tag_ = 0;
    bool layered_ = false;  ///< Some socket's base has another number than the socket.
    core::RegistrationTable& table_;
    const sys::CompletionPort& port_;
    PollerStats& stats_;
    HangUps hang_ups_;
};

static_assert(offsetof(AfdBackend::Cell, item) ==
                  offsetof(AfdBackend::Cell, request) + sizeof(sys::AfdRequest),
              "the item follows the head without a gap");
static_assert(RequestingBackend<AfdBackend>);

}  // namespace wakepoll::backend
