// Reads blocks of a file in any order; driven by the files scenario.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "support/owned_handle.hpp"

namespace wakepoll::bench {

inline constexpr std::size_t file_block_size = 4096;

class FileReader {
public:
    virtual ~FileReader() = default;

    /// Reads the block at each of these offsets. Keeps `depth` reads in flight: each that ends is
    /// followed by the next.
    virtual void read(std::span<const std::uint64_t> offsets) = 0;
};

/// The buffers of the reads in flight, each with the offset of its block. A block begins with its
/// offset, so that the right one can be verified.
class Blocks {
public:
    explicit Blocks(std::size_t depth) : bytes_(depth * file_block_size), offsets_(depth) {}

    [[nodiscard]] std::size_t depth() const noexcept { return offsets_.size(); }

    /// Returns the buffer for a read at this offset.
    [[nodiscard]] std::span<std::byte> ask(std::size_t index, std::uint64_t offset) {
        offsets_[index] = offset;
        return std::span(bytes_).subspan(index * file_block_size, file_block_size);
    }

    void check_answer(std::size_t index, std::size_t size) const {
        std::uint64_t found = 0;
        std::memcpy(&found, bytes_.data() + index * file_block_size, sizeof(found));
        if (size != file_block_size || found != offsets_[index]) {
            fail("read", ERROR_INVALID_DATA);
        }
    }

private:
    std::vector<std::byte> bytes_;
    std::vector<std::uint64_t> offsets_;
};

/// submit_read on the file, attached.
[[nodiscard]] std::unique_ptr<FileReader> make_poller_file(OwnedHandle file, std::size_t depth);

/// ReadFile and GetQueuedCompletionStatusEx.
[[nodiscard]] std::unique_ptr<FileReader> make_raw_file(OwnedHandle file, std::size_t depth);

/// asio::windows::random_access_handle; null if Asio was not found.
[[nodiscard]] std::unique_ptr<FileReader> make_asio_file(OwnedHandle file, std::size_t depth);

}  // namespace wakepoll::bench
