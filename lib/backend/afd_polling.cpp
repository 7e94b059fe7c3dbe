// Polling the device: the requests, and what is answered at once. See afd_backend.hpp.
#include <algorithm>

#include "backend/afd_backend.hpp"
#include "core/afd_bits.hpp"
#include "core/afd_context.hpp"
#include "own_errors.hpp"

namespace wakepoll::backend {
namespace {

using core::nanoseconds;
using core::Slot;
namespace afd_bits = core::afd_bits;

}  // namespace

std::error_code AfdBackend::look(nanoseconds /*now*/) noexcept {
    std::error_code first;
    const auto note = [&first](std::error_code error) { first = first ? first : error; };
    if (schedule_.has_orphans()) {
        note(cancel_orphans());
    }
    for (bool again = true; again && schedule_.due() > 0;) {
        again = false;
        if (schedule_.is_group_worth_a_cancel()) {
            note(cancel(Request::group, core::no_slot));
        }
        const bool canceled = schedule_.is_group_canceled();
        const bool together = !schedule_.is_group_in_flight();
        std::uint32_t count = 0;
        schedule_.for_each_due([&](Slot slot) {
            if (schedule_.joins_group(slot) && (together || canceled)) {
                // Where the group's request is being cancelled, when its packet has come.
                if (together) {
                    memory_.group_slots[count++] = slot;
                }
            } else {
                note(poll_alone(slot));
            }
        });
        if (count > 0) {
            note(count == 1 ? poll_alone(memory_.group_slots[0]) : poll_together(count, again));
        }
        again = again || (!first && schedule_.has_left_out());
    }
    return first;
}

std::error_code AfdBackend::poll_alone(Slot slot) noexcept {
    Cell& cell = cell_of(slot);
    cell.request = {.count = 1};
    cell.item = {table_[slot].base, schedule_.wanted_by(slot), 0};
    const core::AfdContext context(static_cast<std::uint32_t>(slot), schedule_.next_tag(slot));
    ++stats_.afd_requests;
    ++stats_.afd_sockets;
    const Result<bool> at_once = device_of(slot).poll(cell.request, cell.status, context.pointer());
    if (!at_once) {
        if (at_once.error() != std::errc::bad_file_descriptor) {
            return at_once.error();
        }
        drop(slot);
        return {};
    }
    if (!*at_once) {
        schedule_.note_parked(slot);
        table_[slot].polled = true;
        return {};
    }
    const bool told = cell.request.count == 1 && take_answer(slot, cell.item.events);
    return told ? std::error_code{} : own_errors::resource_unavailable_try_again();
}

std::error_code AfdBackend::poll_each_alone(std::uint32_t count) noexcept {
    std::error_code first;
    for (std::uint32_t i = 0; i < count; ++i) {
        const Slot slot = memory_.group_slots[i];
        if (slot != core::no_slot && schedule_.is_due(slot)) {
            const std::error_code error = poll_alone(slot);
            first = first ? first : error;
        }
    }
    return first;
}

std::error_code AfdBackend::poll_together(std::uint32_t count, bool& again) noexcept {
    sys::AfdItem* const items = memory_.group->items();
    for (std::uint32_t i = 0; i < count; ++i) {
        const Slot slot = memory_.group_slots[i];
        items[i] = {table_[slot].base, schedule_.wanted_by(slot), 0};
    }
    *memory_.group = {.count = count};
    const core::AfdContext context(table_.capacity(), ++group_tag_);
    ++stats_.afd_requests;
    stats_.afd_sockets += count;
    const Result<bool> at_once = devices_[0].poll(*memory_.group, group_status_, context.pointer());
    if (!at_once) {
        // One of them is no socket any more: each is polled by itself, to find it.
        return at_once.error() == std::errc::bad_file_descriptor ? poll_each_alone(count)
                                                                 : at_once.error();
    }
    if (!*at_once) {
        for (std::uint32_t i = 0; i < count; ++i) {
            schedule_.note_grouped(memory_.group_slots[i]);
            table_[memory_.group_slots[i]].polled = true;
        }
        schedule_.note_group_in_flight();
        group_count_ = count;
        return {};
    }
    const std::uint32_t ready = schedule_.ready();
    const bool told = take_group_answer(count);
    if (schedule_.ready() == ready) {
        // It names closed ones alone, and the others are polled again; or none that is known.
        again = told;
        return told ? std::error_code{} : poll_each_alone(count);
    }
    for (std::uint32_t i = 0; schedule_.ready() - ready < count && i < count; ++i) {
        const Slot slot = memory_.group_slots[i];
        if (slot != core::no_slot && schedule_.is_due(slot)) {
            schedule_.note_quiet(slot);
        }
    }
    return {};
}

bool AfdBackend::take_group_answer(std::uint32_t count) noexcept {
    // It names them in the order in which they were asked, so each is found where the last one was
    // left; where it does not, the search goes round.
    bool told = false;
    std::uint32_t next = 0;
    const std::uint32_t named = std::min(memory_.group->count, count);
    const sys::AfdItem* const items = memory_.group->items();
    for (std::uint32_t i = 0; i < named; ++i) {
        for (std::uint32_t tries = 0; tries < count; ++tries) {
            const Slot slot = memory_.group_slots[next];
            const bool found = slot != core::no_slot && table_[slot].base == items[i].socket;
            if (found) {
                if ((items[i].events & afd_bits::local_close) != 0) {
                    memory_.group_slots[next] = core::no_slot;
                }
                told = take_answer(slot, items[i].events) || told;
            }
            next = next + 1 == count ? 0 : next + 1;
            if (found) {
                break;
            }
        }
    }
    return told;
}

bool AfdBackend::take_answer(Slot slot, std::uint32_t events) noexcept {
    if ((events & afd_bits::local_close) != 0) {
        drop(slot);
        return true;
    }
    const std::uint32_t wanted = events & schedule_.wanted_by(slot);
    if (wanted != 0 && schedule_.is_due(slot)) {
        schedule_.note_answer(slot, wanted);
    }
    return wanted != 0;
}

}  // namespace wakepoll::backend
