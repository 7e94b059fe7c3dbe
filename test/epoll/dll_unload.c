/* Unloads wakepoll.dll, or the DLL that the argument names, while a port is open and a wait of the
 * thread pool is pending: no code of the DLL may run afterwards. */
#include <winsock2.h>

#include <stdio.h>
#include <windows.h>

#include "wakepoll/epoll.h"

typedef void* (*create_type)(int);
typedef int (*ctl_type)(void*, int, uintptr_t, struct epoll_event*);
typedef int (*wait_type)(void*, struct epoll_event*, int, int);

int main(int argc, char** argv) {
    int round;
    for (round = 0; round < 20; ++round) {
        const HMODULE dll = LoadLibraryA(argc == 2 ? argv[1] : "wakepoll.dll");
        const HANDLE signal = CreateEventA(NULL, TRUE, FALSE, NULL);
        struct epoll_event event;
        create_type create;
        ctl_type control;
        wait_type wait;
        void* port;
        if (dll == NULL) {
            fprintf(stderr, "LoadLibrary: error %lu\n", GetLastError());
            return 1;
        }
        create = (create_type)(uintptr_t)GetProcAddress(dll, "epoll_create1");
        control = (ctl_type)(uintptr_t)GetProcAddress(dll, "epoll_ctl");
        wait = (wait_type)(uintptr_t)GetProcAddress(dll, "epoll_wait");
        port = create(0);
        event.events = EPOLLIN;
        event.data.u64 = 1;
        if (port == NULL || control(port, EPOLL_CTL_ADD, (uintptr_t)signal, &event) != 0 ||
            wait(port, &event, 1, 1) != 0) {
            return 2;
        }
        FreeLibrary(dll);
        if (GetModuleHandleA("wakepoll.dll") != NULL) {
            return 3; /* Something keeps it loaded, so nothing is shown. */
        }
        SetEvent(signal);
        Sleep(20);
        CloseHandle(signal);
    }
    puts("unloaded");
    return 0;
}
