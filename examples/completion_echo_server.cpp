// An echo server by completions: submit_accept, submit_read, submit_write.
//
// usage: completion_echo_server [--port N] [--connections N] [--verbose] Listens on 127.0.0.1 (by
// default on any free port), prints the port, and sends back what it receives, until the given
// number of connections have come and gone. The service is in completion_echo/completion_echo.cpp;
// echo_server.cpp is the same service by readiness.
#include <winsock2.h>
// Winsock comes first.
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "completion_echo/completion_echo.hpp"

namespace {

int failed(const char* what, std::error_code error) {
    std::fprintf(stderr, "completion_echo_server: %s: %s\n", what, error.message().c_str());
    return EXIT_FAILURE;
}

int serve(const example::CompletionEchoOptions& options, std::uint64_t connections) {
    auto poller = wakepoll::OsPoller::create();  // a pool of 64, for any number of connections
    if (!poller) {
        return failed("create", poller.error());
    }
    example::CompletionEcho service(*poller, options);
    if (const std::error_code error = service.open()) {
        return failed("listen", error);
    }
    std::printf("listening on 127.0.0.1:%u\n", static_cast<unsigned>(service.port()));
    std::fflush(stdout);
    const std::error_code error = service.run(connections);
    service.close();

    const example::CompletionEchoCounts& counts = service.counts();
    std::printf("connections=%" PRIu64 "\nfailed=%" PRIu64 "\nbytes=%" PRIu64 "\n", counts.closed(),
                counts.failed, counts.bytes);
    std::printf("most_queued=%" PRIu64 "\nturns_ended=%" PRIu64 "\n", counts.most_queued,
                counts.turns_ended);
    std::printf("entries_left=%zu\n", poller->overlapped_count());
    return error ? failed("wait", error) : EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
    example::CompletionEchoOptions options;
    unsigned long connections = 0;
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "--verbose") == 0) {
            options.verbose = true;
            continue;
        }
        char* rest = nullptr;
        const unsigned long number = i + 1 < argc ? std::strtoul(argv[i + 1], &rest, 10) : 0;
        const bool is_number = rest != nullptr && rest != argv[i + 1] && *rest == '\0';
        if (is_number && number <= 65535 && std::strcmp(argv[i], "--port") == 0) {
            options.port = static_cast<std::uint16_t>(number);
        } else if (is_number && std::strcmp(argv[i], "--connections") == 0) {
            connections = number;
        } else {
            std::fprintf(
                stderr, "usage: completion_echo_server [--port N] [--connections N] [--verbose]\n");
            return 2;
        }
        ++i;
    }

    WSADATA winsock{};
    if (const int code = WSAStartup(MAKEWORD(2, 2), &winsock); code != 0) {
        return failed("WSAStartup", wakepoll::win32_error(static_cast<std::uint32_t>(code)));
    }
    const int exit_code = serve(options, connections);
    WSACleanup();
    return exit_code;
}
