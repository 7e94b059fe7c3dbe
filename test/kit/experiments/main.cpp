// experiments.exe NAME [--quick]: one experiment per process, so that one cannot disturb the next.
//
// Prints what it sees, and a line `answer: ...` at its end. The exit code is 0 if it found an
// answer.
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <thread>

#include "bare.hpp"
#include "experiments.hpp"

namespace wakepoll::experiments {
namespace {

/// For the test of the kit: what has to be stopped.
std::string hang(const Extent& extent) {
    static_cast<void>(extent);
    for (;;) {
        std::this_thread::sleep_for(std::chrono::hours(1));
    }
}

struct Experiment {
    const char* name;
    std::string (*run)(const Extent& extent);
};

constexpr Experiment experiments[] = {
    {"deaf_requests", deaf_requests},
    {"packets_after_success", packets_after_success},
    {"port_concurrency", port_concurrency},
    {"request_costs", request_costs},
    {"answer_order", answer_order},
    {"tcp_states", tcp_states},
    {"loopback_datagrams", loopback_datagrams_heard},
    {"hang", hang},
};

constexpr auto time_to_measure = std::chrono::seconds(120);
constexpr auto time_to_measure_quick = std::chrono::seconds(30);
constexpr auto time_to_live = std::chrono::seconds(240);

/// Ends the process if a call does not return that should have.
void end_when_time_is_over() {
    std::thread([] {
        std::this_thread::sleep_for(time_to_live);
        std::fputs("answer: not known: a call did not return\n", stdout);
        std::fflush(stdout);
        ::TerminateProcess(::GetCurrentProcess(), 3);
    }).detach();
}

int run(const Experiment& experiment, bool quick) {
    int code = 0;
    end_when_time_is_over();
    try {
        WSADATA data = {};
        if (const int error = ::WSAStartup(MAKEWORD(2, 2), &data); error != 0) {
            throw Failure("WSAStartup", static_cast<unsigned long>(error));
        }
        const Extent extent{quick, std::chrono::steady_clock::now() +
                                       (quick ? time_to_measure_quick : time_to_measure)};
        const std::string answer = experiment.run(extent);
        std::printf("answer: %s\n", answer.c_str());
    } catch (const std::exception& error) {
        std::printf("answer: not known: %s\n", error.what());
        code = 1;
    }
    std::fflush(stdout);
    // A request that never ends must not keep the process from its end, nor a destructor wait for
    // it.
    ::TerminateProcess(::GetCurrentProcess(), static_cast<UINT>(code));
    return code;
}

}  // namespace

void show(const std::string& line) {
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
}

}  // namespace wakepoll::experiments

int main(int count, char** words) {
    using namespace wakepoll::experiments;
    const bool quick = count == 3 && std::strcmp(words[2], "--quick") == 0;
    if (count == 2 || quick) {
        for (const Experiment& experiment : experiments) {
            if (std::strcmp(words[1], experiment.name) == 0) {
                return run(experiment, quick);
            }
        }
    }
    std::fputs("usage: experiments NAME [--quick]\n\nNAME is one of:\n", stderr);
    for (const Experiment& experiment : experiments) {
        std::fprintf(stderr, "  %s\n", experiment.name);
    }
    return 2;
}
