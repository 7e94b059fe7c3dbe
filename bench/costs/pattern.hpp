// The activity of a server: which of its sockets become ready next, and what it does with those
// that are reported.
//
// The sequence of a pattern is the same on every machine and for every compiler.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace wakepoll::costs {

/// Which sockets become ready next.
enum class Activity : std::uint8_t {
    random,    ///< Any of them, with equal probability.
    rotation,  ///< The next ones in order, round and round.
    hot,       ///< Nine times out of ten one of the same 2k.
};

struct Pattern {
    std::size_t sockets = 0;  ///< Registered.
    std::size_t active = 0;   ///< How many of them become ready together.
    Activity activity = Activity::random;
    bool one_shot = false;  ///< Registered as one-shot, and armed again before the next wait.
    bool half = false;      ///< Every second reported socket keeps its data.

    /// All of them become ready each time.
    [[nodiscard]] bool all() const noexcept { return active == sockets; }
    /// "4-of-1000/hot": the name without the use of the reported sockets.
    [[nodiscard]] std::string name() const;
    /// "one-shot, half": that use.
    [[nodiscard]] std::string use() const;
};

/// Every pattern, those with the same name side by side.
[[nodiscard]] std::vector<Pattern> all_patterns();

/// Draws distinct elements of a set, each subset of a size with equal probability.
class Draw {
public:
    Draw(std::size_t first, std::size_t last);

    /// Draws `count` elements, in the order in which they are drawn. Valid until the next call.
    [[nodiscard]] std::span<const std::size_t> next(std::size_t count, std::mt19937_64& random);

private:
    std::vector<std::size_t> elements_;
};

/// The sockets that become ready, turn by turn.
class Turns {
public:
    explicit Turns(const Pattern& pattern);

    /// Distinct indices. Valid until the next call.
    [[nodiscard]] const std::vector<std::size_t>& next();

private:
    void take(std::span<const std::size_t> indices);

    Pattern pattern_;
    std::mt19937_64 random_;
    Draw hot_;
    Draw others_;
    std::size_t position_ = 0;
    std::vector<std::size_t> chosen_;
};

}  // namespace wakepoll::costs
