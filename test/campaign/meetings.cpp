// See meetings.hpp.
#include "meetings.hpp"

#include <iomanip>
#include <sstream>

namespace wakepoll::test {
namespace {

template <class Visit>
void for_each_behaviour(const sim::Met& met, const Visit& visit) {
    for (std::size_t i = 0; i < sim::behaviours; ++i) {
        visit(met[i], sim::row_of(static_cast<sim::Behaviour>(i)));
    }
}

}  // namespace

Meetings::~Meetings() {
    const sim::Met now = sim::met_so_far();
    for (std::size_t i = 0; i < sim::behaviours; ++i) {
        to_[i] += now[i] - before_[i];
    }
}

std::string wrong_meetings(const sim::Met& met) {
    std::string lines;
    for_each_behaviour(met, [&](std::uint64_t times, const sim::BehaviourRow& row) {
        if ((times == 0) != (row.unmet != nullptr)) {
            lines += std::string(times == 0 ? "never met: " : "met: ") + row.words + " [" +
                     row.facts + "]\n";
        }
    });
    return lines;
}

std::string table_of(const sim::Met& met) {
    std::ostringstream out;
    for_each_behaviour(met, [&](std::uint64_t times, const sim::BehaviourRow& row) {
        out << "  " << std::setw(10) << times << "  " << row.words << " [" << row.facts << ']';
        if (row.unmet != nullptr) {
            out << ": " << row.unmet;
        }
        out << '\n';
    });
    return out.str();
}

}  // namespace wakepoll::test
