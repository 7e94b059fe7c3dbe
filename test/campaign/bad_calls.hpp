// Calls that are wrong, and the error that each must give without changing anything (P11, P12).
//
// Made by a random program between its other steps, and on a poller that is shut down or disposed
// of, where every call has one answer.
#pragma once

#include "scene.hpp"

namespace wakepoll::test {

/// Makes one of them.
void call_badly(Scene& scene);

/// Every call answers that the poller is gone.
void check_everything_is_refused(Scene& scene);

}  // namespace wakepoll::test
