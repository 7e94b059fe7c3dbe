// The scripts. See scenarios.hpp.
#include "scenarios.hpp"

namespace wakepoll::test {
namespace {

constexpr IoInterest read_once = IoInterest::read | IoInterest::one_shot;

void create_and_dispose(Script& script) {
    script.create();
    script.expect_silence();
    script.dispose();
}

void one_socket(Script& script) {
    script.create();
    const SocketPair pair = script.world.tcp_pair();
    script.add(pair.local, IoInterest::read, 1);
    script.expect_silence();
    script.world.send(pair.peer, 1);
    script.expect(1);
    script.world.receive(pair.local, 1);
    script.modify(pair.local, IoInterest::write, 2);
    script.expect(2);
    script.modify(pair.local, read_once, 3);
    script.expect_silence();
    script.world.send(pair.peer, 1);
    script.expect(3);
    script.expect_silence();
    script.remove(pair.local);
    script.expect_silence();
    script.dispose();
}

void sockets_of_each_kind(Script& script) {
    script.create();
    const Handle listener = script.world.listener();
    const SocketPair udp = script.world.udp_pair();
    const Handle refused = script.world.connecting_refused();
    script.add(listener, IoInterest::read, 1);
    script.add(udp.local, IoInterest::read, 2);
    script.add(refused, IoInterest::write, 3);
    static_cast<void>(script.world.connecting(listener));
    script.world.send(udp.peer, 1);
    script.expect(1);
    script.expect(2);
    script.expect(3);
    script.dispose();
}

void a_crowd(Script& script) {
    script.create();
    std::vector<SocketPair> pairs;
    for (std::uint64_t i = 0; i < 20; ++i) {
        pairs.push_back(script.world.tcp_pair());
        script.add(pairs.back().local, IoInterest::read, i);
    }
    for (int rounds = 0; rounds < 4; ++rounds) {
        script.world.send(pairs[3].peer, 1);
        script.expect(3);
        script.expect(3);
    }
    script.world.send(pairs[17].peer, 1);
    script.expect(17);
    script.remove(pairs[5].local);
    script.remove(pairs[17].local);
    script.world.shutdown_send(pairs[12].local);
    script.world.shutdown_send(pairs[12].peer);
    script.expect(12);
    script.world.reset(pairs[9].peer);
    script.expect(9);
    script.dispose();
}

void closed_while_registered(Script& script) {
    script.create();
    const SocketPair first = script.world.tcp_pair();
    const SocketPair second = script.world.tcp_pair();
    script.add(first.local, IoInterest::read, 1);
    script.add(second.local, IoInterest::read, 2);
    script.expect_silence();
    script.world.close(first.local);
    script.world.send(second.peer, 1);
    script.expect(2);
    hold(script.poller().registration_count() == 1, "a closed socket is registered still");
    script.dispose();
}

void what_is_signalled(Script& script) {
    script.create();
    constexpr std::array kinds = {Thing::event, Thing::auto_reset_event, Thing::semaphore,
                                  Thing::timer, Thing::child_process,    Thing::child_thread};
    std::vector<Handle> things;
    for (std::uint64_t i = 0; i < kinds.size(); ++i) {
        things.push_back(script.world.thing(kinds[i]));
        script.add(things.back(), IoInterest::read, i);
    }
    script.expect_silence();
    for (std::uint64_t i = 0; i < kinds.size(); ++i) {
        script.world.signal(things[i]);
        script.expect(i);
        script.remove(things[i]);
    }
    script.expect_silence();
    script.dispose();
}

void pipes(Script& script) {
    script.create();
    constexpr std::array kinds = {PipeKind::bytes, PipeKind::messages, PipeKind::anonymous};
    constexpr std::array one = {std::byte{1}};
    for (std::uint64_t i = 0; i < kinds.size(); ++i) {
        const PipePair pair = script.world.pipe_pair(kinds[i]);
        script.add(pair.local, IoInterest::read, i);
        script.expect_silence();
        script.world.put(pair.peer, one);
        script.expect(i);
        std::array<std::byte, 4> taken;
        script.world.take(pair.local, taken);
        script.modify(pair.local, read_once, i);
        script.expect_silence();
        script.world.close_handle(pair.peer);
        script.expect(i);
        script.modify(pair.local, IoInterest::none, i);
        script.expect(i);
        script.remove(pair.local);
    }
    script.expect_silence();
    script.dispose();
}

void an_end_that_is_all_that_is_wanted(Script& script) {
    script.create();
    constexpr std::array kinds = {PipeKind::messages, PipeKind::anonymous};
    constexpr std::array one = {std::byte{1}};
    for (std::uint64_t i = 0; i < kinds.size(); ++i) {
        const PipePair pair = script.world.pipe_pair(kinds[i]);
        script.add(pair.local, IoInterest::none, i);
        script.expect_silence();
        script.world.put(pair.peer, one);
        script.expect_silence();
        std::array<std::byte, 4> taken;
        script.world.take(pair.local, taken);
        script.expect_silence();
        if (i == 0) {
            script.world.disconnect_pipe(pair.local);
        } else {
            script.world.close_handle(pair.peer);
        }
        script.expect(i);
        script.remove(pair.local);
    }
    script.dispose();
}

void a_socket_and_an_event(Script& script) {
    script.create();
    const SocketPair pair = script.world.tcp_pair();
    const Handle event = script.world.thing(Thing::auto_reset_event);
    script.add(pair.local, IoInterest::read, 1);
    script.add(event, IoInterest::read, 2);
    script.world.beside([&] { script.world.signal(event); });
    script.expect(2);
    script.world.join();
    script.world.beside([&] { script.world.send(pair.peer, 1); });
    script.expect(1);
    script.dispose();
}

void transfers(Script& script) {
    script.create();
    std::array<std::byte, 8> into{};
    std::array<std::byte, 8> from{};
    OsPoller& poller = script.poller();
    const SocketPair sockets = script.world.tcp_pair();
    const PipePair pipe = script.world.pipe_pair(PipeKind::bytes);
    const Handle file = script.world.file_of(100);
    for (const Handle handle : {sockets.local, pipe.local, file}) {
        script.submit("write", [&] { return poller.submit_write(handle, from, 1); });
        script.expect_done(1);
    }
    for (const Handle handle : {sockets.local, pipe.local, file}) {
        script.submit("read", [&] { return poller.submit_read(handle, into, 2); });
        if (handle == file) {
            script.expect_done(2);
            break;
        }
        script.expect_silence();
        constexpr std::array one = {std::byte{1}};
        script.world.put(handle == sockets.local ? sockets.peer : pipe.peer, one);
        script.expect_done(2);
    }
    script.dispose();
}

void connections(Script& script) {
    script.create();
    OsPoller& poller = script.poller();
    const Handle listener = script.world.listener();
    std::array<std::byte, OsPoller::accept_address_size> addresses{};
    script.submit("accept", [&] { return poller.submit_accept(listener, addresses, 1); });
    const Handle client = script.world.tcp_socket();
    const std::vector<std::byte> address = script.world.address_of(listener);
    script.submit("connect", [&] { return poller.submit_connect(client, address, 2); });
    script.expect_done(2);
    script.expect_done(1);
    static_cast<void>(script.world.connecting(listener));
    script.submit("accept", [&] { return poller.submit_accept(listener, addresses, 3); });
    script.expect_done(3);
    script.dispose();
}

void attached_and_addressed(Script& script) {
    script.create();
    OsPoller& poller = script.poller();
    const Handle server = script.world.bound_udp();
    const Handle client = script.world.bound_udp();
    const Handle pipe = script.world.pipe_server();
    const std::vector<std::byte> address = script.world.address_of(server);
    AttachedHandle attached;
    script.call("attach", [&] {
        Result<AttachedHandle> made = poller.attach(server);
        if (made) {
            attached = std::move(*made);
        }
        return made.error();
    });
    std::array<std::byte, 8> into{};
    std::array<std::byte, OsPoller::address_size> from{};
    const std::array<std::byte, 1> out{};
    for (std::uint64_t round = 0; round < 2; ++round) {
        script.submit("receive from",
                      [&] { return poller.submit_receive_from(attached, into, from, 1); });
        script.submit("send to", [&] { return poller.submit_send_to(client, out, address, 2); });
        script.expect_done(2);
        script.expect_done(1);
    }
    script.submit("connect a pipe", [&] { return poller.submit_connect_pipe(pipe, 3); });
    static_cast<void>(script.world.open_pipe(pipe));
    script.expect_done(3);
    script.submit("connect a pipe", [&] { return poller.submit_connect_pipe(pipe, 4); });
    script.expect_done(4);
    script.dispose();
}

void cancels(Script& script) {
    script.create();
    OsPoller& poller = script.poller();
    const SocketPair pair = script.world.tcp_pair();
    std::array<std::array<std::byte, 8>, 3> into{};
    for (std::uint64_t i = 0; i < into.size(); ++i) {
        script.submit("read", [&] { return poller.submit_read(pair.local, into[i], i); });
    }
    script.call("cancel", [&] { return poller.cancel(pair.local); });
    for (std::uint64_t i = 0; i < into.size(); ++i) {
        hold(script.expect_completion(i).error == std::errc::operation_canceled,
             "it was not cancelled");
    }
    script.dispose();
}

void disposed_with_everything_in_flight(Script& script) {
    script.create();
    OsPoller& poller = script.poller();
    std::array<std::byte, 8> into{};
    const SocketPair read = script.world.tcp_pair();
    const SocketPair registered = script.world.tcp_pair();
    const PipePair pipe = script.world.pipe_pair(PipeKind::bytes);
    const Handle event = script.world.thing(Thing::event);
    script.add(registered.local, IoInterest::read, 1);
    script.add(pipe.local, IoInterest::read, 2);
    script.add(event, IoInterest::read, 3);
    script.submit("read", [&] { return poller.submit_read(read.local, into, 4); });
    script.expect_silence();
    script.dispose();
}

void unregistered_with_requests_in_flight(Script& script) {
    script.create();
    const SocketPair socket = script.world.tcp_pair();
    const PipePair pipe = script.world.pipe_pair(PipeKind::messages);
    for (std::uint64_t round = 0; round < 2; ++round) {
        script.add(socket.local, IoInterest::read, 10 + round);
        script.add(pipe.local, IoInterest::read, 20 + round);
        script.expect_silence();
        script.remove(socket.local);
        script.remove(pipe.local);
    }
    script.add(socket.local, IoInterest::write, 12);
    script.expect(12);
    script.dispose();
}

void wakes_and_the_timer(Script& script) {
    script.create();
    const SocketPair pair = script.world.tcp_pair();
    for (int round = 0; round < 2; ++round) {
        script.wake_beside();
        script.expect_woken();
        script.world.join();
        script.call("set the timer", [&] { return script.poller().set_timer(Clock::now() + 2ms); });
        script.expect_timer();
        if (round == 0) {
            script.add(pair.local, IoInterest::read, 1);
        }
    }
    script.dispose();
}

void packets_of_the_users_own(Script& script) {
    script.create();
    const SocketPair registered = script.world.tcp_pair();
    const SocketPair associated = script.world.tcp_pair();
    script.add(registered.local, IoInterest::read, 1);
    script.call("associate", [&] { return script.poller().associate_handle(associated.local, 7); });
    // Called here and not by the actor, which cannot wait for the poller's lock
    // (sim/bodies/lock.cpp).
    const Handle port = script.poller().handle();
    script.world.beside([&, port] { script.world.post_packet(port, 8, 0, nullptr); });
    hold(!script.expect_completion(8).error, "a packet says something else");
    script.world.join();
    script.wake_beside();
    script.expect_woken();
    script.world.join();
    script.world.send(registered.peer, 1);
    script.expect(1);
    script.dispose();
}

constexpr std::array scenarios = {
    Scenario{"create and dispose", &create_and_dispose},
    Scenario{"one socket", &one_socket},
    Scenario{"sockets of each kind", &sockets_of_each_kind},
    Scenario{"a crowd", &a_crowd},
    Scenario{"closed while registered", &closed_while_registered},
    Scenario{"what is signalled", &what_is_signalled},
    Scenario{"pipes", &pipes},
    Scenario{"an end that is all that is wanted", &an_end_that_is_all_that_is_wanted},
    Scenario{"a socket and an event", &a_socket_and_an_event},
    Scenario{"transfers", &transfers},
    Scenario{"connections", &connections},
    Scenario{"attached and addressed", &attached_and_addressed},
    Scenario{"cancels", &cancels},
    Scenario{"disposed with everything in flight", &disposed_with_everything_in_flight},
    Scenario{"unregistered with requests in flight", &unregistered_with_requests_in_flight},
    Scenario{"wakes and the timer", &wakes_and_the_timer},
    Scenario{"packets of the user's own", &packets_of_the_users_own},
};

}  // namespace

std::vector<Scenario> all_scenarios() {
    std::vector<Scenario> all(scenarios.begin(), scenarios.end());
    const std::span<const Scenario> more = windows_scenarios();
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

}  // namespace wakepoll::test
