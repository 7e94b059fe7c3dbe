// test/epoll/control_errors.hpp is what Linux's epoll_ctl does.
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "../epoll/control_errors.hpp"

using namespace wakepoll::test;

BOOST_AUTO_TEST_SUITE(conformance_epoll)

BOOST_AUTO_TEST_CASE(epoll_ctl_checks_its_arguments_in_the_order_of_the_table) {
    const int port = ::epoll_create1(EPOLL_CLOEXEC);
    const int another_port = ::epoll_create1(EPOLL_CLOEXEC);
    const int event = ::eventfd(0, EFD_CLOEXEC);
    const int another_event = ::eventfd(0, EFD_CLOEXEC);
    const int file = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    BOOST_REQUIRE(
        (port >= 0 && another_port >= 0 && event >= 0 && another_event >= 0 && file >= 0));
    constexpr int no_handle = -1;

    for (const ControlErrors& row : all_control_errors) {
        const int at = row.port == PortArgument::open             ? port
                       : row.port == PortArgument::another_handle ? another_event
                                                                  : no_handle;
        const std::array fds = {event, no_handle, at, file, another_port};
        for (const Subject subject : all_subjects) {
            const int fd = fds.at(static_cast<std::size_t>(subject));
            epoll_event interest = {};
            errno = 0;
            const int answer = ::epoll_ctl(at, row.op, fd, row.has_event ? &interest : nullptr);
            BOOST_TEST((answer == 0 ? 0 : errno) == row.of(subject),
                       row << ", subject " << static_cast<int>(subject));
            if (answer == 0) {
                BOOST_TEST(::epoll_ctl(at, EPOLL_CTL_DEL, fd, nullptr) == 0);
            }
        }
    }
    for (const int fd : {port, another_port, event, another_event, file}) {
        ::close(fd);
    }
}

BOOST_AUTO_TEST_SUITE_END()
