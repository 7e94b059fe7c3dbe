// What a public header has included and defined in its translation unit. Filled in by the units
// that are made from header_probe.cpp.in and checked by headers_test.cpp. Includes nothing, so that
// it cannot hide what a header forgot to include.
#pragma once

namespace wakepoll::test {

struct Leaks {
    bool windows = false;
    bool winsock = false;
    bool fmt = false;
};

}  // namespace wakepoll::test
