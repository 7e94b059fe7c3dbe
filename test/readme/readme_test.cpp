// README.md's server on a free port, with one client.
#include <winsock2.h>
// Winsock has to come first.
#include <boost/test/unit_test.hpp>
#include <thread>

#include "loopback.hpp"
#include "readme.page.hpp"

BOOST_AUTO_TEST_SUITE(readme)

BOOST_AUTO_TEST_CASE(the_server_echoes) {
    wakepoll::OsPoller poller = wakepoll::OsPoller::create().value();
    const wakepoll::test::LoopbackListener listener;
    BOOST_TEST_REQUIRE(listener.listens());
    bool echoed = true;
    {
        const std::jthread client([&, waker = poller.waker()] {
            for (const char* text : {"hello", "and again"}) {
                echoed = listener.connect().has_echoed(text) && echoed;
            }
            (void)waker.wake();
        });
        readme_page::serve(poller, listener.get());
    }
    BOOST_TEST(echoed);
}

BOOST_AUTO_TEST_SUITE_END()
