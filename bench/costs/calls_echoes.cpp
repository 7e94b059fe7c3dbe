// Kernel calls of an echo, over 1, 64 and 512 connections: the clients send while the server is
// blocked, and each gets its bytes back.
//
// By readiness the user receives and sends. By completions a read is always pending on each
// connection, and the answer is a submitted write, on the socket's handle or on that handle
// attached.
#include <array>
#include <cstddef>
#include <string>
#include <type_traits>
#include <vector>

#include "counts.hpp"

namespace wakepoll::costs {
namespace {

constexpr std::array backends = {Backend::wsapoll, Backend::afd, Backend::automatic};
constexpr std::array<std::size_t, 3> crowds = {1, 64, 512};
constexpr std::size_t rounds = 10;

void send_from_all(Rig& rig) {
    for (const test::SocketPair& pair : rig.pairs) {
        expect(rig.world.send(pair.peer, 1).bytes == 1, "room for what a client sends");
    }
}

void receive_by_all(Rig& rig) {
    for (const test::SocketPair& pair : rig.pairs) {
        expect(rig.world.receive(pair.peer, 1).bytes == 1, "an echo");
    }
}

void echo_by_readiness(Rig& rig) {
    rig.when_blocked([&] { send_from_all(rig); });
    std::size_t echoes = 0;
    while (echoes < rig.pairs.size()) {
        const WaitResult result = rig.poller.wait(rig.events, wait_forever);
        expect(result.error, "wait");
        for (std::size_t i = 0; i < result.count; ++i) {
            const Handle socket = rig.pairs[rig.events[i].data.u64].local;
            expect(rig.world.receive(socket, 1).bytes == 1, "what a client has sent");
            expect(rig.world.send(socket, 1).bytes == 1, "room for an echo");
            ++echoes;
        }
    }
    receive_by_all(rig);
}

void count_by_readiness(Counts& counts, std::size_t connections, Backend backend) {
    Rig rig(backend);
    rig.add_sockets(connections);
    for (std::size_t i = 0; i < rounds; ++i) {
        echo_by_readiness(rig);
    }
    const std::size_t echoes = rounds * connections;
    counts.count(named("echo-by-readiness/", connections, backend), echoes, rig,
                 [&] {
                     for (std::size_t i = 0; i < rounds; ++i) {
                         echo_by_readiness(rig);
                     }
                 },
                 {{"recv", echoes}, {"send", echoes}});
}

/// The server side of all connections, by completions. Target: Handle or AttachedHandle.
template <class Target>
class CompletionServer {
public:
    template <class MakeTarget>
    CompletionServer(Rig& rig, const MakeTarget& target_of)
        : rig_(rig), buffers_(rig.pairs.size()) {
        for (const test::SocketPair& pair : rig.pairs) {
            targets_.push_back(target_of(rig.poller, pair.local));
        }
        for (std::size_t i = 0; i < buffers_.size(); ++i) {
            read(i);
        }
    }

    void echo_all() {
        rig_.when_blocked([this] { send_from_all(rig_); });
        std::size_t read_again = 0;
        while (read_again < buffers_.size()) {
            const WaitResult result = rig_.poller.wait(rig_.events, wait_forever);
            expect(result.error, "wait");
            for (std::size_t i = 0; i < result.count; ++i) {
                const NativeEvent& event = rig_.events[i];
                expect(event.completion != nullptr && event.completion->bytes == 1, "one byte");
                const std::size_t connection = event.data.u64;
                if (event.completion->operation == IoOperation::read) {
                    expect(rig_.poller
                               .submit_write(targets_[connection], buffers_[connection], connection)
                               .error(),
                           "submit_write");
                } else {
                    read(connection);
                    ++read_again;
                }
            }
        }
        receive_by_all(rig_);
    }

private:
    void read(std::size_t connection) {
        expect(
            rig_.poller.submit_read(targets_[connection], buffers_[connection], connection).error(),
            "submit_read");
    }

    Rig& rig_;
    std::vector<Target> targets_;
    std::vector<std::array<std::byte, 1>> buffers_;
};

template <class MakeTarget>
void count_by_completions(Counts& counts, const char* what, std::size_t connections,
                          const MakeTarget& target_of) {
    Rig rig(PollerConfig{.max_overlapped_entries = 1024});
    rig.make_sockets(connections);
    CompletionServer<std::invoke_result_t<MakeTarget, OsPoller&, Handle>> server(rig, target_of);
    for (std::size_t i = 0; i < rounds; ++i) {
        server.echo_all();
    }
    counts.count(what + std::to_string(connections), rounds * connections, rig, [&] {
        for (std::size_t i = 0; i < rounds; ++i) {
            server.echo_all();
        }
    });
}

}  // namespace

void count_echoes(Counts& counts) {
    for (const std::size_t connections : crowds) {
        for (const Backend backend : backends) {
            count_by_readiness(counts, connections, backend);
        }
    }
    for (const std::size_t connections : crowds) {
        count_by_completions(counts, "echo-by-completions/of-", connections,
                             [](OsPoller&, Handle socket) { return socket; });
        count_by_completions(
            counts, "echo-by-completions/attached-of-", connections,
            [](OsPoller& poller, Handle socket) { return poller.attach(socket).value(); });
    }
}

}  // namespace wakepoll::costs
