// The echo server of Asio's examples (cpp11/echo/async_tcp_echo_server.cpp), with an io_context set
// up for one thread.
#include "contestants/asio_all.hpp"
#include "contestants/echo_server.hpp"

namespace wakepoll::bench {
namespace {

using asio::ip::tcp;

class AsioEcho final : public EchoServer {
public:
    AsioEcho() { accept(); }

    [[nodiscard]] sockaddr_in address() const override {
        return loopback_address(acceptor_.local_endpoint().port());
    }

    void serve(std::size_t connections) override {
        connections_ = connections;
        context_.run();
    }

    void stop() override { context_.stop(); }

private:
    class Session : public std::enable_shared_from_this<Session> {
    public:
        Session(tcp::socket socket, AsioEcho& server)
            : socket_(std::move(socket)), server_(server) {
            socket_.set_option(tcp::no_delay(true));
        }

        void read() {
            socket_.async_read_some(
                asio::buffer(buffer_),
                [this, self = shared_from_this()](asio::error_code error, std::size_t size) {
                    if (error) {
                        server_.closed();
                    } else {
                        write(size);
                    }
                });
        }

    private:
        void write(std::size_t size) {
            asio::async_write(
                socket_, asio::buffer(buffer_, size),
                [this, self = shared_from_this()](asio::error_code error, std::size_t) {
                    if (error) {
                        server_.closed();
                    } else {
                        read();
                    }
                });
        }

        tcp::socket socket_;
        AsioEcho& server_;
        std::array<char, echo_buffer_size> buffer_ = {};
    };

    void accept() {
        acceptor_.async_accept([this](asio::error_code error, tcp::socket socket) {
            if (!error) {
                std::make_shared<Session>(std::move(socket), *this)->read();
            }
            if (acceptor_.is_open()) {
                accept();
            }
        });
    }

    /// With the last connection the context runs out of work.
    void closed() {
        if (++closed_ == connections_) {
            acceptor_.close();
        }
    }

    asio::io_context context_{1};
    tcp::acceptor acceptor_{context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
    std::size_t connections_ = 0;
    std::size_t closed_ = 0;
};

}  // namespace

std::unique_ptr<EchoServer> make_asio_echo() { return std::make_unique<AsioEcho>(); }

}  // namespace wakepoll::bench
