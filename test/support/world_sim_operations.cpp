// The World over the simulated kernel: addresses, pipes, files, and operations started by the user.
#include <algorithm>
#include <array>
#include <optional>

#include "disk_file.hpp"
#include "network.hpp"
#include "operations.hpp"
#include "pipe.hpp"
#include "port.hpp"
#include "sockets.hpp"
#include "status.hpp"
#include "sys/completion_port.hpp"
#include "wakepoll/error.hpp"
#include "world_sim_impl.hpp"

namespace wakepoll::test {
namespace {

using sim::DiskFile;
using sim::IoObject;
using sim::ModelLock;
using sim::PipeEnd;
using sim::Socket;

std::span<const std::uint8_t> numbers(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

std::span<std::uint8_t> numbers(std::span<std::byte> bytes) {
    return {reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()};
}

std::vector<std::byte> address_at(std::uint16_t port) {
    const auto bytes = sim::Address{.port = port}.bytes();
    return {bytes.begin(), bytes.end()};
}

PipeEnd::Pair make_pipe(PipeKind kind) {
    switch (kind) {
        case PipeKind::bytes:
            return PipeEnd::named(false, true, false);
        case PipeKind::both_overlapped:
            return PipeEnd::named(false, true, true);
        case PipeKind::messages:
            return PipeEnd::named(true, true, false);
        case PipeKind::anonymous:
            return PipeEnd::anonymous();
        case PipeKind::anonymous_to_peer:
            break;
    }
    const PipeEnd::Pair pair = PipeEnd::anonymous();
    return {pair.second, pair.first};
}

}  // namespace

std::shared_ptr<sim::Object> World::Impl::make_file(Thing kind) {
    switch (kind) {
        case Thing::disk_file:
        case Thing::synchronous_file:
            return std::make_shared<DiskFile>(kind == Thing::disk_file,
                                              std::vector<std::uint8_t>());
        case Thing::named_pipe:
        case Thing::synchronous_pipe:
            return PipeEnd::listening(kind == Thing::named_pipe);
        case Thing::anonymous_pipe:
            // The write end has no handle and so is never closed.
            return PipeEnd::anonymous().first;
        default:
            return nullptr;
    }
}

std::vector<std::byte> World::address_of(Handle socket) {
    ModelLock model(impl_->kernel);
    const auto found = need<Socket>(model, socket, "address_of: no socket");
    if (found->address().port == 0) {
        model->network.bind(found);
    }
    return address_at(found->address().port);
}

std::vector<std::byte> World::refused_address() {
    ModelLock model(impl_->kernel);
    return address_at(model->network.free_port());
}

PipePair World::pipe_pair(PipeKind kind) {
    ModelLock model(impl_->kernel);
    const PipeEnd::Pair pair = make_pipe(kind);
    return {impl_->open(model, pair.first), impl_->open(model, pair.second)};
}

Handle World::pipe_server() { return thing(Thing::named_pipe); }

Handle World::open_pipe(Handle server) {
    ModelLock model(impl_->kernel);
    const auto client = need<PipeEnd>(model, server, "open_pipe: no pipe")->open();
    return client != nullptr ? impl_->open(model, client) : Handle{};
}

void World::disconnect_pipe(Handle server) {
    ModelLock model(impl_->kernel);
    need<PipeEnd>(model, server, "disconnect_pipe: no pipe")->disconnect();
}

void World::set_nowait(Handle pipe) {
    ModelLock model(impl_->kernel);
    need<PipeEnd>(model, pipe, "set_nowait: no pipe")->never_wait();
}

Handle World::file_of(std::size_t bytes) {
    constexpr std::size_t period = 251;
    std::vector<std::uint8_t> content(bytes);
    for (std::size_t i = 0; i != bytes; ++i) {
        content[i] = static_cast<std::uint8_t>(i % period);
    }
    ModelLock model(impl_->kernel);
    return impl_->open(model, std::make_shared<DiskFile>(true, std::move(content)));
}

std::vector<std::byte> World::content_of(Handle file) {
    ModelLock model(impl_->kernel);
    const auto found = need<DiskFile>(model, file, "content_of: no file");
    const auto bytes = std::as_bytes(std::span(found->content()));
    return {bytes.begin(), bytes.end()};
}

Transfer World::put(Handle handle, std::span<const std::byte> bytes) {
    ModelLock model(impl_->kernel);
    if (const auto pipe = model->handles.find_as<PipeEnd>(handle)) {
        std::size_t done = 0;
        const std::uint32_t code = pipe->put(numbers(bytes), done);
        return {done, win32_error(code)};
    }
    const sim::Moved moved = need<Socket>(model, handle, "put: neither socket nor pipe")
                                 ->send(numbers(bytes), model->traits);
    return {moved.bytes, win32_error(moved.code)};
}

Transfer World::take(Handle handle, std::span<std::byte> bytes) {
    ModelLock model(impl_->kernel);
    if (const auto pipe = model->handles.find_as<PipeEnd>(handle)) {
        std::size_t done = 0;
        const std::uint32_t code = pipe->take(numbers(bytes), done);
        return {done, win32_error(code)};
    }
    const sim::Moved moved = need<Socket>(model, handle, "take: neither socket nor pipe")
                                 ->receive(numbers(bytes), model->traits);
    return {moved.bytes, win32_error(moved.code)};
}

Handle World::foreign_port() {
    ModelLock model(impl_->kernel);
    return impl_->open(model, std::make_shared<sim::Port>(sys::CompletionPort::any_number));
}

void World::associate(Handle handle, Handle port) {
    ModelLock model(impl_->kernel);
    const auto target = need<sim::Port>(model, port, "associate: no port");
    const auto object = need<sim::Object>(model, handle, "associate: no handle");
    require(object->is_file() && object->is_overlapped() && object->port() == nullptr,
            "associate: not overlapped, or associated with a port already");
    object->associate(target, 0);
}

std::error_code World::start_receive(Handle handle, void* overlapped, void* buffer,
                                     std::size_t size) {
    ModelLock model(impl_->kernel);
    const auto found = need<IoObject>(model, handle, "start_receive: no file");
    const std::uint32_t refusal = found->refusal(sim::OperationKind::read, model->traits);
    if (refusal != 0) {
        return win32_error(refusal);
    }
    const std::optional<sim::Outcome> outcome =
        model->operations.start({.kind = sim::OperationKind::read,
                                 .object = found,
                                 .overlapped = static_cast<NativeOverlapped*>(overlapped),
                                 .buffers = {IoBuffer{static_cast<std::uint32_t>(size), buffer}}},
                                model.now());
    return outcome && sim::status::is_error(outcome->status)
               ? win32_error(
                     sim::code_of_status(outcome->status, found->kind() == sim::Kind::socket))
               : std::error_code();
}

void World::cancel(Handle handle, void* overlapped) {
    ModelLock model(impl_->kernel);
    const auto found = need<IoObject>(model, handle, "cancel: no file");
    model->operations.cancel(*found, static_cast<const NativeOverlapped*>(overlapped), model.now());
}

}  // namespace wakepoll::test
