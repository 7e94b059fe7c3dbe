// Kernels and checks for tests that hold for every kind of handle (see watched.hpp).
#pragma once

#include <optional>

#include "stage.hpp"
#include "watched.hpp"

namespace wakepoll::test {

/// Kernels on which everything happens at once if it can.
template <class Body>
void on_prompt_kernels(std::optional<Backend> only, Body&& body) {
#if defined(_WIN32)
    on_kernels(only, 1, body);
#else
    on_kernels(only, 20, body, sim::Options{.early_waits = false, .late_completions = false});
#endif
}

template <class Body>
void on_prompt_kernels(Body&& body) {
    on_prompt_kernels(std::nullopt, body);
}

/// Waits until `user_data` is reported; its mask. An event of any other fails the test.
/// What is answered of a handle that was closed and is not registered any more. Its number may be
/// another handle's by now.
inline bool is_gone(std::error_code error) {
    return error == std::errc::bad_file_descriptor || error == std::errc::no_such_file_or_directory;
}

inline std::uint32_t only_event(OsPoller& poller, std::uint64_t user_data) {
    const auto waited = wait(poller);
    BOOST_TEST(!waited.result.error);
    BOOST_TEST(waited.count() == 1U);
    return waited.mask_of(user_data);
}

/// Nothing is reported, neither at once nor a moment later.
inline void expect_silence(OsPoller& poller) {
    for (const Timeout timeout : {Timeout{}, Timeout{2ms}}) {
        const auto waited = wait(poller, timeout);
        BOOST_TEST(!waited.result.error);
        BOOST_TEST(waited.count() == 0U);
    }
}

}  // namespace wakepoll::test
