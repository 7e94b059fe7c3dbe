// Whether both directions of a connection are shut, which neither WSAPoll nor AFD says.
//
// Both report that the peer has sent FIN; that this side has, too, the socket itself has to be
// asked. It is asked where the peer's FIN is answered, once an answer, until both are shut: from
// then on it stays so. Where the interest wants no end of the stream, so that the FIN alone is
// nothing to report, it is asked once, and again when the registration is modified. A socket whose
// peer has not sent FIN is never asked.
#pragma once

#include "core/afd_bits.hpp"
#include "core/event_mask.hpp"
#include "core/registration_table.hpp"

namespace wakepoll::backend {

class HangUps {
public:
    /// Of this build of Windows.
    explicit HangUps(std::uint32_t build) noexcept
        : told_(build >= first_build ? core::afd_bits::disconnect : 0U) {}

    /// AFD's bit for the peer's FIN where that is to be known whatever the interest wants, else 0.
    [[nodiscard]] std::uint32_t bits_for(const core::Registration& registration) const noexcept {
        // Without a branch, for it is asked whenever a registration changes.
        return (registration.stream & ~std::uint32_t{registration.asked}) * told_;
    }

    /// The peer of a registered socket has sent FIN; whether both directions are shut.
    [[nodiscard]] bool is_full(core::Registration& registration) const noexcept;

    /// The registration begins or is modified: what was known of it is asked anew.
    static void forget(core::Registration& registration) noexcept {
        registration.hung_up = false;
        registration.asked = false;
    }

private:
    /// Server 2016. Windows 10 1507 and 1511 are older, and refuse the question.
    static constexpr std::uint32_t first_build = 14393;

    std::uint32_t told_;  ///< The bit, or 0 on a build that does not say.
};

}  // namespace wakepoll::backend
