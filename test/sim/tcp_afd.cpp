// What AFD reports of a TCP socket, by state and personality.
//
// | state                  | windows_11          | windows_server_2019 | wine_8               |
// |------------------------|---------------------|---------------------|----------------------|
// | never connected        | nothing             | same                | same                 |
// | connection in backlog  | ACCEPT              | same                | same                 |
// | connecting             | nothing             | same                | same                 |
// | connect refused        | CONNECT_FAIL        | same                | same                 |
// | listening after that   | CONNECT_FAIL        | same                | nothing              |
// | connected, room        | SEND                | same                | same                 |
// | data                   | RECEIVE             | same                | same                 |
// | FIN, drained           | DISCONNECT          | same                | same                 |
// | data, then FIN         | RECEIVE, DISCONNECT | same                | RECEIVE              |
// | own FIN, no room       | nothing (not known) | same                | SEND                 |
// | both FINs, data unread | RECEIVE, DISCONNECT | same                | same                 |
// | reset                  | ABORT, SEND         | same                | same                 |
// | out-of-band byte       | RECEIVE_EXPEDITED   | same                | same                 |
//
// Each only if asked for. SEND stays after a FIN of either side, like WSAPoll's WRNORM. Inline
// out-of-band bytes are ordinary data. All of it was seen on Wine 8; that a reset leaves only SEND
// beside ABORT on Windows, too, is an assumption. CONNECT, which every connected socket has, is not
// modelled, because the library does not use it. Closed sockets are handled in afd_device.cpp. That
// a socket which listens after a refusal still has CONNECT_FAIL follows from its place in select's
// except set [W23], for which select polls AFD.
#include "sys/afd_device.hpp"
#include "tcp_socket.hpp"

namespace wakepoll::sim {

namespace afd_bits = sys::afd_bits;

std::uint32_t TcpSocket::afd_readiness(const Traits& traits,
                                       std::chrono::nanoseconds now) const noexcept {
    std::uint32_t state = 0;
    switch (state_) {
        case State::fresh:
            break;
        case State::listening:
            state |= backlog_.empty() ? 0 : afd_bits::accept;
            state |= was_refused(traits, now) ? afd_bits::connect_fail : 0;
            break;
        case State::connecting:
            state = is_refused(now) ? afd_bits::connect_fail : 0;
            break;
        case State::connected:
            if (reset_) {
                state = afd_bits::abort | afd_bits::send;
                break;
            }
            state |= is_readable() ? afd_bits::receive : 0;
            state |= urgent_ != 0 ? afd_bits::receive_expedited : 0;
            state |= shows_fin(traits) ? afd_bits::disconnect : 0;
            state |= shows_room(traits) ? afd_bits::send : 0;
            break;
    }
    return state;
}

}  // namespace wakepoll::sim
