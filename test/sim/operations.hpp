// Overlapped operations of the model, from the call that starts one to its packet at the port.
//
// Every operation in flight, on any object, is in one list. A change of the model only changes the
// state; when the lock is released, and when time has passed, the kernel calls `progress`, which
// asks each object which of its operations can end now. So the common rules are in one place:
//
//   - An operation that can complete at once does so or, by chance, pends and completes a moment
//     later. By chance a pending one completes a moment later, too. Operations of one kind on one
//     stream end in the order they were started; those on a file end in any order.
//   - Received data is written into the caller's buffers when the operation ends and never earlier.
//     Then the status is written, then the packet is posted, all under one lock.
//   - A cancelled operation ends with STATUS_CANCELLED; its packet comes at once or, by chance, a
//     moment later. One that was about to end may win against the cancel and succeed.
//   - When the last handle of an object is closed, its operations end.
//   - An immediate error is returned by the call and posts no packet. A warning posts one, and so
//     does success unless the object skips those packets.
//
// What differs between kinds of objects is in `IoObject`. Used under the kernel's lock.
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

/// `connect` also stands for ConnectNamedPipe, by which a pipe's server waits for a client.
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
    std::size_t done = 0;      ///< Bytes of a write that are written already.
    std::uint64_t number = 0;  ///< For a write to a pipe: its number in the queue.

    std::shared_ptr<TcpSocket> accepted = {};    ///< For an accept: its socket.
    std::shared_ptr<TcpSocket> connection = {};  ///< For an accept: from the backlog.

    std::byte* sender = nullptr;             ///< For a receive: where the sender's address goes,
    std::int32_t* sender_size = nullptr;     ///< and its size.
    bool has_target = false;                 ///< For a send with an address:
    std::shared_ptr<UdpSocket> target = {};  ///< the socket there; null if none.

    /// When it ends, if it can end.
    std::optional<std::chrono::nanoseconds> due = {};
    /// It can end, and only chance delays it.
    bool ripe = false;
    /// Where a synchronous call waits for its outcome.
    std::optional<Outcome>* waiter = nullptr;
    /// For an accept whose socket is closed when the connection has come: it ends as aborted.
    bool may_abort = false;
    /// For a read: the connection was reset before it was started.
    bool after_reset = false;

    /// Of all buffers together, in bytes.
    [[nodiscard]] std::size_t size() const noexcept;
    /// The bytes to be written, from `done` on.
    [[nodiscard]] std::vector<std::uint8_t> rest() const;
    /// Writes into the caller's buffers.
    void scatter(std::span<const std::uint8_t> bytes);
    /// The file offset in the OVERLAPPED.
    [[nodiscard]] std::uint64_t offset() const noexcept;
};

/// An object that operations can be started on.
class IoObject : public Object {
public:
    using Object::Object;

    /// The error with which starting an operation of this kind fails; 0 if it can be started.
    [[nodiscard]] virtual std::uint32_t refusal(OperationKind kind, const Traits& traits) const = 0;
    /// Called when the operation has been started.
    virtual void begin(Operation&) {}
    /// Does what can be done before the operation can end, such as moving some of the bytes. True
    /// if it did anything.
    virtual bool go_on(Operation&) { return false; }
    [[nodiscard]] virtual bool can_end(const Operation& operation) const = 0;
    /// Ends it, with success or an error. Only if `can_end`.
    [[nodiscard]] virtual Outcome end(Operation& operation, const Traits& traits) = 0;
    /// Called when the operation ends without its work being done.
    virtual void abandon(Operation&, const Traits&) {}

    /// True if the operation ends after those of its kind that were started before it.
    [[nodiscard]] virtual bool in_turn(const Operation&) const noexcept { return true; }
    /// True if no operation of this kind completes at once.
    [[nodiscard]] virtual bool always_pends(OperationKind, const Traits&) const noexcept {
        return false;
    }
    /// NTSTATUS of an operation that is in flight when the object's last handle is closed.
    [[nodiscard]] virtual std::uint32_t closed_status(const Operation&,
                                                      const Traits& traits) const noexcept {
        return traits.closed_status;
    }

    /// Called when the object has changed in a way that something may be waiting for.
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

    /// Starts an operation. Returns the outcome if it ended at once, nothing if it is pending.
    std::optional<Outcome> start(Operation operation, std::chrono::nanoseconds now);

    /// CancelIoEx; of every operation on the object if `overlapped` is null. False if none is
    /// pending.
    bool cancel(const Object& object, const NativeOverlapped* overlapped,
                std::chrono::nanoseconds now);

    /// Drops an operation whose structure and buffers are gone: it never ends.
    void forget(const NativeOverlapped* overlapped);

    /// Ends what can end now and posts the packets that are due. True if there were any.
    bool progress(std::chrono::nanoseconds now);

    /// When something more happens by itself.
    [[nodiscard]] std::optional<std::chrono::nanoseconds> next_time(
        std::chrono::nanoseconds now) const;

    [[nodiscard]] std::size_t in_flight() const noexcept { return pending_.size(); }

private:
    using Pending = std::list<Operation>;

    void cancel(Pending::iterator operation, std::chrono::nanoseconds now);

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

/// The error of a call that fails at once with this status: Winsock's for a socket.
[[nodiscard]] std::uint32_t code_of_status(std::uint32_t status, bool of_socket) noexcept;

}  // namespace wakepoll::sim
