// Shared by the tests of overlapped calls: a port, and the packets that come to it.
//
// Buffers and structures of calls are members of the test's own fixture or of the test; the World
// is created first and destroyed last, so that a call in flight when a test fails does no harm: its
// handle is closed with the World, and after that nothing is written.
#pragma once

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "sys/completion_port.hpp"
#include "sys/overlapped_io.hpp"
#include "sys_test.hpp"

namespace wakepoll::test {

/// A packet in the terms in which a test speaks of it.
struct Finished {
    std::uint32_t code = 0;  ///< Win32; 0 for success.
    std::uint32_t bytes = 0;

    friend bool operator==(const Finished&, const Finished&) = default;
    friend std::ostream& operator<<(std::ostream& out, const Finished& finished) {
        return out << "code " << finished.code << ", " << finished.bytes << " bytes";
    }
};

constexpr Finished aborted{995, 0};

inline std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

struct PortFixture {
    World world;
    sys::CompletionPort port = sys::CompletionPort::create().value();
    NativeOverlapped overlapped;
    std::array<char, 16> buffer = {};

    [[nodiscard]] IoBuffer whole_buffer() {
        return {static_cast<std::uint32_t>(buffer.size()), buffer.data()};
    }

    /// The handle itself; its packets come to the port from now on.
    Handle tied(Handle handle) const {
        BOOST_REQUIRE(!port.associate(handle, 1));
        return handle;
    }

    /// The packet of this call, which must come and come alone.
    [[nodiscard]] Finished finished(const NativeOverlapped& call) const {
        std::array<sys::Packet, 2> packets;
        BOOST_REQUIRE(port.dequeue(packets, patience_milliseconds).value() == 1U);
        BOOST_TEST(packets[0].overlapped == &call);
        const auto status = static_cast<std::uint32_t>(call.internal);
        return {sys::win32_code_of_status(status), packets[0].bytes};
    }
    [[nodiscard]] Finished finished() const { return finished(overlapped); }

    [[nodiscard]] bool is_silent() const {
        std::array<sys::Packet, 1> packets;
        return port.dequeue(packets, quiet_milliseconds).value() == 0;
    }

    /// Begun and not done yet: no packet is there.
    [[nodiscard]] bool is_pending(const Result<sys::Started>& started) const {
        BOOST_TEST_INFO("error " << started.error().value());
        return started.has_value() && !started->at_once && is_silent();
    }

    /// Puts all of it, and where it went into a socket, returns when it can be received.
    void put(Handle peer, Handle local, std::string_view text) {
        BOOST_REQUIRE(world.put(peer, bytes_of(text)).bytes == text.size());
        constexpr int readable = sys::poll_bits::rdnorm;
        BOOST_REQUIRE((revents(local, readable, patience_milliseconds) & readable) != 0);
    }
    void put(Handle peer, std::string_view text) {
        BOOST_REQUIRE(world.put(peer, bytes_of(text)).bytes == text.size());
    }

    [[nodiscard]] std::string taken(Handle handle) {
        std::array<std::byte, 64> bytes;
        const Transfer transfer = world.take(handle, bytes);
        BOOST_TEST(!transfer.error);
        return {reinterpret_cast<const char*>(bytes.data()), transfer.bytes};
    }

    [[nodiscard]] std::string text(std::size_t size) const { return {buffer.data(), size}; }
};

/// The error that a call was refused with; 0 if it was not.
inline int refusal(const Result<sys::Started>& started) { return started.error().value(); }

}  // namespace wakepoll::test
