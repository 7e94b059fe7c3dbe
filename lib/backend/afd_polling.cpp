// Polling the device: the requests, and immediate answers. See afd_backend.hpp.
#include <algorithm>
#include <span>
#include <utility>

#include "backend/afd_backend.hpp"
#include "core/afd_context.hpp"
#include "sys/socket.hpp"

namespace wakepoll::backend {
namespace {

using core::Slot;
namespace afd_bits = core::afd_bits;

void note(std::error_code& first, std::error_code error) noexcept { first = first ? first : error; }

/// A socket whose connect was refused may listen, and AFD still reports the refusal.
[[nodiscard]] bool listens(Handle socket) noexcept {
    const Result<bool> listening = sys::is_listening(socket);
    return listening && *listening;
}

}  // namespace

std::error_code AfdBackend::poll_due() noexcept {
    std::error_code first;
    if (requests_.has_orphans()) {
        first = cancel_orphans();
    }
    for (bool again = true; again && schedule_.due() > 0;) {
        again = false;
        const std::uint32_t before = std::exchange(repeatable_, 0);
        const bool repeats = schedule_.repeats() && schedule_.due() == before;
        const std::uint32_t count = repeats ? before : gather_group(first);
        if (count > 0) {
            note(first, count == 1 ? poll_alone(memory_.group_members[0].slot)
                                   : poll_together(count, again));
        }
        again = again || (!first && schedule_.has_left_out());
    }
    return first;
}

std::uint32_t AfdBackend::gather_group(std::error_code& first) noexcept {
    if (requests_.is_group_in_flight()) {
        if (!requests_.is_group_canceled() && schedule_.is_group_worth_a_cancel()) {
            note(first, cancel(Request::group, core::no_slot));
        }
        // While the group's request is being cancelled, they wait for its packet to join it.
        const bool canceled = requests_.is_group_canceled();
        schedule_.for_each_due([&](Slot slot) {
            if (!canceled || !schedule_.joins_group(slot)) {
                note(first, poll_alone(slot));
            }
        });
        return 0;
    }
    GroupMember* member = memory_.group_members;
    sys::AfdItem* item = memory_.group->items();
    schedule_.for_each_due([&](Slot slot) {
        const std::uint32_t base = table_[slot].base;
        if (base == 0 || !schedule_.joins_group(slot)) {
            note(first, poll_alone(slot));
            return;
        }
        *member = {slot, base, schedule_.wanted_by(slot)};
        *item++ = {member->socket, member->events, 0};
        ++member;
    });
    return static_cast<std::uint32_t>(member - memory_.group_members);
}

std::error_code AfdBackend::try_out(Slot slot) noexcept {
    Cell& cell = cell_of(slot);
    cell.request = {.timeout = 0, .count = 1};
    cell.item = {table_[slot].base, 0, 0};
    const core::AfdContext context(static_cast<std::uint32_t>(slot), requests_.next_tag(slot));
    ++stats_.afd_requests;
    ++stats_.afd_sockets;
    const std::error_code error =
        device_of(slot).poll(cell.request, cell.status, context.pointer()).error();
    if (error != std::errc::bad_file_descriptor) {
        return error;
    }
    const std::error_code closed = sys::socket_kind(table_[slot].handle).error();
    return closed ? closed : make_error_code(errc::foreign_provider);
}

std::error_code AfdBackend::settle_refused(Slot slot) noexcept {
    core::Registration& registration = table_[slot];
    const std::uint32_t base = std::exchange(registration.base, 0);
    std::error_code error = sys::socket_kind(registration.handle).error();
    if (!error) {
        error = find_base(slot);
    }
    if (!error) {
        // One of another base, or that the device takes, is a new socket with the number.
        error = registration.base != base ? make_error_code(errc::bad_handle) : try_out(slot);
    }
    if (error == std::errc::operation_not_supported) {
        registration.base = 0;
        return settle_foreign(slot);
    }
    registration.base = base;
    if (error && error != std::errc::bad_file_descriptor) {
        return error;
    }
    drop(slot);
    return {};
}

std::error_code AfdBackend::settle_foreign(Slot slot) noexcept {
    const std::error_code error = sys::socket_kind(table_[slot].handle).error();
    if (error == std::errc::bad_file_descriptor) {
        drop(slot);
    } else if (schedule_.wanted_by(slot) == 0) {
        schedule_.note_quiet(slot);
    } else {
        schedule_.note_answer(slot, afd_bits::foreign);
    }
    return {};
}

std::error_code AfdBackend::poll_alone(Slot slot) noexcept {
    if (table_[slot].base == 0) {
        return settle_foreign(slot);
    }
    Cell& cell = cell_of(slot);
    cell.request = {.count = 1};
    const std::uint32_t wanted = schedule_.wanted_by(slot);
    cell.item = {table_[slot].base, wanted, 0};
    const core::AfdContext context(static_cast<std::uint32_t>(slot), requests_.next_tag(slot));
    ++stats_.afd_requests;
    ++stats_.afd_sockets;
    const Result<bool> at_once = device_of(slot).poll(cell.request, cell.status, context.pointer());
    if (!at_once) {
        return at_once.error() == std::errc::bad_file_descriptor ? settle_refused(slot)
                                                                 : at_once.error();
    }
    if (!*at_once) {
        schedule_.note_pending(Request::own, slot);
        table_[slot].polled = true;
        return {};
    }
    if (cell.request.count != 1 || !take_answer(slot, cell.item.events, wanted)) {
        return errc::late_packet;
    }
    // Still due: it wants less by now.
    return schedule_.is_due(slot) ? poll_alone(slot) : std::error_code{};
}

std::error_code AfdBackend::poll_each_alone(std::uint32_t count) noexcept {
    std::error_code first;
    for (std::uint32_t i = 0; i < count; ++i) {
        const GroupMember member = memory_.group_members[i];
        if (member.socket != 0 && schedule_.is_due(member.slot)) {
            note(first, poll_alone(member.slot));
        }
    }
    return first;
}

std::error_code AfdBackend::poll_together(std::uint32_t count, bool& again) noexcept {
    *memory_.group = {.count = count};
    const core::AfdContext context(table_.capacity(), ++group_tag_);
    ++stats_.afd_requests;
    stats_.afd_sockets += count;
    const Result<bool> at_once = devices_[0].poll(*memory_.group, group_status_, context.pointer());
    if (!at_once) {
        // One of them is no longer a socket: each is polled alone, to find it.
        return at_once.error() == std::errc::bad_file_descriptor ? poll_each_alone(count)
                                                                 : at_once.error();
    }
    if (!*at_once) {
        for (std::uint32_t i = 0; i < count; ++i) {
            schedule_.note_pending(Request::group, memory_.group_members[i].slot);
            table_[memory_.group_members[i].slot].polled = true;
        }
        group_count_ = count;
        return {};
    }
    const std::uint32_t ready = schedule_.ready();
    const bool any = take_group_answer(count);
    if (schedule_.ready() == ready) {
        // It names only closed ones, and the others are polled again; or none that is known.
        again = any;
        return any ? std::error_code{} : poll_each_alone(count);
    }
    for (std::uint32_t i = 0; schedule_.ready() - ready < count && i < count; ++i) {
        const GroupMember member = memory_.group_members[i];
        if (member.socket != 0 && schedule_.is_due(member.slot)) {
            schedule_.note_quiet(member.slot);
        }
    }
    return {};
}

bool AfdBackend::take_end(Slot slot, std::uint32_t events, std::uint32_t wanted_then) noexcept {
    if ((events & afd_bits::local_close) != 0) {
        if (wanted_then == afd_bits::outdated) {
            // The modify may have been meant for a new socket with the number, so the registration
            // goes on; but it is none of a socket that is registered next.
            table_[slot].outdated = true;
            return false;
        }
        drop(slot);
        return true;
    }
    std::uint32_t answer = events & wanted_then;
    if (answer == 0 || !schedule_.is_due(slot)) {
        return answer != 0;
    }
    core::Registration& registration = table_[slot];
    if ((answer & afd_bits::connect_fail) != 0 && listens(registration.handle)) {
        registration.listens = true;
        schedule_.modify(slot, wanted(slot));
        answer &= ~afd_bits::connect_fail;
    }
    if ((answer & afd_bits::disconnect) != 0 && hang_ups_.is_full(registration)) {
        answer |= afd_bits::hung_up;
    } else if ((answer & afd_bits::disconnect) != 0 && !core::wants_end(registration.interest)) {
        schedule_.modify(slot, wanted(slot));
        answer &= ~afd_bits::disconnect;
    }
    if (answer != 0) {
        schedule_.note_answer(slot, answer);
    }
    return true;
}

bool AfdBackend::take_group_answer(std::uint32_t count) noexcept {
    // It names them in the order of the request, so each is found where the last one was left;
    // if it does not, the search wraps around.
    const std::uint32_t named = std::min(memory_.group->count, count);
    GroupMember* const begin = memory_.group_members;
    GroupMember* const end = begin + count;
    GroupMember* next = begin;
    bool any = false;
    bool all = named == count;
    for (sys::AfdItem& item : std::span(memory_.group->items(), named)) {
        if (next->socket != item.socket) {
            all = false;
            const auto is_named = [&](const GroupMember& member) {
                return member.socket == item.socket;
            };
            GroupMember* const found = std::find_if(next, end, is_named);
            next = found != end ? found : std::find_if(begin, next, is_named);
            if (!is_named(*next)) {
                continue;
            }
        }
        const std::uint32_t events = std::exchange(item.events, next->events);
        if ((events & afd_bits::local_close) != 0) {
            next->socket = 0;
            all = false;
        }
        any = take_answer(next->slot, events, next->events) || any;
        next = next + 1 == end ? begin : next + 1;
    }
    repeatable_ = all ? count : 0;
    return any;
}

}  // namespace wakepoll::backend
