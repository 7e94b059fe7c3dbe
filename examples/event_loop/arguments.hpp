// Parses `--name value` for the example programs: numbers with a range, and `--help`.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>

namespace example {

struct Argument {
    const char* name;  ///< With the dashes.
    const char* help;
    std::uint64_t* value;  ///< Holds the default; replaced if the argument is given.
    std::uint64_t smallest;
    std::uint64_t largest;
};

/// Reads the command line. Returns nothing if the program may continue; otherwise the exit code,
/// after printing the help (0) or the fault (2).
[[nodiscard]] std::optional<int> parse_arguments(int count, char** words, const char* purpose,
                                                 std::initializer_list<Argument> arguments);

}  // namespace example
