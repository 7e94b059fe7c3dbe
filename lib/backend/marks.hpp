// The mark of objects that belong to the port, by which they are told from others that get their
// number later.
#pragma once

#include "core/registration_table.hpp"
#include "sys/overlapped_io.hpp"

namespace wakepoll::backend {

/// The number is another object's than the one that was marked, or none's. False where nothing
/// tells.
[[nodiscard]] inline bool is_another(const core::Registration& registration) noexcept {
    if (!registration.marked) {
        return false;
    }
    const Result<bool> same = sys::is_marked(registration.handle);
    return same ? !*same : same.error() == std::errc::bad_file_descriptor;
}

}  // namespace wakepoll::backend
