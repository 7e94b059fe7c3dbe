// A port of the C face on the simulated kernel, with sockets that are ready or not, as `Rig` has a
// poller. Its calls are those that own-costs knows for public ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "public_calls.hpp"
#include "rig.hpp"

namespace wakepoll::costs {

class PortRig {
public:
    explicit PortRig(std::size_t sockets) : events(sockets + 1) {
        for (std::size_t i = 0; i < sockets; ++i) {
            pairs.push_back(rig.world.tcp_pair());
        }
    }
    ~PortRig() { epoll_close(port); }
    PortRig(const PortRig&) = delete;
    PortRig& operator=(const PortRig&) = delete;

    void control(int op, std::size_t socket, std::uint32_t wanted) {
        epoll_event event{.events = wanted, .data = {.u64 = socket}};
        expect(own::epoll_control(port, op, pairs[socket].local.value(), &event) == 0, "epoll_ctl");
    }
    void wait_for(std::size_t count, int timeout = 0) {
        expect(own::epoll_wait(port, events.data(), static_cast<int>(events.size()), timeout) ==
                   static_cast<int>(count),
               "what was made ready is reported");
    }
    void settle(std::size_t count) {
        constexpr int waits_to_settle = 60;
        for (int i = 0; i < waits_to_settle; ++i) {
            wait_for(count);
        }
    }

    Rig rig;
    void* port = epoll_create1(0);
    std::vector<test::SocketPair> pairs;
    std::vector<epoll_event> events;
};

}  // namespace wakepoll::costs
