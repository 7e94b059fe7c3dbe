// What a random program knows of each socket, and what has to be reported of it now.
//
// The expectation is computed: the simulated socket returns what it would answer to the backend in
// use, and lib/core's tables, which have their own tests, turn that into an epoll mask. So each
// personality's answer to data before a FIN or to a refused connect is expected as it is. Three
// rules are added: before build 19041 select is polled for refusals in addition to WSAPoll; a
// listener does not count as refused, whatever select reports; and a connection that is shut both
// ways has hung up if the system reports it and the interest includes the end of the stream. Under
// another interest the hang-up may be reported.
#pragma once

#include <algorithm>
#include <memory>
#include <set>

#include "choices.hpp"
#include "core/afd_bits.hpp"
#include "core/event_mask.hpp"
#include "kernel.hpp"
#include "sockets.hpp"
#include "world.hpp"

namespace wakepoll::test {

class ModelSocket {
public:
    enum class Kind : std::uint8_t { stream, datagram, listener, refused, fresh, unbound };

    static ModelSocket make(World& world, Choices& choices) {
        constexpr Kind kinds[] = {Kind::stream,  Kind::stream,   Kind::stream,
                                  Kind::stream,  Kind::datagram, Kind::listener,
                                  Kind::refused, Kind::fresh,    Kind::unbound};
        ModelSocket made;
        made.kind_ = kinds[choices.draw(std::size(kinds))];
        switch (made.kind_) {
            case Kind::stream:
                made.take(world.tcp_pair());
                break;
            case Kind::datagram:
                made.take(world.udp_pair());
                break;
            case Kind::listener:
                made.handle_ = world.listener();
                break;
            case Kind::refused:
                made.handle_ = world.connecting_refused();
                break;
            case Kind::fresh:
                made.handle_ = world.tcp_socket();
                break;
            case Kind::unbound:
                made.handle_ = world.udp_socket();
                break;
        }
        return made;
    }

    [[nodiscard]] Handle handle() const { return handle_; }
    [[nodiscard]] Handle peer() const { return peer_; }
    [[nodiscard]] Kind kind() const { return kind_; }
    [[nodiscard]] const char* name() const {
        constexpr const char* names[] = {"stream",  "datagram", "listener",
                                         "refused", "fresh",    "unbound"};
        return names[static_cast<std::size_t>(kind_)];
    }

    /// The number of things that can happen to a socket.
    static constexpr std::uint32_t things_that_happen = 80;

    /// Makes something happen at either end. Actors may call it.
    void happen(World& world, sim::Kernel& kernel, std::uint64_t what) {
        remember(kernel);
        happen(world, what);
        remember(kernel);
    }

    /// With AFD an event reports what the kernel answered since the socket was polled, which may be
    /// out of date: remembers the current mask until something is reported or the registration is
    /// changed.
    void remember(sim::Kernel& kernel) {
        if (armed) {
            remembered_.insert(ready(kernel, Backend::afd));
        }
    }
    void forget() { remembered_.clear(); }
    [[nodiscard]] bool was(std::uint32_t mask) const { return remembered_.contains(mask); }
    [[nodiscard]] bool was_ready() const {
        return std::ranges::any_of(remembered_, [](std::uint32_t mask) { return mask != 0; });
    }

private:
    void happen(World& world, std::uint64_t what) {
        switch (kind_) {
            case Kind::stream:
                happen_to_stream(world, what);
                break;
            case Kind::datagram:
                happen_to_datagrams(world, what);
                break;
            case Kind::listener:
                if (what % 2 == 0) {
                    static_cast<void>(world.connecting(handle_));
                } else if (const Handle accepted = world.accept(handle_)) {
                    world.close(accepted);
                }
                break;
            case Kind::fresh:
                take_connection(world);
                break;
            case Kind::refused:
                happen_to_refused(world, what);
                break;
            case Kind::unbound:
                static_cast<void>(world.receive(handle_, 1));
                break;
        }
    }

public:
    [[nodiscard]] const char* words_of(std::uint64_t what) const {
        constexpr const char* words[] = {"data comes",
                                         "data comes",
                                         "data comes",
                                         "data comes",
                                         "a byte is received",
                                         "all is received",
                                         "all is received",
                                         "all is received",
                                         "all is received",
                                         "the peer's buffer is filled",
                                         "the peer receives all",
                                         "an urgent byte comes",
                                         "the peer shuts down",
                                         "it is shut down",
                                         "the peer goes",
                                         "an urgent byte is taken, or it receives no more"};
        switch (kind_) {
            case Kind::stream:
                return words[what % 16];
            case Kind::datagram:
                return what % 16 == 14 ? "the peer goes, and a datagram is sent to it"
                       : what % 2 == 0 ? "a datagram comes"
                                       : "a datagram is received";
            case Kind::listener:
                return what % 2 == 0 ? "a peer connects" : "a connection is accepted";
            case Kind::fresh:
                return "it is connected";
            case Kind::unbound:
                return "a receive, though it is not bound";
            case Kind::refused:
                break;
        }
        return "once it is refused, it connects again or listens";
    }

    void close(World& world, bool as_a_handle) {
        as_a_handle ? world.close_handle(handle_) : world.close(handle_);
    }

    /// The mask to be reported now, filtered by the interest; 0 for nothing.
    [[nodiscard]] std::uint32_t ready(sim::Kernel& kernel, Backend backend) const {
        const sim::ModelLock model(kernel);
        const auto socket = model->handles.find_as<sim::Socket>(handle_);
        const bool stream = socket->socket_kind() == sys::SocketKind::stream;
        const sim::Traits& traits = kernel.traits();
        std::uint32_t mask = 0;
        if (backend == Backend::afd) {
            const std::uint32_t unwanted =
                socket->is_listening() ? core::afd_bits::connect_fail : 0;
            const std::uint32_t asked = core::to_afd_mask(interest) & ~unwanted;
            mask = core::from_afd_mask(socket->afd_readiness(traits, model.now()) & asked, stream);
        } else {
            std::int16_t told =
                socket->readiness(core::to_native_mask(interest), traits, model.now());
            if (traits.build < 19041 && stream && !socket->is_connected() &&
                !socket->is_listening() && socket->is_exceptional(traits, model.now())) {
                told =
                    static_cast<std::int16_t>(told | core::poll_bits::err | core::poll_bits::hup);
            }
            mask = core::to_epoll_mask(told, stream);
        }
        const bool ended = (mask & mask::rdhup) != 0 && core::wants_end(interest);
        return core::filter_mask(mask, interest) |
               (ended && has_hung_up(*socket, traits) ? mask::hup : 0U);
    }

    /// True if both directions are shut and the system reports it.
    [[nodiscard]] bool has_hung_up(sim::Kernel& kernel) const {
        const sim::ModelLock model(kernel);
        const auto socket = model->handles.find_as<sim::Socket>(handle_);
        return has_hung_up(*socket, kernel.traits());
    }

    /// True if it listens and AFD still reports its refused connect.
    [[nodiscard]] bool is_refused_listener(sim::Kernel& kernel) const {
        const sim::ModelLock model(kernel);
        const auto socket = model->handles.find_as<sim::Socket>(handle_);
        const std::uint32_t told = socket->afd_readiness(kernel.traits(), model.now());
        return socket->is_listening() && (told & core::afd_bits::connect_fail) != 0;
    }

    std::uint64_t user_data = 0;  ///< Of its registration; 0 if there is none.
    IoInterest interest = IoInterest::none;
    bool armed = false;  ///< Registered, and not a one-shot that was reported.

private:
    [[nodiscard]] static bool has_hung_up(const sim::Socket& socket, const sim::Traits& traits) {
        return traits.tells_tcp_state && socket.is_shut_both_ways();
    }

    void take(const SocketPair& pair) {
        handle_ = pair.local;
        peer_ = pair.peer;
    }

    /// Accepts the first connection to a listener, which becomes a stream.
    void take_connection(World& world) {
        const Handle listener = world.listener();
        world.connect(handle_, listener);
        peer_ = world.accept(listener);
        world.close(listener);
        kind_ = Kind::stream;
    }

    void happen_to_stream(World& world, std::uint64_t what) {
        constexpr std::size_t more_than_fits = 100'000;
        switch (what % 16) {
            case 0:
            case 1:
            case 2:
            case 3:
                if (peer_open_) {
                    static_cast<void>(world.send(peer_, 1 + what % 5));
                }
                break;
            case 4:
                static_cast<void>(world.receive(handle_, 1));
                break;
            case 5:
            case 6:
            case 7:
            case 8:
                static_cast<void>(world.receive(handle_, more_than_fits));
                break;
            case 9:
                static_cast<void>(world.send(handle_, more_than_fits));
                break;
            case 10:
                if (peer_open_) {
                    static_cast<void>(world.receive(peer_, more_than_fits));
                }
                break;
            case 11:
                if (peer_open_ && !peer_done_ && !done_) {
                    world.send_urgent(peer_);
                }
                break;
            case 12:
                if (peer_open_ && !peer_done_) {
                    world.shutdown_send(peer_);
                    peer_done_ = true;
                }
                break;
            case 13:
                if (!done_) {
                    world.shutdown_send(handle_);
                    done_ = true;
                }
                break;
            case 14:
                if (peer_open_) {
                    what / 16 % 2 == 0 ? world.reset(peer_) : world.close(peer_);
                    peer_open_ = false;
                }
                break;
            default:
                if (what / 16 % 5 == 0) {
                    world.shutdown_receive(handle_);
                } else {
                    static_cast<void>(world.receive_urgent(handle_));
                }
                break;
        }
    }

    void happen_to_datagrams(World& world, std::uint64_t what) {
        if (what % 16 == 14 && peer_open_) {
            world.close(peer_);
            peer_open_ = false;
        }
        if (what % 2 != 0) {
            static_cast<void>(world.receive(handle_, 1));
        } else {
            static_cast<void>(world.send(peer_open_ ? peer_ : handle_, 1));
        }
    }

    void happen_to_refused(World& world, std::uint64_t what) {
        if (!is_refused()) {
            return;
        }
        switch (what % 4) {
            case 0:
                world.connect_refused(handle_);
                break;
            case 1:
                take_connection(world);
                break;
            case 2:
                world.listen(handle_);
                kind_ = Kind::listener;
                break;
            default:
                break;
        }
    }

    [[nodiscard]] bool is_refused() const {
        const sim::ModelLock model(sim::Kernel::current());
        const auto socket = model->handles.find_as<sim::Socket>(handle_);
        return socket->is_exceptional(model->traits, model.now());
    }

    std::set<std::uint32_t> remembered_;
    Kind kind_ = Kind::fresh;
    Handle handle_;
    Handle peer_;
    bool peer_open_ = true;
    bool peer_done_ = false;
    bool done_ = false;
};

}  // namespace wakepoll::test
