// One overlapped end of a named pipe; driven by the pipes scenario: one operation at a time, and a
// wait for each completion.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "support/owned_handle.hpp"

namespace wakepoll::bench {

class PipeEnd {
public:
    virtual ~PipeEnd() = default;

    /// Starts a read and waits until it is done. Returns the number of bytes, at least one.
    [[nodiscard]] virtual std::size_t read(std::span<std::byte> buffer) = 0;

    /// Writes all of it.
    virtual void write(std::span<const std::byte> bytes) = 0;
};

/// submit_read and submit_write.
[[nodiscard]] std::unique_ptr<PipeEnd> make_poller_pipe(OwnedHandle pipe);

/// ReadFile, WriteFile and GetQueuedCompletionStatusEx.
[[nodiscard]] std::unique_ptr<PipeEnd> make_raw_pipe(OwnedHandle pipe);

/// asio::windows::stream_handle; null if Asio was not found.
[[nodiscard]] std::unique_ptr<PipeEnd> make_asio_pipe(OwnedHandle pipe);

}  // namespace wakepoll::bench
