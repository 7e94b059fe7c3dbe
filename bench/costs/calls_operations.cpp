// Kernel calls of a named pipe's ping-pong, of reading a file, and of accepting connections.
#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "backends.hpp"
#include "counts.hpp"

namespace wakepoll::costs {
namespace {

constexpr std::array backends = {Backend::wsapoll, Backend::afd, Backend::automatic};
constexpr std::size_t rounds = 10;

/// Waits for the one event that is due.
NativeEvent next_event(Rig& rig) {
    rig.wait_for(1, wait_forever);
    return rig.events.front();
}

void check_bytes(const NativeEvent& event, std::size_t bytes) {
    expect(
        event.completion != nullptr && !event.completion->error && event.completion->bytes == bytes,
        "an operation that moved all its bytes");
}

/// A byte comes from the other end and is sent back: one read, one write.
template <class Target>
void count_pipe(Counts& counts, const char* name, const test::PipePair& pipe, const Target& local,
                Rig& rig) {
    std::array<std::byte, 1> buffer{};
    const auto ping_pong = [&] {
        expect(rig.poller.submit_read(local, buffer, 1).error(), "submit_read");
        rig.when_blocked([&] {
            const std::array<std::byte, 1> ping{};
            expect(rig.world.put(pipe.peer, ping).bytes == 1, "room in the pipe");
        });
        check_bytes(next_event(rig), 1);
        expect(rig.poller.submit_write(local, buffer, 2).error(), "submit_write");
        check_bytes(next_event(rig), 1);
        std::array<std::byte, 1> pong{};
        expect(rig.world.take(pipe.peer, pong).bytes == 1, "a byte that comes back");
    };
    ping_pong();
    counts.count(name, rounds, rig, [&] {
        for (std::size_t i = 0; i < rounds; ++i) {
            ping_pong();
        }
    });
}

constexpr std::size_t block = 4096;

/// Reads blocks of a file one after the other.
template <class Target>
void count_file(Counts& counts, const char* name, const Target& file, Rig& rig) {
    std::vector<std::byte> buffer(block);
    const auto read = [&](std::size_t i) {
        expect(rig.poller.submit_read(file, buffer, i, i * block).error(), "submit_read");
        check_bytes(next_event(rig), block);
    };
    read(rounds);
    counts.count(name, rounds, rig, [&] {
        for (std::size_t i = 0; i < rounds; ++i) {
            read(i);
        }
    });
}

void count_accept_by_readiness(Counts& counts, Backend backend) {
    Rig rig(backend);
    const Handle listener = rig.world.listener();
    expect(rig.poller.register_handle(listener, IoInterest::read, 1), "register_handle");
    rig.come_to_rest();
    const auto accept = [&] {
        rig.when_blocked([&] { static_cast<void>(rig.world.connecting(listener)); });
        rig.wait_for(1, wait_forever);
        expect(static_cast<bool>(rig.world.accept(listener)), "a connection");
    };
    accept();
    counts.count("accept-by-readiness/" + std::string(test::name_of(backend)), rounds, rig,
                 [&] {
                     for (std::size_t i = 0; i < rounds; ++i) {
                         accept();
                     }
                 },
                 {{"accept", rounds}});
}

void count_accept_by_completions(Counts& counts) {
    Rig rig;
    const Handle listener = rig.world.listener();
    std::array<std::byte, OsPoller::accept_address_size> addresses{};
    const auto accept = [&] {
        expect(rig.poller.submit_accept(listener, addresses, 1).error(), "submit_accept");
        rig.when_blocked([&] { static_cast<void>(rig.world.connecting(listener)); });
        const NativeEvent event = next_event(rig);
        expect(event.completion != nullptr && static_cast<bool>(event.completion->accepted),
               "a connection");
    };
    accept();
    counts.count("accept-by-completions", rounds, rig, [&] {
        for (std::size_t i = 0; i < rounds; ++i) {
            accept();
        }
    });
}

}  // namespace

void count_operations(Counts& counts) {
    {
        Rig rig;
        const test::PipePair pipe = rig.world.pipe_pair(test::PipeKind::bytes);
        count_pipe(counts, "pipe/ping-pong", pipe, pipe.local, rig);
        count_pipe(counts, "pipe/ping-pong-attached", pipe, rig.poller.attach(pipe.local).value(),
                   rig);
    }
    {
        Rig rig;
        const Handle file = rig.world.file_of((rounds + 1) * block);
        count_file(counts, "file/read", file, rig);
        count_file(counts, "file/read-attached", rig.poller.attach(file).value(), rig);
    }
    for (const Backend backend : backends) {
        count_accept_by_readiness(counts, backend);
    }
    count_accept_by_completions(counts);
}

}  // namespace wakepoll::costs
