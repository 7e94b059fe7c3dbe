// sys::now and sys::windows_build, each compared with another source.
#include "sys/system.hpp"

#include <array>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <string>
#include <thread>

#include "support/win32_objects.hpp"
#include "sys/completion_port.hpp"

using namespace std::chrono_literals;
using namespace wakepoll;

BOOST_AUTO_TEST_SUITE(sys_system)

BOOST_AUTO_TEST_CASE(the_clock_never_goes_back) {
    std::chrono::nanoseconds last = sys::now();
    for (int i = 0; i < 100'000; ++i) {
        const std::chrono::nanoseconds current = sys::now();
        BOOST_REQUIRE((current >= last));
        last = current;
    }
}

BOOST_AUTO_TEST_CASE(the_clock_is_the_same_on_every_thread) {
    std::chrono::nanoseconds last = sys::now();
    for (int i = 0; i < 50; ++i) {
        std::chrono::nanoseconds other{};
        std::thread([&] { other = sys::now(); }).join();
        BOOST_REQUIRE((other >= last));
        last = sys::now();
        BOOST_REQUIRE((last >= other));
    }
}

BOOST_AUTO_TEST_CASE(the_clock_runs_as_fast_as_the_counter_it_reads) {
    LARGE_INTEGER frequency;
    ::QueryPerformanceFrequency(&frequency);
    const auto seconds = [&](LARGE_INTEGER from, LARGE_INTEGER to) {
        return static_cast<double>(to.QuadPart - from.QuadPart) /
               static_cast<double>(frequency.QuadPart);
    };
    const auto port = sys::CompletionPort::create();
    std::array<sys::Packet, 1> packets;

    // Two brackets around one wait: the clock's span lies between the inner and the outer.
    LARGE_INTEGER outer_start;
    LARGE_INTEGER inner_start;
    LARGE_INTEGER inner_end;
    LARGE_INTEGER outer_end;
    ::QueryPerformanceCounter(&outer_start);
    const std::chrono::nanoseconds start = sys::now();
    ::QueryPerformanceCounter(&inner_start);
    BOOST_REQUIRE(port.value().dequeue(packets, 50).value() == 0U);
    ::QueryPerformanceCounter(&inner_end);
    const std::chrono::nanoseconds end = sys::now();
    ::QueryPerformanceCounter(&outer_end);

    constexpr double rounding = 1e-8;
    const double span = std::chrono::duration<double>(end - start).count();
    BOOST_TEST(span >= seconds(inner_start, inner_end) - rounding);
    BOOST_TEST(span <= seconds(outer_start, outer_end) + rounding);
}

BOOST_AUTO_TEST_CASE(the_clock_does_not_overflow_with_the_counter) {
    // The counter starts with the machine, and counts times 10^9 overflow after 15 minutes of it;
    // so the absolute value must agree with the counter's on any machine that ran for longer.
    LARGE_INTEGER frequency;
    LARGE_INTEGER counter;
    ::QueryPerformanceFrequency(&frequency);
    ::QueryPerformanceCounter(&counter);
    const double expected =
        static_cast<double>(counter.QuadPart) / static_cast<double>(frequency.QuadPart);
    const double actual = std::chrono::duration<double>(sys::now()).count();
    BOOST_TEST(actual >= expected - 0.001);
    BOOST_TEST(actual <= expected + 10.0);
}

BOOST_AUTO_TEST_CASE(the_build_is_the_one_in_the_registry) {
    wchar_t text[32] = {};
    DWORD size = sizeof(text);
    BOOST_REQUIRE(::RegGetValueW(
                      HKEY_LOCAL_MACHINE, L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion",
                      L"CurrentBuildNumber", RRF_RT_REG_SZ, nullptr, text, &size) == ERROR_SUCCESS);
    BOOST_TEST(sys::windows_build() == std::stoul(text));
}

BOOST_AUTO_TEST_SUITE_END()
