// The part of a random program that submits operations: each is reported exactly once or drained by
// `dispose` (P8).
//
// It opens and closes handles of every kind that can carry operations, submits and cancels
// operations and takes their reports, while peers send, receive, reset and close. The model
// (operations_model.hpp) knows what may be reported, and checks every transferred byte at the end.
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
    /// Lets a peer act while a thread is inside the kernel.
    void act_beside();

    void begin_wait() { model_.give_back_lent(); }
    void take(const NativeEvent& event) { model_.take(event); }

    /// Operations submitted and not reported.
    [[nodiscard]] std::size_t running() const { return model_.running(); }
    /// True if the kernel has one of them.
    [[nodiscard]] bool is_in_flight() const { return model_.is_in_flight(); }
    [[nodiscard]] std::size_t started() const { return model_.started; }
    [[nodiscard]] std::size_t reported() const { return model_.reported; }
    /// Entries of the pool in use by operations.
    [[nodiscard]] std::size_t entries() const { return model_.running() + model_.lent.size(); }

    void cancel_all();
    /// The poller was disposed of.
    void disposed() { model_.disposed(); }
    /// Checks all transferred bytes, when nothing is in flight any more.
    void check_content();
    /// The peers send and receive a last time, which must not touch the memory of operations.
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
    /// The same on the operation's handle, plain or attached.
    [[nodiscard]] Result<OverlappedEntry*> start_on(const SubmitTarget& target_handle,
                                                    std::size_t number);
    [[nodiscard]] IoOperation what_to_submit(const Channel& channel);
    [[nodiscard]] std::vector<std::byte> target();
    void cancel_entry();
    void cancel_handle();
    void release_one();
    /// Tries to register a channel's handle for readiness, and unregisters it if that succeeds.
    void try_readiness();
    /// The same for the other end of a pipe.
    void try_readiness_of_peer(const Channel& channel);
    void check_files();

    Scene& scene_;
    OperationModel model_;
};

}  // namespace wakepoll::test
