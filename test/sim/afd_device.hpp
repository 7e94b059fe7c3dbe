// AFD requests of the model: submitted to the device, answered through the port.
//
// A request that is not answered at once is in flight and is in a list of each socket that it
// covers. A socket that changes reports it (`Socket::changed`), and when the lock is released only
// the requests of those sockets are checked. So the cost of a change does not depend on the number
// of requests. The rules:
//
//   - A request ends when one of its sockets is ready for what was asked. The answer reports the
//     one that became ready first and, by chance, others that are ready too. By chance it ends a
//     moment later, if any socket is still ready, or its packet comes a moment later.
//   - Its answer is in the caller's memory when the packet has been dequeued and, by chance, as
//     soon as the request has ended. Before that the memory is unchanged and must not be submitted
//     again: that ends the program.
//   - Closing a socket ends it with LOCAL_CLOSE, reported under the number in the request.
//   - A cancelled request ends with STATUS_CANCELLED and without an answer, unless one that was due
//     wins. A request whose device is closed ends likewise, with the personality's status.
//   - If the kernel has *deaf* requests (Traits::deaf_polls), a request that is submitted while
//     another covers one of its sockets is deaf to that socket until it ends: a change of the
//     socket ends the older request, even if only the deaf one asked for it. A cancelled request
//     covers its sockets until the cancel takes effect, by chance a moment later. Its other
//     sockets, a cancel and the closing of the device still end a deaf request.
//
// All of this but chance was seen on Wine 8, where the memory is written early or late, too. That
// Windows does the same is an assumption unless doc/internals/windows-facts.md says so. Simpler
// than both: a finite timeout other than zero and an exclusive request are refused, because the
// library uses neither. Used under the kernel's lock.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <unordered_set>
#include <vector>

#include "object.hpp"
#include "port.hpp"
#include "random.hpp"
#include "sockets.hpp"
#include "sys/afd_device.hpp"

namespace wakepoll::sim {

class AfdFile;

/// A socket that a request covers.
struct AfdMember {
    std::shared_ptr<Socket> socket;
    std::uintptr_t handle = 0;  ///< As in the request; the number may be another object's now.
    std::uint32_t asked = 0;
    bool deaf = false;  ///< An older request answers for this one.
};

/// A request in flight.
struct AfdPoll {
    std::vector<AfdMember> members;
    std::shared_ptr<AfdFile> device;
    sys::AfdRequest* request = nullptr;
    sys::AfdStatus* status = nullptr;
    void* context = nullptr;
    bool in_flight = true;
    /// The member that became ready first, and the time when the request ends for that, if only
    /// chance delays its end.
    std::size_t first = 0;
    std::optional<std::chrono::nanoseconds> due = {};
    bool cancelled = false;  ///< Has not taken effect yet.
    /// In the device's list.
    std::list<std::shared_ptr<AfdPoll>>::iterator place = {};
};

/// What a handle to the device refers to.
class AfdFile final : public Object, public std::enable_shared_from_this<AfdFile> {
public:
    explicit AfdFile(AfdPolls& polls) noexcept : Object(Kind::afd_device), polls_(polls) {}

    [[nodiscard]] bool signalled() const noexcept override { return false; }
    [[nodiscard]] bool is_file() const noexcept override { return true; }
    [[nodiscard]] bool is_overlapped() const noexcept override { return true; }

protected:
    void last_handle_closed(const Traits& traits) override;

private:
    friend class AfdPolls;

    AfdPolls& polls_;
    std::list<std::shared_ptr<AfdPoll>> in_flight_;  ///< In the order of submission.
};

class AfdPolls {
public:
    AfdPolls(const Traits& traits, Random& random) noexcept : traits_(traits), random_(random) {}

    /// Whether chance may delay what could happen at once, and report more than it must.
    void allow_lateness(bool allowed) noexcept { late_ = allowed; }

    /// True if the request was answered at once, false if it is in flight.
    [[nodiscard]] bool submit(const std::shared_ptr<AfdFile>& device,
                              std::vector<AfdMember> members, sys::AfdRequest& request,
                              sys::AfdStatus& status, void* context, std::chrono::nanoseconds now);

    /// False if the device has no such request in flight.
    bool cancel(AfdFile& device, const sys::AfdStatus& status, std::chrono::nanoseconds now);

    /// Ends what can end now and posts the packets that are due. True if there were any.
    bool progress(std::chrono::nanoseconds now);

    /// When something more happens by itself. May be in the past, if `progress` is still to be
    /// called.
    [[nodiscard]] std::optional<std::chrono::nanoseconds> next_time() const;

    [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }

    /// The end of the process: the requests of closed devices are gone, and so is their reader.
    void forget_closed();

private:
    friend class AfdFile;
    friend class Socket;
    class Answer;

    using nanoseconds = std::chrono::nanoseconds;
    using PollPointer = std::shared_ptr<AfdPoll>;
    using Items = std::vector<sys::AfdItem>;
    /// Memory of requests in flight and of packets not yet dequeued.
    using Busy = std::unordered_set<const void*>;

    struct LatePacket {
        std::shared_ptr<AfdFile> device;
        sys::Packet packet;
        std::unique_ptr<Delivery> answer;  ///< Null for a stray packet.
    };

    void deafen(AfdPoll& poll) const;
    void answer_at_once(const std::shared_ptr<AfdFile>& device, std::unique_ptr<Answer> answer,
                        nanoseconds now);
    void touch(Socket& socket);
    void set_alarm(const std::shared_ptr<Socket>& socket, nanoseconds now);
    void look_at(const std::shared_ptr<Socket>& socket, nanoseconds now);
    void became_ready(const PollPointer& poll, std::size_t first, nanoseconds now);
    void end_ripe(const PollPointer& poll, nanoseconds now);
    void cancel(const PollPointer& poll, std::uint32_t status, nanoseconds now);
    void finish(const PollPointer& poll, std::uint32_t status, const Items& items,
                std::optional<nanoseconds> packet_at = {});
    void remove(const PollPointer& poll);
    [[nodiscard]] bool post_late_packets(nanoseconds now);

    /// What AFD reports of a socket that is asked for this; 0 for nothing.
    [[nodiscard]] std::uint32_t told_of(const Socket& socket, std::uint32_t asked,
                                        nanoseconds now) const noexcept;
    /// The same for a member of a request in flight.
    [[nodiscard]] std::uint32_t told_of(const AfdMember& member, nanoseconds now) const noexcept;
    /// What AFD reports of all members; of `first` in any case.
    [[nodiscard]] Items told_of(const AfdPoll& poll, std::size_t first, nanoseconds now);
    [[nodiscard]] bool is_late();
    [[nodiscard]] nanoseconds a_moment_after(nanoseconds now);

    const Traits& traits_;
    Random& random_;
    bool late_ = true;
    std::size_t in_flight_ = 0;
    std::vector<std::shared_ptr<Socket>> touched_;
    std::vector<std::shared_ptr<AfdFile>> closed_;
    /// Sockets that become ready for something without a change.
    std::multimap<nanoseconds, std::weak_ptr<Socket>> alarms_;
    std::multimap<nanoseconds, PollPointer> ripe_;
    std::multimap<nanoseconds, PollPointer> late_cancels_;
    std::multimap<nanoseconds, LatePacket> late_packets_;
    std::shared_ptr<Busy> busy_ = std::make_shared<Busy>();
};

}  // namespace wakepoll::sim
