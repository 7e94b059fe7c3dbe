// The registration table against a std::map of plain records.
//
// The handles are few, so that they recur, and of three kinds: multiples of four as Windows gives
// them out, the largest and the smallest numbers, and neighbours in the last two bits, which all
// begin in the same cell of the index. After every step each handle is looked up, and every slot is
// compared with what was last stored in it: only the intended slot may have changed. A slot that
// was never handed out is all zero.
#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "core/registration_table.hpp"
#include "target.hpp"

namespace wakepoll::fuzz {
namespace {

using core::no_slot;
using core::Registration;
using core::RegistrationTable;
using core::Slot;

constexpr std::uint32_t handles = 128;

Handle handle_of(std::uint32_t number) {
    constexpr std::array<std::uintptr_t, 4> odd = {0, UINTPTR_MAX, UINTPTR_MAX - 3, 0x80000000U};
    if (number < odd.size()) {
        return Handle(odd[number]);
    }
    return number < 16 ? Handle(0x1000U + number % 4) : Handle(std::uintptr_t{number} * 4);
}

class Table {
public:
    explicit Table(std::uint32_t capacity)
        : slots_(capacity),
          index_(RegistrationTable::index_size(capacity)),
          table_(slots_.data(), index_.data(), capacity),
          generations_(capacity),
          kept_(capacity) {}

    void insert(Handle handle, std::uint64_t user_data, IoInterest interest) {
        if (model_.contains(handle)) {
            return;
        }
        const Slot slot = table_.insert(handle);
        if (model_.size() == slots_.size()) {
            require(slot == no_slot, "a full table refuses");
            return;
        }
        require(core::index_of(slot) < slots_.size(), "a slot of the table");
        for (const auto& [other, taken] : model_) {
            require(taken != slot, "a slot that is free");
        }
        model_[handle] = slot;
        used_ = std::max(used_, static_cast<std::uint32_t>(model_.size()));
        Registration& kept = kept_[core::index_of(slot)];
        kept = {.handle = handle, .generation = generations_[core::index_of(slot)]};
        kept.active = true;
        check_slot(slot);
        kept.user_data = table_[slot].user_data = user_data;
        kept.interest = table_[slot].interest = interest;
        kept.base = table_[slot].base = static_cast<std::uint32_t>(user_data >> 3U);
    }

    void begin_registration(Handle handle) {
        if (const Slot slot = slot_of(handle); slot != no_slot) {
            table_.begin_registration(slot);
            kept_[core::index_of(slot)].registered = true;
        }
    }

    /// What keeps a slot: the port, a poll, operations.
    void keep(Handle handle, std::uint32_t reasons) {
        if (const Slot slot = slot_of(handle); slot != no_slot) {
            for (Registration* const registration : {&table_[slot], &kept_[core::index_of(slot)]}) {
                registration->associated = (reasons & 1U) != 0;
                registration->polled = (reasons & 2U) != 0;
                registration->operations = reasons >> 2U & 3U;
            }
        }
    }

    void end_registration(Handle handle) {
        if (const Slot slot = slot_of(handle); slot != no_slot) {
            Registration& kept = kept_[core::index_of(slot)];
            kept.registered = false;
            kept.interest = IoInterest::none;
            kept.base = 0;
            kept.generation = ++generations_[core::index_of(slot)];
            table_.end_registration(slot);
            note_released(handle, slot);
        }
    }

    void release(Handle handle) {
        if (const Slot slot = slot_of(handle); slot != no_slot) {
            table_.release(slot);
            note_released(handle, slot);
        }
    }

    void renew(Handle handle) {
        const Slot slot = slot_of(handle);
        if (slot != no_slot && !kept_[core::index_of(slot)].registered) {
            table_.renew(slot);
            Registration& kept = kept_[core::index_of(slot)];
            const bool polled = kept.polled;
            kept = {.handle = handle, .generation = ++generations_[core::index_of(slot)]};
            kept.active = true;
            kept.polled = polled;
        }
    }

    void erase(Handle handle) {
        if (const Slot slot = slot_of(handle); slot != no_slot) {
            table_.erase(slot);
            note_erased(handle, slot);
        }
    }

    void check() {
        std::uint32_t registered = 0;
        for (std::uint32_t i = 0; i < handles; ++i) {
            require(table_.find(handle_of(i)) == slot_of(handle_of(i)),
                    "a handle in the table is found where it was put, and no other");
        }
        std::uint32_t active = 0;
        for (std::size_t i = 0; i < slots_.size(); ++i) {
            active += slots_[i].active ? 1U : 0U;
            require(slots_[i].generation == generations_[i], "the generation counts registrations");
            require(i < used_ || (slots_[i].generation == 0 && slots_[i].next_free == 0),
                    "a slot that was never used is not touched");
        }
        require(active == model_.size(), "only slots that are taken are active");
        for (const auto& [handle, slot] : model_) {
            check_slot(slot);
            registered += table_[slot].registered ? 1U : 0U;
        }
        require(table_.size() == model_.size(), "the number of slots");
        require(table_.registered() == registered, "the number of registrations");
        require(table_.used() == used_, "how many slots were in use");
    }

private:
    [[nodiscard]] Slot slot_of(Handle handle) const {
        const auto found = model_.find(handle);
        return found == model_.end() ? no_slot : found->second;
    }

    void check_slot(Slot slot) {
        const Registration& now = table_[slot];
        const Registration& kept = kept_[core::index_of(slot)];
        require(now.handle == kept.handle && now.user_data == kept.user_data &&
                    now.interest == kept.interest && now.generation == kept.generation &&
                    now.type == kept.type && now.model == kept.model &&
                    now.operations == kept.operations && now.base == kept.base &&
                    now.entry == kept.entry,
                "the data of a slot are its own");
        require(now.active && now.registered == kept.registered &&
                    now.associated == kept.associated && now.stream == kept.stream &&
                    now.skips == kept.skips && now.polled == kept.polled,
                "and so are its marks");
    }

    /// By the plain rule: a slot stays for a registration, the port, a poll or an operation.
    void note_released(Handle handle, Slot slot) {
        const Registration& kept = kept_[core::index_of(slot)];
        if (!kept.registered && !kept.associated && !kept.polled && kept.operations == 0) {
            note_erased(handle, slot);
        }
    }

    void note_erased(Handle handle, Slot slot) {
        require(!table_[slot].active, "a slot that was given up is not active");
        ++generations_[core::index_of(slot)];
        model_.erase(handle);
    }

    std::vector<Registration> slots_;
    std::vector<std::uint32_t> index_;
    RegistrationTable table_;
    std::map<Handle, Slot> model_;
    std::vector<std::uint32_t> generations_;
    std::vector<Registration> kept_;  ///< The last content of each slot.
    std::uint32_t used_ = 0;
};

}  // namespace
}  // namespace wakepoll::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace wakepoll;
    fuzz::ByteReader input(data, size);
    fuzz::Table table(1 + input.below(48));
    table.check();
    while (!input.empty()) {
        const std::uint32_t step = input.below(9);
        const Handle handle = fuzz::handle_of(input.below(fuzz::handles));
        switch (step) {
            case 0:
                table.end_registration(handle);
                break;
            case 1:
                table.erase(handle);
                break;
            case 2:
                table.release(handle);
                break;
            case 3:
                table.begin_registration(handle);
                break;
            case 4:
                table.renew(handle);
                break;
            case 5:
                table.keep(handle, input.byte());
                break;
            default:
                table.insert(handle, input.byte(), IoInterest{input.byte()});
                break;
        }
        table.check();
    }
    return 0;
}
