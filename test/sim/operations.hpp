// Overlapped operations of the model: from the call that starts one to its packet at the port.
//
// Every operation in flight, of whatever object, is in one list. Whoever changes the model does no
// more than that; when the lock is given back, and whenever time has passed, the kernel calls
// `progress`, which asks each object which of its operations can end now. So the rules that all
// share are in one place:
//
//   - An operation that could be done at once is done at once or, by chance, pends and is done a
//     moment later. So does one that pends already when what it waits for has come. Operations of
//     one kind on one stream end in the order they were started; those on a file end in any order.
//   - What was received is written into the caller's buffers when the operation ends and never
//     earlier. Then the status is written, then the packet is posted, all under one lock.
//   - A cancelled operation ends with STATUS_CANCELLED; its packet comes at once or, by chance, a
//     moment later. One whose end was under way may win against the cancel and succeed.
//   - When the last handle of an object is closed, what is in flight on it ends.
//   - An error that is found at once is the call's own and posts no packet. A warning posts one,
//     and so does success unless the object skips those packets.
//
// What each kind of object does is its own business: see `IoObject`. Used under the kernel's lock.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "object.hpp"
#include "random.hpp"
#include "wakepoll/overlapped.hpp"

namespace wakepoll::sim {

class IoObject;
class TcpSocket;
class UdpSocket;

/// A connect is also that of a pipe's server, who waits for a client.
enum class OperationKind : std::uint8_t { read, write, accept, connect };

inline constexpr std::size_t operation_kinds = 4;

/// How an operation ended.
struct Outcome {
    std::uint32_t status = 0;  ///< NTSTATUS.
    std::size_t bytes = 0;
};

struct Operation {
    OperationKind kind = OperationKind::read;
    std::shared_ptr<IoObject> object = {};
    NativeOverlapped* overlapped = nullptr;
    std::vector<IoBuffer> buffers = {};
    std::size_t done = 0;      ///< Bytes of a write that are through already.
    std::uint64_t number = 0;  ///< Of a write to a pipe: its number in the queue.

    std::shared_ptr<TcpSocket> accepted = {};  ///< Of an accept: what the connection is to become.
    std::shared_ptr<TcpSocket> connection = {};  ///< Of an accept: the one that has come.

    std::byte* sender = nullptr;             ///< Of a receive: where the sender's address goes,
    std::int32_t* sender_size = nullptr;     ///< and its size.
    bool has_target = false;                 ///< A datagram with an address of its own,
    std::shared_ptr<UdpSocket> target = {};  ///< and who has that; null for nobody.

    /// When it ends, once it is known that it can.
    std::optional<std::chrono::nanoseconds> due = {};
    /// It can end, and that it has not is chance alone.
    bool ripe = false;
    /// Where a synchronous call waits for its outcome.
    std::optional<Outcome>* waiter = nullptr;
    /// Of an accept whose socket is closed when the connection has come: it ends as aborted.
    bool may_abort = false;
    /// Of a read: the connection was reset before it was started.
    bool after_reset = false;

    /// Of all buffers together.
    [[nodiscard]] std::size_t size() const noexcept;
    /// The bytes to be written, from `done` on.
    [[nodiscard]] std::vector<std::uint8_t> rest() const;
    /// Writes into the caller's buffers.
    void scatter(std::span<const std::uint8_t> bytes);
    /// Where in a file, from the OVERLAPPED.
    [[nodiscard]] std::uint64_t offset() const noexcept;
};

/// An object that operations can be started on.
class IoObject : public Object {
public:
    using Object::Object;

    /// The code with which an operation of this kind can not even be started; 0 where it can.
    [[nodiscard]] virtual std::uint32_t refusal(OperationKind kind, const Traits& traits) const = 0;
    /// The operation has been started.
    virtual void begin(Operation&) {}
    /// Does what can be done before the operation can end, such as moving a part of the bytes.
    /// True where it did anything.
    virtual bool go_on(Operation&) { return false; }
    [[nodiscard]] virtual bool can_end(const Operation& operation) const = 0;
    /// Ends it, for better or worse. Only where `can_end`.
    [[nodiscard]] virtual Outcome end(Operation& operation, const Traits& traits) = 0;
    /// The operation ends without its work being done.
    virtual void abandon(Operation&, const Traits&) {}

    /// The operation ends after those of its kind that were started before it.
    [[nodiscard]] virtual bool in_turn(const Operation&) const noexcept { return true; }
    /// No operation of this kind is ever done at once.
    [[nodiscard]] virtual bool always_pends(OperationKind, const Traits&) const noexcept {
        return false;
    }
    /// NTSTATUS of an operation that the object's last handle is closed over.
    [[nodiscard]] virtual std::uint32_t closed_status(const Operation&,
                                                      const Traits& traits) const noexcept {
        return traits.closed_status;
    }

    /// Something about the object is different, which somebody may be waiting for.
    virtual void changed() {}

    /// How many operations of the kind are in flight.
    [[nodiscard]] std::size_t in_flight(OperationKind kind) const noexcept {
        return lane(kind).size();
    }
    /// Bytes that the reads in flight have room for.
    [[nodiscard]] std::size_t claimed() const noexcept;

private:
    friend class Operations;
    using Lane = std::vector<const Operation*>;

    [[nodiscard]] Lane& lane(OperationKind kind) noexcept {
        return lanes_[static_cast<std::size_t>(kind)];
    }
    [[nodiscard]] const Lane& lane(OperationKind kind) const noexcept {
        return lanes_[static_cast<std::size_t>(kind)];
    }

    std::array<Lane, operation_kinds> lanes_;
};

class Operations {
public:
    Operations(const Traits& traits, Random& random) noexcept : traits_(traits), random_(random) {}

    /// Whether chance may delay what could happen at once.
    void allow_lateness(bool allowed) noexcept { late_ = allowed; }

    /// The outcome where the operation ended at once, nothing where it is pending.
    std::optional<Outcome> start(Operation operation, std::chrono::nanoseconds now);

    /// CancelIoEx. False where no such operation is pending.
    bool cancel(const Object& object, const NativeOverlapped* overlapped,
                std::chrono::nanoseconds now);

    /// Whoever started the operation is gone, with its structure and buffers: it never ends.
    void forget(const NativeOverlapped* overlapped);

    /// Ends what can end now and posts the packets that are due. True where there was any.
    bool progress(std::chrono::nanoseconds now);

    /// When something more will happen by itself.
    [[nodiscard]] std::optional<std::chrono::nanoseconds> next_time(
        std::chrono::nanoseconds now) const;

    [[nodiscard]] std::size_t in_flight() const noexcept { return pending_.size(); }

private:
    using Pending = std::list<Operation>;

    /// A packet that comes a moment after its operation has ended.
    struct LatePacket {
        std::chrono::nanoseconds due;
        std::shared_ptr<Port> port;
        std::uintptr_t key;
        NativeOverlapped* overlapped;
        Outcome outcome;
    };

    [[nodiscard]] bool is_first(const Operation& operation) const noexcept;
    [[nodiscard]] std::chrono::nanoseconds a_moment_after(std::chrono::nanoseconds now);
    [[nodiscard]] bool is_late();
    bool pass(std::chrono::nanoseconds now);
    Pending::iterator finish(Pending::iterator operation, const Outcome& outcome,
                             std::optional<std::chrono::nanoseconds> packet_at = {});
    Pending::iterator remove(Pending::iterator operation);
    bool post_late_packets(std::chrono::nanoseconds now);

    const Traits& traits_;
    Random& random_;
    Pending pending_;
    std::vector<LatePacket> late_packets_;
    bool late_ = true;
};

/// The code of a call that fails at once with this status: Winsock's where it is a socket's.
[[nodiscard]] std::uint32_t code_of_status(std::uint32_t status, bool of_socket) noexcept;

}  // namespace wakepoll::sim
