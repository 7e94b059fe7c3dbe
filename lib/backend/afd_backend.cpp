#include "backend/afd_backend.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "core/afd_bits.hpp"
#include "core/completion_key.hpp"
#include "core/event_mask.hpp"
#include "own_errors.hpp"
#include "sys/overlapped_io.hpp"

namespace wakepoll::backend {
namespace {

using core::index_of;
using core::nanoseconds;
using core::Slot;
using Place = core::PollGroup::Place;
namespace afd_bits = core::afd_bits;

}  // namespace

Result<sys::AfdDevice> AfdBackend::open(const sys::CompletionPort& port) noexcept {
    Result<sys::AfdDevice> device = sys::AfdDevice::open();
    if (!device) {
        return device;
    }
    std::error_code error =
        port.associate(device->handle(), static_cast<std::uintptr_t>(core::CompletionKey::afd));
    if (!error) {
        error = sys::skip_packets_on_success(device->handle());
    }
    if (error) {
        return error;
    }
    return device;
}

AfdBackend::AfdBackend(const Memory& memory, core::RegistrationTable& table,
                       const sys::CompletionPort& port, PollerStats& stats) noexcept
    : request_(memory.group),
      cells_(memory.cells),
      devices_(memory.devices),
      group_(memory.members, memory.lots, memory.links, table.capacity()),
      table_(table),
      port_(port),
      stats_(stats) {}

// Registrations
// ----------------------------------------------------------------------------------

std::error_code AfdBackend::open_device_for(Slot slot, Slot& closed) noexcept {
    closed = core::no_slot;
    sys::AfdDevice& device = devices_[1 + index_of(slot) / requests_per_device];
    if (device.is_open()) {
        return {};
    }
    Result<sys::AfdDevice> opened = open(port_);
    if (!opened) {
        return opened.error();
    }
    device = std::move(*opened);
    // The number was free: whoever is registered with it was closed. It must not be asked about,
    // for the device is no socket; Wine's server does not survive the question.
    const Slot former = table_.find(device.handle());
    if (former != core::no_slot && table_[former].registered &&
        table_[former].type == HandleType::socket) {
        closed = former;
    }
    return {};
}

std::error_code AfdBackend::prepare(Slot slot, Slot& closed) noexcept {
    const std::error_code error = open_device_for(slot, closed);
    return error ? error : find_base(slot);
}

std::error_code AfdBackend::find_base(Slot slot) noexcept {
    core::Registration& registration = table_[slot];
    Handle socket = registration.handle;
    Result<Handle> base = sys::base_socket(socket);
    // A provider that refuses to tell may name one below it: the lowest that can be found.
    constexpr int deepest = 16;
    for (int depth = 0; !base && base.error() != std::errc::bad_file_descriptor && depth < deepest;
         ++depth) {
        const Result<Handle> below = sys::next_socket(socket);
        if (!below || *below == socket) {
            break;
        }
        socket = *below;
        base = sys::base_socket(socket);
    }
    if (!base && socket == registration.handle) {
        return base.error();
    }
    const Handle lowest = base ? *base : socket;
    registration.link = static_cast<std::uint32_t>(lowest.value());
    layered_ = layered_ || lowest != registration.handle;
    // Windows' handles are numbers of 32 bits, for programs of 32 bits are to share them.
    return registration.link == lowest.value() ? std::error_code{} : own_errors::not_supported();
}

std::error_code AfdBackend::add(Slot slot, nanoseconds /*now*/) noexcept {
    Slot closed = core::no_slot;
    const std::error_code error = prepare(slot, closed);
    if (closed != core::no_slot) {
        drop(closed);
    }
    if (error) {
        table_[slot].link = 0;
        return error;
    }
    // Of a layered provider, the socket that had the same base before was closed unnoticed.
    const Slot former =
        slot_of(table_[slot].link, [slot](Slot registered) { return registered != slot; });
    if (former != core::no_slot) {
        drop(former);
    }
    watch(slot);
    return {};
}

std::error_code AfdBackend::modify(Slot slot, nanoseconds /*now*/) noexcept {
    const std::uint32_t wanted = wanted_by(slot);
    if (group_.must_cancel(slot, wanted)) {
        if (const std::error_code error = unpark(slot)) {
            return error;
        }
    }
    group_.modify(slot, wanted);
    return {};
}

void AfdBackend::remove(Slot slot) noexcept {
    if (group_.is_parked(slot) && unpark(slot)) {
        group_.note_stuck();  // The answer comes with the next event of the socket, or its end.
    }
    group_.remove(slot, true);
    table_[slot].link = 0;
    if (group_.is_group_deserted()) {
        static_cast<void>(cancel_group());  // Else it ends with the next event, as above.
    }
}

void AfdBackend::drop(Slot slot) noexcept {
    group_.remove(slot, true);
    table_[slot].link = 0;
    table_.erase(slot);
    ++stats_.registrations_dropped;
}

// Packets
// ----------------------------------------------------------------------------------------

void AfdBackend::answered(const void* overlapped, std::uint32_t status) noexcept {
    const bool succeeded = status == 0;
    if (overlapped == &status_) {
        if (group_.is_group_in_flight()) {
            if (succeeded) {
                drop_closed(*request_, [this](Slot closed) {
                    return group_.place_of(closed) == Place::covered;
                });
            }
            group_.group_ended();
        }
        return;
    }
    const Slot slot = cells_.slot_of(overlapped);
    if (index_of(slot) >= table_.capacity() || overlapped != cells_.at(slot) ||
        !group_.is_busy(slot)) {
        ++stats_.late_packets;  // A stranger's, who posts packets with the poller's own key.
        return;
    }
    const Slot lot = group_.lot_over(slot);
    if (lot == core::no_slot) {
        if (group_.own_ended(slot) && succeeded) {
            drop_closed(cell_of(slot).request, [&](Slot closed) { return closed == slot; });
        }
    } else if (lot == slot) {
        if (succeeded) {
            // The number may be another registration's by now, which is not in this lot.
            drop_closed(cell_of(slot).request, [&](Slot closed) {
                return group_.place_of(closed) == Place::in_lot &&
                       core::block_of(closed) == core::block_of(slot);
            });
        }
        group_.lot_ended(slot);
    }
}

template <class IsMeant>
void AfdBackend::drop_closed(const sys::AfdRequest& answer, const IsMeant& is_meant) noexcept {
    const sys::AfdItem* const items = answer.items();
    for (std::uint32_t i = 0; i < answer.count; ++i) {
        if ((items[i].events & afd_bits::local_close) != 0) {
            const Slot closed = slot_of(items[i].socket, is_meant);
            if (closed != core::no_slot) {
                drop(closed);
            }
        }
    }
}

void AfdBackend::cancel_all() noexcept {
    if (group_.is_group_in_flight()) {
        static_cast<void>(devices_[0].cancel(status_));
    }
    for (std::uint32_t i = 0; i < table_.capacity(); ++i) {
        const Slot cell{i};
        const Slot lot = group_.lot_over(cell);
        if (group_.is_busy(cell) && (lot == core::no_slot || lot == cell)) {
            static_cast<void>(cancel(cell));
        }
    }
}

void AfdBackend::close() noexcept {
    for (std::size_t i = 0; i < devices_for(table_.capacity()); ++i) {
        devices_[i].close();
    }
}

// Reporting
// --------------------------------------------------------------------------------------

Scan AfdBackend::collect(std::span<NativeEvent> events, std::size_t visits,
                         nanoseconds /*now*/) noexcept {
    Scan scan;
    auto event = events.begin();
    while (scan.visited < visits && event != events.end() && group_.ready() > 0) {
        const Slot slot = group_.cursor();
        ++scan.visited;
        const std::uint32_t answer = group_.answered(slot);
        if (answer == 0) {
            group_.advance_past(slot);
            continue;
        }
        const core::Registration& registration = table_[slot];
        group_.take(slot);
        event->events = core::filter_mask(core::from_afd_mask(answer, registration.stream),
                                          registration.interest);
        event->data.u64 = registration.user_data;
        event->completion = nullptr;
        ++event;
        if (core::is_one_shot(registration.interest)) {
            group_.remove(slot, false);
        } else {
            group_.advance_past(slot);
        }
    }
    scan.filled = static_cast<std::size_t>(event - events.begin());
    if (group_.ready() == 0) {
        scan.visited = visits;  // Nobody behind has anything to say.
    }
    return scan;
}

}  // namespace wakepoll::backend
