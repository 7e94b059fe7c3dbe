// The part of a random program that submits operations: each is reported exactly once or drained by
// `dispose` (P8).
//
// Handles of every kind that can carry operations are opened and closed, operations submitted,
// cancelled and reported, peers send, take, reset and go. The model (operations_model.hpp) says
// what may come of it, and in the end looks at every byte that was moved.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "operations_model.hpp"
#include "scene.hpp"

namespace wakepoll::test {

class OperationsPart {
public:
    OperationsPart(Scene& scene, std::size_t channels);

    void step();
    /// Lets a peer act while some thread is inside the kernel.
    void act_beside();

    void begin_wait() { model_.give_back_lent(); }
    void take(const NativeEvent& event) { model_.take(event); }

    /// Submitted and not reported.
    [[nodiscard]] std::size_t running() const { return model_.running(); }
    /// The kernel has one of them.
    [[nodiscard]] bool is_in_flight() const { return model_.is_in_flight(); }
    [[nodiscard]] std::size_t started() const { return model_.started; }
    [[nodiscard]] std::size_t reported() const { return model_.reported; }
    /// Entries of the pool that it knows to be in use.
    [[nodiscard]] std::size_t entries() const { return model_.running() + model_.lent.size(); }

    void cancel_all();
    /// The poller is disposed of.
    void disposed() { model_.disposed(); }
    /// Nothing moves any more: looks at all that was moved.
    void check_content();
    /// The peers send and take a last time, which must not touch memory of operations.
    void stir();

private:
    using State = ModelOperation::State;

    [[nodiscard]] std::uint32_t below(std::size_t bound) { return scene_.below(bound); }
    [[nodiscard]] bool one_in(std::uint32_t n) { return scene_.one_in(n); }
    [[nodiscard]] std::size_t any_channel() { return below(model_.channels.size()); }

    void open();
    void close_one();
    void peer_leaves(std::size_t number, bool reset);
    void peer_puts(std::size_t number);
    void peer_takes(std::size_t number);
    void submit();
    [[nodiscard]] Result<OverlappedEntry*> start(std::size_t number);
    /// The same on the operation's handle, as it is or attached.
    [[nodiscard]] Result<OverlappedEntry*> start_on(const SubmitTarget& target_handle,
                                                    std::size_t number);
    [[nodiscard]] IoOperation what_to_submit(const Channel& channel);
    [[nodiscard]] std::vector<std::byte> target();
    void cancel_entry();
    void cancel_handle();
    void release_one();
    /// Registers the handle of a channel for readiness, and unregisters it where that is allowed.
    void try_readiness();
    /// The same of the other end of a pipe.
    void try_readiness_of_peer(const Channel& channel);
    void check_files();

    Scene& scene_;
    OperationModel model_;
};

}  // namespace wakepoll::test
