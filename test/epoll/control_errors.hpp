// How epoll_ctl fails on Linux, whichever of its arguments are wrong: it checks them in one order.
//
// test/conformance checks this table on Linux, and test/epoll on the C face, with the differences
// that are listed there.
#pragma once

#include <array>
#include <cerrno>
#include <cstddef>
#include <ostream>

namespace wakepoll::test {

enum class PortArgument { open, another_handle, no_handle };

/// Whose number `fd` has.
enum class Subject { event, no_handle, the_port_itself, disk_file, another_port };

inline constexpr std::array all_subjects = {Subject::event, Subject::no_handle,
                                            Subject::the_port_itself, Subject::disk_file,
                                            Subject::another_port};

struct ControlErrors {
    PortArgument port;
    int op;
    bool has_event;
    /// Numbers of `errno`, by subject; 0 where the call succeeds. Nothing is registered before.
    std::array<int, all_subjects.size()> errors;

    [[nodiscard]] int of(Subject subject) const {
        return errors.at(static_cast<std::size_t>(subject));
    }

    friend std::ostream& operator<<(std::ostream& out, const ControlErrors& row) {
        return out << "port " << static_cast<int>(row.port) << ", op " << row.op
                   << (row.has_event ? ", with an event" : ", without an event");
    }
};

namespace control_errors {

// EPOLL_CTL_ADD and so on, of either epoll.h.
inline constexpr int add = 1;
inline constexpr int del = 2;
inline constexpr int mod = 3;

inline constexpr std::array without_an_event = {EFAULT, EFAULT, EFAULT, EFAULT, EFAULT};
inline constexpr std::array without_a_port = {EBADF, EBADF, EBADF, EBADF, EBADF};
inline constexpr std::array at_another_handle = {EINVAL, EBADF, EINVAL, EPERM, EINVAL};
inline constexpr std::array not_registered = {ENOENT, EBADF, EINVAL, EPERM, ENOENT};
inline constexpr std::array no_such_op = {EINVAL, EBADF, EINVAL, EPERM, EINVAL};

}  // namespace control_errors

inline constexpr std::array all_control_errors = [] {
    using enum PortArgument;
    using namespace control_errors;
    return std::to_array<ControlErrors>({
        {open, add, true, {0, EBADF, EINVAL, EPERM, 0}},
        {open, add, false, without_an_event},
        {open, mod, true, not_registered},
        {open, mod, false, without_an_event},
        {open, del, true, not_registered},
        {open, del, false, not_registered},
        {open, 0, true, no_such_op},
        {open, 0, false, without_an_event},
        {open, 4, true, no_such_op},
        {open, 4, false, without_an_event},
        {another_handle, add, true, at_another_handle},
        {another_handle, add, false, without_an_event},
        {another_handle, mod, true, at_another_handle},
        {another_handle, mod, false, without_an_event},
        {another_handle, del, true, at_another_handle},
        {another_handle, del, false, at_another_handle},
        {another_handle, 0, true, at_another_handle},
        {another_handle, 0, false, without_an_event},
        {no_handle, add, true, without_a_port},
        {no_handle, add, false, without_an_event},
        {no_handle, mod, true, without_a_port},
        {no_handle, mod, false, without_an_event},
        {no_handle, del, true, without_a_port},
        {no_handle, del, false, without_a_port},
        {no_handle, 0, true, without_a_port},
        {no_handle, 0, false, without_an_event},
    });
}();

}  // namespace wakepoll::test
