// What a public header brought with it, as its translation unit saw it. Filled in by the units that
// are made from header_probe.cpp.in and judged by headers_test.cpp. Includes nothing, so that it
// can not hide what a header forgot to include.
#pragma once

namespace wakepoll::test {

struct Leaks {
    bool windows = false;
    bool winsock = false;
    bool fmt = false;
};

}  // namespace wakepoll::test
