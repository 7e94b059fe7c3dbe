// Reads blocks of a file by the poller, and by Windows' own calls.
#include <algorithm>
#include <array>
#include <utility>

#include "contestants/file_reader.hpp"
#include "support/poller.hpp"

namespace wakepoll::bench {
namespace {

class PollerFile final : public FileReader {
public:
    PollerFile(OwnedHandle file, std::size_t depth)
        : file_(std::move(file)),
          blocks_(depth),
          poller_(make_poller_for(depth)),
          attached_(poller_.attach(file_.get()).value()),
          events_(depth) {}

    void read(std::span<const std::uint64_t> offsets) override {
        std::size_t next = 0;
        for (; next < std::min(blocks_.depth(), offsets.size()); ++next) {
            submit(next, offsets[next]);
        }
        for (std::size_t done = 0; done < offsets.size();) {
            const WaitResult waited = poller_.wait(events_, patience);
            check_error(waited.error, "wait");
            if (waited.count == 0) {
                fail("wait", WAIT_TIMEOUT);
            }
            for (const NativeEvent& event : std::span(events_).first(waited.count)) {
                const Completion& completion = *event.completion;
                check_error(completion.error, "read");
                const auto index = static_cast<std::size_t>(completion.user_data);
                blocks_.check_answer(index, completion.bytes);
                check_error(poller_.overlapped_pool().release(completion.entry), "release");
                ++done;
                if (next < offsets.size()) {
                    submit(index, offsets[next++]);
                }
            }
        }
    }

private:
    static OsPoller make_poller_for(std::size_t depth) {
        PollerConfig config;
        config.max_overlapped_entries = static_cast<std::uint32_t>(depth);
        return make_poller_of(config);
    }

    void submit(std::size_t index, std::uint64_t offset) {
        check_error(
            poller_.submit_read(attached_, blocks_.ask(index, offset), index, offset).error(),
            "submit_read");
    }

    OwnedHandle file_;
    Blocks blocks_;
    OsPoller poller_;  ///< Destroyed before the buffers: that ends what is in flight.
    AttachedHandle attached_;
    std::vector<NativeEvent> events_;
};

class RawFile final : public FileReader {
public:
    RawFile(OwnedHandle file, std::size_t depth)
        : blocks_(depth), reads_(depth), file_(std::move(file)) {
        port_.associate(file_.get());
    }

    void read(std::span<const std::uint64_t> offsets) override {
        std::size_t next = 0;
        for (; next < std::min(blocks_.depth(), offsets.size()); ++next) {
            submit(next, offsets[next]);
        }
        for (std::size_t done = 0; done < offsets.size();) {
            for (const OVERLAPPED_ENTRY& packet : port_.dequeue(packets_)) {
                check_ended(packet, "ReadFile");
                const auto index = static_cast<std::size_t>(packet.lpOverlapped - reads_.data());
                blocks_.check_answer(index, packet.dwNumberOfBytesTransferred);
                ++done;
                if (next < offsets.size()) {
                    submit(index, offsets[next++]);
                }
            }
        }
    }

private:
    void submit(std::size_t index, std::uint64_t offset) {
        OVERLAPPED& overlapped = reads_[index];
        overlapped = {};
        overlapped.Offset = static_cast<DWORD>(offset);
        overlapped.OffsetHigh = static_cast<DWORD>(offset >> 32U);
        check_begun(::ReadFile(file_.get(), blocks_.ask(index, offset).data(), file_block_size,
                               nullptr, &overlapped),
                    "ReadFile");
    }

    Blocks blocks_;
    std::vector<OVERLAPPED> reads_;
    std::array<OVERLAPPED_ENTRY, 64> packets_ = {};
    RawPort port_;
    OwnedHandle file_;
};

}  // namespace

std::unique_ptr<FileReader> make_poller_file(OwnedHandle file, std::size_t depth) {
    return std::make_unique<PollerFile>(std::move(file), depth);
}

std::unique_ptr<FileReader> make_raw_file(OwnedHandle file, std::size_t depth) {
    return std::make_unique<RawFile>(std::move(file), depth);
}

}  // namespace wakepoll::bench
