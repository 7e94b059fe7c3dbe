// The one table from Win32 and Winsock codes to std::errc, with a message for each.
//
// Codes are numbers so that this file also builds without <windows.h>; each has its name next to
// it. Sources: Microsoft's lists of system error codes and of Winsock error codes.
#include "wakepoll/error.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <new>
#include <string>

namespace wakepoll {
inline namespace v0_1 {
namespace {

struct Row {
    int code;
    std::errc condition;
    const char* message;
};

// Sorted by code; the static_assert below checks it.
constexpr Row rows[] = {
    {1, std::errc::function_not_supported, "function not supported"},  // ERROR_INVALID_FUNCTION
    {2, std::errc::no_such_file_or_directory, "not found"},            // ERROR_FILE_NOT_FOUND
    {3, std::errc::no_such_file_or_directory, "path not found"},       // ERROR_PATH_NOT_FOUND
    {4, std::errc::too_many_files_open, "too many open files"},        // ERROR_TOO_MANY_OPEN_FILES
    {5, std::errc::permission_denied, "access denied"},                // ERROR_ACCESS_DENIED
    {6, std::errc::bad_file_descriptor, "bad handle"},                 // ERROR_INVALID_HANDLE
    {8, std::errc::not_enough_memory, "not enough memory"},            // ERROR_NOT_ENOUGH_MEMORY
    {14, std::errc::not_enough_memory, "out of memory"},               // ERROR_OUTOFMEMORY
    {23, std::errc::io_error, "data error"},                           // ERROR_CRC
    {32, std::errc::device_or_resource_busy,
     "in use by another process"},                                    // ERROR_SHARING_VIOLATION
    {38, std::errc::no_message_available, "end of file"},             // ERROR_HANDLE_EOF
    {39, std::errc::no_space_on_device, "no space left"},             // ERROR_HANDLE_DISK_FULL
    {50, std::errc::not_supported, "not supported"},                  // ERROR_NOT_SUPPORTED
    {52, std::errc::address_in_use, "address in use"},                // ERROR_DUP_NAME
    {64, std::errc::connection_reset, "connection reset"},            // ERROR_NETNAME_DELETED
    {80, std::errc::file_exists, "already exists"},                   // ERROR_FILE_EXISTS
    {87, std::errc::invalid_argument, "invalid argument"},            // ERROR_INVALID_PARAMETER
    {109, std::errc::broken_pipe, "pipe has been ended"},             // ERROR_BROKEN_PIPE
    {112, std::errc::no_space_on_device, "no space left"},            // ERROR_DISK_FULL
    {121, std::errc::timed_out, "timed out"},                         // ERROR_SEM_TIMEOUT
    {170, std::errc::device_or_resource_busy, "busy"},                // ERROR_BUSY
    {183, std::errc::file_exists, "already exists"},                  // ERROR_ALREADY_EXISTS
    {230, std::errc::broken_pipe, "bad pipe"},                        // ERROR_BAD_PIPE
    {231, std::errc::device_or_resource_busy, "pipe busy"},           // ERROR_PIPE_BUSY
    {232, std::errc::broken_pipe, "pipe is being closed"},            // ERROR_NO_DATA
    {233, std::errc::broken_pipe, "pipe not connected"},              // ERROR_PIPE_NOT_CONNECTED
    {234, std::errc::message_size, "more data is available"},         // ERROR_MORE_DATA
    {258, std::errc::timed_out, "timed out"},                         // WAIT_TIMEOUT
    {536, std::errc::not_connected, "pipe has no other end yet"},     // ERROR_PIPE_LISTENING
    {676, std::errc::operation_canceled, "socket was closed"},        // ERROR_HANDLES_CLOSED (Wine)
    {735, std::errc::operation_canceled, "port was closed"},          // ERROR_ABANDONED_WAIT_0
    {995, std::errc::operation_canceled, "operation canceled"},       // ERROR_OPERATION_ABORTED
    {996, std::errc::operation_in_progress, "operation incomplete"},  // ERROR_IO_INCOMPLETE
    {997, std::errc::operation_in_progress, "operation pending"},     // ERROR_IO_PENDING
    {998, std::errc::bad_address, "bad address"},                     // ERROR_NOACCESS
    {1117, std::errc::io_error, "device error"},                      // ERROR_IO_DEVICE
    {1167, std::errc::no_such_device, "device not connected"},        // ERROR_DEVICE_NOT_CONNECTED
    {1168, std::errc::no_such_file_or_directory, "not found"},        // ERROR_NOT_FOUND
    {1214, std::errc::address_not_available, "address not available"},  // ERROR_INVALID_NETNAME
    {1225, std::errc::connection_refused, "connection refused"},        // ERROR_CONNECTION_REFUSED
    {1226, std::errc::connection_aborted, "disconnected"},              // ERROR_GRACEFUL_DISCONNECT
    {1227, std::errc::address_in_use, "address in use"},        // ERROR_ADDRESS_ALREADY_ASSOCIATED
    {1229, std::errc::not_connected, "not connected"},          // ERROR_CONNECTION_INVALID
    {1230, std::errc::already_connected, "already connected"},  // ERROR_CONNECTION_ACTIVE
    {1231, std::errc::network_unreachable, "network unreachable"},   // ERROR_NETWORK_UNREACHABLE
    {1232, std::errc::host_unreachable, "host unreachable"},         // ERROR_HOST_UNREACHABLE
    {1233, std::errc::network_unreachable, "protocol unreachable"},  // ERROR_PROTOCOL_UNREACHABLE
    // As Winsock calls it (10054) where the receive begins after the answer has come.
    {1234, std::errc::connection_reset, "port unreachable"},           // ERROR_PORT_UNREACHABLE
    {1235, std::errc::operation_canceled, "request aborted"},          // ERROR_REQUEST_ABORTED
    {1236, std::errc::connection_aborted, "connection aborted"},       // ERROR_CONNECTION_ABORTED
    {1237, std::errc::resource_unavailable_try_again, "try again"},    // ERROR_RETRY
    {1256, std::errc::host_unreachable, "host is down"},               // ERROR_HOST_DOWN
    {1450, std::errc::no_buffer_space, "system resources exhausted"},  // ERROR_NO_SYSTEM_RESOURCES
    {1816, std::errc::not_enough_memory, "quota exceeded"},            // ERROR_NOT_ENOUGH_QUOTA
    {2250, std::errc::not_connected, "not connected"},                 // ERROR_NOT_CONNECTED
    {4317, std::errc::operation_not_permitted,
     "operation not permitted"},                                         // ERROR_INVALID_OPERATION
    {10004, std::errc::interrupted, "interrupted"},                      // WSAEINTR
    {10009, std::errc::bad_file_descriptor, "bad handle"},               // WSAEBADF
    {10013, std::errc::permission_denied, "permission denied"},          // WSAEACCES
    {10014, std::errc::bad_address, "bad address"},                      // WSAEFAULT
    {10022, std::errc::invalid_argument, "invalid argument"},            // WSAEINVAL
    {10024, std::errc::too_many_files_open, "too many open sockets"},    // WSAEMFILE
    {10035, std::errc::operation_would_block, "operation would block"},  // WSAEWOULDBLOCK
    {10036, std::errc::operation_in_progress, "operation in progress"},  // WSAEINPROGRESS
    {10037, std::errc::connection_already_in_progress, "already in progress"},  // WSAEALREADY
    {10038, std::errc::bad_file_descriptor, "not a socket"},                    // WSAENOTSOCK
    {10039, std::errc::destination_address_required, "no destination"},         // WSAEDESTADDRREQ
    {10040, std::errc::message_size, "message too long"},                       // WSAEMSGSIZE
    {10041, std::errc::wrong_protocol_type, "wrong protocol type"},             // WSAEPROTOTYPE
    {10042, std::errc::no_protocol_option, "bad protocol option"},              // WSAENOPROTOOPT
    {10043, std::errc::protocol_not_supported, "protocol not supported"},    // WSAEPROTONOSUPPORT
    {10044, std::errc::not_supported, "socket type not supported"},          // WSAESOCKTNOSUPPORT
    {10045, std::errc::operation_not_supported, "operation not supported"},  // WSAEOPNOTSUPP
    {10046, std::errc::address_family_not_supported,
     "protocol family not supported"},  // WSAEPFNOSUPPORT
    {10047, std::errc::address_family_not_supported,
     "address family not supported"},                                       // WSAEAFNOSUPPORT
    {10048, std::errc::address_in_use, "address in use"},                   // WSAEADDRINUSE
    {10049, std::errc::address_not_available, "address not available"},     // WSAEADDRNOTAVAIL
    {10050, std::errc::network_down, "network down"},                       // WSAENETDOWN
    {10051, std::errc::network_unreachable, "network unreachable"},         // WSAENETUNREACH
    {10052, std::errc::network_reset, "network reset"},                     // WSAENETRESET
    {10053, std::errc::connection_aborted, "connection aborted"},           // WSAECONNABORTED
    {10054, std::errc::connection_reset, "connection reset"},               // WSAECONNRESET
    {10055, std::errc::no_buffer_space, "no buffer space"},                 // WSAENOBUFS
    {10056, std::errc::already_connected, "already connected"},             // WSAEISCONN
    {10057, std::errc::not_connected, "not connected"},                     // WSAENOTCONN
    {10058, std::errc::broken_pipe, "socket was shut down"},                // WSAESHUTDOWN
    {10060, std::errc::timed_out, "connection timed out"},                  // WSAETIMEDOUT
    {10061, std::errc::connection_refused, "connection refused"},           // WSAECONNREFUSED
    {10064, std::errc::host_unreachable, "host is down"},                   // WSAEHOSTDOWN
    {10065, std::errc::host_unreachable, "host unreachable"},               // WSAEHOSTUNREACH
    {10067, std::errc::resource_unavailable_try_again, "too many users"},   // WSAEPROCLIM
    {10091, std::errc::network_down, "network subsystem not ready"},        // WSASYSNOTREADY
    {10092, std::errc::not_supported, "Winsock version not supported"},     // WSAVERNOTSUPPORTED
    {10093, std::errc::operation_not_permitted, "Winsock is not started"},  // WSANOTINITIALISED
    {10101, std::errc::connection_aborted, "disconnected"},                 // WSAEDISCON
    {10103, std::errc::operation_canceled, "operation canceled"},           // WSAECANCELLED
    {10111, std::errc::operation_canceled, "operation canceled"},           // WSA_E_CANCELLED
};

static_assert(std::is_sorted(std::begin(rows), std::end(rows),
                             [](const Row& a, const Row& b) { return a.code < b.code; }));

constexpr const Row* find(int code) noexcept {
    const Row* row = std::lower_bound(std::begin(rows), std::end(rows), code,
                                      [](const Row& r, int wanted) { return r.code < wanted; });
    return row != std::end(rows) && row->code == code ? row : nullptr;
}

class Win32Category final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "wakepoll.win32"; }

    [[nodiscard]] std::string message(int code) const override {
        if (code == 0) {
            return "success";
        }
        const Row* row = find(code);
        return row != nullptr ? row->message : "Windows error " + std::to_string(code);
    }

    [[nodiscard]] std::error_condition default_error_condition(int code) const noexcept override {
        if (code == 0) {
            return {};
        }
        const Row* row = find(code);
        return row != nullptr ? std::make_error_condition(row->condition)
                              : std::error_condition(code, *this);
    }
};

}  // namespace

const std::error_category& win32_category() noexcept {
    // Never destroyed. A destructor would be registered with the runtime, which holds a lock for
    // the registration while it runs the destructors at exit; and one of those, of a static poller,
    // waits for a thread that may be about to report its first error.
    alignas(Win32Category) static std::byte memory[sizeof(Win32Category)];
    static const Win32Category* const category = ::new (memory) Win32Category();
    return *category;
}

}  // namespace v0_1
}  // namespace wakepoll
