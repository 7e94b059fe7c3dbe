// Registrations, packets and reports; afd_polling.cpp has the requests.
#include "backend/afd_backend.hpp"

#include <utility>

#include "core/afd_context.hpp"
#include "core/completion_key.hpp"
#include "core/event_mask.hpp"
#include "sys/overlapped_io.hpp"

namespace wakepoll::backend {

using core::nanoseconds;
using core::Slot;
using Need = core::PollRequests::Need;

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
                       const sys::CompletionPort& port, PollerStats& stats,
                       const HangUps& hang_ups) noexcept
    : memory_(memory),
      devices_(memory.devices),
      requests_(memory.covers, memory.links),
      schedule_(memory.members, memory.links, requests_),
      table_(table),
      port_(port),
      stats_(stats),
      hang_ups_(hang_ups) {}

// Registrations
// ----------------------------------------------------------------------------------

std::error_code AfdBackend::open_device_for(Slot slot, Slot& closed) noexcept {
    closed = core::no_slot;
    sys::AfdDevice& device = device_of(slot);
    if (device.is_open()) {
        return {};
    }
    Result<sys::AfdDevice> opened = open(port_);
    if (!opened) {
        return opened.error();
    }
    device = std::move(*opened);
    // The number was free, so the socket registered with it was closed. It must not be polled,
    // because the device is no socket; Wine's server crashes when it is polled.
    table_.note_made(device.handle());
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
    // A provider that refuses may name one below it: take the lowest that can be found.
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
    registration.base = static_cast<std::uint32_t>(lowest.value());
    layered_ = layered_ || lowest != registration.handle;
    // Windows handles have 32 significant bits, so that 32-bit programs can share them.
    return registration.base == lowest.value() ? std::error_code{}
                                               : make_error_code(errc::foreign_provider);
}

Slot AfdBackend::same_base(Slot slot) const noexcept {
    for (std::uint32_t i = 0; layered_ && i < table_.used(); ++i) {
        const core::Registration& other = table_[Slot{i}];
        if (Slot{i} != slot && other.registered && other.type == HandleType::socket &&
            other.base == table_[slot].base) {
            return Slot{i};
        }
    }
    return core::no_slot;
}

std::error_code AfdBackend::add(Slot slot) noexcept {
    Slot closed = core::no_slot;
    const std::error_code error = prepare(slot, closed);
    if (closed != core::no_slot) {
        drop(closed);
    }
    if (error) {
        table_[slot].base = 0;
        return error;
    }
    // Of a layered provider, the socket that had the same base before was closed unnoticed.
    const Slot former = same_base(slot);
    if (former != core::no_slot) {
        drop(former);
    }
    watch(slot, false);
    return {};
}

void AfdBackend::watch(Slot slot, bool silent) noexcept {
    schedule_.add(slot, wanted(slot));
    if (silent) {
        schedule_.silence(slot);
    }
    // A request of the slot's former registration may still be in flight.
    cancel_or_keep_trying(requests_.must_cancel(slot, schedule_.wanted_by(slot)), slot);
}

std::error_code AfdBackend::modify(Slot slot) noexcept {
    HangUps::forget(table_[slot]);
    table_[slot].listens = false;
    const std::uint32_t wanted_now = wanted(slot);
    if (const std::error_code error = cancel(requests_.must_cancel(slot, wanted_now), slot)) {
        return error;
    }
    table_[slot].outdated = false;
    schedule_.modify(slot, wanted_now);
    return {};
}

void AfdBackend::remove(Slot slot) noexcept {
    // A request that nothing waits for is cancelled all the same: it would take the answers of the
    // socket's next request, here or in another poller.
    cancel_or_keep_trying(schedule_.remove(slot), slot);
}

void AfdBackend::drop(Slot slot) noexcept {
    // Closing the socket has ended the request that covers it, unless a duplicate lives.
    cancel_or_keep_trying(schedule_.remove(slot), slot);
    table_.end_registration(slot);
    ++stats_.registrations_dropped;
}

// Packets
// ----------------------------------------------------------------------------------------

bool AfdBackend::take_packet(const void* context, std::uint32_t status) noexcept {
    const std::uint32_t ready = schedule_.ready();
    const core::AfdContext named(context);
    const std::uint32_t cell = named.cell();
    if (cell == table_.capacity() && requests_.is_group_in_flight() && named.has_tag(group_tag_)) {
        group_ended(status);
        return schedule_.ready() > ready;
    }
    const Slot slot{cell};
    if (cell < table_.used() && requests_.covering(slot) == Request::own &&
        named.has_tag(requests_.tag_of(slot))) {
        own_ended(slot, status);
        return schedule_.ready() > ready;
    }
    ++stats_.late_packets;  // Of a request that was answered at once, or posted by another program.
    return false;
}

void AfdBackend::own_ended(Slot slot, std::uint32_t status) noexcept {
    const Cell& cell = cell_of(slot);
    std::uint32_t wanted = schedule_.wanted_by(slot);
    if (note_ended(slot, wanted) && status == 0 && cell.request.count == 1) {
        static_cast<void>(take_answer(slot, cell.item.events, wanted));
    }
}

void AfdBackend::group_ended(std::uint32_t status) noexcept {
    for (std::uint32_t i = 0; i < group_count_; ++i) {
        GroupMember& member = memory_.group_members[i];
        if (!note_ended(member.slot, member.events)) {
            member.socket = 0;
        }
    }
    if (status == 0) {
        take_group_answer(group_count_);
    }
}

bool AfdBackend::note_ended(Slot slot, std::uint32_t& wanted) noexcept {
    table_[slot].polled = false;
    const bool former = requests_.is_former(slot);
    const Need needed = schedule_.note_ended(slot);
    if (needed == Need::nothing) {
        table_.release(slot);
    }
    if (needed == Need::end && !former) {
        wanted = core::afd_bits::outdated;
        return true;
    }
    return needed == Need::answer;
}

std::error_code AfdBackend::cancel(Request request, Slot slot) noexcept {
    if (request == Request::none) {
        return {};
    }
    ++stats_.afd_cancels;
    const bool own = request == Request::own;
    const std::error_code error =
        own ? device_of(slot).cancel(cell_of(slot).status) : devices_[0].cancel(group_status_);
    // One that has been answered needs no cancel: its packet is there, or about to come.
    if (error && error != std::errc::no_such_file_or_directory) {
        return error;
    }
    requests_.note_canceled(request, slot);
    return {};
}

void AfdBackend::cancel_or_keep_trying(Request request, Slot slot) noexcept {
    if (cancel(request, slot)) {
        requests_.note_orphan(request, slot);
    }
}

std::error_code AfdBackend::cancel_orphans() noexcept {
    std::error_code first;
    if (requests_.is_group_orphan()) {
        first = cancel(Request::group, core::no_slot);
    }
    requests_.for_each_orphan([&](Slot slot) {
        const std::error_code error = cancel(Request::own, slot);
        if (error && !first && requests_.need_of(slot) == Need::end) {
            first = error;
        }
    });
    return first;
}

void AfdBackend::cancel_all() noexcept {
    if (requests_.is_group_in_flight()) {
        static_cast<void>(cancel(Request::group, core::no_slot));
    }
    for (std::uint32_t i = 0; i < table_.used(); ++i) {
        if (requests_.covering(Slot{i}) == Request::own) {
            static_cast<void>(cancel(Request::own, Slot{i}));
        }
    }
}

void AfdBackend::close() noexcept {
    for (std::size_t i = 0; i < devices_for(table_.used()); ++i) {
        devices_[i].close();
    }
}

// Reporting
// --------------------------------------------------------------------------------------

Scan AfdBackend::collect(std::span<NativeEvent> events, std::size_t visits,
                         nanoseconds /*now*/) noexcept {
    Scan scan;
    NativeEvent* event = events.data();
    const auto report = [&](Slot slot, std::uint32_t answer) {
        const core::Registration& registration = table_[slot];
        event->events = core::filter_mask(core::is_plain(answer)
                                              ? core::from_plain_afd_mask(answer)
                                              : core::from_afd_mask(answer, registration.stream),
                                          registration.interest);
        event->data.u64 = registration.user_data;
        event->completion = nullptr;
        ++event;
        if (core::is_one_shot(registration.interest)) {
            schedule_.silence(slot);
        }
    };
    scan.visited = schedule_.take_answers(visits, events.size(), report);
    scan.filled = static_cast<std::size_t>(event - events.data());
    if (schedule_.ready() == 0 && (scan.filled < events.size() || !schedule_.has_unpolled())) {
        scan.visited = visits;  // The rest has nothing to report in this wait.
    }
    return scan;
}

}  // namespace wakepoll::backend
