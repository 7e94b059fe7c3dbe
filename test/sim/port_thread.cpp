// See port_thread.hpp.
#include "port_thread.hpp"

#include "kernel.hpp"

namespace wakepoll::sim {
namespace {

/// A thread-local reference, released at the end of the thread.
class Holder {
public:
    Holder() = default;
    Holder(const Holder&) = delete;
    Holder& operator=(const Holder&) = delete;
    ~Holder() { end(nullptr); }

    void end(std::shared_ptr<PortThread> next) {
        if (std::exchange(thread, std::move(next)) != nullptr) {
            Kernel::a_thread_has_ended();
        }
    }

    std::shared_ptr<PortThread> thread;
};

thread_local Holder holder;

}  // namespace

const std::shared_ptr<PortThread>& PortThread::current() {
    if (holder.thread == nullptr) {
        holder.thread = std::make_shared<PortThread>();
    }
    return holder.thread;
}

AnotherThread::AnotherThread() noexcept : before_(std::exchange(holder.thread, nullptr)) {}

AnotherThread::~AnotherThread() { holder.end(std::move(before_)); }

}  // namespace wakepoll::sim
