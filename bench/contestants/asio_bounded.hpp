// Runs an io_context until something has happened, but no longer than a benchmark waits.
#pragma once

#include "contestants/asio_all.hpp"
#include "support/loopback_sockets.hpp"

namespace wakepoll::bench {

class AsioBounded {
public:
    [[nodiscard]] asio::io_context& context() noexcept { return context_; }

    /// Runs handlers until `is_done` returns true.
    template <class Condition>
    void run_until(const Condition& is_done) {
        while (!is_done()) {
            if (context_.run_one_for(std::chrono::milliseconds(patience_milliseconds)) == 0) {
                fail("run_one_for", WAIT_TIMEOUT);
            }
        }
    }

private:
    asio::io_context context_{1};
    /// Keeps the context from stopping, which would require a restart, whenever nothing is in
    /// flight.
    asio::executor_work_guard<asio::io_context::executor_type> work_ =
        asio::make_work_guard(context_);
};

inline void check_asio(const asio::error_code& error, const char* call) {
    if (error) {
        throw std::system_error(error, call);
    }
}

}  // namespace wakepoll::bench
