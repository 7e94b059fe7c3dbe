// Runs a fuzz target over files: every input that was kept, once.
//
// Linked with one target in the builds that have no libFuzzer, so that what fuzzing has reached and
// found stays tested by every compiler. The arguments are files, or directories of files. It says
// how many inputs it ran; none at all is a failure. An input that the target refuses ends the
// program by a signal, and the name of that input is the last line before the target's own.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "target.hpp"

namespace {

namespace fs = std::filesystem;

/// The files that an argument means, in the order of their names.
std::vector<fs::path> files_of(const fs::path& argument) {
    if (!fs::is_directory(argument)) {
        return {argument};
    }
    std::vector<fs::path> files;
    for (const fs::directory_entry& entry : fs::directory_iterator(argument)) {
        if (entry.is_regular_file()) {
            files.push_back(entry.path());
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

/// False where the file can not be read.
bool run(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    if (!stream) {
        std::fprintf(stderr, "%s: can not be read\n", file.string().c_str());
        return false;
    }
    const std::vector<char> chars{std::istreambuf_iterator<char>(stream), {}};
    const std::vector<std::uint8_t> bytes(chars.begin(), chars.end());
    std::printf("%s\n", file.string().c_str());
    std::fflush(stdout);
    static_cast<void>(LLVMFuzzerTestOneInput(bytes.data(), bytes.size()));
    return true;
}

}  // namespace

int main(int argc, char** argv) try {
    std::size_t inputs = 0;
    for (int i = 1; i < argc; ++i) {
        for (const fs::path& file : files_of(argv[i])) {
            if (!run(file)) {
                return 1;
            }
            ++inputs;
        }
    }
    std::printf("%zu inputs\n", inputs);
    return inputs == 0 ? 1 : 0;
} catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}
