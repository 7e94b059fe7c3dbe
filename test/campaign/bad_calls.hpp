// Wrong calls, and the error that each must return without changing anything (P11, P12).
//
// A random program makes them between its other steps, and on a poller that is shut down or
// disposed of, where every call returns the same error.
#pragma once

#include "scene.hpp"

namespace wakepoll::test {

/// Makes one wrong call.
void call_badly(Scene& scene);

/// Checks that every call reports the poller as gone.
void check_everything_is_refused(Scene& scene);

}  // namespace wakepoll::test
