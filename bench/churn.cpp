// Registers, modifies and unregisters a thousand sockets. The peer makes only the kernel calls that
// registering needs: what the handle is, and what the backend must know of it.
//
// A wait between two steps makes the AFD requests of the previous step; it is not timed.
#include <fmt/core.h>

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "harness.hpp"
#include "scenarios.hpp"
#include "support/loopback_sockets.hpp"
#include "support/poller.hpp"

// After <windows.h>, which is included above.
#include <winternl.h>

// Documented for drivers; <winternl.h> leaves it out.
extern "C" __declspec(dllimport) LONG NTAPI RtlGetVersion(OSVERSIONINFOW* version);

namespace wakepoll::bench {
namespace {

constexpr std::size_t sockets_churned = 1000;

void ask_option(SOCKET socket, int name) {
    DWORD value = 0;
    int size = sizeof(value);
    check(::getsockopt(socket, SOL_SOCKET, name, reinterpret_cast<char*>(&value), &size) == 0,
          "getsockopt");
}

/// Before this version WSAPoll did not report refused connects, so the poller has to know which
/// sockets are connecting.
bool must_know_connects() {
    constexpr DWORD first_that_tells = 19041;
    OSVERSIONINFOW version = {};
    version.dwOSVersionInfoSize = sizeof(version);
    ::RtlGetVersion(&version);
    return version.dwBuildNumber < first_that_tells;
}

void validate(SOCKET socket, Backend backend, bool connects) {
    ask_option(socket, SO_TYPE);
    if (backend == Backend::afd) {
        (void)base_of(socket);
    } else if (connects) {
        ask_option(socket, SO_CONNECT_TIME);
        ask_option(socket, SO_ACCEPTCONN);
    }
}

/// A poller, with operations on all sockets at once.
class Churned {
public:
    Churned(Backend backend, std::span<const SOCKET> sockets)
        : poller_(make_poller_with(backend, {})), sockets_(sockets) {}

    void register_all() {
        for (const SOCKET socket : sockets_) {
            check_error(poller_.register_handle(handle_of(socket), IoInterest::read, 0),
                        "register_handle");
        }
    }
    void modify_all() {
        interest_ = interest_ == IoInterest::read ? IoInterest::none : IoInterest::read;
        for (const SOCKET socket : sockets_) {
            check_error(poller_.modify_handle(handle_of(socket), interest_, 0), "modify_handle");
        }
    }
    void unregister_all() {
        for (const SOCKET socket : sockets_) {
            check_error(poller_.unregister_handle(handle_of(socket)), "unregister_handle");
        }
    }
    void wait() { check_error(poller_.wait(events_, no_wait).error, "wait"); }

private:
    OsPoller poller_;
    std::span<const SOCKET> sockets_;
    IoInterest interest_ = IoInterest::read;
    std::array<NativeEvent, 8> events_ = {};
};

struct Choice {
    Backend backend;
    const char* poller;
    const char* validation;
};

constexpr Choice choices[] = {
    {Backend::wsapoll, "poller, wsapoll", "the kernel's answers, wsapoll"},
    {Backend::afd, "poller, afd", "the kernel's answers, afd"},
};

}  // namespace

void run_churn(Bench& bench) {
    constexpr const char* registering = "register";
    constexpr const char* modifying = "modify";
    constexpr const char* unregistering = "unregister";
    if (!bench.wants(registering) && !bench.wants(modifying) && !bench.wants(unregistering)) {
        return;
    }
    const Connections connections(sockets_churned);
    const std::span<const SOCKET> sockets = connections.locals();
    const bool connects = must_know_connects();
    const Effort effort = bench.quick() ? Effort{3, 1, 3} : Effort{11, 1, 8};

    std::optional<Churned> churned;
    const auto contestant = [&](const Choice& choice, std::function<Nanoseconds()> round) {
        return Contestant{
            choice.poller, std::move(round),
            [&churned, &choice, sockets] { churned.emplace(choice.backend, sockets); },
            [&churned] { churned.reset(); }};
    };

    std::vector<Contestant> contestants;
    std::vector<Comparison> comparisons;
    for (const Choice& choice : choices) {
        contestants.push_back({choice.validation, [&choice, sockets, connects] {
                                   return time_of([&] {
                                       for (const SOCKET socket : sockets) {
                                           validate(socket, choice.backend, connects);
                                       }
                                   });
                               }});
        contestants.push_back(contestant(choice, [&churned] {
            const Nanoseconds time = time_of([&] { churned->register_all(); });
            churned->wait();
            churned->unregister_all();
            churned->wait();
            return time;
        }));
        comparisons.push_back(at_most_more(2.0, choice.poller, choice.validation));
    }
    bench.run({registering, "socket", sockets_churned, effort}, contestants, comparisons);

    contestants.clear();
    for (const Choice& choice : choices) {
        contestants.push_back(contestant(choice, [&churned] {
            churned->register_all();
            churned->wait();
            const Nanoseconds time = time_of([&] { churned->modify_all(); });
            churned->wait();
            churned->unregister_all();
            churned->wait();
            return time;
        }));
    }
    bench.run({modifying, "socket", sockets_churned, effort}, contestants);

    contestants.clear();
    for (const Choice& choice : choices) {
        contestants.push_back(contestant(choice, [&churned] {
            churned->register_all();
            churned->wait();
            const Nanoseconds time = time_of([&] { churned->unregister_all(); });
            churned->wait();
            return time;
        }));
    }
    bench.run({unregistering, "socket", sockets_churned, effort}, contestants);
}

}  // namespace wakepoll::bench
