// kit: the programs to run, as listed by tools/kit.
#pragma once

#include <istream>
#include <string>
#include <utility>
#include <vector>

namespace wakepoll::kit {

enum class Kind {
    suite,       ///< A program of Boost.Test: its log names the cases.
    program,     ///< Says by its exit code alone whether all went well.
    experiment,  ///< Says by its exit code whether it found an answer, which is its first line.
    benchmark,   ///< As a program; what it prints goes into the report.
};

struct Step {
    Kind kind = Kind::program;
    std::string name;
    bool quick = false;  ///< Runs under --quick, too.
    int minutes = 1;     ///< As long as it may take.
    std::string program;
    std::vector<std::string> arguments;
    std::vector<std::pair<std::string, std::string>> environment;
};

/// The line split at each tab; empty fields count.
[[nodiscard]] std::vector<std::string> split(const std::string& line, char separator);

/// The next line, without its end, which may be that of Windows. False behind the last one.
bool next_line(std::istream& input, std::string& line);

/// Reads a plan: a line a step, its fields separated by tabs (kind, name, "quick" or "full",
/// minutes, program, number of arguments, the arguments, the environment as NAME=VALUE). In an
/// argument or a value `{kit}` stands for the folder of the kit. Throws std::runtime_error if a
/// line is none.
[[nodiscard]] std::vector<Step> read_plan(std::istream& input, const std::string& folder);

}  // namespace wakepoll::kit
