// Shared by the tests of operations: reports copied out of waits, bytes, and pairs of every kind.
//
// A completion points into the poller and is valid until the next wait, so a test that uses it
// later keeps a copy: a `Report`. Everything here is called by the test's own thread.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "stage.hpp"

namespace wakepoll::test {

/// One event, with a copy of what it points to.
struct Report {
    std::uint32_t mask = 0;
    std::uint64_t data = 0;
    bool has_completion = false;
    Completion completion;
};

/// The events of one wait.
inline std::vector<Report> copies(std::span<const NativeEvent> events) {
    std::vector<Report> reports;
    for (const NativeEvent& event : events) {
        Report& report = reports.emplace_back();
        report.mask = event.events;
        report.data = event.data.u64;
        report.has_completion = event.completion != nullptr;
        if (report.has_completion) {
            report.completion = *event.completion;
        }
    }
    return reports;
}

/// Waits until so many events have come, which must be those of submitted operations.
inline std::vector<Report> reports(OsPoller& poller, std::size_t count) {
    std::vector<Report> all;
    std::array<NativeEvent, 64> events;
    while (all.size() < count) {
        const WaitResult result = poller.wait(
            std::span(events).first(std::min(count - all.size(), events.size())), patience);
        BOOST_REQUIRE_MESSAGE(!result.error, result.error.message());
        BOOST_REQUIRE_MESSAGE(result.count > 0, "only " << all.size() << " of " << count
                                                        << " operations were reported");
        for (const Report& report : copies(std::span(events).first(result.count))) {
            BOOST_REQUIRE(report.has_completion);
            all.push_back(report);
        }
    }
    return all;
}

inline Report report(OsPoller& poller) { return reports(poller, 1).front(); }

/// The report with this user data.
inline const Report& find(const std::vector<Report>& reports, std::uint64_t user_data) {
    const auto found = std::ranges::find(reports, user_data, &Report::data);
    BOOST_REQUIRE_MESSAGE(found != reports.end(), "nothing is reported of " << user_data);
    return *found;
}

/// Nothing more comes, and no entry is in use.
inline void check_that_nothing_is_left(OsPoller& poller) {
    const auto waited = wait(poller, 2ms);
    BOOST_TEST(waited.count() == 0U);
    BOOST_TEST(!waited.result.error);
    BOOST_TEST(poller.overlapped_count() == 0U);
}

/// The entry of an operation that must have been started.
inline OverlappedEntry* started(const Result<OverlappedEntry*>& entry) {
    BOOST_REQUIRE_MESSAGE(entry.has_value(), entry.error().message());
    return *entry;
}

inline std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

/// A buffer that is longer than 4 GiB, where there can be one, and does not exist.
inline std::span<std::byte> too_long_a_buffer(std::byte* begin) {
    constexpr std::uint64_t size = std::uint64_t{1} << 32U;
    return {begin, static_cast<std::size_t>(size)};
}
constexpr bool can_be_too_long = sizeof(std::size_t) > 4;

inline std::string text_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Receives from a socket or the peer end of a pipe until so many bytes have come, or until it
/// ends.
inline std::string take_text(World& world, Handle handle, std::size_t size) {
    std::string text;
    std::vector<std::byte> buffer(size);
    const auto limit = std::chrono::steady_clock::now() + patience;
    while (text.size() < size && std::chrono::steady_clock::now() < limit) {
        const Transfer taken = world.take(handle, std::span(buffer).first(size - text.size()));
        if (taken.error == std::errc::operation_would_block) {
            std::this_thread::yield();
            continue;
        }
        if (taken.error || taken.bytes == 0) {
            break;
        }
        text += text_of(std::span(buffer).first(taken.bytes));
    }
    return text;
}

/// Writes a text that must fit.
inline void put_text(World& world, Handle handle, std::string_view text) {
    const Transfer put = world.put(handle, bytes_of(text));
    BOOST_REQUIRE_MESSAGE(!put.error, put.error.message());
    BOOST_REQUIRE(put.bytes == text.size());
}

/// What bytes can be carried through.
enum class Carrier { tcp, udp, byte_pipe, message_pipe };

inline constexpr std::array all_carriers = {Carrier::tcp, Carrier::udp, Carrier::byte_pipe,
                                            Carrier::message_pipe};

inline std::ostream& operator<<(std::ostream& out, Carrier carrier) {
    constexpr std::array names = {"tcp", "udp", "byte_pipe", "message_pipe"};
    return out << names.at(static_cast<std::size_t>(carrier));
}

/// Two connected ends; operations are submitted on `local`.
struct Ends {
    Handle local;
    Handle peer;
};

inline Ends ends(World& world, Carrier carrier) {
    switch (carrier) {
        case Carrier::tcp: {
            const SocketPair pair = world.tcp_pair();
            return {pair.local, pair.peer};
        }
        case Carrier::udp: {
            const SocketPair pair = world.udp_pair();
            return {pair.local, pair.peer};
        }
        case Carrier::byte_pipe:
        case Carrier::message_pipe:
            break;
    }
    const PipePair pair =
        world.pipe_pair(carrier == Carrier::byte_pipe ? PipeKind::bytes : PipeKind::messages);
    return {pair.local, pair.peer};
}

inline bool is_socket(Carrier carrier) {
    return carrier == Carrier::tcp || carrier == Carrier::udp;
}

/// Closes an end, whatever it is.
inline void close(World& world, Carrier carrier, Handle end) {
    is_socket(carrier) ? world.close(end) : world.close_handle(end);
}

/// Waits, without the poller, until a listener's backlog has a connection, and takes it.
inline Handle accept_by_hand(World& world, Handle listener) {
    const auto limit = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < limit) {
        if (const Handle accepted = world.accept(listener)) {
            return accepted;
        }
        std::this_thread::yield();
    }
    return {};
}

/// Room for both addresses of an accept, and for `data` bytes of first data.
template <std::size_t Data = 0>
using AcceptBuffer = std::array<std::byte, OsPoller::accept_address_size + Data>;

}  // namespace wakepoll::test
