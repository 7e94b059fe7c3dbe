// Only in the DLL: closes the remaining ports before the DLL's code is unloaded.
#include "face/epoll_ports.hpp"
#include "sys/system.hpp"

namespace wakepoll {
namespace {

struct AtUnload {
    AtUnload() = default;
    AtUnload(const AtUnload&) = delete;
    AtUnload& operator=(const AtUnload&) = delete;
    ~AtUnload() {
        // At process exit the system frees everything, and terminated threads may hold any lock.
        if (!sys::process_is_ending()) {
            close_epoll_ports();
        }
    }
};

const AtUnload at_unload;

}  // namespace
}  // namespace wakepoll
