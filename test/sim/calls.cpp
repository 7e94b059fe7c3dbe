// See calls.hpp.
#include "calls.hpp"

#include <algorithm>
#include <iomanip>
#include <sstream>

#include "status.hpp"

namespace wakepoll::sim {
namespace {

using Codes = std::span<const std::uint32_t>;

constexpr std::uint32_t no_memory[] = {code::not_enough_memory, code::no_system_resources};
constexpr std::uint32_t no_resources[] = {code::no_system_resources};
constexpr std::uint32_t no_block[] = {code::not_enough_memory};
constexpr std::uint32_t no_pool[] = {code::no_system_resources, code::not_enough_memory,
                                     code::not_enough_quota};
constexpr std::uint32_t no_network[] = {code::network_down};
constexpr std::uint32_t no_network_or_room[] = {code::network_down, code::no_buffer_space};
constexpr std::uint32_t no_winsock[] = {code::system_not_ready, code::wrong_version,
                                        code::too_many_processes};
constexpr std::uint32_t no_doorbell[] = {code::no_buffer_space, code::too_many_sockets,
                                         code::access_denied, code::address_in_use,
                                         code::network_down};

constexpr std::uint32_t no_transfer[] = {code::no_system_resources, code::not_enough_memory};
constexpr std::uint32_t no_socket[] = {code::too_many_sockets, code::no_buffer_space,
                                       code::network_down};
constexpr std::uint32_t no_port[] = {code::no_buffer_space, code::address_in_use,
                                     code::network_down};
constexpr std::uint32_t no_connect[] = {code::no_buffer_space, code::network_down,
                                        code::address_in_use};

struct Row {
    const char* name;
    Codes codes;
};

// In the order of the enumeration.
const std::array<Row, call_kinds> rows = {{
    {"winsock_start", no_winsock},
    {"winsock_end", {}},
    {"socket_kind", no_network},
    {"is_connected", no_network},
    {"is_listening", no_network},
    {"is_shut_both_ways", no_network},
    {"poll_sockets", no_network_or_room},
    {"failed_connects", no_network_or_room},
    {"port_create", no_memory},
    {"port_associate", no_memory},
    {"port_post", no_pool},
    {"port_dequeue", no_memory},
    {"port_protect", {}},
    {"port_close", {}},
    {"file_type", no_memory},
    {"is_console", {}},
    {"is_pipe", {}},
    {"object_type", no_memory},
    {"doorbell_create", no_doorbell},
    {"doorbell_ring", no_network_or_room},
    {"doorbell_drain", no_network},
    {"doorbell_close", {}},
    {"receive", no_network_or_room},
    {"receive_from", no_network_or_room},
    {"send", no_network_or_room},
    {"send_to", no_network_or_room},
    {"read", no_transfer},
    {"write", no_transfer},
    {"socket_like", no_socket},
    {"accept", no_network_or_room},
    {"accepted_addresses", {}},
    {"update_accept_context", no_network_or_room},
    {"bind_any", no_port},
    {"connect", no_connect},
    {"update_connect_context", no_network_or_room},
    {"connect_pipe", no_transfer},
    {"close_socket", {}},
    {"cancel", {}},
    {"has_file_handles", no_network},
    {"skip_packets", no_memory},
    {"skips_packets", no_memory},
    {"mark", no_memory},
    {"is_marked", no_memory},
    {"is_overlapped", no_memory},
    {"readable_bytes", no_memory},
    {"carries_messages", {}},
    {"reads_wait", {}},
    {"wait_arm", no_memory},
    {"wait_disarm", {}},
    {"pipe_wait_arm", no_memory},
    {"take_signal", {}},
    {"is_auto_reset", no_memory},
    {"timer_create", no_memory},
    {"timer_set", no_resources},
    {"timer_cancel", {}},
    {"timer_close", {}},
    {"next_console_record", {}},
    {"discard_console_record", {}},
    {"afd_open", no_memory},
    {"afd_poll", no_transfer},
    {"afd_cancel", {}},
    {"afd_close", {}},
    {"base_socket", no_network},
    {"next_socket", no_network},
    {"memory_allocate", no_block},
}};

const Row& row_of(Call call) noexcept { return rows[static_cast<std::size_t>(call)]; }

void print(std::ostream& out, const CallRecord& record) {
    const auto microseconds =
        std::chrono::duration_cast<std::chrono::microseconds>(record.time).count();
    out << std::setw(12) << microseconds << " us  " << (record.by_actor ? "actor: " : "")
        << name_of(record.call) << '(' << record.subject << ", " << record.argument << ") = ";
    if (record.code != 0) {
        out << "error " << record.code << (record.by_fault ? " (planned)" : "");
    } else {
        out << record.answer;
    }
    out << '\n';
}

}  // namespace

const char* name_of(Call call) noexcept { return row_of(call).name; }

std::span<const std::uint32_t> possible_codes(Call call) noexcept { return row_of(call).codes; }

void CallLog::count(Call call) noexcept {
    ++counts_[static_cast<std::size_t>(call)];
    ++total_;
}

void CallLog::record(const CallRecord& record) {
    if (record.by_fault && record.code != 0) {
        failures_.push_back({record.call, record.code});
    }
    records_[recorded_ % trace_length] = record;
    ++recorded_;
}

std::uint64_t CallLog::counted(Call call) const noexcept {
    return counts_[static_cast<std::size_t>(call)];
}

void CallLog::reset_counts() noexcept {
    counts_ = {};
    total_ = 0;
}

std::string CallLog::trace() const {
    std::ostringstream out;
    const std::uint64_t length = std::min<std::uint64_t>(recorded_, trace_length);
    for (std::uint64_t i = recorded_ - length; i != recorded_; ++i) {
        print(out, records_[i % trace_length]);
    }
    return out.str();
}

}  // namespace wakepoll::sim
