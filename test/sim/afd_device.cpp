// See afd_device.hpp. What AFD reports of a socket is in tcp_afd.cpp and udp_socket.cpp.
#include "afd_device.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "afd_answer.hpp"
#include "behaviours.hpp"
#include "chances.hpp"
#include "status.hpp"

namespace wakepoll::sim {
namespace {

using std::chrono::nanoseconds;

// How often the memory is written before the packet is dequeued, how often one more socket is
// reported, and how often sockets are reported in another order than the request has them in.
constexpr double early_probability = 0.5;
constexpr double company_probability = 0.5;
constexpr double disorder_probability = 0.1;

sys::AfdItem item_of(const AfdMember& member, std::uint32_t events) {
    const bool failed = (events & sys::afd_bits::connect_fail) != 0;
    const bool listens = failed && member.socket->is_listening();
    note_if(failed, listens ? Behaviour::refused_listener_is_refused : Behaviour::refusal_status);
    member.socket->note_answer();
    return {.socket = member.handle,
            .events = events,
            .status = failed ? member.socket->connect_failure() : status::success};
}

}  // namespace

void Socket::changed() {
    if (watcher_ != nullptr) {
        watcher_->touch(*this);
    }
}

void AfdFile::last_handle_closed(const Traits&) { polls_.closed_.push_back(shared_from_this()); }

bool AfdPolls::submit(const std::shared_ptr<AfdFile>& device, std::vector<AfdMember> members,
                      sys::AfdRequest& request, sys::AfdStatus& status, void* context,
                      nanoseconds now) {
    if (!busy_->insert(&request).second || !busy_->insert(&status).second) {
        std::fputs("simulated kernel: an AFD request's memory is in use already\n", stderr);
        std::abort();
    }
    Items items;
    for (const AfdMember& member : members) {
        if (const std::uint32_t events = told_of(*member.socket, member.asked, now)) {
            items.push_back(item_of(member, events));
        }
    }
    // No documentation promises that the answer keeps the order of the request.
    if (items.size() > 1 && late_ && random_.chance(disorder_probability)) {
        std::reverse(items.begin(), items.end());
    }
    if (!items.empty() || request.timeout == 0) {
        note_if(items.empty(), Behaviour::nothing_without_time);
        answer_at_once(device,
                       std::make_unique<Answer>(busy_, request, status, context, status::success,
                                                std::move(items)),
                       now);
        return true;
    }
    status = {.status = status::pending};
    const auto poll = std::make_shared<AfdPoll>(AfdPoll{.members = std::move(members),
                                                        .device = device,
                                                        .request = &request,
                                                        .status = &status,
                                                        .context = context});
    deafen(*poll);
    poll->place = device->in_flight_.insert(device->in_flight_.end(), poll);
    ++in_flight_;
    for (std::size_t i = 0; i != poll->members.size(); ++i) {
        const std::shared_ptr<Socket>& socket = poll->members[i].socket;
        socket->watches_.push_back({poll, i});
        socket->watcher_ = this;
        set_alarm(socket, now);
    }
    return false;
}

/// Marks the members that another request covers already: their sockets end that one.
void AfdPolls::deafen(AfdPoll& poll) const {
    for (AfdMember& member : poll.members) {
        member.deaf = traits_.deaf_polls == Seeded::yes && !member.socket->watches_.empty();
        note_if(member.deaf, Behaviour::deaf_request);
    }
}

void AfdPolls::answer_at_once(const std::shared_ptr<AfdFile>& device,
                              std::unique_ptr<Answer> answer, nanoseconds now) {
    answer->write();
    const std::shared_ptr<Port>& port = device->shared_port();
    if (port == nullptr || !port->has_handles()) {
        return;
    }
    const sys::Packet packet = answer->packet(device->key());
    if (!device->skips_packets()) {
        port->complete(packet, std::move(answer));
    } else if (traits_.stray_packets == Seeded::yes) {
        note(Behaviour::stray_packet);
        late_packets_.emplace(is_late() ? a_moment_after(now) : now,
                              LatePacket{device, packet, nullptr});
    }
}

bool AfdPolls::cancel(AfdFile& device, const sys::AfdStatus& status, nanoseconds now) {
    const auto found = std::ranges::find_if(
        device.in_flight_, [&](const PollPointer& poll) { return poll->status == &status; });
    if (found == device.in_flight_.end()) {
        return false;
    }
    const PollPointer poll = *found;
    if (poll->cancelled) {
        return true;
    }
    if (traits_.deaf_polls == Seeded::yes && is_late()) {
        poll->cancelled = true;
        note(Behaviour::late_cancel);
        late_cancels_.emplace(a_moment_after(now), poll);
        return true;
    }
    cancel(poll, status::cancelled, now);
    return true;
}

void AfdPolls::cancel(const PollPointer& poll, std::uint32_t status, nanoseconds now) {
    if (poll->due && random_.chance(race_probability)) {
        end_ripe(poll, now);
        if (!poll->in_flight) {
            return;
        }
    }
    finish(poll, status, {}, is_late() ? std::optional(a_moment_after(now)) : std::nullopt);
}

bool AfdPolls::progress(nanoseconds now) {
    bool any = false;
    while (!alarms_.empty() && alarms_.begin()->first <= now) {
        if (const std::shared_ptr<Socket> socket = alarms_.begin()->second.lock()) {
            socket->alarm_.reset();
            socket->changed();
        }
        alarms_.erase(alarms_.begin());
    }
    for (const std::shared_ptr<AfdFile>& device : std::exchange(closed_, {})) {
        while (!device->in_flight_.empty()) {
            note(Behaviour::device_closed_over_request);
            cancel(PollPointer(device->in_flight_.front()), traits_.closed_status, now);
            any = true;
        }
    }
    for (const std::shared_ptr<Socket>& socket : std::exchange(touched_, {})) {
        socket->touched_ = false;
        look_at(socket, now);
        any = true;
    }
    while (!ripe_.empty() && ripe_.begin()->first <= now) {
        const PollPointer poll = std::move(ripe_.begin()->second);
        ripe_.erase(ripe_.begin());
        if (poll->in_flight) {
            end_ripe(poll, now);
            any = true;
        }
    }
    while (!late_cancels_.empty() && late_cancels_.begin()->first <= now) {
        const PollPointer poll = std::move(late_cancels_.begin()->second);
        late_cancels_.erase(late_cancels_.begin());
        if (poll->in_flight) {
            cancel(poll, status::cancelled, now);
            any = true;
        }
    }
    return post_late_packets(now) || any;
}

std::optional<nanoseconds> AfdPolls::next_time() const {
    std::optional<nanoseconds> next;
    const auto consider = [&](const auto& timeline) {
        if (!timeline.empty()) {
            const nanoseconds first = timeline.begin()->first;
            next = next ? std::min(*next, first) : first;
        }
    };
    consider(alarms_);
    consider(ripe_);
    consider(late_cancels_);
    consider(late_packets_);
    return next;
}

void AfdPolls::forget_closed() {
    for (const std::shared_ptr<AfdFile>& device : std::exchange(closed_, {})) {
        while (!device->in_flight_.empty()) {
            remove(PollPointer(device->in_flight_.front()));
        }
    }
    touched_.clear();
    ripe_.clear();
    late_cancels_.clear();
    late_packets_.clear();
}

void AfdPolls::touch(Socket& socket) {
    if (!std::exchange(socket.touched_, true)) {
        const AfdWatch& watch = socket.watches_.front();
        touched_.push_back(watch.poll->members[watch.member].socket);
    }
}

void AfdPolls::set_alarm(const std::shared_ptr<Socket>& socket, nanoseconds now) {
    const std::optional<nanoseconds> time = socket->changes_at();
    if (time && *time > now && socket->alarm_ != time) {
        socket->alarm_ = time;
        alarms_.emplace(*time, socket);
    }
}

void AfdPolls::look_at(const std::shared_ptr<Socket>& socket, nanoseconds now) {
    set_alarm(socket, now);
    // A request that ends takes itself off the list.
    const std::vector<AfdWatch> watches = socket->watches_;
    for (const AfdWatch& watch : watches) {
        AfdPoll& poll = *watch.poll;
        if (poll.in_flight && !poll.due && told_of(poll.members[watch.member], now) != 0) {
            became_ready(watch.poll, watch.member, now);
        }
    }
}

void AfdPolls::became_ready(const PollPointer& poll, std::size_t first, nanoseconds now) {
    poll->first = first;
    std::optional<nanoseconds> packet_at;
    if (is_late()) {
        const nanoseconds later = a_moment_after(now);
        if (random_.below(2) == 0) {
            poll->due = later;
            ripe_.emplace(later, poll);
            return;
        }
        packet_at = later;
    }
    finish(poll, status::success, told_of(*poll, first, now), packet_at);
}

void AfdPolls::end_ripe(const PollPointer& poll, nanoseconds now) {
    poll->due.reset();
    // What it was ready for may have been taken by now.
    std::size_t first = poll->first;
    if (told_of(poll->members[first], now) == 0) {
        first = 0;
        while (first != poll->members.size() && told_of(poll->members[first], now) == 0) {
            ++first;
        }
    }
    if (first != poll->members.size()) {
        finish(poll, status::success, told_of(*poll, first, now));
    }
}

void AfdPolls::finish(const PollPointer& poll, std::uint32_t status, const Items& items,
                      std::optional<nanoseconds> packet_at) {
    remove(poll);
    auto answer = std::make_unique<Answer>(busy_, *poll->request, *poll->status, poll->context,
                                           status, items);
    AfdFile& device = *poll->device;
    const std::shared_ptr<Port>& port = device.shared_port();
    const bool has_port = port != nullptr && port->has_handles();
    if (!has_port || !late_ || random_.chance(early_probability)) {
        answer->write();
    }
    if (!has_port) {
        return;
    }
    const sys::Packet packet = answer->packet(device.key());
    if (packet_at) {
        late_packets_.emplace(*packet_at, LatePacket{poll->device, packet, std::move(answer)});
    } else {
        port->complete(packet, std::move(answer));
    }
}

void AfdPolls::remove(const PollPointer& poll) {
    poll->in_flight = false;
    --in_flight_;
    for (const AfdMember& member : poll->members) {
        Socket& socket = *member.socket;
        std::erase_if(socket.watches_, [&](const AfdWatch& watch) { return watch.poll == poll; });
        if (socket.watches_.empty()) {
            socket.watcher_ = nullptr;
        }
    }
    poll->device->in_flight_.erase(poll->place);
}

bool AfdPolls::post_late_packets(nanoseconds now) {
    bool any = false;
    while (!late_packets_.empty() && late_packets_.begin()->first <= now) {
        LatePacket late = std::move(late_packets_.begin()->second);
        late_packets_.erase(late_packets_.begin());
        any = true;
        const std::shared_ptr<Port>& port = late.device->shared_port();
        if (port->has_handles()) {
            port->complete(late.packet, std::move(late.answer));
        }
    }
    return any;
}

std::uint32_t AfdPolls::told_of(const Socket& socket, std::uint32_t asked,
                                nanoseconds now) const noexcept {
    if (!socket.has_handles()) {
        return sys::afd_bits::local_close;
    }
    return socket.afd_readiness(traits_, now) & asked;
}

std::uint32_t AfdPolls::told_of(const AfdMember& member, nanoseconds now) const noexcept {
    if (member.deaf) {
        return 0;
    }
    std::uint32_t asked = member.asked;
    for (const AfdWatch& watch : member.socket->watches_) {
        const AfdMember& other = watch.poll->members[watch.member];
        asked |= other.deaf ? other.asked : 0;
    }
    return told_of(*member.socket, asked, now);
}

AfdPolls::Items AfdPolls::told_of(const AfdPoll& poll, std::size_t first, nanoseconds now) {
    Items items;
    for (std::size_t i = 0; i != poll.members.size(); ++i) {
        const AfdMember& member = poll.members[i];
        const std::uint32_t events = told_of(member, now);
        if (i == first || (events != 0 && late_ && random_.chance(company_probability))) {
            items.push_back(item_of(member, events));
        }
    }
    return items;
}

bool AfdPolls::is_late() { return late_ && random_.chance(late_probability); }

nanoseconds AfdPolls::a_moment_after(nanoseconds now) {
    const auto choices = static_cast<std::uint64_t>(longest_moment.count());
    return now + nanoseconds(1 + random_.below(choices));
}

}  // namespace wakepoll::sim
