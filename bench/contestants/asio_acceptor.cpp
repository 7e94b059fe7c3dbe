// Accepts by Asio.
#include "contestants/acceptor.hpp"
#include "contestants/asio_bounded.hpp"

namespace wakepoll::bench {
namespace {

using asio::ip::tcp;

class AsioAcceptor final : public Acceptor {
public:
    AsioAcceptor() {
        for (std::size_t i = 0; i < accepts_in_flight; ++i) {
            submit();
        }
    }

    [[nodiscard]] sockaddr_in address() const override {
        return loopback_address(acceptor_.local_endpoint().port());
    }

    void accept(std::size_t count) override {
        // Connections accepted beyond a round count for the next one.
        asio_.run_until([this, count] { return accepted_ >= count; });
        accepted_ -= count;
    }

    void stop() override { asio_.context().stop(); }

private:
    void submit() {
        acceptor_.async_accept([this](const asio::error_code& error, tcp::socket socket) {
            check_asio(error, "accept");
            socket.close();
            ++accepted_;
            submit();
        });
    }

    AsioBounded asio_;
    tcp::acceptor acceptor_{asio_.context(), tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
    std::size_t accepted_ = 0;
};

}  // namespace

std::unique_ptr<Acceptor> make_asio_acceptor() { return std::make_unique<AsioAcceptor>(); }

}  // namespace wakepoll::bench
