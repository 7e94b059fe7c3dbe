// Runs a fuzz target once on every input of the corpus.
//
// Linked with one target in the builds without libFuzzer, so that every compiler keeps testing what
// fuzzing has reached and found. The arguments are files, or directories of files. Prints how many
// inputs it ran; none at all is a failure. An input that the target rejects ends the program by a
// signal, and its name is the last line before the target's own output.
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

/// The files of an argument, in the order of their names.
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

/// False if the file cannot be read.
bool run(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    if (!stream) {
        std::fprintf(stderr, "%s: cannot be read\n", file.string().c_str());
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
