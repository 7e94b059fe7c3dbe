// Asking the device: the requests, and what is answered at once. See afd_backend.hpp.
#include <algorithm>
#include <new>
#include <utility>

#include "backend/afd_backend.hpp"
#include "core/afd_bits.hpp"

namespace wakepoll::backend {
namespace {

using core::index_of;
using core::nanoseconds;
using core::Slot;
using Place = core::PollGroup::Place;
using Step = core::PollGroup::Step;
namespace afd_bits = core::afd_bits;

/// All that can be answered and is reported.
constexpr std::uint32_t known_bits = afd_bits::receive | afd_bits::receive_expedited |
                                     afd_bits::send | afd_bits::disconnect | afd_bits::abort |
                                     afd_bits::accept | afd_bits::connect_fail;

// A lot fits into the cells that core/poll_group allots to it.
static_assert(items_in(1) >= core::room_in(1));
static_assert(items_in(2) >= core::room_in(2));
static_assert(items_in(6) >= core::block_slots);

/// A request that was answered in the meantime need not be cancelled.
std::error_code unless_answered(std::error_code error) noexcept {
    return error == std::errc::no_such_file_or_directory ? std::error_code{} : error;
}

}  // namespace

std::uint32_t AfdBackend::wanted_by(Slot slot) const noexcept {
    return core::to_afd_mask(table_[slot].interest);
}

const sys::AfdDevice& AfdBackend::device_of(Slot cell) const noexcept {
    return devices_[1 + index_of(cell) / requests_per_device];
}

std::error_code AfdBackend::cancel(Slot cell) noexcept {
    ++stats_.afd_cancels;
    return unless_answered(device_of(cell).cancel(cell_of(cell).status));
}

std::error_code AfdBackend::cancel_group() noexcept {
    ++stats_.afd_cancels;
    const std::error_code error = unless_answered(devices_[0].cancel(status_));
    if (!error) {
        group_.note_canceled();
    }
    return error;
}

std::error_code AfdBackend::unpark(Slot slot) noexcept {
    if (group_.place_of(slot) == Place::parked) {
        return cancel(slot);
    }
    const std::error_code error = cancel(group_.cell_of_lot(slot));
    if (!error) {
        group_.note_lot_canceled(slot);
    }
    return error;
}

std::error_code AfdBackend::free_cell(Slot slot) noexcept {
    const Slot lot = group_.lot_over(slot);
    if (lot == core::no_slot) {
        return {};
    }
    const std::error_code error = cancel(lot);
    if (!error) {
        group_.note_lot_canceled(lot);
    }
    return error;
}

std::error_code AfdBackend::look(nanoseconds /*now*/) noexcept {
    for (;;) {
        std::error_code error;
        switch (group_.next()) {
            case Step::nothing:
                return {};
            case Step::together:
                error = ask_together();
                break;
            case Step::apart:
                error = ask_apart();
                break;
            case Step::cancel:
                error = cancel_group();
                break;
        }
        if (error) {
            return error;
        }
    }
}

std::error_code AfdBackend::ask_together() noexcept {
    sys::AfdItem* const items = request_->items();
    std::uint32_t count = 0;
    Slot last = core::no_slot;
    group_.for_each_fresh([&](Slot slot) {
        items[count++] = {table_[slot].link, wanted_by(slot), 0};
        last = slot;
    });
    *request_ = {.count = count};
    ++stats_.afd_requests;
    const Result<bool> at_once = devices_[0].poll(*request_, status_);
    if (!at_once) {
        if (at_once.error() != std::errc::bad_file_descriptor) {
            return at_once.error();
        }
        if (count == 1) {
            drop(last);
        } else {
            drop_closed_and_busy();
            group_.part();
        }
        return {};
    }
    if (!*at_once) {
        group_.cover([this](Slot slot) { return wanted_by(slot); });
        return {};
    }
    const std::uint32_t ready = group_.ready();
    const bool told = take_answers_in_order(*request_, count);
    if (group_.ready() == ready) {
        // It told of closed ones alone, or of nobody who is known. The others are asked again, for
        // nobody is now; where that would go on for ever, each apart.
        if (!told) {
            group_.part();
        }
        return {};
    }
    std::error_code error;
    if (group_.fresh() > 0) {
        group_.end_round([&](Slot slot) {
            if (!error) {
                error = ask_block(slot);
            }
        });
    }
    return error;
}

void AfdBackend::drop_closed_and_busy() noexcept {
    group_.for_each_fresh([this](Slot slot) {
        if (group_.is_busy(slot) &&
            sys::base_socket(table_[slot].handle).error() == std::errc::bad_file_descriptor) {
            drop(slot);
        }
    });
}

bool AfdBackend::take_answers_in_order(const sys::AfdRequest& answer,
                                       std::uint32_t asked) noexcept {
    const sys::AfdItem* item = answer.items();
    const sys::AfdItem* const end = item + std::min(answer.count, asked);
    bool told = false;
    group_.for_each_fresh([&](Slot slot) {
        if (item != end && item->socket == table_[slot].link) {
            told = take_answer(slot, *item) || told;
            ++item;
        }
    });
    return take_answers({item, end}) || told;
}

bool AfdBackend::take_answers(std::span<const sys::AfdItem> items) noexcept {
    bool told = false;
    for (const sys::AfdItem& item : items) {
        const Slot slot = slot_of(item.socket, [this](Slot asked_now) {
            return group_.place_of(asked_now) == Place::fresh;
        });
        told = (slot != core::no_slot && take_answer(slot, item)) || told;
    }
    return told;
}

bool AfdBackend::take_answer(Slot slot, const sys::AfdItem& item) noexcept {
    if ((item.events & afd_bits::local_close) != 0) {
        drop(slot);
        return true;
    }
    const std::uint32_t events = item.events & known_bits;
    if (events != 0) {
        group_.answer(slot, events);
    }
    return events != 0;
}

std::error_code AfdBackend::ask_apart() noexcept {
    std::error_code error;
    group_.for_each_fresh_block([&](Slot slot) {
        if (!error) {
            error = ask_block(slot);
        }
    });
    return error;
}

std::error_code AfdBackend::ask_block(Slot slot) noexcept {
    std::error_code error;
    group_.for_each_of_block(slot, [&](Slot fresh) {
        while (!error && group_.place_of(fresh) == Place::fresh && !group_.is_busy(fresh)) {
            error = ask(group_.request_for(fresh));
        }
    });
    return error;
}

std::error_code AfdBackend::ask(const core::PollGroup::Request& request) noexcept {
    AfdCell& cell = *::new (cells_.at(request.cell)) AfdCell;
    cell.request.count = request.count;
    sys::AfdItem* const items = cell.request.items();
    for (std::uint32_t i = 0; i < request.count; ++i) {
        items[i] = {table_[request.slots[i]].link, wanted_by(request.slots[i]), 0};
    }
    ++stats_.afd_requests;
    const Result<bool> at_once = device_of(request.cell).poll(cell.request, cell.status);
    if (!at_once) {
        if (at_once.error() != std::errc::bad_file_descriptor) {
            return at_once.error();
        }
        // One of them is no socket any more: each is asked by itself, to find it.
        for (std::uint32_t i = 0; i < request.count; ++i) {
            request.count == 1 ? drop(request.slots[i]) : group_.keep_alone(request.slots[i]);
        }
    } else if (!*at_once) {
        group_.park(request, [this](Slot slot) { return wanted_by(slot); });
    } else {
        const std::uint32_t ready = group_.ready();
        const bool told =
            take_answers({cell.request.items(), std::min(cell.request.count, request.count)});
        // Who is quiet beside a ready one is asked with the group in the next wait, and need not be
        // parked before. Where some were only found closed, the others are asked again.
        if (group_.ready() > ready || !told) {
            for (std::uint32_t i = 0; i < request.count; ++i) {
                if (group_.place_of(request.slots[i]) == Place::fresh) {
                    group_.dismiss(request.slots[i]);
                }
            }
        }
    }
    return {};
}

}  // namespace wakepoll::backend
