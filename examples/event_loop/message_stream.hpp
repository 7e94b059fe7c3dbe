// The messages of one connection, generated from a seed.
//
// Two streams with the same arguments generate the same messages, so the client makes each message
// twice (once to send it, once to compare the echo) and stores none. The first message is one byte,
// the last one is `largest` bytes, and the lengths of the others are spread evenly over the orders
// of magnitude up to `usual`. Each ends in a newline and contains no other, so that a server that
// does not know the contents can count them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace example {

struct MessagePlan {
    std::uint64_t seed = 1;
    std::uint32_t messages = 40;  ///< At least 1.
    std::size_t usual = 16 * 1024;
    std::size_t largest = 256 * 1024;
};

class MessageStream {
public:
    MessageStream(const MessagePlan& plan, std::uint32_t connection);

    /// Replaces `message` by the next one. False after the last one, and then changes nothing.
    bool next(std::vector<char>& message);

    /// Messages made so far.
    [[nodiscard]] std::uint32_t made() const { return made_; }

private:
    [[nodiscard]] std::uint64_t random();
    [[nodiscard]] std::size_t next_length();

    MessagePlan plan_;
    std::uint64_t state_;
    std::uint32_t made_ = 0;
};

}  // namespace example
