// `--name value` for the two programs: numbers with a range, and `--help`. Called once, from main.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>

namespace example {

struct Argument {
    const char* name;  ///< With the dashes.
    const char* help;
    std::uint64_t* value;  ///< Holds the default; replaced where the argument is given.
    std::uint64_t smallest;
    std::uint64_t largest;
};

/// Reads the command line. Nothing where the program may go on; otherwise the code to exit with,
/// after the help (0) or what is wrong (2) was printed.
[[nodiscard]] std::optional<int> parse_arguments(int count, char** words, const char* purpose,
                                                 std::initializer_list<Argument> arguments);

}  // namespace example
