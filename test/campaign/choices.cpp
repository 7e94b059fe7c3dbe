// See choices.hpp.
#include "choices.hpp"

namespace wakepoll::test {

Choices Choices::from_seed(std::uint64_t seed, std::uint32_t steps) {
    Choices choices(Origin::seed);
    choices.random_ = sim::Random(seed * 0x9E3779B97F4A7C15U + 7);
    choices.mean_steps_ = steps;
    return choices;
}

Choices Choices::from_list(std::vector<std::uint32_t> list) {
    Choices choices(Origin::list);
    choices.list_ = std::move(list);
    return choices;
}

Choices Choices::from_bytes(std::span<const std::uint8_t> bytes) {
    Choices choices(Origin::bytes);
    choices.bytes_ = bytes;
    return choices;
}

std::uint32_t Choices::draw(std::uint32_t bound) {
    // A list has an entry even for a choice of one.
    return note(bound > 1 || origin_ == Origin::list ? next(bound) : 0);
}

bool Choices::more(std::uint32_t mean) {
    const std::size_t place = drawn_.size();
    bool goes_on = false;
    switch (origin_) {
        case Origin::seed:
            goes_on = random_.below(mean) != 0;
            break;
        case Origin::list:
            goes_on = next(2) != 0;
            break;
        case Origin::bytes:
            goes_on = place_ < bytes_.size() && next_from_bytes(mean) != 0;
            break;
    }
    if (goes_on) {
        steps_.push_back(place);
    }
    note(goes_on ? 1 : 0, goes_on ? Drawn::begins_step : 0);
    return goes_on;
}

std::uint32_t Choices::note(std::uint32_t value, std::uint32_t mark) {
    drawn_.push_back(value);
    if (copy_ != nullptr && copy_->count < Drawn::most) {
        copy_->numbers[copy_->count++] = value | mark;
    }
    return value;
}

std::uint32_t Choices::next(std::uint32_t bound) {
    switch (origin_) {
        case Origin::seed:
            return static_cast<std::uint32_t>(random_.below(bound));
        case Origin::list:
            // An edited number may be out of bounds.
            return place_ < list_.size() ? list_[place_++] % bound : 0;
        case Origin::bytes:
            return next_from_bytes(bound);
    }
    return 0;
}

std::uint32_t Choices::next_from_bytes(std::uint32_t bound) {
    // As few bytes as the bound needs, because the fuzzer changes bytes.
    std::uint32_t value = 0;
    for (std::uint64_t reach = 1; reach < bound && place_ < bytes_.size(); reach <<= 8U) {
        value = (value << 8U) | bytes_[place_++];
    }
    return value % bound;
}

}  // namespace wakepoll::test
