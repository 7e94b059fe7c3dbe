// See handles_part.hpp.
#include "handles_part.hpp"

#include <algorithm>
#include <array>

namespace wakepoll::test {
namespace {

/// The kernel does not report whether a wait takes the signal of a timer, nor, if the call fails,
/// that of an event.
[[nodiscard]] bool keeps_ghosts(Watched kind) {
    return kind == Watched::timer || kind == Watched::event;
}

}  // namespace

void HandlesPart::Known::may_lose_one() {
    least = std::max(least - 1, 0);
    if (kind() == Watched::auto_reset_event || kind() == Watched::auto_reset_timer) {
        least = 0;
    }
}

HandlesPart::HandlesPart(Scene& scene, std::size_t count) : scene_(scene) {
    known_.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        known_.push_back(make());
    }
}

void HandlesPart::step() {
    Known& known = known_[scene_.below(known_.size())];
    switch (scene_.below(10)) {
        case 0:
        case 1:
            signal(known);
            break;
        case 2:
        case 3:
            known.user_data == 0 ? add(known) : modify(known);
            break;
        case 4:
        case 5:
            known.user_data == 0 ? add(known) : remove(known);
            break;
        case 6:
            calm(known);
            break;
        case 7:
            end(known);
            break;
        case 8:
            stop_waiting(known);
            break;
        default:
            close(known);
            break;
    }
}

std::string HandlesPart::name_of(const Known& known) const {
    return text_of(known.kind(), ' ', known.subject.handle().value());
}

HandlesPart::Known HandlesPart::make() {
    // A process has one console.
    const std::size_t kind = scene_.below(all_watched.size() + 1);
    const bool is_console =
        kind == all_watched.size() && std::ranges::none_of(known_, [](const Known& known) {
            return known.kind() == Watched::console;
        });
    Known known{Subject(*scene_.world,
                        is_console ? Watched::console : all_watched[kind % all_watched.size()])};
    scene_.adopt(known.subject.handle());
    scene_.adopt(known.subject.peer());
    return known;
}

void HandlesPart::type_at(Known& console) {
    constexpr std::array inputs = {ConsoleInput::key,         ConsoleInput::alt_character,
                                   ConsoleInput::key_release, ConsoleInput::shift,
                                   ConsoleInput::mouse,       ConsoleInput::focus};
    const ConsoleInput input = inputs[scene_.below(inputs.size())];
    const bool yields = input == ConsoleInput::key || input == ConsoleInput::alt_character;
    scene_.note("  ", yields ? "a character" : "no character", " is typed at ", name_of(console));
    scene_.world->console_input(console.subject.handle(), input);
    console.signalled = console.signalled || yields;
}

void HandlesPart::signal(Known& known) {
    if (known.kind() == Watched::console) {
        type_at(known);
        return;
    }
    if (known.peer_closed || !known.subject.signal()) {
        return;
    }
    scene_.note("  signal ", name_of(known));
    if (is_pipe(known.kind())) {
        ++known.bytes;
    } else if (takes(known.kind())) {
        ++known.most;
        known.least = known.kind() == Watched::semaphore ? known.least + 1 : 1;
    } else {
        known.signalled = true;
    }
}

void HandlesPart::calm(Known& known) {
    if (!can_calm(known.kind())) {
        return;
    }
    scene_.note("  end the readiness of ", name_of(known));
    if (is_pipe(known.kind())) {
        // While a read of no bytes is still in flight, the bytes stay.
        std::array<std::byte, 1> byte;
        while (scene_.world->take(known.subject.handle(), byte).bytes == 1) {
            --known.bytes;
        }
        return;
    }
    known.ghost =
        known.ghost || (known.signalled && known.user_data != 0 && keeps_ghosts(known.kind()));
    known.signalled = false;
    known.subject.calm();
}

void HandlesPart::end(Known& known) {
    if (!is_pipe(known.kind()) || known.peer_closed) {
        return;
    }
    known.peer_closed = true;
    if (is_overlapped_pipe(known.kind()) && scene_.one_in(2)) {
        scene_.note("  disconnect ", name_of(known));
        scene_.world->disconnect_pipe(known.subject.handle());
        known.disconnected = true;
        known.bytes = 0;
        return;
    }
    scene_.note("  close the other end of ", name_of(known));
    scene_.world->close_handle(known.subject.peer());
}

void HandlesPart::stop_waiting(Known& known) {
    if (is_pipe(known.kind()) && !known.disconnected && scene_.one_in(2)) {
        scene_.note("  PIPE_NOWAIT for ", name_of(known));
        scene_.world->set_nowait(known.subject.handle());
        known.nowait = true;
    }
}

IoInterest HandlesPart::draw_interest(Known& known) {
    known.asked = true;
    known.wanted = !scene_.one_in(4);
    known.one_shot = scene_.one_in(3);
    return (known.wanted ? IoInterest::read : IoInterest::none) |
           (known.one_shot ? IoInterest::one_shot : IoInterest::none);
}

void HandlesPart::add(Known& known) {
    const IoInterest interest = draw_interest(known);
    const std::uint64_t user_data = user_data_of(Owner::handle, scene_.next_serial++);
    const std::size_t entries = scene_.poller->overlapped_count();
    const std::error_code error =
        scene_.poller->register_handle(known.subject.handle(), interest, user_data).error();
    scene_.note("  register ", name_of(known), " for ", words_of(interest), " as h",
                serial_of(user_data), " -> ", error.value());
    if (error) {
        const bool full = error == std::errc::no_space_on_device && scene_.may_be_full();
        const bool no_entry = error == std::errc::resource_unavailable_try_again &&
                              is_overlapped_pipe(known.kind()) && entries == scene_.entries;
        // Its slot's request may have ended, with its packet behind too many others.
        const bool behind =
            error == std::errc::resource_unavailable_try_again && scene_.may_have_late_packets();
        const bool operated = error == std::errc::device_or_resource_busy &&
                              scene_.was_operated(known.subject.handle());
        const bool ended = error == std::errc::not_connected && known.disconnected;
        const bool impatient = error == std::errc::operation_not_permitted && known.nowait;
        hold(scene_.faulty() || full || no_entry || behind || operated || ended || impatient,
             "a handle was not registered: ", error.message());
        known.asked = false;
        // A wait may have taken a signal before.
        known.may_lose_one();
        return;
    }
    hold(!known.disconnected, "a disconnected pipe was registered");
    hold(!known.nowait, "a pipe that does not wait was registered");
    takes_entries_ = takes_entries_ || is_overlapped_pipe(known.kind());
    known.user_data = user_data;
}

void HandlesPart::modify(Known& known) {
    const IoInterest interest = draw_interest(known);
    const std::uint64_t user_data = user_data_of(Owner::handle, scene_.next_serial++);
    const std::error_code error =
        scene_.poller->modify_handle(known.subject.handle(), interest, user_data).error();
    scene_.note("  modify ", name_of(known), " to ", words_of(interest), " as h",
                serial_of(user_data), " -> ", error.value());
    hold(!error, "a handle was not modified: ", error.message());
    known.user_data = user_data;
    if (!known.wanted) {
        known.may_lose_one();
    }
}

void HandlesPart::remove(Known& known) {
    const std::error_code error = scene_.poller->unregister_handle(known.subject.handle()).error();
    scene_.note("  unregister ", name_of(known), " -> ", error.value());
    hold(!error, "a handle was not unregistered: ", error.message());
    known.user_data = 0;
    known.asked = false;
    known.ghost = false;
    known.may_lose_one();
}

void HandlesPart::close(Known& known) {
    if (known.user_data != 0 && !scene_.options.layered_sockets && !scene_.one_in(2)) {
        scene_.ghosts[known.subject.handle().value()] = known.user_data;
    } else if (known.user_data != 0) {
        remove(known);
    }
    scene_.note("  close ", name_of(known), known.user_data != 0 ? ", which is registered" : "");
    ++scene_.slots;  // The slot of a pipe stays taken until it is needed.
    // CloseHandle ignores the two lowest bits.
    const std::uintptr_t low_bits = scene_.below(4);
    scene_.world->close_handle(Handle(known.subject.handle().value() | low_bits));
    known = make();
    scene_.note("  there is a new ", name_of(known));
}

void HandlesPart::unregister_all() {
    for (Known& known : known_) {
        if (known.user_data != 0) {
            remove(known);
        }
    }
}

void HandlesPart::take(const NativeEvent& event) {
    const std::uint64_t user_data = event.data.u64;
    hold(event.completion == nullptr, "readiness with a completion");
    const auto found = std::ranges::find_if(
        known_, [&](const Known& known) { return known.user_data == user_data; });
    if (found == known_.end()) {
        hold(scene_.is_ghosts(user_data), "an event of no registration: h", serial_of(user_data));
        return;
    }
    hold(found->asked && (found->wanted || is_pipe(found->kind())),
         "an event that was not asked for: ", name_of(*found));
    found->asked = !found->one_shot;
    if (takes(found->kind())) {
        hold(found->most > 0, "more reports than signals: ", name_of(*found));
        --found->most;
        found->least = std::max(found->least - 1, 0);
    } else if (found->mask() != mask::none) {
        hold(event.events == found->mask(), "another mask: ", name_of(*found), ' ',
             words_of_mask(event.events));
    } else {
        const bool impatient = found->nowait && event.events == mask::err;
        hold(found->ghost || impatient, "an event of what is not ready: ", name_of(*found));
    }
    found->ghost = false;
}

void HandlesPart::check_settled(const std::set<std::uint64_t>& reported) const {
    for (const Known& known : known_) {
        const bool told = reported.contains(known.user_data);
        if (takes(known.kind())) {
            hold(!known.asked || !known.wanted || known.least == 0,
                 "a signal was lost: ", name_of(known));
            continue;
        }
        // One-shots were reported while everything settled.
        hold(!known.asked || known.mask() == mask::none || told,
             "a handle that is ready was not reported: ", name_of(known));
    }
}

std::size_t HandlesPart::registered() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(known_, [](const Known& known) { return known.user_data != 0; }));
}

}  // namespace wakepoll::test
