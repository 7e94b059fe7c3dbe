// The clients' process: its loop, its thread that reads from its parent, and its report.
#include "crowd.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <sstream>
#include <thread>
#include <vector>

#include "backends.hpp"
#include "event_loop.hpp"
#include "leaver.hpp"
#include "load.hpp"
#include "load_client.hpp"
#include "net.hpp"
#include "process_usage.hpp"
#include "send_probe.hpp"
#include "streams.hpp"

namespace soak {
namespace {

using namespace std::chrono_literals;

// Between two connections of one client. Loopback has some 28,000 ports, and each that was closed
// here cannot be used for a minute.
constexpr auto pause_between_connections = 100ms;
constexpr std::uint32_t group_size = 12;
constexpr std::size_t leavers = 10;

class Crowd {
public:
    Crowd(example::EventLoop& loop, std::uint16_t port)
        : loop_(loop),
          port_(port),
          // Otherwise the server would leave gaps in its answers on Wine 10 (send_probe.hpp).
          half_close_last_(example::loses_what_a_send_has_taken()) {
        for (std::uint32_t i = 0; i < leavers; ++i) {
            leavers_.push_back(
                std::make_unique<Leaver>(loop, port, i, [this](Leaver& one) { left(one); }));
        }
    }

    void go() {
        running_ = true;
        for (std::unique_ptr<example::LoadClient>& group : groups_) {
            ++busy_;
            begin(group);
        }
        for (const std::unique_ptr<Leaver>& leaver : leavers_) {
            ++busy_;
            leaver->begin();
        }
    }

    void rest() {
        running_ = false;
        report_if_at_rest();
    }

private:
    void begin(std::unique_ptr<example::LoadClient>& group) {
        example::LoadOptions options;
        options.port = port_;
        options.connections = group_size;
        options.plan = {.seed = ++seed_, .messages = 12, .usual = 8192, .largest = 128 * 1024};
        options.stall = 20ms;
        options.half_close_last = half_close_last_;
        group = std::make_unique<example::LoadClient>(loop_, options, [this, &group] {
            // The group is in this very call; it can be destroyed in a later turn.
            loop_.add_timer(pause_between_connections, [this, &group] { ended(group); });
        });
        group->start();
    }

    void ended(std::unique_ptr<example::LoadClient>& group) {
        const example::LoadReport& report = group->report();
        if (!report.all_well()) {
            fail("loss: " + (report.failures.empty() ? std::string("bytes that differ")
                                                     : report.failures.front()));
        }
        connections_ += report.connections;
        bytes_ += report.bytes;
        group.reset();
        running_ ? begin(group) : one_less();
    }

    void left(Leaver& one) {
        ++connections_;
        loop_.add_timer(pause_between_connections,
                        [this, &one] { running_ ? one.begin() : one_less(); });
    }

    void one_less() {
        --busy_;
        report_if_at_rest();
    }

    void report_if_at_rest() {
        if (running_ || busy_ > 0) {
            return;
        }
        CrowdReport report{.connections = connections_, .bytes = bytes_};
        for (const std::unique_ptr<Leaver>& leaver : leavers_) {
            report.bytes += leaver->bytes();
        }
        const wakepoll::test::ProcessUsage usage = wakepoll::test::usage_of_this_process();
        report.handles = usage.handles;
        report.heap_bytes = usage.heap_bytes;
        std::printf("%s\n", report.line().c_str());
        std::fflush(stdout);
    }

    example::EventLoop& loop_;
    std::uint16_t port_;
    bool half_close_last_;
    bool running_ = false;
    std::uint64_t busy_ = 0;
    std::uint64_t seed_ = 0;
    std::uint64_t connections_ = 0;
    std::uint64_t bytes_ = 0;
    std::array<std::unique_ptr<example::LoadClient>, 2> groups_;
    std::vector<std::unique_ptr<Leaver>> leavers_;
};

}  // namespace

std::string CrowdReport::line() const {
    std::ostringstream line;
    line << "rest " << connections << ' ' << bytes << ' ' << handles << ' ' << heap_bytes;
    return line.str();
}

std::optional<CrowdReport> CrowdReport::from(std::string_view line) {
    std::istringstream words{std::string(line)};
    std::string first;
    CrowdReport report;
    if (words >> first >> report.connections >> report.bytes >> report.handles >>
            report.heap_bytes &&
        first == "rest") {
        return report;
    }
    return std::nullopt;
}

int be_the_crowd(std::uint16_t port) {
    use_streams_as_they_are();
    const example::net::Network network;
    example::EventLoop loop(wakepoll::test::wanted_backends().front());
    warm_up(loop);
    Crowd crowd(loop, port);
    std::thread listener([&loop, &crowd] {
        for (std::string line; std::getline(std::cin, line);) {
            loop.post([&crowd, go = line == "go"] { go ? crowd.go() : crowd.rest(); });
        }
        loop.stop();
    });
    const std::error_code error = loop.run();
    if (error) {
        fail("clients: " + example::net::describe(error));
    }
    listener.join();
    return 0;
}

}  // namespace soak
