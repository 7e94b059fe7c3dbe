// A process that ends with a live poller: host WHERE HOW WHAT
//
//   WHERE   `here`, or the DLL that the poller is in
//   HOW     `return` from main, `exit` from another thread, or `free` the DLL and return
//   WHAT    the bits of guest.hpp
//
// The exit code is 0, unless something fails before.
#include <windows.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "guest.hpp"

extern "C" bool begin_guest(unsigned what);

namespace {

DWORD CALLBACK leave(void* /*unused*/) { std::exit(0); }

}  // namespace

int main(int count, char** arguments) {
    if (count != 4) {
        return 2;
    }
    const bool here = std::strcmp(arguments[1], "here") == 0;
    HMODULE dll = nullptr;
    wakepoll::test::Begin begin = &begin_guest;
    if (!here) {
        dll = ::LoadLibraryA(arguments[1]);
        if (dll == nullptr) {
            return 3;
        }
        begin = reinterpret_cast<wakepoll::test::Begin>(
            reinterpret_cast<void*>(::GetProcAddress(dll, "begin_guest")));
    }
    if (begin == nullptr || !begin(static_cast<unsigned>(std::atoi(arguments[3])))) {
        return 4;
    }
    if (std::strcmp(arguments[2], "free") == 0 && ::FreeLibrary(dll) == FALSE) {
        return 5;
    }
    if (std::strcmp(arguments[2], "exit") == 0) {
        const HANDLE thread = ::CreateThread(nullptr, 0, &leave, nullptr, 0, nullptr);
        ::WaitForSingleObject(thread, INFINITE);
    }
    return 0;
}
