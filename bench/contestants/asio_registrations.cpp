// See asio_registrations.hpp.
#include "contestants/asio_registrations.hpp"
#include "contestants/asio_all.hpp"

#include <deque>

namespace wakepoll::bench {
namespace {

class Registrations final : public AsioRegistrations {
public:
    void watch(std::span<const SOCKET> sockets) override {
        for (const SOCKET socket : sockets) {
            sockets_.emplace_back(context_, asio::ip::tcp::v4(), socket);
            sockets_.back().async_wait(asio::socket_base::wait_read,
                                       [](const asio::error_code&) {});
        }
    }

private:
    asio::io_context context_{1};
    std::deque<asio::ip::tcp::socket> sockets_;
};

}  // namespace

std::unique_ptr<AsioRegistrations> make_asio_registrations() {
    return std::make_unique<Registrations>();
}

}  // namespace wakepoll::bench
