#include "backend/hang_ups.hpp"

#include "sys/socket.hpp"

namespace wakepoll::backend {

bool HangUps::is_full(core::Registration& registration) const noexcept {
    if (registration.hung_up || bits_for(registration) == 0) {
        return registration.hung_up;
    }
    const Result<bool> shut = sys::is_shut_both_ways(registration.handle);
    const std::error_code error = shut.error();
    // A connection that the peer has ended orderly and that no longer exists is shut down both
    // ways.
    registration.hung_up = shut ? *shut : error == std::errc::not_connected;
    // Not TCP, or not on this system. Kept per socket, because others may support the query.
    const bool untold = error == std::errc::operation_not_supported ||
                        error == std::errc::invalid_argument ||
                        error == std::errc::bad_file_descriptor;
    registration.asked =
        !registration.hung_up && (untold || !core::wants_end(registration.interest));
    return registration.hung_up;
}

}  // namespace wakepoll::backend
