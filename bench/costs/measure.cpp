// See measure.hpp.
#include "measure.hpp"

#include <valgrind/callgrind.h>

namespace wakepoll::costs {

void Measurement::measure(const Entry& entry, const std::function<void()>& body) {
    if (entry.name.find(filter_) == std::string::npos) {
        body();
        return;
    }
    // Set-up between the entries runs several times as fast without instrumentation.
    CALLGRIND_START_INSTRUMENTATION;
    CALLGRIND_ZERO_STATS;
    body();
    CALLGRIND_DUMP_STATS_AT(entry.name.c_str());
    CALLGRIND_STOP_INSTRUMENTATION;
    entries_.push_back(entry);
}

}  // namespace wakepoll::costs
