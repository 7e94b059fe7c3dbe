// The clients, in their own process, so that the server's process holds only the server's
// resources.
//
// Two groups talk in an orderly way (LoadClient: every byte compared, half-close, the end awaited),
// and some clients leave abruptly (Leaver). Lines on the standard input control the process, `go`
// and `rest`; it ends with its input. When it has come to rest it reports that in one line of
// numbers: `CrowdReport`. If something is lost it reports that instead, and ends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace soak {

struct CrowdReport {
    std::uint64_t connections = 0;  ///< Connections that ended correctly.
    std::uint64_t bytes = 0;        ///< Bytes that came back and were compared.
    std::uint64_t handles = 0;
    std::uint64_t heap_bytes = 0;

    [[nodiscard]] std::string line() const;
    /// Nothing if the line is something else.
    [[nodiscard]] static std::optional<CrowdReport> from(std::string_view line);
};

/// Runs the process; returns its exit code.
int be_the_crowd(std::uint16_t port);

}  // namespace soak
