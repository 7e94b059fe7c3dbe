// A model of the operations of a random program, in parallel to the poller, and its checks.
//
// Every operation has its own memory, with a guard area on both sides, until the end of the run. So
// a write by the kernel at a wrong place or time is found, even after the report. A check that
// fails throws `Broken`; the caller that runs the program names the run.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "scene.hpp"

namespace wakepoll::test {

/// Memory for a call, between two guard areas.
class Guarded {
public:
    static constexpr std::byte untouched{0xCC};

    explicit Guarded(std::size_t size) : bytes_(size + 2 * rim, untouched), size_(size) {}

    [[nodiscard]] std::span<std::byte> memory() { return std::span(bytes_).subspan(rim, size_); }
    /// Remembers the content, which must not change any more.
    void freeze() { frozen_ = bytes_; }
    void check() const {
        hold(frozen_.empty() || frozen_ == bytes_, "memory was written to out of its time");
        for (std::size_t i = 0; i < rim; ++i) {
            hold(bytes_[i] == untouched && bytes_[rim + size_ + i] == untouched,
                 "a rim was written to");
        }
    }
    [[nodiscard]] bool untouched_from(std::size_t first) const {
        return std::all_of(bytes_.begin() + static_cast<std::ptrdiff_t>(rim + first),
                           bytes_.begin() + static_cast<std::ptrdiff_t>(rim + size_),
                           [](std::byte byte) { return byte == untouched; });
    }

private:
    static constexpr std::size_t rim = 8;
    std::vector<std::byte> bytes_;
    std::vector<std::byte> frozen_;
    std::size_t size_;
};

/// The initial size of a file.
inline constexpr std::size_t file_size = 200;

enum class ChannelKind : std::uint8_t { tcp, udp, byte_pipe, message_pipe, file, listener, fresh };

struct Channel {
    ChannelKind kind = ChannelKind::tcp;
    Handle local;
    Handle peer;
    bool open = true;
    bool peer_open = true;
    bool disconnected = false;     ///< A pipe, by its server.
    bool connect_tried = false;    ///< For a fresh socket.
    std::size_t put = 0;           ///< Bytes that the peer has sent; for UDP, datagrams.
    std::vector<std::byte> taken;  ///< What the peer has received.

    [[nodiscard]] bool is_socket() const {
        return kind == ChannelKind::tcp || kind == ChannelKind::udp ||
               kind == ChannelKind::listener || kind == ChannelKind::fresh;
    }
    [[nodiscard]] bool is_pipe() const {
        return kind == ChannelKind::byte_pipe || kind == ChannelKind::message_pipe;
    }
    /// True if a write of no bytes is a message.
    [[nodiscard]] bool has_messages() const {
        return kind == ChannelKind::message_pipe || kind == ChannelKind::udp;
    }
    [[nodiscard]] bool is_stream() const {
        return kind == ChannelKind::tcp || kind == ChannelKind::byte_pipe ||
               kind == ChannelKind::message_pipe;
    }
};

struct ModelOperation {
    enum class State : std::uint8_t { refused, running, reported, drained };

    ModelOperation(std::size_t of_channel, IoOperation what, std::size_t size)
        : channel(of_channel), operation(what), buffer(size) {}

    std::size_t channel;
    IoOperation operation;
    Guarded buffer;
    std::uint64_t offset = 0;
    State state = State::refused;
    OverlappedEntry* entry = nullptr;  ///< While the operation is running or handed out.
    std::uint32_t bytes = 0;
    std::error_code error;
};

/// The byte at this position of a channel's data, in either direction.
[[nodiscard]] inline std::byte pattern(std::size_t channel, std::size_t place) {
    return static_cast<std::byte>((place * 7 + channel * 31 + place / 251) & 0x7FU);
}

/// The byte that fills the write with this number.
[[nodiscard]] inline std::byte mark_of(std::size_t write) {
    return static_cast<std::byte>(write % 127);
}

class OperationModel {
public:
    using State = ModelOperation::State;

    std::vector<std::unique_ptr<Channel>> channels;
    std::vector<std::unique_ptr<ModelOperation>> operations;
    std::vector<std::size_t> lent;  ///< Reported by the last wait and not released.
    std::vector<Handle> accepted;   ///< Owned by the user.
    std::size_t started = 0;
    std::size_t reported = 0;

    [[nodiscard]] std::size_t running() const { return started - reported; }

    [[nodiscard]] bool is_in_flight() const {
        return std::ranges::any_of(operations, [](const auto& operation) {
            return operation->state == State::running &&
                   operation->entry->state() != OverlappedState::completed;
        });
    }

    /// Checks the result of a submit.
    void submitted(std::size_t number, const Result<OverlappedEntry*>& entry) {
        ModelOperation& operation = *operations[number];
        if (!entry) {
            if (operation.operation != IoOperation::write) {
                operation.buffer.freeze();
            }
            return;
        }
        operation.state = State::running;
        operation.entry = *entry;
        ++started;
        hold((*entry)->in_use(), "an entry that was given out is not in use");
        for (const auto& other : operations) {
            hold(other.get() == &operation || other->entry != *entry,
                 "an entry was given out twice");
        }
    }

    /// Checks one event of a wait.
    void take(const NativeEvent& event) {
        hold(event.completion != nullptr, "an event without a completion");
        const Completion& completion = *event.completion;
        hold(event.data.u64 == completion.user_data, "the event has other user data");
        const std::uint64_t number = serial_of(event.data.u64);
        hold(number < operations.size(), "unknown user data");
        ModelOperation& operation = *operations[number];
        hold(operation.state == State::running, "reported, and not running");
        hold(completion.entry == operation.entry, "reported with another entry");
        hold(completion.operation == operation.operation, "reported as another kind");
        operation.state = State::reported;
        operation.bytes = completion.bytes;
        operation.error = completion.error;
        ++reported;
        lent.push_back(number);
        check_outcome(operation, completion, event.events);
        operation.buffer.freeze();
    }

    /// A wait has begun: entries that were handed out belong to the poller again.
    void give_back_lent() {
        for (const std::size_t number : lent) {
            operations[number]->entry = nullptr;
        }
        lent.clear();
    }

    /// The poller was disposed of.
    void disposed() {
        give_back_lent();
        for (const auto& operation : operations) {
            if (operation->state == State::running) {
                operation->state = State::drained;
                operation->buffer.freeze();
            }
            operation->entry = nullptr;
        }
    }

    void check_memory() const {
        for (const auto& operation : operations) {
            operation->buffer.check();
        }
    }

    /// Checks that the data read is what the peers have sent, in order.
    void check_content() {
        for (std::size_t i = 0; i < channels.size(); ++i) {
            const Channel& channel = *channels[i];
            if (channel.is_stream()) {
                check_stream(i);
                check_taken(i);
            }
        }
    }

private:
    void check_outcome(ModelOperation& operation, const Completion& completion,
                       std::uint32_t events) {
        const bool out = operation.operation == IoOperation::write ||
                         operation.operation == IoOperation::connect;
        hold((events & (mask::in | mask::out)) == (out ? mask::out : mask::in),
             "the wrong direction");
        hold(static_cast<bool>(completion.accepted) ==
                 (operation.operation == IoOperation::accept && !completion.error),
             "a socket without an accept, or an accept without a socket");
        if (completion.accepted) {
            accepted.push_back(completion.accepted);
        }
        const bool has_bytes = !completion.error || completion.error == std::errc::message_size;
        hold(has_bytes || completion.bytes == 0, "a failure with bytes");
        const std::size_t size = operation.buffer.memory().size();
        hold(completion.bytes <= size, "more bytes than room");
        if (operation.operation == IoOperation::read) {
            hold(operation.buffer.untouched_from(has_bytes ? completion.bytes : 0),
                 "a read wrote more than it reports");
            check_read(operation);
        }
        if (operation.operation == IoOperation::write && !completion.error) {
            hold(completion.bytes == size, "a write that is short");
        }
    }

    void check_read(ModelOperation& operation) const {
        const Channel& channel = *channels[operation.channel];
        const std::span<const std::byte> got = operation.buffer.memory().first(operation.bytes);
        for (std::size_t j = 0; j < got.size(); ++j) {
            if (channel.kind == ChannelKind::file) {
                // The bytes beyond were written by another operation meanwhile.
                hold(operation.offset + j >= file_size ||
                         got[j] == static_cast<std::byte>((operation.offset + j) % 251),
                     "a file gave other bytes");
            } else if (channel.kind == ChannelKind::udp) {
                hold(got[j] ==
                             pattern(operation.channel, std::to_integer<std::size_t>(got[0]) + j) ||
                         j == 0,
                     "a datagram is torn");
            }
        }
    }

    /// Checks that writes arrived in order, and those that succeeded as a whole.
    void check_taken(std::size_t number) const {
        const std::vector<std::byte>& taken = channels[number]->taken;
        std::size_t place = 0;
        for (std::size_t i = 0; i < operations.size() && place < taken.size(); ++i) {
            ModelOperation& operation = *operations[i];
            if (operation.channel != number || operation.operation != IoOperation::write ||
                operation.state == State::refused) {
                continue;
            }
            const std::size_t size = operation.buffer.memory().size();
            std::size_t arrived = 0;
            while (arrived < size && place < taken.size() && taken[place] == mark_of(i)) {
                ++arrived;
                ++place;
            }
            hold(arrived == size || place == taken.size() || operation.state == State::drained ||
                     operation.error,
                 "a write has not arrived as a whole");
        }
        hold(place == taken.size(), "a peer received what was never written");
    }

    void check_stream(std::size_t number) {
        std::size_t place = 0;
        for (const auto& operation : operations) {
            if (operation->channel != number || operation->operation != IoOperation::read) {
                continue;
            }
            if (operation->state == State::drained) {
                return;  // What the peer has taken is not known.
            }
            if (operation->state != State::reported) {
                continue;
            }
            for (const std::byte byte : operation->buffer.memory().first(operation->bytes)) {
                hold(byte == pattern(number, place++), "a stream is out of order");
            }
        }
        hold(place <= channels[number]->put, "more was read than was sent");
    }
};

}  // namespace wakepoll::test
