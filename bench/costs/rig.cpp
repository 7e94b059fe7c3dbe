// See rig.hpp.
#include "rig.hpp"

#include <stdexcept>

#include "backends.hpp"

namespace wakepoll::costs {
namespace {

/// After this many waits each socket is polled as it will be: together with others, or alone.
constexpr int waits_to_settle = 60;

}  // namespace

void expect(bool holds, const char* what) {
    if (!holds) {
        throw std::runtime_error(std::string("expected: ") + what);
    }
}

void expect(const Result<void>& done, const char* what) {
    if (!done) {
        throw std::system_error(done.error(), what);
    }
}

std::string named(std::string_view what, std::size_t sockets, Backend backend) {
    std::string name(what);
    name += "of-";
    name += std::to_string(sockets);
    name += '/';
    name += test::name_of(backend);
    return name;
}

Rig::Rig(const PollerConfig& config)
    : kernel({.early_waits = false,
              .late_completions = false,
              .change = [](sim::Traits& traits) { traits.stray_packets = sim::Seeded::no; }}),
      poller(OsPoller::create(config).value()),
      events(config.max_registrations) {}

void Rig::make_sockets(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        pairs.push_back(world.tcp_pair());
    }
}

void Rig::add_sockets(std::size_t count, IoInterest interest) {
    const std::size_t before = pairs.size();
    make_sockets(count);
    for (std::size_t i = before; i < pairs.size(); ++i) {
        expect(poller.register_handle(pairs[i].local, interest, i), "register_handle");
    }
    come_to_rest();
}

void Rig::come_to_rest() {
    for (int i = 0; i < waits_to_settle; ++i) {
        wait_for(0);
    }
}

void Rig::keep_ready(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        world.send(pairs[i].peer, 1);
    }
    for (int i = 0; i < waits_to_settle; ++i) {
        wait_for(count);
    }
}

void Rig::wait_for(std::size_t count, Timeout timeout) {
    const WaitResult result = poller.wait(events, timeout);
    expect(result.error, "wait");
    expect(result.count == count, "as many events as sockets that were made ready");
}

}  // namespace wakepoll::costs
