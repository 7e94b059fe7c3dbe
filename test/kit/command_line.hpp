// kit: builds command lines for CreateProcess.
#pragma once

#include <string>
#include <vector>

namespace wakepoll::kit {

/// The program and its arguments as one line, quoted so that the C runtime takes it apart into the
/// same again.
[[nodiscard]] std::string command_line(const std::string& program,
                                       const std::vector<std::string>& arguments);

}  // namespace wakepoll::kit
