/* A C program that links with wakepoll.dll and nothing else of wakepoll, or with the one file. */
#include <winsock2.h>
#include <ws2tcpip.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "wakepoll/wepoll.h"

static int failed(const char* what) {
    fprintf(stderr, "%s: errno %d, error %lu\n", what, errno, GetLastError());
    return 1;
}

static DWORD WINAPI wait_forever(void* port) {
    struct epoll_event event;
    (void)epoll_wait(port, &event, 1, -1);
    return 0;
}

int main(void) {
    struct sockaddr_in address;
    int length = sizeof address;
    struct epoll_event event, reported;
    WSADATA winsock;
    HANDLE port;
    SOCKET sock;

    if (WSAStartup(MAKEWORD(2, 2), &winsock) != 0) return failed("WSAStartup");
    sock = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(sock, (struct sockaddr*)&address, length) != 0 ||
        getsockname(sock, (struct sockaddr*)&address, &length) != 0) {
        return failed("bind");
    }

    port = epoll_create1(0);
    if (port == NULL) return failed("epoll_create1");
    event.events = EPOLLIN | EPOLLONESHOT;
    event.data.sock = sock;
    if (epoll_ctl(port, EPOLL_CTL_ADD, sock, &event) != 0) return failed("epoll_ctl");
    if (epoll_ctl(port, EPOLL_CTL_ADD, sock, &event) != -1 || errno != EEXIST) {
        return failed("the errno of a DLL is that of the program");
    }
    if (GetLastError() != ERROR_ALREADY_EXISTS) return failed("the last error");
    if (epoll_wait(port, &reported, 1, 0) != 0) return failed("nothing is ready");
    if (sendto(sock, "x", 1, 0, (struct sockaddr*)&address, length) != 1) return failed("sendto");
    if (epoll_wait(port, &reported, 1, 60000) != 1) return failed("epoll_wait");
    if (reported.events != EPOLLIN || reported.data.sock != sock) return failed("the event");
    if (epoll_wake(port) != 0 || epoll_wait(port, &reported, 1, -1) != 0) {
        return failed("epoll_wake");
    }
    if (epoll_close(port) != 0) return failed("epoll_close");
    closesocket(sock);

    /* The program may end while threads wait at a port: that with the lead, and another. */
    port = epoll_create1(0);
    if (port == NULL || CreateThread(NULL, 0, wait_forever, port, 0, NULL) == NULL ||
        CreateThread(NULL, 0, wait_forever, port, 0, NULL) == NULL) {
        return failed("a port with waiting threads");
    }
    Sleep(50);
    puts("served");
    return 0;
}
