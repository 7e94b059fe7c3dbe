// Sockets that come and go, opened and closed by the owner of a poller and by others at the same
// time.
//
// There is a fixed number of places, each for a socket and its peer. A thread claims a place before
// it does anything to it and holds no lock during that, so the others continue, also between two
// kernel calls of the poller's; they do not touch a claimed place. Only the owner calls the poller.
// Each registration and each modification has user data that was never used before: an event must
// carry that of a live registration of that very socket.
//
// A socket that is closed before it is unregistered is an *orphan*. It must not be reported any
// more, except as documented: in the wait during which it was closed, or when another socket got
// its number and the poller cannot tell them apart. WSAPoll never can; AFD can if the request
// that covers the socket was in flight. That is certain after a wait that nothing has ended, until
// something happens to a socket or to a registration: the request may cover that one as well, and
// have ended.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <random>

#include "stage.hpp"

namespace wakepoll::test {

class Churn {
public:
    static constexpr std::uint32_t places = 48;
    /// One device handle is enough for 32 slots.
    static constexpr PollerConfig config = {.max_registrations = 64};

    Churn(Stage& stage, OsPoller& poller, std::uint32_t seed);

    /// Whether sockets are closed before they are unregistered. Allowed by default.
    void allow_orphans(bool allowed) { orphans_allowed_ = allowed; }

    /// Owner: makes some changes, then waits.
    void turn(Timeout timeout);
    /// Any other thread: changes something.
    void disturb();
    /// Owner, while no other thread does anything: checks that exactly the live registrations
    /// report.
    void take_census();
    /// Ends every registration, then closes every socket, and takes the remaining events.
    void end();

    [[nodiscard]] std::uint64_t events() const { return waited_events_; }
    [[nodiscard]] std::uint64_t registrations() const { return serial_; }
    [[nodiscard]] std::uint64_t orphans() const { return orphans_; }
    /// Orphans that AFD must not report, whatever has their number.
    [[nodiscard]] std::uint64_t told_apart() const { return told_apart_; }
    /// Registrations that blocked another socket with the same number.
    [[nodiscard]] std::uint64_t in_the_way() const { return in_the_way_; }

private:
    enum class State : std::uint8_t { empty, open, registered, orphaned };

    struct Place {
        State state = State::empty;
        bool claimed = false;
        SocketPair pair;
        bool stream = false;
        bool peer_open = false;
        std::uint64_t user_data = 0;  ///< 0 if nothing is registered.
        IoInterest interest = IoInterest::none;
        bool armed = false;  ///< A one-shot registration that has not reported yet.
        std::uint64_t told_in = 0;
        /// The wait after which a request that covers the socket was in flight.
        std::uint64_t asked_in = 0;
        /// Of an orphan: the wait that was in progress or just over, the sockets opened by then,
        /// and whether AFD can tell it from another with its number.
        bool reported_closed = false;  ///< A report has come after it was closed.
        std::uint64_t closed_in = 0;
        std::uint64_t opened_before = 0;
        bool can_be_told_apart = false;
    };

    using Random = std::mt19937;

    [[nodiscard]] static std::uint32_t below(Random& random, std::uint32_t limit) {
        return static_cast<std::uint32_t>(random() % limit);
    }

    [[nodiscard]] static bool would_block(const Transfer& transfer) {
        return transfer.error == std::errc::operation_would_block;
    }

    /// Claims a random place; null if it is claimed already.
    [[nodiscard]] Place* claim_any(Random& random);
    void release(Place& place);

    // With a claim.
    void open(Place& place, Random& random);
    void close(Place& place);
    void close_peer(Place& place, bool abruptly);
    void close_first(Place& place);
    void register_place(Place& place);
    void modify(Place& place, IoInterest interest);
    void unregister(Place& place);
    void forget_orphan(Place& place);

    void change();
    /// Opens a ready socket that is likely to get the number that was closed last.
    void give_number_away();
    [[nodiscard]] IoInterest any_interest();
    [[nodiscard]] std::uint64_t fresh_user_data(const Place& place);
    /// The orphan whose registration may have this number; null if there is none.
    [[nodiscard]] Place* orphan_of(Handle handle);

    [[nodiscard]] WaitResult wait_once(Timeout timeout, std::size_t most);
    void check(const NativeEvent& event);
    void answer(Place& place, std::uint32_t events);
    /// Reads everything there is; false if there will never be more.
    [[nodiscard]] bool drain(Place& place);
    /// Call before something happens to a socket.
    void stir();

    Stage& stage_;
    OsPoller& poller_;
    Waker waker_;
    std::atomic<bool> orphans_allowed_ = true;
    std::mutex mutex_;  ///< Guards what follows, except what belongs to the holder of a claim.
    std::array<Place, places> places_;
    std::uint64_t waits_ = 0;
    bool waiting_ = false;
    std::uint64_t stirs_ = 0;
    std::uint64_t still_since_ = 0;  ///< The number of stirs at the end of the last wait.
    std::uint64_t opened_ = 0;
    std::uint32_t opening_ = 0;
    std::uint64_t orphans_ = 0;
    std::uint64_t told_apart_ = 0;

    // The owner's.
    Random random_;
    static constexpr std::uint32_t room = 32;
    std::array<NativeEvent, room> events_ = {};
    std::uint64_t serial_ = 0;
    std::uint64_t waited_events_ = 0;
    std::uint64_t in_the_way_ = 0;
    // The others'.
    Random others_;
};

}  // namespace wakepoll::test
