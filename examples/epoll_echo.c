/*
 * An echo server in C on epoll: the same source on Linux and, with wakepoll, on Windows.
 *
 * usage: epoll_echo [--connections N]
 * It listens on a free port of 127.0.0.1, prints which, and sends back what it receives, until N
 * connections have come and gone. A client that does not read its answers is not read from, and
 * one that has finished sending still gets all of them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#include <winsock2.h>
#include <ws2tcpip.h>

#include "wakepoll/epoll.h"
typedef u_long flag_type;
#define WOULD_BLOCK (WSAGetLastError() == WSAEWOULDBLOCK)
#define MSG_NOSIGNAL 0
#else
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
typedef int HANDLE, SOCKET, flag_type;
#define WOULD_BLOCK (errno == EAGAIN || errno == EWOULDBLOCK)
#define INVALID_SOCKET (-1)
#define closesocket close
#define epoll_close close
#define ioctlsocket ioctl
#endif

struct connection {
    SOCKET sock;
    uint32_t wanted; /* What it is registered for. */
    int begin, end;  /* Of what has been received and not been sent back. */
    char data[16 * 1024];
};

static unsigned long connections, bytes;

static void need(int holds, const char* what) {
    if (!holds) {
        fprintf(stderr, "epoll_echo: %s: %s\n", what, strerror(errno));
        exit(EXIT_FAILURE);
    }
}

static int control(HANDLE port, int op, struct connection* c, uint32_t wanted) {
    struct epoll_event event;
    event.events = c->wanted = wanted;
    event.data.ptr = c;
    return epoll_ctl(port, op, c->sock, &event) == 0;
}

static struct connection* add(HANDLE port, SOCKET sock) {
    struct connection* const c = calloc(1, sizeof *c);
    flag_type on = 1;
    need(c != NULL, "calloc");
    c->sock = sock;
    need(ioctlsocket(sock, FIONBIO, &on) == 0, "ioctl"); /* No call but epoll_wait blocks. */
    need(control(port, EPOLL_CTL_ADD, c, EPOLLIN), "epoll_ctl");
    return c;
}

static SOCKET listen_anywhere(void) {
    struct sockaddr_in address;
    struct sockaddr* const name = (struct sockaddr*)&address;
    socklen_t length = sizeof address;
    const SOCKET sock = socket(AF_INET, SOCK_STREAM, 0);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    need(sock != INVALID_SOCKET && bind(sock, name, length) == 0 && listen(sock, SOMAXCONN) == 0 &&
             getsockname(sock, name, &length) == 0,
         "listen");
    printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return sock;
}

/* Receives, and sends that back, a few times, so that the others have their turn. 0 at the end. */
static int serve(HANDLE port, struct connection* c) {
    uint32_t wanted;
    int moved = 1;
    int i;
    for (i = 0; i < 16 && moved > 0; ++i) {
        if (c->begin < c->end) {
            moved = (int)send(c->sock, c->data + c->begin, c->end - c->begin, MSG_NOSIGNAL);
            c->begin += moved > 0 ? moved : 0;
            bytes += moved > 0 ? moved : 0;
        } else {
            moved = (int)recv(c->sock, c->data, sizeof c->data, 0);
            if (moved == 0) {
                return 0; /* It sends no more, and all was sent back. */
            }
            c->begin = 0;
            c->end = moved > 0 ? moved : 0;
        }
    }
    if (moved < 0 && !WOULD_BLOCK) {
        return 0;
    }
    wanted = c->begin < c->end ? EPOLLOUT : EPOLLIN;
    return wanted == c->wanted || control(port, EPOLL_CTL_MOD, c, wanted);
}

int main(int argc, char** argv) {
    const int limited = argc == 3 && strcmp(argv[1], "--connections") == 0;
    const unsigned long enough = limited ? strtoul(argv[2], NULL, 10) : (unsigned long)-1;
    struct epoll_event events[64];
    struct connection* listener;
    HANDLE port;
#ifdef _WIN32
    WSADATA winsock;
    need(WSAStartup(MAKEWORD(2, 2), &winsock) == 0, "WSAStartup");
#endif
    port = epoll_create1(0);
    listener = add(port, listen_anywhere());
    while (connections < enough) {
        int count = epoll_wait(port, events, 64, -1);
        need(count >= 0, "epoll_wait");
        while (count-- > 0) {
            struct connection* const c = events[count].data.ptr;
            if (c == listener) {
                const SOCKET sock = accept(listener->sock, NULL, NULL);
                if (sock != INVALID_SOCKET) { /* It may have been reset. */
                    add(port, sock);
                }
            } else if (!serve(port, c)) {
                control(port, EPOLL_CTL_DEL, c, 0); /* Before the close. */
                closesocket(c->sock);
                free(c);
                ++connections;
            }
        }
    }
    closesocket(listener->sock);
    free(listener);
    epoll_close(port);
    printf("connections=%lu\nbytes=%lu\n", connections, bytes);
    return EXIT_SUCCESS;
}
