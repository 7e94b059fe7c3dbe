// The registration table against a std::map.
//
// The handles are few, so that they come back, and of three kinds: multiples of four as Windows
// gives them out, the largest and the smallest numbers, and neighbours in the last two bits, which
// all begin in the same cell of the index. After every step each handle is looked up, and every
// slot is compared with what was last put into it: nothing but the slot that was meant has changed.
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
        const Registration& fresh = table_[slot];
        require(fresh.handle == handle && fresh.active && !fresh.registered && !fresh.associated &&
                    !fresh.stream && !fresh.skips && fresh.user_data == 0 && fresh.link == 0 &&
                    fresh.interest == IoInterest::none && fresh.type == HandleType::unknown &&
                    fresh.model == IoModel::poll,
                "a new tenant finds the defaults");
        require(fresh.generation == generations_[core::index_of(slot)],
                "only giving up a slot or a registration raises the generation");
        table_[slot].user_data = user_data;
        table_[slot].interest = interest;
        table_[slot].link = static_cast<std::uint32_t>(user_data >> 3U);
        kept_[core::index_of(slot)] = table_[slot];
        model_[handle] = slot;
    }

    void set_registered(Handle handle, bool registered) {
        if (const auto found = model_.find(handle); found != model_.end()) {
            table_.set_registered(found->second, registered);
            kept_[core::index_of(found->second)].registered = registered;
        }
    }

    void end_registration(Handle handle) {
        if (const auto found = model_.find(handle); found != model_.end()) {
            table_.end_registration(found->second);
            Registration& kept = kept_[core::index_of(found->second)];
            kept.registered = false;
            kept.interest = IoInterest::none;
            kept.generation = ++generations_[core::index_of(found->second)];
        }
    }

    void erase(Handle handle) {
        if (const auto found = model_.find(handle); found != model_.end()) {
            table_.erase(found->second);
            require(!table_[found->second].active, "who left is not active");
            ++generations_[core::index_of(found->second)];
            model_.erase(found);
        }
    }

    void check() {
        std::uint32_t registered = 0;
        for (std::uint32_t i = 0; i < handles; ++i) {
            const auto found = model_.find(handle_of(i));
            require(table_.find(handle_of(i)) == (found == model_.end() ? no_slot : found->second),
                    "who is in the table is found where it was put, and nobody else");
        }
        std::uint32_t active = 0;
        for (std::size_t i = 0; i < slots_.size(); ++i) {
            active += slots_[i].active ? 1U : 0U;
            require(slots_[i].generation == generations_[i], "the generation counts the tenants");
        }
        require(active == model_.size(), "only tenants are active");
        for (const auto& [handle, slot] : model_) {
            const Registration& now = table_[slot];
            const Registration& kept = kept_[core::index_of(slot)];
            require(now.handle == handle && now.user_data == kept.user_data &&
                        now.interest == kept.interest && now.link == kept.link && now.active &&
                        now.registered == kept.registered,
                    "a tenant's data are its own");
            registered += now.registered ? 1U : 0U;
        }
        require(table_.size() == model_.size(), "the number of tenants");
        require(table_.registered() == registered, "the number of registrations");
    }

private:
    std::vector<Registration> slots_;
    std::vector<std::uint32_t> index_;
    RegistrationTable table_;
    std::map<Handle, Slot> model_;
    std::vector<std::uint32_t> generations_;
    std::vector<Registration> kept_;  ///< Of each slot, what its tenant was given.
};

}  // namespace
}  // namespace wakepoll::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace wakepoll;
    fuzz::ByteReader input(data, size);
    fuzz::Table table(1 + input.below(48));
    table.check();
    while (!input.empty()) {
        const std::uint32_t step = input.below(8);
        const Handle handle = fuzz::handle_of(input.below(fuzz::handles));
        switch (step) {
            case 0:
                table.end_registration(handle);
                break;
            case 1:
            case 2:
                table.erase(handle);
                break;
            case 3:
                table.set_registered(handle, true);
                break;
            case 4:
                table.set_registered(handle, false);
                break;
            default:
                table.insert(handle, input.byte(), IoInterest{input.byte()});
                break;
        }
        table.check();
    }
    return 0;
}
