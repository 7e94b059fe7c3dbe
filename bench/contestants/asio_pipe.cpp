// A pipe by Asio's stream_handle.
#include "contestants/asio_bounded.hpp"
#include "contestants/pipe_end.hpp"

namespace wakepoll::bench {
namespace {

class AsioPipe final : public PipeEnd {
public:
    explicit AsioPipe(OwnedHandle pipe) : pipe_(asio_.context(), pipe.get()) { pipe.release(); }

    std::size_t read(std::span<std::byte> buffer) override {
        done_ = false;
        pipe_.async_read_some(asio::buffer(buffer.data(), buffer.size()), Ended{*this});
        asio_.run_until([this] { return done_; });
        return size_;
    }

    void write(std::span<const std::byte> bytes) override {
        done_ = false;
        asio::async_write(pipe_, asio::buffer(bytes.data(), bytes.size()), Ended{*this});
        asio_.run_until([this] { return done_; });
    }

private:
    struct Ended {
        AsioPipe& pipe;
        void operator()(const asio::error_code& error, std::size_t size) const {
            check_asio(error, "operation");
            pipe.size_ = size;
            pipe.done_ = true;
        }
    };

    AsioBounded asio_;
    asio::windows::stream_handle pipe_;
    bool done_ = false;
    std::size_t size_ = 0;
};

}  // namespace

std::unique_ptr<PipeEnd> make_asio_pipe(OwnedHandle pipe) {
    return std::make_unique<AsioPipe>(std::move(pipe));
}

}  // namespace wakepoll::bench
