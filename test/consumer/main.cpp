// A minimal user's program: it creates a poller, wakes it and waits. tools/lib/consumer.sh builds
// it outside wakepoll's build, without the macros of that: <windows.h> has its min and max.
#include <winsock2.h>
// Winsock comes first.
#include <windows.h>

#include <array>
#include <cstdio>
#include <wakepoll/wakepoll.hpp>

int main() {
    wakepoll::Result<wakepoll::OsPoller> poller = wakepoll::OsPoller::create();
    if (!poller) {
        std::printf("no poller: %s\n", poller.error().message().c_str());
        return 1;
    }
    if (!poller->post_wakeup()) {
        std::printf("the wakeup was not posted\n");
        return 1;
    }
    std::array<wakepoll::NativeEvent, 4> events;
    const wakepoll::WaitResult result =
        poller->wait(events, wakepoll::Timeout::from_milliseconds(5000));
    if (result.error || !result.woken || result.count != 0) {
        std::printf("the wait was not woken\n");
        return 1;
    }
    std::printf("woken\n");
    return 0;
}
