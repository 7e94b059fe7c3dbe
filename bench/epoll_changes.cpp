// What EPOLL_CTL_MOD costs while another thread is blocked in epoll_wait, compared with the same
// with no thread waiting.
//
// A hundred quiet sockets are waited for throughout. A round modifies 256 others, one call each,
// and only that is timed. If no thread waits, the request that the change asks for is made by the
// next wait; if one does, the change makes or cancels it itself. So it may take one call of the
// system's more, for which one AFD request stands here, and half of its own time more.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "contestants/afd_request.hpp"
#include "harness.hpp"
#include "scenarios.hpp"
#include "support/loopback_sockets.hpp"
#include "support/owned_handle.hpp"
#include "support/signal.hpp"
#include "support/worker.hpp"
#include "wakepoll/epoll.h"

namespace wakepoll::bench {
namespace {

constexpr std::size_t sockets_modified = 256;
constexpr std::size_t quiet_sockets = 100;

constexpr const char* beside = "one thread waits";
constexpr const char* without = "no thread waits";
constexpr const char* allowed = "1.5 without, and a call";

using Sockets = std::span<const SOCKET>;

/// A port, and a thread that waits at it or none.
class Port {
public:
    Port(bool waits, Sockets at_rest, Sockets modified) : modified_(modified) {
        check(port_ != nullptr, "epoll_create1");
        if (waits) {
            waiter_.emplace([this] { wait_until_stopped(); });
            waiter_->begin();
        }
        control(EPOLL_CTL_ADD, at_rest, EPOLLIN);
        control(EPOLL_CTL_ADD, modified_, EPOLLIN);
        settle();
    }
    ~Port() {
        stopping_ = true;
        epoll_wake(port_);
        waiter_.reset();
        epoll_close(port_);
    }
    Port(const Port&) = delete;
    Port& operator=(const Port&) = delete;

    /// Registers them anew: a request in flight keeps what it was once asked for.
    void begin_with(std::uint32_t events) {
        control(EPOLL_CTL_DEL, modified_, events);
        control(EPOLL_CTL_ADD, modified_, events);
        settle();
    }
    void modify(std::uint32_t events) { control(EPOLL_CTL_MOD, modified_, events); }

    /// What was changed is waited for when it returns.
    void settle() {
        epoll_event event = {};
        if (waiter_) {
            check(epoll_wake(port_) == 0, "epoll_wake");
            settled_.await();
            let_it_block();
        } else {
            for (int i = 0; i < 2; ++i) {  // The packets of what was cancelled, and then the rest.
                check(epoll_wait(port_, &event, 1, 0) == 0, "epoll_wait");
            }
        }
    }

    void rethrow() const {
        if (waiter_) {
            waiter_->rethrow();
        }
    }

private:
    void control(int op, Sockets sockets, std::uint32_t events) {
        epoll_event event = {};
        event.events = events;
        for (const SOCKET socket : sockets) {
            check(epoll_ctl(port_, op, socket, &event) == 0, "epoll_ctl");
        }
    }

    void wait_until_stopped() {
        std::array<epoll_event, 64> events = {};
        while (!stopping_) {
            const int count = epoll_wait(port_, events.data(), 64, -1);
            check(count == 0, "epoll_wait");  // Nothing comes but wakes.
            settled_.give();
        }
    }

    void* const port_ = epoll_create1(0);
    Sockets modified_;
    std::atomic<bool> stopping_ = false;
    Signal settled_;
    std::optional<Worker> waiter_;
};

/// AFD requests that nothing answers, one for each socket.
class Requests {
public:
    explicit Requests(Sockets sockets) : requests_(sockets.size()) {
        for (std::size_t i = 0; i < sockets.size(); ++i) {
            if (i % sockets_per_device == 0) {
                devices_.emplace_back(open_afd_device(port_.get()), "NtCreateFile");
            }
            requests_[i].socket = base_of(sockets[i]);
            requests_[i].device = devices_.back().get();
        }
    }

    void make() {
        for (AfdRequest& request : requests_) {
            request.poll(afd_event::readable);
        }
    }
    void end() {
        for (AfdRequest& request : requests_) {
            request.cancel();
        }
        for (std::size_t ended = 0; ended < requests_.size();) {
            std::array<OVERLAPPED_ENTRY, 64> room = {};
            ended += port_.dequeue(room).size();
        }
    }

private:
    RawPort port_;
    std::vector<OwnedHandle> devices_;
    std::vector<AfdRequest> requests_;
};

struct Modification {
    const char* cell;
    std::uint32_t before;
    std::uint32_t after;
};

constexpr Modification modifications[] = {
    {"modify to less", EPOLLIN, 0},
    {"modify to more", EPOLLIN, EPOLLIN | EPOLLPRI},
};

}  // namespace

void run_epoll_changes(Bench& bench) {
    if (std::ranges::none_of(modifications, [&](const Modification& modification) {
            return bench.wants(modification.cell);
        })) {
        return;
    }
    const Connections connections(quiet_sockets + 2 * sockets_modified);
    const Sockets at_rest = connections.locals().first(quiet_sockets);
    const Sockets modified = connections.locals().subspan(quiet_sockets, sockets_modified);
    Requests requests(connections.locals().last(sockets_modified));
    std::optional<Port> port;
    const Effort effort = bench.quick() ? Effort{3, 1, 3} : Effort{15, 1, 8};
    for (const Modification& modification : modifications) {
        const auto modify = [&] {
            port->begin_with(modification.before);
            const Nanoseconds time = time_of([&] { port->modify(modification.after); });
            port->settle();
            return time;
        };
        const auto modify_and_ask = [&] {
            const Nanoseconds time = modify();
            const Nanoseconds calls = time_of([&] { requests.make(); });
            requests.end();
            return 1.5 * time + calls;
        };
        const auto open = [&](bool waits) {
            return [&, waits] { port.emplace(waits, at_rest, modified); };
        };
        const auto close = [&] {
            port->rethrow();
            port.reset();
        };
        bench.run({modification.cell, "socket", modified.size(), effort},
                  {{without, modify, open(false), close},
                   {beside, modify, open(true), close},
                   {allowed, modify_and_ask, open(false), close}},
                  {at_most(1.0, beside, allowed)});
    }
}

}  // namespace wakepoll::bench
