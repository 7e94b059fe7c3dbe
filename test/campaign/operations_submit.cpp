// How a random program submits operations, and tries to register their handles for readiness. See
// operations_part.hpp.
#include <algorithm>
#include <array>
#include <memory>
#include <span>

#include "operations_part.hpp"

namespace wakepoll::test {
namespace {

[[nodiscard]] const char* name_of(IoOperation operation) {
    constexpr std::array names = {"nothing", "read", "write", "accept", "connect"};
    return names[static_cast<std::size_t>(operation)];
}

}  // namespace

void OperationsPart::submit() {
    const std::size_t to = any_channel();
    Channel& channel = *model_.channels[to];
    if (!channel.open) {
        return;
    }
    const IoOperation what = what_to_submit(channel);
    std::size_t size = 1 + below(30);
    if (what == IoOperation::write && one_in(4)) {
        size += 5000;  // More than a pipe holds.
    } else if (what == IoOperation::write && channel.has_messages() && one_in(4)) {
        size = 0;
    } else if (what == IoOperation::accept) {
        size = OsPoller::accept_address_size + (one_in(2) ? below(20) : 0);
    } else if (what == IoOperation::connect) {
        size = 0;
    }
    const std::size_t number = model_.operations.size();
    model_.operations.push_back(std::make_unique<ModelOperation>(to, what, size));
    const std::size_t entries = scene_.poller->overlapped_count();
    const Result<OverlappedEntry*> entry = start(number);
    scene_.note("  ", name_of(what), ' ', size, " bytes on channel ", to, " as o", number, " -> ",
                entry.error().value());
    model_.submitted(number, entry);
    channel.connect_tried = channel.connect_tried || what == IoOperation::connect;
    if (!entry) {
        hold(scene_.poller->overlapped_count() == entries, "a refused submit keeps an entry");
        const bool full = entries == scene_.entries ||
                          (entry.error() == std::errc::no_space_on_device && scene_.may_be_full());
        hold(scene_.faulty() || full || channel.kind == ChannelKind::fresh,
             "a submit was refused: ", entry.error().message());
        return;
    }
    ++scene_.tally.operations;
}

Result<OverlappedEntry*> OperationsPart::start(std::size_t number) {
    const Handle handle = model_.channels[model_.operations[number]->channel]->local;
    if (!one_in(4)) {
        return start_on(handle, number);
    }
    const Result<AttachedHandle> attached = scene_.poller->attach(handle);
    return attached ? start_on(*attached, number) : attached.error();
}

Result<OverlappedEntry*> OperationsPart::start_on(const SubmitTarget& target_handle,
                                                  std::size_t number) {
    ModelOperation& operation = *model_.operations[number];
    const Channel& channel = *model_.channels[operation.channel];
    const std::span<std::byte> memory = operation.buffer.memory();
    const std::uint64_t user_data = user_data_of(Owner::operation, number);
    OsPoller& poller = *scene_.poller;
    switch (operation.operation) {
        case IoOperation::read:
            operation.offset = channel.kind == ChannelKind::file ? below(file_size + 20) : 0;
            if (channel.is_socket() && memory.size() > 1 && one_in(4)) {
                const std::array buffers = {
                    IoBuffer{1, memory.data()},
                    IoBuffer{static_cast<std::uint32_t>(memory.size() - 1), memory.data() + 1}};
                return poller.submit_read(target_handle, buffers, user_data);
            }
            return poller.submit_read(target_handle, memory, user_data, operation.offset);
        case IoOperation::write:
            std::ranges::fill(memory, mark_of(number));
            operation.offset = channel.kind == ChannelKind::file ? file_size + 6000 * number : 0;
            return poller.submit_write(target_handle, memory, user_data, operation.offset);
        case IoOperation::accept:
            return poller.submit_accept(target_handle, memory, user_data);
        default:
            return poller.submit_connect(target_handle, target(), user_data);
    }
}

IoOperation OperationsPart::what_to_submit(const Channel& channel) {
    if (channel.kind == ChannelKind::listener) {
        return IoOperation::accept;
    }
    if (channel.kind == ChannelKind::fresh && (!channel.connect_tried || one_in(2))) {
        return IoOperation::connect;
    }
    return one_in(2) ? IoOperation::write : IoOperation::read;
}

/// The address of a listener, or one without a listener.
std::vector<std::byte> OperationsPart::target() {
    for (const auto& channel : model_.channels) {
        if (channel->kind == ChannelKind::listener && channel->open && one_in(2)) {
            return scene_.world->address_of(channel->local);
        }
    }
    return scene_.world->refused_address();
}

void OperationsPart::try_readiness_of_peer(const Channel& channel) {
    OsPoller& poller = *scene_.poller;
    const std::error_code error = poller.register_handle(channel.peer, IoInterest::read, 0).error();
    scene_.note("  register the other end, ", channel.peer.value(), " -> ", error.value());
    if (!error) {
        hold(poller.unregister_handle(channel.peer), "the other end was not unregistered");
        return;
    }
    const bool full = error == std::errc::no_space_on_device && scene_.may_be_full();
    const bool operated =
        error == std::errc::device_or_resource_busy && scene_.was_operated(channel.peer);
    const bool behind =
        error == std::errc::resource_unavailable_try_again && scene_.may_have_late_packets();
    hold(scene_.faulty() || full || operated || behind,
         "the other end of a pipe was not registered: ", error.message());
}

void OperationsPart::try_readiness() {
    const std::size_t number = any_channel();
    const Channel& channel = *model_.channels[number];
    if (channel.is_pipe() && channel.peer_open && one_in(3)) {
        try_readiness_of_peer(channel);
        return;
    }
    if (!channel.open) {
        return;
    }
    bool in_flight = false;
    for (const auto& operation : model_.operations) {
        const Channel& other = *model_.channels[operation->channel];
        if (operation->state == State::running && other.local == channel.local &&
            operation->entry->state() != OverlappedState::completed) {
            if (!other.open) {
                return;  // An earlier handle with this number is registered, and may have the slot.
            }
            in_flight = true;
        }
    }
    OsPoller& poller = *scene_.poller;
    const std::size_t entries = poller.overlapped_count();
    const std::error_code error =
        poller.register_handle(channel.local, IoInterest::read, 0).error();
    scene_.note("  register channel ", number, " -> ", error.value());
    if (channel.kind == ChannelKind::file) {
        hold(static_cast<bool>(error), "a file was registered");
    } else if (in_flight) {
        hold(error == std::errc::device_or_resource_busy || (error && scene_.faulty()),
             "a handle with operations in flight was registered, or not for them: ",
             error.message());
    } else if (error) {
        const bool full = error == std::errc::no_space_on_device && scene_.may_be_full();
        const bool no_entry = error == std::errc::resource_unavailable_try_again &&
                              (entries == scene_.entries || scene_.may_have_late_packets());
        const bool ended = error == std::errc::not_connected && channel.disconnected;
        hold(scene_.faulty() || full || no_entry || ended,
             "a handle without operations in flight was not registered: ", error.message());
    } else {
        hold(poller.unregister_handle(channel.local), "a channel was not unregistered");
    }
}

}  // namespace wakepoll::test
