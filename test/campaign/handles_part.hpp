// The part of a random program that registers handles other than sockets.
//
// It registers, modifies, signals, drains, unregisters and closes events, processes, threads,
// semaphores, timers, pipes and a console. The model knows what may be reported at any time, and
// fails on anything else (P5, P9, P10); once everything has settled, one wait with timeout 0 must
// report all that is ready.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "scene.hpp"
#include "watched.hpp"

namespace wakepoll::test {

class HandlesPart {
public:
    HandlesPart(Scene& scene, std::size_t count);

    /// Does something with one handle.
    void step();

    /// Checks an event of a wait.
    void take(const NativeEvent& event);

    /// Checks what a wait reported after everything had settled.
    void check_settled(const std::set<std::uint64_t>& reported) const;

    [[nodiscard]] std::size_t registered() const;
    /// True if overlapped pipes were registered, which take entries of the pool.
    [[nodiscard]] bool takes_entries() const { return takes_entries_; }
    void unregister_all();

private:
    /// A handle and what the model knows of it.
    struct Known {
        Subject subject;
        std::size_t bytes = 0;        ///< In a pipe.
        bool peer_closed = false;     ///< Of a pipe;
        bool disconnected = false;    ///< by its server: cannot be registered any more.
        bool nowait = false;          ///< PIPE_NOWAIT: cannot be registered either.
        bool signalled = false;       ///< For what stays signalled.
        int least = 0, most = 0;      ///< The fewest and the most reports due for taken signals.
        bool ghost = false;           ///< One report may be due for a signal since reset.
        std::uint64_t user_data = 0;  ///< Of its registration; 0 if there is none.
        bool asked = false;           ///< Registered and not silent.
        bool wanted = false;          ///< The interest includes readability.
        bool one_shot = false;

        [[nodiscard]] Watched kind() const { return subject.kind(); }
        [[nodiscard]] bool is_ready() const { return signalled || bytes > 0 || peer_closed; }
        /// The mask to report; for a pipe the end is in it, whatever the interest.
        [[nodiscard]] std::uint32_t mask() const {
            const bool ended = peer_closed && bytes == 0;
            return (wanted && is_ready() ? mask::in : mask::none) | (ended ? mask::hup : 0);
        }
        /// A signal that a wait of the pool has taken may be lost.
        void may_lose_one();
    };

    [[nodiscard]] Known make();
    void signal(Known& known);
    void type_at(Known& console);
    void calm(Known& known);
    void end(Known& known);
    void stop_waiting(Known& known);
    [[nodiscard]] IoInterest draw_interest(Known& known);
    void add(Known& known);
    void modify(Known& known);
    void remove(Known& known);
    void close(Known& known);
    /// Its name in the trace.
    [[nodiscard]] std::string name_of(const Known& known) const;

    Scene& scene_;
    std::vector<Known> known_;
    bool takes_entries_ = false;
};

}  // namespace wakepoll::test
