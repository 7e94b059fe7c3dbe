// Handles of ports and of registered objects: closed, closed by mistake, and reused.
#include <memory>

#include "epoll_support.hpp"
#if !defined(_WIN32)
#include "face/epoll_ports.hpp"
#include "memory.hpp"
#endif

using namespace wakepoll;
using namespace wakepoll::test;

BOOST_AUTO_TEST_SUITE(epoll_lifetimes)

BOOST_AUTO_TEST_CASE(closehandle_is_refused_on_a_port_and_changes_nothing) {
    on_every_kernel(Backend::afd, 10, [](Stage& stage) {
        Port port;
        BOOST_TEST(port.add(stage.world.udp_loop(), EPOLLOUT, 1) == 0);
        BOOST_TEST(!close_as_handle(port.handle()));
        BOOST_TEST(mask_of(port.wait(), 1) == EPOLLOUT);
        BOOST_TEST(port.close() == 0);
    });
}

// A program that removes the protection and closes the handle has closed the port's number, too.
BOOST_AUTO_TEST_CASE(a_number_that_is_another_objects_by_now_is_not_closed) {
    on_every_kernel(Backend::afd, 1, [](Stage& stage) {
        const auto make_event = [&] { return stage.world.thing(Thing::event); };
        const auto make_port = [&] { return stage.world.foreign_port(); };
        const auto check = [&](auto make) {
            void* const port = epoll_create1(0);
            remove_protection(port);
            BOOST_TEST(close_as_handle(port));
            Handle another;
            for (int i = 0; i < 100 && another.native() != port; ++i) {
                another = make();
            }
            BOOST_REQUIRE(another.native() == port);
            epoll_event event{};
            BOOST_TEST(epoll_wait(port, &event, 1, 0) == 0);
            BOOST_TEST(epoll_close(port) == 0);
            // It is open, and no port.
            BOOST_TEST(failure_of([&] { return epoll_close(port); }) == bad_argument);
        };
        check(make_event);
        check(make_port);
    });
}

BOOST_AUTO_TEST_CASE(a_port_that_is_closed_leaves_nothing_open) {
    on_every_kernel(Backend::afd, 10, [](Stage& stage) {
        const Handle sock = stage.world.udp_pair().local;
#if !defined(_WIN32)
        const std::size_t handles = stage.kernel.open_handles();
        close_epoll_ports();  // Rows that other tests have left.
        const std::size_t blocks = sim::blocks_in_use().count;
#endif
        for (int i = 0; i < 3; ++i) {
            Port port;
            BOOST_TEST(port.add(sock, EPOLLIN | EPOLLOUT) == 0);
            BOOST_TEST(port.wait().size() == 1);
            void* const handle = port.handle();
            // Calls that fail leave the port, too.
            epoll_event event{};
            for (const int op : {EPOLL_CTL_MOD, EPOLL_CTL_DEL, 77}) {
                BOOST_TEST(epoll_ctl(handle, op, stage.world.never_a_handle().value(), &event) !=
                           0);
            }
            for (epoll_event* const given : {&event, static_cast<epoll_event*>(nullptr)}) {
                BOOST_TEST(epoll_ctl(handle, EPOLL_CTL_ADD, sock.value(), given) != 0);
            }
            BOOST_TEST(epoll_ctl(handle, EPOLL_CTL_MOD, sock.value(), nullptr) != 0);
            BOOST_TEST(epoll_wait(handle, &event, 0, 0) != 0);
            BOOST_TEST(epoll_wait(handle, nullptr, 1, 0) != 0);
            BOOST_TEST(port.close() == 0);
            BOOST_TEST(failure_of([&] { return epoll_close(handle); }) == bad_number);
            BOOST_TEST(!close_as_handle(handle));
        }
#if !defined(_WIN32)
        BOOST_TEST(stage.kernel.open_handles() == handles);
        BOOST_TEST(stage.kernel.afd_requests() == 0U);
        BOOST_TEST(sim::blocks_in_use().count == blocks);
#endif
    });
}

BOOST_AUTO_TEST_CASE(a_number_that_another_port_has_now_is_that_port) {
    on_every_kernel(Backend::afd, 1, [](Stage& stage) {
        const Handle sock = stage.world.udp_loop();
        void* before = nullptr;
        bool came_again = false;
        for (int i = 0; i < 100 && !came_again; ++i) {
            Port port;
            came_again = port.handle() == before;
            BOOST_TEST(port.wait(0).empty());  // Nothing of the previous registration is left.
            BOOST_TEST(port.add(sock, EPOLLOUT) == 0);
            BOOST_TEST(port.wait().size() == 1);
            before = port.handle();
        }
        BOOST_TEST(came_again);
    });
}

BOOST_AUTO_TEST_CASE(many_ports_are_told_apart) {
    on_every_kernel(Backend::afd, 1, [](Stage& stage) {
        constexpr std::size_t ports = 200;  // More than a row has places.
        std::vector<std::unique_ptr<Port>> all;
        const Handle sock = stage.world.udp_loop();
        for (std::size_t i = 0; i < ports; ++i) {
            all.push_back(std::make_unique<Port>());
            BOOST_TEST(all[i]->wake() == 0);
        }
        for (std::size_t i = 0; i < ports; i += 2) {
            BOOST_TEST(all[i]->close() == 0);
        }
        for (std::size_t i = 1; i < ports; i += 2) {
            BOOST_TEST(all[i]->wait(-1).empty());
            BOOST_TEST(all[i]->add(sock, EPOLLOUT, i) == 0);
            BOOST_TEST(mask_of(all[i]->wait(), i) == EPOLLOUT);
            BOOST_TEST(all[i]->remove(sock) == 0);
        }
    });
}

BOOST_AUTO_TEST_CASE(a_socket_that_was_closed_is_forgotten_and_its_number_another) {
    on_every_kernel(Backend::afd, 50, [](Stage& stage) {
        for (const std::uint32_t once : {0U, EPOLLONESHOT}) {
            const Port port;
            const SocketPair pair = stage.world.tcp_pair();
            stage.world.send(pair.peer, 1);
            BOOST_TEST(port.add(pair.local, EPOLLIN | once, 1) == 0);
            BOOST_TEST(port.wait().size() == 1);
            BOOST_TEST(port.wait(0).size() == (once == 0 ? 1U : 0U));
            stage.world.close(pair.local);
            BOOST_TEST(port.wait(1).empty());
            SocketPair next;
            if (stage.world.recycle(pair.local, next)) {
                BOOST_TEST(failure_of([&] { return port.modify(next.local, EPOLLIN); }) ==
                           not_registered);
                stage.world.send(next.peer, 1);
                BOOST_TEST(port.add(next.local, EPOLLIN | once, 2) == 0);
                BOOST_TEST(mask_of(port.wait(), 2) == EPOLLIN);
            }
        }
    });
}

#if !defined(_WIN32)

// As on the unloading of the DLL.
BOOST_AUTO_TEST_CASE(ports_that_are_left_can_be_closed_together) {
    on_every_kernel(Backend::afd, 1, [](Stage& stage) {
        const Handle sock = stage.world.udp_loop();
        const std::size_t handles = stage.kernel.open_handles();
        close_epoll_ports();  // Rows that other tests have left.
        const std::size_t blocks = sim::blocks_in_use().count;
        std::vector<void*> left;
        for (int i = 0; i < 100; ++i) {  // More than the first row has places for.
            left.push_back(epoll_create1(0));
        }
        epoll_event event{.events = EPOLLIN, .data = {}};
        BOOST_TEST(epoll_ctl(left.back(), EPOLL_CTL_ADD, sock.value(), &event) == 0);
        BOOST_TEST(epoll_wait(left.back(), &event, 1, 0) == 0);
        close_epoll_ports();
        for (void* const port : left) {
            BOOST_TEST(failure_of([&] { return epoll_wake(port); }) == bad_number);
        }
        BOOST_TEST(stage.kernel.open_handles() == handles);
        BOOST_TEST(stage.kernel.afd_requests() == 0U);
        BOOST_TEST(sim::blocks_in_use().count == blocks);
    });
}

BOOST_AUTO_TEST_CASE(
    a_number_that_is_another_objects_by_now_is_not_closed_together_with_the_ports) {
    on_every_kernel(Backend::afd, 1, [](Stage& stage) {
        void* const port = epoll_create1(0);
        remove_protection(port);
        BOOST_TEST(close_as_handle(port));
        const Handle another = stage.world.foreign_port();
        BOOST_REQUIRE(another.native() == port);
        close_epoll_ports();
        BOOST_TEST(failure_of([&] { return epoll_close(port); }) == bad_argument);
    });
}

BOOST_AUTO_TEST_CASE(a_port_takes_memory_as_it_is_used) {
    const sim::Kernel kernel;
    const std::size_t before = sim::blocks_in_use().bytes;
    const Port port;
    // What is reserved; a page is allocated when it is touched.
    constexpr std::size_t limit = std::size_t{24} << 20U;
    BOOST_TEST(sim::blocks_in_use().bytes - before <= limit);
    BOOST_TEST_MESSAGE(sim::blocks_in_use().bytes - before << " bytes are set aside for a port");
}

// A program that removes the protection and closes the handle loses that port, and no other.
BOOST_AUTO_TEST_CASE(a_port_that_was_closed_by_force_harms_no_other) {
    on_every_kernel(Backend::afd, 1, [](Stage& stage) {
        close_epoll_ports();  // Rows that other tests have left.
        const std::size_t before = sim::blocks_in_use().count;
        void* const port = epoll_create1(0);
        const std::size_t with_one = sim::blocks_in_use().count;
        remove_protection(port);
        BOOST_TEST(close_as_handle(port));
        epoll_event event{};
        BOOST_TEST(epoll_wait(port, &event, 1, 0) == 0);
        Port next;
        BOOST_REQUIRE(next.handle() == port);
        BOOST_TEST(sim::blocks_in_use().count == with_one + 1);  // A row.
        BOOST_TEST(next.add(stage.world.udp_loop(), EPOLLOUT, 1) == 0);
        BOOST_TEST(mask_of(next.wait(), 1) == EPOLLOUT);
        BOOST_TEST(next.close() == 0);
        close_epoll_ports();
        BOOST_TEST(sim::blocks_in_use().count == before);
    });
}

// The thread that had the lead is gone by then.
BOOST_AUTO_TEST_CASE(a_wait_in_a_process_that_ends_does_not_block) {
    on_every_kernel(Backend::afd, 1, [](Stage& stage) {
        const Port port;
        Failure failure;
        stage.kernel.when_blocked([&] {
            stage.kernel.end_process();
            epoll_event event{};
            failure = failure_of([&] { return epoll_wait(port.handle(), &event, 1, -1); });
        });
        BOOST_TEST(port.wait(1).empty());
        BOOST_TEST(failure == (Failure{EBUSY, 170}));
    });
}

#endif

BOOST_AUTO_TEST_SUITE_END()
