// Synchronises the threads of a scenario outside the timed part.
#pragma once

#include "support/loopback_sockets.hpp"

namespace wakepoll::bench {

/// Wakes one thread once, whether the thread or the signal comes first. Throws after a long time
/// without a signal, so no scenario hangs.
class Signal {
public:
    Signal() : event_(::CreateEventW(nullptr, FALSE, FALSE, nullptr)) {
        check(event_ != nullptr, "CreateEventW");
    }
    ~Signal() { ::CloseHandle(event_); }
    Signal(const Signal&) = delete;
    Signal& operator=(const Signal&) = delete;

    void give() const { check(::SetEvent(event_) != FALSE, "SetEvent"); }
    void await() const {
        if (::WaitForSingleObject(event_, patience_milliseconds) != WAIT_OBJECT_0) {
            fail("WaitForSingleObject", WAIT_TIMEOUT);
        }
    }

private:
    HANDLE event_;
};

}  // namespace wakepoll::bench
