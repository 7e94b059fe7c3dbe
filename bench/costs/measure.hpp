// What own-costs measures, one entry after the other.
//
// An entry is a name, how many operations it consists of, how many events these report, and code
// that performs them by the functions of public_calls.hpp. Whatever is to be set up before is done
// by the caller, and is not counted: callgrind looks only at what runs inside of `measure`, and
// writes a file of its own about each entry, with the entry's name in it.
//
// Without callgrind nothing is counted; the program says what it would have measured.
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
    /// Only entries whose name contains `filter` are measured; the others are performed all the
    /// same, for what comes after may depend on it.
    explicit Measurement(std::string filter) : filter_(std::move(filter)) {}

    /// Performs the operations of an entry once, all of them in `body`.
    void measure(const Entry& entry, const std::function<void()>& body);

    [[nodiscard]] const std::vector<Entry>& entries() const noexcept { return entries_; }

private:
    std::string filter_;
    std::vector<Entry> entries_;
};

// One source each.
void measure_waits(Measurement& measurement);
void measure_wakes(Measurement& measurement);
void measure_registrations(Measurement& measurement);
void measure_operations(Measurement& measurement);
void measure_creates(Measurement& measurement);
void measure_epoll(Measurement& measurement);

}  // namespace wakepoll::costs
