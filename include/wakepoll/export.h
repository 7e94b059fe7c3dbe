/* What a DLL of wakepoll exports. C and C++.
 *
 * Define WAKEPOLL_DLL where the library is used as a DLL: a call goes there directly then. meson
 * and CMake do that by themselves. WAKEPOLL_BUILDS_DLL is for the library's own build. */
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
