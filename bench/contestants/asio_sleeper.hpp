// A wait in Asio that only its timer ends.
#pragma once

#include <chrono>
#include <memory>

namespace wakepoll::bench {

class AsioSleeper {
public:
    virtual ~AsioSleeper() = default;
    virtual void sleep(std::chrono::microseconds time) = 0;
};

/// Null if Asio was not found.
[[nodiscard]] std::unique_ptr<AsioSleeper> make_asio_sleeper();

}  // namespace wakepoll::bench
