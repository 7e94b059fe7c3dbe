// The standard streams of a program that communicates through them.
#pragma once

#include <fcntl.h>
#include <io.h>

#include <cstdio>

namespace soak {

/// Disables the translation of line ends by the C library of Windows.
inline void use_streams_as_they_are() {
    for (std::FILE* const stream : {stdin, stdout, stderr}) {
        (void)::_setmode(::_fileno(stream), _O_BINARY);
    }
}

}  // namespace soak
