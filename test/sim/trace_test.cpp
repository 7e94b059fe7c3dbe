// The model's trace: the last calls, with their answers.
#include <algorithm>
#include <string>

#include "afd_fixture.hpp"
#include "sys/completion_port.hpp"
#include "sys/doorbell.hpp"

namespace wakepoll::sim {
namespace {

struct TraceFixture : Fixture {
    sys::CompletionPort port = sys::CompletionPort::create().value();
    sys::Doorbell doorbell = sys::Doorbell::create().value();
};

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_trace)

BOOST_FIXTURE_TEST_CASE(the_trace_tells_the_last_calls_with_their_answers, TraceFixture) {
    BOOST_TEST(!port.post(4711));
    kernel.fail_next(Call::port_post, 1450);
    BOOST_TEST(port.post(4712).value() == 1450);
    BOOST_TEST(port.associate(world.never_a_handle(), 9).value() == 6);
    kernel.between_calls([&] { BOOST_TEST(!doorbell.ring()); }, 1.0);
    BOOST_TEST(!doorbell.drain());
    const std::string trace = kernel.trace();
    const auto tells = [&](const char* words) {
        BOOST_TEST((trace.find(words) != std::string::npos), words << " in\n" << trace);
    };
    tells(", 4711) = 0");
    tells(", 4712) = error 1450 (planned)");
    tells(", 9) = error 6\n");
    tells("actor: doorbell_ring(");
    BOOST_TEST(trace.find("4711") < trace.find("4712"));
}

BOOST_FIXTURE_TEST_CASE(the_trace_keeps_only_the_last_calls, TraceFixture) {
    BOOST_TEST(!port.post(4711));
    for (int i = 0; i < 1000; ++i) {
        BOOST_TEST(!doorbell.drain());
    }
    const std::string trace = kernel.trace();
    BOOST_TEST((trace.find("4711") == std::string::npos));
    BOOST_TEST(std::count(trace.begin(), trace.end(), '\n') == 256);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace wakepoll::sim
