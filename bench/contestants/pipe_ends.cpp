// Uses a pipe by the poller, and by Windows' own calls.
#include <array>
#include <utility>

#include "contestants/pipe_end.hpp"
#include "support/poller.hpp"

namespace wakepoll::bench {
namespace {

class PollerPipe final : public PipeEnd {
public:
    explicit PollerPipe(OwnedHandle pipe)
        : pipe_(std::move(pipe)),
          poller_(make_poller_of({})),
          attached_(poller_.attach(pipe_.get()).value()) {}

    std::size_t read(std::span<std::byte> buffer) override {
        check_error(poller_.submit_read(attached_, buffer, 0).error(), "submit_read");
        return finished();
    }

    void write(std::span<const std::byte> bytes) override {
        check_error(poller_.submit_write(attached_, bytes, 0).error(), "submit_write");
        if (finished() != bytes.size()) {
            fail("submit_write", ERROR_WRITE_FAULT);
        }
    }

private:
    std::size_t finished() {
        const WaitResult waited = poller_.wait(events_, patience);
        check_error(waited.error, "wait");
        if (waited.count != 1) {
            fail("wait", WAIT_TIMEOUT);
        }
        const Completion& completion = *events_.front().completion;
        check_error(completion.error, "operation");
        return completion.bytes;
    }

    OwnedHandle pipe_;
    OsPoller poller_;
    AttachedHandle attached_;
    std::array<NativeEvent, 64> events_ = {};
};

class RawPipe final : public PipeEnd {
public:
    explicit RawPipe(OwnedHandle pipe) : pipe_(std::move(pipe)) { port_.associate(pipe_.get()); }

    std::size_t read(std::span<std::byte> buffer) override {
        overlapped_ = {};
        check_begun(::ReadFile(pipe_.get(), buffer.data(), static_cast<DWORD>(buffer.size()),
                               nullptr, &overlapped_),
                    "ReadFile");
        return finished("ReadFile");
    }

    void write(std::span<const std::byte> bytes) override {
        overlapped_ = {};
        check_begun(::WriteFile(pipe_.get(), bytes.data(), static_cast<DWORD>(bytes.size()),
                                nullptr, &overlapped_),
                    "WriteFile");
        if (finished("WriteFile") != bytes.size()) {
            fail("WriteFile", ERROR_WRITE_FAULT);
        }
    }

private:
    std::size_t finished(const char* call) {
        const OVERLAPPED_ENTRY& packet = port_.dequeue(packets_).front();
        check_ended(packet, call);
        return packet.dwNumberOfBytesTransferred;
    }

    OwnedHandle pipe_;
    RawPort port_;
    OVERLAPPED overlapped_ = {};
    std::array<OVERLAPPED_ENTRY, 64> packets_ = {};
};

}  // namespace

std::unique_ptr<PipeEnd> make_poller_pipe(OwnedHandle pipe) {
    return std::make_unique<PollerPipe>(std::move(pipe));
}

std::unique_ptr<PipeEnd> make_raw_pipe(OwnedHandle pipe) {
    return std::make_unique<RawPipe>(std::move(pipe));
}

}  // namespace wakepoll::bench
