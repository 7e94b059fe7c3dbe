// fmt::formatter for the public types, for logs and for messages of failing tests.
//
// The only header that needs fmt (9 or newer), so wakepoll.hpp does not include it. Every type is
// written as text and takes the format specification of a string: `{:>20}`.
//
//     fmt::print("{}\n", event);   // events=in|rdhup data=0x7
//
// Masks are written in the names of <sys/epoll.h>, bits without a name as one hexadecimal number,
// and an enumerator that does not exist as `?`. The text is for people, and may change between
// versions. wakepoll itself does not use this header. Any thread.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <system_error>

#include "wakepoll/config.hpp"
#include "wakepoll/events.hpp"
#include "wakepoll/handle.hpp"
#include "wakepoll/os_poller.hpp"
#include "wakepoll/overlapped.hpp"
#include "wakepoll/stats.hpp"
#include "wakepoll/timeout.hpp"

namespace wakepoll {
inline namespace v0_1 {
namespace detail {

// The switches have no `default`, so that the compiler warns of a missing enumerator.
[[nodiscard]] constexpr std::string_view name(HandleType type) noexcept {
    switch (type) {
        case HandleType::unknown:
            return "unknown";
        case HandleType::socket:
            return "socket";
        case HandleType::console:
            return "console";
        case HandleType::pipe:
            return "pipe";
        case HandleType::file:
            return "file";
        case HandleType::event:
            return "event";
        case HandleType::process:
            return "process";
        case HandleType::thread:
            return "thread";
        case HandleType::semaphore:
            return "semaphore";
        case HandleType::timer:
            return "timer";
    }
    return "?";
}

[[nodiscard]] constexpr std::string_view name(IoModel model) noexcept {
    switch (model) {
        case IoModel::poll:
            return "poll";
        case IoModel::overlapped:
            return "overlapped";
        case IoModel::waitable:
            return "waitable";
    }
    return "?";
}

[[nodiscard]] constexpr std::string_view name(IoOperation operation) noexcept {
    switch (operation) {
        case IoOperation::none:
            return "none";
        case IoOperation::read:
            return "read";
        case IoOperation::write:
            return "write";
        case IoOperation::accept:
            return "accept";
        case IoOperation::connect:
            return "connect";
        case IoOperation::connect_pipe:
            return "connect_pipe";
    }
    return "?";
}

[[nodiscard]] constexpr std::string_view name(OverlappedState state) noexcept {
    switch (state) {
        case OverlappedState::idle:
            return "idle";
        case OverlappedState::in_flight:
            return "in_flight";
        case OverlappedState::cancelling:
            return "cancelling";
        case OverlappedState::completed:
            return "completed";
    }
    return "?";
}

[[nodiscard]] constexpr std::string_view name(Backend backend) noexcept {
    switch (backend) {
        case Backend::automatic:
            return "automatic";
        case Backend::wsapoll:
            return "wsapoll";
        case Backend::afd:
            return "afd";
    }
    return "?";
}

using Text = fmt::memory_buffer;

struct NamedBit {
    std::uint32_t bit;
    std::string_view name;
};

inline constexpr NamedBit mask_names[] = {
    {mask::in, "in"},         {mask::pri, "pri"},         {mask::out, "out"},
    {mask::err, "err"},       {mask::hup, "hup"},         {mask::rdnorm, "rdnorm"},
    {mask::rdband, "rdband"}, {mask::wrnorm, "wrnorm"},   {mask::wrband, "wrband"},
    {mask::rdhup, "rdhup"},   {mask::oneshot, "oneshot"}, {mask::et, "et"},
};

inline constexpr NamedBit ready_names[] = {
    {bits(IoReady::readable), "readable"}, {bits(IoReady::writable), "writable"},
    {bits(IoReady::error), "error"},       {bits(IoReady::hangup), "hangup"},
    {bits(IoReady::priority), "priority"}, {bits(IoReady::read_hangup), "read_hangup"},
};

inline void append(Text& text, std::string_view part) {
    text.append(part.data(), part.data() + part.size());
}

template <std::size_t size>
void append_bits(Text& text, std::uint32_t bits, const NamedBit (&names)[size]) {
    if (bits == 0) {
        append(text, "none");
        return;
    }
    std::string_view separator;
    for (const NamedBit& named : names) {
        if ((bits & named.bit) != 0) {
            append(text, separator);
            append(text, named.name);
            separator = "|";
            bits &= ~named.bit;
        }
    }
    if (bits != 0) {
        append(text, separator);
        fmt::format_to(std::back_inserter(text), "{:#x}", bits);
    }
}

inline void append_error(Text& text, const std::error_code& error) {
    if (!error) {
        append(text, "none");
        return;
    }
    fmt::format_to(std::back_inserter(text), "{}:{}", error.category().name(), error.value());
}

inline void write(Text& text, HandleType type) { append(text, name(type)); }
inline void write(Text& text, IoModel model) { append(text, name(model)); }
inline void write(Text& text, IoOperation operation) { append(text, name(operation)); }
inline void write(Text& text, OverlappedState state) { append(text, name(state)); }
inline void write(Text& text, Backend backend) { append(text, name(backend)); }
inline void write(Text& text, IoInterest interest) {
    append_bits(text, bits(interest), mask_names);
}
inline void write(Text& text, IoReady ready) { append_bits(text, bits(ready), ready_names); }

inline void write(Text& text, const Handle& handle) {
    if (handle) {
        fmt::format_to(std::back_inserter(text), "{:#x}", handle.value());
    } else {
        append(text, "invalid");
    }
}

/// In the largest unit that needs no fraction.
inline void write(Text& text, const Timeout& timeout) {
    struct Unit {
        std::int64_t nanoseconds;
        std::string_view name;
    };
    constexpr Unit units[] = {{1'000'000'000, "s"}, {1'000'000, "ms"}, {1'000, "us"}, {1, "ns"}};
    if (timeout.is_forever()) {
        append(text, "forever");
        return;
    }
    const std::int64_t count = timeout.duration().count();
    for (const Unit& unit : units) {
        if (count % unit.nanoseconds == 0) {
            fmt::format_to(std::back_inserter(text), "{}{}", count / unit.nanoseconds, unit.name);
            return;
        }
    }
}

inline void write(Text& text, const Completion& completion) {
    fmt::format_to(std::back_inserter(text),
                   "{} bytes={} user_data={:#x} key={:#x} error=", name(completion.operation),
                   completion.bytes, completion.user_data, completion.key);
    append_error(text, completion.error);
    if (completion.accepted) {
        append(text, " accepted=");
        write(text, completion.accepted);
    }
}

inline void write_completion(Text& text, const Completion* completion) {
    if (completion != nullptr) {
        append(text, " completion=[");
        write(text, *completion);
        append(text, "]");
    }
}

inline void write(Text& text, const NativeEvent& event) {
    append(text, "events=");
    append_bits(text, event.events, mask_names);
    fmt::format_to(std::back_inserter(text), " data={:#x}", event.data.u64);
    write_completion(text, event.completion);
}

inline void write(Text& text, const OsEvent& event) {
    append(text, "ready=");
    write(text, event.ready);
    fmt::format_to(std::back_inserter(text), " user_data={:#x}", event.user_data);
    write_completion(text, event.completion);
}

inline void write(Text& text, const WaitResult& result) {
    fmt::format_to(std::back_inserter(text), "count={} woken={} timer={} error=", result.count,
                   result.woken, result.timer);
    append_error(text, result.error);
}

inline void write(Text& text, const PollerStats& stats) {
    fmt::format_to(
        std::back_inserter(text),
        "backend={} waits={} readiness_events={} completions={} operations_started={} "
        "operations_at_once={} "
        "operations_canceled={} late_packets={} wakes_requested={} wakes_reported={} "
        "wakes_coalesced={} socket_polls={} port_dequeues={} blocked={} spurious_returns={} "
        "afd_requests={} afd_sockets={} afd_cancels={} backend_moves={} changes_beside={} "
        "changes_that_roused={} rechecks={} doorbells_made={} doorbells_drained={} "
        "registrations_dropped={}",
        name(stats.backend), stats.waits, stats.readiness_events, stats.completions,
        stats.operations_started, stats.operations_at_once, stats.operations_canceled,
        stats.late_packets, stats.wakes_requested, stats.wakes_reported, stats.wakes_coalesced(),
        stats.socket_polls, stats.port_dequeues, stats.blocked, stats.spurious_returns,
        stats.afd_requests, stats.afd_sockets, stats.afd_cancels, stats.backend_moves,
        stats.changes_beside, stats.changes_that_roused, stats.rechecks, stats.doorbells_made,
        stats.doorbells_drained, stats.registrations_dropped);
}

/// The base of the formatters below: writes the text, then formats it as a string.
template <class T>
struct TextFormatter : fmt::formatter<fmt::string_view> {
    template <class Context>
    auto format(const T& value, Context& context) const -> decltype(context.out()) {
        Text text;
        write(text, value);
        return fmt::formatter<fmt::string_view>::format(fmt::string_view(text.data(), text.size()),
                                                        context);
    }
};

}  // namespace detail
}  // namespace v0_1
}  // namespace wakepoll

template <>
struct fmt::formatter<wakepoll::Handle> : wakepoll::detail::TextFormatter<wakepoll::Handle> {};
template <>
struct fmt::formatter<wakepoll::HandleType>
    : wakepoll::detail::TextFormatter<wakepoll::HandleType> {};
template <>
struct fmt::formatter<wakepoll::IoModel> : wakepoll::detail::TextFormatter<wakepoll::IoModel> {};
template <>
struct fmt::formatter<wakepoll::IoInterest>
    : wakepoll::detail::TextFormatter<wakepoll::IoInterest> {};
template <>
struct fmt::formatter<wakepoll::IoReady> : wakepoll::detail::TextFormatter<wakepoll::IoReady> {};
template <>
struct fmt::formatter<wakepoll::NativeEvent>
    : wakepoll::detail::TextFormatter<wakepoll::NativeEvent> {};
template <>
struct fmt::formatter<wakepoll::OsEvent> : wakepoll::detail::TextFormatter<wakepoll::OsEvent> {};
template <>
struct fmt::formatter<wakepoll::IoOperation>
    : wakepoll::detail::TextFormatter<wakepoll::IoOperation> {};
template <>
struct fmt::formatter<wakepoll::OverlappedState>
    : wakepoll::detail::TextFormatter<wakepoll::OverlappedState> {};
template <>
struct fmt::formatter<wakepoll::Completion>
    : wakepoll::detail::TextFormatter<wakepoll::Completion> {};
template <>
struct fmt::formatter<wakepoll::Backend> : wakepoll::detail::TextFormatter<wakepoll::Backend> {};
template <>
struct fmt::formatter<wakepoll::Timeout> : wakepoll::detail::TextFormatter<wakepoll::Timeout> {};
template <>
struct fmt::formatter<wakepoll::WaitResult>
    : wakepoll::detail::TextFormatter<wakepoll::WaitResult> {};
template <>
struct fmt::formatter<wakepoll::PollerStats>
    : wakepoll::detail::TextFormatter<wakepoll::PollerStats> {};
