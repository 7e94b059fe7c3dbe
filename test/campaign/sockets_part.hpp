// The part of a random program that registers sockets, and checks what is reported of them.
//
// It registers, modifies, unregisters and closes sockets of every kind, sometimes dozens, and makes
// things happen to them, also while a thread waits. Every report has to be true; while no actor
// runs, one wait with enough room has to report exactly what is ready (P5, P10), and waits with
// little room report each socket in turn (P6).
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "scene.hpp"
#include "sockets_model.hpp"

namespace wakepoll::test {

class SocketsPart {
public:
    /// Starts with `about` sockets.
    SocketsPart(Scene& scene, std::uint32_t about, bool registered);

    /// Does something with some sockets.
    void step();
    /// Lets something happen to a socket while a thread is inside the kernel.
    void act_beside();

    /// A wait begins; `alone`: no actor runs meanwhile.
    void begin_wait(bool alone);
    /// Checks an event of that wait.
    void take(const NativeEvent& event);
    void end_wait();

    /// Checks that all that was ready when the last wait began was reported.
    void check_all_reported(const std::set<std::uint64_t>& reported) const;

    /// Records what is ready now, for `check_remembered`. Returns the number.
    std::size_t remember();
    /// Checks that each was reported, within the number of waits that this room needs.
    void check_remembered(const std::set<std::uint64_t>& reported, std::size_t room,
                          std::size_t many) const;

    [[nodiscard]] std::size_t registered() const;
    /// True if there are sockets that WSAPoll cannot wait for.
    [[nodiscard]] bool has_refused() const;
    void unregister_all();

private:
    using Masks = std::vector<std::pair<std::uint64_t, std::uint32_t>>;

    [[nodiscard]] ModelSocket make();
    [[nodiscard]] IoInterest draw_interest();
    void add(std::size_t index);
    void modify(std::size_t index);
    void remove(std::size_t index);
    void close(std::size_t index);
    void fail_cancel();
    void fail_no_cancel();
    [[nodiscard]] Masks masks();
    [[nodiscard]] bool is_but_a_hang_up(const ModelSocket& socket, std::uint64_t user_data,
                                        std::uint32_t mask) const;
    [[nodiscard]] bool may_be_delayed(std::uint64_t user_data) const;

    Scene& scene_;
    std::vector<ModelSocket> sockets_;
    bool alone_ = false;
    Masks before_;
    Masks remembered_;
    std::vector<std::pair<std::uint64_t, std::uint32_t>> taken_;  ///< By the wait in progress.
};

}  // namespace wakepoll::test
