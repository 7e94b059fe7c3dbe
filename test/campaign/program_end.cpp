// The end of a random program, and what may remain. See program.hpp.
#include "bad_calls.hpp"
#include "program.hpp"

namespace wakepoll::test {

void Program::finish() {
    scene_.cancels_fail = false;
    wait_until_settled();
    if (sockets_) {
        sockets_->unregister_all();
    }
    if (handles_) {
        handles_->unregister_all();
    }
    while (!scene_.ghosts.empty()) {
        scene_.lay(scene_.ghosts.begin()->first);
    }
    hold(scene_.poller->registration_count() == 0, "registrations are left");
    if (operations_) {
        operations_->cancel_all();
        for (int waits = 0; operations_->entries() > 0; ++waits) {
            hold(waits < 200, "operations are never reported");
            (void)wait(6, operations_->running() > 0 ? wait_forever : Timeout{}, true);
            hold(!scene_.kernel.hung(), "an operation was lost");
        }
    }
    for (int waits = 0; waits < 4; ++waits) {
        (void)wait(most_events, Timeout{}, true);
        scene_.kernel.advance(100us);
    }
    check_counts();
    hold(scene_.poller->overlapped_count() == signals_->entries(), "entries are lost");
    // The group's request is not cancelled for members that leave the group.
    hold(scene_.cancel_failed || scene_.kernel.afd_requests() <= 1, "a request never ends");
}

void Program::shut_down() {
    scene_.note("  shut down");
    if (!scene_.poller->post_shutdown()) {
        hold(scene_.faulty(), "the poller could not be shut down");
        scene_.end_failures();
        hold(scene_.poller->post_shutdown(), "the poller could not be shut down again");
    }
    over_ = true;
    check_everything_is_refused(scene_);
}

void Program::dispose() {
    std::uint32_t failing = scene_.cancels_fail ? scene_.below(3) : 0;
    const bool in_vain = failing > 0 || scene_.cancel_failed;
    for (; failing > 0; --failing) {
        scene_.kernel.fail_next(sim::Call::afd_cancel, 1450);
    }
    const auto begun = scene_.kernel.now();
    scene_.poller->dispose();
    hold(in_vain || scene_.kernel.now() - begun < 500ms, "dispose waits for what ends");
    scene_.count_failures();
    scene_.kernel.clear_faults();
    if (operations_) {
        operations_->disposed();
    }
    hold(!scene_.kernel.hung(), "dispose hung");
    hold(!scene_.poller->is_valid() && scene_.poller->registration_count() == 0 &&
             scene_.poller->overlapped_count() == 0,
         "a poller that is disposed of has something");
    check_everything_is_refused(scene_);
    signals_->check_gone();
    scene_.poller->dispose();
}

void Program::check_what_is_left() {
    scene_.world->join();
    if (operations_) {
        operations_->stir();
    }
    scene_.kernel.advance(3s);
    hold(!scene_.kernel.hung(), "hung");
    if (operations_) {
        operations_->check_content();
    }
    scene_.poller.reset();
    hold(scene_.kernel.afd_requests() == 0, "a request outlives dispose");
    hold(scene_.kernel.winsock_sessions() == 0, "a Winsock session is left");
    scene_.world.reset();
    hold(scene_.kernel.open_handles() == 0,
         "handles are left open: ", scene_.kernel.open_handles());
}

}  // namespace wakepoll::test
