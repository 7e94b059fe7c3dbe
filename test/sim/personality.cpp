// The values of the traits; see personality.hpp for what each means.
#include "personality.hpp"

#include "random.hpp"
#include "status.hpp"

namespace wakepoll::sim {
namespace {

using namespace std::chrono_literals;

constexpr Traits windows_11 = {
    .name = "windows_11",
    .build = 22631,
    .refusal_delay = 2s,
    .refusal_report = RefusalReport::error_hangup_writable,
    .hangup_before_drained = true,
    .writable_after_own_fin = false,
    .end_of_stream_after_reset = false,
    .poll_runs_apcs = true,
    .refuses_illegal_events = true,
    .sends_take_all = true,
    .unbound_receive_code = code::invalid_argument,
    .reports_unreachable = true,
    .refusal_outlasts_listen = false,  // Off. W23: true.
    .aborts_after_late_send = true,
    .closed_status = status::cancelled,
    .closed_connection_status = status::cancelled,  // Off. O8: connection_aborted.
    .closed_pipe_status = status::pipe_broken,
    .late_accept_may_abort = true,
    .connects_pend = true,
    .connecting_code = code::invalid_argument,
    .refused_looks_pending = true,
    .skipping_hides_warnings = true,
    .file_operations_pend = false,
    .closed_port_ends_wait = true,
    .dequeues_come_first = true,
    .ports_hold_back = true,
    .rubbish_in_internal = false,
    .deaf_polls = Seeded::no,     // To be `by_seed` once one request at most covers a socket.
    .stray_packets = Seeded::no,  // To be `by_seed` once such a packet ends nothing.
    .tells_next_socket = true,
    .earliness = 15ms,
    .lateness = 0ns,
    .timer_floor = 0ns,
    .timer_earliness = 100us,
    .timer_lateness = 300us,
};

// Before build 19041 WSAPoll never told of a refused connect; otherwise the same kernel.
constexpr Traits windows_server_2019 = [] {
    Traits traits = windows_11;
    traits.name = "windows_server_2019";
    traits.build = 17763;
    traits.refusal_report = RefusalReport::nothing;
    return traits;
}();

constexpr Traits wine_8 = {
    .name = "wine_8",
    .build = 19043,
    .refusal_delay = 0ns,
    .refusal_report = RefusalReport::error_only,
    .hangup_before_drained = false,
    .writable_after_own_fin = true,
    .end_of_stream_after_reset = true,
    .poll_runs_apcs = false,
    .refuses_illegal_events = false,
    .sends_take_all = false,
    .unbound_receive_code = code::would_block,
    .reports_unreachable = false,
    .refusal_outlasts_listen = false,
    .aborts_after_late_send = false,
    .closed_status = status::handles_closed,
    .closed_connection_status = status::handles_closed,
    .closed_pipe_status = status::handles_closed,
    .late_accept_may_abort = false,
    .connects_pend = false,
    .connecting_code = code::already,
    .refused_looks_pending = false,
    .skipping_hides_warnings = false,
    .file_operations_pend = true,
    .closed_port_ends_wait = false,
    .dequeues_come_first = false,
    .ports_hold_back = false,
    .rubbish_in_internal = true,
    .deaf_polls = Seeded::no,
    .stray_packets = Seeded::no,
    .tells_next_socket = false,
    .earliness = 0ns,
    .lateness = 100us,
    .timer_floor = 1ms,
    .timer_earliness = 0ns,
    .timer_lateness = 200us,
};

}  // namespace

const Traits& traits_of(Personality personality) noexcept {
    switch (personality) {
        case Personality::windows_server_2019:
            return windows_server_2019;
        case Personality::wine_8:
            return wine_8;
        case Personality::windows_11:
            break;
    }
    return windows_11;
}

Traits with_seed(const Traits& traits, std::uint64_t seed) noexcept {
    Traits decided = traits;
    Random random(seed);
    for (Seeded* trait : {&decided.deaf_polls, &decided.stray_packets}) {
        const Seeded drawn = random.below(2) == 0 ? Seeded::no : Seeded::yes;
        *trait = *trait == Seeded::by_seed ? drawn : *trait;
    }
    return decided;
}

}  // namespace wakepoll::sim
