// Timeouts: from any duration to nanoseconds, to a deadline, to the kernel's milliseconds; and the
// pace of re-checks.
//
// The models are the definitions, in whole numbers. A rounded number is right where it is enough
// and one less is not. A deadline is played to its end: a thread that always blocks for the
// returned time never finishes before its deadline, nor a millisecond after it.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <ratio>

#include "core/deadline.hpp"
#include "target.hpp"
#include "wakepoll/timeout.hpp"

namespace wakepoll::fuzz {
namespace {

using core::Backoff;
using core::Deadline;
using std::chrono::duration;
using std::chrono::nanoseconds;

constexpr std::int64_t longest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t millisecond = 1'000'000;

/// A moment of a clock, or a non-negative duration.
std::int64_t read_moment(ByteReader& input) {
    return static_cast<std::int64_t>(input.number() & static_cast<std::uint64_t>(longest));
}

void check_whole_units(ByteReader& input) {
    const auto count = static_cast<std::int64_t>(input.number());
    const auto check = [&](auto unit, std::int64_t length) {
        const std::int64_t expected = count <= 0                 ? 0
                                      : count > longest / length ? longest
                                                                 : count * length;
        require(Timeout(unit).duration().count() == expected, "whole units are exact");
        require(!Timeout(unit).is_forever(), "no duration is infinite");
    };
    check(nanoseconds(count), 1);
    check(std::chrono::microseconds(count), 1'000);
    check(std::chrono::milliseconds(count), millisecond);
    check(std::chrono::seconds(count), 1'000'000'000);
    check(std::chrono::hours(count), 3'600'000'000'000);

    const auto milliseconds = static_cast<int>(static_cast<std::uint32_t>(count));
    const Timeout timeout = Timeout::from_milliseconds(milliseconds);
    require(timeout.is_forever() == (milliseconds < 0), "a negative number is infinite");
    require(timeout.is_forever() ||
                timeout.duration().count() == std::int64_t{milliseconds} * millisecond,
            "and any other is milliseconds");
}

/// Units that are no whole number of nanoseconds: rounded up.
void check_parts(ByteReader& input) {
    const auto picoseconds = static_cast<std::int64_t>(input.number());
    const std::int64_t of_picoseconds =
        Timeout(duration<std::int64_t, std::pico>(picoseconds)).duration().count();
    require(of_picoseconds ==
                (picoseconds <= 0 ? 0 : picoseconds / 1000 + (picoseconds % 1000 != 0 ? 1 : 0)),
            "picoseconds are rounded up");

    // Few enough that 64 bits hold three times as many nanoseconds.
    const std::uint64_t thirds = input.number() % 18'000'000'000U;
    const auto whole = static_cast<std::uint64_t>(
        Timeout(duration<std::uint64_t, std::ratio<1, 3>>(thirds)).duration().count());
    require(whole * 3 >= thirds * 1'000'000'000U, "thirds of a second are not cut short");
    require(whole == 0 || (whole - 1) * 3 < thirds * 1'000'000'000U,
            "nor longer than they need be");
}

void check_milliseconds(nanoseconds remaining) {
    const std::int64_t told = to_kernel_milliseconds(remaining);
    require(told <= kernel_wait_cap, "the kernel is never told more than it takes");
    if (remaining.count() <= 0) {
        require(told == 0, "nothing is left");
        return;
    }
    require(told == kernel_wait_cap || told * millisecond >= remaining.count(), "long enough");
    require((told - 1) * millisecond < remaining.count(), "and not longer");
}

void check_deadline(ByteReader& input) {
    const bool forever = input.flag();
    const std::int64_t length = read_moment(input);
    const std::int64_t start = read_moment(input);
    const std::int64_t limit = input.flag() ? longest : read_moment(input);
    const std::int64_t end = length < longest - start ? start + length : longest;
    const Deadline deadline(forever ? wait_forever : Timeout(nanoseconds(length)),
                            nanoseconds(start));
    std::int64_t now = start;
    for (int blocks = 0; blocks < 8; ++blocks) {
        require(deadline.has_passed(nanoseconds(now)) == (!forever && now >= end),
                "a deadline has passed when its time has come, and not before");
        const std::uint32_t told = deadline.kernel_timeout(nanoseconds(now), nanoseconds(limit));
        const std::int64_t left = std::min(forever ? longest : end - now, limit);
        if (forever && limit == longest) {
            require(told == kernel_infinite, "nothing ends it");
            break;
        }
        require(told == to_kernel_milliseconds(nanoseconds(left)), "what ends first counts");
        require((told == 0) == (left <= 0), "where there is time left, the thread blocks");
        if (told == 0) {
            break;
        }
        // The kernel may return as late as it likes, but not early.
        const std::int64_t block = std::int64_t{told} * millisecond + input.byte();
        if (now > longest - block) {
            break;
        }
        now += block;
        require(told == kernel_wait_cap || now - block + left <= now, "no block is too short");
    }
}

void check_backoff(ByteReader& input) {
    Backoff backoff;
    std::int64_t now = read_moment(input) / 2;
    backoff.restart(nanoseconds(now));
    std::int64_t delay = 1;
    std::int64_t due = now + delay * millisecond;
    for (int steps = 0; steps < 12; ++steps) {
        require(backoff.is_due(nanoseconds(now)) == (now >= due), "due when its time has come");
        require(backoff.remaining(nanoseconds(now)).count() == std::max<std::int64_t>(due - now, 0),
                "how long until then");
        const unsigned choice = input.byte();
        if (choice % 8 == 0) {
            backoff.restart(nanoseconds(now));
            delay = 1;
        } else if (choice % 2 == 0) {
            backoff.advance(nanoseconds(now));
            delay = delay == 32 ? 50 : std::min<std::int64_t>(delay * 2, 50);
        } else {
            now += std::int64_t{choice} * millisecond / 3;
            continue;
        }
        due = now + delay * millisecond;
    }
}

}  // namespace
}  // namespace wakepoll::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace wakepoll::fuzz;
    ByteReader input(data, size);
    do {
        switch (input.below(5)) {
            case 0:
                check_whole_units(input);
                break;
            case 1:
                check_parts(input);
                break;
            case 2:
                check_milliseconds(nanoseconds(static_cast<std::int64_t>(input.number())));
                break;
            case 3:
                check_deadline(input);
                break;
            default:
                check_backoff(input);
                break;
        }
    } while (!input.empty());
    return 0;
}
