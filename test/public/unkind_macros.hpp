// What <windows.h>, <rpcndr.h>, <winsock2.h> and similar headers define, for header_probe.cpp.in:
// the public headers have to compile after all of it. The standard library comes first, because it
// copes with these macros in its own way. They are written out here because mingw's headers leave
// out min and max in C++, and because the probe also runs natively.
#pragma once

// Everything that the public headers use of others.
#include <array>
#include <atomic>
#include <cassert>
#include <chrono>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <ratio>
#include <span>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <variant>
#if __has_include(<fmt/format.h>)
#include <fmt/format.h>
#endif

#define min(a, b) (((a) < (b)) ? (a) : (b))
#define max(a, b) (((a) > (b)) ? (a) : (b))
#define Yield()
#define GetCurrentTime() GetTickCount()

#define near
#define far
#define NEAR near
#define FAR far
#define pascal __stdcall
#define cdecl
#define small char
#define hyper __int64
#define interface struct
#define IN
#define OUT
#define OPTIONAL
#define CONST const
#define VOID void
#define THIS
#define STRICT 1
#define TRUE 1
#define FALSE 0
#define ERROR 0
#define NO_ERROR 0L
#define DELETE 0x00010000L
#define ABSOLUTE 1
#define RELATIVE 2
#define DOMAIN 1
#define OVERFLOW 3
#define UNDERFLOW 4
#define DIFFERENCE 11
#define IGNORE 0
#define INFINITE 0xFFFFFFFF
#define CALLBACK __stdcall
#define EVENT_ALL 1
#define POLLIN 0x0300
#define POLLPRI 0x0400
#define POLLOUT 0x0010
#define POLLERR 0x0001
#define POLLHUP 0x0002
#define POLLNVAL 0x0004
#define s_addr S_un.S_addr
#define s_host S_un.S_un_b.s_b2
#define h_addr h_addr_list[0]
#define major(device) (device)
#define minor(device) (device)
#define environ _environ

// If there is an A and a W.
#define CreateEvent CreateEventW
#define CreateFile CreateFileW
#define CreateNamedPipe CreateNamedPipeW
#define CreateProcess CreateProcessW
#define CreateSemaphore CreateSemaphoreW
#define DeleteFile DeleteFileW
#define GetMessage GetMessageW
#define GetObject GetObjectW
#define PostMessage PostMessageW
#define ReportEvent ReportEventW
#define RegisterClass RegisterClassW
#define SendMessage SendMessageW
#define GetUserName GetUserNameW
#define Process32First Process32FirstW
