// The clients, which are a process of their own, so that what the server holds is the server's.
//
// Two groups talk with good manners (LoadClient: every byte compared, half-close, the end awaited),
// and beside them some leave without (Leaver). The process is told what to do by lines on its
// standard input, `go` and `rest`, and ends with it. When it has come to rest it says so, in one
// line of numbers: `CrowdReport`. Where something is lost it says that instead, and ends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace soak {

struct CrowdReport {
    std::uint64_t connections = 0;  ///< That came to their end as they should.
    std::uint64_t bytes = 0;        ///< That came back and were compared.
    std::uint64_t handles = 0;
    std::uint64_t heap_bytes = 0;

    [[nodiscard]] std::string line() const;
    /// Nothing where the line is something else.
    [[nodiscard]] static std::optional<CrowdReport> from(std::string_view line);
};

/// What the process does; the exit code.
int be_the_crowd(std::uint16_t port);

}  // namespace soak
