/*
 * An echo server in C on epoll: the same source on Linux and, with wakepoll, on Windows.
 *
 * usage: epoll_echo [--connections N]
 * It listens on a free port of 127.0.0.1, prints which, and sends back what it receives, until N
 * connections have come and gone and none is open. A client that does not read its answers is not
 * read from, and one that has finished sending still gets all of them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#ifdef _WIN32
#include <wakepoll/epoll.h>
#include <winsock2.h>
#include <ws2tcpip.h>
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
#define WOULD_BLOCK (errno == EAGAIN)
#define WSAGetLastError() errno
#define INVALID_SOCKET (-1)
#define closesocket close
#define epoll_close close
#define ioctlsocket ioctl
#endif

struct connection {
    SOCKET sock;
    uint32_t wanted; /* EPOLLOUT while there is something to send, otherwise EPOLLIN. */
    int begin, end;  /* Of what was received and not yet sent back. */
    char data[16 * 1024];
};

static void need(int holds, const char* what) {
    if (holds) {
        return;
    }
    fprintf(stderr, "epoll_echo: %s: error %d\n", what, (int)WSAGetLastError());
    exit(EXIT_FAILURE);
}

static int control(HANDLE port, int op, struct connection* c, uint32_t wanted) {
    struct epoll_event event = {.events = wanted, .data = {.ptr = c}};
    c->wanted = wanted;
    return epoll_ctl(port, op, c->sock, &event) == 0;
}

static struct connection* add(HANDLE port, SOCKET sock) {
    struct connection* const c = calloc(1, sizeof *c);
    flag_type on = 1;
    need(c != NULL && ioctlsocket(sock, FIONBIO, &on) == 0, "ioctl"); /* Only epoll_wait blocks. */
    c->sock = sock;
    need(control(port, EPOLL_CTL_ADD, c, EPOLLIN), "epoll_ctl");
    return c;
}

static void drop(HANDLE port, struct connection* c) {
    control(port, EPOLL_CTL_DEL, c, 0); /* Before the socket is closed. */
    closesocket(c->sock);
    free(c);
}

static SOCKET listen_anywhere(void) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    struct sockaddr* const name = (struct sockaddr*)&address;
    socklen_t length = sizeof address;
    const SOCKET sock = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    need(sock != INVALID_SOCKET && bind(sock, name, length) == 0, "bind");
    need(listen(sock, SOMAXCONN) == 0 && getsockname(sock, name, &length) == 0, "listen");
    printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return sock;
}

/* Receives once and sends that back; what is left is reported again. Returns 0 at the end. */
static int serve(HANDLE port, struct connection* c, unsigned long* bytes) {
    int count;
    if (c->begin == c->end) {
        count = (int)recv(c->sock, c->data, sizeof c->data, 0);
        if (count <= 0) {
            return count < 0 && WOULD_BLOCK;
        }
        c->begin = 0;
        c->end = count;
    }
    count = (int)send(c->sock, c->data + c->begin, c->end - c->begin, MSG_NOSIGNAL);
    if (count < 0 && !WOULD_BLOCK) {
        return 0;
    }
    c->begin += count > 0 ? count : 0;
    *bytes += count > 0 ? count : 0;
    const uint32_t wanted = c->begin < c->end ? EPOLLOUT : EPOLLIN;
    return wanted == c->wanted || control(port, EPOLL_CTL_MOD, c, wanted);
}

int main(int argc, char** argv) {
    const unsigned long enough = argc == 3 ? strtoul(argv[2], NULL, 10) : (unsigned long)-1;
    unsigned long live = 0;
    unsigned long gone = 0;
    unsigned long bytes = 0;
    struct epoll_event events[64];
#ifdef _WIN32
    WSADATA winsock;
    need(WSAStartup(MAKEWORD(2, 2), &winsock) == 0, "WSAStartup");
#endif
    const HANDLE port = epoll_create1(0);
    struct connection* const listener = add(port, listen_anywhere());
    while (gone < enough || live > 0) {
        int count = epoll_wait(port, events, 64, -1);
        need(count >= 0 || errno == EINTR, "epoll_wait");
        while (count-- > 0) {
            struct connection* const c = events[count].data.ptr;
            if (c == listener) {
                const SOCKET sock = accept(c->sock, NULL, NULL);
                if (sock != INVALID_SOCKET) { /* Else the client is gone already. */
                    add(port, sock);
                    ++live;
                }
            } else if (!serve(port, c, &bytes)) {
                drop(port, c);
                --live;
                ++gone;
            }
        }
    }
    drop(port, listener);
    epoll_close(port);
    printf("connections=%lu\nbytes=%lu\n", gone, bytes);
    return EXIT_SUCCESS;
}
