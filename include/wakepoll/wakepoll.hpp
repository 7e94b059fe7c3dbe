// Includes every public C++ header except format.hpp, which needs fmt.
#pragma once

// IWYU pragma: begin_exports
#include "wakepoll/attached_handle.hpp"
#include "wakepoll/clock.hpp"
#include "wakepoll/config.hpp"
#include "wakepoll/error.hpp"
#include "wakepoll/events.hpp"
#include "wakepoll/handle.hpp"
#include "wakepoll/os_poller.hpp"
#include "wakepoll/overlapped.hpp"
#include "wakepoll/registration.hpp"
#include "wakepoll/stats.hpp"
#include "wakepoll/timeout.hpp"
#include "wakepoll/version.hpp"
#include "wakepoll/wait_result.hpp"
#include "wakepoll/waker.hpp"
// IWYU pragma: end_exports
