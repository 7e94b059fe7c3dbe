// See asio_sleeper.hpp.
#include "contestants/asio_sleeper.hpp"
#include "contestants/asio_all.hpp"

namespace wakepoll::bench {
namespace {

class Sleeper final : public AsioSleeper {
public:
    void sleep(std::chrono::microseconds time) override {
        timer_.expires_after(time);
        timer_.async_wait([](const asio::error_code&) {});
        context_.restart();
        context_.run();
    }

private:
    asio::io_context context_{1};
    asio::steady_timer timer_{context_};
};

}  // namespace

std::unique_ptr<AsioSleeper> make_asio_sleeper() { return std::make_unique<Sleeper>(); }

}  // namespace wakepoll::bench
