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
