// The standard streams of a program that is talked to through them.
#pragma once

#include <fcntl.h>
#include <io.h>

#include <cstdio>

namespace soak {

/// Bytes are what they are: the C library of Windows changes the ends of lines otherwise.
inline void use_streams_as_they_are() {
    for (std::FILE* const stream : {stdin, stdout, stderr}) {
        (void)::_setmode(::_fileno(stream), _O_BINARY);
    }
}

}  // namespace soak
