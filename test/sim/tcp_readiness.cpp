// What WSAPoll and select report of a TCP socket, by state and personality.
//
// | state              | windows_11                | windows_server_2019 | wine_8              |
// |--------------------|---------------------------|---------------------|---------------------|
// | never connected    | nothing                   | same                | same                |
// | connect refused    | ERR, HUP, WRNORM*         | nothing, ever       | ERR                 |
// | FIN, drained       | HUP, WRNORM*              | same                | same                |
// | data, then FIN     | RDNORM*, HUP, WRNORM*     | same                | RDNORM*, WRNORM*    |
// | own FIN, no room   | nothing (not known)       | same                | WRNORM*             |
// | both shut down     | as FIN                    | same                | same                |
// | the same, unread   | RDNORM*, HUP, WRNORM*     | same                | same                |
// | reset              | ERR, HUP, WRNORM*         | same                | same                |
// | out-of-band byte   | RDBAND*                   | same                | same                |
//
// A star: only if asked for. ERR and HUP are always reported. Inline out-of-band bytes are ordinary
// data. That a shutdown of both directions reads like a FIN is an assumption; WSAPoll's
// documentation does not mention it.
#include "behaviours.hpp"
#include "status.hpp"
#include "sys/socket_poll.hpp"
#include "tcp_socket.hpp"

namespace wakepoll::sim {
namespace {

namespace bits = sys::poll_bits;

constexpr int always = bits::err | bits::hup;

int report_of_refusal(const Traits& traits) noexcept {
    switch (traits.refusal_report) {
        case RefusalReport::error_hangup_writable:
            return bits::err | bits::hup | bits::wrnorm;
        case RefusalReport::error_only:
            return bits::err;
        case RefusalReport::nothing:
            break;
    }
    return 0;
}

}  // namespace

bool TcpSocket::is_refused(std::chrono::nanoseconds now) const noexcept {
    return state_ == State::connecting && refused_at_ && now >= *refused_at_;
}

bool TcpSocket::was_refused(const Traits& traits, std::chrono::nanoseconds now) const noexcept {
    return traits.refusal_outlasts_listen && state_ == State::listening && refused_at_ &&
           now >= *refused_at_;
}

std::int16_t TcpSocket::readiness(std::int16_t asked, const Traits& traits,
                                  std::chrono::nanoseconds now) const noexcept {
    int state = 0;
    switch (state_) {
        case State::fresh:
            break;
        case State::listening:
            state = backlog_.empty() ? 0 : bits::rdnorm;
            break;
        case State::connecting:
            state = is_refused(now) ? report_of_refusal(traits) : 0;
            break;
        case State::connected:
            if (reset_) {
                state = bits::err | bits::hup | bits::wrnorm;
                break;
            }
            state |= is_readable() ? bits::rdnorm : 0;
            state |= urgent_ != 0 ? bits::rdband : 0;
            state |= shows_fin(traits) ? bits::hup : 0;
            state |= shows_room(traits) ? bits::wrnorm : 0;
            break;
    }
    return static_cast<std::int16_t>(state & (asked | always));
}

void TcpSocket::note_answer() const noexcept {
    note_if(receive_shut_ && state_ == State::connected && !reset_,
            Behaviour::receive_shut_says_nothing);
}

bool TcpSocket::is_exceptional(const Traits& traits, std::chrono::nanoseconds now) const noexcept {
    return is_refused(now) || was_refused(traits, now) || urgent_ != 0;
}

}  // namespace wakepoll::sim
