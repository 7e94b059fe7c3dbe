// How each call of the C face fails: its `errno` and last error.
#include "control_errors.hpp"
#include "epoll_support.hpp"
#if !defined(_WIN32)
#include <memory>

#include "face/epoll_ports.hpp"
#include "memory.hpp"
#endif

using namespace wakepoll;
using namespace wakepoll::test;

extern "C" int epoll_errors_in_c(std::uintptr_t sock, std::uintptr_t never_a_handle,
                                 void* not_a_port);

BOOST_AUTO_TEST_SUITE(epoll_errors)

BOOST_AUTO_TEST_CASE(c_sees_each_error_by_errno) {
    on_every_kernel(Backend::afd, 1, [](Stage& stage) {
        BOOST_TEST(epoll_errors_in_c(stage.world.udp_pair().local.value(),
                                     stage.world.never_a_handle().value(),
                                     stage.world.thing(Thing::event).native()) == 0);
    });
}

BOOST_AUTO_TEST_CASE(a_port_is_created_with_a_positive_size_and_without_flags) {
    on_every_kernel(Backend::afd, 1, [](Stage&) {
        BOOST_TEST(failure_of([] { return epoll_create(0); }) == bad_argument);
        BOOST_TEST(failure_of([] { return epoll_create(-1); }) == bad_argument);
        BOOST_TEST(failure_of([] { return epoll_create1(-1); }) == bad_argument);
        BOOST_TEST(failure_of([] { return epoll_create1(0x80000); }) == bad_argument);
        void* const port = epoll_create(1);
        BOOST_TEST(port != nullptr);
        BOOST_TEST(epoll_close(port) == 0);
    });
}

BOOST_AUTO_TEST_CASE(what_is_no_port_is_a_bad_number_or_a_bad_argument) {
    on_every_kernel(Backend::afd, 1, [](Stage& stage) {
        const Handle sock = stage.world.udp_pair().local;
        const auto failures = [&](void* port) {
            epoll_event event{};
            return std::array{
                failure_of([&] { return epoll_ctl(port, EPOLL_CTL_ADD, sock.value(), &event); }),
                failure_of([&] { return epoll_wait(port, &event, 1, 0); }),
                failure_of([&] { return epoll_wake(port); }),
                failure_of([&] { return epoll_close(port); }),
            };
        };
        for (void* const port : {static_cast<void*>(nullptr), reinterpret_cast<void*>(-1),
                                 stage.world.never_a_handle().native()}) {
            for (const Failure& failure : failures(port)) {
                BOOST_TEST(failure == bad_number);
            }
        }
        for (const Failure& failure : failures(stage.world.thing(Thing::event).native())) {
            BOOST_TEST(failure == bad_argument);
        }
        for (const Failure& failure : failures(sock.native())) {
            BOOST_TEST(failure == bad_argument);
        }
        Port port;
        void* const closed = port.handle();
        BOOST_TEST(port.close() == 0);
        for (const Failure& failure : failures(closed)) {
            BOOST_TEST(failure == bad_number);
        }
    });
}

BOOST_AUTO_TEST_CASE(what_cannot_be_registered_is_refused) {
    on_every_kernel(Backend::afd, 1, [](Stage& stage) {
        const Port port;
        const Handle sock = stage.world.udp_pair().local;
        const auto add = [&](Handle handle, std::uint32_t events = EPOLLIN) {
            return failure_of([&] { return port.add(handle, events); });
        };
        BOOST_TEST(add(stage.world.thing(Thing::disk_file)) == always_ready);
        BOOST_TEST(add(stage.world.thing(Thing::directory)) == always_ready);
        BOOST_TEST(add(stage.world.thing(Thing::null_device)) == no_socket);
        BOOST_TEST(add(Handle(port.handle())) == bad_argument);
        const Port another;
        BOOST_TEST(add(Handle(another.handle())) == no_socket);
        BOOST_TEST(add(stage.world.thing(Thing::event), EPOLLIN | EPOLLOUT) == bad_argument);
        BOOST_TEST(add(Handle{}) == bad_number);
        BOOST_TEST(add(stage.world.never_a_handle()) == bad_number);
        BOOST_TEST(add(sock, EPOLLIN | EPOLLET) == bad_argument);
        BOOST_TEST(failure_of([&] {
                       return epoll_ctl(port.handle(), EPOLL_CTL_ADD, sock.value(), nullptr);
                   }) == bad_pointer);
        BOOST_TEST(failure_of([&] { return port.modify(sock, EPOLLIN); }) == not_registered);
        BOOST_TEST(failure_of([&] { return port.remove(sock); }) == not_registered);
        BOOST_TEST(add(sock) == Failure{});
        BOOST_TEST(add(sock) == registered_already);
        BOOST_TEST(failure_of([&] { return port.control(4, sock, EPOLLIN); }) == bad_argument);
        BOOST_TEST(failure_of([&] { return port.control(0, Handle{}, EPOLLIN); }) == bad_number);
        stage.world.close(sock);
        BOOST_TEST(failure_of([&] { return port.remove(stage.world.never_a_handle()); }) ==
                   bad_number);
    });
}

/// Where the C face fails otherwise than Linux.
int error_on_the_face(const ControlErrors& row, Subject subject) {
    const int on_linux = row.of(subject);
    const bool adds = row.port == PortArgument::open && row.op == control_errors::add;
    if (subject == Subject::another_port && on_linux == 0) {
        return ENOTSOCK;  // Ports are not registered with ports.
    }
    if (subject == Subject::disk_file && on_linux == EPERM && !adds) {
        // Whether a handle is a disk file is only queried by ADD: the query can block behind a
        // thread that reads from a synchronous pipe.
        return row.of(Subject::event);
    }
    return on_linux;
}

BOOST_AUTO_TEST_CASE(epoll_ctl_checks_its_arguments_in_the_order_of_linux) {
    on_every_kernel(Backend::afd, 1, [](Stage& stage) {
        const Port port;
        const Port another_port;
        const std::uintptr_t event = stage.world.thing(Thing::event).value();
        const Handle another_event = stage.world.thing(Thing::event);
        const std::uintptr_t file = stage.world.thing(Thing::disk_file).value();
        const Handle no_handle = stage.world.never_a_handle();
        for (const ControlErrors& row : all_control_errors) {
            void* const at = row.port == PortArgument::open             ? port.handle()
                             : row.port == PortArgument::another_handle ? another_event.native()
                                                                        : no_handle.native();
            const std::array handles = {event, no_handle.value(), Handle(at).value(), file,
                                        Handle(another_port.handle()).value()};
            for (const Subject subject : all_subjects) {
                const std::uintptr_t handle = handles.at(static_cast<std::size_t>(subject));
                epoll_event interest{};
                const Failure failure = failure_of([&] {
                    return epoll_ctl(at, row.op, handle, row.has_event ? &interest : nullptr);
                });
                BOOST_TEST(failure.number == error_on_the_face(row, subject),
                           row << ", subject " << static_cast<int>(subject) << ": " << failure);
                if (failure == Failure{}) {
                    BOOST_TEST(epoll_ctl(at, EPOLL_CTL_DEL, handle, nullptr) == 0);
                }
            }
        }
    });
}

// As Linux checks the numbers before what it refuses of an interest.
BOOST_AUTO_TEST_CASE(a_bad_number_is_reported_before_an_edge) {
    on_every_kernel(Backend::afd, 1, [](Stage& stage) {
        const Port port;
        const Handle sock = stage.world.udp_pair().local;
        for (const int op : {EPOLL_CTL_ADD, EPOLL_CTL_MOD}) {
            const auto control = [&](Handle handle) {
                return failure_of([&] { return port.control(op, handle, EPOLLIN | EPOLLET); });
            };
            BOOST_TEST(control(Handle{}) == bad_number);
            BOOST_TEST(control(stage.world.never_a_handle()) == bad_number);
            BOOST_TEST(control(Handle(port.handle())) == bad_argument);
            BOOST_TEST(control(sock) == bad_argument);
        }
    });
}

// GetCurrentThread(), and a number that the kernel takes for the event's.
BOOST_AUTO_TEST_CASE(a_number_that_was_never_given_out_is_a_bad_number_in_every_call) {
    on_every_kernel(Backend::afd, 1, [](Stage& stage) {
        const Port port;
        const std::uintptr_t event = stage.world.thing(Thing::event).value();
        for (const Handle handle : {Handle(~std::uintptr_t{1}), Handle(event + 1)}) {
            for (const int op : {EPOLL_CTL_ADD, EPOLL_CTL_MOD, EPOLL_CTL_DEL, 4}) {
                BOOST_TEST(failure_of([&] { return port.control(op, handle, EPOLLIN); }) ==
                           bad_number);
            }
            epoll_event reported{};
            BOOST_TEST(failure_of([&] { return epoll_wait(handle.native(), &reported, 1, 0); }) ==
                       bad_number);
            BOOST_TEST(failure_of([&] { return epoll_close(handle.native()); }) == bad_number);
        }
    });
}

BOOST_AUTO_TEST_CASE(a_wait_wants_room_before_all_else) {
    on_every_kernel(Backend::afd, 1, [](Stage&) {
        const Port port;
        epoll_event event{};
        for (void* const handle : {port.handle(), static_cast<void*>(nullptr)}) {
            BOOST_TEST(failure_of([&] { return epoll_wait(handle, &event, 0, 0); }) ==
                       bad_argument);
            BOOST_TEST(failure_of([&] { return epoll_wait(handle, &event, -1, -1); }) ==
                       bad_argument);
        }
        BOOST_TEST(failure_of([&] { return epoll_wait(port.handle(), nullptr, 1, 0); }) ==
                   bad_pointer);
    });
}

#if !defined(_WIN32)

// What the system lacks is reported with the codes of Windows.
BOOST_AUTO_TEST_CASE(what_the_system_lacks_is_said_as_it_is) {
    on_every_kernel(Backend::afd, 1, [](Stage& stage) {
        const std::size_t handles = stage.kernel.open_handles();
        const auto create = [] { return epoll_create1(0); };
        stage.kernel.fail_next(sim::Call::memory_allocate, 8);
        BOOST_TEST(failure_of(create) == (Failure{ENOMEM, 8}));
        stage.kernel.fail_next(sim::Call::port_create, 1450);
        BOOST_TEST(failure_of(create) == (Failure{ENOBUFS, 1450}));
        stage.kernel.fail_next(sim::Call::winsock_start, 10067);
        BOOST_TEST(failure_of(create) == (Failure{EAGAIN, 10067}));
        BOOST_TEST(stage.kernel.open_handles() == handles);

        const Port port;
        const Handle sock = stage.world.udp_pair().local;
        stage.kernel.fail_next(sim::Call::socket_kind, 10050);
        BOOST_TEST(failure_of([&] { return port.add(sock, EPOLLIN); }) ==
                   (Failure{ENETDOWN, 10050}));
        BOOST_TEST(port.add(sock, EPOLLIN) == 0);
        stage.kernel.fail_next(sim::Call::port_dequeue, 1450);
        BOOST_TEST(failure_of([&] {
                       epoll_event event{};
                       return epoll_wait(port.handle(), &event, 1, 0);
                   }) == (Failure{ENOBUFS, 1450}));
    });
}

// Each kernel call of epoll_create1 fails in turn, among them every allocation: those of a port,
// and that of a row for more ports than one row has places for.
BOOST_AUTO_TEST_CASE(what_fails_while_a_port_is_created_leaves_nothing) {
    on_every_kernel(Backend::afd, 1, [](Stage& stage) {
        constexpr std::size_t ports = 70;
        close_epoll_ports();  // Rows that other tests have left.
        const std::size_t blocks = sim::blocks_in_use().count;
        std::size_t allocations_failed = 0;
        std::vector<std::unique_ptr<Port>> all;
        while (all.size() < ports) {
            const std::size_t handles_before = stage.kernel.open_handles();
            const std::size_t blocks_before = sim::blocks_in_use().count;
            bool fails = true;
            for (std::uint64_t call = 1; fails; ++call) {
                stage.kernel.fail_nth(call);
                void* created = nullptr;
                const Failure failure = failure_of([&] { return created = epoll_create1(0); });
                stage.kernel.clear_faults();
                const auto planned = stage.kernel.take_failures();
                fails = !planned.empty();
                BOOST_REQUIRE(fails == (created == nullptr));
                if (fails) {
                    const bool allocates = planned[0].call == sim::Call::memory_allocate;
                    allocations_failed += allocates ? 1 : 0;
                    BOOST_TEST(failure.number != 0);
                    BOOST_TEST((!allocates || failure.number == ENOMEM));
                    BOOST_TEST(failure.code == planned[0].code);
                    BOOST_TEST(sim::blocks_in_use().count == blocks_before);
                } else {
                    BOOST_TEST(epoll_close(created) == 0);
                }
                BOOST_TEST(stage.kernel.open_handles() == handles_before);
                BOOST_TEST(stage.kernel.winsock_sessions() == all.size());
            }
            all.push_back(std::make_unique<Port>());
        }
        const std::size_t rows = sim::blocks_in_use().count - blocks - 2 * ports;
        BOOST_TEST(rows > 0U);
        BOOST_TEST(allocations_failed == 2 * ports + rows);
        for (const auto& port : all) {
            BOOST_TEST(port->wake() == 0);
            BOOST_TEST(port->wait(-1).empty());
        }
    });
}

BOOST_AUTO_TEST_CASE(the_table_is_full_at_65536) {
    const sim::Kernel kernel({.late_completions = false});
    World world;
    const Port port;
    const Handle process = world.thing(Thing::process);
    for (std::uint32_t i = 0; i < capacity_limit; ++i) {
        BOOST_REQUIRE(port.add(world.duplicate(process), 0) == 0);
    }
    const Handle one_more = world.duplicate(process);
    BOOST_TEST(failure_of([&] { return port.add(one_more, 0); }) == (Failure{ENOSPC, 112}));
}

#endif

BOOST_AUTO_TEST_SUITE_END()
