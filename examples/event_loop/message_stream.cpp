// The generator is SplitMix64: eight bytes per step; any seed works.
#include "message_stream.hpp"

#include <algorithm>
#include <bit>

namespace example {

namespace {

constexpr std::uint64_t golden_gamma = 0x9E3779B97F4A7C15;

}  // namespace

MessageStream::MessageStream(const MessagePlan& plan, std::uint32_t connection)
    : plan_(plan), state_(plan.seed) {
    // Two steps away from the plan's own seed, so that neighbouring connections of neighbouring
    // seeds send different messages.
    state_ = random() ^ (connection * golden_gamma);
    state_ = random();
}

std::uint64_t MessageStream::random() {
    state_ += golden_gamma;
    std::uint64_t x = state_;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
    return x ^ (x >> 31);
}

std::size_t MessageStream::next_length() {
    if (made_ == 0) {
        return 1;
    }
    if (made_ + 1 == plan_.messages) {
        return std::max<std::size_t>(plan_.largest, 1);
    }
    const auto magnitudes = static_cast<std::uint64_t>(std::bit_width(plan_.usual));
    const std::uint64_t limit = std::uint64_t{1} << (random() % magnitudes);
    return static_cast<std::size_t>(1 + random() % limit);
}

bool MessageStream::next(std::vector<char>& message) {
    if (made_ == plan_.messages) {
        return false;
    }
    message.resize(next_length());
    ++made_;
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < message.size(); ++i, bytes >>= 8) {
        if (i % sizeof bytes == 0) {
            bytes = random();
        }
        const char byte = static_cast<char>(bytes & 0xFF);
        message[i] = byte == '\n' ? '\r' : byte;
    }
    message.back() = '\n';
    return true;
}

}  // namespace example
