// The outside world over the simulated kernel; see world.hpp and sim/kernel.hpp.
//
// A World works on the current sim::Kernel, which must exist before it. Its actions are not kernel
// calls of the code under test: they are neither counted nor made to fail, and start no Winsock
// session.
#include <array>
#include <thread>
#include <utility>
#include <vector>

#include "port.hpp"
#include "status.hpp"
#include "tcp_socket.hpp"
#include "udp_socket.hpp"
#include "wakepoll/error.hpp"
#include "world_sim_impl.hpp"

namespace wakepoll::test {
namespace {

using sim::ModelLock;
using sim::TcpSocket;
using sim::UdpSocket;

// How often an action that runs in parallel to the waiting thread gets its chance between two
// calls.
constexpr double beside_probability = 0.3;

}  // namespace

World::World() : impl_(std::make_unique<Impl>()) {}

World::~World() {
    join();
    ModelLock model(impl_->kernel);
    for (const Impl::Opened& opened : impl_->opened) {
        const std::shared_ptr<sim::Object> object = opened.object.lock();
        if (object != nullptr && model->handles.find(opened.handle) == object) {
            model->handles.close_handle(opened.handle, model->traits);
        }
    }
}

Handle World::tcp_socket() {
    ModelLock model(impl_->kernel);
    return impl_->open(model, std::make_shared<TcpSocket>());
}

Handle World::udp_socket() {
    ModelLock model(impl_->kernel);
    return impl_->open(model, std::make_shared<UdpSocket>());
}

Handle World::synchronous_socket() {
    ModelLock model(impl_->kernel);
    const auto socket = std::make_shared<TcpSocket>();
    socket->make_synchronous();
    return impl_->open(model, socket);
}

Handle World::listener() {
    ModelLock model(impl_->kernel);
    const auto socket = std::make_shared<TcpSocket>();
    socket->listen();
    socket->bind_to(model->network.free_port());
    model->network.listen(socket->address().port, socket);
    return impl_->open(model, socket);
}

SocketPair World::tcp_pair() {
    ModelLock model(impl_->kernel);
    const auto local = std::make_shared<TcpSocket>();
    const auto peer = std::make_shared<TcpSocket>();
    TcpSocket::join(local, peer);
    return {impl_->open(model, local), impl_->open(model, peer)};
}

SocketPair World::udp_pair() {
    ModelLock model(impl_->kernel);
    const auto local = std::make_shared<UdpSocket>();
    const auto peer = std::make_shared<UdpSocket>();
    local->connect_to(peer);
    peer->connect_to(local);
    model->network.bind(local);
    model->network.bind(peer);
    return {impl_->open(model, local), impl_->open(model, peer)};
}

Handle World::udp_loop() {
    ModelLock model(impl_->kernel);
    const auto socket = std::make_shared<UdpSocket>();
    socket->connect_to(socket);
    return impl_->open(model, socket);
}

Handle World::bound_udp() {
    ModelLock model(impl_->kernel);
    const auto socket = std::make_shared<UdpSocket>();
    model->network.bind(socket);
    return impl_->open(model, socket);
}

void World::connect(Handle socket, Handle listener) {
    ModelLock model(impl_->kernel);
    const auto target = need<TcpSocket>(model, listener, "connect: no listener");
    const auto source = need<TcpSocket>(model, socket, "connect: no TCP socket");
    if (source->address().port == 0) {
        source->bind_to(model->network.free_port());
    }
    source->connect_to(*target, impl_->refusal(model));
    if (!source->is_connected()) {
        model->moments.insert(impl_->refusal(model));
    }
}

Handle World::connecting(Handle listener) {
    const Handle socket = tcp_socket();
    connect(socket, listener);
    return socket;
}

void World::connect_refused(Handle socket) {
    ModelLock model(impl_->kernel);
    need<TcpSocket>(model, socket, "connect_refused: no TCP socket")
        ->connect_refused(impl_->refusal(model));
    model->moments.insert(impl_->refusal(model));
}

Handle World::connecting_refused() {
    const Handle socket = tcp_socket();
    connect_refused(socket);
    return socket;
}

void World::listen(Handle socket) {
    ModelLock model(impl_->kernel);
    const auto listener = need<TcpSocket>(model, socket, "listen: no TCP socket");
    if (listener->address().port == 0) {
        listener->bind_to(model->network.free_port());
    }
    listener->listen();
    model->network.listen(listener->address().port, listener);
}

Handle World::connecting_to_silence() {
    ModelLock model(impl_->kernel);
    const auto socket = std::make_shared<TcpSocket>();
    socket->connect_to_nowhere(sim::status::timeout);
    return impl_->open(model, socket);
}

Handle World::accept(Handle listener) {
    ModelLock model(impl_->kernel);
    std::shared_ptr<TcpSocket> socket =
        need<TcpSocket>(model, listener, "accept: no listener")->accept();
    return socket != nullptr ? impl_->open(model, socket) : Handle{};
}

Transfer World::send(Handle socket, std::size_t bytes) {
    const std::vector<std::uint8_t> content(bytes, std::uint8_t{'w'});
    ModelLock model(impl_->kernel);
    const sim::Moved moved =
        need<sim::Socket>(model, socket, "send: no socket")->send(content, model->traits);
    return {moved.bytes, win32_error(moved.code)};
}

Transfer World::receive(Handle socket, std::size_t bytes) {
    std::vector<std::uint8_t> content(bytes);
    ModelLock model(impl_->kernel);
    const sim::Moved moved =
        need<sim::Socket>(model, socket, "receive: no socket")->receive(content, model->traits);
    return {moved.bytes, win32_error(moved.code)};
}

void World::send_urgent(Handle socket) {
    ModelLock model(impl_->kernel);
    require(
        need<TcpSocket>(model, socket, "send_urgent: no TCP socket")->send_urgent(model->traits) ==
            0,
        "send_urgent failed");
}

Transfer World::receive_urgent(Handle socket) {
    ModelLock model(impl_->kernel);
    const std::uint32_t code =
        need<TcpSocket>(model, socket, "receive_urgent: no TCP socket")->receive_urgent();
    return {code == 0 ? std::size_t{1} : 0, win32_error(code)};
}

void World::keep_urgent_inline(Handle socket) {
    ModelLock model(impl_->kernel);
    need<TcpSocket>(model, socket, "keep_urgent_inline: no TCP socket")->keep_urgent_inline();
}

void World::shutdown_send(Handle socket) {
    ModelLock model(impl_->kernel);
    require(need<TcpSocket>(model, socket, "shutdown_send: no TCP socket")->shutdown_send() == 0,
            "shutdown_send failed");
}

void World::shutdown_receive(Handle socket) {
    ModelLock model(impl_->kernel);
    require(
        need<TcpSocket>(model, socket, "shutdown_receive: no TCP socket")->shutdown_receive() == 0,
        "shutdown_receive failed");
}

void World::reset(Handle socket) {
    ModelLock model(impl_->kernel);
    need<TcpSocket>(model, socket, "reset: no TCP socket")->linger_zero();
    require(model->handles.close_socket(socket, model->traits), "reset: closesocket failed");
}

void World::close(Handle socket) {
    ModelLock model(impl_->kernel);
    require(model->handles.close_socket(socket, model->traits), "close: no socket");
}

void World::close_handle(Handle handle) {
    ModelLock model(impl_->kernel);
    require(model->handles.close_handle(handle, model->traits), "close_handle: no handle");
}

bool World::recycle(Handle wanted, SocketPair& pair) {
    constexpr std::size_t tries = 4096;
    std::vector<Handle> in_the_way;
    Handle local;
    for (std::size_t i = 0; i != tries && local != wanted; ++i) {
        local = tcp_socket();
        if (local != wanted) {
            in_the_way.push_back(local);
        }
    }
    for (const Handle handle : in_the_way) {
        close(handle);
    }
    if (local != wanted) {
        return false;
    }
    const Handle peer = tcp_socket();
    ModelLock model(impl_->kernel);
    TcpSocket::join(model->handles.find_as<TcpSocket>(local),
                    model->handles.find_as<TcpSocket>(peer));
    pair = {local, peer};
    return true;
}

Handle World::find_doorbell() {
    ModelLock model(impl_->kernel);
    for (std::uintptr_t value = 4; value < 0x10000; value += 4) {
        const auto socket = model->handles.find_as<UdpSocket>(Handle{value});
        if (socket != nullptr && socket->peer() == socket) {
            return Handle{value};
        }
    }
    return {};
}

Handle World::never_a_handle() {
    // A multiple of four, like every handle, and far beyond what the table has ever held.
    return Handle(std::uintptr_t{0x7FFFFFF0});
}

Handle World::duplicate(Handle handle) {
    ModelLock model(impl_->kernel);
    return impl_->open(model, need<sim::Object>(model, handle, "duplicate: no handle"));
}

void World::post_packet(Handle port, std::uintptr_t key, std::uint32_t bytes, void* overlapped) {
    ModelLock model(impl_->kernel);
    require(need<sim::Port>(model, port, "post_packet: no port")
                ->post({.key = key, .overlapped = overlapped, .internal = 0, .bytes = bytes},
                       model->packet_pool),
            "post_packet failed");
}

void World::queue_apc(std::function<void()> action) { impl_->kernel.queue_apc(std::move(action)); }

void World::beside(std::function<void()> action) {
    if (impl_->kernel.options().mode == sim::Mode::threaded) {
        impl_->threads.emplace_back(std::move(action));
        return;
    }
    const std::uint64_t number = impl_->pending->next++;
    impl_->pending->actions.emplace_back(number, std::move(action));
    impl_->kernel.between_calls([pending = impl_->pending, number] { Impl::run(*pending, number); },
                                beside_probability);
}

void World::join() {
    for (std::thread& thread : std::exchange(impl_->threads, {})) {
        thread.join();
    }
    while (!impl_->pending->actions.empty()) {
        Impl::run(*impl_->pending, impl_->pending->actions.front().first);
    }
}

}  // namespace wakepoll::test
