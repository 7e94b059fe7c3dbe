// The fixture of the tests of overlapped operations: a port and its packets.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fixture.hpp"
#include "status.hpp"
#include "sys/overlapped_io.hpp"
#include "wakepoll/overlapped.hpp"

namespace wakepoll::sim {

/// The OVERLAPPED and the buffer of one operation.
struct Attempt {
    explicit Attempt(std::size_t size = 16) : bytes(size, untouched) {}
    explicit Attempt(std::string_view text) {
        for (const char letter : text) {
            bytes.push_back(static_cast<std::byte>(letter));
        }
    }
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;
    /// An operation left in flight would end in the memory of the next test.
    ~Attempt() {
        if (overlapped.internal == status::pending) {
            ModelLock(Kernel::current())->operations.forget(&overlapped);
        }
    }

    static constexpr std::byte untouched{0x55};

    [[nodiscard]] IoBuffer buffer() noexcept {
        return {static_cast<std::uint32_t>(bytes.size()), bytes.data()};
    }
    /// The first bytes of the buffer as text.
    [[nodiscard]] std::string text(std::size_t size) const {
        std::string letters;
        for (const std::byte byte : std::span(bytes).first(size)) {
            letters.push_back(static_cast<char>(byte));
        }
        return letters;
    }
    [[nodiscard]] bool is_untouched() const {
        for (const std::byte byte : bytes) {
            if (byte != untouched) {
                return false;
            }
        }
        return true;
    }

    NativeOverlapped overlapped = {};
    std::vector<std::byte> bytes;
};

struct PortFixture : Fixture {
    using Fixture::Fixture;

    static constexpr std::uintptr_t key = 77;
    /// The result of `packet` when there is none.
    static constexpr int none = -1;

    sys::CompletionPort port = sys::CompletionPort::create().value();
    sys::Packet last;  ///< The packet that `packet` has taken.

    Handle tie(Handle handle) {
        BOOST_TEST(!port.associate(handle, key));
        return handle;
    }
    test::SocketPair tcp_pair() {
        const auto pair = world.tcp_pair();
        tie(pair.local);
        return pair;
    }

    /// Lets time pass and takes the next packet. Returns its code, or `none`.
    int packet() {
        kernel.advance(1ms);
        std::array<sys::Packet, 1> packets;
        if (port.dequeue(packets, 0).value() == 0) {
            return none;
        }
        last = packets[0];
        BOOST_TEST(last.key == key);
        return static_cast<int>(sys::win32_code_of_status(last.status()));
    }
    /// The code of the next packet, which has to be this operation's.
    int packet_of(const Attempt& attempt) {
        const int code = packet();
        BOOST_TEST(code != none);
        BOOST_TEST(last.overlapped == &attempt.overlapped);
        BOOST_TEST(last.bytes == attempt.overlapped.internal_high);
        BOOST_TEST(last.status() == attempt.overlapped.internal);
        return code;
    }

    Result<sys::Started> receive(Handle socket, Attempt& attempt) {
        const IoBuffer buffer = attempt.buffer();
        return sys::receive(socket, {&buffer, 1}, attempt.overlapped);
    }
    Result<sys::Started> send(Handle socket, Attempt& attempt) {
        const IoBuffer buffer = attempt.buffer();
        return sys::send(socket, {&buffer, 1}, attempt.overlapped);
    }
    Result<sys::Started> read(Handle file, Attempt& attempt) {
        return sys::read(file, attempt.buffer(), attempt.overlapped);
    }
    Result<sys::Started> write(Handle file, Attempt& attempt) {
        return sys::write(file, attempt.buffer(), attempt.overlapped);
    }
    test::Transfer put(Handle handle, std::string_view text) {
        return world.put(handle, std::as_bytes(std::span(text)));
    }
    /// Reads what is available, as text.
    std::string take(Handle handle, std::size_t size = 64) {
        Attempt taken(size);
        return taken.text(world.take(handle, taken.bytes).bytes);
    }

    [[nodiscard]] bool is_wine() const {
        return kernel.options().personality == Personality::wine_8;
    }
};

/// Without lateness: what can happen happens at once.
struct PromptFixture : PortFixture {
    PromptFixture() : PortFixture(Options{.late_completions = false}) {}
};

/// Runs `body` with a new fixture for each personality and many seeds. A failure names both.
template <class Fixture = PortFixture, class Body>
void on_each_port(Body body, Options options = {}) {
    constexpr std::uint64_t seeds = 40;
    for (const Personality personality : all_personalities) {
        for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
            options.personality = personality;
            options.seed = seed;
            BOOST_TEST_CONTEXT(traits_of(personality).name << ", seed " << seed) {
                Fixture fixture(options);
                body(fixture);
            }
        }
    }
}

}  // namespace wakepoll::sim
