// See operations_part.hpp.
#include "operations_part.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <span>

namespace wakepoll::test {
namespace {

constexpr std::array channel_names = {"tcp",  "udp",      "byte pipe", "message pipe",
                                      "file", "listener", "fresh tcp"};

[[nodiscard]] const char* name_of(ChannelKind kind) {
    return channel_names[static_cast<std::size_t>(kind)];
}

}  // namespace

OperationsPart::OperationsPart(Scene& scene, std::size_t channels) : scene_(scene) {
    for (std::size_t i = 0; i < channels; ++i) {
        open();
    }
}

void OperationsPart::step() {
    switch (below(17)) {
        case 0:
        case 1:
        case 2:
        case 3:
        case 4:
        case 5:
        case 6:
            submit();
            break;
        case 7:
        case 8: {
            const std::size_t number = any_channel();
            scene_.note("  the peer of channel ", number, " sends");
            peer_puts(number);
            break;
        }
        case 9: {
            const std::size_t number = any_channel();
            scene_.note("  the peer of channel ", number, " takes what has come");
            peer_takes(number);
            break;
        }
        case 10:
            cancel_entry();
            break;
        case 11:
            cancel_handle();
            break;
        case 12:
            release_one();
            break;
        case 13:
            close_one();
            break;
        case 14:
            try_readiness();
            break;
        case 15: {
            const std::size_t number = any_channel();
            const bool reset = one_in(2);
            scene_.note("  the peer of channel ", number, reset ? " resets" : " goes");
            peer_leaves(number, reset);
            break;
        }
        default:
            open();
            break;
    }
}

void OperationsPart::act_beside() {
    const std::size_t number = any_channel();
    const std::uint32_t what = below(8);
    const bool reset = one_in(2);
    scene_.note("  beside it, the peer of channel ", number,
                what < 4   ? " sends"
                : what < 7 ? " takes what has come"
                : reset    ? " resets"
                           : " goes");
    scene_.world->beside([this, number, what, reset] {
        if (what < 4) {
            peer_puts(number);
        } else if (what < 7) {
            peer_takes(number);
        } else {
            peer_leaves(number, reset);
        }
    });
}

// Handles
// ----------------------------------------------------------------------

void OperationsPart::open() {
    auto channel = std::make_unique<Channel>();
    channel->kind = static_cast<ChannelKind>(below(channel_names.size()));
    World& world = *scene_.world;
    switch (channel->kind) {
        case ChannelKind::tcp:
        case ChannelKind::udp: {
            const bool tcp = channel->kind == ChannelKind::tcp;
            const SocketPair pair = tcp ? world.tcp_pair() : world.udp_pair();
            channel->local = pair.local;
            channel->peer = pair.peer;
            break;
        }
        case ChannelKind::byte_pipe:
        case ChannelKind::message_pipe: {
            const bool bytes = channel->kind == ChannelKind::byte_pipe;
            const PipePair pair = world.pipe_pair(bytes ? PipeKind::bytes : PipeKind::messages);
            channel->local = pair.local;
            channel->peer = pair.peer;
            break;
        }
        case ChannelKind::file:
            channel->local = world.file_of(file_size);
            break;
        case ChannelKind::listener:
            channel->local = world.listener();
            break;
        case ChannelKind::fresh:
            channel->local = world.tcp_socket();
            break;
    }
    scene_.adopt(channel->local);
    scene_.adopt(channel->peer);
    scene_.slots += channel->is_pipe() ? 2 : 1;
    scene_.note("  channel ", model_.channels.size(), ": ", name_of(channel->kind), ' ',
                channel->local.value());
    model_.channels.push_back(std::move(channel));
}

void OperationsPart::close_one() {
    const std::size_t number = any_channel();
    Channel& channel = *model_.channels[number];
    if (!channel.open) {
        return;
    }
    if (one_in(8)) {
        // Dropped and not closed; what is in flight continues.
        hold(
            scene_.poller->unregister_handle(channel.local) == std::errc::no_such_file_or_directory,
            "a handle of operations is registered");
        return;
    }
    // Through a duplicate it lives on, and so do its accepts. Without the mark, or with the base of
    // a layered provider, another handle with its number would pass for it.
    bool duplicated = channel.kind == ChannelKind::listener && !scene_.may_fail &&
                      !scene_.options.layered_sockets && one_in(2);
    if (duplicated) {
        const Handle duplicate = scene_.world->duplicate(channel.local);
        scene_.adopt(duplicate);
        // So would a duplicate of another handle of the poller.
        duplicated = !scene_.was_operated(duplicate);
        if (!duplicated) {
            scene_.world->close(duplicate);
        }
    }
    scene_.note("  close channel ", number, duplicated ? ", of which there is a duplicate" : "");
    channel.open = false;
    scene_.operated.insert(channel.local.value());
    channel.is_socket() ? scene_.world->close(channel.local)
                        : scene_.world->close_handle(channel.local);
}

void OperationsPart::peer_leaves(std::size_t number, bool reset) {
    Channel& channel = *model_.channels[number];
    if (!channel.peer || !channel.peer_open) {
        return;
    }
    channel.peer_open = false;
    if (channel.is_pipe() && reset && channel.open) {
        scene_.world->disconnect_pipe(channel.local);
        channel.disconnected = true;
    } else if (!channel.is_socket()) {
        scene_.world->close_handle(channel.peer);
    } else if (channel.kind == ChannelKind::tcp && reset) {
        scene_.world->reset(channel.peer);
    } else {
        scene_.world->close(channel.peer);
    }
}

void OperationsPart::peer_puts(std::size_t number) {
    Channel& channel = *model_.channels[number];
    if (channel.kind == ChannelKind::listener && channel.open) {
        (void)scene_.world->connecting(channel.local);
    }
    if (!channel.peer || !channel.peer_open) {
        return;
    }
    std::array<std::byte, 40> bytes{};
    const std::size_t size = 1 + channel.put % bytes.size();
    const bool datagram = channel.kind == ChannelKind::udp;
    const std::size_t first = datagram ? channel.put & 0x7FU : channel.put;
    for (std::size_t i = 0; i < size; ++i) {
        bytes[i] = datagram && i == 0 ? static_cast<std::byte>(first) : pattern(number, first + i);
    }
    const Transfer put = scene_.world->put(channel.peer, std::span(bytes).first(size));
    if (!put.error) {
        channel.put += datagram ? 1 : put.bytes;
    }
}

void OperationsPart::peer_takes(std::size_t number) {
    Channel& channel = *model_.channels[number];
    if (!channel.is_stream() || !channel.peer_open) {
        return;
    }
    std::array<std::byte, 3000> bytes;
    const Transfer taken = scene_.world->take(channel.peer, bytes);
    channel.taken.insert(channel.taken.end(), bytes.begin(),
                         bytes.begin() + static_cast<std::ptrdiff_t>(taken.bytes));
}

// Operations
// ----------------------------------------------------------------------

void OperationsPart::cancel_entry() {
    if (model_.operations.empty()) {
        return;
    }
    const std::size_t number = below(model_.operations.size());
    const ModelOperation& operation = *model_.operations[number];
    if (operation.entry == nullptr) {
        return;
    }
    const OverlappedState before = operation.entry->state();
    const std::error_code error = scene_.poller->cancel(operation.entry).error();
    scene_.note("  cancel o", number, " -> ", error.value());
    const bool open = model_.channels[operation.channel]->open;
    if (operation.state == State::reported || before == OverlappedState::completed) {
        hold(error == std::errc::no_such_file_or_directory, "cancelled what was done");
    } else {
        hold(!error || !open, "an operation in flight cannot be cancelled");
    }
}

void OperationsPart::cancel_handle() {
    const std::size_t number = any_channel();
    const Channel& channel = *model_.channels[number];
    if (!channel.open) {
        return;
    }
    bool any = false;
    bool any_before = false;  // From a closed channel that had the same number.
    for (const auto& operation : model_.operations) {
        const Channel& own = *model_.channels[operation->channel];
        if (operation->state == State::running && own.local == channel.local &&
            operation->entry->state() != OverlappedState::completed) {
            (own.open ? any : any_before) = true;
        }
    }
    const std::error_code error = scene_.poller->cancel(channel.local).error();
    scene_.note("  cancel all of channel ", number, " -> ", error.value());
    hold(any ? !error : error == std::errc::no_such_file_or_directory || (any_before && !error),
         "cancel of a handle says the wrong thing: ", error.message());
}

void OperationsPart::cancel_all() {
    for (const auto& operation : model_.operations) {
        if (operation->state == State::running) {
            (void)scene_.poller->cancel(operation->entry);
        }
    }
}

void OperationsPart::release_one() {
    if (model_.operations.empty()) {
        return;
    }
    const std::size_t number = below(model_.operations.size());
    ModelOperation& operation = *model_.operations[number];
    if (operation.entry == nullptr) {
        return;
    }
    const std::error_code error = scene_.poller->overlapped_pool().release(operation.entry).error();
    scene_.note("  release the entry of o", number, " -> ", error.value());
    if (operation.state == State::running) {
        hold(error == std::errc::device_or_resource_busy, "released while running");
    } else {
        hold(!error, "cannot be released");
        operation.entry = nullptr;
        std::erase(model_.lent, number);
    }
}

// The end
// ----------------------------------------------------------------------

void OperationsPart::stir() {
    for (std::size_t i = 0; i < model_.channels.size(); ++i) {
        peer_puts(i);
        peer_takes(i);
    }
}

void OperationsPart::check_content() {
    for (const Handle handle : model_.accepted) {
        scene_.world->close(handle);
    }
    for (std::size_t i = 0; i < model_.channels.size(); ++i) {
        peer_takes(i);
    }
    check_files();
    model_.check_content();
    model_.check_memory();
}

void OperationsPart::check_files() {
    for (const auto& operation : model_.operations) {
        const Channel& channel = *model_.channels[operation->channel];
        if (channel.kind != ChannelKind::file || !channel.open || operation->error ||
            operation->operation != IoOperation::write || operation->state != State::reported) {
            continue;
        }
        const std::vector<std::byte> content = scene_.world->content_of(channel.local);
        const std::span<const std::byte> written = operation->buffer.memory();
        hold(content.size() >= operation->offset + written.size() &&
                 std::ranges::equal(written,
                                    std::span(content).subspan(operation->offset, written.size())),
             "a file does not hold what was written");
    }
}

}  // namespace wakepoll::test
