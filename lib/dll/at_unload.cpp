// In a DLL alone: what is left of ports goes before the code that serves them.
#include "face/epoll_ports.hpp"
#include "sys/system.hpp"

namespace wakepoll {
namespace {

struct AtUnload {
    AtUnload() = default;
    AtUnload(const AtUnload&) = delete;
    AtUnload& operator=(const AtUnload&) = delete;
    ~AtUnload() {
        // At the end of the process the system takes all back, and threads may hold any lock.
        if (!sys::process_is_ending()) {
            close_epoll_ports();
        }
    }
};

const AtUnload at_unload;

}  // namespace
}  // namespace wakepoll
