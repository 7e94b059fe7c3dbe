// The scripts that meet odd behaviour of real Windows (sim/behaviours.hpp). See scenarios.hpp.
#include "scenarios.hpp"

namespace wakepoll::test {
namespace {

constexpr std::size_t more_than_fits = 100'000;
constexpr std::size_t more_than_a_pipe_takes = 6'000;

void ends_of_connections(Script& script) {
    script.create();
    World& world = script.world;
    const SocketPair full = world.tcp_pair();
    world.send(full.local, more_than_fits);
    const SocketPair late = world.tcp_pair();
    world.close(late.peer);
    world.send(late.local, 1);
    world.receive(late.local, 1);
    const SocketPair shut = world.tcp_pair();
    script.add(shut.local, IoInterest::write, 1);
    world.shutdown_receive(shut.local);
    script.expect(1);
    world.receive(shut.local, 1);
    script.remove(shut.local);
    const SocketPair reset = world.tcp_pair();
    script.add(reset.local, IoInterest::write, 2);
    world.reset(reset.peer);
    script.expect(2);
    script.remove(reset.local);
    const SocketPair both = world.tcp_pair();
    script.add(both.local, IoInterest::read | IoInterest::read_hangup, 3);
    world.shutdown_send(both.local);
    world.shutdown_send(both.peer);
    script.expect(3);
    script.expect(3);
    script.remove(both.local);
    script.expect_silence();
    script.dispose();
}

void urgent_bytes_and_datagrams(Script& script) {
    script.create();
    World& world = script.world;
    const SocketPair urgent = world.tcp_pair();
    script.add(urgent.local, IoInterest::priority, 1);
    world.send_urgent(urgent.peer);
    world.send_urgent(urgent.peer);
    script.expect(1);
    world.receive_urgent(urgent.local);
    if (sim::Kernel::current().traits().keeps_urgent_bytes) {
        script.expect(1);
        world.receive_urgent(urgent.local);
    }
    const SocketPair datagrams = world.udp_pair();
    script.add(datagrams.local, IoInterest::read, 2);
    world.close(datagrams.peer);
    world.send(datagrams.local, 1);
    if (sim::Kernel::current().traits().reports_unreachable) {
        script.expect(2);
    }
    world.receive(datagrams.local, 1);
    world.receive(world.udp_socket(), 1);
    script.remove(urgent.local);
    script.expect_silence();
    script.dispose();
}

void after_a_refusal(Script& script) {
    script.create();
    World& world = script.world;
    const Handle socket = world.connecting_refused();
    script.add(socket, IoInterest::write, 1);
    script.expect(1);
    world.connect_refused(socket);
    script.expect(1);
    world.listen(socket);
    script.modify(socket, IoInterest::read, 2);
    static_cast<void>(world.connecting(socket));
    script.expect(2);
    world.close(world.accept(socket));
    script.dispose();
}

void closed_over_operations(Script& script) {
    script.create();
    World& world = script.world;
    OsPoller& poller = script.poller();
    std::array<std::byte, 8> into{};
    const PipePair pipe = world.pipe_pair(PipeKind::bytes);
    const std::array handles = {world.tcp_pair().local, world.udp_pair().local, pipe.local};
    for (const Handle handle : handles) {
        script.submit("read", [&] { return poller.submit_read(handle, into, 1); });
        script.expect_silence();
        handle == pipe.local ? world.close_handle(handle) : world.close(handle);
        hold(static_cast<bool>(script.expect_completion(1).error), "a read of what was closed");
    }
    const Handle listener = world.listener();
    std::array<std::byte, OsPoller::accept_address_size + 16> addresses{};
    script.submit("accept", [&] { return poller.submit_accept(listener, addresses, 2); });
    script.expect_silence();
    world.close(listener);
    hold(static_cast<bool>(script.expect_completion(2).error), "an accept of what was closed");
    script.dispose();
}

void an_accept_that_has_its_connection(Script& script) {
    script.create();
    World& world = script.world;
    OsPoller& poller = script.poller();
    std::array<std::byte, OsPoller::accept_address_size + 16> addresses{};
    // Chance decides how such an accept ends.
    for (std::uint64_t i = 0; i < 4; ++i) {
        const Handle listener = world.listener();
        const Handle duplicate = world.duplicate(listener);
        OverlappedEntry* entry = nullptr;
        script.submit("accept", [&] {
            const Result<OverlappedEntry*> started = poller.submit_accept(listener, addresses, i);
            entry = started ? *started : nullptr;
            return started;
        });
        static_cast<void>(world.connecting(listener));
        script.expect_silence();
        world.close(listener);
        script.call("cancel", [&] { return poller.cancel(entry); });
        hold(script.expect_completion(i).error == std::errc::operation_canceled,
             "an accept was not cancelled");
        world.close(duplicate);
    }
    script.dispose();
}

void connects_that_cannot_begin(Script& script) {
    script.create();
    OsPoller& poller = script.poller();
    const Handle client = script.world.tcp_socket();
    const std::vector<std::byte> refused = script.world.refused_address();
    script.submit("connect", [&] { return poller.submit_connect(client, refused, 1); });
    static_cast<void>(poller.submit_connect(client, refused, 2));
    hold(static_cast<bool>(script.expect_completion(1).error), "a connect without a listener");
    script.dispose();
}

void writes_that_pipes_have_no_room_for(Script& script) {
    script.create();
    World& world = script.world;
    OsPoller& poller = script.poller();
    const std::vector<std::byte> much(more_than_a_pipe_takes);
    const PipePair bytes = world.pipe_pair(PipeKind::bytes);
    OverlappedEntry* entry = nullptr;
    script.submit("write", [&] {
        const Result<OverlappedEntry*> started = poller.submit_write(bytes.local, much, 1);
        entry = started ? *started : nullptr;
        return started;
    });
    script.add(bytes.peer, IoInterest::read, 2);
    script.expect(2);
    script.remove(bytes.peer);
    script.call("cancel", [&] { return poller.cancel(entry); });
    hold(script.expect_completion(1).error == std::errc::operation_canceled,
         "a write was not cancelled");
    const PipePair messages = world.pipe_pair(PipeKind::messages);
    constexpr std::array<std::uint64_t, 3> writes = {3, 4, 5};
    for (const std::uint64_t write : writes) {
        const std::span<const std::byte> message =
            write != writes.back() ? std::span(much) : std::span<const std::byte>();
        script.submit("write", [&] { return poller.submit_write(messages.local, message, write); });
    }
    std::array<std::byte, more_than_a_pipe_takes> taken;
    for (const std::uint64_t write : writes) {
        world.take(messages.peer, taken);
        script.expect_done(write);
    }
    script.dispose();
}

void pipes_that_are_of_no_use(Script& script) {
    script.create();
    World& world = script.world;
    OsPoller& poller = script.poller();
    std::array<std::byte, 8> into{};
    const Handle pipe = world.pipe_pair(PipeKind::messages).local;
    script.submit("read", [&] { return poller.submit_read(pipe, into, 1); });
    script.expect_silence();
    world.disconnect_pipe(pipe);
    hold(static_cast<bool>(script.expect_completion(1).error), "a read of no client");
    script.submit("read", [&] { return poller.submit_read(pipe, into, 2); });
    hold(static_cast<bool>(script.expect_completion(2).error), "a read of no client");
    hold(!poller.register_handle(pipe, IoInterest::read, 3),
         "a pipe without a client was registered");
    const Handle impatient = world.pipe_pair(PipeKind::bytes).local;
    script.add(impatient, IoInterest::read, 4);
    world.set_nowait(impatient);
    script.expect(4);
    script.remove(impatient);
    script.dispose();
}

void keys_and_numbers(Script& script) {
    script.create();
    World& world = script.world;
    const Handle console = world.console();
    script.add(console, IoInterest::read, 1);
    world.console_input(console, ConsoleInput::key_release);
    script.expect_silence();
    world.console_input(console, ConsoleInput::key);
    script.expect(1);
    script.remove(console);
    const SocketPair pair = world.tcp_pair();
    script.add(pair.local, IoInterest::read, 2);
    world.queue_apc([] {});
    script.expect_silence();
    // CloseHandle ignores the two lowest bits.
    world.close_handle(Handle(world.thing(Thing::event).value() | 1U));
    script.dispose();
}

/// The port watch outlives the switch to AFD, after which the thread blocks in a dequeue.
void a_packet_for_a_watched_port(Script& script) {
    script.create();
    const Handle port = script.poller().handle();
    for (std::uint64_t i = 0; i < 18; ++i) {
        script.add(script.world.tcp_pair().local, IoInterest::read, i);
        if (i == 0) {
            script.expect_silence();
        }
    }
    script.expect_silence();
    script.world.beside([&script, port] { script.world.post_packet(port, 100, 0, nullptr); });
    hold(!script.expect_completion(100).error, "a packet says something else");
    script.dispose();
}

void disposed_though_afd_cancels_nothing(Script& script) {
    script.create();
    for (std::uint64_t i = 0; i < 3; ++i) {
        script.add(script.world.tcp_pair().local, IoInterest::read, i);
    }
    script.expect_silence();
    script.dispose_without_cancels();
}

constexpr std::array of_windows = {
    Scenario{"ends of connections", &ends_of_connections},
    Scenario{"urgent bytes and datagrams", &urgent_bytes_and_datagrams},
    Scenario{"after a refusal", &after_a_refusal},
    Scenario{"closed over operations", &closed_over_operations},
    Scenario{"an accept that has its connection", &an_accept_that_has_its_connection},
    Scenario{"connects that cannot begin", &connects_that_cannot_begin},
    Scenario{"writes that pipes have no room for", &writes_that_pipes_have_no_room_for},
    Scenario{"pipes that are of no use", &pipes_that_are_of_no_use},
    Scenario{"keys and numbers", &keys_and_numbers},
    Scenario{"a packet for a watched port", &a_packet_for_a_watched_port},
    Scenario{"disposed though AFD cancels nothing", &disposed_though_afd_cancels_nothing},
};

}  // namespace

std::span<const Scenario> windows_scenarios() { return of_windows; }

}  // namespace wakepoll::test
