// See pattern.hpp.
#include "pattern.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

namespace wakepoll::costs {
namespace {

constexpr std::array<std::size_t, 4> registered_counts = {64, 512, 1000, 10000};
constexpr std::array<std::size_t, 4> active_counts = {1, 4, 12, 64};
constexpr std::array activities = {Activity::random, Activity::rotation, Activity::hot};

const char* name_of(Activity activity) noexcept {
    switch (activity) {
        case Activity::random:
            return "random";
        case Activity::rotation:
            return "rotation";
        case Activity::hot:
            return "hot";
    }
    return "";
}

/// The number of hot sockets.
std::size_t hot_count(const Pattern& pattern) noexcept {
    return pattern.activity == Activity::hot ? std::min(2 * pattern.active, pattern.sockets) : 0;
}

/// A number below `limit`. (The distributions of the standard library differ between
/// implementations.)
std::size_t below(std::size_t limit, std::mt19937_64& random) {
    return static_cast<std::size_t>(random() % limit);
}

void add_uses(std::vector<Pattern>& patterns, Pattern pattern) {
    for (const bool one_shot : {false, true}) {
        for (const bool half : {false, true}) {
            pattern.one_shot = one_shot;
            pattern.half = half;
            patterns.push_back(pattern);
        }
    }
}

}  // namespace

std::string Pattern::name() const {
    std::string name = all() ? "all" : std::to_string(active);
    name += "-of-" + std::to_string(sockets);
    return all() ? name : name + '/' + name_of(activity);
}

std::string Pattern::use() const {
    return std::string(one_shot ? "one-shot" : "level") + (half ? "-half" : "-full");
}

std::vector<Pattern> all_patterns() {
    std::vector<Pattern> patterns;
    for (const std::size_t sockets : registered_counts) {
        for (const std::size_t active : active_counts) {
            for (const Activity activity : activities) {
                if (active < sockets) {
                    add_uses(patterns, {sockets, active, activity});
                }
            }
        }
        add_uses(patterns, {sockets, sockets, Activity::rotation});
    }
    return patterns;
}

Draw::Draw(std::size_t first, std::size_t last) : elements_(last - first) {
    std::iota(elements_.begin(), elements_.end(), first);
}

std::span<const std::size_t> Draw::next(std::size_t count, std::mt19937_64& random) {
    for (std::size_t i = 0; i < count; ++i) {
        std::swap(elements_[i], elements_[i + below(elements_.size() - i, random)]);
    }
    return std::span(elements_).first(count);
}

Turns::Turns(const Pattern& pattern)
    : pattern_(pattern),
      hot_(0, hot_count(pattern)),
      others_(hot_count(pattern), pattern.sockets) {}

void Turns::take(std::span<const std::size_t> indices) {
    chosen_.insert(chosen_.end(), indices.begin(), indices.end());
}

const std::vector<std::size_t>& Turns::next() {
    chosen_.clear();
    std::size_t hot = 0;
    switch (pattern_.activity) {
        case Activity::random:
            take(others_.next(pattern_.active, random_));
            break;
        case Activity::rotation:
            for (std::size_t i = 0; i < pattern_.active; ++i) {
                chosen_.push_back(position_);
                position_ = (position_ + 1) % pattern_.sockets;
            }
            break;
        case Activity::hot:
            for (std::size_t i = 0; i < pattern_.active; ++i) {
                hot += below(10, random_) < 9 ? 1U : 0U;
            }
            take(hot_.next(hot, random_));
            take(others_.next(pattern_.active - hot, random_));
            break;
    }
    return chosen_;
}

}  // namespace wakepoll::costs
