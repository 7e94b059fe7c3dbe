// Reads `--name value` pairs; anything else ends the program with a reason.
#include "arguments.hpp"

#include <algorithm>
#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <string_view>

namespace example {

namespace {

void print_help(const char* program, const char* purpose,
                std::initializer_list<Argument> arguments) {
    std::printf("%s\n\nusage: %s [--name number]...\n\n", purpose, program);
    for (const Argument& argument : arguments) {
        std::printf("  %-18s %s (%" PRIu64 ")\n", argument.name, argument.help, *argument.value);
    }
}

bool parse_number(std::string_view text, const Argument& argument) {
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || rest != end || number < argument.smallest ||
        number > argument.largest) {
        return false;
    }
    *argument.value = number;
    return true;
}

}  // namespace

std::optional<int> parse_arguments(int count, char** words, const char* purpose,
                                   std::initializer_list<Argument> arguments) {
    constexpr int wrong_usage = 2;
    for (int i = 1; i < count; i += 2) {
        const std::string_view name = words[i];
        if (name == "--help" || name == "-h") {
            print_help(words[0], purpose, arguments);
            return 0;
        }
        const auto* const argument = std::find_if(arguments.begin(), arguments.end(),
                                                  [&](const auto& a) { return name == a.name; });
        if (argument == arguments.end()) {
            std::fprintf(stderr, "%s: unknown argument; --help lists them\n", words[i]);
            return wrong_usage;
        }
        if (i + 1 == count || !parse_number(words[i + 1], *argument)) {
            std::fprintf(stderr, "%s: needs a number from %" PRIu64 " to %" PRIu64 "\n", words[i],
                         argument->smallest, argument->largest);
            return wrong_usage;
        }
    }
    return std::nullopt;
}

}  // namespace example
