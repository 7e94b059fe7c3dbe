/* The C functions of wakepoll.cpp. Written by tools/amalgamate. */

/* From include/wakepoll/export.h */
/* What a DLL of wakepoll exports. C and C++.
 *
 * Define WAKEPOLL_DLL where the library is used as a DLL: a call goes there directly then. meson
 * and CMake do that by themselves. WAKEPOLL_BUILDS_DLL is for the library's own build. */
#ifndef WAKEPOLL_EXPORT_H
#define WAKEPOLL_EXPORT_H

#if defined(WAKEPOLL_BUILDS_DLL)
#define WAKEPOLL_API __declspec(dllexport)
#elif defined(WAKEPOLL_DLL)
#define WAKEPOLL_API __declspec(dllimport)
#else
#define WAKEPOLL_API
#endif

#endif

/* From include/wakepoll/epoll.h */
/*
 * epoll for Windows, in C: ports, registrations and waits as Linux's <sys/epoll.h> has them.
 *
 * The port is a HANDLE and a socket a SOCKET. They are spelled `void*` and `uintptr_t` here, which
 * are the same types, so this header needs no Windows header and may stand before or behind
 * <winsock2.h> and <windows.h>, in C (from C89 on) and in C++.
 *
 * Any thread may make any call at any time, on one port as well. A call that fails returns -1 (or a
 * null port) and sets `errno` and the last error (GetLastError, which is WSAGetLastError); one that
 * succeeds leaves `errno` alone.
 *
 * Beyond what Linux has, `epoll_wake` ends a wait, and `epoll_close` is how a port is closed.
 * doc/porting/from-wepoll.md says what differs from wepoll, and why.
 */
#ifndef WAKEPOLL_EPOLL_H
#define WAKEPOLL_EPOLL_H

#include <stdint.h>


/* A type for the bits below, as Linux has it. */
enum EPOLL_EVENTS {
    EPOLLIN = 0x0001,
    EPOLLPRI = 0x0002,
    EPOLLOUT = 0x0004,
    EPOLLERR = 0x0008,
    EPOLLHUP = 0x0010,
    EPOLLRDNORM = 0x0040,
    EPOLLRDBAND = 0x0080,
    EPOLLWRNORM = 0x0100,
    EPOLLWRBAND = 0x0200,
    EPOLLMSG = 0x0400,
    EPOLLRDHUP = 0x2000,
    EPOLLEXCLUSIVE = 1 << 28,
    EPOLLWAKEUP = 1 << 29,
    EPOLLONESHOT = 1 << 30,
    EPOLLET = -2147483647 - 1 /* 1U << 31; an enumerator is an int in C. */
};

/* Linux's values. */
#define EPOLLIN 0x0001U           /* Data, a connection to accept, or the end of the stream. */
#define EPOLLPRI 0x0002U          /* An out-of-band byte. */
#define EPOLLOUT 0x0004U          /* Room to send; a connect that succeeded. */
#define EPOLLERR 0x0008U          /* An error; reported whatever was asked for. */
#define EPOLLHUP 0x0010U          /* Both directions are over; reported whatever was asked for. */
#define EPOLLRDNORM 0x0040U       /* As EPOLLIN. */
#define EPOLLRDBAND 0x0080U       /* Accepted, never reported. */
#define EPOLLWRNORM 0x0100U       /* As EPOLLOUT. */
#define EPOLLWRBAND 0x0200U       /* Accepted, never reported. */
#define EPOLLMSG 0x0400U          /* Accepted, never reported, as on Linux. */
#define EPOLLRDHUP 0x2000U        /* The peer sends no more. */
#define EPOLLEXCLUSIVE (1U << 28) /* Accepted without effect. */
#define EPOLLWAKEUP (1U << 29)    /* Accepted without effect. */
#define EPOLLONESHOT (1U << 30)   /* One report, then silence until EPOLL_CTL_MOD. */
#define EPOLLET (1U << 31)        /* Refused with EINVAL: no backend can report an edge. */

#define EPOLL_CTL_ADD 1
#define EPOLL_CTL_DEL 2
#define EPOLL_CTL_MOD 3

#ifdef __cplusplus
extern "C" {
#endif

typedef union epoll_data {
    void* ptr;
    int fd;
    uint32_t u32;
    uint64_t u64;
    uintptr_t sock; /* SOCKET */
    void* hnd;      /* HANDLE */
} epoll_data_t;

struct epoll_event {
    uint32_t events;   /* Of the bits above; others are ignored. */
    epoll_data_t data; /* Yours; each event has that of its registration. */
};

/*
 * A new port, or null. `size` has to be positive and means nothing else; `flags` has to be 0
 * (EINVAL). ENOMEM, EMFILE, ENOBUFS: what the system lacks.
 *
 * The port is a HANDLE that is not inherited. It is closed by `epoll_close` alone: CloseHandle
 * fails on it and changes nothing.
 */
WAKEPOLL_API void* epoll_create(int size);
WAKEPOLL_API void* epoll_create1(int flags);

/*
 * Closes a port. Waits that are in progress end with EBADF. Sockets stay open. EBADF where `port`
 * is no handle, EINVAL where it is a handle but no port; so of every call.
 */
WAKEPOLL_API int epoll_close(void* port);

/*
 * Registers (EPOLL_CTL_ADD), changes (EPOLL_CTL_MOD, which also arms a one-shot registration again)
 * or ends (EPOLL_CTL_DEL, `event` is ignored) the registration of a socket. What is changed while
 * threads wait is in force when the call returns.
 *
 * In place of the socket, any handle that can be waited for may be given: a pipe, the input of a
 * console, an event, a process, a thread, a semaphore, a timer. They report EPOLLIN.
 *
 * EBADF      `sock` is no handle
 * EEXIST     ADD: it is registered already
 * ENOENT     MOD, DEL: it is not registered
 * EINVAL     another `op`; EPOLLET; EPOLLOUT for what is no socket
 * EFAULT     `event` is null
 * EPERM      a disk file or a directory, which is always ready
 * ENOTSOCK   another handle that cannot be waited for
 * ENOSPC     65,536 handles are registered
 * EAGAIN     no room for one more overlapped pipe at the moment
 * ENOMEM, ENOBUFS, EACCES, ENOTCONN and others, as the system answers
 *
 * End a registration before you close the socket. Where a socket was closed first, the next wait
 * forgets it, and a new socket with the same number is another one. One that is opened before that
 * wait looks the same: ADD may be EEXIST then, and MOD serves.
 */
WAKEPOLL_API int epoll_ctl(void* port, int op, uintptr_t sock, struct epoll_event* event);

/*
 * Waits until something is ready and returns how many events were stored, `maxevents` at most; 0
 * where the time is over first, or `epoll_wake` was called. `timeout` is in milliseconds; negative
 * waits for as long as it takes. A finite wait never ends early but for a wake.
 *
 * Several threads may wait on one port: one of them waits for events, the others for their turn. A
 * one-shot registration reports to one of them. A call with timeout 0 beside a waiting thread
 * returns 0 at once, for that thread gets what there is.
 *
 * EINVAL: `maxevents` is not positive, or `port` is a handle but no port; EFAULT: `events` is null;
 * EBADF: `port` is no handle, or was closed meanwhile. EBUSY: the process is ending, and the thread
 * that waited for events may be gone.
 */
WAKEPOLL_API int epoll_wait(void* port, struct epoll_event* events, int maxevents, int timeout);

/*
 * Ends one wait early: one in progress, or else the next. Several wakes before a wait has ended are
 * one. A wait that has events when the wake comes returns these. ENOMEM: the wake could not be
 * delivered, and the wait in progress goes on; the next one ends all the same.
 */
WAKEPOLL_API int epoll_wake(void* port);

#ifdef __cplusplus
}
#endif

#endif
