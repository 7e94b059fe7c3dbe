// What own-costs measures, one entry after the other.
//
// An entry is a name, the number of its operations, how many events an operation reports, and code
// that performs them by the functions of public_calls.hpp. The caller does the set-up, which is not
// counted: callgrind counts only inside `measure`, and writes one file per entry, with the entry's
// name in it.
//
// Without callgrind nothing is counted; the program prints what it would measure.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace wakepoll::costs {

struct Entry {
    std::string name;
    std::size_t operations;
    std::size_t events;  ///< Reported by one operation.
};

class Measurement {
public:
    /// Measures only entries whose name contains `filter`; the others run all the same, because
    /// later entries may depend on them.
    explicit Measurement(std::string filter) : filter_(std::move(filter)) {}

    /// Performs the operations of an entry once, all of them in `body`.
    void measure(const Entry& entry, const std::function<void()>& body);

    [[nodiscard]] const std::vector<Entry>& entries() const noexcept { return entries_; }

private:
    std::string filter_;
    std::vector<Entry> entries_;
};

// One source file each.
void measure_waits(Measurement& measurement);
void measure_wakes(Measurement& measurement);
void measure_registrations(Measurement& measurement);
void measure_operations(Measurement& measurement);
void measure_creates(Measurement& measurement);
void measure_epoll(Measurement& measurement);

}  // namespace wakepoll::costs
