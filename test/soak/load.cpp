// The end of a soak that has found something.
#include "load.hpp"

#include <cstdio>
#include <cstdlib>

namespace soak {

void fail(const std::string& what) {
    // One call, so that nothing of another thread comes between.
    std::printf("%s\n", ("soak: FAILED: " + what).c_str());
    std::fflush(stdout);
    std::_Exit(EXIT_FAILURE);
}

}  // namespace soak
