// What wakepoll itself refuses: for each reason the Windows code that means the same, and a
// sentence that says what to do instead.
#include <cstddef>
#include <iterator>
#include <new>
#include <string>

#include "wakepoll/error.hpp"

namespace wakepoll {
inline namespace v0_1 {
namespace {

struct Refusal {
    errc reason;
    std::uint32_t code;
    const char* message;
};

// In the order of `errc`; the static_assert below holds it to that.
constexpr Refusal refusals[] = {
    {errc::bad_handle, 6,  // ERROR_INVALID_HANDLE
     "this is no open handle: it was closed before, or never was one"},
    {errc::attachment_is_over, 6,
     "the attachment is over: keep a handle open while it is attached, and attach it anew"},

    {errc::capacity_out_of_range, 87,  // ERROR_INVALID_PARAMETER
     "max_registrations and max_overlapped_entries of PollerConfig go from 1 to 65536"},
    {errc::unknown_backend, 87, "the backend of PollerConfig has to be an enumerator of Backend"},
    {errc::unknown_interest, 87,
     "the interest has bits that cannot be waited for: combine the enumerators of IoInterest"},
    {errc::edge_triggered, 87,
     "Windows cannot tell an edge: ask for IoInterest::one_shot, and arm it by modify_handle"},
    {errc::only_sockets_become_writable, 87,
     "only a socket can be waited for to write: use submit_write on anything else"},
    {errc::no_room_for_events, 87, "give wait room for one event at least"},
    {errc::reserved_key, 87,
     "take a key that a pointer can hold and that is none of 0xFFFFFFFA to 0xFFFFFFFE"},
    {errc::empty_buffer, 87,
     "give a buffer that is not empty; of no bytes can be: a read of a stream socket, a datagram, "
     "and a message written to a pipe of messages"},
    {errc::buffer_without_memory, 87, "the buffer has a size and no memory: give it some"},
    {errc::buffer_too_long, 87, "give less than 4 GiB of buffers to one operation"},
    {errc::buffer_in_use, 87,
     "the memory belongs to an operation in flight, or is in two buffers of one read: use other "
     "memory, or wait for the end of that operation"},
    {errc::no_room_for_address, 87,
     "give room for the addresses: OsPoller::accept_address_size, OsPoller::address_size"},
    {errc::bad_address, 87, "give a whole sockaddr, such as the bytes of a sockaddr_in"},
    {errc::offset_without_file, 87, "only a file is read and written at an offset: leave it out"},
    {errc::foreign_entry, 87, "give an entry of this poller's own overlapped pool"},
    {errc::attached_elsewhere, 87, "the handle is attached to another poller: submit there"},

    {errc::no_afd_device, 50,  // ERROR_NOT_SUPPORTED
     "this system has no AFD device: use Backend::automatic or Backend::wsapoll"},
    {errc::operation_of_another_kind, 50,
     "a handle of this kind cannot carry this operation: accept and connect are for stream "
     "sockets, datagrams with an address for datagram sockets, submit_connect_pipe for pipes"},
    {errc::register_instead, 50,
     "the handle is not opened for overlapped use, as an anonymous pipe never is: register it "
     "instead, or use a named pipe opened with FILE_FLAG_OVERLAPPED, or a socket made with "
     "WSA_FLAG_OVERLAPPED"},
    {errc::not_overlapped, 50,
     "open the file with FILE_FLAG_OVERLAPPED to submit operations on it"},
    {errc::several_buffers, 50,
     "only a socket takes several buffers in one operation: submit one buffer at a time"},

    {errc::nothing_to_wait_for, 4317,  // ERROR_INVALID_OPERATION
     "there is nothing to wait for: a file or directory is always ready (submit_read and "
     "submit_write read and write it), and NUL, a mutex and a pipe in the mode PIPE_NOWAIT never "
     "say that they are"},

    {errc::write_only_pipe, 5,  // ERROR_ACCESS_DENIED
     "Windows cannot wait for the reader of a pipe that is open for writing alone: submit_write "
     "reports broken_pipe once it is gone, and a pipe that is open for reading, too, reports hup"},

    {errc::already_registered, 183,  // ERROR_ALREADY_EXISTS
     "the handle is registered already: change its interest by modify_handle"},
    {errc::already_attached, 183, "the handle is attached already: submit on its AttachedHandle"},

    {errc::not_registered, 1168,  // ERROR_NOT_FOUND
     "the handle is not registered with this poller: call register_handle first"},
    {errc::not_in_flight, 1168, "no such operation is in flight: it has ended, or none was begun"},
    {errc::entry_not_in_use, 1168, "the entry was given back already"},

    {errc::another_wait, 170,  // ERROR_BUSY
     "another thread waits already: one at a time waits for a poller, others may wake it"},
    {errc::operations_in_flight, 170,
     "operations are in flight on the handle: cancel them or wait for their end, then register it"},
    {errc::registered_for_readiness, 170,
     "the handle is registered for readiness: unregister it, then submit operations"},
    {errc::attached_for_operations, 170,
     "the handle is attached for operations: detach it, then register it"},
    {errc::entry_in_flight, 170,
     "the operation is in flight or not reported yet: cancel it, and release the entry after its "
     "event"},

    {errc::pool_exhausted, 1237,  // ERROR_RETRY
     "all entries of the overlapped pool are in use: wait for events, or raise "
     "max_overlapped_entries of PollerConfig"},
    {errc::late_packet, 1237,
     "the packet of an earlier socket with this number is still to come: wait, and try again"},
    {errc::nothing_to_read, 1237,
     "the pipe is in the mode PIPE_NOWAIT and has nothing to read: try again later, or leave that "
     "mode"},

    {errc::foreign_provider, 10045,  // WSAEOPNOTSUPP
     "AFD cannot poll a socket of this provider: use Backend::automatic or Backend::wsapoll"},
    {errc::no_free_slot, 112,  // ERROR_DISK_FULL
     "all slots are taken: unregister handles, or raise max_registrations of PollerConfig"},
    {errc::pipe_not_connected, 2250,  // ERROR_NOT_CONNECTED
     "the pipe has no other end: wait for a client by submit_connect_pipe, then register it"},
    {errc::no_memory, 8,  // ERROR_NOT_ENOUGH_MEMORY
     "the system has no memory for a poller of this size: lower the capacities of PollerConfig"},
    {errc::poller_is_closed, 995,  // ERROR_OPERATION_ABORTED
     "the poller is disposed, shut down, or was moved from"},
};

constexpr bool is_in_order() noexcept {
    int next = 1;
    for (const Refusal& refusal : refusals) {
        if (static_cast<int>(refusal.reason) != next++) {
            return false;
        }
    }
    return next == static_cast<int>(errc::poller_is_closed) + 1;
}
static_assert(is_in_order());

constexpr const Refusal* find_refusal(int value) noexcept {
    return value >= 1 && value <= static_cast<int>(std::size(refusals)) ? &refusals[value - 1]
                                                                        : nullptr;
}

class RefusalCategory final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "wakepoll"; }

    [[nodiscard]] std::string message(int value) const override {
        const Refusal* const refusal = find_refusal(value);
        return refusal != nullptr ? refusal->message : value == 0 ? "success" : "unknown reason";
    }

    [[nodiscard]] std::error_condition default_error_condition(int value) const noexcept override {
        const Refusal* const refusal = find_refusal(value);
        return refusal != nullptr ? win32_error(refusal->code).default_error_condition()
               : value == 0       ? std::error_condition()
                                  : std::error_condition(value, *this);
    }
};

}  // namespace

const std::error_category& refusal_category() noexcept {
    // Never destroyed, as win32_category() is not.
    alignas(RefusalCategory) static std::byte memory[sizeof(RefusalCategory)];
    static const RefusalCategory* const category = ::new (memory) RefusalCategory();
    return *category;
}

std::uint32_t win32_code(std::error_code error) noexcept {
    constexpr std::uint32_t invalid_function = 1;  // ERROR_INVALID_FUNCTION
    if (!error) {
        return 0;
    }
    if (error.category() == win32_category()) {
        return static_cast<std::uint32_t>(error.value());
    }
    const Refusal* const refusal =
        error.category() == refusal_category() ? find_refusal(error.value()) : nullptr;
    return refusal != nullptr ? refusal->code : invalid_function;
}

}  // namespace v0_1
}  // namespace wakepoll
