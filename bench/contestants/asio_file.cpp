// Reads blocks of a file by Asio's random_access_handle.
#include <algorithm>

#include "contestants/asio_bounded.hpp"
#include "contestants/file_reader.hpp"

namespace wakepoll::bench {
namespace {

class AsioFile final : public FileReader {
public:
    AsioFile(OwnedHandle file, std::size_t depth)
        : blocks_(depth), file_(asio_.context(), file.get()) {
        file.release();
    }

    void read(std::span<const std::uint64_t> offsets) override {
        offsets_ = offsets;
        next_ = 0;
        done_ = 0;
        while (next_ < std::min(blocks_.depth(), offsets.size())) {
            submit(next_);
        }
        asio_.run_until([this] { return done_ == offsets_.size(); });
    }

private:
    void submit(std::size_t index) {
        const std::uint64_t offset = offsets_[next_++];
        const std::span<std::byte> block = blocks_.ask(index, offset);
        file_.async_read_some_at(offset, asio::buffer(block.data(), block.size()),
                                 [this, index](const asio::error_code& error, std::size_t size) {
                                     check_asio(error, "read");
                                     blocks_.check_answer(index, size);
                                     ++done_;
                                     if (next_ < offsets_.size()) {
                                         submit(index);
                                     }
                                 });
    }

    Blocks blocks_;
    AsioBounded asio_;
    asio::windows::random_access_handle file_;
    std::span<const std::uint64_t> offsets_;
    std::size_t next_ = 0;
    std::size_t done_ = 0;
};

}  // namespace

std::unique_ptr<FileReader> make_asio_file(OwnedHandle file, std::size_t depth) {
    return std::make_unique<AsioFile>(std::move(file), depth);
}

}  // namespace wakepoll::bench
