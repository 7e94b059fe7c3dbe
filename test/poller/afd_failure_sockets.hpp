// Shared by the tests of failing AFD calls: the calls that open a device handle, and sockets of
// which some are ready and all others parked.
#pragma once

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <system_error>
#include <vector>

#include "stage.hpp"
#include "status.hpp"

namespace wakepoll::test {

using sim::Call;
namespace code = sim::code;

inline constexpr int seeds = 40;

/// More sockets than `automatic` leaves to WSAPoll.
inline constexpr std::uint32_t many = 17;

/// What opening a handle to the device takes.
inline constexpr std::array opening = {Call::afd_open, Call::port_associate, Call::skip_packets};

inline bool ran_out(std::error_code error) { return error == std::errc::no_buffer_space; }

/// Connected sockets, registered for reading with their index.
class Sockets {
public:
    Sockets(Stage& stage, OsPoller& poller, std::uint32_t count)
        : stage_(&stage), poller_(&poller) {
        for (std::uint32_t i = 0; i < count; ++i) {
            add();
        }
    }

    void add() {
        pairs_.push_back(stage_->world.tcp_pair());
        BOOST_REQUIRE(
            poller_->register_handle(pairs_.back().local, IoInterest::read, pairs_.size() - 1));
    }
    [[nodiscard]] const SocketPair& operator[](std::size_t i) const { return pairs_[i]; }
    void make_ready(std::size_t i) const { stage_->world.send(pairs_[i].peer, 1); }
    void calm(std::size_t i) const { stage_->world.receive(pairs_[i].local, 1); }

    /// The first so many are ready, and all others are parked.
    void park_all_but(std::size_t first) const {
        for (std::size_t i = 0; i < first; ++i) {
            make_ready(i);
        }
        for (int waits = 0; waits < 20; ++waits) {
            BOOST_REQUIRE(wait(*poller_, 0ms).count() == first);
            stage_->kernel.advance(100us);
        }
        const std::uint64_t before = poller_->stats().afd_requests;
        BOOST_REQUIRE(wait(*poller_, 0ms).count() == first);
        BOOST_REQUIRE(poller_->stats().afd_requests - before <= 1U);
        BOOST_REQUIRE(stage_->kernel.afd_requests() > 0U);
    }

private:
    Stage* stage_;
    OsPoller* poller_;
    std::vector<SocketPair> pairs_;
};

}  // namespace wakepoll::test
