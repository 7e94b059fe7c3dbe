// The server that README.md shows, against one client, in a separate program: consumer_by_one_file
// of tools/lib/consumer.sh builds it with dist/ and nothing else.
#include <winsock2.h>
// Winsock comes first.
#include <cstdio>
#include <thread>

#include "loopback.hpp"
#include "readme.page.hpp"

int main() {
    wakepoll::OsPoller poller = wakepoll::OsPoller::create().value();
    const wakepoll::test::LoopbackListener listener;
    bool echoed = false;
    if (listener.listens()) {
        const std::jthread client([&, waker = poller.waker()] {
            echoed = listener.connect().has_echoed("hello");
            (void)waker.wake();
        });
        readme_page::serve(poller, listener.get());
    }
    std::puts(echoed ? "echoed" : "not echoed");
    return echoed ? 0 : 1;
}
