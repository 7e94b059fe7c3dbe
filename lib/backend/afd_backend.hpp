// Readiness by the device behind Winsock: waiting costs what is ready, not what is registered.
//
// Which sockets are asked about together, which alone and which not at all is core/poll_group's to
// say; here are the requests. All that is in flight is answered at the poller's port, and that is
// where the owner blocks, so wakes, completions and sockets end the same block. Such a packet is
// never reported as an event: it makes the sockets that it tells of be asked again, and what is
// reported was answered at once, in the same wait. The one thing that a packet is believed is that
// a socket was closed: its registration is dropped then, as epoll drops it.
//
// A socket is asked about by its base socket, for the device knows no other; the number of that one
// is kept in the registration's `link`. One handle to the device is for the group's request, and
// one more for each 32 slots, opened when one of them is registered first: a cancel takes the
// longer, the more requests its handle has in flight.
//
// The memory of a request is the kernel's until its packet was taken, also where nobody waits for
// the answer any more. It comes from `create`, like all else here.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <system_error>
#include <utility>

#include "backend/readiness_backend.hpp"
#include "backend/slot_cell.hpp"
#include "core/deadline.hpp"
#include "core/poll_group.hpp"
#include "core/registration_table.hpp"
#include "sys/afd_device.hpp"
#include "sys/completion_port.hpp"
#include "wakepoll/stats.hpp"

namespace wakepoll::backend {

class AfdBackend {
public:
    /// Arrays that outlive every request.
    struct Memory {
        sys::AfdRequest* group;            ///< with room for an item for each slot
        SlotCells cells;                   ///< `SlotCell`s, shared with other handles
        core::PollGroup::Member* members;  ///< by slot
        core::PollGroup::Lot* lots;        ///< `PollLot::needed_for` the slots
        core::SlotRing::Link* links;       ///< by slot, shared with the rings of other backends
        sys::AfdDevice* devices;           ///< `devices_for` of them
    };

    /// How many handles to the device this many slots need.
    [[nodiscard]] static constexpr std::size_t devices_for(std::size_t slots) noexcept {
        return 1 + (slots + requests_per_device - 1) / requests_per_device;
    }

    /// A handle to the device whose answers come to the port.
    [[nodiscard]] static Result<sys::AfdDevice> open(const sys::CompletionPort& port) noexcept;

    AfdBackend(const Memory& memory, core::RegistrationTable& table,
               const sys::CompletionPort& port, PollerStats& stats) noexcept;

    AfdBackend(const AfdBackend&) = delete;
    AfdBackend& operator=(const AfdBackend&) = delete;

    /// Takes the first handle, without which there is no asking.
    void start(sys::AfdDevice device) noexcept { devices_[0] = std::move(device); }

    /// Opens the handle that the slot's requests are made with, and finds out by which number the
    /// device knows the socket. `closed` is a socket that was found closed by it, else `no_slot`.
    [[nodiscard]] std::error_code prepare(core::Slot slot, core::Slot& closed) noexcept;
    /// Begins the watch of a socket that is prepared.
    void watch(core::Slot slot) noexcept { group_.add(slot); }

    // As ReadinessBackend has them.
    [[nodiscard]] std::error_code add(core::Slot slot, core::nanoseconds now) noexcept;
    [[nodiscard]] std::error_code modify(core::Slot slot, core::nanoseconds now) noexcept;
    void remove(core::Slot slot) noexcept;
    [[nodiscard]] std::size_t size() const noexcept {
        return group_.ready() > 0 ? group_.awake() : 0;
    }
    [[nodiscard]] std::error_code look(core::nanoseconds now) noexcept;
    [[nodiscard]] Scan collect(std::span<NativeEvent> events, std::size_t visits,
                               core::nanoseconds now) noexcept;

    /// All that are awake are to be asked once more.
    void begin_wait() noexcept { group_.begin_wait(); }
    /// `look` has somebody to ask.
    [[nodiscard]] bool must_look() const noexcept {
        return group_.next() != core::PollGroup::Step::nothing;
    }
    /// It has, but not before a packet that is on its way.
    [[nodiscard]] bool is_waiting() const noexcept { return group_.is_waiting(); }

    /// A packet with the device's key has come.
    void answered(const void* overlapped, std::uint32_t status) noexcept;

    /// Requests whose packet is still to come.
    [[nodiscard]] std::uint32_t in_flight() const noexcept { return group_.in_flight(); }
    /// The slot's cell is the kernel's.
    [[nodiscard]] bool is_busy(core::Slot slot) const noexcept { return group_.is_busy(slot); }
    /// Sees to it that the cell soon is no longer, where a lot of its neighbours has it.
    [[nodiscard]] std::error_code free_cell(core::Slot slot) noexcept;

    /// Cancels all that is in flight; the packets are still to be taken.
    void cancel_all() noexcept;
    void close() noexcept;

private:
    static constexpr std::size_t requests_per_device = 32;

    [[nodiscard]] std::uint32_t wanted_by(core::Slot slot) const noexcept;
    [[nodiscard]] AfdCell& cell_of(core::Slot slot) noexcept {
        return *std::launder(static_cast<AfdCell*>(cells_.at(slot)));
    }
    [[nodiscard]] std::error_code open_device_for(core::Slot slot, core::Slot& closed) noexcept;
    [[nodiscard]] std::error_code find_base(core::Slot slot) noexcept;
    /// The handle for the request in a cell.
    [[nodiscard]] const sys::AfdDevice& device_of(core::Slot cell) const noexcept;
    /// Cancels the request in this cell.
    [[nodiscard]] std::error_code cancel(core::Slot cell) noexcept;
    [[nodiscard]] std::error_code cancel_group() noexcept;
    /// Cancels the request that the slot is parked in.
    [[nodiscard]] std::error_code unpark(core::Slot slot) noexcept;

    /// One request for all fresh sockets.
    [[nodiscard]] std::error_code ask_together() noexcept;
    /// Where the fresh can not be asked together: those who can not be asked alone either, and are
    /// no sockets any more.
    void drop_closed_and_busy() noexcept;
    /// Takes the answer to a request for all fresh sockets. It tells of them in the order in which
    /// they were asked, so each is found where the last one was left. True where somebody has
    /// something to report, or was found closed.
    bool take_answers_in_order(const sys::AfdRequest& answer, std::uint32_t asked) noexcept;
    /// The same, in any order, of which each socket is looked up.
    bool take_answers(std::span<const sys::AfdItem> items) noexcept;
    bool take_answer(core::Slot slot, const sys::AfdItem& item) noexcept;
    /// Asks each fresh socket whose cell is free, apart from the group.
    [[nodiscard]] std::error_code ask_apart() noexcept;
    /// The same for one block of slots.
    [[nodiscard]] std::error_code ask_block(core::Slot slot) noexcept;
    [[nodiscard]] std::error_code ask(const core::PollGroup::Request& request) noexcept;
    /// Drops those that an answer says were closed, where it is they who were meant.
    template <class IsMeant>
    void drop_closed(const sys::AfdRequest& answer, const IsMeant& is_meant) noexcept;
    /// The socket that the device calls by this number, of those that can be meant; `no_slot` where
    /// there is none.
    template <class IsMeant>
    [[nodiscard]] core::Slot slot_of(std::uintptr_t base, const IsMeant& is_meant) const noexcept;
    /// Unregisters a socket that was found closed.
    void drop(core::Slot slot) noexcept;

    sys::AfdRequest* request_;
    sys::AfdStatus status_;
    SlotCells cells_;
    sys::AfdDevice* devices_;
    core::PollGroup group_;
    core::RegistrationTable& table_;
    const sys::CompletionPort& port_;
    PollerStats& stats_;
    bool layered_ = false;  ///< Some socket's base has another number than the socket.
};

template <class IsMeant>
core::Slot AfdBackend::slot_of(std::uintptr_t base, const IsMeant& is_meant) const noexcept {
    const auto is_it = [&](core::Slot slot) {
        const core::Registration& registration = table_[slot];
        return registration.registered && registration.type == HandleType::socket &&
               registration.link == base && is_meant(slot);
    };
    const core::Slot same = table_.find(Handle(base));
    if (same != core::no_slot && is_it(same)) {
        return same;
    }
    // Of a layered provider: the number is not the one that was registered.
    for (std::uint32_t i = 0; layered_ && i < table_.capacity(); ++i) {
        if (is_it(core::Slot{i})) {
            return core::Slot{i};
        }
    }
    return core::no_slot;
}

}  // namespace wakepoll::backend
