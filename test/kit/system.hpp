// kit: the calls to Windows. The rest of the kit is standard C++.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "report.hpp"

namespace wakepoll::kit {

/// The folder of this program.
[[nodiscard]] std::filesystem::path folder_of_the_kit();

/// The version and build of Windows, or that it is Wine, the processor, the memory, the date.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> describe_system();

/// No dialogue of this process and of those that it starts, whatever happens to them.
void expect_crashes() noexcept;

/// Runs the program of `step`, which is in `folder`, with its output in `output`, no input and no
/// window, for as long as it may take at most; then ends it and all that it has started. `folder`
/// is its current directory, too. The log of a suite is not read yet.
[[nodiscard]] StepResult run(const Step& step, const std::filesystem::path& folder,
                             const std::filesystem::path& output);

/// UTF-8 of a path, and the arguments of `main`.
[[nodiscard]] std::string utf8(const std::wstring& text);

}  // namespace wakepoll::kit
