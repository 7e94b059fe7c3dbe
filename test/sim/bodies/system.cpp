// sys/system.hpp over the simulated kernel. None of these functions enters the kernel, so none is
// counted.
#include "sys/system.hpp"

#include "../kernel.hpp"

namespace wakepoll::sys {

std::chrono::nanoseconds now() noexcept { return sim::Kernel::current().now(); }

std::uint32_t windows_build() noexcept { return sim::Kernel::current().traits().build; }

bool process_is_ending() noexcept { return sim::Kernel::process_is_ending(); }

void set_last_error(std::uint32_t code) noexcept { sim::last_error = code; }

}  // namespace wakepoll::sys
