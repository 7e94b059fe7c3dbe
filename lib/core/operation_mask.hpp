// Translates the outcome of an overlapped operation to an epoll mask.
//
// The direction bit is always set, so that a loop handles the operation. `hup` means that the other
// side is gone, `err` that something went wrong; the end of a stream is no error. A datagram socket
// has no other side that could hang up: one unreachable peer is an error, and the socket remains
// usable.
#pragma once

#include <system_error>

#include "wakepoll/events.hpp"
#include "wakepoll/overlapped.hpp"

namespace wakepoll::core {

[[nodiscard]] inline std::uint32_t direction_of(IoOperation operation) noexcept {
    return operation == IoOperation::write || operation == IoOperation::connect ? mask::out
                                                                                : mask::in;
}

/// Returns the mask for an operation that ended with this error.
[[nodiscard]] inline std::uint32_t operation_mask(IoOperation operation, std::error_code error,
                                                  bool datagram) noexcept {
    const std::uint32_t direction = direction_of(operation);
    if (!error) {
        return direction;
    }
    if (datagram) {
        return direction | mask::err;
    }
    const bool ended = error == std::errc::no_message_available || error == std::errc::broken_pipe;
    if (ended && operation == IoOperation::read) {
        return direction | mask::hup;
    }
    const bool gone = ended || error == std::errc::connection_reset ||
                      error == std::errc::connection_aborted ||
                      error == std::errc::connection_refused;
    return direction | mask::err | (gone ? mask::hup : mask::none);
}

/// True for an error that the other side or the medium reports, as opposed to a reason why the
/// operation could not start.
[[nodiscard]] inline bool is_outcome(std::error_code error) noexcept {
    return error == std::errc::no_message_available || error == std::errc::broken_pipe ||
           error == std::errc::connection_reset || error == std::errc::connection_aborted ||
           error == std::errc::connection_refused || error == std::errc::network_unreachable ||
           error == std::errc::host_unreachable || error == std::errc::network_reset ||
           error == std::errc::timed_out || error == std::errc::message_size ||
           error == std::errc::no_space_on_device || error == std::errc::io_error ||
           error == std::errc::no_such_device;
}

}  // namespace wakepoll::core
