// Whether both directions of a connection are shut down, which neither WSAPoll nor AFD reports.
//
// Both report that the peer has sent FIN; whether this side has, too, has to be queried from the
// socket. It is queried if an answer includes the peer's FIN, once per answer, until both
// directions are shut down: that is final. If the interest excludes the end of the stream, so
// that the FIN alone is not reported, it is queried once, and again when the registration is
// modified. A socket whose peer has not sent FIN is never queried.
#pragma once

#include "core/afd_bits.hpp"
#include "core/event_mask.hpp"
#include "core/registration_table.hpp"

namespace wakepoll::backend {

class HangUps {
public:
    /// `build` is that of Windows.
    explicit HangUps(std::uint32_t build) noexcept
        : told_(build >= first_build ? core::afd_bits::disconnect : 0U) {}

    /// AFD's bit for the peer's FIN if it must be known for every interest, else 0.
    [[nodiscard]] std::uint32_t bits_for(const core::Registration& registration) const noexcept {
        // Branch-free, because it runs whenever a registration changes.
        return (registration.stream & ~std::uint32_t{registration.asked}) * told_;
    }

    /// The peer of a registered socket has sent FIN; returns whether both directions are shut down.
    [[nodiscard]] bool is_full(core::Registration& registration) const noexcept;

    /// The registration begins or is modified: earlier answers no longer count.
    static void forget(core::Registration& registration) noexcept {
        registration.hung_up = false;
        registration.asked = false;
    }

private:
    /// Server 2016. Windows 10 1507 and 1511 are older, and refuse the query.
    static constexpr std::uint32_t first_build = 14393;

    std::uint32_t told_;  ///< The bit, or 0 on a build that refuses the query.
};

}  // namespace wakepoll::backend
