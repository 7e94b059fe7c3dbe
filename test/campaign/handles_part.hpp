// The part of a random program that registers handles that are no sockets.
//
// Events, processes, threads, semaphores, timers, pipes and a console are registered, changed,
// signalled, drained, unregistered and closed. The model knows what may be reported at any time, so
// nothing else ever is (P5, P9, P10); and where everything had its chance, one wait that may not
// block must have reported what is ready then.
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

    /// Does something with one of them.
    void step();

    /// A wait has reported this one.
    void take(const NativeEvent& event);

    /// Everything had its chance before the wait that reported this.
    void check_settled(const std::set<std::uint64_t>& reported) const;

    [[nodiscard]] std::size_t registered() const;
    /// Overlapped pipes were registered, which take entries of the pool.
    [[nodiscard]] bool takes_entries() const { return takes_entries_; }
    void unregister_all();

private:
    /// A subject and what the model knows of it.
    struct Known {
        Subject subject;
        std::size_t bytes = 0;        ///< In a pipe.
        bool peer_closed = false;     ///< Of a pipe, or
        bool disconnected = false;    ///< of its server: not to be registered any more.
        bool nowait = false;          ///< Nor is a pipe in the mode PIPE_NOWAIT.
        bool signalled = false;       ///< Of what stays signalled.
        int least = 0, most = 0;      ///< Reports that must, and can, come of taken signals.
        bool ghost = false;           ///< One report of a signal that was taken and reset since.
        std::uint64_t user_data = 0;  ///< Of its registration; 0 where there is none.
        bool asked = false;           ///< It is registered and not silent.
        bool wanted = false;          ///< What can be read is to be reported.
        bool one_shot = false;

        [[nodiscard]] Watched kind() const { return subject.kind(); }
        [[nodiscard]] bool is_ready() const { return signalled || bytes > 0 || peer_closed; }
        /// What is reported of it; of a pipe the end, whatever the interest.
        [[nodiscard]] std::uint32_t mask() const {
            const bool ended = peer_closed && bytes == 0;
            return (wanted && is_ready() ? mask::in : mask::none) | (ended ? mask::hup : 0);
        }
        /// A signal that a wait of the pool has taken may go with it.
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
    /// How the trace calls it.
    [[nodiscard]] std::string name_of(const Known& known) const;

    Scene& scene_;
    std::vector<Known> known_;
    bool takes_entries_ = false;
};

}  // namespace wakepoll::test
