// The part of a random program that registers sockets: what may be reported of them, and what must.
//
// Sockets of every kind, some dozens of them now and then, are registered, changed, unregistered
// and closed, and things happen to them, also while a thread waits. Whatever is reported has to be
// true, whoever acts; where nobody does, one wait with enough room has to report exactly what is
// ready (P5, P10), and one with little room each of it in its turn (P6).
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
    /// About so many of them.
    SocketsPart(Scene& scene, std::uint32_t about, bool registered);

    /// Does something with some of them.
    void step();
    /// Lets something happen to one of them while some thread is inside the kernel.
    void act_beside();

    /// A wait begins; `alone` says that nobody acts meanwhile.
    void begin_wait(bool alone);
    /// It has reported this one.
    void take(const NativeEvent& event);
    void end_wait();

    /// What was ready when the last wait began was reported.
    void check_all_reported(const std::set<std::uint64_t>& reported) const;

    /// Takes down what is ready now, for `check_remembered`; how many those are.
    std::size_t remember();
    /// In so many waits as it takes, with this room, each of them was reported.
    void check_remembered(const std::set<std::uint64_t>& reported, std::size_t room,
                          std::size_t many) const;

    [[nodiscard]] std::size_t registered() const;
    /// Some that WSAPoll can not wait for.
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
