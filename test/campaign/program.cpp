// See program.hpp; its waits are in program_waits.cpp.
#include "program.hpp"

#include <string>

#include "bad_calls.hpp"
#include "meetings.hpp"

namespace wakepoll::test {
namespace {

constexpr std::array all_backends_by_choice = {Backend::wsapoll, Backend::afd, Backend::automatic};
constexpr std::array backend_names = {"automatic", "wsapoll", "afd"};

}  // namespace

Program::Program(Scene& scene) : scene_(scene) {
    create_poller();
    signals_.emplace(scene_);
    // Draws the parts and their sizes: usually few of each, sometimes many.
    const std::uint32_t parts = 1 + scene_.below(7);
    if ((parts & 1U) != 0) {
        constexpr std::array<std::uint32_t, 8> crowds = {3, 3, 3, 5, 5, 8, 20, 40};
        sockets_.emplace(scene_, crowds[scene_.below(crowds.size())], !scene_.one_in(3));
    }
    if ((parts & 2U) != 0) {
        const std::size_t count = 1 + scene_.below(6);
        scene_.slots += count;
        handles_.emplace(scene_, count);
    }
    if ((parts & 4U) != 0) {
        operations_.emplace(scene_, 1 + scene_.below(3));
    }
}

Program::~Program() {
    scene_.kernel.clear_faults();
    // What is still in flight belongs to the kernel, and ends with its handles.
    scene_.poller.reset();
    scene_.world.reset();
}

void Program::create_poller() {
    scene_.backend = all_backends_by_choice[scene_.below(all_backends_by_choice.size())];
    constexpr std::array<std::uint32_t, 3> registrations = {64, 96, 8};
    constexpr std::array<std::uint32_t, 4> entries = {8, 4, 16, 1};
    scene_.registrations = registrations[scene_.below(registrations.size())];
    scene_.entries = entries[scene_.below(entries.size())];
    scene_.may_fail = scene_.one_in(2);
    scene_.cancels_fail = scene_.one_in(8);
    const PollerConfig config{.max_registrations = scene_.registrations,
                              .max_overlapped_entries = scene_.entries,
                              .backend = scene_.backend};
    scene_.note("poller: ", backend_names[static_cast<std::size_t>(scene_.backend)], ", ",
                scene_.registrations, " registrations, ", scene_.entries,
                " entries; kernel: ", scene_.kernel.traits().name,
                scene_.options.layered_sockets ? ", layered" : "",
                scene_.options.late_completions ? ", late" : "",
                scene_.kernel.traits().deaf_polls == sim::Seeded::yes ? ", deaf requests" : "",
                scene_.kernel.traits().stray_packets == sim::Seeded::yes ? ", stray packets" : "");
    if (scene_.may_fail && scene_.one_in(4)) {
        scene_.plan_failures();
        const Result<OsPoller> refused = OsPoller::create(config);
        hold(refused || scene_.kernel.open_handles() == 0, "create has failed and left a handle");
        scene_.end_failures();
    }
    Result<OsPoller> made = OsPoller::create(config);
    hold(static_cast<bool>(made), "no poller: ", made.error().message());
    scene_.poller.emplace(std::move(*made));
}

void Program::run() {
    scene_.note_calls();
    while (!over_ && scene_.choices.more()) {
        ++step_;
        ++scene_.tally.steps;
        scene_.note("step ", step_);
        if (scene_.may_fail && scene_.one_in(4)) {
            scene_.plan_failures();
        }
        step();
        if (scene_.planned) {
            scene_.end_failures();
        }
        if (!over_) {
            check_counts();
        }
        scene_.note_calls();
    }
    scene_.world->join();
    if (!over_ && scene_.one_in(2)) {
        scene_.note("the end: everything is unregistered");
        finish();
        scene_.note_calls();
    }
    scene_.note("dispose");
    dispose();
    scene_.note_calls();
    check_what_is_left();
}

void Program::step() {
    switch (scene_.below(16)) {
        case 0:
        case 1:
        case 2:
        case 3:
        case 4:
        case 5:
        case 6:
            step_of_a_part();
            break;
        case 7:
        case 8:
        case 9:
        case 10:
            wait_somehow();
            break;
        case 11:
            wait_exactly();
            break;
        case 12:
            wait_fairly();
            break;
        case 13:
            call_badly(scene_);
            break;
        case 14:
            scene_.one_in(2) ? wait_until_settled() : wait_exactly();
            break;
        default:
            switch (scene_.below(5)) {
                case 0:
                    wait_until_settled();
                    break;
                case 3:
                    let_time_pass();
                    break;
                case 1:
                    wait_idly();
                    break;
                case 2:
                    move_poller();
                    break;
                default:
                    if (scene_.one_in(8)) {
                        shut_down();
                    }
                    break;
            }
            break;
    }
}

/// Draws one of the parts, and lets it make a step.
void Program::step_of_a_part() {
    constexpr std::uint32_t of_sockets = 3;
    constexpr std::uint32_t of_handles = 3;
    constexpr std::uint32_t of_operations = 5;
    constexpr std::uint32_t of_signals = 1;
    std::uint32_t share = scene_.below((sockets_ ? of_sockets : 0) + (handles_ ? of_handles : 0) +
                                       (operations_ ? of_operations : 0) + of_signals);
    const auto is_turn_of = [&share](bool exists, std::uint32_t part) {
        const bool turn = exists && share < part;
        share -= exists && !turn ? part : 0;
        return turn;
    };
    if (is_turn_of(sockets_.has_value(), of_sockets)) {
        sockets_->step();
    } else if (is_turn_of(handles_.has_value(), of_handles)) {
        handles_->step();
    } else if (is_turn_of(operations_.has_value(), of_operations)) {
        operations_->step();
    } else {
        signals_->step();
    }
}

void Program::act_beside() {
    switch (scene_.below(3)) {
        case 0:
            if (sockets_) {
                sockets_->act_beside();
            }
            break;
        case 1:
            if (operations_) {
                operations_->act_beside();
            }
            break;
        default:
            signals_->act_beside();
            break;
    }
}

/// Long enough for the refusal of a connect without a listener, on Windows, too.
void Program::let_time_pass() {
    scene_.note("  three seconds pass");
    scene_.kernel.advance(3s);
}

void Program::move_poller() {
    scene_.note("  move the poller");
    OsPoller other(std::move(*scene_.poller));
    hold(!scene_.poller->is_valid() && other.is_valid(), "a move leaves a poller behind");
    *scene_.poller = std::move(other);
    hold(scene_.poller->is_valid(), "a poller that was moved is gone");
}

void Program::check_counts() {
    hold(!scene_.kernel.hung(), "a kernel call hung");
    const OsPoller& poller = *scene_.poller;
    const std::size_t registered =
        (sockets_ ? sockets_->registered() : 0) + (handles_ ? handles_->registered() : 0);
    const std::size_t count = poller.registration_count();
    hold(count >= registered && count <= registered + scene_.ghosts.size(),
         "another number of registrations: ", count, " instead of ", registered);
    const std::size_t entries = signals_->entries() + (operations_ ? operations_->entries() : 0);
    const std::size_t used = poller.overlapped_count();
    const bool may_be_more = handles_ && handles_->takes_entries();
    hold(used == entries || (used > entries && may_be_more),
         "another number of entries in use: ", used, " instead of ", entries);
    const PollerStats stats = poller.stats();
    hold(stats.operations_started == (operations_ ? operations_->started() : 0),
         "operations_started is wrong");
    hold(stats.completions == signals_->reported() + (operations_ ? operations_->reported() : 0),
         "completions is wrong");
    hold(stats.operations_at_once <= stats.operations_started, "operations_at_once is wrong");
    hold(stats.wakes_reported <= stats.wakes_requested, "wakes_reported is wrong");
    // The read of no bytes of an unregistered pipe is one, and so is a stray packet of AFD.
    const bool may_stray = scene_.kernel.traits().stray_packets == sim::Seeded::yes;
    hold(stats.late_packets == 0 || may_be_more || may_stray, "a packet that nothing expected");
}

// The engine
// ----------------------------------------------------------------------

std::optional<std::string> run_program(Choices& choices, Tally& tally, const Trace& trace) {
    ++tally.programs;
    const Meetings meetings(tally.met);
    std::optional<std::string> broken;
    Scene scene(choices, tally, trace);
    try {
        Program program(scene);
        try {
            program.run();
        } catch (const std::exception& error) {
            scene.note_calls();
            broken = error.what();
        }
    } catch (const std::exception& error) {
        broken = error.what();
    }
    scene.count_failures();
    if (broken) {
        scene.note("broken: ", *broken);
    }
    return broken;
}

}  // namespace wakepoll::test
