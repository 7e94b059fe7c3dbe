// Kernel calls of EPOLL_CTL_MOD by one thread while another is blocked in epoll_wait. As in
// calls_changes.cpp, the calls of the wait are among them. A packet that is posted would wake the
// blocked thread; a request that is cancelled ends with one of its own.
#include <cstddef>
#include <cstdint>
#include <string>

#include "counts.hpp"
#include "port_rig.hpp"

namespace wakepoll::costs {
namespace {

void count_modifications(Counts& counts, const std::string& what, std::size_t sockets,
                         std::uint32_t before, std::uint32_t after) {
    PortRig rig(sockets);
    for (std::size_t i = 0; i < sockets; ++i) {
        rig.control(EPOLL_CTL_ADD, i, before);
    }
    rig.settle(0);
    counts.count(named("epoll-beside-a-waiter/" + what, sockets, Backend::afd), sockets, rig.rig,
                 [&] {
                     for (std::size_t i = 0; i < sockets; ++i) {
                         rig.rig.when_blocked([&] { rig.control(EPOLL_CTL_MOD, i, after); });
                         rig.wait_for(0, 5);
                     }
                 });
    counts.note("posted", rig.rig.kernel.calls(sim::Call::port_post));
}

}  // namespace

void count_epoll(Counts& counts) {
    for (const std::size_t sockets : {1U, 64U}) {
        count_modifications(counts, "modify-to-the-same-", sockets, EPOLLIN, EPOLLIN);
        count_modifications(counts, "modify-to-less-", sockets, EPOLLIN, 0);
        count_modifications(counts, "modify-to-more-", sockets, EPOLLIN, EPOLLIN | EPOLLPRI);
    }
}

}  // namespace wakepoll::costs
