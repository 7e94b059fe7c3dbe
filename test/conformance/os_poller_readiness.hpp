// An OsPoller over one backend, as a scenario sees it. For every kernel.
#pragma once

#include <memory>

#include "readiness.hpp"
#include "wakepoll/config.hpp"

namespace wakepoll::test {

[[nodiscard]] std::unique_ptr<Readiness> make_os_poller_readiness(Backend backend);

}  // namespace wakepoll::test
