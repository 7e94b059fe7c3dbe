#include "face/epoll_errors.hpp"

#include <cerrno>

#include "own_errors.hpp"
#include "poller/classify.hpp"
#include "sys/system.hpp"

namespace wakepoll::epoll_errors {
namespace {

constexpr std::uint32_t code_not_a_socket = 10038;  // WSAENOTSOCK
constexpr std::uint32_t code_no_access = 998;       // ERROR_NOACCESS

}  // namespace

int fail(int number, std::uint32_t code) noexcept {
    errno = number;
    sys::set_last_error(code);
    return -1;
}

int fail(std::error_code error) noexcept {
    // The port is closed, or Winsock reports a bad number.
    if (error == std::errc::operation_canceled || error == std::errc::bad_file_descriptor) {
        error = own_errors::bad_file_descriptor();
    }
    const std::error_condition condition = error.default_error_condition();
    return fail(condition.category() == std::generic_category() ? condition.value() : EINVAL,
                win32_code(error));
}

int fail_to_add(Handle handle, std::error_code error) noexcept {
    if (error == std::errc::operation_not_permitted) {
        const Result<HandleType> type = classify(handle);
        if (!type || *type != HandleType::file) {
            return fail(ENOTSOCK, code_not_a_socket);
        }
    }
    return fail(error);
}

int fail_for(Handle handle) noexcept { return fail(not_suitable(handle)); }

int fail_for_null() noexcept { return fail(EFAULT, code_no_access); }

std::error_code not_suitable(Handle handle) noexcept {
    return is_open(handle) ? own_errors::invalid_argument() : own_errors::bad_file_descriptor();
}

}  // namespace wakepoll::epoll_errors
