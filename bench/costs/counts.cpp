// See counts.hpp.
#include "counts.hpp"

#include <cstdio>

namespace wakepoll::costs {
namespace {

/// Short, and the same text for the same quotient, because the text is compared.
std::string quotient(std::uint64_t calls, std::size_t operations) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.6g",
                  static_cast<double>(calls) / static_cast<double>(operations));
    return text.data();
}

/// Calls `visit` with the name and the number per operation of each kernel call that was made.
template <class Visit>
void for_each_call(const Count& count, const Visit& visit) {
    for (std::size_t i = 0; i < count.calls.size(); ++i) {
        if (count.calls[i] > 0) {
            visit(sim::name_of(static_cast<sim::Call>(i)),
                  quotient(count.calls[i], count.operations));
        }
    }
}

}  // namespace

void Counts::count(std::string name, std::size_t operations, Rig& rig,
                   const std::function<void()>& body, UsersCalls users) {
    rig.kernel.reset_counts();
    body();
    Count& count = counts_.emplace_back();
    count.name = std::move(name);
    count.operations = operations;
    count.total = rig.kernel.calls();
    for (std::size_t i = 0; i < count.calls.size(); ++i) {
        count.calls[i] = rig.kernel.calls(static_cast<sim::Call>(i));
    }
    count.users = std::move(users);
    expect(!rig.kernel.hung(), "no block that nothing ends");
}

void Counts::note(std::string what, std::uint64_t number) {
    counts_.back().noted = std::move(what);
    counts_.back().notes = number;
}

void Counts::print_text() const {
    std::printf("%-38s %10s %8s  %s\n", "scenario", "operations", "calls", "of these");
    for (const Count& count : counts_) {
        std::printf("%-38s %10zu %8s ", count.name.c_str(), count.operations,
                    quotient(count.total, count.operations).c_str());
        for_each_call(count, [](const char* call, const std::string& number) {
            std::printf(" %s=%s", call, number.c_str());
        });
        for (const auto& [call, number] : count.users) {
            std::printf(" user's-own-%s=%s", call.c_str(),
                        quotient(number, count.operations).c_str());
        }
        if (!count.noted.empty()) {
            std::printf(" (%s=%s)", count.noted.c_str(),
                        quotient(count.notes, count.operations).c_str());
        }
        std::printf("\n");
    }
}

void Counts::print_json() const {
    const char* separator = "[";
    for (const Count& count : counts_) {
        std::printf("%s\n  {\"name\": \"%s\", \"operations\": %zu, \"total\": %s, \"calls\": {",
                    separator, count.name.c_str(), count.operations,
                    quotient(count.total, count.operations).c_str());
        separator = "";
        for_each_call(count, [&](const char* call, const std::string& number) {
            std::printf("%s\"%s\": %s", separator, call, number.c_str());
            separator = ", ";
        });
        std::printf("}, \"users\": {");
        separator = "";
        for (const auto& [call, number] : count.users) {
            std::printf("%s\"%s\": %s", separator, call.c_str(),
                        quotient(number, count.operations).c_str());
            separator = ", ";
        }
        std::printf("}");
        if (!count.noted.empty()) {
            std::printf(", \"noted\": {\"%s\": %s}", count.noted.c_str(),
                        quotient(count.notes, count.operations).c_str());
        }
        std::printf("}");
        separator = ",";
    }
    std::printf("\n]");
}

}  // namespace wakepoll::costs
