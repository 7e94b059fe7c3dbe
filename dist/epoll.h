/* wakepoll 0.1.0, the C header. Written by tools/amalgamate: change the tree instead.
 *
 * MIT License
 *
 * Copyright (c) 2026 The wakepoll authors
 *
 * Permission is hereby granted, free of charge, to any person obtaining a copy
 * of this software and associated documentation files (the "Software"), to deal
 * in the Software without restriction, including without limitation the rights
 * to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
 * copies of the Software, and to permit persons to whom the Software is
 * furnished to do so, subject to the following conditions:
 *
 * The above copyright notice and this permission notice shall be included in all
 * copies or substantial portions of the Software.
 *
 * THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
 * IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
 * FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
 * AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
 * LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
 * OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
 * SOFTWARE.
 */

/* From include/wakepoll/export.h */
/* What a DLL of wakepoll exports. C and C++.
 *
 * Define WAKEPOLL_DLL if the library is used as a DLL, so that calls go there directly. meson and
 * CMake define it. WAKEPOLL_BUILDS_DLL is for building the library itself. */
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
 * are the same types, so this header needs no Windows header and can be included before or after
 * <winsock2.h> and <windows.h>, in C (from C89 on) and in C++.
 *
 * Any thread may make any call at any time, also on the same port. A call that fails returns -1 (or
 * a null port) and sets `errno` and the last error (GetLastError, which is WSAGetLastError); one
 * that succeeds does not change `errno`. (`errno` belongs to the C runtime that wakepoll was linked
 * with. A program with another one, which uses a DLL of another compiler, has the last error.)
 *
 * In addition to Linux's calls, `epoll_wake` ends a wait and `epoll_close` closes a port.
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
#define EPOLLERR 0x0008U          /* An error; reported whatever the interest. */
#define EPOLLHUP 0x0010U          /* Both directions are shut; reported whatever the interest. */
#define EPOLLRDNORM 0x0040U       /* As EPOLLIN. */
#define EPOLLRDBAND 0x0080U       /* Accepted, never reported. */
#define EPOLLWRNORM 0x0100U       /* As EPOLLOUT. */
#define EPOLLWRBAND 0x0200U       /* Accepted, never reported. */
#define EPOLLMSG 0x0400U          /* Accepted, never reported, as on Linux. */
#define EPOLLRDHUP 0x2000U        /* The peer sends no more. */
#define EPOLLEXCLUSIVE (1U << 28) /* Accepted without effect. */
#define EPOLLWAKEUP (1U << 29)    /* Accepted without effect. */
#define EPOLLONESHOT (1U << 30)   /* One report, then none until EPOLL_CTL_MOD. */
#define EPOLLET (1U << 31)        /* Refused with EINVAL: Windows reports no edges. */

#define EPOLL_CTL_ADD 1
#define EPOLL_CTL_DEL 2
#define EPOLL_CTL_MOD 3

#ifdef __cplusplus
extern "C" {
#endif

#pragma pack(push, 8) /* As the library has it, under any /Zp or #pragma pack of the program. */

typedef union epoll_data {
    void* ptr;
    int fd;
    uint32_t u32;
    uint64_t u64;
    uintptr_t sock; /* SOCKET */
    void* hnd;      /* HANDLE */
} epoll_data_t;

struct epoll_event {
    uint32_t events;   /* Bits from above; others are ignored. */
    epoll_data_t data; /* Yours; each event has that of its registration. */
};

#pragma pack(pop)

/*
 * Creates a port; null on failure. `size` must be positive and has no other meaning; `flags` must
 * be 0 (else EINVAL). ENOMEM, EMFILE, ENOBUFS: the system lacks resources.
 *
 * The port is a HANDLE that is not inherited. Only `epoll_close` closes it: CloseHandle fails on it
 * and changes nothing. (Where other code has removed that protection, by SetHandleInformation,
 * `epoll_close` closes the port and leaves the handle to that code.)
 */
WAKEPOLL_API void* epoll_create(int size);
WAKEPOLL_API void* epoll_create1(int flags);

/*
 * Closes a port. Waits in progress end with EBADF. Sockets stay open. Like every call, it fails
 * with EBADF if `port` is no handle, and with EINVAL if it is a handle but no port.
 *
 * A port may be open when the process ends. wakepoll.dll closes what is open when it is unloaded; a
 * DLL that contains the static library has to close its ports before that.
 */
WAKEPOLL_API int epoll_close(void* port);

/*
 * Adds (EPOLL_CTL_ADD), changes (EPOLL_CTL_MOD, which also arms a one-shot registration again) or
 * removes (EPOLL_CTL_DEL, `event` is ignored) the registration of a socket. A change made while
 * threads wait is in force when the call returns.
 *
 * `sock` may also be any other handle that can be waited for: a pipe, the input of a console, an
 * event, a process, a thread, a semaphore, a timer. They report EPOLLIN.
 *
 * EBADF      `sock` is no handle
 * EEXIST     ADD: it is registered already
 * ENOENT     MOD, DEL: it is not registered
 * EINVAL     another `op`; EPOLLET; EPOLLOUT for a handle that is no socket; `sock` is `port`
 * EFAULT     `event` is null, and `op` is not EPOLL_CTL_DEL
 * EPERM      ADD: a disk file or a directory, which is always ready
 * ENOTSOCK   ADD: another handle that cannot be waited for, such as another port
 * ENOSPC     65,536 handles are registered
 * EAGAIN     no room for one more overlapped pipe at the moment
 * ENOMEM, ENOBUFS, EACCES, ENOTCONN and others, from the system
 *
 * If several arguments are wrong, it is EFAULT, or else EBADF, or else one of the others, as on
 * Linux.
 *
 * Remove a registration before you close the socket. If a socket was closed first, the next wait
 * drops its registration. A new socket that gets the same number before that wait may be taken for
 * the old one: ADD fails with EEXIST then; use MOD (after ENOENT, because the wait of another
 * thread came between, ADD again).
 */
WAKEPOLL_API int epoll_ctl(void* port, int op, uintptr_t sock, struct epoll_event* event);

/*
 * Waits until something is ready and returns the number of events stored, `maxevents` at most; 0 if
 * the timeout expires first, or `epoll_wake` was called. `timeout` is in milliseconds; negative is
 * without a limit. A finite wait never ends early except by a wake.
 *
 * Several threads may wait on one port: one of them waits for events, the others for their turn. A
 * one-shot registration reports to one of them; any other to each, as long as it is ready. A call
 * with timeout 0 while another thread waits returns 0 immediately, because that thread gets the
 * events.
 *
 * EINVAL: `maxevents` is not positive, or `port` is a handle but no port; EFAULT: `events` is null;
 * EBADF: `port` is no handle, or was closed meanwhile; EBUSY: the process is ending, and the thread
 * that waited for events may have ended; ENOMEM, ENOBUFS and others, from the system: nothing is
 * lost, so the call may be repeated.
 */
WAKEPOLL_API int epoll_wait(void* port, struct epoll_event* events, int maxevents, int timeout);

/*
 * Ends one wait early: one in progress, or else the next. Several wakes before a wait has ended
 * coalesce. A wait that has events when the wake comes returns these, and the wake is over: check
 * what it was for after every wait, not only after one that returns 0. ENOMEM: the wake could not
 * be delivered, and the wait in progress continues; the next one ends nevertheless.
 */
WAKEPOLL_API int epoll_wake(void* port);

#ifdef __cplusplus
}
#endif

#endif
