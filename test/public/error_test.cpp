// win32_category(): what each Windows code means, as a user compares it.
//
// The table is written out a second time here, by name: on Windows the names are those of the
// system's headers, which checks the numbers.
#include "wakepoll/error.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <system_error>

#if defined(_WIN32)
#include <winsock2.h>
// After winsock2.h, always.
#include <windows.h>
#if !defined(ERROR_HANDLES_CLOSED)
// Not in the headers of mingw-w64 10.
#define ERROR_HANDLES_CLOSED 676
#endif
#endif

namespace wakepoll::test {
namespace {

struct Row {
    std::string_view name;
    std::uint32_t code;
    std::uint32_t system_code;
    std::errc condition;

    friend std::ostream& operator<<(std::ostream& stream, const Row& row) {
        return stream << row.name;
    }
};

#if defined(_WIN32)
#define ROW(name, code, condition) \
    { #name, code, name, std::errc::condition }
#else
#define ROW(name, code, condition) \
    { #name, code, code, std::errc::condition }
#endif

// clang-format off
constexpr Row rows[] = {
    ROW(ERROR_INVALID_FUNCTION, 1, function_not_supported),
    ROW(ERROR_FILE_NOT_FOUND, 2, no_such_file_or_directory),
    ROW(ERROR_PATH_NOT_FOUND, 3, no_such_file_or_directory),
    ROW(ERROR_TOO_MANY_OPEN_FILES, 4, too_many_files_open),
    ROW(ERROR_ACCESS_DENIED, 5, permission_denied),
    ROW(ERROR_INVALID_HANDLE, 6, bad_file_descriptor),
    ROW(ERROR_NOT_ENOUGH_MEMORY, 8, not_enough_memory),
    ROW(ERROR_OUTOFMEMORY, 14, not_enough_memory),
    ROW(ERROR_CRC, 23, io_error),
    ROW(ERROR_SHARING_VIOLATION, 32, device_or_resource_busy),
    ROW(ERROR_HANDLE_EOF, 38, no_message_available),
    ROW(ERROR_HANDLE_DISK_FULL, 39, no_space_on_device),
    ROW(ERROR_NOT_SUPPORTED, 50, not_supported),
    ROW(ERROR_DUP_NAME, 52, address_in_use),
    ROW(ERROR_NETNAME_DELETED, 64, connection_reset),
    ROW(ERROR_FILE_EXISTS, 80, file_exists),
    ROW(ERROR_INVALID_PARAMETER, 87, invalid_argument),
    ROW(ERROR_BROKEN_PIPE, 109, broken_pipe),
    ROW(ERROR_DISK_FULL, 112, no_space_on_device),
    ROW(ERROR_SEM_TIMEOUT, 121, timed_out),
    ROW(ERROR_BUSY, 170, device_or_resource_busy),
    ROW(ERROR_ALREADY_EXISTS, 183, file_exists),
    ROW(ERROR_BAD_PIPE, 230, broken_pipe),
    ROW(ERROR_PIPE_BUSY, 231, device_or_resource_busy),
    ROW(ERROR_NO_DATA, 232, broken_pipe),
    ROW(ERROR_PIPE_NOT_CONNECTED, 233, broken_pipe),
    ROW(ERROR_MORE_DATA, 234, message_size),
    ROW(WAIT_TIMEOUT, 258, timed_out),
    ROW(ERROR_HANDLES_CLOSED, 676, operation_canceled),
    ROW(ERROR_ABANDONED_WAIT_0, 735, operation_canceled),
    ROW(ERROR_OPERATION_ABORTED, 995, operation_canceled),
    ROW(ERROR_IO_INCOMPLETE, 996, operation_in_progress),
    ROW(ERROR_IO_PENDING, 997, operation_in_progress),
    ROW(ERROR_NOACCESS, 998, bad_address),
    ROW(ERROR_IO_DEVICE, 1117, io_error),
    ROW(ERROR_DEVICE_NOT_CONNECTED, 1167, no_such_device),
    ROW(ERROR_NOT_FOUND, 1168, no_such_file_or_directory),
    ROW(ERROR_INVALID_NETNAME, 1214, address_not_available),
    ROW(ERROR_CONNECTION_REFUSED, 1225, connection_refused),
    ROW(ERROR_GRACEFUL_DISCONNECT, 1226, connection_aborted),
    ROW(ERROR_ADDRESS_ALREADY_ASSOCIATED, 1227, address_in_use),
    ROW(ERROR_CONNECTION_INVALID, 1229, not_connected),
    ROW(ERROR_CONNECTION_ACTIVE, 1230, already_connected),
    ROW(ERROR_NETWORK_UNREACHABLE, 1231, network_unreachable),
    ROW(ERROR_HOST_UNREACHABLE, 1232, host_unreachable),
    ROW(ERROR_PROTOCOL_UNREACHABLE, 1233, network_unreachable),
    ROW(ERROR_PORT_UNREACHABLE, 1234, connection_reset),
    ROW(ERROR_REQUEST_ABORTED, 1235, operation_canceled),
    ROW(ERROR_CONNECTION_ABORTED, 1236, connection_aborted),
    ROW(ERROR_RETRY, 1237, resource_unavailable_try_again),
    ROW(ERROR_HOST_DOWN, 1256, host_unreachable),
    ROW(ERROR_NO_SYSTEM_RESOURCES, 1450, no_buffer_space),
    ROW(ERROR_NOT_ENOUGH_QUOTA, 1816, not_enough_memory),
    ROW(ERROR_NOT_CONNECTED, 2250, not_connected),
    ROW(ERROR_INVALID_OPERATION, 4317, operation_not_permitted),
    ROW(WSAEINTR, 10004, interrupted),
    ROW(WSAEBADF, 10009, bad_file_descriptor),
    ROW(WSAEACCES, 10013, permission_denied),
    ROW(WSAEFAULT, 10014, bad_address),
    ROW(WSAEINVAL, 10022, invalid_argument),
    ROW(WSAEMFILE, 10024, too_many_files_open),
    ROW(WSAEWOULDBLOCK, 10035, operation_would_block),
    ROW(WSAEINPROGRESS, 10036, operation_in_progress),
    ROW(WSAEALREADY, 10037, connection_already_in_progress),
    ROW(WSAENOTSOCK, 10038, bad_file_descriptor),
    ROW(WSAEDESTADDRREQ, 10039, destination_address_required),
    ROW(WSAEMSGSIZE, 10040, message_size),
    ROW(WSAEPROTOTYPE, 10041, wrong_protocol_type),
    ROW(WSAENOPROTOOPT, 10042, no_protocol_option),
    ROW(WSAEPROTONOSUPPORT, 10043, protocol_not_supported),
    ROW(WSAESOCKTNOSUPPORT, 10044, not_supported),
    ROW(WSAEOPNOTSUPP, 10045, operation_not_supported),
    ROW(WSAEPFNOSUPPORT, 10046, address_family_not_supported),
    ROW(WSAEAFNOSUPPORT, 10047, address_family_not_supported),
    ROW(WSAEADDRINUSE, 10048, address_in_use),
    ROW(WSAEADDRNOTAVAIL, 10049, address_not_available),
    ROW(WSAENETDOWN, 10050, network_down),
    ROW(WSAENETUNREACH, 10051, network_unreachable),
    ROW(WSAENETRESET, 10052, network_reset),
    ROW(WSAECONNABORTED, 10053, connection_aborted),
    ROW(WSAECONNRESET, 10054, connection_reset),
    ROW(WSAENOBUFS, 10055, no_buffer_space),
    ROW(WSAEISCONN, 10056, already_connected),
    ROW(WSAENOTCONN, 10057, not_connected),
    ROW(WSAESHUTDOWN, 10058, broken_pipe),
    ROW(WSAETIMEDOUT, 10060, timed_out),
    ROW(WSAECONNREFUSED, 10061, connection_refused),
    ROW(WSAEHOSTDOWN, 10064, host_unreachable),
    ROW(WSAEHOSTUNREACH, 10065, host_unreachable),
    ROW(WSAEPROCLIM, 10067, resource_unavailable_try_again),
    ROW(WSASYSNOTREADY, 10091, network_down),
    ROW(WSAVERNOTSUPPORTED, 10092, not_supported),
    ROW(WSANOTINITIALISED, 10093, operation_not_permitted),
    ROW(WSAEDISCON, 10101, connection_aborted),
    ROW(WSAECANCELLED, 10103, operation_canceled),
    ROW(WSA_E_CANCELLED, 10111, operation_canceled),
};
// clang-format on

#undef ROW

namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(error)

BOOST_DATA_TEST_CASE(a_code_is_the_systems_and_equals_its_condition, data::make(rows), row) {
    BOOST_TEST(row.code == row.system_code);
    const std::error_code error = win32_error(row.code);
    BOOST_TEST(static_cast<bool>(error));
    BOOST_TEST(error.value() == static_cast<int>(row.code));
    BOOST_TEST((error == row.condition));
    BOOST_TEST((error.default_error_condition() == std::make_error_condition(row.condition)));
}

BOOST_DATA_TEST_CASE(a_code_has_a_message_of_its_own, data::make(rows), row) {
    const std::string message = win32_error(row.code).message();
    BOOST_TEST(!message.empty());
    // The text for codes that are not in the library's table.
    BOOST_TEST(message.find(std::to_string(row.code)) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(zero_is_success) {
    const std::error_code success = win32_error(0);
    BOOST_TEST(!success);
    BOOST_TEST(success.message() == "success");
    BOOST_TEST((success.default_error_condition() == std::error_condition{}));
}

BOOST_AUTO_TEST_CASE(an_unknown_code_keeps_its_number_and_equals_no_errc) {
    const std::error_code unknown = win32_error(12345);
    BOOST_TEST(static_cast<bool>(unknown));
    BOOST_TEST(unknown.message() == "Windows error 12345");
    for (int value = 1; value < 200; ++value) {
        BOOST_TEST_REQUIRE((unknown != std::error_condition(value, std::generic_category())));
    }
    BOOST_TEST((unknown == std::error_condition(12345, win32_category())));
}

BOOST_AUTO_TEST_CASE(a_code_beyond_the_signed_numbers_is_kept) {
    const std::error_code error = win32_error(0xC0000120);
    BOOST_TEST(static_cast<std::uint32_t>(error.value()) == 0xC0000120U);
    BOOST_TEST(!error.message().empty());
}

BOOST_AUTO_TEST_CASE(the_category_is_no_category_of_the_standard_library) {
    BOOST_TEST((win32_category() != std::system_category()));
    BOOST_TEST((win32_category() != std::generic_category()));
    BOOST_TEST((win32_category() == win32_category()));
    BOOST_TEST(win32_category().name() == std::string_view("wakepoll.win32"));
    // The same number, another meaning.
    BOOST_TEST((win32_error(6) != std::error_code(6, std::system_category())));
}

struct Refused {
    errc first;
    errc last;
    std::errc condition;
    std::uint32_t code;

    friend std::ostream& operator<<(std::ostream& stream, const Refused& group) {
        return stream << "from " << static_cast<int>(group.first);
    }
};

// Every reason is in one of these, in order.
constexpr Refused refused[] = {
    {errc::bad_handle, errc::attachment_is_over, std::errc::bad_file_descriptor, 6},
    {errc::capacity_out_of_range, errc::attached_elsewhere, std::errc::invalid_argument, 87},
    {errc::no_afd_device, errc::several_buffers, std::errc::not_supported, 50},
    {errc::nothing_to_wait_for, errc::nothing_to_wait_for, std::errc::operation_not_permitted,
     4317},
    {errc::write_only_pipe, errc::write_only_pipe, std::errc::permission_denied, 5},
    {errc::already_registered, errc::already_attached, std::errc::file_exists, 183},
    {errc::not_registered, errc::entry_not_in_use, std::errc::no_such_file_or_directory, 1168},
    {errc::another_wait, errc::entry_in_flight, std::errc::device_or_resource_busy, 170},
    {errc::pool_exhausted, errc::nothing_to_read, std::errc::resource_unavailable_try_again, 1237},
    {errc::foreign_provider, errc::foreign_provider, std::errc::operation_not_supported, 10045},
    {errc::no_free_slot, errc::no_free_slot, std::errc::no_space_on_device, 112},
    {errc::pipe_not_connected, errc::pipe_not_connected, std::errc::not_connected, 2250},
    {errc::no_memory, errc::no_memory, std::errc::not_enough_memory, 8},
    {errc::poller_is_closed, errc::poller_is_closed, std::errc::operation_canceled, 995},
};

BOOST_DATA_TEST_CASE(a_refusal_equals_its_condition_and_says_what_to_do, data::make(refused),
                     group) {
    static int next = 1;
    BOOST_TEST(static_cast<int>(group.first) == next);
    for (int value = next; value <= static_cast<int>(group.last); ++value) {
        const std::error_code error = static_cast<errc>(value);
        BOOST_TEST((error == group.condition));
        BOOST_TEST((error == static_cast<errc>(value)));
        BOOST_TEST(win32_code(error) == group.code);
        // It is no Windows error, and no other reason of the same kind.
        BOOST_TEST((error != win32_error(group.code)));
        BOOST_TEST((error != static_cast<errc>(value + 1)));
        BOOST_TEST(error.message().size() > 20U);
    }
    next = static_cast<int>(group.last) + 1;
}

BOOST_AUTO_TEST_CASE(a_refusal_is_of_a_category_of_its_own) {
    BOOST_TEST(refusal_category().name() == std::string_view("wakepoll"));
    BOOST_TEST((refusal_category() != win32_category()));
    const std::error_code none(0, refusal_category());
    BOOST_TEST(!none);
    BOOST_TEST(none.message() == "success");
    BOOST_TEST((none.default_error_condition() == std::error_condition{}));
    for (const int value : {-1, static_cast<int>(errc::poller_is_closed) + 1, 10038}) {
        const std::error_code unknown(value, refusal_category());
        BOOST_TEST(unknown.message() == "unknown reason");
        BOOST_TEST((unknown != std::errc::bad_file_descriptor));
        BOOST_TEST(win32_code(unknown) == 1U);
    }
}

BOOST_AUTO_TEST_CASE(every_error_has_a_windows_code) {
    BOOST_TEST(win32_code({}) == 0U);
    BOOST_TEST(win32_code(win32_error(10038)) == 10038U);
    BOOST_TEST(win32_code(win32_error(0xC0000120)) == 0xC0000120U);
    BOOST_TEST(win32_code(std::make_error_code(std::errc::file_exists)) == 1U);
}

BOOST_AUTO_TEST_CASE(different_codes_of_one_meaning_are_different_errors) {
    BOOST_TEST((win32_error(6) != win32_error(10038)));
    BOOST_TEST((win32_error(6) == std::errc::bad_file_descriptor));
    BOOST_TEST((win32_error(10038) == std::errc::bad_file_descriptor));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace wakepoll::test
