/*
 * An echo server in C on epoll: the same source on Linux and, with wakepoll, on Windows.
 *
 * usage: epoll_echo [--connections N]
 * Listens on a free port of 127.0.0.1, prints it, and sends back what it receives, until N
 * connections have come and gone. A client that does not read its answers is not read from, and one
 * that has finished sending still gets all of them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#include <winsock2.h>
#include <ws2tcpip.h>

#include "wakepoll/epoll.h"
typedef HANDLE port_type;
typedef SOCKET socket_type;
typedef u_long flag_type;
static int would_block(void) { return WSAGetLastError() == WSAEWOULDBLOCK; }
#define NO_SIGNAL 0
#else
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
typedef int port_type;
typedef int socket_type;
typedef int flag_type;
static int would_block(void) { return errno == EAGAIN || errno == EWOULDBLOCK; }
#define NO_SIGNAL MSG_NOSIGNAL
#define closesocket close
#define epoll_close close
#define ioctlsocket ioctl
#define INVALID_SOCKET (-1)
#endif

struct connection {
    socket_type sock;
    uint32_t wanted; /* The registered events. */
    int begin, end;  /* Of the bytes that were received and not sent back yet. */
    int ended;       /* The client has finished sending. */
    char data[16 * 1024];
};

static unsigned long connections, bytes;

static void die(const char* what) {
    fprintf(stderr, "epoll_echo: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static int control(port_type port, int op, socket_type sock, uint32_t events, void* data) {
    struct epoll_event event;
    event.events = events;
    event.data.ptr = data;
    return epoll_ctl(port, op, sock, &event);
}

static socket_type listen_anywhere(void) {
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    flag_type non_blocking = 1;
    const socket_type sock = socket(AF_INET, SOCK_STREAM, 0);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (sock == INVALID_SOCKET || ioctlsocket(sock, FIONBIO, &non_blocking) != 0 ||
        bind(sock, (struct sockaddr*)&address, length) != 0 || listen(sock, SOMAXCONN) != 0 ||
        getsockname(sock, (struct sockaddr*)&address, &length) != 0) {
        die("listen");
    }
    printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return sock;
}

static void accept_one(port_type port, socket_type listener) {
    flag_type non_blocking = 1;
    struct connection* connection;
    const socket_type sock = accept(listener, NULL, NULL);
    if (sock == INVALID_SOCKET) {
        return; /* It was reset before that. */
    }
    connection = calloc(1, sizeof *connection);
    if (connection == NULL || ioctlsocket(sock, FIONBIO, &non_blocking) != 0) {
        die("accept");
    }
    connection->sock = sock;
    connection->wanted = EPOLLIN;
    if (control(port, EPOLL_CTL_ADD, sock, EPOLLIN, connection) != 0) {
        die("epoll_ctl");
    }
}

/* Sends back and receives, a few times, so that others get their turn. 0 where it has ended. */
static int serve(port_type port, struct connection* c) {
    uint32_t wanted;
    int i;
    for (i = 0; i < 16 && (c->begin < c->end || !c->ended); ++i) {
        const int sends = c->begin < c->end;
        const int moved =
            (int)(sends ? send(c->sock, c->data + c->begin, c->end - c->begin, NO_SIGNAL)
                        : recv(c->sock, c->data, (int)sizeof c->data, 0));
        if (moved < 0) {
            if (!would_block()) {
                return 0;
            }
            break;
        }
        if (sends) {
            c->begin += moved;
            bytes += moved;
        } else {
            c->begin = 0;
            c->end = moved;
            c->ended = moved == 0;
        }
    }
    if (c->ended && c->begin == c->end) {
        return 0;
    }
    wanted = c->begin < c->end ? EPOLLOUT : EPOLLIN;
    if (wanted == c->wanted) {
        return 1;
    }
    c->wanted = wanted;
    return control(port, EPOLL_CTL_MOD, c->sock, wanted, c) == 0;
}

int main(int argc, char** argv) {
    const unsigned long enough =
        argc == 3 && strcmp(argv[1], "--connections") == 0 ? strtoul(argv[2], NULL, 10) : 0;
    struct epoll_event events[64];
    socket_type listener;
    port_type port;
    int i;
    int count;
#ifdef _WIN32
    WSADATA winsock;
    if (WSAStartup(MAKEWORD(2, 2), &winsock) != 0) {
        return EXIT_FAILURE;
    }
#endif
    port = epoll_create1(0);
    listener = listen_anywhere();
    if (control(port, EPOLL_CTL_ADD, listener, EPOLLIN, NULL) != 0) {
        die("epoll_ctl");
    }
    while (enough == 0 || connections < enough) {
        count = epoll_wait(port, events, 64, -1);
        if (count < 0) {
            die("epoll_wait");
        }
        for (i = 0; i < count; ++i) {
            struct connection* const connection = events[i].data.ptr;
            if (connection == NULL) {
                accept_one(port, listener);
            } else if (!serve(port, connection)) {
                control(port, EPOLL_CTL_DEL, connection->sock, 0, NULL); /* Before the close. */
                closesocket(connection->sock);
                free(connection);
                ++connections;
            }
        }
    }
    closesocket(listener);
    epoll_close(port);
    printf("connections=%lu\nbytes=%lu\n", connections, bytes);
    return EXIT_SUCCESS;
}
