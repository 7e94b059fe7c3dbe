// What named pipes cost: 64 bytes there and back, and bulk data in one direction.
//
// The contestant owns one end, on this thread. The other end is a plain blocking client on its own
// thread: an echo, or a writer that writes for as long as the pipe exists. It ends when the
// contestant's end is closed.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "contestants/pipe_end.hpp"
#include "harness.hpp"
#include "scenarios.hpp"
#include "support/worker.hpp"

namespace wakepoll::bench {
namespace {

constexpr std::size_t message_size = 64;
constexpr std::size_t block_size = std::size_t{64} * 1024;

/// Whether the last call on a pipe failed because the other end is gone.
bool has_ended() {
    const DWORD code = ::GetLastError();
    return code == ERROR_BROKEN_PIPE || code == ERROR_NO_DATA || code == ERROR_PIPE_NOT_CONNECTED;
}

void echo(HANDLE pipe) {
    std::array<std::byte, message_size> message = {};
    DWORD size = 0;
    while (::ReadFile(pipe, message.data(), static_cast<DWORD>(message.size()), &size, nullptr) !=
           FALSE) {
        if (::WriteFile(pipe, message.data(), size, &size, nullptr) == FALSE) {
            break;
        }
    }
    check(has_ended(), "echo");
}

void flood(HANDLE pipe) {
    const std::vector<std::byte> block(block_size, std::byte{'b'});
    DWORD size = 0;
    while (::WriteFile(pipe, block.data(), static_cast<DWORD>(block.size()), &size, nullptr) !=
           FALSE) {
    }
    check(has_ended(), "flood");
}

struct Ends {
    OwnedHandle overlapped;
    OwnedHandle blocking;
};

Ends make_pipe() {
    static std::atomic<unsigned> number = 0;
    const std::string name =
        fmt::format(R"(\\.\pipe\wakepoll-bench-{}-{})", ::GetCurrentProcessId(), ++number);
    OwnedHandle overlapped(
        ::CreateNamedPipeA(
            name.c_str(), PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE,
            PIPE_TYPE_BYTE | PIPE_REJECT_REMOTE_CLIENTS, 1, static_cast<DWORD>(block_size),
            static_cast<DWORD>(block_size), 0, nullptr),
        "CreateNamedPipe");
    OwnedHandle blocking(::CreateFileA(name.c_str(), GENERIC_READ | GENERIC_WRITE, 0, nullptr,
                                       OPEN_EXISTING, 0, nullptr),
                         "CreateFile");
    return {std::move(overlapped), std::move(blocking)};
}

using MakePipe = std::function<std::unique_ptr<PipeEnd>(OwnedHandle)>;
using OtherEnd = void (*)(HANDLE pipe);

/// A pipe with both of its users.
class Line {
public:
    Line(const MakePipe& make, OtherEnd other_end) : Line(make_pipe(), make, other_end) {}
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;

    void run(const std::function<void(PipeEnd&)>& work) {
        try {
            work(*end_);
        } catch (...) {
            // If the other end failed, report its error.
            other_.rethrow();
            throw;
        }
    }

    /// Hangs up, and waits until the other end has noticed.
    void close() {
        end_.reset();
        other_.end();
    }

private:
    Line(Ends ends, const MakePipe& make, OtherEnd other_end)
        : blocking_(std::move(ends.blocking)),
          other_([this, other_end] { other_end(blocking_.get()); }, [this] { blocking_.close(); }),
          end_(make(std::move(ends.overlapped))) {
        other_.begin();
    }

    OwnedHandle blocking_;
    Worker other_;
    std::unique_ptr<PipeEnd> end_;  ///< Destroyed first, which ends the other end's work.
};

void round_trips(PipeEnd& end, std::size_t count) {
    std::array<std::byte, message_size> message;
    std::array<std::byte, message_size> answer = {};
    for (std::size_t i = 0; i < count; ++i) {
        message.fill(static_cast<std::byte>(i));
        end.write(message);
        for (std::size_t size = 0; size < answer.size();) {
            size += end.read(std::span(answer).subspan(size));
        }
        if (answer != message) {
            fail("echo", ERROR_INVALID_DATA);
        }
    }
}

void receive(PipeEnd& end, std::span<std::byte> buffer, std::size_t bytes) {
    while (bytes > 0) {
        bytes -= end.read(buffer.first(std::min(buffer.size(), bytes)));
    }
}

void measure(Bench& bench, const Cell& cell, OtherEnd other_end,
             const std::function<void(PipeEnd&)>& work) {
    constexpr const char* poller = "poller";
    constexpr const char* raw = "raw port";
    constexpr const char* asio = "Asio";
    std::vector<std::pair<std::string, MakePipe>> makes = {{raw, make_raw_pipe},
                                                           {poller, make_poller_pipe}};
    if (make_asio_pipe(make_pipe().overlapped) != nullptr) {
        makes.emplace_back(asio, make_asio_pipe);
    }
    std::unique_ptr<Line> line;
    std::vector<Contestant> contestants;
    for (const auto& [name, make] : makes) {
        contestants.push_back(
            {name, [&line, &work] { return time_of([&] { line->run(work); }); },
             [&line, make = make, other_end] { line = std::make_unique<Line>(make, other_end); },
             [&line] {
                 line->close();
                 line.reset();
             }});
    }
    bench.run(cell, contestants, {compared(poller, raw), compared(poller, asio)});
}

}  // namespace

void run_pipes(Bench& bench) {
    constexpr std::size_t trips = 20;
    const Effort trip_effort = bench.quick() ? Effort{7, 2, 10} : Effort{15, 3, 40};
    measure(bench, {"ping-pong 64 B", "round trip", trips, trip_effort}, echo,
            [](PipeEnd& end) { round_trips(end, trips); });

    constexpr std::size_t blocks = 32;
    constexpr std::size_t bytes = blocks * block_size;
    std::vector<std::byte> buffer(block_size);
    const Effort bulk_effort = bench.quick() ? Effort{7, 1, 6} : Effort{15, 2, 20};
    measure(bench, {"bulk 64 KiB", "KiB", bytes / 1024, bulk_effort}, flood,
            [&buffer](PipeEnd& end) { receive(end, buffer, bytes); });
}

}  // namespace wakepoll::bench
