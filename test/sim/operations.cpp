// See operations.hpp.
#include "operations.hpp"

#include <algorithm>
#include <utility>

#include "behaviours.hpp"
#include "chances.hpp"
#include "port.hpp"
#include "status.hpp"

namespace wakepoll::sim {
namespace {

using std::chrono::nanoseconds;

std::shared_ptr<Port> port_for(const Operation& operation) {
    // A set low bit in hEvent suppresses the packet.
    const auto event = reinterpret_cast<std::uintptr_t>(operation.overlapped->event);
    const std::shared_ptr<Port>& port = operation.object->shared_port();
    return (event & 1U) == 0 && port != nullptr && port->has_handles() ? port : nullptr;
}

void post(Port& port, std::uintptr_t key, NativeOverlapped* overlapped, const Outcome& outcome) {
    port.complete({.key = key,
                   .overlapped = overlapped,
                   .internal = outcome.status,
                   .bytes = static_cast<std::uint32_t>(outcome.bytes)});
}

void note_closed(const Operation& operation, std::uint32_t status) {
    const bool reads = operation.kind == OperationKind::read;
    note_if(status == status::connection_aborted, Behaviour::closed_connection);
    note_if(status == status::pipe_broken, Behaviour::closed_pipe);
    note_if(status == status::cancelled && operation.kind == OperationKind::accept,
            Behaviour::closed_listener);
    note_if(status == status::cancelled && reads && operation.object->kind() == Kind::socket,
            Behaviour::closed_datagrams);
}

}  // namespace

std::size_t Operation::size() const noexcept {
    std::size_t sum = 0;
    for (const IoBuffer& buffer : buffers) {
        sum += buffer.size;
    }
    return sum;
}

std::vector<std::uint8_t> Operation::rest() const {
    std::vector<std::uint8_t> bytes;
    bytes.reserve(size());
    for (const IoBuffer& buffer : buffers) {
        const auto* const data = static_cast<const std::uint8_t*>(buffer.data);
        bytes.insert(bytes.end(), data, data + buffer.size);
    }
    bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(done));
    return bytes;
}

void Operation::scatter(std::span<const std::uint8_t> bytes) {
    for (const IoBuffer& buffer : buffers) {
        const std::size_t size = std::min<std::size_t>(buffer.size, bytes.size());
        std::copy_n(bytes.begin(), size, static_cast<std::uint8_t*>(buffer.data));
        bytes = bytes.subspan(size);
    }
}

std::uint64_t Operation::offset() const noexcept {
    return (std::uint64_t{overlapped->offset_high} << 32U) | overlapped->offset;
}

std::size_t IoObject::claimed() const noexcept {
    std::size_t sum = 0;
    for (const Operation* read : lane(OperationKind::read)) {
        sum += read->size();
    }
    return sum;
}

std::optional<Outcome> Operations::start(Operation operation, nanoseconds now) {
    operation.overlapped->internal = status::pending;
    operation.overlapped->internal_high = 0;
    pending_.push_back(std::move(operation));
    const auto started = std::prev(pending_.end());
    IoObject& object = *started->object;
    const OperationKind kind = started->kind;
    started->may_abort =
        kind == OperationKind::accept && traits_.late_accept_may_abort && random_.below(2) == 0;
    object.lane(kind).push_back(&*started);
    object.begin(*started);
    if (!is_first(*started)) {
        return std::nullopt;
    }
    note_if(object.lane(kind).front() != &*started && object.kind() != Kind::socket &&
                started->size() == 0,
            Behaviour::empty_write_overtakes);
    object.go_on(*started);
    if (started->due || !object.can_end(*started)) {
        return std::nullopt;
    }
    if (object.is_overlapped() && (object.always_pends(kind, traits_) || is_late())) {
        note_if(object.always_pends(kind, traits_), Behaviour::connect_pends);
        started->due = a_moment_after(now);
        started->ripe = true;
        return std::nullopt;
    }
    const Outcome outcome = object.end(*started, traits_);
    const bool failed = status::is_error(outcome.status);
    note_if(outcome.status == status::buffer_overflow && object.kind() == Kind::socket &&
                object.skips_packets() && traits_.skipping_hides_warnings,
            Behaviour::hidden_warning);
    const bool hides = outcome.status == status::success ||
                       (object.kind() == Kind::socket && traits_.skipping_hides_warnings);
    if (failed || (hides && object.skips_packets())) {
        if (!failed) {
            started->overlapped->internal = outcome.status;
            started->overlapped->internal_high = outcome.bytes;
        }
        remove(started);
    } else {
        finish(started, outcome);
    }
    return outcome;
}

bool Operations::cancel(const Object& object, const NativeOverlapped* overlapped, nanoseconds now) {
    bool found = false;
    for (auto it = pending_.begin(); it != pending_.end();) {
        const auto operation = it++;
        if (operation->object.get() == &object &&
            (overlapped == nullptr || operation->overlapped == overlapped)) {
            cancel(operation, now);
            found = true;
        }
    }
    return found;
}

void Operations::cancel(Pending::iterator operation, nanoseconds now) {
    if (operation->ripe && is_first(*operation) && operation->object->can_end(*operation) &&
        random_.chance(race_probability)) {
        finish(operation, operation->object->end(*operation, traits_));
        return;
    }
    operation->object->abandon(*operation, traits_);
    finish(operation, {status::cancelled, 0},
           is_late() ? std::optional(a_moment_after(now)) : std::nullopt);
}

void Operations::forget(const NativeOverlapped* overlapped) {
    const auto found = std::ranges::find_if(
        pending_, [&](const Operation& operation) { return operation.overlapped == overlapped; });
    if (found != pending_.end()) {
        remove(found);
    }
}

bool Operations::progress(nanoseconds now) {
    if (pending_.empty() && late_packets_.empty()) {
        return false;
    }
    bool any = false;
    while (pass(now)) {
        any = true;
    }
    return post_late_packets(now) || any;
}

std::optional<nanoseconds> Operations::next_time(nanoseconds now) const {
    std::optional<nanoseconds> next;
    const auto consider = [&](nanoseconds time) { next = next ? std::min(*next, time) : time; };
    for (const Operation& operation : pending_) {
        // One that was due now waits for something else again.
        if (operation.due && *operation.due > now) {
            consider(*operation.due);
        }
    }
    for (const LatePacket& packet : late_packets_) {
        consider(packet.due);
    }
    return next;
}

bool Operations::is_first(const Operation& operation) const noexcept {
    const IoObject& object = *operation.object;
    return !object.in_turn(operation) || object.lane(operation.kind).front() == &operation;
}

nanoseconds Operations::a_moment_after(nanoseconds now) {
    const auto choices = static_cast<std::uint64_t>(longest_moment.count());
    return now + nanoseconds(1 + random_.below(choices));
}

bool Operations::is_late() { return late_ && random_.chance(late_probability); }

// Checks each operation once. True if anything changed.
bool Operations::pass(nanoseconds now) {
    bool changed = false;
    for (auto it = pending_.begin(); it != pending_.end();) {
        IoObject& object = *it->object;
        if (!object.has_handles()) {
            object.abandon(*it, traits_);
            const std::uint32_t status = object.closed_status(*it, traits_);
            note_closed(*it, status);
            it = finish(it, {status, 0});
            changed = true;
            continue;
        }
        if (!is_first(*it)) {
            ++it;
            continue;
        }
        changed = object.go_on(*it) || changed;
        if (object.can_end(*it)) {
            if (!it->due) {
                it->ripe = is_late();
                it->due = it->ripe ? a_moment_after(now) : now;
            }
            if (*it->due <= now) {
                it = finish(it, object.end(*it, traits_));
                changed = true;
                continue;
            }
        }
        ++it;
    }
    return changed;
}

Operations::Pending::iterator Operations::finish(Pending::iterator operation,
                                                 const Outcome& outcome,
                                                 std::optional<nanoseconds> packet_at) {
    NativeOverlapped* const overlapped = operation->overlapped;
    overlapped->internal_high = outcome.bytes;
    overlapped->internal = outcome.status;
    if (operation->waiter != nullptr) {
        *operation->waiter = outcome;
    }
    if (std::shared_ptr<Port> port = port_for(*operation)) {
        const std::uintptr_t key = operation->object->key();
        if (packet_at) {
            late_packets_.push_back({*packet_at, std::move(port), key, overlapped, outcome});
        } else {
            post(*port, key, overlapped, outcome);
        }
    }
    return remove(operation);
}

Operations::Pending::iterator Operations::remove(Pending::iterator operation) {
    std::erase(operation->object->lane(operation->kind), &*operation);
    // Bytes that a receive had claimed may be available to others now.
    operation->object->changed();
    return pending_.erase(operation);
}

bool Operations::post_late_packets(nanoseconds now) {
    const auto posted = std::erase_if(late_packets_, [&](const LatePacket& packet) {
        if (packet.due > now) {
            return false;
        }
        if (packet.port->has_handles()) {
            post(*packet.port, packet.key, packet.overlapped, packet.outcome);
        }
        return true;
    });
    return posted != 0;
}

std::uint32_t code_of_status(std::uint32_t status, bool of_socket) noexcept {
    if (of_socket) {
        switch (status) {
            case status::connection_reset:
            case status::port_unreachable:
                return code::connection_reset;
            case status::connection_refused:
                return code::connection_refused;
            case status::connection_aborted:
                return code::connection_aborted;
            case status::network_unreachable:
                return code::network_unreachable;
            case status::host_unreachable:
                return code::host_unreachable;
            default:
                break;
        }
    }
    return sys::win32_code_of_status(status);
}

}  // namespace wakepoll::sim
