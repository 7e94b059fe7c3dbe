// See behaviours.hpp.
#include "behaviours.hpp"

#include <atomic>

namespace wakepoll::sim {
namespace {

constexpr const char* legal_alone = "the poller asks for legal bits only";
constexpr const char* asks_streams_alone = "the poller skips packets of connections only";
constexpr const char* closed_last = "the poller closes its port when no thread waits for it";

// In the order of the enumeration.
constexpr std::array<BehaviourRow, behaviours> behaviour_rows = {{
    {"A21", "AFD: a refused connect, with the status of its item"},
    {"A22, W21", "a socket whose connect was refused connects again"},
    {"W23", "a socket whose connect was refused listens"},
    {"W23", "a listener whose connect was refused is in select's except set"},
    {"W23", "a listener whose connect was refused: AFD's CONNECT_FAIL"},
    {"W18", "WSAPoll: a reset is WRNORM, too"},
    {"A15, W11", "own SD_RECEIVE: nothing is reported for it"},
    {"A19", "both directions shut, reported by SIO_TCP_INFO"},
    {"not known", "both directions shut, reported by WSAENOTCONN"},
    {"S10", "an out-of-band byte is taken, and another stays"},
    {"libuv, .NET", "UDP port unreachable: readable"},

    {"libuv, .NET", "UDP port unreachable: a receive ends with WSAECONNRESET"},
    {"S4", "a receive after SD_RECEIVE fails with WSAESHUTDOWN"},
    {"S2", "a receive after a send to a closed peer: WSAECONNABORTED"},
    {"S5", "a send takes more than there is room for"},
    {"S7", "a receive on an unbound UDP socket: WSAEINVAL"},

    {"O8", "a connection closed over a receive: 1236"},
    {"O9", "a UDP socket closed over a receive: 995"},
    {"O10", "a listener closed over an accept: 995"},
    {"O11", "an accept's socket closed when a connection has come: 1236"},
    {"P2", "a pipe closed over a read: 109"},
    {"O18", "ConnectEx pends, though it could complete at once"},
    {"O17", "ConnectEx while another is pending: WSAEINVAL"},
    {"O19", "a refused call looks pending"},
    {"O6", "skipping packets hides a warning", asks_streams_alone},

    {"P11", "a cancelled pipe write is withdrawn"},
    {"P10", "a pending pipe write counts as a whole"},
    {"P12", "an empty pipe write does not wait for its turn"},
    {"P6", "a disconnected pipe is peeked: 230 or 233"},
    {"P6", "a disconnected pipe is read or written: 233"},
    {"P14", "an operation on a pipe that is disconnected ends with 233"},
    {"P19", "a read in the mode PIPE_NOWAIT finds nothing: 232"},
    {"conhost", "a key that yields no character signals a console"},
    {"P15", "a pipe with an operation pending is not signalled",
     "the poller waits for no pipe as an object"},
    {"libuv, bun, node", "a call on a synchronous pipe waits for a read",
     "in the programs only the poller reads from such a pipe"},

    {"K2", "a packet for a blocked dequeue signals the port to no wait"},
    {"K4", "a closed port ends a dequeue", closed_last},
    {"K5", "a closed port ends a wait for it", closed_last},
    {"W15", "WSAPoll runs an APC and continues"},
    {"K9", "a call takes a handle with a low bit set"},

    {"A4", "AFD: nothing is ready, timeout 0: success, count 0"},
    {"A27", "a device closed over a request ends it"},
    {"not known", "a packet of a request that was answered at once"},
    {"trio, wepoll, bun", "a cancel takes effect late"},
    {"trio, wepoll, bun", "the newer of two requests over one socket is deaf",
     "no socket is in two requests at a time (P14)"},

    {"W3, W5, W6", "WSAPoll refuses illegal bits", legal_alone},
    {"O5", "skipping packets, or the mark, is refused of a synchronous handle", asks_streams_alone},
}};

// Atomic, because each kernel has its own lock.
std::array<std::atomic<std::uint64_t>, behaviours> behaviour_counts;

}  // namespace

const BehaviourRow& row_of(Behaviour behaviour) noexcept {
    return behaviour_rows[static_cast<std::size_t>(behaviour)];
}

void note(Behaviour behaviour) noexcept {
    behaviour_counts[static_cast<std::size_t>(behaviour)].fetch_add(1, std::memory_order_relaxed);
}

Met met_so_far() noexcept {
    Met met{};
    for (std::size_t i = 0; i < behaviours; ++i) {
        met[i] = behaviour_counts[i].load(std::memory_order_relaxed);
    }
    return met;
}

}  // namespace wakepoll::sim
