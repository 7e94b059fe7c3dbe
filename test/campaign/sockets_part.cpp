// See sockets_part.hpp.
#include "sockets_part.hpp"

#include <algorithm>
#include <array>

namespace wakepoll::test {
namespace {

constexpr std::size_t most_sockets = 50;
constexpr std::uint32_t no_resources = 1450;  // ERROR_NO_SYSTEM_RESOURCES

[[nodiscard]] std::uint32_t mask_in(
    const std::vector<std::pair<std::uint64_t, std::uint32_t>>& masks, std::uint64_t user_data) {
    for (const auto& [one, mask] : masks) {
        if (one == user_data) {
            return mask;
        }
    }
    return 0;
}

}  // namespace

SocketsPart::SocketsPart(Scene& scene, std::uint32_t about, bool registered) : scene_(scene) {
    sockets_.reserve(most_sockets);
    do {
        sockets_.push_back(make());
        ++scene_.slots;
        if (registered) {
            add(sockets_.size() - 1);
        }
    } while (sockets_.size() < most_sockets && scene_.choices.more(about));
}

void SocketsPart::step() {
    const std::size_t index = scene_.below(sockets_.size());
    switch (scene_.below(10)) {
        case 0:
        case 1:
        case 2:
        case 3:
            for (std::size_t i = 1 + scene_.below(sockets_.size()); i > 0; --i) {
                const std::size_t to = scene_.below(sockets_.size());
                const std::uint32_t what = scene_.below(ModelSocket::things_that_happen);
                scene_.note("  socket ", to, ": ", sockets_[to].words_of(what));
                sockets_[to].happen(*scene_.world, scene_.kernel, what);
            }
            break;
        case 4:
        case 5:
        case 6:
            for (std::uint32_t i = 1 + scene_.below(3); i > 0; --i) {
                const std::size_t one = scene_.below(sockets_.size());
                sockets_[one].user_data == 0 ? add(one) : modify(one);
            }
            break;
        case 7:
        case 8:
            sockets_[index].user_data == 0 ? add(index) : remove(index);
            break;
        default:
            close(index);
            break;
    }
}

void SocketsPart::act_beside() {
    const std::size_t index = scene_.below(sockets_.size());
    const std::uint32_t what = scene_.below(ModelSocket::things_that_happen);
    scene_.note("  beside it, socket ", index, ": ", sockets_[index].words_of(what));
    scene_.world->beside(
        [this, index, what] { sockets_[index].happen(*scene_.world, scene_.kernel, what); });
}

// The calls
// ----------------------------------------------------------------------

ModelSocket SocketsPart::make() {
    ModelSocket made = ModelSocket::make(*scene_.world, scene_.choices);
    for (const Handle handle : {made.handle(), made.peer()}) {
        // Not always: a user may only learn that the number is still registered.
        if (scene_.is_ghost(handle) && !scene_.one_in(2)) {
            scene_.adopt(handle);
        }
    }
    return made;
}

IoInterest SocketsPart::draw_interest() {
    constexpr std::array usual = {IoInterest::read, IoInterest::write,
                                  IoInterest::read | IoInterest::read_hangup, IoInterest::none};
    IoInterest interest = usual[scene_.below(usual.size())];
    if (scene_.one_in(3)) {
        constexpr std::array more = {IoInterest::priority,     IoInterest::write,
                                     IoInterest::read,         IoInterest::read_hangup,
                                     IoInterest{mask::rdnorm}, IoInterest{mask::wrnorm}};
        interest |= more[scene_.below(more.size())];
    }
    return scene_.one_in(4) ? interest | IoInterest::one_shot : interest;
}

void SocketsPart::add(std::size_t index) {
    ModelSocket& socket = sockets_[index];
    const IoInterest interest = draw_interest();
    const std::uint64_t user_data = user_data_of(Owner::socket, scene_.next_serial++);
    const std::error_code error =
        scene_.poller->register_handle(socket.handle(), interest, user_data).error();
    scene_.note("  register socket ", index, " (", socket.name(), ' ', socket.handle().value(),
                ") for ", words_of(interest), " as s", serial_of(user_data), " -> ", error.value());
    if (error) {
        const bool haunted = error == std::errc::file_exists && scene_.is_ghost(socket.handle());
        const bool full = error == std::errc::no_space_on_device && scene_.may_be_full();
        const bool operated =
            error == std::errc::device_or_resource_busy && scene_.was_operated(socket.handle());
        hold(scene_.faulty() || haunted || full || operated,
             "a socket was not registered: ", error.message());
        return;
    }
    scene_.ghosts.erase(socket.handle().value());
    socket.user_data = user_data;
    socket.interest = interest;
    socket.armed = true;
    socket.forget();
    hold(scene_.backend != Backend::automatic || registered() <= 16 ||
             scene_.poller->backend() == Backend::afd,
         "many sockets, and still WSAPoll");
}

void SocketsPart::modify(std::size_t index) {
    ModelSocket& socket = sockets_[index];
    const IoInterest interest = draw_interest();
    const std::uint64_t user_data = user_data_of(Owner::socket, scene_.next_serial++);
    fail_cancel();
    const std::error_code error =
        scene_.poller->modify_handle(socket.handle(), interest, user_data).error();
    fail_no_cancel();
    scene_.note("  modify socket ", index, " to ", words_of(interest), " as s",
                serial_of(user_data), " -> ", error.value());
    if (error) {
        hold(scene_.faulty() || scene_.cancel_failed,
             "a socket was not modified: ", error.message());
        return;
    }
    socket.user_data = user_data;
    socket.interest = interest;
    socket.armed = true;
    socket.forget();
}

void SocketsPart::remove(std::size_t index) {
    ModelSocket& socket = sockets_[index];
    fail_cancel();
    const std::error_code error = scene_.poller->unregister_handle(socket.handle()).error();
    fail_no_cancel();
    scene_.note("  unregister socket ", index, " -> ", error.value());
    hold(!error, "a socket was not unregistered: ", error.message());
    socket.user_data = 0;
    socket.armed = false;
}

void SocketsPart::close(std::size_t index) {
    ModelSocket& socket = sockets_[index];
    // The model cannot see that a base belongs to another socket by now.
    if (socket.user_data != 0 && !scene_.options.layered_sockets && !scene_.one_in(2)) {
        scene_.ghosts[socket.handle().value()] = socket.user_data;
    } else if (socket.user_data != 0) {
        remove(index);
    }
    const bool as_a_handle = scene_.one_in(8);
    scene_.note("  close socket ", index, as_a_handle ? " by CloseHandle" : "",
                socket.user_data != 0 ? ", which is registered" : "");
    socket.close(*scene_.world, as_a_handle);
    socket = make();
    scene_.note("  socket ", index, " is another one now (", socket.name(), ' ',
                socket.handle().value(), ')');
}

void SocketsPart::fail_cancel() {
    if (scene_.cancels_fail && scene_.one_in(3)) {
        scene_.kernel.fail_next(sim::Call::afd_cancel, no_resources);
        scene_.cancel_failed = true;
    }
}

void SocketsPart::fail_no_cancel() {
    if (scene_.cancels_fail && !scene_.planned) {
        scene_.count_failures();
        scene_.kernel.clear_faults();
    }
}

void SocketsPart::unregister_all() {
    for (std::size_t i = 0; i < sockets_.size(); ++i) {
        if (sockets_[i].user_data != 0) {
            remove(i);
        }
    }
}

// Waits
// ----------------------------------------------------------------------

SocketsPart::Masks SocketsPart::masks() {
    Masks masks;
    const Backend backend = scene_.poller->backend();
    for (const ModelSocket& socket : sockets_) {
        const std::uint32_t mask = socket.armed ? socket.ready(scene_.kernel, backend) : 0;
        if (mask != 0) {
            masks.emplace_back(socket.user_data, mask);
        }
    }
    return masks;
}

void SocketsPart::begin_wait(bool alone) {
    alone_ = alone;
    before_ = masks();
    taken_.clear();
}

void SocketsPart::take(const NativeEvent& event) {
    const std::uint64_t user_data = event.data.u64;
    hold(event.completion == nullptr, "readiness with a completion");
    const auto found = std::ranges::find_if(
        sockets_, [&](const ModelSocket& socket) { return socket.user_data == user_data; });
    if (found == sockets_.end()) {
        hold(scene_.is_ghosts(user_data), "an event of no registration: s", serial_of(user_data));
        return;
    }
    hold(found->armed, "a one-shot was reported twice: s", serial_of(user_data));
    hold(
        (event.events & ~(bits(found->interest) | mask::err | mask::hup)) == 0 && event.events != 0,
        "a bit outside the interest: s", serial_of(user_data), ' ', words_of_mask(event.events));
    taken_.emplace_back(user_data, event.events);
}

/// A hang-up is missing if the call that queries it fails, and may be reported under an interest
/// without the end of the stream.
bool SocketsPart::is_but_a_hang_up(const ModelSocket& socket, std::uint64_t user_data,
                                   std::uint32_t mask) const {
    if (!socket.has_hung_up(scene_.kernel)) {
        return false;
    }
    // A reset between the answer with the peer's FIN and the query of the state also reads as shut
    // both ways.
    const bool reset = (mask & mask::hup) != 0 && socket.was(mask & ~mask::hup);
    const bool untold = scene_.faulty() || !core::wants_end(socket.interest);
    return reset || (untold && ((mask ^ mask_in(before_, user_data)) & ~mask::hup) == 0);
}

void SocketsPart::end_wait() {
    const Masks after = alone_ && !taken_.empty() ? masks() : Masks();
    for (const auto& [user_data, mask] : taken_) {
        const auto found = std::ranges::find(sockets_, user_data, &ModelSocket::user_data);
        // It counts as refused if the query whether it listens has failed.
        const bool unasked = scene_.faulty() && found->is_refused_listener(scene_.kernel);
        const bool overtaken = scene_.poller->backend() == Backend::afd && found->was(mask);
        const bool told = mask_in(before_, user_data) == mask ||
                          mask_in(after, user_data) == mask || overtaken || unasked ||
                          is_but_a_hang_up(*found, user_data, mask);
        hold(!alone_ || told, "a socket is not as was reported: s", serial_of(user_data), ' ',
             words_of_mask(mask), ", and was ", words_of_mask(mask_in(before_, user_data)));
    }
    for (ModelSocket& socket : sockets_) {
        if (mask_in(taken_, socket.user_data) != 0) {
            socket.forget();
        }
        socket.remember(scene_.kernel);
        if (any(socket.interest & IoInterest::one_shot) && mask_in(taken_, socket.user_data) != 0) {
            socket.armed = false;
        }
    }
}

void SocketsPart::check_all_reported(const std::set<std::uint64_t>& reported) const {
    for (const auto& [user_data, mask] : before_) {
        hold(reported.contains(user_data) || may_be_delayed(user_data),
             "a socket that is ready was not reported: s", serial_of(user_data), ' ',
             words_of_mask(mask));
    }
}

/// Before build 19041 select is polled for refused connects, and fails for all of them if one is
/// closed. That one is gone at the next poll.
bool SocketsPart::may_be_delayed(std::uint64_t user_data) const {
    if (scene_.ghosts.empty() || scene_.kernel.traits().build >= 19041) {
        return false;
    }
    return std::ranges::any_of(sockets_, [&](const ModelSocket& socket) {
        return socket.user_data == user_data && socket.kind() == ModelSocket::Kind::refused;
    });
}

std::size_t SocketsPart::remember() {
    remembered_ = masks();
    // An outdated report takes a turn, too.
    const auto may_be_overtaken = [this](const ModelSocket& socket) {
        return socket.armed && mask_in(remembered_, socket.user_data) == 0 &&
               (socket.was_ready() || socket.has_hung_up(scene_.kernel));
    };
    return remembered_.size() +
           static_cast<std::size_t>(std::ranges::count_if(sockets_, may_be_overtaken));
}

void SocketsPart::check_remembered(const std::set<std::uint64_t>& reported, std::size_t room,
                                   std::size_t many) const {
    for (const auto& [user_data, mask] : remembered_) {
        hold(reported.contains(user_data) || may_be_delayed(user_data),
             "the turn of a socket did not come: s", serial_of(user_data), ", room for ", room,
             ", ", many, " ready at most");
    }
}

std::size_t SocketsPart::registered() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(sockets_, [](const ModelSocket& s) { return s.user_data != 0; }));
}

bool SocketsPart::has_refused() const {
    return std::ranges::any_of(sockets_, [](const ModelSocket& socket) {
        return socket.kind() == ModelSocket::Kind::refused;
    });
}

}  // namespace wakepoll::test
