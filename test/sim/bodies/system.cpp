// sys/system.hpp over the simulated kernel. Neither function enters the kernel, so neither counts.
#include "sys/system.hpp"

#include "../kernel.hpp"

namespace wakepoll::sys {

std::chrono::nanoseconds now() noexcept { return sim::Kernel::current().now(); }

std::uint32_t windows_build() noexcept { return sim::Kernel::current().traits().build; }

}  // namespace wakepoll::sys
