/* The errors of the C face as C sees them. Returns the line of the first wrong one, or 0. */
#include <errno.h>
#include <stddef.h>

#include "wakepoll/epoll.h"

int epoll_errors_in_c(uintptr_t sock, uintptr_t never_a_handle, void* not_a_port);

#define FAILS(call, number)                     \
    do {                                        \
        errno = 0;                              \
        if ((call) != -1) return __LINE__;      \
        if (errno != (number)) return __LINE__; \
    } while (0)

/* A call that succeeds leaves errno alone. */
#define SUCCEEDS(call)                        \
    do {                                      \
        errno = ERANGE;                       \
        if ((call) != 0) return __LINE__;     \
        if (errno != ERANGE) return __LINE__; \
    } while (0)

int epoll_errors_in_c(uintptr_t sock, uintptr_t never_a_handle, void* not_a_port) {
    void* const no_port = (void*)never_a_handle;
    struct epoll_event event;
    void* port;

    errno = 0;
    if (epoll_create(0) != NULL || errno != EINVAL) return __LINE__;
    errno = 0;
    if (epoll_create(-1) != NULL || errno != EINVAL) return __LINE__;
    errno = 0;
    if (epoll_create1(1) != NULL || errno != EINVAL) return __LINE__;
    errno = ERANGE;
    port = epoll_create(1);
    if (port == NULL || errno != ERANGE) return __LINE__;

    event.events = EPOLLIN;
    event.data.u64 = 7;

    FAILS(epoll_ctl(NULL, EPOLL_CTL_ADD, sock, &event), EBADF);
    FAILS(epoll_ctl(no_port, EPOLL_CTL_ADD, sock, &event), EBADF);
    FAILS(epoll_ctl(not_a_port, EPOLL_CTL_ADD, sock, &event), EINVAL);
    FAILS(epoll_ctl(not_a_port, EPOLL_CTL_ADD, never_a_handle, &event), EBADF);
    FAILS(epoll_ctl(NULL, EPOLL_CTL_ADD, sock, NULL), EFAULT);
    FAILS(epoll_ctl(no_port, EPOLL_CTL_MOD, sock, NULL), EFAULT);
    FAILS(epoll_ctl(not_a_port, EPOLL_CTL_ADD, sock, NULL), EFAULT);
    FAILS(epoll_ctl(no_port, EPOLL_CTL_DEL, sock, NULL), EBADF);
    FAILS(epoll_ctl(port, EPOLL_CTL_ADD, 0, &event), EBADF);
    FAILS(epoll_ctl(port, EPOLL_CTL_ADD, (uintptr_t)-1, &event), EBADF);
    FAILS(epoll_ctl(port, EPOLL_CTL_ADD, never_a_handle, &event), EBADF);
    FAILS(epoll_ctl(port, EPOLL_CTL_ADD, sock, NULL), EFAULT);
    FAILS(epoll_ctl(port, EPOLL_CTL_MOD, sock, &event), ENOENT);
    FAILS(epoll_ctl(port, EPOLL_CTL_DEL, sock, NULL), ENOENT);
    FAILS(epoll_ctl(port, 0, sock, &event), EINVAL);
    FAILS(epoll_ctl(port, 4, sock, &event), EINVAL);
    FAILS(epoll_ctl(port, -1, sock, &event), EINVAL);
    FAILS(epoll_ctl(port, -1, never_a_handle, &event), EBADF);
    FAILS(epoll_ctl(port, -1, sock, NULL), EFAULT);
    FAILS(epoll_ctl(no_port, 4, sock, NULL), EFAULT);
    FAILS(epoll_ctl(port, EPOLL_CTL_ADD, (uintptr_t)port, &event), EINVAL);

    event.events = EPOLLIN | EPOLLET;
    FAILS(epoll_ctl(port, EPOLL_CTL_ADD, sock, &event), EINVAL);
    event.events = EPOLLIN | EPOLLEXCLUSIVE | EPOLLWAKEUP | EPOLLMSG | 0x08000000U;
    SUCCEEDS(epoll_ctl(port, EPOLL_CTL_ADD, sock, &event));
    FAILS(epoll_ctl(port, EPOLL_CTL_ADD, sock, &event), EEXIST);
    event.events = EPOLLET;
    FAILS(epoll_ctl(port, EPOLL_CTL_MOD, sock, &event), EINVAL);
    event.events = 0;
    SUCCEEDS(epoll_ctl(port, EPOLL_CTL_MOD, sock, &event));
    SUCCEEDS(epoll_ctl(port, EPOLL_CTL_DEL, sock, NULL));
    FAILS(epoll_ctl(port, EPOLL_CTL_DEL, sock, NULL), ENOENT);

    FAILS(epoll_wait(port, &event, 0, 0), EINVAL);
    FAILS(epoll_wait(port, &event, -1, 0), EINVAL);
    FAILS(epoll_wait(NULL, &event, 0, 0), EINVAL);
    FAILS(epoll_wait(port, NULL, 1, 0), EFAULT);
    FAILS(epoll_wait(NULL, &event, 1, 0), EBADF);
    FAILS(epoll_wait(no_port, &event, 1, 0), EBADF);
    FAILS(epoll_wait(not_a_port, &event, 1, 0), EINVAL);
    SUCCEEDS(epoll_wait(port, &event, 1, 0));

    FAILS(epoll_wake(NULL), EBADF);
    FAILS(epoll_wake(not_a_port), EINVAL);
    SUCCEEDS(epoll_wake(port));

    FAILS(epoll_close(NULL), EBADF);
    FAILS(epoll_close((void*)(uintptr_t)-1), EBADF);
    FAILS(epoll_close(no_port), EBADF);
    FAILS(epoll_close(not_a_port), EINVAL);
    SUCCEEDS(epoll_close(port));
    FAILS(epoll_close(port), EBADF);
    return 0;
}
