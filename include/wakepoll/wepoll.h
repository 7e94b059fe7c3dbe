/*
 * In the place of wepoll's header: a project that carries wepoll.c and wepoll.h drops the former,
 * includes this one in place of the latter, and links with wakepoll.
 *
 * The include guard is wepoll's, so where both are on the path the first one counts. HANDLE and
 * SOCKET are defined as wepoll's header defines them, for sources that include nothing else.
 */
#ifndef WEPOLL_H_
#define WEPOLL_H_

#include "epoll.h"

/* wepoll has no such name. Programs ask for it by #ifdef, or define it as 0 where it is missing. */
#undef EPOLLET

#ifdef __GNUC__
#pragma GCC system_header /* To define a type twice is an error in C89, unless a system does. */
#endif

typedef void* HANDLE;
typedef uintptr_t SOCKET;

#endif
