// The model's planned failures and its counters.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "afd_fixture.hpp"
#include "sys/console.hpp"
#include "sys/doorbell.hpp"
#include "sys/handle_info.hpp"
#include "sys/memory.hpp"
#include "sys/overlapped_io.hpp"
#include "sys/pipe.hpp"
#include "sys/timer.hpp"
#include "sys/waitable.hpp"

namespace wakepoll::sim {
namespace {

using sys::CompletionPort;

/// The handles and structures of the overlapped calls.
struct Transfers {
    explicit Transfers(test::World& owner) : world(owner) {
        static_cast<void>(world.connecting(listener));
        static_cast<void>(sys::accept(listener, accepted, addresses, overlapped));
    }

    /// Makes the call once with valid arguments and returns its error. Nothing is in flight
    /// afterwards.
    std::error_code make(Call call, Handle fresh) {
        const IoBuffer buffer{1, addresses.data()};
        const std::span<const IoBuffer> buffers(&buffer, 1);
        switch (call) {
            case Call::receive:
                world.send(udp.peer, 1);
                return sys::receive(udp.local, buffers, overlapped).error();
            case Call::receive_from:
                world.send(udp.peer, 1);
                address_size = sys::accept_address_room;
                return sys::receive_from(udp.local, buffer, addresses.data() + 1, address_size,
                                         overlapped)
                    .error();
            case Call::send:
                return sys::send(udp.local, buffers, overlapped).error();
            case Call::send_to:
                return sys::send_to(udp.local, buffer, world.address_of(udp.peer), overlapped)
                    .error();
            case Call::read:
                return sys::read(file, buffer, overlapped).error();
            case Call::write:
                return sys::write(file, buffer, overlapped).error();
            case Call::socket_like: {
                const auto made = sys::socket_like(fresh);
                if (made) {
                    sys::close_socket(*made);
                }
                return made.error();
            }
            case Call::accept:
                return cancelled(sys::accept(listener, fresh, addresses, overlapped), listener);
            case Call::update_accept_context:
                return sys::update_accept_context(accepted, listener);
            case Call::bind_any:
                return sys::bind_any(fresh, target);
            case Call::connect:
                static_cast<void>(world.address_of(fresh));
                return cancelled(sys::connect(fresh, target, overlapped), fresh);
            case Call::update_connect_context:
                return sys::update_connect_context(accepted);
            case Call::connect_pipe:
                return cancelled(sys::connect_pipe(pipe_server, overlapped), pipe_server);
            case Call::has_file_handles:
                return sys::has_file_handles(fresh).error();
            case Call::skip_packets:
                return sys::skip_packets_on_success(fresh);
            case Call::mark:
                return sys::mark(fresh);
            case Call::skips_packets:
                return sys::skips_packets(fresh).error();
            case Call::is_marked:
                return sys::modes_of(fresh).error();
            case Call::is_overlapped:
                return sys::is_overlapped(fresh).error();
            case Call::readable_bytes:
                return sys::readable_bytes(pipe.local).error();
            default:
                return {};
        }
    }

    std::error_code cancelled(const Result<sys::Started>& begun, Handle handle) {
        world.cancel(handle, &overlapped);
        return begun.error();
    }

    test::World& world;
    NativeOverlapped overlapped = {};
    std::int32_t address_size = 0;
    Handle pipe_server = world.pipe_server();
    std::array<std::byte, 2 * sys::accept_address_room> addresses = {};
    test::SocketPair udp = world.udp_pair();
    test::PipePair pipe = world.pipe_pair(test::PipeKind::bytes);
    Handle file = world.file_of(1);
    Handle listener = world.listener();
    Handle accepted = world.tcp_socket();
    std::vector<std::byte> target = world.refused_address();
};

/// As below, for calls on waitable objects.
std::error_code make_waiting(Call call, Fixture& fixture, const sys::Timer& timer, Handle event) {
    sys::ThreadPoolWait wait;
    const auto nothing = [](void*, const sys::ThreadPoolWait&) noexcept {};
    switch (call) {
        case Call::wait_arm:
            return wait.arm(timer.handle(), nothing, nullptr);
        case Call::pipe_wait_arm:
            return wait.arm_on_pipe(event, nothing, nullptr);
        case Call::take_signal:
            return sys::take_signal(timer.handle()).error();
        case Call::is_auto_reset:
            return sys::is_auto_reset(event).error();
        case Call::timer_create:
            return sys::Timer::create().error();
        case Call::timer_set:
            return timer.set(std::chrono::hours(1));
        case Call::timer_cancel:
            return timer.cancel();
        case Call::next_console_record:
            return sys::next_console_record(fixture.world.console()).error();
        default:
            return {};
    }
}

/// The same for AFD.
std::error_code make_afd(Call call, Handle socket) {
    if (call == Call::base_socket || call == Call::next_socket) {
        const auto ask = call == Call::base_socket ? sys::base_socket : sys::next_socket;
        return ask(socket).error();
    }
    const auto device = sys::AfdDevice::open();
    if (!device || call == Call::afd_open) {
        return device.error();
    }
    Request request({{socket, afd::receive}});
    request.head().timeout = 0;
    return device->poll(request.head(), request.status).error();
}

/// Makes the call once with valid arguments and returns its error.
std::error_code make(Call call, Fixture& fixture, const CompletionPort& port,
                     const sys::Doorbell& doorbell, const sys::Timer& timer, Handle event,
                     Transfers& transfers) {
    const Handle socket = fixture.world.tcp_socket();
    std::array<sys::Packet, 1> packets;
    sys::PollEntry entry{socket.value(), ask_all, 0};
    switch (call) {
        case Call::winsock_start:
            return sys::WinsockSession::start().error();
        case Call::socket_kind:
            return sys::socket_kind(socket).error();
        case Call::is_connected:
            return sys::is_connected(socket).error();
        case Call::is_listening:
            return sys::is_listening(socket).error();
        case Call::is_shut_both_ways:
            return sys::is_shut_both_ways(socket).error();
        case Call::poll_sockets:
            return sys::poll_sockets({&entry, 1}, 0).error();
        case Call::failed_connects:
            return sys::failed_connects(std::array{socket.value()}).error();
        case Call::port_create:
            return CompletionPort::create().error();
        case Call::port_associate:
            return port.associate(socket, 1);
        case Call::port_post:
            return port.post(1);
        case Call::port_dequeue:
            return port.dequeue(packets, 0).error();
        case Call::file_type:
            return sys::file_type(socket).error();
        case Call::object_type:
            return sys::object_type(socket).error();
        case Call::doorbell_create:
            return sys::Doorbell::create().error();
        case Call::doorbell_ring:
            return doorbell.ring();
        case Call::doorbell_drain:
            return doorbell.drain();
        case Call::wait_arm:
        case Call::pipe_wait_arm:
        case Call::take_signal:
        case Call::is_auto_reset:
        case Call::timer_create:
        case Call::timer_set:
        case Call::timer_cancel:
        case Call::next_console_record:
            return make_waiting(call, fixture, timer, event);
        case Call::afd_open:
        case Call::afd_poll:
        case Call::base_socket:
        case Call::next_socket:
            return make_afd(call, socket);
        case Call::memory_allocate: {
            void* const block = sys::allocate_zeroed(1);
            if (block == nullptr) {
                return win32_error(code::not_enough_memory);
            }
            sys::free_zeroed(block, 1);
            return {};
        }
        case Call::winsock_end:
        case Call::port_close:
        case Call::is_console:
        case Call::is_pipe:
        case Call::doorbell_close:
        case Call::wait_disarm:
        case Call::timer_close:
        case Call::discard_console_record:
            break;
        default:
            return transfers.make(call, socket);
    }
    return {};
}

struct FaultFixture : Fixture {
    FaultFixture() : Fixture(Options{.late_completions = false}) {}

    CompletionPort port = CompletionPort::create().value();
    sys::Doorbell doorbell = sys::Doorbell::create().value();
    sys::Timer timer = sys::Timer::create().value();
    Handle event = world.thing(test::Thing::event);

    Transfers transfers{world};

    std::error_code make(Call call) {
        return sim::make(call, *this, port, doorbell, timer, event, transfers);
    }

    static Call nth_call(std::size_t i) { return static_cast<Call>(i); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_faults)

BOOST_FIXTURE_TEST_CASE(every_call_that_can_fail_fails_once_as_planned, FaultFixture) {
    for (std::size_t i = 0; i < call_kinds; ++i) {
        const Call call = nth_call(i);
        BOOST_TEST_CONTEXT(name_of(call)) {
            for (const std::uint32_t code : possible_codes(call)) {
                kernel.fail_next(call, code);
                const std::size_t open = kernel.open_handles();
                const std::uint32_t sessions = kernel.winsock_sessions();
                BOOST_TEST(make(call).value() == static_cast<int>(code));
                // The World's socket; the failed call left nothing behind.
                BOOST_TEST(kernel.open_handles() == open + 1);
                BOOST_TEST(kernel.winsock_sessions() == sessions);
                BOOST_TEST(!make(call));
            }
        }
    }
}

BOOST_FIXTURE_TEST_CASE(a_failed_post_leaves_no_packet, FaultFixture) {
    kernel.fail_next(Call::port_post, 1450);
    BOOST_TEST(port.post(1).value() == 1450);
    std::array<sys::Packet, 1> packets;
    BOOST_TEST(port.dequeue(packets, 0).value() == 0U);
}

BOOST_FIXTURE_TEST_CASE(several_failures_of_a_call_follow_one_another, FaultFixture) {
    kernel.fail_next(Call::port_post, 8);
    kernel.fail_next(Call::port_post, 1450);
    BOOST_TEST(!make(Call::socket_kind));
    BOOST_TEST(port.post(1).value() == 8);
    BOOST_TEST(port.post(1).value() == 1450);
    BOOST_TEST(!port.post(1));
}

BOOST_FIXTURE_TEST_CASE(questions_of_yes_and_no_fail_by_saying_no, FaultFixture) {
    const Handle pipe = kernel.open(Kind::named_pipe);
    kernel.fail_next(Call::is_pipe, 6);
    BOOST_TEST(!sys::is_pipe(pipe));
    BOOST_TEST(sys::is_pipe(pipe));
}

BOOST_FIXTURE_TEST_CASE(the_nth_call_that_can_fail_fails_whatever_it_is, FaultFixture) {
    const Handle socket = world.tcp_socket();
    kernel.fail_nth(3, 10055);
    BOOST_TEST(!port.post(1));
    BOOST_TEST(!sys::is_pipe(socket));  // Cannot fail, so it is not counted.
    BOOST_TEST(!doorbell.ring());
    BOOST_TEST(sys::socket_kind(socket).error().value() == 10055);
    BOOST_TEST(!sys::socket_kind(socket).error());
    kernel.fail_nth(1);
    BOOST_TEST(port.post(1).value() == static_cast<int>(possible_codes(Call::port_post)[0]));
}

BOOST_FIXTURE_TEST_CASE(random_failures_have_only_codes_that_the_call_can_give, FaultFixture) {
    kernel.fail_randomly(0.3);
    int failed = 0;
    int made = 0;
    for (int round = 0; round < 100; ++round) {
        for (std::size_t i = 0; i < call_kinds; ++i) {
            const Call call = nth_call(i);
            const auto codes = possible_codes(call);
            const std::error_code error = make(call);
            made += codes.empty() ? 0 : 1;
            if (error) {
                ++failed;
                const auto code = static_cast<std::uint32_t>(error.value());
                BOOST_TEST((std::find(codes.begin(), codes.end(), code) != codes.end()));
            }
        }
    }
    BOOST_TEST(failed > made / 5);
    BOOST_TEST(failed < made / 2);
    kernel.clear_faults();
    for (std::size_t i = 0; i < call_kinds; ++i) {
        BOOST_TEST(!make(nth_call(i)));
    }
}

BOOST_FIXTURE_TEST_CASE(calls_are_counted_by_kind_and_in_all, FaultFixture) {
    kernel.reset_counts();
    BOOST_TEST(!port.post(1));
    BOOST_TEST(!port.post(2));
    kernel.fail_next(Call::doorbell_ring, 10055);
    BOOST_TEST(doorbell.ring().value() == 10055);
    static_cast<void>(kernel.now());
    static_cast<void>(sys::win32_code_of_status(0));
    BOOST_TEST(kernel.calls(Call::port_post) == 2U);
    BOOST_TEST(kernel.calls(Call::doorbell_ring) == 1U);
    BOOST_TEST(kernel.calls() == 3U);
    kernel.reset_counts();
    BOOST_TEST(kernel.calls() == 0U);
}

BOOST_FIXTURE_TEST_CASE(what_the_world_does_is_no_call_of_the_code_under_test, FaultFixture) {
    kernel.reset_counts();
    kernel.fail_randomly(1.0);
    const auto pair = world.tcp_pair();
    BOOST_TEST(world.send(pair.local, 1).bytes == 1U);
    world.close(pair.local);
    BOOST_TEST(kernel.calls() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace wakepoll::sim
