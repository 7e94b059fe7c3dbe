// See worker.hpp.
#include "worker.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <utility>

namespace wakepoll::test {
namespace {

[[noreturn]] void give_up(const char* what) {
    std::perror(what);
    std::exit(2);
}

void write_all(int to, const std::string& text) {
    std::size_t written = 0;
    while (written < text.size()) {
        const ssize_t some = ::write(to, text.data() + written, text.size() - written);
        if (some < 0) {
            ::_exit(2);
        }
        written += static_cast<std::size_t>(some);
    }
}

std::optional<std::string> words_of(int status) {
    if (WIFSIGNALED(status)) {
        return "the process was ended by signal " + std::to_string(WTERMSIG(status));
    }
    if (WEXITSTATUS(status) != 0) {
        return "the process ended with code " + std::to_string(WEXITSTATUS(status));
    }
    return std::nullopt;
}

}  // namespace

Ending run_apart(const std::function<void(const Tell& tell)>& work, const Shared& shared,
                 std::chrono::seconds patience, bool aloud) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) {
        give_up("pipe");
    }
    std::fflush(nullptr);
    const pid_t child = ::fork();
    if (child < 0) {
        give_up("fork");
    }
    if (child == 0) {
        ::close(ends[0]);
        if (!aloud && std::freopen("/dev/null", "w", stderr) == nullptr) {
            ::_exit(2);
        }
        work([&](const std::string& text) { write_all(ends[1], text); });
        // Without the exit handlers, which would end what belongs to the parent.
        ::_exit(0);
    }
    ::close(ends[1]);
    Ending ending;
    bool stuck = false;
    std::uint64_t last = shared.seed;
    pollfd readable{.fd = ends[0], .events = POLLIN, .revents = 0};
    for (;;) {
        const int polled = ::poll(&readable, 1, static_cast<int>(patience.count()) * 1000);
        if (polled < 0 && errno != EINTR) {
            give_up("poll");
        }
        const std::uint64_t now = shared.seed;
        if (polled == 0 && std::exchange(last, now) == now) {
            stuck = true;
            ::kill(child, SIGKILL);
            break;
        }
        if (polled > 0) {
            std::array<char, 4096> some{};
            const ssize_t got = ::read(ends[0], some.data(), some.size());
            if (got <= 0) {
                break;
            }
            ending.output.append(some.data(), static_cast<std::size_t>(got));
        }
    }
    ::close(ends[0]);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            give_up("waitpid");
        }
    }
    ending.broken = stuck ? "the process does not end" : words_of(status);
    return ending;
}

Shared& shared_memory() {
    void* const memory =
        ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        give_up("mmap");
    }
    return *::new (memory) Shared;
}

}  // namespace wakepoll::test
