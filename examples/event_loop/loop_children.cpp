// Child processes on the portable event loop: feeds each, reads from it, and waits for its exit.
//
// usage: loop_children [--children N] [--bytes N] [--seconds N] Starts itself N times at once, with
// `--child` and a number. A child copies its standard input to its standard output, reports on its
// standard error, and exits with its number. The parent compares every byte. The exit code is 0
// only if every child did all that.
#include <array>
#include <cinttypes>
#include <cstdio>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#ifdef _WIN32
#include <fcntl.h>
#include <io.h>
#endif

#include "arguments.hpp"
#include "child.hpp"
#include "event_loop.hpp"
#include "net.hpp"
#include "process.hpp"

namespace {

struct ChildrenArguments {
    std::uint64_t children = 5;
    std::uint64_t bytes = 200'000;
    std::uint64_t seconds = 600;
    std::uint64_t child = 0;  // the number of this child; 0: the parent
};

// Otherwise the C library of Windows changes line ends.
void use_streams_as_they_are() {
#ifdef _WIN32
    for (std::FILE* stream : {stdin, stdout, stderr}) {
        _setmode(_fileno(stream), _O_BINARY);
    }
#endif
}

std::string last_words(std::uint64_t number, std::uint64_t bytes) {
    return "child " + std::to_string(number) + " copied " + std::to_string(bytes) + " bytes\n";
}

int be_child(std::uint64_t number) {
    use_streams_as_they_are();
    std::array<char, 5000> buffer{};
    std::uint64_t bytes = 0;
    for (;;) {
        const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), stdin);
        if (count == 0) {
            break;
        }
        bytes += std::fwrite(buffer.data(), 1, count, stdout);
        std::fflush(stdout);
    }
    std::fputs(last_words(number, bytes).c_str(), stderr);
    return static_cast<int>(number);
}

// A child, its input and its output.
struct Family {
    std::unique_ptr<example::Child> child;
    std::string input;
    std::string output;
    std::string errors;
    int exit_code = -1;
};

std::string text_for(std::uint64_t number, std::uint64_t bytes) {
    std::string text;
    for (std::uint64_t line = 0; text.size() < bytes; ++line) {
        text += "line " + std::to_string(line) + " for child " + std::to_string(number) + "\n";
    }
    text.resize(static_cast<std::size_t>(bytes));
    return text;
}

bool all_as_it_should_be(const Family& family, std::uint64_t number) {
    const bool right = family.output == family.input &&
                       family.exit_code == static_cast<int>(number) &&
                       family.errors == last_words(number, family.input.size());
    std::printf("child %" PRIu64 ": %zu bytes in, %zu bytes out, exit code %d: %s\n", number,
                family.input.size(), family.output.size(), family.exit_code,
                right ? "as it should be" : "WRONG");
    return right;
}

int raise_children(const ChildrenArguments& arguments) {
    example::EventLoop loop;
    std::vector<Family> families(static_cast<std::size_t>(arguments.children));
    std::uint64_t ended = 0;
    for (std::uint64_t number = 1; number <= arguments.children; ++number) {
        Family& family = families[static_cast<std::size_t>(number - 1)];
        example::ChildCallbacks callbacks;
        callbacks.output = [&family](std::string_view text) { family.output += text; };
        callbacks.errors = [&family](std::string_view text) { family.errors += text; };
        callbacks.ended = [&](int exit_code) {
            family.exit_code = exit_code;
            if (++ended == arguments.children) {
                loop.stop();
            }
        };
        family.child = std::make_unique<example::Child>(loop, std::move(callbacks));
        if (const std::error_code error = family.child->start(
                {example::process::own_path(), "--child", std::to_string(number)})) {
            std::fprintf(stderr, "loop_children: cannot start: %s\n",
                         example::net::describe(error).c_str());
            return 1;
        }
        family.input = text_for(number, arguments.bytes);
        family.child->write(family.input);
        family.child->end_input();
    }
    loop.add_timer(std::chrono::seconds(arguments.seconds), [&] { loop.stop(); });
    if (const std::error_code error = loop.run()) {
        std::fprintf(stderr, "loop_children: %s\n", example::net::describe(error).c_str());
        return 1;
    }
    std::uint64_t right = 0;
    for (std::uint64_t number = 1; number <= arguments.children; ++number) {
        right +=
            all_as_it_should_be(families[static_cast<std::size_t>(number - 1)], number) ? 1 : 0;
    }
    const example::LoopStats stats = loop.stats();
    std::printf("children=%" PRIu64 "\nended=%" PRIu64 "\nright=%" PRIu64 "\ntransfers=%" PRIu64
                "\nwaits=%" PRIu64 "\n",
                arguments.children, ended, right, stats.transfers, stats.waits);
    return right == arguments.children ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    ChildrenArguments arguments;
    const std::optional<int> exit_code = example::parse_arguments(
        argc, argv, "Feeds child processes, reads what they say and sees them exit, in one wait.",
        {
            {"--children", "to start, all at once", &arguments.children, 1, 100},
            {"--bytes", "that each is given to copy", &arguments.bytes, 0, 1 << 30},
            {"--seconds", "give up after this time", &arguments.seconds, 1, 86'400},
            {"--child", "be a child, with this exit code", &arguments.child, 1, 100},
        });
    if (exit_code) {
        return *exit_code;
    }
    if (arguments.child != 0) {
        return be_child(arguments.child);
    }
    try {
        return raise_children(arguments);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "loop_children: %s\n", error.what());
        return 1;
    }
}
