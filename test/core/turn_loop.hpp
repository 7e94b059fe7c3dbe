// A loop that reports as Wait::report does, for the tests of Turn.
//
// The sources behave differently. Ready sockets and handles stay, and are visited at most once per
// wait; a handle that is not ready leaves. A completed operation leaves when it is reported.
// Packets are taken from the port into a queue once per wait, as in PacketQueue, and leave the
// queue when they are reported.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <vector>

#include "core/turn.hpp"

namespace wakepoll::core::test {

/// A number for each thing that can be reported; a handle that is not ready has none.
class TurnLoop {
public:
    static constexpr int not_ready = -1;
    /// The most packets of one call, the most in the queue, and how many are one turn.
    static constexpr std::size_t packets_at_once = 256;
    static constexpr std::size_t queue_capacity = 2 * packets_at_once;
    static constexpr std::size_t packets_in_turn = 64;

    std::deque<int> sockets;
    std::deque<int> handles;
    std::deque<int> completed;
    std::deque<int> port;
    std::deque<int> queue;

    /// One wait with room for so many.
    std::vector<int> wait(std::size_t room) {
        dequeue(room);
        std::vector<int> reported;
        std::size_t left_sockets = sockets.size();
        std::size_t left_handles = handles.size();
        if (left_handles + completed.size() + queue.size() == 0) {
            rotate(sockets, std::min(left_sockets, room), reported);
            return reported;
        }
        const auto unvisited = [&]() -> Turn::Sizes {
            return {std::min(left_sockets, sockets.size()), std::min(left_handles, handles.size()),
                    completed.size(), queue.size()};
        };
        const auto turns = [&]() -> Turn::Sizes {
            return {sockets.size(), handles.size(), completed.size(),
                    queue.empty() ? 0 : packets_in_turn};
        };
        while (reported.size() < room && unvisited() != Turn::Sizes{}) {
            const std::size_t share = std::min(
                turn_.left(turns()), unvisited()[static_cast<std::size_t>(turn_.source())]);
            const std::size_t free = room - reported.size();
            std::size_t used = 0;
            switch (turn_.source()) {
                case Turn::Source::sockets:
                    used = std::min(share, free);
                    rotate(sockets, used, reported);
                    left_sockets -= used;
                    break;
                case Turn::Source::handles:
                    used = visit_handles(share, free, reported);
                    left_handles -= std::min(used, left_handles);
                    break;
                case Turn::Source::completed:
                    used = take(completed, std::min(share, free), reported);
                    break;
                case Turn::Source::packets:
                    used = take(queue, std::min(share, free), reported);
                    break;
            }
            turn_.spend(used, share == 0, turns());
        }
        return reported;
    }

    /// Packets that have not been reported.
    [[nodiscard]] std::size_t packets() const { return port.size() + queue.size(); }

private:
    void dequeue(std::size_t room) {
        bool more = true;
        while (more && queue.size() < room) {
            const std::size_t limit = std::min(queue_capacity - queue.size(), packets_at_once);
            std::size_t taken = 0;
            for (; taken < limit && !port.empty(); ++taken) {
                queue.push_back(port.front());
                port.pop_front();
            }
            more = limit > 0 && taken == limit;
        }
    }

    static void rotate(std::deque<int>& ring, std::size_t count, std::vector<int>& reported) {
        for (; count > 0; --count) {
            reported.push_back(ring.front());
            ring.push_back(ring.front());
            ring.pop_front();
        }
    }

    static std::size_t take(std::deque<int>& from, std::size_t most, std::vector<int>& reported) {
        const std::size_t taken = std::min(most, from.size());
        const auto end = from.begin() + static_cast<std::ptrdiff_t>(taken);
        reported.insert(reported.end(), from.begin(), end);
        from.erase(from.begin(), end);
        return taken;
    }

    std::size_t visit_handles(std::size_t visits, std::size_t free, std::vector<int>& reported) {
        std::size_t visited = 0;
        for (; visited < visits && free > 0; ++visited) {
            if (handles.front() == not_ready) {
                handles.pop_front();
            } else {
                rotate(handles, 1, reported);
                --free;
            }
        }
        return visited;
    }

    Turn turn_;
};

}  // namespace wakepoll::core::test
