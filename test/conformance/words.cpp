// Masks and errors as words, the same on every system.
#include <array>
#include <string>
#include <utility>

#include "scene.hpp"

namespace wakepoll::test {
namespace {

constexpr std::array<std::pair<std::uint32_t, const char*>, 10> mask_words = {{
    {mask::in, "in"},
    {mask::pri, "pri"},
    {mask::out, "out"},
    {mask::rdnorm, "rdnorm"},
    {mask::wrnorm, "wrnorm"},
    {mask::rdband, "rdband"},
    {mask::wrband, "wrband"},
    {mask::rdhup, "rdhup"},
    {mask::err, "err"},
    {mask::hup, "hup"},
}};

// The conditions that a scenario can meet. One condition may have two enumerators on a system.
constexpr std::array<std::pair<std::errc, const char*>, 15> error_words = {{
    {std::errc::bad_file_descriptor, "bad_file_descriptor"},
    {std::errc::connection_aborted, "connection_aborted"},
    {std::errc::connection_refused, "connection_refused"},
    {std::errc::connection_reset, "connection_reset"},
    {std::errc::device_or_resource_busy, "device_or_resource_busy"},
    {std::errc::file_exists, "file_exists"},
    {std::errc::invalid_argument, "invalid_argument"},
    {std::errc::message_size, "message_size"},
    {std::errc::no_such_file_or_directory, "no_such_file_or_directory"},
    {std::errc::not_a_socket, "not_a_socket"},
    {std::errc::not_connected, "not_connected"},
    {std::errc::operation_not_permitted, "operation_not_permitted"},
    {std::errc::operation_would_block, "operation_would_block"},
    {std::errc::broken_pipe, "broken_pipe"},
    {std::errc::operation_canceled, "operation_canceled"},
}};

}  // namespace

std::string words_of(std::uint32_t mask) {
    std::string words;
    const auto append = [&](const std::string& word) {
        words += (words.empty() ? "" : "|") + word;
    };
    for (const auto& [bit, word] : mask_words) {
        if ((mask & bit) != 0) {
            append(word);
            mask &= ~bit;
        }
    }
    if (mask != mask::none) {
        append("unknown bits " + std::to_string(mask));
    }
    return words.empty() ? "nothing" : words;
}

std::string words_of(const std::error_code& error) {
    if (!error) {
        return "success";
    }
    for (const auto& [condition, word] : error_words) {
        if (error == condition) {
            return word;
        }
    }
    return "unexpected: " + error.message();
}

}  // namespace wakepoll::test
