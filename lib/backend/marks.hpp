// The mark of objects that belong to the port, by which they are distinguished from others that get
// their number later.
#pragma once

#include "core/port_owners.hpp"
#include "core/registration_table.hpp"
#include "sys/overlapped_io.hpp"

namespace wakepoll::backend {

/// The modes of the object that has the number of a marked one; not marked if it is another
/// poller's. `bad_file_descriptor` if the number is none's, or no file's.
[[nodiscard]] inline Result<sys::FileModes> modes_of(const core::RegistrationTable& table,
                                                     core::Slot slot) noexcept {
    const Handle handle = table[slot].handle;
    // Every poller has the same mark, and another may have the number by now.
    if (core::PortOwners::is_anothers(handle, table.owner())) {
        return sys::FileModes{};
    }
    return sys::modes_of(handle);
}

/// True if the number belongs to another object than the marked one, or to none. False if that
/// cannot be determined.
[[nodiscard]] inline bool is_another(const core::RegistrationTable& table,
                                     core::Slot slot) noexcept {
    if (!table[slot].marked) {
        return false;
    }
    const Result<sys::FileModes> modes = modes_of(table, slot);
    return modes ? !modes->is_marked : modes.error() == std::errc::bad_file_descriptor;
}

}  // namespace wakepoll::backend
