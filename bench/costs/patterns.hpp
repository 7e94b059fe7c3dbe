// Kernel calls by pattern of activity, over AFD, compared with one request for each socket.
//
// The active sockets become ready while the thread is blocked, so each is reported by a wait that
// found nothing at first; a socket that keeps its data is reported again by the next wait, which
// does not block. The model plays the same sequence and must report the same sockets in the same
// waits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "pattern.hpp"

namespace wakepoll::costs {

/// Calls of the device and of its port, and the number of sockets that the device polled.
struct Asked {
    std::uint64_t polls = 0;
    std::uint64_t cancels = 0;
    std::uint64_t dequeues = 0;
    std::uint64_t sockets = 0;

    [[nodiscard]] std::uint64_t calls() const noexcept { return polls + cancels + dequeues; }
};

struct Played {
    Pattern pattern;
    std::size_t waits = 0;
    std::size_t events = 0;
    Asked own;
    Asked model;
};

class Patterns {
public:
    /// Plays every pattern whose name contains `filter`.
    void play(std::string_view filter);

    void print_text() const;
    /// A list.
    void print_json() const;

private:
    std::vector<Played> played_;
};

}  // namespace wakepoll::costs
