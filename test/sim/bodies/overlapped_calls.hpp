// What the bodies of overlapped calls share: they find the object, and start its operation.
#pragma once

#include <cstdint>
#include <memory>
#include <system_error>

#include "../operations.hpp"
#include "../sockets.hpp"
#include "../status.hpp"
#include "../syscall.hpp"
#include "sys/overlapped_io.hpp"

namespace wakepoll::sys::overlapped {

using sim::Call;
using sim::IoObject;
using sim::Operation;
using sim::OperationKind;
using sim::Syscall;

/// The socket, or why there is none.
template <class T>
[[nodiscard]] std::uint32_t find_socket(Syscall& call, Handle socket, std::shared_ptr<T>& found) {
    if (call->winsock_sessions == 0) {
        return sim::code::not_initialised;
    }
    found = call->handles.find_as<T>(socket);
    if (found != nullptr) {
        return 0;
    }
    return call->handles.find_as<sim::Socket>(socket) != nullptr ? sim::code::invalid_argument
                                                                 : sim::code::not_a_socket;
}

/// The object of a file handle that can be read and written, or why there is none.
[[nodiscard]] std::uint32_t find_file(Syscall& call, Handle file, std::shared_ptr<IoObject>& found);

/// Fails the call, and leaves its OVERLAPPED as Windows does.
[[nodiscard]] std::error_code refuse(Syscall& call, NativeOverlapped& overlapped,
                                     std::uint32_t code);

/// Starts an operation that its object has accepted, on an overlapped handle.
[[nodiscard]] Result<Started> start(Syscall& call, Operation operation);

/// Starts the operation, unless its object refuses it.
[[nodiscard]] Result<Started> begin(Syscall& call, Operation operation);

}  // namespace wakepoll::sys::overlapped
