// format.hpp: each public type as text.
#include "wakepoll/format.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <ostream>
#include <set>
#include <string>
#include <string_view>

#include "wakepoll/error.hpp"

namespace wakepoll::test {
namespace {

BOOST_AUTO_TEST_SUITE(format)

template <class T>
std::string text(const T& value) {
    return fmt::format("{}", value);
}

struct Case {
    std::string actual;
    std::string_view expected;

    friend std::ostream& operator<<(std::ostream& stream, const Case& c) {
        return stream << c.expected;
    }
};

const Case simple[] = {
    {text(Handle{}), "invalid"},
    {text(Handle{std::uintptr_t{0x1A4}}), "0x1a4"},
    {text(HandleType::unknown), "unknown"},
    {text(HandleType::socket), "socket"},
    {text(HandleType::console), "console"},
    {text(HandleType::pipe), "pipe"},
    {text(HandleType::file), "file"},
    {text(HandleType::event), "event"},
    {text(HandleType::process), "process"},
    {text(HandleType::thread), "thread"},
    {text(HandleType::semaphore), "semaphore"},
    {text(HandleType::timer), "timer"},
    {text(HandleType{99}), "?"},
    {text(IoModel::poll), "poll"},
    {text(IoModel::overlapped), "overlapped"},
    {text(IoModel::waitable), "waitable"},
    {text(IoModel{99}), "?"},
    {text(IoOperation::none), "none"},
    {text(IoOperation::read), "read"},
    {text(IoOperation::write), "write"},
    {text(IoOperation::accept), "accept"},
    {text(IoOperation::connect), "connect"},
    {text(IoOperation{99}), "?"},
    {text(Backend::automatic), "automatic"},
    {text(Backend::wsapoll), "wsapoll"},
    {text(Backend::afd), "afd"},
    {text(Backend{99}), "?"},
    {text(IoInterest::none), "none"},
    {text(IoInterest::read | IoInterest::write | IoInterest::one_shot), "in|out|oneshot"},
    {text(IoInterest::edge_triggered | IoInterest::priority), "pri|et"},
    {text(IoReady::none), "none"},
    {text(IoReady::readable | IoReady::read_hangup), "readable|read_hangup"},
    {text(IoReady::writable | IoReady::error | IoReady::hangup | IoReady::priority),
     "writable|error|hangup|priority"},
    {text(Timeout{}), "0s"},
    {text(wait_forever), "forever"},
    {text(Timeout{std::chrono::nanoseconds(1)}), "1ns"},
    {text(Timeout{std::chrono::microseconds(2500)}), "2500us"},
    {text(Timeout::from_milliseconds(1500)), "1500ms"},
    {text(Timeout{std::chrono::minutes(1)}), "60s"},
};

NativeEvent event_of(std::uint32_t events, std::uint64_t data,
                     const Completion* completion = nullptr) {
    NativeEvent event;
    event.events = events;
    event.data.u64 = data;
    event.completion = completion;
    return event;
}

namespace data = boost::unit_test::data;

BOOST_DATA_TEST_CASE(a_value_is_written_by_its_name, data::make(simple), c) {
    BOOST_TEST(c.actual == c.expected);
}

BOOST_AUTO_TEST_CASE(an_event_is_written_with_the_names_of_its_bits) {
    BOOST_TEST(text(event_of(mask::in | mask::out | mask::hup, 7)) == "events=in|out|hup data=0x7");
    BOOST_TEST(text(event_of(mask::none, 0)) == "events=none data=0x0");
}

BOOST_AUTO_TEST_CASE(bits_without_a_name_are_written_as_a_number) {
    BOOST_TEST(text(event_of(mask::in | 0x00400000, 1)) == "events=in|0x400000 data=0x1");
    BOOST_TEST(text(IoInterest{0x00800000U}) == "0x800000");
    BOOST_TEST(text(IoReady{0x40U}) == "0x40");
}

BOOST_AUTO_TEST_CASE(every_mask_bit_has_a_name_of_its_own) {
    constexpr std::uint32_t all[] = {mask::in,     mask::pri,    mask::out,     mask::err,
                                     mask::hup,    mask::rdnorm, mask::rdband,  mask::wrnorm,
                                     mask::wrband, mask::rdhup,  mask::oneshot, mask::et};
    std::set<std::string> names;
    for (const std::uint32_t bit : all) {
        const std::string name = text(IoInterest{bit});
        BOOST_TEST(name.substr(0, 2) != "0x");
        BOOST_TEST(names.insert(name).second, name << " stands for two bits");
    }
}

BOOST_AUTO_TEST_CASE(a_completion_is_written_with_its_outcome) {
    Completion completion;
    completion.operation = IoOperation::read;
    completion.bytes = 512;
    completion.user_data = 0x10;
    completion.key = 0x20;
    BOOST_TEST(text(completion) == "read bytes=512 user_data=0x10 key=0x20 error=none");
    completion.accepted = Handle(std::uintptr_t{0x30});
    BOOST_TEST(text(completion) ==
               "read bytes=512 user_data=0x10 key=0x20 error=none accepted=0x30");
    completion.accepted = Handle{};
    completion.error = win32_error(995);
    BOOST_TEST(text(completion) ==
               "read bytes=512 user_data=0x10 key=0x20 error=wakepoll.win32:995");
    BOOST_TEST(text(event_of(mask::in, 0x20, &completion)) ==
               "events=in data=0x20 completion=[read bytes=512 user_data=0x10 key=0x20 "
               "error=wakepoll.win32:995]");
}

BOOST_AUTO_TEST_CASE(a_translated_event_is_written_in_a_loops_words) {
    BOOST_TEST(text(OsPoller::translate(event_of(mask::in | mask::rdhup, 255))) ==
               "ready=readable|read_hangup user_data=0xff");
    const Completion completion;
    BOOST_TEST(text(OsPoller::translate(event_of(mask::in, 1, &completion))) ==
               "ready=readable user_data=0x1 completion=[none bytes=0 user_data=0x0 key=0x0 "
               "error=none]");
}

BOOST_AUTO_TEST_CASE(a_wait_result_is_written_on_one_line) {
    WaitResult result;
    BOOST_TEST(text(result) == "count=0 woken=false timer=false error=none");
    result.count = 3;
    result.woken = true;
    result.timer = true;
    result.error = win32_error(10038);
    BOOST_TEST(text(result) == "count=3 woken=true timer=true error=wakepoll.win32:10038");
}

BOOST_AUTO_TEST_CASE(statistics_are_written_with_every_counter_on_one_line) {
    PollerStats stats;
    // A different number in each counter, so that none can be written twice or in another's place.
    stats.waits = 1;
    stats.readiness_events = 2;
    stats.completions = 3;
    stats.wakes_requested = 50;
    stats.wakes_reported = 4;
    stats.socket_polls = 5;
    stats.port_dequeues = 6;
    stats.blocked = 7;
    stats.spurious_returns = 8;
    stats.rechecks = 9;
    stats.doorbells_made = 10;
    stats.doorbells_drained = 11;
    stats.registrations_dropped = 12;
    stats.operations_started = 13;
    stats.operations_at_once = 14;
    stats.operations_canceled = 15;
    stats.late_packets = 16;
    stats.backend = Backend::afd;
    stats.afd_requests = 17;
    stats.afd_cancels = 18;
    stats.backend_moves = 19;
    stats.afd_sockets = 20;
    stats.changes_beside = 21;
    stats.changes_that_roused = 22;
    // Every member but the backend is a std::uint64_t, and all of them are set above.
    static_assert(sizeof(PollerStats) == 24 * sizeof(std::uint64_t));
    BOOST_TEST(text(stats) ==
               "backend=afd waits=1 readiness_events=2 completions=3 operations_started=13 "
               "operations_at_once=14 "
               "operations_canceled=15 late_packets=16 wakes_requested=50 wakes_reported=4 "
               "wakes_coalesced=46 socket_polls=5 port_dequeues=6 blocked=7 spurious_returns=8 "
               "afd_requests=17 afd_sockets=20 afd_cancels=18 backend_moves=19 changes_beside=21 "
               "changes_that_roused=22 rechecks=9 doorbells_made=10 doorbells_drained=11 "
               "registrations_dropped=12");
}

BOOST_AUTO_TEST_CASE(the_specification_is_that_of_a_string) {
    BOOST_TEST(fmt::format("[{:>8}]", HandleType::pipe) == "[    pipe]");
    BOOST_TEST(fmt::format("[{:-<8}]", Handle{}) == "[invalid-]");
    BOOST_TEST(fmt::format("[{:.3}]", Backend::wsapoll) == "[wsa]");
    BOOST_TEST(fmt::format("{}", OverlappedState::in_flight) == "in_flight");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace wakepoll::test
