// What does SIO_TCP_INFO report of a connection that is ending?
#include <cstring>
#include <iterator>

#include "bare.hpp"
#include "experiments.hpp"

namespace wakepoll::experiments {
namespace {

// _WSAIORW(IOC_VENDOR, 39), which older headers do not have.
constexpr DWORD tcp_info = 0xD8000027;
// That of TCP_INFO_v0, whose first member is the state.
constexpr std::size_t size_of_info = 88;

std::string state_of(const Socket& socket) {
    constexpr const char* names[] = {"CLOSED",      "LISTEN",     "SYN_SENT",   "SYN_RCVD",
                                     "ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2", "CLOSE_WAIT",
                                     "CLOSING",     "LAST_ACK",   "TIME_WAIT"};
    DWORD version = 0;
    unsigned char info[size_of_info] = {};
    DWORD size = 0;
    if (::WSAIoctl(socket.get(), tcp_info, &version, sizeof(version), info, sizeof(info), &size,
                   nullptr, nullptr) == SOCKET_ERROR) {
        return "error " + std::to_string(::WSAGetLastError());
    }
    std::uint32_t state = 0;
    std::memcpy(&state, info, sizeof(state));
    return state < std::size(names) ? names[state] : "state " + std::to_string(state);
}

/// The FIN of one end is at the other one, a moment later.
void pause() { ::Sleep(100); }

void reset(Socket& socket) {
    const linger hard = {1, 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, reinterpret_cast<const char*>(&hard),
                 sizeof(hard));
    socket.close();
}

template <typename Action>
std::string after(const char* name, Action action) {
    Connection connection = connect_pair();
    action(connection);
    pause();
    std::string state = state_of(connection.here);
    show(std::string(name) + ": " + state);
    return state;
}

}  // namespace

std::string tcp_states(const Extent& extent) {
    static_cast<void>(extent);
    const std::string open = after("connected", [](Connection&) {});
    const std::string peers_fin = after("after the peer's FIN", [](Connection& connection) {
        ::shutdown(connection.there.get(), SD_SEND);
    });
    const std::string own_fin = after("after the own FIN", [](Connection& connection) {
        ::shutdown(connection.here.get(), SD_SEND);
    });
    const std::string both = after("after both FINs, the peer's first", [](Connection& connection) {
        ::shutdown(connection.there.get(), SD_SEND);
        pause();
        ::shutdown(connection.here.get(), SD_SEND);
    });
    after("after both FINs, the own first", [](Connection& connection) {
        ::shutdown(connection.here.get(), SD_SEND);
        pause();
        ::shutdown(connection.there.get(), SD_SEND);
    });
    after("the peer closed", [](Connection& connection) { connection.there.close(); });
    const std::string after_reset =
        after("after a reset", [](Connection& connection) { reset(connection.there); });
    if (open.compare(0, 5, "error") == 0) {
        return "SIO_TCP_INFO reports no state here (" + open + ")";
    }
    return "after the peer's FIN " + peers_fin + ", after the own " + own_fin + ", after both " +
           both + ", after a reset " + after_reset;
}

}  // namespace wakepoll::experiments
