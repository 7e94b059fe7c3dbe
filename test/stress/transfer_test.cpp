// Large transfers by overlapped operations: a file copied, a pipe full in both directions.
//
// On a real kernel 64 MiB each; on the simulated one, which moves bytes one by one, enough to take
// every path often. No socket is registered, so the backend does not matter.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "stage.hpp"

using namespace wakepoll;
using namespace wakepoll::test;

namespace {

#if defined(_WIN32)
constexpr std::size_t total = std::size_t{64} * 1024 * 1024;
constexpr std::size_t chunk = std::size_t{256} * 1024;
constexpr int seeds = 1;
#else
constexpr std::size_t total = std::size_t{1} * 1024 * 1024;
constexpr std::size_t chunk = std::size_t{16} * 1024;
constexpr int seeds = 2;
#endif

/// FNV-1a, which detects missing, doubled or misplaced bytes.
class Checksum {
public:
    void add(std::span<const std::byte> bytes) {
        for (const std::byte byte : bytes) {
            value_ = (value_ ^ static_cast<std::uint8_t>(byte)) * 0x100000001B3U;
        }
    }
    [[nodiscard]] std::uint64_t value() const { return value_; }

private:
    std::uint64_t value_ = 0xCBF29CE484222325U;
};

std::uint64_t checksum_of(std::span<const std::byte> bytes) {
    Checksum sum;
    sum.add(bytes);
    return sum.value();
}

/// The contents of a stream: byte i of direction d.
std::byte pattern(std::size_t i, unsigned direction) {
    return static_cast<std::byte>((i * 31 + i / 4096 + std::size_t{direction} * 17) & 0xFFU);
}

/// Copies one file to another with several chunks in flight at once, each first read, then written
/// to the same place.
class Copy {
public:
    static constexpr std::size_t window = 8;

    Copy(OsPoller& poller, Handle from, Handle to) : poller_(poller), from_(from), to_(to) {
        for (std::size_t i = 0; i < window; ++i) {
            buffers_[i].resize(chunk);
        }
    }

    void run() {
        for (std::size_t i = 0; i < window && next_ < total; ++i) {
            read(i);
        }
        while (written_ < total) {
            const auto waited = wait(poller_);
            BOOST_REQUIRE(!waited.result.error);
            BOOST_REQUIRE(waited.count() > 0U);
            for (std::size_t i = 0; i < waited.count(); ++i) {
                proceed(*waited.events[i].completion);
            }
        }
    }

private:
    void read(std::size_t index) {
        offsets_[index] = next_;
        next_ += chunk;
        BOOST_REQUIRE(poller_.submit_read(from_, buffers_[index], index, offsets_[index]));
    }

    void proceed(const Completion& done) {
        BOOST_REQUIRE(!done.error);
        BOOST_REQUIRE(done.bytes == chunk);
        const auto index = static_cast<std::size_t>(done.user_data);
        if (done.operation == IoOperation::read) {
            BOOST_REQUIRE(poller_.submit_write(to_, buffers_[index], index, offsets_[index]));
            return;
        }
        written_ += done.bytes;
        if (next_ < total) {
            read(index);
        }
    }

    OsPoller& poller_;
    Handle from_;
    Handle to_;
    std::array<std::vector<std::byte>, window> buffers_;
    std::array<std::size_t, window> offsets_ = {};
    std::size_t next_ = 0;
    std::size_t written_ = 0;
};

/// One end of a pipe that sends a stream and receives another at the same time.
class End {
public:
    End(OsPoller& poller, Handle handle, unsigned sends)
        : poller_(poller), handle_(handle), sends_(sends), out_(chunk), in_(chunk) {}

    void begin() {
        read();
        write();
    }

    [[nodiscard]] bool is_done() const { return sent_ == total && received_ == total; }
    [[nodiscard]] std::uint64_t received_sum() const { return sum_.value(); }

    void proceed(const Completion& done) {
        BOOST_REQUIRE(!done.error);
        if (done.operation == IoOperation::read) {
            sum_.add(std::span(in_).first(done.bytes));
            received_ += done.bytes;
            if (received_ < total) {
                read();
            }
        } else {
            sent_ += done.bytes;
            if (sent_ < total) {
                write();
            }
        }
    }

private:
    void read() { BOOST_REQUIRE(poller_.submit_read(handle_, in_, sends_)); }

    void write() {
        const std::size_t size = std::min(chunk, total - sent_);
        for (std::size_t i = 0; i < size; ++i) {
            out_[i] = pattern(sent_ + i, sends_);
        }
        BOOST_REQUIRE(poller_.submit_write(handle_, std::span(out_).first(size), sends_));
    }

    OsPoller& poller_;
    Handle handle_;
    unsigned sends_;
    std::vector<std::byte> out_;
    std::vector<std::byte> in_;
    std::size_t sent_ = 0;
    std::size_t received_ = 0;
    Checksum sum_;
};

std::uint64_t sum_of_stream(unsigned direction) {
    std::vector<std::byte> bytes(total);
    for (std::size_t i = 0; i < total; ++i) {
        bytes[i] = pattern(i, direction);
    }
    return checksum_of(bytes);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(transfer)

BOOST_AUTO_TEST_CASE(a_file_is_copied_byte_for_byte) {
    on_every_kernel(Backend::automatic, seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle from = stage.world.file_of(total);
        const Handle to = stage.world.file_of(0);
        Copy(poller, from, to).run();
        BOOST_TEST(checksum_of(stage.world.content_of(to)) ==
                   checksum_of(stage.world.content_of(from)));
        (void)wait(poller, 0ms);
        BOOST_TEST(poller.overlapped_count() == 0U);
    });
}

BOOST_AUTO_TEST_CASE(a_pipe_carries_both_directions_at_once) {
    on_every_kernel(Backend::automatic, seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const PipePair pipe = stage.world.pipe_pair(PipeKind::both_overlapped);
        std::array<End, 2> ends = {End(poller, pipe.local, 0), End(poller, pipe.peer, 1)};
        ends[0].begin();
        ends[1].begin();
        while (!ends[0].is_done() || !ends[1].is_done()) {
            const auto waited = wait(poller);
            BOOST_REQUIRE(!waited.result.error);
            BOOST_REQUIRE(waited.count() > 0U);
            for (std::size_t i = 0; i < waited.count(); ++i) {
                ends[waited.events[i].data.u64].proceed(*waited.events[i].completion);
            }
        }
        BOOST_TEST(ends[0].received_sum() == sum_of_stream(1));
        BOOST_TEST(ends[1].received_sum() == sum_of_stream(0));
        (void)wait(poller, 0ms);
        BOOST_TEST(poller.overlapped_count() == 0U);
    });
}

BOOST_AUTO_TEST_SUITE_END()
