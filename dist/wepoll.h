/* wakepoll 0.1.0, the header in the place of wepoll's. Written by tools/amalgamate: change the tree instead.
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
