// select: the set of all sockets is copied for each call, because the call overwrites it with the
// ready ones.
#include <cstddef>
#include <vector>

#include "contestants/readiness_contestant.hpp"

namespace wakepoll::bench {
namespace {

/// A set of any number of sockets: the kernel uses the count; FD_SETSIZE is only the size of the
/// structure in the headers.
class SocketSet {
public:
    void assign(std::span<const SOCKET> sockets) {
        words_.assign(1, sockets.size());
        words_.insert(words_.end(), sockets.begin(), sockets.end());
    }
    [[nodiscard]] fd_set* get() { return reinterpret_cast<fd_set*>(words_.data()); }
    [[nodiscard]] std::span<const SOCKET> sockets() {
        // The count is the lower half of its word, and the upper half is 0.
        return std::span<const SOCKET>(words_).subspan(1, words_[0]);
    }

private:
    std::vector<SOCKET> words_;  ///< The count, which takes a word with its padding; the sockets.
};
static_assert(offsetof(fd_set, fd_array) == sizeof(SOCKET));

class SelectOfAll final : public ReadinessContestant {
public:
    void watch(std::span<const SOCKET> sockets) override { sockets_ = sockets; }

    void receive_from(std::size_t expected) override {
        while (expected > 0) {
            ready_.assign(sockets_);
            timeval limit = {static_cast<long>(patience_milliseconds / 1000), 0};
            check(::select(0, ready_.get(), nullptr, nullptr, &limit) > 0, "select");
            for (const SOCKET socket : ready_.sockets()) {
                receive_byte(socket);
                --expected;
            }
        }
    }

    void forget() override { sockets_ = {}; }

private:
    std::span<const SOCKET> sockets_;
    SocketSet ready_;
};

}  // namespace

std::unique_ptr<ReadinessContestant> make_select_of_all() {
    return std::make_unique<SelectOfAll>();
}

}  // namespace wakepoll::bench
